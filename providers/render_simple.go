package providers

import (
	"strings"
	"unicode"
)

// simpleDoc reads CommonMark of plain paragraphs: words on one line, strong or
// emphasised ones among them, and links, as most excerpts are. It takes a third
// of the parser's time. It is nil for all that the parser might read otherwise.
func simpleDoc(markdown string) *Doc {
	root := &node{kind: kindGroup}
	for line := range strings.SplitSeq(markdown, "\n\n") {
		p := simpleParagraph(line)
		if p == nil {
			return nil
		}
		root.children = append(root.children, p)
	}
	root.measure()
	return &Doc{root}
}

// simpleParagraph begins with a letter, so that it is no list and no heading.
func simpleParagraph(line string) *node {
	if line != Ellipsis && !beginsWithLetter(line) || strings.HasSuffix(line, " ") {
		return nil
	}
	p := &node{kind: kindParagraph}
	for rest := line; rest != ""; {
		end := strings.IndexAny(rest, "*[")
		if end < 0 {
			end = len(rest)
		}
		words := rest[:end]
		if !onlyWords(words) || len(p.children) > 0 && words != "" && !endsMark(words) {
			return nil
		}
		p.addText(words)
		if rest = rest[end:]; rest == "" {
			break
		}
		if !strings.HasSuffix(words, " ") {
			return nil
		}
		n, after := simpleMark(rest)
		if n == nil {
			return nil
		}
		p.children = append(p.children, n)
		rest = after
	}
	return p
}

// simpleMark reads the strong or emphasised words, or the link, that s begins
// with; nil if it is not surely one.
func simpleMark(s string) (n *node, rest string) {
	n = &node{}
	var words string
	var closed bool
	switch {
	case strings.HasPrefix(s, "**"):
		n.kind = kindStrong
		words, rest, closed = strings.Cut(s[2:], "**")
	case s[0] == '*':
		n.kind = kindEmph
		words, rest, closed = strings.Cut(s[1:], "*")
	default:
		n.kind = kindLink
		var address string
		words, rest, closed = strings.Cut(s[1:], "](")
		if !closed {
			return nil, ""
		}
		address, rest, closed = strings.Cut(rest, ")")
		var ok bool
		if n.url, ok = webURL(address); !ok || !onlyAddress(address) {
			return nil, ""
		}
	}
	if !closed || !beginsWithLetter(words) || !onlyWords(words) || !endsWithWord(words) {
		return nil, ""
	}
	n.addText(words)
	return n, rest
}

// onlyWords reports whether text is of letters, and of marks that mean nothing
// within a line, with single spaces, and holds no address that would become a
// link.
func onlyWords(text string) bool {
	space := false
	for _, r := range text {
		switch {
		case r == ' ':
			if space {
				return false
			}
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(",.?:;'\"/%()-’‘“”–—…", r):
		case r <= unicode.MaxASCII || !unicode.IsLetter(r):
			return false
		}
		space = r == ' '
	}
	return !strings.Contains(text, "://") && !strings.Contains(text, "www")
}

func beginsWithLetter(s string) bool {
	return s != "" && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z'
}

func endsWithWord(s string) bool {
	last := s[len(s)-1]
	return last|0x20 >= 'a' && last|0x20 <= 'z' || last >= '0' && last <= '9'
}

// endsMark reports whether markup surely ends before words.
func endsMark(words string) bool {
	switch words[0] {
	case ' ', '.', ',', ';', ':', '?', ')':
		return true
	}
	return false
}

// onlyAddress reports whether a link's address stands for itself.
func onlyAddress(url string) bool {
	for i := range len(url) {
		c := url[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-.~:/?=%+#", rune(c)) {
			return false
		}
	}
	return true
}
