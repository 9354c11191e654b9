package mattermost

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/providers"
)

// markdown is what Mattermost takes for Markdown. The web and desktop apps read
// it with an old parser of their own, the mobile apps as CommonMark; this stays
// where both agree: https://github.com/mattermost/marked/blob/master/lib/marked.js
type markdown struct{}

var (
	_ providers.Dialect     = markdown{}
	_ providers.TightJoiner = markdown{}
)

// guard has no width. It stands where a backslash would be shown, or would not
// help.
const guard = "\u200b"

// quiet keeps @all, @channel and @here from being mentions, and changes nothing
// that is shown. The server finds mentions in words of letters, digits and a few
// marks: https://github.com/mattermost/mattermost/blob/master/server/channels/app/mention_parser_standard.go
func quiet(s string) string {
	var b strings.Builder
	prev := ' '
	for i, r := range s {
		b.WriteRune(r)
		if r == '@' && !inWord(prev) && massMention(s[i+1:]) {
			b.WriteString(guard)
		}
		prev = r
	}
	return b.String()
}

func massMention(s string) bool {
	return slices.ContainsFunc([]string{"all", "channel", "here"}, func(word string) bool {
		if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
			return false
		}
		next, _ := utf8.DecodeRuneInString(s[len(word):])
		return !inWord(next)
	})
}

// Text escapes what could turn into markup. It cannot tell where a line starts,
// so that it minds the marks of headings, quotes and lists at every start.
func (markdown) Text(s string) string {
	var b strings.Builder
	mark := blockMark(s)
	prev := '.'
	for i, r := range s {
		next, size := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if size == 0 {
			next = '.'
		}
		switch {
		case i == mark || special(prev, r, next):
			b.WriteString(`\` + string(r))
		case r == '=' && i == 0:
			b.WriteString(guard + "=")
		case opens(r, next) || r == '!' && size == 0:
			b.WriteString(string(r) + guard)
		default:
			b.WriteRune(r)
		}
		prev = r
	}
	return quiet(b.String())
}

// opens reports whether r starts a tag or an entity, which no backslash keeps it
// from in the web app. A "!" does so for a picture, where a link follows.
func opens(r, next rune) bool {
	switch r {
	case '<':
		return unicode.IsLetter(next) || strings.ContainsRune("/!?", next)
	case '&':
		return unicode.IsLetter(next) || next == '#'
	default:
		return false
	}
}

// special reports whether r is markup.
func special(prev, r, next rune) bool {
	switch r {
	case '`', '[', ']', '|':
		return true
	case '*', '~':
		return !unicode.IsSpace(prev) || !unicode.IsSpace(next)
	case '_':
		return !inWord(prev) || !inWord(next)
	case '\\': // the web app takes none before a letter for an escape
		return !inWord(next)
	default:
		return false
	}
}

var blockMarks = regexp.MustCompile(`^(#{1,6} |>|[-+*] |[-*_] ?[-*_]|\d{1,9}[.)]( |$)|#{1,6}$|[-+*]$)`)

// blockMark is where the mark stands that would make s a heading, a quote, a
// list or a rule; -1 if there is none.
func blockMark(s string) int {
	found := blockMarks.FindString(s)
	if found == "" {
		return -1
	}
	if at := strings.IndexAny(found, ".)"); at > 0 {
		return at
	}
	return 0
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func (markdown) Strong(inner string) string { return "**" + inner + "**" }

// Strike keeps a mark that is meant as such from ending it early.
func (markdown) Strike(inner string) string {
	if strings.HasSuffix(inner, "~") {
		inner += guard
	}
	return "~~" + inner + "~~"
}

// Emph avoids the star where the web app does not take it for emphasis.
func (markdown) Emph(inner string) string {
	if strings.HasPrefix(inner, `"`) || strings.HasPrefix(inner, "<") {
		return "_" + inner + "_"
	}
	return "*" + inner + "*"
}

// Code has a fence of more backticks than are within.
func (markdown) Code(s string) string {
	ticks := longestRun(s, 0)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	fence := strings.Repeat("`", ticks+1)
	return fence + pad + s + pad + fence
}

func longestRun(s string, longest int) int {
	run := 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// Link always has a text: a bare address would swallow marks behind it.
func (markdown) Link(inner, url string) string {
	inner = strings.ReplaceAll(inner, "\n", " ")
	return "[" + inner + "](" + parens.Replace(url) + ")"
}

// parens keeps marks in an address from ending it, or the styles around it.
var parens = strings.NewReplacer("(", "%28", ")", "%29", "*", "%2A", "~~", "%7E%7E")

// Image is a link: a picture would make the app of everyone who reads call on
// the address.
func (d markdown) Image(alt, url string) string    { return d.Link(d.Text(alt), url) }
func (markdown) LineBreak() string                 { return "\n" }
func (markdown) Paragraph(inner string) string     { return inner }
func (d markdown) Heading(_ int, in string) string { return d.Strong(in) }
func (markdown) Rule() string                      { return "***" } // dashes under a text make it a heading
func (markdown) Join(blocks []string) string       { return strings.Join(blocks, "\n\n") }
func (markdown) JoinTight(blocks []string) string  { return strings.Join(blocks, "\n") }
func (markdown) Quote(inner string) string         { return indent(inner, "> ", "> ") }

// CodeBlock has a fence of more backticks than are within.
func (markdown) CodeBlock(lang, code string) string {
	fence := strings.Repeat("`", longestRun(code, 2)+1)
	lang = strings.Map(func(r rune) rune {
		if inWord(r) || strings.ContainsRune("+-#._", r) {
			return r
		}
		return -1
	}, lang)
	return fence + lang + "\n" + code + "\n" + fence
}

func (markdown) List(ordered bool, start int, items []string) string {
	lines := make([]string, len(items))
	for i, item := range items {
		mark := "- "
		if ordered {
			mark = strconv.Itoa(start+i) + ". "
		}
		if item == "" { // a mark alone is none
			item = guard
		}
		lines[i] = indent(item, mark, strings.Repeat(" ", len(mark)))
	}
	return strings.Join(lines, "\n")
}

// indent puts first before the first line of s and rest before the others.
func indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(first+line, " ")
		first = rest
	}
	return strings.Join(lines, "\n")
}

func (d markdown) Table(rows [][]string) string {
	lines := make([]string, 0, len(rows)+1)
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = d.Text(cell)
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
		if i == 0 {
			lines = append(lines, "|"+strings.Repeat(" --- |", len(row)))
		}
	}
	return strings.Join(lines, "\n")
}
