package consoletest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// message is one as a page shows it.
type message struct {
	seq     string
	bellhop bool // said by Bellhop, not by a person
	private bool
	text    string
	buttons []string
	actions map[string]pressable // by label
}

// pressable is what pressing something sends.
type pressable struct{ token, value string }

func (m *message) seen() providertest.Seen {
	return providertest.Seen{Text: m.text, Private: m.private, Buttons: m.buttons, Native: m}
}

func parse(t testing.TB, fragment string) *html.Node {
	t.Helper()
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), body)
	require.NoError(t, err)
	for _, n := range nodes {
		body.AppendChild(n)
	}
	return body
}

func readMessage(root *html.Node) *message {
	article := find(root, isArticle)
	if article == nil {
		return &message{actions: map[string]pressable{}}
	}
	return readArticle(article)
}

func isArticle(n *html.Node) bool { return n.DataAtom == atom.Article }

func readArticle(article *html.Node) *message {
	m := &message{actions: map[string]pressable{}}
	m.seq = attr(article, "data-seq")
	m.private = has(article, "data-private")
	m.bellhop = find(article, withClass("app")) != nil
	if body := find(article, withClass("body")); body != nil {
		m.text = textOf(body, withClass("acts"))
	}
	if acts := find(article, withClass("acts")); acts != nil {
		m.readActions(acts)
	}
	return m
}

func (m *message) readActions(acts *html.Node) {
	for n := range acts.Descendants() {
		switch {
		case n.DataAtom == atom.A:
			m.buttons = append(m.buttons, textOf(n, nil))
		case n.DataAtom == atom.Button && has(n, "data-select"):
			of := find(acts, func(o *html.Node) bool { return attr(o, "id") == attr(n, "data-select") })
			for _, o := range options(of) {
				label := textOf(o, nil)
				m.buttons = append(m.buttons, label)
				m.actions[label] = pressable{attr(n, "data-press"), attr(o, "value")}
			}
		case n.DataAtom == atom.Button:
			label := textOf(n, withClass("sr"))
			m.buttons = append(m.buttons, label)
			m.actions[label] = pressable{token: attr(n, "data-press")}
		}
	}
}

// options are those of a select that stand for a value.
func options(n *html.Node) []*html.Node {
	var all []*html.Node
	if n == nil {
		return nil
	}
	for o := range n.Descendants() {
		if o.DataAtom == atom.Option && attr(o, "value") != "" {
			all = append(all, o)
		}
	}
	return all
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && is(d) {
			return d
		}
	}
	return nil
}

func withClass(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), name) }
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// blocks begin a line of their own.
var blocks = []atom.Atom{atom.P, atom.Li, atom.Div, atom.Pre, atom.Blockquote, atom.Tr, atom.H2, atom.Br}

// textOf is what one reads of a node, less what skip says.
func textOf(n *html.Node, skip func(*html.Node) bool) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (has(n, "hidden") || skip != nil && skip(n)) {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if slices.Contains(blocks, n.DataAtom) {
			b.WriteString("\n" + numberOf(n))
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(n)
	var lines []string
	for line := range strings.SplitSeq(b.String(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// numberOf is what a browser writes before an item of a numbered list.
func numberOf(n *html.Node) string {
	if n.DataAtom != atom.Li || n.Parent == nil || n.Parent.DataAtom != atom.Ol {
		return ""
	}
	nth := max(number(attr(n.Parent, "start")), 1)
	for before := n.PrevSibling; before != nil; before = before.PrevSibling {
		if before.DataAtom == atom.Li {
			nth++
		}
	}
	return strconv.FormatInt(nth, 10) + ". "
}
