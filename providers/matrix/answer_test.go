package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// given is a command as the hub makes it of a message.
func given(chat, post string) *hub.Command {
	return &hub.Command{
		Command: hub.Call{ID: hub.CommandFor("matrix-acme", post), Raw: "discourse status"},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromMessage}, System: "matrix-acme", User: hub.User{ID: anna},
			Channel: hub.Channel{ID: chat}, Post: hub.MessageRef(post),
		},
	}
}

func (h *hall) answer(t *testing.T, c *hub.Command, r hub.Reply) (hub.Receipt, error) {
	t.Helper()
	a, ok := providers.As[providers.Answerer](h.Provider)
	require.True(t, ok)
	return a.Answer(t.Context(), c, r)
}

// wire is what of a sent message the tests look at.
type wire struct {
	MsgType   string          `json:"msgtype"`
	Body      string          `json:"body"`
	Formatted string          `json:"formatted_body"`
	Mentions  json.RawMessage `json:"m.mentions"`
	Relates   json.RawMessage `json:"m.relates_to"`
}

func (h *hall) sentWires(t *testing.T) []wire {
	t.Helper()
	var all []wire
	for _, s := range h.Sent() {
		var w wire
		require.NoError(t, json.Unmarshal(s.Raw, &w))
		require.NoError(t, matrixtest.CheckHTML(w.Formatted))
		require.Empty(t, matrixtest.Pings(s))
		all = append(all, w)
	}
	return all
}

var twoActions = []hub.Action{{Label: "Mute topic", Token: "t1"}, {Label: "Snooze 2 h", Token: "t2"}}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name       string
		reply      hub.Reply
		body, html string
	}{
		{"words", hub.Say("It is *quiet*."), "It is quiet.", "It is <em>quiet</em>."},
		{"plain words", hub.Say("It is quiet."), "It is quiet.", ""},
		{"nobody is called", hub.Say("@room hello"), "@\u2060room hello", ""},
		{
			"actions",
			hub.Reply{OK: &hub.OK{Text: "What now?", Actions: twoActions}},
			"What now?\n\n1️⃣ Mute topic\n2️⃣ Snooze 2 h", "<p>What now?</p><p>1️⃣ Mute topic<br>2️⃣ Snooze 2 h</p>",
		},
		{
			"a select and a link",
			hub.Reply{OK: &hub.OK{Text: "- a\n- b", Actions: []hub.Action{
				{Label: "Colour", Token: "t", Options: []hub.Option{{Label: "Red <1>", Value: "r"}, {Label: "Blue", Value: "b"}}},
				{Label: "Open", URL: "https://forum.example.com/t/1"},
			}}},
			"• a\n• b\n\n1️⃣ Red <1>\n2️⃣ Blue\nOpen (https://forum.example.com/t/1)",
			`<ul><li>a</li><li>b</li></ul><p>1️⃣ Red &lt;1&gt;<br>2️⃣ Blue<br><a href="https://forum.example.com/t/1">Open</a></p>`,
		},
		{"actions alone", hub.Reply{OK: &hub.OK{Actions: twoActions[:1]}}, "1️⃣ Mute topic", "<p>1️⃣ Mute topic</p>"},
		{"refusal", hub.Refuse("No category is called `shoes`."), "No category is called shoes.", "No category is called <code>shoes</code>."},
		{
			"fields",
			hub.Reply{Error: &hub.Refusal{Text: "Please mend:", Fields: map[string]string{"tag": "is unknown", "category": "is missing"}}},
			"Please mend:\n\n• category: is missing\n• tag: is unknown",
			"<p>Please mend:</p><ul><li><strong>category</strong>: is missing</li><li><strong>tag</strong>: is unknown</li></ul>",
		},
		{
			"navigate",
			hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/a(b)?c=1&d=2", Text: "Here:"}},
			"Here:\n\nhttps://forum.example.com/a(b)?c=1&d=2",
			`<p>Here:</p><p><a href="https://forum.example.com/a(b)?c=1&amp;d=2">https://forum.example.com/a(b)?c=1&amp;d=2</a></p>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			post := h.says(h.room, anna, "!discourse status")
			receipt, err := h.answer(t, given(h.room, post), c.reply)
			require.NoError(t, err)
			again, err := h.answer(t, given(h.room, post), c.reply)
			require.NoError(t, err)
			require.Equal(t, receipt.Ref, again.Ref, "an answer that is given again is the same")
			sent := h.sentWires(t)
			require.Len(t, sent, 1)
			require.Equal(t, hub.MessageRef(h.Sent()[0].Ref), receipt.Ref)
			require.Equal(t, "m.notice", sent[0].MsgType)
			require.Equal(t, c.body, sent[0].Body)
			require.Equal(t, c.html, sent[0].Formatted)
			require.JSONEq(t, `{"m.in_reply_to":{"event_id":"`+post+`"}}`, string(sent[0].Relates))
		})
	}
}

func TestAnswersThatCannotBe(t *testing.T) {
	h := newHall(t)
	for _, r := range []hub.Reply{
		{Form: &hub.Form{Title: "Watch"}},
		{Call: &hub.Call{Function: "watch"}},
		{Navigate: &hub.Navigate{URL: "javascript:alert(1)"}},
		{},
	} {
		_, err := h.answer(t, given(h.room, "$1"), r)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	}
	receipt, err := h.answer(t, given(h.room, "$1"), hub.Reply{OK: &hub.OK{}})
	require.NoError(t, err)
	require.Empty(t, receipt.Ref)
	h.AddRoom(matrixtest.Room{ID: "!secret:example.org", Encrypted: true})
	_, err = h.answer(t, given("!secret:example.org", "$1"), hub.Say("hello"))
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.Empty(t, h.Sent())
	h.Script(answer(429, "M_LIMIT_EXCEEDED", `,"retry_after_ms":1500`))
	_, err = h.answer(t, given(h.room, "$1"), hub.Say("hello"))
	require.Equal(t, hub.FaultRateLimited, providers.FaultOf(err))
	require.Equal(t, 1500*time.Millisecond, providers.AfterOf(err))
}

// What a homeserver refuses to format is answered in plain words.
func TestAnswerInPlainWords(t *testing.T) {
	h := newHall(t)
	h.Script(answer(400, "M_BAD_JSON", ""))
	receipt, err := h.answer(t, given(h.room, "$1"), hub.Say("It is *quiet*."))
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "plain text")
	require.Empty(t, h.sentWires(t)[0].Formatted)
}

func TestAnswerInAThread(t *testing.T) {
	h := newHall(t)
	root := h.says(h.room, anna, "root")
	c := given(h.room, "$question")
	c.Context.RootPost = hub.MessageRef(root)
	receipt, err := h.answer(t, c, hub.Reply{OK: &hub.OK{Text: "What now?", Actions: twoActions}})
	require.NoError(t, err)
	thread := `{"rel_type":"m.thread","event_id":"` + root + `","m.in_reply_to":{"event_id":"%s"}}`
	require.JSONEq(t, fmt.Sprintf(thread, "$question"), string(h.sentWires(t)[0].Relates))

	// A reaction to it does not say in which thread that is.
	c = given(h.room, string(receipt.Ref))
	c.Context.Source.ID = hub.FromReaction
	_, err = h.answer(t, c, hub.Say("Done."))
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(thread, receipt.Ref), string(h.sentWires(t)[1].Relates))

	c = given(h.room, "")
	_, err = h.answer(t, c, hub.Say("By the API."))
	require.NoError(t, err)
	require.Empty(t, h.sentWires(t)[2].Relates)
}

func TestLongAnswer(t *testing.T) {
	h := newHall(t)
	var text strings.Builder
	for i := range 1_000 {
		fmt.Fprintf(&text, "- entry **%d** of [a list](https://forum.example.com/t/%d)\n", i, i)
	}
	require.Greater(t, text.Len(), 40_000)
	receipt, err := h.answer(t, given(h.room, "$1"), hub.Reply{OK: &hub.OK{Text: text.String(), Actions: twoActions}})
	require.NoError(t, err)
	sent := h.sentWires(t)
	require.Greater(t, len(sent), 2)
	require.Equal(t, h.Sent()[len(sent)-1].Ref, string(receipt.Ref))
	whole, plain := "", ""
	for _, w := range sent {
		whole, plain = whole+w.Formatted, plain+w.Body+"\n"
		require.LessOrEqual(t, len(w.Body), 16_000)
		require.JSONEq(t, `{"m.in_reply_to":{"event_id":"$1"}}`, string(w.Relates))
	}
	for i := range 1_000 {
		require.Contains(t, whole, fmt.Sprintf(`<li>entry <strong>%d</strong> of <a href="https://forum.example.com/t/%d">a list</a></li>`, i, i))
		require.Contains(t, plain, fmt.Sprintf("• entry %d of a list (https://forum.example.com/t/%d)\n", i, i))
	}
	require.True(t, strings.HasSuffix(plain, "\n\n1️⃣ Mute topic\n2️⃣ Snooze 2 h\n"))

	h = newHall(t)
	_, err = h.answer(t, given(h.room, "$1"), hub.Say("%s", strings.Repeat("word ", 1_000_000)))
	require.NoError(t, err)
	require.Len(t, h.Sent(), 8)
	require.Contains(t, h.Sent()[7].Text, "too long for a chat")
}

// Twelve things to choose: ten have keycaps, of which our account taps each, and
// all can be chosen.
func TestKeycaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubble(t)
		var actions []hub.Action
		for i := range 12 {
			actions = append(actions, hub.Action{Label: fmt.Sprint("choice ", i+1), Token: "t"})
		}
		receipt, err := h.answer(t, given(h.room, "$1"), hub.Reply{OK: &hub.OK{Text: "Which?", Actions: actions}})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		var want []string
		for i := 1; i <= 10; i++ {
			want = append(want, hub.Keycap(i))
		}
		require.Equal(t, want, h.Reactions(string(receipt.Ref), userID))
		require.Contains(t, h.Sent()[0].Text, "🔟 choice 10\n11. choice 11\n12. choice 12")
	})
}

// Keycaps wait where the homeserver limits us, but not for long, and one that is
// there already is no trouble.
func TestKeycapsWait(t *testing.T) {
	limited := answer(429, "M_LIMIT_EXCEEDED", `,"retry_after_ms":20000`)
	for _, c := range []struct {
		name  string
		steps []providertest.Step
		after time.Duration
		want  int
	}{
		{"at once", nil, time.Second, 2},
		{"not yet", []providertest.Step{limited}, 10 * time.Second, 0},
		{"then", []providertest.Step{limited}, 21 * time.Second, 2},
		{"too long", []providertest.Step{limited, limited, limited, limited}, time.Hour, 0},
		{"there already", []providertest.Step{answer(400, "M_DUPLICATE_ANNOTATION", "")}, time.Second, 1},
		{"broken", []providertest.Step{answer(500, "M_UNKNOWN", "")}, time.Hour, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newBubble(t)
				h.ScriptReactions(c.steps...)
				receipt, err := h.answer(t, given(h.room, "$1"), hub.Reply{OK: &hub.OK{Text: "?", Actions: twoActions}})
				require.NoError(t, err)
				time.Sleep(c.after)
				require.Len(t, h.Reactions(string(receipt.Ref), userID), c.want)
			})
		})
	}
}

func TestNoKeycaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubble(t)
		receipt, err := h.Send(t.Context(), providers.Post{
			Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "New topic", Actions: twoActions},
		})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Empty(t, h.Reactions(string(receipt.Ref), userID), "what nobody asked for has none")
	})
	h := newHall(t, func(c *matrix.Config) { c.Reactions = false })
	stop := h.ready(t)
	receipt, err := h.answer(t, given(h.room, "$1"), hub.Reply{OK: &hub.OK{Text: "?", Actions: twoActions}})
	require.NoError(t, err)
	h.heard(t, h.says(h.room, anna, "and now?"))
	stop()
	require.Empty(t, h.Reactions(string(receipt.Ref), userID))
}

func TestActionsOfMessages(t *testing.T) {
	many := slices.Concat(twoActions, twoActions, twoActions)
	card := &hub.Card{Kind: "Reply", Title: "T", URL: "https://forum.example.com/t/1", Text: "x"}
	for _, c := range []struct {
		m          hub.Message
		body, html string
	}{
		{hub.Message{Text: "a", Actions: twoActions}, "a\n\n1️⃣ Mute topic · 2️⃣ Snooze 2 h", "<p>a</p><p>1️⃣ Mute topic · 2️⃣ Snooze 2 h</p>"},
		{hub.Message{Text: "a", Actions: many}, "a", ""},
		{
			hub.Message{Card: card, Actions: twoActions},
			"Reply: T\nhttps://forum.example.com/t/1\n\nx\n\n1️⃣ Mute topic · 2️⃣ Snooze 2 h",
			`<p><strong><a href="https://forum.example.com/t/1">Reply: T</a></strong></p><p>x</p><p>1️⃣ Mute topic · 2️⃣ Snooze 2 h</p>`,
		},
	} {
		body, html := matrix.RenderForTest(c.m)
		require.Equal(t, c.body, body)
		require.Equal(t, c.html, html)
	}
	s := newScene(t)
	receipt, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "a", Actions: twoActions}})
	require.NoError(t, err)
	editor, _ := providers.As[providers.Editor](s.Provider)
	_, err = editor.Edit(t.Context(), providers.Post{Key: "n2", To: hub.Chat{ID: room}, Message: hub.Message{Text: "b", Actions: twoActions[:1]}}, receipt.Ref)
	require.NoError(t, err)
	require.Equal(t, "b\n\n1️⃣ Mute topic", s.Sent()[0].Text)
	require.Equal(t, "b\n\n1️⃣ Mute topic", matrix.Kind().Preview(hub.Message{Text: "b", Actions: twoActions[:1]}).Plain)
}

func TestRunsChat(t *testing.T) {
	const bob, founder = "@bob:example.org", "@founder:example.org"
	for _, c := range []struct {
		name, levels, create string
		runs                 []string
	}{
		{"usual", `{"users":{"@anna:example.org":50,"@bob:example.org":49}}`, "", []string{anna}},
		{"state is easier", `{"users":{"@anna:example.org":50,"@bob:example.org":20},"state_default":10}`, "", []string{anna}},
		{"state is harder", `{"users":{"@anna:example.org":100,"@bob:example.org":50},"state_default":75}`, "", []string{anna}},
		{"all are", `{"users_default":100,"users":{"@bob:example.org":0}}`, "", []string{anna, founder}},
		{"of old, as texts", `{"users":{"@anna:example.org":"100","@bob:example.org":" 5"},"state_default":"50"}`, "", []string{anna}},
		{"who made it, without levels", "", `{"room_version":"10"}`, []string{founder}},
		{"who made it, since version 12", `{"users":{}}`, `{"room_version":"12","additional_creators":["@bob:example.org"]}`, []string{founder, bob}},
		{"who made it, before", `{"users":{}}`, `{"room_version":"11"}`, nil},
		{"nonsense", `{"users":{"@anna:example.org":{"a":1}},"state_default":[]}`, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			const there = "!ranks:example.org"
			h.AddRoom(matrixtest.Room{ID: there})
			if c.create != "" {
				h.SetState(there, founder, "m.room.create", "", json.RawMessage(c.create))
			}
			if c.levels != "" {
				h.SetState(there, founder, "m.room.power_levels", "", json.RawMessage(c.levels))
			}
			r, ok := providers.As[providers.Ranker](h.Provider)
			require.True(t, ok)
			for _, user := range []string{anna, bob, founder} {
				runs, err := r.RunsChat(t.Context(), hub.Chat{System: "matrix-acme", ID: there}, user)
				require.NoError(t, err)
				require.Equal(t, slices.Contains(c.runs, user), runs, user)
			}
			h.Kick(there)
			_, err := r.RunsChat(t.Context(), hub.Chat{System: "matrix-acme", ID: there}, anna)
			require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
		})
	}
}

// butler answers as the hub does: what is for us with the line, and a reaction
// to one of its answers with what was chosen, once.
type butler struct {
	*providertest.Ear
	t      testing.TB
	reply  func(c *hub.Command) hub.Reply
	answer providers.Answerer
}

func (b *butler) Hear(ctx context.Context, e *hub.Event) error {
	before := len(b.Events())
	if err := b.Ear.Hear(ctx, e); err != nil {
		return err
	}
	if len(b.Events()) == before { // told again
		return nil
	}
	var c hub.Chatter
	require.NoError(b.t, json.Unmarshal(e.Data, &c))
	if c.From.Bot || !c.ForUs && e.Type != hub.ChatReactionAdded {
		return nil
	}
	cmd := given(c.Room.ID, string(c.Ref))
	cmd.Command.ID = hub.CommandID(e.ID)
	cmd.Command.Raw = c.Line
	cmd.Context.RootPost = c.Thread
	if e.Type == hub.ChatReactionAdded {
		cmd.Command.Raw, cmd.Context.Source.ID = c.Reaction, hub.FromReaction
	}
	for { // as the hub does where the platform does not answer
		_, err := b.answer.Answer(ctx, cmd, b.reply(cmd))
		if err == nil || ctx.Err() != nil || providers.FaultOf(err) != hub.FaultTemporary {
			return err
		}
	}
}

func TestStage(t *testing.T) {
	h := newHall(t)
	a, _ := providers.As[providers.Answerer](h.Provider)
	h.listen(t, &butler{Ear: h.ear, t: t, answer: a, reply: func(c *hub.Command) hub.Reply {
		return hub.Reply{OK: &hub.OK{Text: "You said:\n\n" + c.Command.Raw, Actions: twoActions}}
	}})
	h.ear.Until(t, "the first sync", func() bool { return h.since(t) != "" })
	bob := h.Person(t, "Bob", false)
	there := h.Stage.Chat(t, "support")
	h.Say(t, there, bob, "nothing of interest")
	seen := h.Command(t, there, bob, "discourse watch support")
	require.Equal(t, "You said:\n\ndiscourse watch support", seen.Text)
	require.Equal(t, []string{"Mute topic", "Snooze 2 h"}, seen.Buttons)
	require.False(t, seen.Private)
	require.Equal(t, "You said:\n\nstatus", h.Mention(t, there, anna, "status").Text)
	pressed := h.Press(t, there, bob, seen, "Snooze 2 h")
	require.Equal(t, "You said:\n\n2️⃣", pressed.Text)
	h.Cut(t)
	require.Equal(t, "You said:\n\n2️⃣", h.Press(t, there, bob, seen, "Snooze 2 h").Text)
	require.Equal(t, "You said:\n\n1️⃣", h.PressTwice(t, there, bob, seen, "Mute topic").Text)
	_, ok := h.Bare(t, there, bob, "status")
	require.False(t, ok)
	require.Empty(t, matrixtest.Pings(h.Sent()[0]))
}

// Whatever breaks, each command is run once and answered once.
func TestCommandsThroughCuts(t *testing.T) {
	h := newHall(t, func(c *matrix.Config) { c.Reactions = false })
	a, _ := providers.As[providers.Answerer](h.Provider)
	ran := map[string]int{}
	h.listen(t, &butler{Ear: h.ear, t: t, answer: a, reply: func(c *hub.Command) hub.Reply {
		ran[c.Command.Raw]++
		h.Cut(t)
		return hub.Say("%s", c.Command.Raw)
	}})
	h.ear.Until(t, "the first sync", func() bool { return h.since(t) != "" })
	for i := range 20 {
		line := fmt.Sprint("discourse watch c", i)
		h.Cut(t)
		require.Equal(t, line, h.Command(t, h.room, anna, line).Text)
	}
	require.Len(t, ran, 20)
	require.Len(t, h.Sent(), 20)
}
