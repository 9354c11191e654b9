package preview

import (
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// mrkdwnHTML is Slack's markup as the pane shows it:
// https://docs.slack.dev/messaging/formatting-message-text
func mrkdwnHTML(text string) template.HTML {
	var b strings.Builder
	for i, block := range strings.Split(text, "```") {
		if i%2 == 1 {
			b.WriteString(element("pre", mrkdwnText(strings.Trim(block, "\n"))))
			continue
		}
		mrkdwnLines(&b, block)
	}
	return template.HTML(b.String()) //nolint:gosec // every text is escaped, every element ours
}

// mrkdwnLines writes lines, those that are quoted as quotes.
func mrkdwnLines(b *strings.Builder, text string) {
	isQuoted := false
	for i, line := range strings.Split(text, "\n") {
		quoted, isQuote := strings.CutPrefix(line, ">")
		if !isQuote {
			quoted, isQuote = strings.CutPrefix(line, "&gt;")
		}
		switch {
		case isQuote && !isQuoted:
			b.WriteString("<blockquote>")
		case !isQuote && isQuoted:
			b.WriteString("</blockquote>")
		case i > 0:
			b.WriteString("\n")
		}
		if isQuoted = isQuote; isQuote {
			line = strings.TrimPrefix(quoted, " ")
		}
		mrkdwnInline(b, line)
	}
	if isQuoted {
		b.WriteString("</blockquote>")
	}
}

// mrkdwnMarks are the marks around words and what they make of them.
var mrkdwnMarks = map[byte]string{'*': "strong", '_': "em", '~': "s", '`': "code"}

// mrkdwnInline writes the words of one line.
func mrkdwnInline(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		if s[i] == '<' {
			if inner, rest, found := strings.Cut(s[i+1:], ">"); found {
				mrkdwnLink(b, inner)
				i = len(s) - len(rest)
				continue
			}
		}
		if name := mrkdwnMarks[s[i]]; name != "" && opensMark(s, i) {
			if end := closesMark(s, i); end > 0 {
				mrkdwnMarked(b, name, s[i+1:end])
				i = end + 1
				continue
			}
		}
		next := nextMark(s, i)
		b.WriteString(mrkdwnText(s[i:next]))
		i = next
	}
}

func mrkdwnMarked(b *strings.Builder, name, inner string) {
	b.WriteString("<" + name + ">")
	if name == "code" {
		b.WriteString(mrkdwnText(inner))
	} else {
		mrkdwnInline(b, inner)
	}
	b.WriteString("</" + name + ">")
}

// nextMark is where the text ends that begins at i and has no mark in it.
func nextMark(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	i += size
	if at := strings.IndexAny(s[i:], "<*_~`"); at >= 0 {
		return i + at
	}
	return len(s)
}

// opensMark reports whether the mark at i begins something: it stands before a
// word, and not in one.
func opensMark(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, size := utf8.DecodeRuneInString(s[i+1:])
	return size > 0 && !isSpace(after) && !isWord(before)
}

// closesMark is where the mark that opens at i is closed, 0 if it is not.
func closesMark(s string, i int) int {
	for j := i + 2; j < len(s); j++ {
		if s[j] == '<' && s[i] != '`' { // not inside a link
			if end := strings.IndexByte(s[j:], '>'); end > 0 {
				j += end
				continue
			}
		}
		if s[j] != s[i] {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:j])
		after, _ := utf8.DecodeRuneInString(s[j+1:])
		if !isSpace(before) && (j+1 == len(s) || !isWord(after)) {
			return j
		}
	}
	return 0
}

// isSpace counts the invisible character by which Bellhop keeps a mark from being
// one.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// mrkdwnLink writes what stands in angle brackets: an address, or who or what is
// named.
func mrkdwnLink(b *strings.Builder, inner string) {
	url, words, labelled := strings.Cut(inner, "|")
	if !labelled {
		words = url
	}
	if strings.HasPrefix(url, "@") || strings.HasPrefix(url, "#") || strings.HasPrefix(url, "!") {
		b.WriteString(element("strong", mrkdwnText(words)))
		return
	}
	b.WriteString(linkOpen(html.UnescapeString(url)))
	b.WriteString(mrkdwnText(words) + "</a>")
}

// mrkdwnText is text of which Slack has escaped three characters.
func mrkdwnText(s string) string { return html.EscapeString(html.UnescapeString(s)) }
