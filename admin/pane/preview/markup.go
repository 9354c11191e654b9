package preview

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/bellhop-chat/bellhop/providers"
)

// Plain is a text without markup, as HTML.
func Plain(s string) template.HTML {
	return template.HTML(template.HTMLEscapeString(s)) //nolint:gosec // escaped
}

// shownAs are the elements that platforms which write HTML have in messages, and
// how the pane shows each. Any other element is left out, but for its text:
// https://core.telegram.org/bots/api#html-style,
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
var shownAs = map[string]string{
	"b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
	"code": "code", "pre": "pre", "blockquote": "blockquote", "p": "p", "ul": "ul", "ol": "ol", "li": "li",
	// A heading in a message is none of the page.
	"h1": "p", "h2": "p", "h3": "p", "h4": "p", "h5": "p", "h6": "p",
	// A table of a message is small, and read line by line.
	"tr": "p",
}

// chatHTML is the HTML of a message with nothing in it that a message may not
// have: no attributes but the address of a link, and each element closed.
func chatHTML(markup string) template.HTML {
	var w chatWriter
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		w.token(kind, tokens.Token())
	}
	for len(w.open) > 0 {
		w.close(len(w.open) - 1)
	}
	return template.HTML(w.String()) //nolint:gosec // every text is escaped, every element ours
}

// chatWriter writes what is left of a message's HTML.
type chatWriter struct {
	strings.Builder
	open    []string // elements as they are shown
	ignored string   // the element inside which nothing is text
}

func (w *chatWriter) token(kind html.TokenType, t html.Token) {
	switch {
	case w.ignored != "":
		if kind == html.EndTagToken && t.Data == w.ignored {
			w.ignored = ""
		}
	case kind == html.TextToken:
		w.WriteString(html.EscapeString(t.Data))
	case kind == html.StartTagToken || kind == html.SelfClosingTagToken:
		w.start(t)
	case kind == html.EndTagToken:
		w.end(t.Data)
	}
}

func (w *chatWriter) start(t html.Token) {
	switch t.Data {
	case "script", "style", "title", "textarea", "iframe", "noscript", "noembed", "noframes", "xmp", "svg", "math":
		if t.Type == html.StartTagToken {
			w.ignored = t.Data
		}
	case "br":
		w.WriteString("<br>")
	case "hr":
		w.WriteString("<hr>")
	case "th", "td":
		w.WriteString(" ")
	case "a":
		href := ""
		for _, a := range t.Attr {
			if a.Key == "href" {
				href = a.Val
			}
		}
		w.WriteString(linkOpen(href))
		w.open = append(w.open, "a")
	default:
		if as := shownAs[t.Data]; as != "" {
			w.WriteString("<" + as + ">")
			w.open = append(w.open, as)
		}
	}
}

func (w *chatWriter) end(name string) {
	as := shownAs[name]
	if name == "a" {
		as = "a"
	}
	if i := lastIndex(w.open, as); as != "" && i >= 0 {
		w.close(i)
	}
}

// close closes what is open down to an element.
func (w *chatWriter) close(down int) {
	for i := len(w.open) - 1; i >= down; i-- {
		w.WriteString("</" + w.open[i] + ">")
	}
	w.open = w.open[:down]
}

func lastIndex(list []string, s string) int {
	for i, v := range slices.Backward(list) {
		if v == s {
			return i
		}
	}
	return -1
}

// linkOpen begins a link that leads out of the pane, one to nowhere where the
// address is none that people should follow.
func linkOpen(url string) string {
	to, ok := providers.WebURL(url)
	if !ok {
		return "<a>"
	}
	return `<a href="` + html.EscapeString(to) + `" target="_blank" rel="noopener nofollow noreferrer">`
}

// markdownHTML is Mattermost's Markdown as the pane shows it.
func markdownHTML(markdown string) template.HTML {
	return template.HTML(providers.Render(providers.Parse(markdown), shownDialect{})) //nolint:gosec // the dialect escapes
}

// shownDialect writes markup of ours.
type shownDialect struct{}

var (
	_ providers.Dialect     = shownDialect{}
	_ providers.TightJoiner = shownDialect{}
)

func element(name, inner string) string { return "<" + name + ">" + inner + "</" + name + ">" }

func (shownDialect) Text(s string) string             { return html.EscapeString(s) }
func (shownDialect) Strong(inner string) string       { return element("strong", inner) }
func (shownDialect) Emph(inner string) string         { return element("em", inner) }
func (shownDialect) Strike(inner string) string       { return element("s", inner) }
func (shownDialect) Code(s string) string             { return element("code", html.EscapeString(s)) }
func (shownDialect) LineBreak() string                { return "<br>" }
func (shownDialect) Paragraph(inner string) string    { return element("p", inner) }
func (shownDialect) Heading(_ int, in string) string  { return element("p", element("strong", in)) }
func (shownDialect) Quote(inner string) string        { return element("blockquote", inner) }
func (shownDialect) Rule() string                     { return "<hr>" }
func (shownDialect) Join(blocks []string) string      { return strings.Join(blocks, "") }
func (shownDialect) JoinTight(blocks []string) string { return strings.Join(blocks, "") }
func (shownDialect) Link(inner, url string) string    { return linkOpen(url) + inner + "</a>" }

func (d shownDialect) Image(alt, url string) string { return d.Link(html.EscapeString(alt), url) }

func (shownDialect) CodeBlock(_, code string) string {
	return element("pre", html.EscapeString(code))
}

func (shownDialect) List(ordered bool, start int, items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(element("li", item))
	}
	if ordered {
		return fmt.Sprintf(`<ol start="%d">%s</ol>`, start, b.String())
	}
	return element("ul", b.String())
}

func (shownDialect) Table(rows [][]string) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(element("p", html.EscapeString(strings.Join(row, " | "))))
	}
	return b.String()
}
