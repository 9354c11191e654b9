package consoletest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// dialog is a form as it stands open on a page.
type dialog struct {
	token  string
	text   string
	fields []*control
}

// control is a field of it.
type control struct {
	name, label, ask string
	options          []string
	values           []string
	byLabel          map[string]string // values of options
}

func openDialog(t testing.TB, fragment string) providertest.Seen {
	t.Helper()
	root := parse(t, fragment)
	element := find(root, func(n *html.Node) bool { return n.DataAtom == atom.Dialog })
	require.NotNil(t, element, "no dialog in %s", fragment)
	isField := withClass("field")
	actions := withClass("actions")
	d := &dialog{
		token: attr(element, "data-token"),
		text:  textOf(element, func(n *html.Node) bool { return isField(n) || actions(n) }),
	}
	for n := range element.Descendants() {
		if isField(n) {
			d.fields = append(d.fields, readControl(n))
		}
	}
	return d.seen(nil)
}

func (d *dialog) seen(wrong map[string]string) providertest.Seen {
	seen := providertest.Seen{Text: d.text, Private: true, Dialog: true, Errors: wrong, Native: d}
	for _, c := range d.fields {
		seen.Fields = append(seen.Fields, providertest.SeenField{Name: c.name, Label: c.label, Options: c.options, Value: c.values})
	}
	return seen
}

func readControl(n *html.Node) *control {
	c := &control{name: attr(n, "data-field"), ask: attr(n, "data-ask"), byLabel: map[string]string{}}
	isLabel := func(n *html.Node) bool {
		return n.DataAtom == atom.Label || n.DataAtom == atom.Legend || withClass("label")(n)
	}
	if label := find(n, isLabel); label != nil {
		c.label = textOf(label, withClass("opt"))
	}
	for d := range n.Descendants() {
		if d.DataAtom == atom.Option && attr(d, "value") != "" && find(n, func(s *html.Node) bool { return s.DataAtom == atom.Select }) != nil {
			c.offer(textOf(d, nil), attr(d, "value"), has(d, "selected"))
		}
		if attr(d, "name") != "f-"+c.name {
			continue
		}
		switch {
		case d.DataAtom == atom.Textarea:
			c.values = lines(textContent(d))
		case c.ask == "bool":
			c.values = []string{map[bool]string{true: "true", false: "false"}[has(d, "checked")]}
		case c.ask == "checks" && attr(d, "type") == "checkbox":
			c.offer(textOf(d.Parent, func(n *html.Node) bool { return n.DataAtom == atom.Small }), attr(d, "value"), has(d, "checked"))
		case c.ask == "search":
			c.values = append(c.values, attr(d, "value"))
		case c.ask == "line" && has(d, "data-at"):
			c.values = []string{attr(d, "data-at")} // which the script shows by the reader's clock
		case c.ask == "line" && attr(d, "value") != "":
			c.values = []string{attr(d, "value")}
		}
	}
	if c.ask == "text" && len(c.values) > 0 {
		c.values = []string{strings.Join(c.values, "\n")}
	}
	return c
}

// textContent is the text in a node as it stands.
func textContent(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (c *control) offer(label, value string, chosen bool) {
	c.options = append(c.options, label)
	c.byLabel[label] = value
	if chosen {
		c.values = append(c.values, value)
	}
}

// sent are the fields as a browser sends them.
func (d *dialog) sent() url.Values {
	sent := url.Values{"token": {d.token}}
	for _, c := range d.fields {
		key := "f-" + c.name
		switch c.ask {
		case "file":
		case "bool":
			sent.Add("bool", c.name)
			if slices.Contains(c.values, "true") {
				sent.Add(key, "true")
			}
		case "lines":
			sent.Add("lines", c.name)
			sent.Add(key, strings.Join(c.values, "\r\n"))
		case "checks":
			sent[key] = append([]string{""}, c.values...)
		case "search":
			sent[key] = c.values
		default:
			sent[key] = append(slices.Clone(c.values), "")[:1]
		}
	}
	return sent
}

// form sends what is done with a dialog.
func (s *Stage) form(t testing.TB, chat, person string, d *dialog, kind string, more ...string) told {
	t.Helper()
	sent := d.sent()
	sent.Set("kind", kind)
	for i := 0; i+1 < len(more); i += 2 {
		sent.Set(more[i], more[i+1])
	}
	return s.send(t, chat, person, "forms", sent)
}

func dialogOf(t testing.TB, seen providertest.Seen) *dialog {
	t.Helper()
	d, ok := seen.Native.(*dialog)
	require.True(t, ok, "no dialog is open: %+v", seen)
	return d
}

func (d *dialog) control(t testing.TB, name string) *control {
	t.Helper()
	i := slices.IndexFunc(d.fields, func(c *control) bool { return c.name == name })
	require.GreaterOrEqual(t, i, 0, "the dialog has no field %q", name)
	require.NotEqual(t, "file", d.fields[i].ask, "no file can be given on the page")
	return d.fields[i]
}

// put writes into a field. Of a select a person chooses what is offered, by its
// label or its value.
func (s *Stage) put(t testing.TB, chat, person string, d *dialog, name string, values []string) {
	t.Helper()
	c := d.control(t, name)
	c.values = slices.Clone(values)
	for i, v := range c.values {
		if c.ask == "search" {
			for _, o := range s.form(t, chat, person, d, "lookup", "field", name, "query", v).Options {
				if o.Label == v {
					c.values[i] = o.Value
				}
			}
		} else if value, ok := c.byLabel[v]; ok {
			c.values[i] = value
		}
	}
}

// Fill implements providertest.Stage. What was filled in stays in a dialog that
// comes back with errors.
func (s *Stage) Fill(t testing.TB, chat, person string, open providertest.Seen, values map[string][]string) providertest.Seen {
	t.Helper()
	d := dialogOf(t, open)
	for name, given := range values {
		s.put(t, chat, person, d, name, given)
	}
	after := s.newest(t, chat, person)
	answer := s.form(t, chat, person, d, "submit")
	if answer.Error != "" || len(answer.Fields) > 0 {
		seen := d.seen(answer.Fields)
		seen.Text = strings.TrimSpace(seen.Text + "\n" + answer.Error)
		return seen
	}
	return s.outcome(t, chat, person, after, answer)
}

// Change implements providertest.Stage.
func (s *Stage) Change(t testing.TB, chat, person string, open providertest.Seen, field, value string) providertest.Seen {
	t.Helper()
	d := dialogOf(t, open)
	s.put(t, chat, person, d, field, []string{value})
	answer := s.form(t, chat, person, d, "form", "field", field)
	require.Empty(t, answer.Error)
	require.NotEmpty(t, answer.Dialog, "the dialog was not shown anew")
	return openDialog(t, answer.Dialog)
}

// Search implements providertest.Stage.
func (s *Stage) Search(t testing.TB, chat, person string, open providertest.Seen, field, query string) []string {
	t.Helper()
	answer := s.form(t, chat, person, dialogOf(t, open), "lookup", "field", field, "query", query)
	require.Empty(t, answer.Error)
	labels := []string{}
	for _, o := range answer.Options {
		labels = append(labels, o.Label)
	}
	return labels
}

// Close implements providertest.Stage.
func (s *Stage) Close(t testing.TB, chat, person string, open providertest.Seen) {
	t.Helper()
	require.Empty(t, s.form(t, chat, person, dialogOf(t, open), "cancel").Error)
}
