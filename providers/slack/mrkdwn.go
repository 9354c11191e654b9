package slack

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/bellhop-chat/bellhop/providers"
)

// mrkdwn is Slack's own markup. It has no escape character but for three
// entities: https://docs.slack.dev/messaging/formatting-message-text
type mrkdwn struct{}

var (
	_ providers.Dialect     = mrkdwn{}
	_ providers.TightJoiner = mrkdwn{}
)

const (
	// pad makes markup work beside a letter, where Slack takes a mark for a
	// part of the word.
	pad = "\u200b"
	// guard keeps a mark that is meant as such from opening or closing markup.
	// It has no width, and counts as white space in JavaScript, which no other
	// invisible character does.
	guard = "\ufeff"
)

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Text escapes, so that no <!channel> is left, and guards all that could turn
// into markup. A ">" opens a quote even when it is escaped.
func (mrkdwn) Text(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	prev := '.'
	for i, r := range s {
		switch r {
		case '*', '_', '~', '`':
			b.WriteString(guarded(prev, r, runeAfter(s, i)))
		case '@':
			b.WriteByte('@')
			if !inWord(prev) && massMention(s[i+1:]) {
				b.WriteString(guard)
			}
		case '>':
			if i == 0 {
				b.WriteString(guard)
			}
			b.WriteString("&gt;")
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
		prev = r
	}
	return strings.ReplaceAll(b.String(), guard+guard, guard)
}

// runeAfter is the character after the ASCII one at i, a full stop where that is
// the last.
func runeAfter(s string, i int) rune {
	if next, size := utf8.DecodeRuneInString(s[i+1:]); size > 0 {
		return next
	}
	return '.'
}

// guarded puts guards around a mark, but for one within a word ("snake_case")
// and one between spaces ("2 * 3"), which are none.
func guarded(prev, mark, next rune) string {
	if mark != '`' && inWord(prev) && inWord(next) {
		return string(mark)
	}
	out := string(mark)
	if !unicode.IsSpace(prev) {
		out = guard + out
	}
	if !unicode.IsSpace(next) {
		out += guard
	}
	return out
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// massMention reports whether what follows an @ addresses everyone, for
// clients and settings that look for names in plain text.
func massMention(s string) bool {
	return slices.ContainsFunc([]string{"channel", "here", "everyone", "group"}, func(word string) bool {
		if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
			return false
		}
		next, _ := utf8.DecodeRuneInString(s[len(word):])
		return !inWord(next)
	})
}

func (mrkdwn) Strong(inner string) string { return styled("*", inner) }
func (mrkdwn) Emph(inner string) string   { return styled("_", inner) }
func (mrkdwn) Strike(inner string) string { return styled("~", inner) }

// styled marks each line, since no markup reaches across a line's end.
func styled(mark, inner string) string {
	lines := strings.Split(inner, "\n")
	for i, line := range lines {
		if line = strings.Trim(line, pad); line != "" {
			lines[i] = pad + mark + line + mark + pad
		}
	}
	return strings.Join(lines, "\n")
}

// Code cannot hold a backtick, so that a look-alike stands in.
func (mrkdwn) Code(s string) string {
	return pad + "`" + entities.Replace(strings.ReplaceAll(s, "`", "ˋ")) + "`" + pad
}

// Link puts the styles of its whole text outside, for a link's text has none.
func (d mrkdwn) Link(inner, url string) string {
	inner = strings.ReplaceAll(inner, "\n", " ")
	for _, mark := range []string{"*", "_", "~"} {
		if text, ok := unstyled(mark, inner); ok {
			return styled(mark, d.Link(text, url))
		}
	}
	url = entities.Replace(url)
	if inner == url {
		return "<" + url + ">"
	}
	return "<" + url + "|" + inner + ">"
}

func unstyled(mark, inner string) (string, bool) {
	text, opened := strings.CutPrefix(strings.Trim(inner, pad), mark)
	text, closed := strings.CutSuffix(text, mark)
	return text, opened && closed && text != "" && !strings.HasPrefix(text, guard) && !strings.Contains(text, mark)
}

func (d mrkdwn) Image(alt, url string) string    { return d.Link(d.Text(alt), url) }
func (mrkdwn) LineBreak() string                 { return "\n" }
func (mrkdwn) Paragraph(inner string) string     { return inner }
func (mrkdwn) Rule() string                      { return "———" }
func (mrkdwn) Join(blocks []string) string       { return strings.Join(blocks, "\n\n") }
func (mrkdwn) JoinTight(blocks []string) string  { return strings.Join(blocks, "\n") }
func (d mrkdwn) Heading(_ int, in string) string { return d.Strong(in) }

// Quote marks each line. Slack knows no quote within a quote, and takes three
// marks for a quote of all the rest.
func (mrkdwn) Quote(inner string) string {
	return outsideCode(inner, func(line string) string {
		if strings.HasPrefix(line, ">") {
			return line
		}
		return strings.TrimRight("> "+line, " ")
	})
}

const fence = "```"

// CodeBlock breaks fences within the code up.
func (mrkdwn) CodeBlock(_, code string) string {
	if strings.TrimSpace(code) == "" {
		return ""
	}
	code = strings.ReplaceAll(code, fence, "`"+pad+"`"+pad+"`")
	return fence + "\n" + entities.Replace(code) + "\n" + fence
}

func (mrkdwn) List(ordered bool, start int, items []string) string {
	lines := make([]string, len(items))
	for i, item := range items {
		mark := "• "
		if ordered {
			mark = strconv.Itoa(start+i) + ". "
		}
		if strings.HasPrefix(item, fence) {
			item = "\n" + item
		}
		next := mark
		lines[i] = outsideCode(item, func(line string) string {
			line = strings.TrimRight(next+line, " ")
			next = "    "
			return line
		})
	}
	return strings.Join(lines, "\n")
}

// outsideCode changes each line that is no part of a code block, where marks
// and spaces would count as code.
func outsideCode(s string, change func(string) string) string {
	lines := strings.Split(s, "\n")
	code := false
	for i, line := range lines {
		if line == fence {
			code = !code
			continue
		}
		if !code {
			lines[i] = change(line)
		}
	}
	return strings.Join(lines, "\n")
}

// Table lines up columns as code.
func (d mrkdwn) Table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", widths[j]-uniseg.StringWidth(cell)+2))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return d.CodeBlock("", strings.Join(lines, "\n"))
}
