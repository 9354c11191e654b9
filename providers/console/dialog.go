package console

import (
	"bytes"
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web"
)

// How dialog.html asks for a field.
const (
	askLine   = "line"   // one line
	askLines  = "lines"  // several values, a line each
	askText   = "text"   // many lines
	askSelect = "select" // one of few
	askChecks = "checks" // some of few
	askSearch = "search" // one or some of many, which the hub finds
	askBool   = "bool"   //
	askFile   = "file"   // which cannot be given here
)

// before the name of a field in what a page sends.
const fieldPrefix = "f-"

// form is a hub.Form as dialog.html shows it.
type form struct {
	Title, Submit, Token, URL string
	Text                      template.HTML
	Fields                    []field
}

// field is a hub.Field as dialog.html shows it.
type field struct {
	Name, Key, Label, Description, Hint string
	Ask                                 string
	Type, Mode, Complete                string // of an input
	Required, Refresh, Multi, Markdown  bool
	Value                               string   // of what has one
	At                                  string   // of a datetime: RFC 3339, for the script, which knows where the reader is
	Options                             []option // of a select, or what is chosen of a search
	Known                               []string // to choose from, beside what is typed
}

type option struct {
	hub.Option
	Chosen bool
}

// dialog is a form as HTML.
func (s *sending) dialog(ctx context.Context, f *hub.Form) (string, error) {
	text, _ := providers.Fit(providers.Parse(f.Text), markup{}, limit, visible)
	v := form{
		Title: cmp.Or(fact(f.Title, longestTitle), s.words().Say("console.asks")), Submit: cmp.Or(fact(f.Submit, longestFact), s.words().Say("console.ok")), Token: f.Token,
		URL: roomURL(s.room.ID) + "/forms", Text: template.HTML(text), //nolint:gosec // markup escapes all it is given
	}
	for i := range f.Fields {
		one := viewField(&f.Fields[i])
		var err error
		switch f.Fields[i].Type {
		case hub.FieldUser:
			one.Known, err = s.knownUsers(ctx)
		case hub.FieldChannel:
			one.Known, err = s.knownRooms(ctx)
		}
		if err != nil {
			return "", err
		}
		v.Fields = append(v.Fields, one)
	}
	var b bytes.Buffer
	err := web.Fragment(&b, s.words(), "form-dialog", v)
	return b.String(), err
}

// viewField says how a field is asked for.
func viewField(f *hub.Field) field {
	v := field{
		Name: f.Name, Key: fieldPrefix + f.Name, Label: cmp.Or(fact(f.Label, longestTitle), f.Name), Description: f.Description, Hint: f.Hint,
		Ask: askLine, Type: "text", Complete: "off", Required: f.Required, Refresh: f.Refresh, Multi: f.Multi, Value: first(f.Value),
	}
	switch f.Type {
	case hub.FieldSelect:
		v.choices(f)
		return v
	case hub.FieldBool:
		v.Ask = askBool
		return v
	case hub.FieldFile:
		v.Ask = askFile
		return v
	case hub.FieldMarkdown:
		v.Ask, v.Markdown = askText, true
	case hub.FieldDate:
		v.Type = "date"
	case hub.FieldDatetime:
		v.Type, v.At, v.Value = "datetime-local", v.Value, localTime(v.Value)
	case hub.FieldText:
		v.subtype(f.Subtype)
	}
	if f.Multi {
		v.Ask, v.Value = askLines, strings.Join(f.Value, "\n")
	}
	return v
}

func first(values []string) string { return append(slices.Clone(values), "")[0] }

// localTime is what a datetime-local input takes, with the clock of UTC.
func localTime(value string) string {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04")
}

func (v *field) subtype(subtype string) {
	switch subtype {
	case hub.TextLines:
		v.Ask = askText
	case hub.TextNumber: // an input for numbers drops what is none instead of sending it
		v.Mode = "decimal"
	case hub.TextEmail, hub.TextURL, hub.TextPhone:
		v.Type = subtype
	case hub.TextPassword: // never sent back to the page
		v.Type, v.Complete, v.Value = subtype, "new-password", ""
	}
}

// choices are the options of a select. What is chosen of a dynamic one is called
// by its label where the form tells it.
func (v *field) choices(f *hub.Field) {
	switch {
	case f.Dynamic:
		v.Ask = askSearch
		for _, value := range f.Value {
			if value == "" {
				continue
			}
			chosen := option{Option: hub.Option{Label: value, Value: value}, Chosen: true}
			if i := slices.IndexFunc(f.Options, func(o hub.Option) bool { return o.Value == value }); i >= 0 {
				chosen.Option = f.Options[i]
			}
			v.Options = append(v.Options, chosen)
		}
		return
	case f.Multi:
		v.Ask = askChecks
	default:
		v.Ask = askSelect
	}
	for _, o := range f.Options {
		v.Options = append(v.Options, option{Option: o, Chosen: slices.Contains(f.Value, o.Value)})
	}
}

// knownUsers are those who spoke in the room lately.
func (s *sending) knownUsers(ctx context.Context) ([]string, error) {
	posts, err := s.c.store.ConsolePosts(ctx, s.room, "", 0, pageSize)
	if err != nil {
		return nil, err
	}
	known := []string{s.me.ID}
	for _, p := range posts {
		if p.Author != nil && !slices.Contains(known, p.Author.ID) {
			known = append(known, p.Author.ID)
		}
	}
	return known, nil
}

func (s *sending) knownRooms(ctx context.Context) ([]string, error) {
	rooms, err := s.c.listRooms(ctx)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, r := range withRoom(rooms, s.room) {
		known = append(known, r.ID)
	}
	return known, nil
}

// takeForm takes what is done with an open form: it is sent, closed, asked for
// anew, or one of its fields is searched.
func (c *Client) takeForm(w http.ResponseWriter, r *http.Request) {
	s, ok := c.receive(w, r)
	if !ok {
		return
	}
	kind, sent := hub.CommandKind(r.PostForm.Get("kind")), r.PostForm
	if !slices.Contains([]hub.CommandKind{hub.KindSubmit, hub.KindForm, hub.KindLookup, hub.KindCancel}, kind) || sent.Get("token") == "" {
		s.refuse(http.StatusBadRequest, notWhole)
		return
	}
	ear, ok := s.ear()
	if !ok {
		return
	}
	values := valuesOf(sent)
	if kind == hub.KindForm || kind == hub.KindLookup {
		values.Set(hub.LookupField, sent.Get("field"))
	}
	if kind == hub.KindLookup {
		values.Set(hub.LookupQuery, sent.Get("query"))
	}
	cmd := s.command(hub.FromDialog, hub.Call{Kind: kind, Encoded: values})
	cmd.Security.Token = sent.Get("token")
	s.run(ear, cmd)
}

// valuesOf are the fields of a form. A field that is there and empty was emptied.
func valuesOf(sent url.Values) hub.Values {
	values := hub.Values{}
	for key, given := range sent {
		if name, ok := strings.CutPrefix(key, fieldPrefix); ok && name != "" {
			values[name] = filled(given)
		}
	}
	for _, name := range sent["lines"] { // several values in one box
		values[name] = filled(strings.Split(values.Get(name), "\n"))
	}
	for _, name := range sent["bool"] { // browsers send nothing of a box that is not ticked
		if !values.Has(name) {
			values[name] = []string{"false"}
		}
	}
	return values
}

// filled are the values that are something, or the one that is nothing.
func filled(given []string) []string {
	var values []string
	for _, v := range given {
		if v = strings.ToValidUTF8(v, "\uFFFD"); strings.TrimSpace(v) != "" {
			values = append(values, strings.TrimSuffix(v, "\r"))
		}
	}
	if values == nil {
		return []string{""}
	}
	return values
}

// closes tells the page what a reply means to the form that is open, and reports
// whether the form is done with: then the reply is an answer like others.
func (s *sending) closes(cmd *hub.Command, r hub.Reply, t *told) bool {
	kind := cmd.Command.Kind
	switch {
	case kind == hub.KindLookup && r.OK != nil:
		t.Options = r.OK.Options
	case r.Error != nil && (kind != hub.KindSubmit || len(r.Error.Fields) > 0):
		t.Error, t.Fields = plain(r.Error.Text), map[string]string{}
		for name, why := range r.Error.Fields {
			t.Fields[name] = plain(why)
		}
	case kind == hub.KindCancel: // the person sees that it is closed
	default:
		return true
	}
	return false
}

// plain is CommonMark as one reads it, for where the page shows a text as it is.
func plain(text string) string {
	return strings.TrimSpace(providers.Reading(hub.Message{Text: text}, limit, providers.Characters))
}
