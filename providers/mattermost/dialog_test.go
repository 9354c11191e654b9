package mattermost_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const formToken = "form-token_form-token_"

// everything is a form of every type of field.
func everything() *hub.Form {
	return &hub.Form{
		Title: "A title that is longer than anyone may say", Text: "What *this* is about.", Submit: "Send it", Token: formToken,
		Fields: []hub.Field{
			{Name: "name", Label: "Name", Type: hub.FieldText, Required: true, Min: 2, Max: 40, Hint: "yours"},
			{Name: "story", Label: "Story", Type: hub.FieldText, Subtype: hub.TextLines, Value: []string{strings.Repeat("x", 200)}},
			{Name: "mail", Label: "Mail", Type: hub.FieldText, Subtype: hub.TextEmail},
			{Name: "long", Label: "Long", Type: hub.FieldText, Value: []string{strings.Repeat("y", 400)}},
			{Name: "kind", Label: "Kind", Type: hub.FieldSelect, Refresh: true, Options: []hub.Option{{Label: "Bug", Value: "bug"}, {Label: "Wish", Value: "wish"}}, Value: []string{"wish"}},
			{Name: "tags", Label: "Tags", Type: hub.FieldSelect, Multi: true, Options: []hub.Option{{Label: "Red", Value: "red"}, {Label: "Blue", Value: "blue"}}, Value: []string{"red"}},
			{Name: "query", Label: "Category", Type: hub.FieldSelect, Dynamic: true},
			{Name: "who", Label: "Who", Type: hub.FieldUser},
			{Name: "where", Label: "Where", Type: hub.FieldChannel, Multi: true},
			{Name: "loud", Label: "Loud", Type: hub.FieldBool, Required: true, Description: "Ring for everyone"},
			{Name: "day", Label: "Day", Type: hub.FieldDate, Value: []string{"2026-11-21"}},
			{Name: "at", Label: "At", Type: hub.FieldDatetime},
			{Name: "note", Type: hub.FieldMarkdown, Description: "**Mind the gap.**"},
			{Name: "scan", Label: "Scan", Type: hub.FieldFile},
			{Name: "labels", Label: strings.Repeat("a very long label ", 3), Type: hub.FieldText, Multi: true, Description: "What it is called"},
		},
	}
}

func opens(f *hub.Form) func(*hub.Command) (hub.Reply, bool) {
	return func(*hub.Command) (hub.Reply, bool) { return hub.Reply{Form: f}, false }
}

func TestDialog(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = opens(everything())
	dialog := s.Command(t, s.chat, s.anna, "discourse report")
	require.True(t, dialog.Dialog)
	require.Contains(t, dialog.Text, "What this is about.")
	require.Contains(t, dialog.Text, "Mind the gap.")
	require.Contains(t, dialog.Text, everything().Title, "the whole title")
	require.Len(t, dialog.Fields, 14)
	require.Equal(t, []string{"wish"}, dialog.Fields[4].Value)

	s.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
		return hub.Reply{OK: &hub.OK{Options: []hub.Option{{Label: "Support " + c.Command.Encoded.Get(hub.LookupQuery), Value: "6"}}}}, false
	}
	require.Equal(t, []string{"Support sup"}, s.Search(t, s.chat, s.anna, dialog, "_query", "sup"))
	c := last(s)
	require.Equal(t, hub.KindLookup, c.Command.Kind)
	require.Equal(t, "query", c.Command.Encoded.Get(hub.LookupField), "our name of the field, not Mattermost's")
	require.Equal(t, formToken, c.Security.Token)

	changed := everything()
	changed.Fields = changed.Fields[:6]
	changed.Fields[0].Label = "Your name"
	s.ear.Reply = opens(changed)
	next := s.Change(t, s.chat, s.anna, dialog, "kind", "bug")
	require.Equal(t, "Your name", next.Fields[0].Label)
	c = last(s)
	require.Equal(t, hub.KindForm, c.Command.Kind)
	require.Equal(t, "kind", c.Command.Encoded.Get(hub.LookupField))
	require.Equal(t, "bug", c.Command.Encoded.Get("kind"))

	s.ear.Reply = func(*hub.Command) (hub.Reply, bool) {
		return hub.Reply{Error: &hub.Refusal{Text: "That is *not* it.", Fields: map[string]string{"name": "`x` is too short", "query": "is gone"}}}, false
	}
	wrong := s.Fill(t, s.chat, s.anna, dialog, map[string][]string{"name": {"x"}})
	require.True(t, wrong.Dialog)
	require.Equal(t, map[string]string{"name": "x is too short", "_query": "is gone"}, wrong.Errors)
	require.Contains(t, wrong.Text, "That is not it.")

	s.ear.Reply = say("Thank you.")
	done := s.Fill(t, s.chat, s.anna, wrong, map[string][]string{
		"name": {"Anna"}, "tags": {"Red", "Blue"}, "loud": {"true"}, "who": {s.anna}, "labels": {"one, two ,, three"}, "_query": {"6"},
	})
	require.Equal(t, "Thank you.", done.Text)
	require.True(t, done.Private)
	c = last(s)
	require.Equal(t, hub.KindSubmit, c.Command.Kind)
	require.Equal(t, hub.FromDialog, c.Context.Source.ID)
	require.Equal(t, hub.User{ID: s.anna, Name: "anna", Full: "Anna"}, c.Context.User)
	require.Equal(t, hub.Values{
		"name": {"Anna"}, "story": {strings.Repeat("x", 200)}, "long": {strings.Repeat("y", 400)}, "kind": {"wish"}, "tags": {"red", "blue"},
		"query": {"6"}, "who": {s.anna}, "loud": {"true"}, "day": {"2026-11-21"}, "labels": {"one", "two", "three"},
	}, c.Command.Encoded)

	s.Close(t, s.chat, s.anna, dialog)
	c = last(s)
	require.Equal(t, hub.KindCancel, c.Command.Kind)
	require.Empty(t, c.Command.Encoded)
}

func last(s *scene) hub.Command {
	all := s.ear.Commands()
	return all[len(all)-1]
}

// TestDialogOfAnOldServer has texts for what the server does not know, and options
// that were asked for beforehand.
func TestDialogOfAnOldServer(t *testing.T) {
	s := newScene(t)
	s.platform.SetVersion(mattermosttest.Old)
	s.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
		if c.Command.Kind == hub.KindLookup {
			return hub.Reply{OK: &hub.OK{Options: []hub.Option{{Label: "Support", Value: "6"}}}}, false
		}
		return hub.Reply{Form: everything()}, false
	}
	dialog := s.Command(t, s.chat, s.anna, "discourse report")
	require.True(t, dialog.Dialog)
	require.Equal(t, []string{"Support"}, s.Search(t, s.chat, s.anna, dialog, "_query", "sup"))

	s.ear.Reply = say("Thank you.")
	s.Fill(t, s.chat, s.anna, dialog, map[string][]string{"name": {"Anna"}, "tags": {"red, blue"}, "day": {"2026-11-22"}, "_query": {"Support"}})
	c := last(s)
	require.Equal(t, []string{"red", "blue"}, c.Command.Encoded["tags"])
	require.Equal(t, []string{"6"}, c.Command.Encoded["query"])
	require.Equal(t, []string{"2026-11-22"}, c.Command.Encoded["day"])

	// A form as the answer to a form is a button that opens it.
	s.ear.Reply = opens(everything())
	offer := s.Fill(t, s.chat, s.anna, dialog, map[string][]string{"name": {"Bea"}})
	require.Equal(t, []string{"Open the form"}, offer.Buttons)
	again := s.Press(t, s.chat, s.anna, offer, "Open the form")
	require.True(t, again.Dialog)
	asked := s.ear.Commands()
	pressed := asked[len(asked)-2] // behind it is that its options were asked for
	require.Equal(t, hub.KindForm, pressed.Command.Kind)
	require.Equal(t, formToken, pressed.Security.Token)
}

// TestGoldenDialogs are the same form on a new server and on an old one.
func TestGoldenDialogs(t *testing.T) {
	for name, version := range map[string]string{"dialog": mattermosttest.Newest, "dialog-old": mattermosttest.Old} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.platform.SetVersion(version)
			s.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
				if c.Command.Kind == hub.KindLookup {
					return hub.Reply{OK: &hub.OK{Options: []hub.Option{{Label: "Support", Value: "6"}}}}, false
				}
				return hub.Reply{Form: everything()}, false
			}
			s.Command(t, s.chat, s.anna, "discourse report")
			raw, err := json.Marshal(s.platform.Dialogs()[0])
			require.NoError(t, err)
			plain := strings.NewReplacer(s.to.Prefix, "https://bellhop.example.com/chat/mattermost-acme/",
				s.platform.Dialogs()[0].TriggerId, "TRIGGER").Replace(string(raw))
			providertest.Golden(t, name+".json", pretty(t, []byte(plain)))
		})
	}
}

// TestFormWithoutATrigger holds for a mention, which opens nothing by itself.
func TestFormWithoutATrigger(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	s.answering(t, func(*hub.Command) hub.Reply { return hub.Reply{Form: everything()} })
	offer := s.Mention(t, s.chat, s.anna, "discourse report")
	require.Equal(t, []string{"Open the form"}, offer.Buttons)
	require.True(t, offer.Private)
	s.ear.Reply = opens(everything())
	require.True(t, s.Press(t, s.chat, s.anna, offer, "Open the form").Dialog)
}

func TestForgedDialogs(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = opens(everything())
	s.Command(t, s.chat, s.anna, "discourse report")
	state := openedState(t, s)
	bob := s.Person(t, "bob", true)
	before := len(s.ear.Commands())
	send := func(change func(*model.SubmitDialogRequest)) providers.Response {
		r := &model.SubmitDialogRequest{Type: "dialog_submission", State: state, UserId: s.anna, ChannelId: s.chat, Submission: map[string]any{"name": "Anna"}}
		change(r)
		body, err := json.Marshal(r)
		require.NoError(t, err)
		return s.receive(t, "dialog", "application/json", body)
	}
	for name, change := range map[string]func(*model.SubmitDialogRequest){
		"another user": func(r *model.SubmitDialogRequest) { r.UserId = bob },
		"no state":     func(r *model.SubmitDialogRequest) { r.State = "" },
		"another form": func(r *model.SubmitDialogRequest) {
			r.State = strings.Replace(state, formToken, "another-token_another-t", 1)
		},
		"another place": func(r *model.SubmitDialogRequest) { r.State = strings.Replace(state, s.chat, mattermosttest.Staff, 1) },
		"no mark":       func(r *model.SubmitDialogRequest) { r.State = state[:strings.LastIndex(state, ".")+1] },
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, http.StatusUnauthorized, send(change).Status) })
	}
	require.Equal(t, http.StatusUnauthorized, s.receive(t, "dialog", "application/json", []byte("null")).Status)
	require.Len(t, s.ear.Commands(), before)

	same := func(*model.SubmitDialogRequest) {}
	s.ear.Reply = say("Thank you.")
	require.Equal(t, http.StatusOK, send(same).Status)
	require.Equal(t, http.StatusOK, send(same).Status)
	require.Len(t, s.ear.Commands(), before+1, "replayed, it runs once")
	elsewhere := send(func(r *model.SubmitDialogRequest) { r.ChannelId, r.Submission["name"] = mattermosttest.Staff, "Bea" })
	require.Equal(t, http.StatusOK, elsewhere.Status)
	require.Equal(t, s.chat, last(s).Context.Channel.ID, "where the command was given, not where the client is")
}

// openedState is the state of the dialog that was opened last.
func openedState(t *testing.T, s *scene) string {
	t.Helper()
	all := s.platform.Dialogs()
	require.NotEmpty(t, all)
	return all[len(all)-1].Dialog.State
}

// TestLaterAnswers holds for replies that come when the server waits no longer.
func TestLaterAnswers(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = func(*hub.Command) (hub.Reply, bool) { return hub.Reply{}, true }
	later := func(t *testing.T, act func(), reply hub.Reply) hub.Receipt {
		t.Helper()
		act()
		c := last(s)
		receipt, err := s.p.Answer(t.Context(), &c, reply)
		require.NoError(t, err)
		return receipt
	}
	shown := func() providertest.Seen { return s.Shown(t, s.chat, s.anna) }
	slash := func() { s.slash(t, s.platform.SlashForm(&s.to, s.chat, s.anna, "", "discourse x")) }

	later(t, slash, hub.Say("At last."))
	require.Equal(t, "At last.", shown().Text)
	require.True(t, shown().Private)
	later(t, slash, hub.Refuse("No."))
	require.Equal(t, "No.", shown().Text)
	later(t, slash, hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/", Text: "There:"}})
	require.Contains(t, shown().Text, "https://forum.example.com/")
	later(t, slash, hub.Reply{Form: everything()})
	require.True(t, shown().Dialog)
	later(t, slash, hub.Reply{OK: &hub.OK{Text: "For all.", Public: true}})
	require.False(t, shown().Private)
	later(t, slash, hub.Reply{OK: &hub.OK{}})

	// A response_url that is used up, or unknown, is no reason to be silent.
	slash()
	c := last(s)
	c.Context.Source.Props["hook"] = model.NewId()
	receipt, err := s.p.Answer(t.Context(), &c, hub.Say("By another way."))
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Ref)
	require.Equal(t, "By another way.", shown().Text)
	require.True(t, shown().Private)
}

// TestWhispers holds that what is for one person goes to them alone, however the
// bot may do that.
func TestWhispers(t *testing.T) {
	s := newScene(t)
	cmd := &hub.Command{
		Command: hub.Call{ID: "c1"},
		Context: hub.CommandContext{System: system, User: hub.User{ID: s.anna}, Channel: hub.Channel{ID: s.chat}, Source: hub.CommandSource{ID: hub.FromMessage}},
	}
	_, err := s.p.Answer(t.Context(), cmd, hub.Say("psst"))
	require.NoError(t, err)
	require.Empty(t, s.platform.Sent())
	require.True(t, s.Shown(t, s.chat, s.anna).Private)

	s.platform.Forbid(mattermosttest.Whisper)
	cmd.Command.ID = "c2"
	reply, _ := buttons(nil)
	_, err = s.p.Answer(t.Context(), cmd, reply)
	require.NoError(t, err)
	require.Equal(t, s.platform.Direct(s.anna), s.platform.Sent()[0].Chat)
	seen := s.Shown(t, s.chat, s.anna)
	require.Len(t, seen.Buttons, 3)
	s.ear.Reply = say("pressed")
	require.Equal(t, "pressed", s.Press(t, s.chat, s.anna, seen, "Mute topic").Text, "in the direct chat, whose button it is")

	cmd.Command.ID, cmd.Context.Channel = "c3", hub.Channel{ID: s.platform.Direct(s.anna), Direct: true}
	_, err = s.p.Answer(t.Context(), cmd, hub.Say("just us"))
	require.NoError(t, err)
	require.Equal(t, "just us", s.platform.Sent()[1].Text)

	root, err := s.p.Send(t.Context(), post(s.chat, "root"))
	require.NoError(t, err)
	cmd.Command.ID, cmd.Context.Channel, cmd.Context.RootPost = "c4", hub.Channel{ID: s.chat}, root.Ref
	_, err = s.p.Answer(t.Context(), cmd, hub.Reply{OK: &hub.OK{Text: "in the thread", Public: true}})
	require.NoError(t, err)
	require.Equal(t, string(root.Ref), s.platform.Sent()[3].Root)

	long := strings.Repeat("All work and no play makes Jack a dull boy. ", 1000)
	cmd.Command.ID = "c5"
	_, err = s.p.Answer(t.Context(), cmd, hub.Reply{OK: &hub.OK{Text: long, Public: true}})
	require.NoError(t, err)
	require.Len(t, s.platform.Sent(), 7)

	cmd.Context.Channel.ID, cmd.Command.ID = mattermosttest.Elsewhere, "c6"
	_, err = s.p.Answer(t.Context(), cmd, hub.Reply{OK: &hub.OK{Text: "x", Public: true}})
	var failed *providers.Error
	require.True(t, errors.As(err, &failed))
	require.Equal(t, hub.FaultChatGone, failed.Fault)
}

// TestLateTrigger holds that a form is offered where its trigger is too old.
func TestLateTrigger(t *testing.T) {
	s := newScene(t)
	cmd := &hub.Command{
		Security: hub.Security{TriggerID: oldTrigger(t, s.anna, -time.Minute)},
		Context:  hub.CommandContext{System: system, User: hub.User{ID: s.anna}, Channel: hub.Channel{ID: s.chat}},
	}
	_, err := s.p.Answer(t.Context(), cmd, hub.Reply{Form: everything()})
	require.NoError(t, err)
	require.Equal(t, []string{"Open the form"}, s.Shown(t, s.chat, s.anna).Buttons)
}

// TestNoKey holds that a server that cannot be asked for its key is not believed.
func TestNoKey(t *testing.T) {
	s := newScene(t)
	away := s.provider(t, func(c *mattermost.Config, _ *providers.Env) { c.URL = "http://127.0.0.1:1" })
	_, err := s.p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: s.chat}, Message: hub.Message{Text: "hello", Actions: replyActions(t)}})
	require.NoError(t, err)
	var p model.Post
	sent := s.platform.Sent()[0]
	require.NoError(t, json.Unmarshal(sent.Raw, &p))
	body, err := json.Marshal(s.platform.ActionRequest(&p, p.Attachments()[0].Actions[0], s.anna, ""))
	require.NoError(t, err)
	r := away.Receive(t.Context(), "action", &providers.Request{Method: http.MethodPost, Body: body}, s.ear)
	require.Equal(t, http.StatusServiceUnavailable, r.Status)
	require.Empty(t, s.ear.Commands())
}
