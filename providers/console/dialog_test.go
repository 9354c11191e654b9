package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/hub"
)

// everyField has each way to ask for something.
func everyField() *hub.Form {
	colors := []hub.Option{{Label: "Red", Value: "r"}, {Label: "Green", Value: "g", Note: "as grass"}}
	return &hub.Form{
		Title: "Plan a <meetup>", Text: "All of it **matters**.", Submit: "Plan it", Token: "form-1",
		Fields: []hub.Field{
			{Name: "title", Label: "Title", Type: hub.FieldText, Required: true, Description: "As it is announced.", Hint: "Beer & code", Value: []string{`"x" <y>`}},
			{Name: "notes", Label: "Notes", Type: hub.FieldText, Subtype: hub.TextLines, Value: []string{"one\ntwo"}},
			{Name: "seats", Label: "Seats", Type: hub.FieldText, Subtype: hub.TextNumber},
			{Name: "mail", Label: "Mail", Type: hub.FieldText, Subtype: hub.TextEmail},
			{Name: "site", Label: "Site", Type: hub.FieldText, Subtype: hub.TextURL},
			{Name: "phone", Label: "Phone", Type: hub.FieldText, Subtype: hub.TextPhone},
			{Name: "secret", Label: "Secret", Type: hub.FieldText, Subtype: hub.TextPassword, Value: []string{"hunter2"}},
			{Name: "tags", Label: "Tags", Type: hub.FieldText, Multi: true, Value: []string{"a", "b"}},
			{Name: "color", Label: "Color", Type: hub.FieldSelect, Options: colors, Value: []string{"g"}, Refresh: true},
			{Name: "colors", Label: "Colors", Type: hub.FieldSelect, Multi: true, Options: colors, Value: []string{"r"}},
			{Name: "place", Label: "Place", Type: hub.FieldSelect, Dynamic: true, Value: []string{"p1"}, Options: []hub.Option{{Label: "The pub", Value: "p1"}}},
			{Name: "places", Label: "Places", Type: hub.FieldSelect, Dynamic: true, Multi: true, Value: []string{"p1", "p2"}},
			{Name: "host", Label: "Host", Type: hub.FieldUser},
			{Name: "room", Label: "Room", Type: hub.FieldChannel, Value: []string{"ops"}},
			{Name: "public", Label: "Public", Type: hub.FieldBool, Value: []string{"true"}},
			{Name: "online", Label: "Online", Type: hub.FieldBool},
			{Name: "day", Label: "Day", Type: hub.FieldDate, Value: []string{"2026-11-21"}},
			{Name: "begin", Label: "Begin", Type: hub.FieldDatetime, Value: []string{"2026-11-21T19:30:00+01:00"}},
			{Name: "text", Label: "Text", Type: hub.FieldMarkdown, Value: []string{"**bold**"}},
			{Name: "flyer", Label: "Flyer", Type: hub.FieldFile},
		},
	}
}

func TestFormHasEveryField(t *testing.T) {
	s := newScene(t)
	s.says(hub.Reply{Form: everyField()})
	form := s.Command(t, s.dev, s.anna, "meetup plan")
	require.True(t, form.Dialog)
	require.Equal(t, "Plan a <meetup>\nAll of it matters.", form.Text)
	require.Len(t, form.Fields, 20)
	require.Equal(t, []string{"Red", "Green (as grass)"}, form.Fields[8].Options)
	require.Equal(t, []string{"Red", "Green"}, form.Fields[9].Options)

	s.says(hub.Say("Planned."))
	require.Equal(t, "Planned.", s.Fill(t, s.dev, s.anna, form, nil).Text)
	c := s.lastCommand(t)
	require.Equal(t, hub.FromDialog, c.Context.Source.ID)
	require.Equal(t, hub.KindSubmit, c.Command.Kind)
	require.Equal(t, "form-1", c.Security.Token)
	require.NotEmpty(t, c.Security.TriggerID, "another form may follow")
	empty := []string{""}
	require.Equal(t, hub.Values{
		"title": {`"x" <y>`}, "notes": {"one\ntwo"}, "seats": empty, "mail": empty, "site": empty, "phone": empty, "secret": empty,
		"tags": {"a", "b"}, "color": {"g"}, "colors": {"r"}, "place": {"p1"}, "places": {"p1", "p2"}, "host": empty, "room": {"ops"},
		"public": {"true"}, "online": {"false"}, "day": {"2026-11-21"}, "begin": {"2026-11-21T19:30:00+01:00"}, "text": {"**bold**"},
	}, c.Command.Encoded, "what the form held, but no secret and no file")

	s.says(hub.Reply{Form: everyField()})
	form = s.Command(t, s.dev, s.anna, "meetup plan")
	s.says(hub.Say("Planned."))
	s.Fill(t, s.dev, s.anna, form, map[string][]string{
		"color": {"Red"}, "colors": {"Red", "Green"}, "tags": {"c"}, "public": {"false"}, "online": {"true"}, "places": nil, "seats": {"many"},
	})
	sent := s.lastCommand(t).Command.Encoded
	require.Equal(t, []string{"r"}, sent["color"])
	require.Equal(t, []string{"r", "g"}, sent["colors"])
	require.Equal(t, []string{"c"}, sent["tags"])
	require.Equal(t, []string{"false"}, sent["public"])
	require.Equal(t, []string{"true"}, sent["online"])
	require.Empty(t, sent.Get("places"))
	require.Equal(t, []string{"many"}, sent["seats"], "whether it fits is the hub's matter")
}

// TestFormIsAccessible holds the dialog of every field, and the page around it,
// against what a screen reader needs.
func TestFormIsAccessible(t *testing.T) {
	s := newScene(t)
	s.says(hub.Reply{Form: everyField()})
	told, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {"/meetup plan"}})
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, told.Dialog, "hunter2")
	require.NotRegexp(t, `<style|style=|<script|\son[a-z]+=`, told.Dialog, "the policy forbids what is inline")
	requireAccessible(t, told.Dialog)
	require.Contains(t, told.Dialog, "A file cannot be given on this page")

	s.says(hub.Reply{OK: &hub.OK{Text: "Which?", Actions: []hub.Action{{Label: "Mute", Token: "t1"}, {Label: "Snooze", Token: "t2", Options: []hub.Option{{Label: "2 h", Value: "2h"}}}}}})
	s.Command(t, s.dev, s.anna, "buttons")
	requireAccessible(t, s.page(t, s.anna))
}

// requireAccessible requires of a page or a part of it: every control has a
// name, every id is there once, and what refers to ids finds them.
func requireAccessible(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	ids, named, controls := map[string]bool{}, map[string]bool{}, 0
	for n := range doc.Descendants() {
		if id := attr(n, "id"); id != "" {
			require.False(t, ids[id], "id %q is there twice", id)
			ids[id] = true
		}
		if n.DataAtom == atom.Label {
			named[attr(n, "for")] = true
		}
	}
	for n := range doc.Descendants() {
		switch n.DataAtom {
		case atom.Input, atom.Select, atom.Textarea:
			if attr(n, "type") == "hidden" {
				continue
			}
			controls++
			require.True(t, named[attr(n, "id")] && attr(n, "id") != "" || inLabel(n) || attr(n, "aria-label") != "", "%s %q has no label", n.Data, attr(n, "name"))
		case atom.Button:
			require.True(t, strings.TrimSpace(textOf(n)) != "" || attr(n, "aria-label") != "", "a button has no name")
		case atom.Dialog:
			require.NotEmpty(t, attr(n, "aria-labelledby"))
		}
		for _, key := range []string{"aria-labelledby", "aria-describedby", "aria-controls", "list", "for"} {
			for id := range strings.FieldsSeq(attr(n, key)) {
				require.True(t, ids[id], "%s=%q leads nowhere", key, id)
			}
		}
	}
	require.Positive(t, controls)
}

func inLabel(n *html.Node) bool {
	for a := range n.Ancestors() {
		if a.DataAtom == atom.Label {
			return true
		}
	}
	return false
}

// app is one of three fields that a form's life can be tried on.
func app(c *hub.Command) (hub.Reply, bool) {
	values := c.Command.Encoded
	form := func() hub.Reply {
		f := &hub.Form{Title: "Plan", Token: "form-1", Fields: []hub.Field{
			{Name: "kind", Label: "Kind", Type: hub.FieldSelect, Refresh: true, Required: true, Options: []hub.Option{{Label: "Meetup", Value: "meetup"}, {Label: "Call", Value: "call"}}},
			{Name: "place", Label: "Place", Type: hub.FieldSelect, Dynamic: true},
			{Name: "day", Label: "Day", Type: hub.FieldDate, Required: true},
		}}
		if values.Get("kind") == "call" {
			f.Fields[1] = hub.Field{Name: "link", Label: "Link", Type: hub.FieldText, Subtype: hub.TextURL}
		}
		for i := range f.Fields {
			f.Fields[i].Value = values[f.Fields[i].Name]
		}
		return hub.Reply{Form: f}
	}
	switch {
	case c.Command.Kind == hub.KindLookup:
		all := []hub.Option{{Label: "The pub", Value: "p1", Note: "12 seats"}, {Label: "The park", Value: "p2"}, {Label: "Café", Value: "p3"}}
		return hub.Reply{OK: &hub.OK{Options: slices.DeleteFunc(all, func(o hub.Option) bool {
			return !strings.Contains(strings.ToLower(o.Label), strings.ToLower(values.Get(hub.LookupQuery)))
		})}}, false
	case c.Command.Kind == hub.KindCancel:
		return hub.Say("Cancelled."), false
	case c.Command.Kind == hub.KindForm || c.Security.Token == "":
		return form(), false
	case values.Get("day") == "":
		return hub.Reply{Error: &hub.Refusal{Text: "Something in this does not **fit**.", Fields: map[string]string{"day": "This is `required`."}}}, false
	}
	return hub.Say("Planned for %s.", values.Get("day")), false
}

func TestLifeOfAForm(t *testing.T) {
	s := newScene(t)
	s.does(app)
	form := s.Command(t, s.dev, s.anna, "meetup plan")
	require.Equal(t, []string{"The pub", "The park"}, s.Search(t, s.dev, s.anna, form, "place", "the p"))
	c := s.lastCommand(t)
	require.Equal(t, hub.KindLookup, c.Command.Kind)
	require.Equal(t, "place", c.Command.Encoded.Get(hub.LookupField))
	require.Empty(t, s.Search(t, s.dev, s.anna, form, "place", "zoo"))

	form = s.Change(t, s.dev, s.anna, form, "kind", "Call")
	require.Equal(t, "link", form.Fields[1].Name)
	require.Equal(t, []string{"call"}, form.Fields[0].Value)
	require.Equal(t, "kind", s.lastCommand(t).Command.Encoded.Get(hub.LookupField))
	form = s.Change(t, s.dev, s.anna, form, "kind", "Meetup")

	form = s.Fill(t, s.dev, s.anna, form, map[string][]string{"place": {"Café"}})
	require.True(t, form.Dialog)
	require.Equal(t, map[string]string{"day": "This is required."}, form.Errors)
	require.Contains(t, form.Text, "Something in this does not fit.")
	require.NotContains(t, s.page(t, s.anna), "does not fit", "a mistake in a form is no message")
	require.Equal(t, "Planned for 2026-11-21.", s.Fill(t, s.dev, s.anna, form, map[string][]string{"day": {"2026-11-21"}}).Text)
	require.Equal(t, []string{"p3"}, s.lastCommand(t).Command.Encoded["place"])

	s.Close(t, s.dev, s.anna, s.Command(t, s.dev, s.anna, "meetup plan"))
	require.Equal(t, hub.KindCancel, s.lastCommand(t).Command.Kind)
	require.NotContains(t, s.page(t, s.anna), "Cancelled", "she sees that it is closed")
}

func TestErrorOfAllTheForm(t *testing.T) {
	s := newScene(t)
	s.does(app)
	form := s.Command(t, s.dev, s.anna, "meetup plan")
	s.says(hub.Refuse("The forum does not answer."))
	seen := s.Fill(t, s.dev, s.anna, form, map[string][]string{"day": {"2026-11-21"}})
	require.Contains(t, seen.Text, "The forum does not answer.")
	require.Contains(t, s.page(t, s.anna), "The forum does not answer.")
}

// TestFormThatComesLate is offered as a button, which opens it as it is then.
func TestFormThatComesLate(t *testing.T) {
	s := newScene(t)
	s.does(app)
	_, err := s.client.Answer(t.Context(), &hub.Command{
		Command: hub.Call{ID: "c1"}, Context: hub.CommandContext{User: hub.User{ID: "anna"}, Channel: hub.Channel{ID: "dev"}},
	}, hub.Reply{Form: &hub.Form{Title: "Plan *it*", Token: "form-1"}})
	require.NoError(t, err)
	require.Contains(t, s.page(t, s.anna), "<strong>Plan *it*</strong>: there is more to say.")
	require.NotContains(t, s.page(t, s.bob), "there is more to say")
	told, status := post(t, s.client, "/console/dev/actions", url.Values{"post": {"1"}, "token": {"form-1"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, told.Dialog, `data-token="form-1"`)
	c := s.lastCommand(t)
	require.Equal(t, hub.KindForm, c.Command.Kind)
	require.Equal(t, "form-1", c.Security.Token)
}
