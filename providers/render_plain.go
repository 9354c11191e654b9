package providers

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// PlainText is the dialect of no markup at all: for notifications, logs and
// platforms that refused what we wrote. Links read "text (url)". It does not
// know what a platform takes for a mention: what is sent somewhere has to go
// through that platform's escaping after it.
func PlainText() Dialect { return plain{} }

// plain writes plain text; bare leaves out addresses too.
type plain struct{ bare bool }

var _ TightJoiner = plain{}

func (plain) Text(s string) string       { return s }
func (plain) Strong(inner string) string { return inner }
func (plain) Emph(inner string) string   { return inner }
func (plain) Code(s string) string       { return s }
func (plain) LineBreak() string          { return "\n" }

// Strike keeps a mark: without one, what was taken back would stand as said.
func (p plain) Strike(inner string) string {
	if p.bare {
		return inner
	}
	return "~" + inner + "~"
}

func (p plain) Link(inner, url string) string {
	if p.bare || inner == url || "http://"+inner == url || "mailto:"+inner == url {
		return inner
	}
	return inner + " (" + url + ")"
}

func (p plain) Image(alt, url string) string     { return p.Link(alt, url) }
func (plain) Paragraph(inner string) string      { return inner }
func (plain) Heading(_ int, inner string) string { return inner }
func (plain) CodeBlock(_, code string) string    { return code }
func (plain) Join(blocks []string) string        { return strings.Join(blocks, "\n\n") }
func (plain) JoinTight(blocks []string) string   { return strings.Join(blocks, "\n") }

func (p plain) Rule() string {
	if p.bare {
		return ""
	}
	return "———"
}

func (p plain) Quote(inner string) string {
	if p.bare {
		return inner
	}
	return prefix("> ", inner)
}

func (p plain) List(ordered bool, start int, items []string) string {
	lines := make([]string, len(items))
	for i, item := range items {
		mark := "• "
		if ordered {
			mark = strconv.Itoa(start+i) + ". "
		}
		if p.bare {
			mark = ""
		}
		indent := strings.Repeat(" ", utf8.RuneCountInString(mark))
		lines[i] = strings.TrimRight(mark+strings.TrimPrefix(prefix(indent, item), indent), " ")
	}
	return strings.Join(lines, "\n")
}

func (plain) Table(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.TrimRight(strings.Join(row, " | "), " |")
	}
	return strings.Join(lines, "\n")
}

// prefix puts mark before each line of s.
func prefix(mark, s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(mark+line, " ")
	}
	return strings.Join(lines, "\n")
}
