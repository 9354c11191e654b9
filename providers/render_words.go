package providers

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/util"
)

var markupEnds = strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E", `\`, "%5C", "^", "%5E", "`", "%60",
	"{", "%7B", "|", "%7C", "}", "%7D")

// webURL accepts absolute http, https and mailto URLs and percent-encodes what
// could end the markup that they are put into.
func webURL(dest string) (string, bool) {
	s := string(util.URLEscape([]byte(dest), true))
	if strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) >= 0 {
		return "", false
	}
	s = markupEnds.Replace(s)
	u, err := url.Parse(s)
	if err != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		return s, u.Host != ""
	case "mailto":
		return s, u.Opaque != ""
	default:
		return "", false
	}
}

// addText adds words. They join those before them, so that a Dialect sees each
// run of words whole: it could not find "@all" in two halves.
func (n *node) addText(s string) {
	if s = oneLine(s); s == "" {
		return
	}
	if last := n.last(); last != nil && last.kind == kindText {
		last.text += s
		return
	}
	n.children = append(n.children, &node{kind: kindText, text: s})
}

// adopt adds nodes whose parent was dropped.
func (n *node) adopt(children []*node) {
	for _, c := range children {
		if c.kind == kindText {
			n.addText(c.text)
		} else {
			n.children = append(n.children, c)
		}
	}
}

func (n *node) last() *node {
	if len(n.children) == 0 {
		return nil
	}
	return n.children[len(n.children)-1]
}

// trim takes whitespace and line breaks from both ends of a block's inlines.
func (n *node) trim() {
	for len(n.children) > 0 && n.children[0].kind == kindBreak {
		n.children = n.children[1:]
	}
	if len(n.children) > 0 && n.children[0].kind == kindText {
		n.children[0].text = strings.TrimLeftFunc(n.children[0].text, unicode.IsSpace)
		if n.children[0].text == "" {
			n.children = n.children[1:]
			n.trim()
			return
		}
	}
	n.trimSpace()
	if last := n.last(); last != nil && last.kind == kindBreak {
		n.children = n.children[:len(n.children)-1]
		n.trim()
	}
}

// trimSpace takes trailing whitespace off.
func (n *node) trimSpace() {
	last := n.last()
	if last == nil || last.kind != kindText {
		return
	}
	last.text = strings.TrimRightFunc(last.text, unicode.IsSpace)
	if last.text == "" {
		n.children = n.children[:len(n.children)-1]
	}
}

// oneLine takes line ends and control characters out of s.
func oneLine(s string) string {
	if plainASCII(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\n", " ")
	return strings.Map(printable, s)
}

// plainASCII reports whether s is of ASCII that is printed, as most names and
// words are: there is nothing to take out of it.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// printable drops what no platform shows and JSON or XML may refuse.
func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), r == 0xFFFE, r == 0xFFFF:
		return -1
	default:
		return r
	}
}

// unescape resolves backslashes and entities, which goldmark leaves in texts.
func unescape(src []byte) string {
	var out strings.Builder
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c == '\\' && i+1 < len(src) && util.IsPunct(src[i+1]) {
			i++
			out.WriteByte(src[i])
			continue
		}
		if c == '&' {
			if s, n := entity(src[i:]); n > 0 {
				out.WriteString(s)
				i += n - 1
				continue
			}
		}
		out.WriteByte(c)
	}
	return out.String()
}

// longestEntity is the length of &CounterClockwiseContourIntegral;.
const longestEntity = 33

// entity resolves the entity at the start of src and tells its length, 0 if
// there is none.
func entity(src []byte) (string, int) {
	end := strings.IndexByte(string(src[:min(len(src), longestEntity)]), ';')
	if end < 0 {
		return "", 0
	}
	ref := src[:end+1]
	s := string(util.ResolveEntityNames(util.ResolveNumericReferences(ref)))
	if s == string(ref) {
		return "", 0
	}
	return s, end + 1
}
