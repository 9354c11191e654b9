package route

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// simple writes a post of plain paragraphs as CommonMark: words, strong or
// emphasised ones among them, and links. It is what most posts are, for which the
// converter takes several times as long. It reports false for all that is not
// surely written as the converter would.
func simple(body *html.Node) (string, bool) {
	var b strings.Builder
	for p := body.FirstChild; p != nil; p = p.NextSibling {
		if p.Type == html.TextNode && strings.Trim(p.Data, " \n") == "" {
			continue
		}
		if p.DataAtom != atom.P || p.Type != html.ElementNode {
			return "", false
		}
		if p.FirstChild == nil { // as the cut leaves it
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		if !simpleParagraph(&b, p) {
			return "", false
		}
	}
	return b.String(), true
}

// simpleParagraph begins and ends with words, so that nothing in it is taken for
// a list, a heading or a rule, and no markup stands at its ends.
func simpleParagraph(b *strings.Builder, p *html.Node) bool {
	if p.FirstChild.Type != html.TextNode || !startsPlain(p.FirstChild.Data) {
		return false
	}
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			text := c.Data
			if !plainWords(text) || c.PrevSibling != nil && !apartAfter(text) || c.NextSibling != nil && !strings.HasSuffix(text, " ") {
				return false
			}
			if c.NextSibling == nil {
				text = strings.TrimSuffix(text, " ")
			}
			b.WriteString(text)
			continue
		}
		if c.NextSibling != nil && c.NextSibling.Type != html.TextNode || !simpleMark(b, c) {
			return false
		}
	}
	return true
}

// simpleMark writes strong or emphasised words, or a link.
func simpleMark(b *strings.Builder, e *html.Node) bool {
	t := e.FirstChild
	if e.Type != html.ElementNode || t == nil || t.NextSibling != nil || t.Type != html.TextNode {
		return false
	}
	words := t.Data
	if !plainWords(words) || !startsPlain(words) || !endsPlain(words) {
		return false
	}
	switch e.DataAtom {
	case atom.Strong, atom.B:
		b.WriteString("**" + words + "**")
	case atom.Em, atom.I:
		b.WriteString("*" + words + "*")
	case atom.A:
		if len(e.Attr) != 1 || e.Attr[0].Key != "href" || !plainAddress(e.Attr[0].Val) {
			return false
		}
		b.WriteString("[" + words + "](" + e.Attr[0].Val + ")")
	default:
		return false
	}
	return true
}

// plainWords reports whether text is of letters and of marks that mean nothing in
// CommonMark within a line, with single spaces.
func plainWords(text string) bool {
	space := false
	for _, r := range text {
		switch {
		case r == ' ':
			if space {
				return false
			}
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(",.?:;'\"/%()-’‘“”–—…", r):
		case r < unicode.MaxASCII || !unicode.IsLetter(r):
			return false
		}
		space = r == ' '
	}
	return text != ""
}

func startsPlain(text string) bool {
	return text != "" && (text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z')
}

func endsPlain(text string) bool {
	last := text[len(text)-1]
	return last|0x20 >= 'a' && last|0x20 <= 'z' || last >= '0' && last <= '9'
}

// apartAfter reports whether text may follow markup, which then ends before it.
func apartAfter(text string) bool {
	switch text[0] {
	case ' ', '.', ',', ';', ':', '?', ')':
		return true
	}
	return false
}

// plainAddress reports whether a link's address can stand as it is.
func plainAddress(url string) bool {
	for i := range len(url) {
		c := url[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-.~:/?=%+#&", rune(c)) {
			return false
		}
	}
	return url != ""
}
