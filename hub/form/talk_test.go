package form_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// play is a conversation, which survives as JSON between two answers.
type play struct {
	t    *testing.T
	talk form.Talk
}

func begin(t *testing.T, f hub.Form, v hub.Values, all bool) *play {
	t.Helper()
	require.NoError(t, form.Check(f))
	return &play{t, form.Begin(f, v, all)}
}

func (p *play) restart() {
	raw, err := json.Marshal(p.talk)
	require.NoError(p.t, err)
	var again form.Talk
	require.NoError(p.t, json.Unmarshal(raw, &again))
	p.talk = again
}

// says answers in writing.
func (p *play) says(answer string) form.Step {
	p.restart()
	return p.talk.Take(answer, now(p.t))
}

// presses presses the action with a label.
func (p *play) presses(label string) form.Step {
	p.t.Helper()
	_, actions := p.talk.Question()
	for _, action := range actions {
		if action.Label == label {
			p.restart()
			require.Equal(p.t, hub.KindSubmit, action.Call.Kind)
			return p.talk.Press(action.Call.Encoded, now(p.t))
		}
	}
	require.Fail(p.t, "no action "+label)
	return form.Step{}
}

func (p *play) text() string {
	text, _ := p.talk.Question()
	return text
}

// labels are the actions of the question.
func (p *play) labels() string {
	_, actions := p.talk.Question()
	var labels []string
	for _, action := range actions {
		labels = append(labels, action.Label)
	}
	return strings.Join(labels, "|")
}

func meeting() hub.Form {
	return hub.Form{Title: "New meeting", Text: "All times are **yours**.", Submit: "Invite", Fields: []hub.Field{
		{Name: "title", Label: "Title", Type: hub.FieldText, Required: true, Min: 3, Max: 20, Description: "What is it about?", Hint: "Planning"},
		{Name: "day", Label: "Day", Type: hub.FieldDate, Required: true},
		{Name: "kind", Label: "Kind", Type: hub.FieldSelect, Options: []hub.Option{{Label: "In person", Value: "here", Note: "in Berlin"}, {Label: "On-line", Value: "net"}}, Value: []string{"net"}},
		{Name: "public", Label: "Public", Type: hub.FieldBool, Required: true},
		{Name: "note", Label: "Note", Type: hub.FieldMarkdown},
	}}
}

func TestTalkAsksForWhatIsMissing(t *testing.T) {
	p := begin(t, meeting(), hub.Values{"public": {"true"}}, false)
	require.Equal(t, "**New meeting**\n\nAll times are **yours**.\n\n**Title** (1 of 2)\n\nWhat is it about?\n\nPlease write a text (3 to 20 characters). For example: Planning\n\nOr write \"cancel\".", p.text())
	require.Equal(t, "Cancel", p.labels())

	step := p.says("ab")
	require.Equal(t, form.Step{Kind: form.StepAgain, Text: "At least 3 characters: you wrote 2."}, step)
	require.Equal(t, "At least 3 characters: you wrote 2.\n\n**Title** (1 of 2)\n\nWhat is it about?\n\nPlease write a text (3 to 20 characters). For example: Planning\n\nOr write \"cancel\".", p.text())

	require.Equal(t, form.Step{Kind: form.StepAsk}, p.says(" Plans *for* 2027 "))
	require.Equal(t, "**Day** (2 of 2)\n\nPlease write a date, such as 2026-11-21, today or tomorrow.\n\nOr write \"back\" or \"cancel\".", p.text())
	require.Equal(t, form.StepAsk, p.says("tomorrow").Kind)

	require.Equal(t, form.Summing, p.talk.Stage)
	require.Equal(t, "**New meeting**\n\n- Title: Plans \\*for\\* 2027\n- Day: 2026-11-22\n- Kind: On-line\n- Public: yes\n\nWrite \"Invite\" if that is right, \"back\" or \"cancel\", or the name of what you want to change.", p.text())
	require.Equal(t, "Invite|Cancel", p.labels())
	require.Equal(t, form.StepDone, p.says("invite").Kind)
	require.True(t, p.talk.Over())
	require.Equal(t, hub.Values{"title": {"Plans *for* 2027"}, "day": {"2026-11-22"}, "kind": {"net"}, "public": {"true"}}, p.talk.Values)
	require.Equal(t, form.StepDone, p.says("more").Kind, "what is over stays over")
}

func TestTalkAsksForEverythingWhenOpened(t *testing.T) {
	p := begin(t, meeting(), hub.Values{"title": {"Plans"}, "day": {"2026-12-01"}}, true)
	require.Contains(t, p.text(), "**Kind** (1 of 3)\n\nPlease choose.\n\n- In person: in Berlin\n\nSo far: On-line.\n\nOr write \"keep\" to leave it so, \"clear\" to empty it or \"cancel\".")
	require.Equal(t, "In person|On-line|Keep|Cancel", p.labels())
	require.Equal(t, form.StepAsk, p.presses("In person").Kind)
	require.Contains(t, p.text(), "**Public** (2 of 3)\n\nYes or no?")
	require.Equal(t, "Yes|No|Cancel", p.labels())
	require.Equal(t, `"perhaps" is neither yes nor no.`, p.says("perhaps").Text)
	require.Equal(t, form.StepAsk, p.says("2").Kind)
	require.Contains(t, p.text(), "**Note** (3 of 3)\n\nPlease write a text.\n\nOr write \"skip\" to leave it out, \"back\" or \"cancel\".")
	require.Equal(t, "Skip|Cancel", p.labels())
	require.Equal(t, form.StepAsk, p.presses("Skip").Kind)
	require.Equal(t, form.StepDone, p.presses("Invite").Kind)
	require.Equal(t, hub.Values{"title": {"Plans"}, "day": {"2026-12-01"}, "kind": {"here"}, "public": {"false"}}, p.talk.Values)
}

func TestTalkEndsWithoutSummaryAfterOneQuestion(t *testing.T) {
	p := begin(t, meeting(), hub.Values{"title": {"Plans"}, "public": {"true"}}, false)
	require.NotContains(t, p.text(), " of ")
	require.Equal(t, form.StepDone, p.says("today").Kind)
	require.Equal(t, "2026-11-21", p.talk.Values.Get("day"))

	nothing := form.Begin(meeting(), p.talk.Values, false)
	require.True(t, nothing.Over(), "nothing is to be asked")
	require.Equal(t, form.Finished, nothing.Stage)
}

func TestTalkWords(t *testing.T) {
	p := begin(t, meeting(), nil, true)
	require.Equal(t, "This is the first question.", p.says("back").Text)
	require.Equal(t, `This is required. If "skip" is your answer, write it in quotes.`, p.says("/skip").Text)
	require.Equal(t, "I need an answer: a text.", p.says(" \u200b ").Text)
	require.Equal(t, form.StepAsk, p.says(`"cancel"`).Kind)
	require.Equal(t, "cancel", p.talk.Values.Get("title"))

	require.Equal(t, form.StepAsk, p.says("BACK").Kind)
	require.Contains(t, p.text(), "**Title** (1 of 5)")
	require.Contains(t, p.text(), "So far: cancel.")
	require.Equal(t, "This is required.", p.says("clear").Text)
	require.Equal(t, form.StepAsk, p.presses("Keep").Kind)
	require.Equal(t, "day", p.talk.Field)
	require.Equal(t, form.StepAsk, p.says("2026-12-24").Kind)
	require.Equal(t, form.StepAsk, p.says("clear").Kind)
	require.Empty(t, p.talk.Values.Get("kind"), "a default can be taken away")
	require.Equal(t, form.StepAsk, p.says("yes").Kind)
	require.Equal(t, form.StepAsk, p.says("skip").Kind)
	require.Equal(t, form.Summing, p.talk.Stage)
	require.NotContains(t, p.text(), "Kind")

	require.Equal(t, `Write "Invite" or "cancel", or the name of what you want to change.`, p.says("hm").Text)
	require.Equal(t, form.StepAsk, p.says("public").Kind)
	require.Contains(t, p.text(), "**Public** (4 of 5)")
	require.Equal(t, form.StepAsk, p.says("off").Kind)
	require.Equal(t, form.Summing, p.talk.Stage)
	require.Equal(t, form.StepAsk, p.says("back").Kind)
	require.Equal(t, "public", p.talk.Field)

	require.Equal(t, form.StepCancelled, p.presses("Cancel").Kind)
	require.Equal(t, form.CalledItOff, p.talk.Stage)
	require.Equal(t, "Cancelled.", p.text())
	require.Equal(t, form.StepCancelled, p.says("yes").Kind)
	require.Equal(t, form.StepCancelled, p.talk.Replace(meeting()).Kind)
}

func TestTalkOldButtonsDoNothing(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "a", Type: hub.FieldBool, Required: true}, {Name: "b", Type: hub.FieldBool, Required: true},
	}}
	p := begin(t, f, nil, false)
	_, old := p.talk.Question()
	require.Equal(t, form.StepAsk, p.presses("Yes").Kind)
	step := p.talk.Press(old[1].Call.Encoded, now(t))
	require.Equal(t, form.StepAgain, step.Kind)
	require.Equal(t, hub.Values{"a": {"true"}}, p.talk.Values)
	require.Equal(t, "b", p.talk.Field)
	require.Equal(t, form.StepAsk, p.presses("No").Kind)
	require.Equal(t, form.StepAgain, p.talk.Press(old[0].Call.Encoded, now(t)).Kind)
	require.Equal(t, form.StepAgain, p.talk.Press(hub.Values{"_do": {"fly"}}, now(t)).Kind)
	require.Equal(t, form.StepCancelled, p.talk.Press(old[2].Call.Encoded, now(t)).Kind, "cancel works at any time")
}

func TestTalkSearchesLongSelects(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{{Name: "city", Label: "City", Type: hub.FieldSelect, Required: true}}}
	for i := range 20 {
		f.Fields[0].Options = append(f.Fields[0].Options, hub.Option{Label: fmt.Sprintf("Town %d", i), Value: fmt.Sprintf("t%d", i)})
	}
	f.Fields[0].Options = append(f.Fields[0].Options, hub.Option{Label: "Bad Town", Value: "bad"}, hub.Option{Label: "Berlin", Value: "b"})
	p := begin(t, f, nil, false)
	require.Contains(t, p.text(), "Please write the name, or a part of it to search.")
	require.Equal(t, "Cancel", p.labels())
	require.Equal(t, `"zzz" is not among the choices.`, p.says("zzz").Text)
	require.Equal(t, form.StepAsk, p.says("town").Kind)
	require.Equal(t, "Town 0|Town 1|Town 2|Town 3|Town 4|Town 5|Town 6|Town 7|Cancel", p.labels())
	require.Contains(t, p.text(), `This matches "town". Choose, or write another part of the name.`)
	require.Equal(t, form.StepAsk, p.says("erl").Kind)
	require.Equal(t, "Berlin|Cancel", p.labels())
	require.Equal(t, form.StepDone, p.says("1").Kind)
	require.Equal(t, "b", p.talk.Values.Get("city"))

	p = begin(t, f, nil, false)
	require.Equal(t, form.StepDone, p.says("TOWN 17").Kind, "a name written out needs no search")
	require.Equal(t, "t17", p.talk.Values.Get("city"))
}

func TestTalkShortSelect(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{{Name: "n", Type: hub.FieldSelect, Required: true, Options: []hub.Option{{Value: "3"}, {Value: "1"}, {Label: "Bug", Value: "x"}}}}}
	for answer, want := range map[string]string{"1": "1", "3": "3", "2": "1", "2.": "1", "bug": "x", "X": "x"} {
		p := begin(t, f, nil, false)
		require.Equal(t, form.StepDone, p.says(answer).Kind)
		require.Equal(t, want, p.talk.Values.Get("n"), answer)
	}
	p := begin(t, f, nil, false)
	require.Equal(t, `"5" is not among the choices. Choose 3, 1 or Bug.`, p.says("5").Text)
	require.Equal(t, form.StepCancelled, p.says("4").Kind, "the fourth action is Cancel")
}

func TestTalkLooksUp(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "category", Label: "Category", Type: hub.FieldSelect, Dynamic: true, Required: true},
		{Name: "ok", Label: "Sure", Type: hub.FieldBool, Required: true},
	}}
	p := begin(t, f, nil, false)
	require.Equal(t, "category", p.talk.Wants())
	require.Equal(t, form.StepAsk, p.talk.Offer("", []hub.Option{{Label: "News", Value: "1"}}).Kind)
	require.Empty(t, p.talk.Wants())
	require.Contains(t, p.text(), "Please choose, or write a part of the name to search for more.")
	require.Equal(t, "News|Cancel", p.labels())

	require.Equal(t, form.Step{Kind: form.StepLookup, Field: "category", Query: "zz"}, p.says("zz"))
	require.Equal(t, `Nothing is called "zz". Try another part of the name.`, p.talk.Offer("zz", nil).Text)
	require.Equal(t, form.Step{Kind: form.StepLookup, Field: "category", Query: "sup"}, p.says("sup"))
	p.restart()
	require.Equal(t, form.StepAsk, p.talk.Offer("sup", []hub.Option{{Label: "Support", Value: "4"}, {Label: "Suppers", Value: "5"}}).Kind)
	require.Equal(t, "Support|Suppers|Cancel", p.labels())
	require.Equal(t, form.StepAsk, p.says("suppers").Kind)
	require.Equal(t, "5", p.talk.Values.Get("category"))

	require.Equal(t, form.StepAsk, p.says("back").Kind)
	require.Contains(t, p.text(), "So far: Suppers.")
	require.Equal(t, form.StepLookup, p.says("Support").Kind)
	require.Equal(t, form.StepAsk, p.talk.Offer("Support", []hub.Option{{Label: "Support", Value: "4"}}).Kind, "what is called exactly so is taken")
	require.Equal(t, "ok", p.talk.Field)
	require.Equal(t, form.StepAsk, p.talk.Offer("x", []hub.Option{{Value: "x"}}).Kind, "an offer that comes too late")
	require.Equal(t, form.StepAsk, p.says("yes").Kind)
	require.Contains(t, p.text(), "- Category: Support\n- Sure: yes")
	require.Equal(t, form.StepDone, p.says("yes").Kind)
	require.Equal(t, hub.Values{"category": {"4"}, "ok": {"true"}}, p.talk.Values)
}

func TestTalkTakesSeveral(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "levels", Label: "Levels", Type: hub.FieldSelect, Multi: true, Required: true, Options: []hub.Option{{Label: "Low", Value: "l"}, {Label: "Very high", Value: "h"}, {Label: "Middle", Value: "m"}}},
		{Name: "words", Label: "Words", Type: hub.FieldText, Multi: true, Required: true, Max: 10},
		{Name: "people", Label: "People", Type: hub.FieldUser, Multi: true},
	}}
	p := begin(t, f, nil, true)
	require.Equal(t, `This is required. If "done" is your answer, write it in quotes.`, p.says("done").Text)
	require.Equal(t, form.StepAsk, p.presses("Very high").Kind)
	require.Equal(t, "Low|Middle|Done|Cancel", p.labels())
	require.Contains(t, p.text(), "So far: Very high.")
	require.Equal(t, form.StepAsk, p.says("low, Middle").Kind)
	require.Equal(t, `"huge" is not among the choices. Choose Low, Very high or Middle.`, p.says("low, huge").Text)
	require.Equal(t, form.StepAsk, p.says("very high").Kind, "what is named again is taken away")
	require.Equal(t, form.StepAsk, p.says("done").Kind)
	require.Equal(t, []string{"l", "m"}, p.talk.Values["levels"])

	require.Equal(t, form.StepAsk, p.says("a, b\nc").Kind)
	require.Equal(t, "At most 10 characters: you wrote 11.", p.says("12345678901").Text)
	require.Equal(t, form.StepAsk, p.says("clear").Kind)
	require.Empty(t, p.talk.Values["words"])
	require.Equal(t, form.StepAsk, p.says("x\ny, z").Kind)
	require.Equal(t, form.StepAsk, p.presses("Done").Kind)
	require.Equal(t, []string{"x", "y, z"}, p.talk.Values["words"])

	require.Equal(t, "Skip|Cancel", p.labels())
	require.Equal(t, form.StepAsk, p.says("@a, <@U1>").Kind)
	require.Equal(t, form.StepAsk, p.says("done").Kind)
	require.Equal(t, form.StepDone, p.says("ok").Kind)
	require.Equal(t, []string{"@a", "<@U1>"}, p.talk.Values["people"])
}

func TestTalkRefreshes(t *testing.T) {
	kind := hub.Field{Name: "kind", Label: "Kind", Type: hub.FieldSelect, Refresh: true, Required: true, Options: []hub.Option{{Value: "bug"}, {Value: "idea"}}}
	title := hub.Field{Name: "title", Label: "Title", Type: hub.FieldText, Required: true}
	part := hub.Field{Name: "part", Label: "Part", Type: hub.FieldSelect, Required: true, Options: []hub.Option{{Value: "web"}, {Value: "bus"}}}
	p := begin(t, hub.Form{Title: "Report", Fields: []hub.Field{title, kind}}, nil, false)
	require.Equal(t, form.StepAsk, p.says("It breaks").Kind)
	require.Equal(t, form.Step{Kind: form.StepRefresh, Field: "kind"}, p.says("bug"))
	p.restart()
	require.Equal(t, form.StepAsk, p.talk.Replace(hub.Form{Title: "Bug", Fields: []hub.Field{title, kind, part}}).Kind)
	require.Equal(t, "part", p.talk.Field)
	require.Contains(t, p.text(), "(3 of 3)")
	require.Equal(t, form.StepAsk, p.says("web").Kind)
	require.Equal(t, form.Summing, p.talk.Stage)

	require.Equal(t, form.StepAsk, p.says("kind").Kind)
	require.Equal(t, form.StepAsk, p.says("bug").Kind, "nothing has changed")
	require.Equal(t, form.StepAsk, p.says("kind").Kind)
	require.Equal(t, form.StepRefresh, p.says("idea").Kind)
	part.Options = part.Options[1:]
	require.Equal(t, form.StepAsk, p.talk.Replace(hub.Form{Title: "Idea", Fields: []hub.Field{kind, part}}).Kind)
	require.Equal(t, "part", p.talk.Field, "what can no longer be chosen is asked for again")
	require.Equal(t, hub.Values{"kind": {"idea"}}, p.talk.Values, "what is gone is forgotten")
	require.Equal(t, form.StepAsk, p.says("bus").Kind)
	require.Equal(t, form.StepDone, p.presses("OK").Kind)
	require.Equal(t, hub.Values{"kind": {"idea"}, "part": {"bus"}}, p.talk.Values)
}

func TestTalkRefreshOfTheOnlyField(t *testing.T) {
	kind := hub.Field{Name: "kind", Type: hub.FieldText, Refresh: true, Required: true}
	size := hub.Field{Name: "size", Type: hub.FieldText, Required: true}
	p := begin(t, hub.Form{Fields: []hub.Field{kind}}, nil, false)
	require.Equal(t, form.StepRefresh, p.says("a").Kind)
	require.Equal(t, form.StepAsk, p.talk.Replace(hub.Form{Fields: []hub.Field{kind, size}}).Kind)
	require.Equal(t, "size", p.talk.Field)

	p = begin(t, hub.Form{Fields: []hub.Field{kind}}, nil, false)
	require.Equal(t, form.StepRefresh, p.says("a").Kind)
	require.Equal(t, form.StepDone, p.talk.Replace(hub.Form{Fields: []hub.Field{kind}}).Kind)
}

func TestTalkShowsNoSecret(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "key", Label: "Key", Type: hub.FieldText, Subtype: hub.TextPassword, Required: true},
		{Name: "name", Label: "Name", Type: hub.FieldText, Required: true},
	}}
	p := begin(t, f, nil, false)
	require.Contains(t, p.text(), "Whoever reads this chat can read it.")
	p.says("hunter2")
	p.says("Anna")
	require.NotContains(t, p.text(), "hunter2")
	p.says("key")
	require.NotContains(t, p.text(), "hunter2")
	require.Equal(t, "hunter2", p.talk.Values.Get("key"))
}

// FuzzTalk proves that no answers lead astray: there is always a question, the
// state survives as JSON, and what comes out is what Validate takes.
func FuzzTalk(f *testing.F) {
	f.Add("Plans\ntomorrow\n1\nyes\nskip\nok", false)
	f.Add("Plans\nback\nback\nkeep\ntomorrow\nclear\nno\n\"skip\"\nkind\nnet\ninvite", true)
	f.Add("sup\nx, y\ndone\na\nb\ndone\n+1\n/cancel", true)
	f.Add("1\n2\n3\n4\n5\n6\n7\n8\n9", true)
	f.Fuzz(func(t *testing.T, answers string, all bool) {
		lines := strings.Split(answers, "\n")
		for name, fm := range map[string]hub.Form{"meeting": meeting(), "watch": watch(), "note": note(), "due": functions()[3].Form} {
			for i := range fm.Fields {
				fm.Fields[i].Refresh = i%2 == 0
			}
			p := &play{t, form.Begin(fm, nil, all)}
			for _, answer := range lines[:min(len(lines), 40)] {
				answer = strings.ToValidUTF8(answer, "?")
				step := p.says(answer)
				switch step.Kind {
				case form.StepLookup:
					require.NotNil(t, fm.Field(step.Field))
					p.talk.Offer(step.Query, []hub.Option{{Value: "support"}, {Label: "Suppers", Value: "5"}})
				case form.StepRefresh:
					step = p.talk.Replace(fm)
				}
				text, actions := p.talk.Question()
				require.NotEmpty(t, text, name)
				require.Equal(t, p.talk.Over(), len(actions) == 0)
				require.LessOrEqual(t, len(actions), 11)
				require.Equal(t, step.Kind == form.StepDone, p.talk.Stage == form.Finished)
				if step.Kind == form.StepAgain {
					require.NotEmpty(t, step.Text)
				}
			}
			_, wrong := form.Validate(fm, p.talk.Values, now(t))
			for field, why := range wrong {
				require.True(t, why == "This is required." && p.talk.Stage != form.Finished, "%s: %s: %s", name, field, why)
			}
		}
	})
}

func TestTalkReopens(t *testing.T) {
	f := hub.Form{Title: "Order", Fields: []hub.Field{
		{Name: "item", Label: "Item", Type: hub.FieldText, Required: true},
		{Name: "note", Label: "Note", Type: hub.FieldText},
		{Name: "day", Label: "Day", Type: hub.FieldDate, Required: true},
	}}
	p := begin(t, f, hub.Values{"note": {"quickly"}}, false)
	p.says("pear")
	p.says("2026-12-24")
	require.Equal(t, form.StepDone, p.presses("OK").Kind)
	require.False(t, p.talk.Reopen("No.", nil))
	require.False(t, p.talk.Reopen("No.", map[string]string{"colour": "is not there"}))
	require.True(t, p.talk.Over())
	require.True(t, p.talk.Reopen("No.", map[string]string{"day": "is a holiday.", "note": "is rude"}))
	require.False(t, p.talk.Over())
	text, _ := p.talk.Question()
	require.True(t, strings.HasPrefix(text, "No. Note: is rude. Day: is a holiday."), text)
	require.Contains(t, text, "**Note", "also what is optional")
	p.says("please")
	text, _ = p.talk.Question()
	require.NotContains(t, text, "rude")
	require.Contains(t, text, "**Day")
	p.says("2026-12-27")
	require.Equal(t, form.StepDone, p.presses("OK").Kind)
	require.Equal(t, hub.Values{"item": {"pear"}, "note": {"please"}, "day": {"2026-12-27"}}, p.talk.Values)
}
