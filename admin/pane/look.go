package pane

import (
	"bytes"
	"html/template"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/hub"
)

// look is a message as a platform shows it.
type look struct {
	hub.Look
	HTML template.HTML
	// Lines is that line breaks stand in the markup as such.
	Lines bool
}

// markdown reads Mattermost's: https://docs.mattermost.com/collaborate/format-messages.html
// Mattermost knows no HTML, and shows what looks like it as it stands.
var markdown = goldmark.New(goldmark.WithParser(parser.NewParser(
	parser.WithBlockParsers(without(parser.DefaultBlockParsers(), parser.NewHTMLBlockParser())...),
	parser.WithInlineParsers(without(parser.DefaultInlineParsers(), parser.NewRawHTMLParser())...),
	parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
)), goldmark.WithExtensions(extension.Strikethrough, extension.Table))

// without leaves out those of the kind of one.
func without(list []util.PrioritizedValue, one any) []util.PrioritizedValue {
	return slices.DeleteFunc(list, func(v util.PrioritizedValue) bool { return reflect.TypeOf(v.Value) == reflect.TypeOf(one) })
}

// lookOf makes of a message in its platform's markup what people would see there.
// Whatever the markup holds, only a few elements come of it, and no attribute but
// the address of a link.
func lookOf(l hub.Look) look {
	shown := look{Look: l}
	markup := l.Markup
	switch l.Kind {
	case "slack":
		markup = slackHTML(markup)
	case "mattermost":
		var b bytes.Buffer
		if err := markdown.Convert([]byte(markup), &b); err != nil {
			markup = html.EscapeString(l.Plain)
		} else {
			markup = b.String()
		}
	case "telegram":
		shown.Lines = true
	}
	shown.HTML = tame(markup)
	return shown
}

var (
	slackFence = regexp.MustCompile("(?s)```(.+?)```")
	slackCode  = regexp.MustCompile("`([^`\n]+)`")
	slackLink  = regexp.MustCompile(`<(https?://[^|>\s]+)(?:\|([^>]*))?>`)
	slackOther = regexp.MustCompile(`<[!@#][^|>]*(?:\|([^>]*))?>`)
	slackBold  = regexp.MustCompile(`(^|[\s(>])\*([^*\n]+)\*`)
	slackSlant = regexp.MustCompile(`(^|[\s(>])_([^_\n]+)_`)
	slackGone  = regexp.MustCompile(`(^|[\s(>])~([^~\n]+)~`)
)

// slackHTML makes HTML of mrkdwn, in which "&", "<" and ">" of people are
// entities: https://docs.slack.dev/messaging/formatting-message-text/
func slackHTML(text string) string {
	text = slackFence.ReplaceAllString(text, "<pre>$1</pre>")
	text = slackCode.ReplaceAllString(text, "<code>$1</code>")
	text = slackLink.ReplaceAllStringFunc(text, func(m string) string {
		parts := slackLink.FindStringSubmatch(m)
		label := parts[2]
		if label == "" {
			label = parts[1]
		}
		return `<a href="` + parts[1] + `">` + label + `</a>`
	})
	text = slackOther.ReplaceAllString(text, "$1")
	text = slackBold.ReplaceAllString(text, "$1<b>$2</b>")
	text = slackSlant.ReplaceAllString(text, "$1<i>$2</i>")
	text = slackGone.ReplaceAllString(text, "$1<s>$2</s>")
	var b strings.Builder
	quoting := false
	for line := range strings.SplitSeq(text, "\n") {
		quoted, isQuote := strings.CutPrefix(line, "&gt;")
		if isQuote != quoting {
			b.WriteString(map[bool]string{true: "<blockquote>", false: "</blockquote>"}[isQuote])
			quoting = isQuote
		}
		b.WriteString(strings.TrimSpace(quoted) + "<br>")
	}
	return b.String()
}

// tameAs are the elements that are shown, and as what.
var tameAs = map[atom.Atom]string{
	atom.P: "p", atom.Br: "br", atom.B: "b", atom.Strong: "b", atom.I: "i", atom.Em: "i", atom.U: "u", atom.S: "s", atom.Del: "s", atom.Strike: "s",
	atom.Code: "code", atom.Pre: "pre", atom.Blockquote: "blockquote", atom.Ul: "ul", atom.Ol: "ol", atom.Li: "li", atom.Hr: "br",
	atom.H1: "p", atom.H2: "p", atom.H3: "p", atom.H4: "p", atom.H5: "p", atom.H6: "p", atom.Div: "p", atom.Small: "small", atom.Header: "p", atom.Footer: "p",
	atom.Tr: "p", atom.Article: "p", atom.Section: "p",
}

// unsaid are elements whose text is not for people.
var unsaid = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Title: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true, atom.Svg: true, atom.Textarea: true, atom.Select: true}

// mostMarkup bounds how much of a message is shown.
const mostMarkup = 64 << 10

// tame makes harmless HTML of any.
func tame(markup string) template.HTML {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup[:min(len(markup), mostMarkup)]), body)
	var b strings.Builder
	if err == nil {
		for _, n := range nodes {
			tameNode(&b, n, 0)
		}
	}
	return template.HTML(b.String()) //nolint:gosec // written element by element, all text escaped
}

// deepest bounds how far elements nest.
const deepest = 40

func tameNode(b *strings.Builder, n *html.Node, depth int) {
	if n.Type == html.TextNode {
		b.WriteString(html.EscapeString(n.Data))
		return
	}
	if n.Type != html.ElementNode || unsaid[n.DataAtom] || depth > deepest {
		return
	}
	name, known := tameAs[n.DataAtom]
	open, end := "", ""
	switch {
	case n.DataAtom == atom.A:
		if href := webAddress(attribute(n, "href")); href != "" {
			open, end = `<a href="`+html.EscapeString(href)+`" rel="noreferrer">`, "</a>"
		}
	case n.DataAtom == atom.Img:
		b.WriteString(html.EscapeString(attribute(n, "alt")))
		return
	case name == "br":
		b.WriteString("<br>")
		return
	case known:
		open, end = "<"+name+">", "</"+name+">"
	}
	b.WriteString(open)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		tameNode(b, c, depth+1)
	}
	b.WriteString(end)
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// webAddress is an address that may stand in a link, "" if it may not.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}
