package ingest

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	mentionClass = "mention-group"
	maxMentions  = 100
)

// mentions lists the groups that a post mentions, each once: links of the class
// that the forum gives them, save in what the author only quotes or shows.
func mentions(cooked string) []string {
	if !strings.Contains(cooked, mentionClass) {
		return nil
	}
	m := mentionReader{tokens: html.NewTokenizer(strings.NewReader(cooked))}
	for len(m.groups) < maxMentions {
		switch m.tokens.Next() {
		case html.ErrorToken: // io.EOF: a reader of a string has no other
			return m.groups
		case html.StartTagToken:
			m.start(m.tokens.Token())
		case html.EndTagToken:
			m.end(m.tokens.Token().Data)
		case html.TextToken:
			if m.inLink {
				m.text += m.tokens.Token().Data
			}
		}
	}
	return m.groups
}

type mentionReader struct {
	tokens *html.Tokenizer
	groups []string

	skip  string // the element that is passed over, "" outside of one
	depth int    // how many of that name are open

	inLink     bool
	href, text string
}

func (m *mentionReader) start(t html.Token) {
	switch {
	case m.skip != "":
		if t.Data == m.skip {
			m.depth++
		}
	case quoted(t):
		m.skip, m.depth = t.Data, 1
	case t.Data == "a" && hasClass(t, mentionClass):
		m.inLink, m.href, m.text = true, attr(t, "href"), ""
	}
}

func (m *mentionReader) end(name string) {
	if name == m.skip {
		if m.depth--; m.depth == 0 {
			m.skip = ""
		}
	}
	if name == "a" && m.inLink {
		m.inLink = false
		m.add(groupName(m.href, m.text))
	}
}

func (m *mentionReader) add(name string) {
	same := func(g string) bool { return strings.EqualFold(g, name) }
	if name != "" && len(name) <= 100 && !slices.ContainsFunc(m.groups, same) {
		m.groups = append(m.groups, name)
	}
}

// quoted reports whether what is inside t is not the author's own word.
func quoted(t html.Token) bool {
	switch t.Data {
	case "blockquote", "code", "pre":
		return true
	case "aside":
		return hasClass(t, "quote") || hasClass(t, "onebox")
	}
	return false
}

// groupName reads the name from /g/NAME or /groups/NAME, wherever the forum is
// installed; the text may show another spelling.
func groupName(href, text string) string {
	if u, err := url.Parse(href); err == nil {
		parts := strings.Split(u.EscapedPath(), "/")
		for i, part := range parts[:len(parts)-1] {
			if part != "g" && part != "groups" {
				continue
			}
			if name, err := url.PathUnescape(parts[i+1]); err == nil && name != "" {
				return name
			}
		}
	}
	return strings.TrimPrefix(strings.TrimSpace(text), "@")
}

func attr(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasClass(t html.Token, class string) bool {
	return slices.Contains(strings.Fields(attr(t, "class")), class)
}
