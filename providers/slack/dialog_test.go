package slack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// everyField is a form with a field of each type.
func everyField() *hub.Form {
	options := []hub.Option{{Label: "Red", Value: "r", Note: "as blood"}, {Label: "Green", Value: "g"}, {Label: "Blue", Value: "b"}}
	return &hub.Form{
		Title: "A form whose title is far longer than a modal's", Text: "Tell **everything**.", Submit: "Send", Token: "tok-form",
		Fields: []hub.Field{
			{Name: "line", Label: "Line", Type: hub.FieldText, Required: true, Min: 2, Max: 10, Hint: "short", Description: "a line"},
			{Name: "lines", Label: "Lines", Type: hub.FieldText, Subtype: hub.TextLines},
			{Name: "number", Label: "Number", Type: hub.FieldText, Subtype: hub.TextNumber, Value: []string{"7"}},
			{Name: "mail", Label: "Mail", Type: hub.FieldText, Subtype: hub.TextEmail},
			{Name: "url", Label: "Page", Type: hub.FieldText, Subtype: hub.TextURL},
			{Name: "phone", Label: "Phone", Type: hub.FieldText, Subtype: hub.TextPhone},
			{Name: "color", Label: "Color", Type: hub.FieldSelect, Options: options, Value: []string{"g"}},
			{Name: "colors", Label: "Colors", Type: hub.FieldSelect, Options: options, Multi: true, Value: []string{"r", "b"}},
			{Name: "city", Label: "City", Type: hub.FieldSelect, Dynamic: true, Value: []string{"Bern"}},
			{Name: "cities", Label: "Cities", Type: hub.FieldSelect, Dynamic: true, Multi: true},
			{Name: "user", Label: "User", Type: hub.FieldUser},
			{Name: "users", Label: "Users", Type: hub.FieldUser, Multi: true},
			{Name: "channel", Label: "Channel", Type: hub.FieldChannel},
			{Name: "channels", Label: "Channels", Type: hub.FieldChannel, Multi: true},
			{Name: "yes", Label: "Sure?", Type: hub.FieldBool, Value: []string{"true"}},
			{Name: "no", Label: "Quiet?", Type: hub.FieldBool, Required: true},
			{Name: "day", Label: "Day", Type: hub.FieldDate, Value: []string{"2026-11-21"}},
			{Name: "time", Label: "Time", Type: hub.FieldDatetime, Value: []string{"2026-11-21T10:00:00+01:00"}},
			{Name: "text", Label: "Text", Type: hub.FieldMarkdown},
			{Name: "file", Label: "File", Type: hub.FieldFile},
			{Name: "empty", Label: "Nothing", Type: hub.FieldSelect},
		},
	}
}

// cities answers lookups, and everything else with r.
func cities(r hub.Reply) func(*hub.Command) (hub.Reply, bool) {
	return func(c *hub.Command) (hub.Reply, bool) {
		if c.Command.Kind != hub.KindLookup {
			return r, false
		}
		var found []hub.Option
		for i := range 200 {
			name := c.Command.Encoded.Get(hub.LookupQuery)
			if i > 0 {
				name += fmt.Sprintf(" no %d", i)
			}
			found = append(found, hub.Option{Label: name, Value: name})
		}
		return hub.Reply{OK: &hub.OK{Options: found}}, false
	}
}

func TestDialogHasEveryField(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{Form: everyField()})
		dialog := w.Command(t, chat, anna, "sample all")
		require.True(t, dialog.Dialog)
		require.Contains(t, dialog.Text, "A form whose title is far longer than a modal's")
		require.Contains(t, dialog.Text, "Tell everything.")
		require.Contains(t, dialog.Text, "Nothing: there is nothing to choose from")
		require.Len(t, dialog.Fields, 20)

		w.ear.Reply = cities(hub.Say("thanks"))
		found := w.Search(t, chat, anna, dialog, "cities", "Old")
		require.Len(t, found, 100, "Slack takes no more")
		require.Equal(t, "Old", found[0])

		seen := w.Fill(t, chat, anna, dialog, map[string][]string{
			"line": {"hello"}, "lines": {"a\nb"}, "mail": {"a@example.com"}, "url": {"https://example.com"}, "phone": {"+1"},
			"cities": {"New city", "Old city"}, "user": {anna}, "users": {anna, "U2"}, "channel": {chat}, "channels": {chat, "C2"},
			"text": {"**bold**"}, "file": {"a.png"},
		})
		require.Equal(t, "thanks", seen.Text)
		require.True(t, seen.Private)

		all := w.ear.Commands()
		c := all[len(all)-1]
		require.Equal(t, hub.KindSubmit, c.Command.Kind)
		require.Equal(t, "tok-form", c.Security.Token)
		require.Equal(t, hub.FromDialog, c.Context.Source.ID)
		require.Equal(t, chat, c.Context.Channel.ID)
		require.Equal(t, anna, c.Context.User.ID)
		require.NotEmpty(t, c.Command.Encoded.Get("file"))
		delete(c.Command.Encoded, "file")
		require.Equal(t, hub.Values{
			"line": {"hello"}, "lines": {"a\nb"}, "number": {"7"}, "mail": {"a@example.com"}, "url": {"https://example.com"}, "phone": {"+1"},
			"color": {"g"}, "colors": {"r", "b"}, "city": {"Bern"}, "cities": {"New city", "Old city"}, "user": {anna},
			"users": {anna, "U2"}, "channel": {chat}, "channels": {chat, "C2"}, "yes": {"true"}, "no": {"false"},
			"day": {"2026-11-21"}, "time": {"2026-11-21T09:00:00Z"}, "text": {"**bold**"},
		}, c.Command.Encoded)
	})
}

func sampleForm(values ...string) *hub.Form {
	return &hub.Form{Title: "Sample", Token: "tok-1", Fields: []hub.Field{
		{Name: "kind", Label: "Kind", Type: hub.FieldSelect, Refresh: true, Options: []hub.Option{{Label: "One", Value: "1"}, {Label: "Two", Value: "2"}}},
		{Name: "note", Label: "Note", Type: hub.FieldText, Value: values},
	}}
}

func TestFieldErrors(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{Form: sampleForm()})
		dialog := w.Command(t, chat, anna, "sample")

		w.answers(hub.Reply{Error: &hub.Refusal{Text: "No.", Fields: map[string]string{"note": "too dull"}}})
		seen := w.Fill(t, chat, anna, dialog, map[string][]string{"note": {"x"}})
		require.True(t, seen.Dialog)
		require.Equal(t, map[string]string{"note": "too dull"}, seen.Errors)

		w.answers(hub.Reply{Error: &hub.Refusal{Text: "Not today.", Fields: map[string]string{"gone": "no field of this"}}})
		for range 2 { // the words are not put there twice
			seen = w.Fill(t, chat, anna, dialog, map[string][]string{"note": {"what I wrote"}})
			require.True(t, seen.Dialog)
			require.Equal(t, 1, strings.Count(seen.Text, "Not today."), "%s", seen.Text)
			require.Contains(t, seen.Text, "gone: no field of this")
			require.Equal(t, []string{"what I wrote"}, seen.Fields[1].Value, "what was written stays")
		}

		w.answers(hub.Say("fine"))
		require.Equal(t, "fine", w.Fill(t, chat, anna, dialog, nil).Text)
	})
}

func TestSlackChecksLengthsItself(t *testing.T) {
	w := listening(t, false)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	w.answers(hub.Reply{Form: everyField()})
	dialog := w.Command(t, chat, anna, "sample")
	seen := w.Fill(t, chat, anna, dialog, map[string][]string{"line": {"far too long for this"}, "mail": {"nobody"}})
	require.Len(t, seen.Errors, 2)
	require.Len(t, w.ear.Commands(), 1)
}

func TestRefresh(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{Form: sampleForm()})
		dialog := w.Command(t, chat, anna, "sample")
		w.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
			f := sampleForm("made for " + c.Command.Encoded.Get("kind"))
			f.Fields[0].Value = c.Command.Encoded["kind"]
			f.Fields = append(f.Fields, hub.Field{Name: "more", Label: "More", Type: hub.FieldDate})
			return hub.Reply{Form: f}, false
		}
		dialog = w.Change(t, chat, anna, dialog, "kind", "2")
		require.Len(t, dialog.Fields, 3)
		require.Equal(t, []string{"Two"}, dialog.Fields[0].Value)
		require.Equal(t, []string{"made for 2"}, dialog.Fields[1].Value, "a new value is shown, though Slack keeps what was there")
		dialog = w.Change(t, chat, anna, dialog, "kind", "1")
		require.Equal(t, []string{"made for 1"}, dialog.Fields[1].Value)

		c := w.ear.Commands()[1]
		require.Equal(t, hub.KindForm, c.Command.Kind)
		require.Equal(t, "tok-1", c.Security.Token)
		require.Equal(t, hub.Values{"kind": {"2"}, hub.LookupField: {"kind"}}, c.Command.Encoded)

		w.answers(hub.Say("sent"))
		require.Equal(t, "sent", w.Fill(t, chat, anna, dialog, map[string][]string{"more": {"2026-12-24"}}).Text)
		all := w.ear.Commands()
		require.Equal(t, hub.Values{"kind": {"1"}, "note": {"made for 1"}, "more": {"2026-12-24"}}, all[len(all)-1].Command.Encoded)
	})
}

func TestRefreshThatFails(t *testing.T) {
	w := listening(t, false)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	w.answers(hub.Reply{Form: sampleForm()})
	dialog := w.Command(t, chat, anna, "sample")
	w.answers(hub.Refuse("The forum is away."))
	dialog = w.Change(t, chat, anna, dialog, "kind", "2")
	require.Contains(t, dialog.Text, "The forum is away.")
	require.Equal(t, []string{"Two"}, dialog.Fields[0].Value)
}

// TestNextForm also holds that over the socket a modal gets through that is too
// large for an acknowledgement.
func TestNextForm(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{Form: sampleForm()})
		dialog := w.Command(t, chat, anna, "sample")
		next := &hub.Form{Title: "Next", Token: "tok-2"}
		for i := range 60 {
			next.Fields = append(next.Fields, hub.Field{
				Name: fmt.Sprintf("f%d", i), Label: strings.Repeat("label ", 50), Type: hub.FieldText,
			})
		}
		w.answers(hub.Reply{Form: next})
		dialog = w.Fill(t, chat, anna, dialog, nil)
		require.True(t, dialog.Dialog)
		w.answers(hub.Say("done"))
		require.Eventually(t, func() bool { return len(w.Dialog(dialog).Fields) == 60 }, 20*time.Second, 5*time.Millisecond)
		seen := w.Fill(t, chat, anna, dialog, map[string][]string{"f59": {"last"}})
		require.Equal(t, "done", seen.Text)
		all := w.ear.Commands()
		require.Equal(t, "tok-2", all[len(all)-1].Security.Token)
		require.Equal(t, hub.Values{"f59": {"last"}}, all[len(all)-1].Command.Encoded)
	})
}

func TestCancel(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{Form: sampleForm()})
		dialog := w.Command(t, chat, anna, "sample")
		w.answers(hub.Say("closed"))
		w.Close(t, chat, anna, dialog)
		c := w.ear.Commands()[1]
		require.Equal(t, hub.KindCancel, c.Command.Kind)
		require.Equal(t, "tok-1", c.Security.Token)
	})
}

// TestFormThatComesLate holds that a form whose trigger is too old is opened by a
// button.
func TestFormThatComesLate(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		var slow hub.Command
		w.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
			slow = *c
			slow.Context.Source.Props["trigger_at"] = "1"
			go func() { _, _ = w.client.Answer(t.Context(), &slow, hub.Reply{Form: sampleForm()}) }()
			return hub.Reply{}, true
		}
		seen := w.Command(t, chat, anna, "sample")
		require.False(t, seen.Dialog)
		require.Equal(t, []string{"Sample"}, seen.Buttons)

		w.answers(hub.Reply{Form: sampleForm()})
		dialog := w.Press(t, chat, anna, seen, "Sample")
		require.True(t, dialog.Dialog)
		c := w.ear.Commands()[1]
		require.Equal(t, hub.KindForm, c.Command.Kind)
		require.Equal(t, "tok-1", c.Security.Token)
	})
}

// TestFormWhoseTriggerIsSpent holds the same where only Slack knows that it is.
func TestFormWhoseTriggerIsSpent(t *testing.T) {
	w := listening(t, false)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	w.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
		c.Security.TriggerID = "1.2.made-up"
		return hub.Reply{Form: sampleForm()}, false
	}
	seen := w.Command(t, chat, anna, "sample")
	require.Equal(t, []string{"Sample"}, seen.Buttons)
}

func TestFormFromAMentionIsOpenedByAButton(t *testing.T) {
	w := listening(t, false)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	c := &hub.Command{Context: hub.CommandContext{System: "slack-acme", User: hub.User{ID: anna}, Channel: hub.Channel{ID: chat}}}
	go func() { _, _ = w.client.Answer(t.Context(), c, hub.Reply{Form: sampleForm()}) }()
	seen := w.Answer(t, chat, anna, "hm")
	w.answers(hub.Reply{Form: sampleForm()})
	require.True(t, w.Press(t, chat, anna, seen, "Sample").Dialog)
}

var _ providertest.Stage = (*world)(nil)
