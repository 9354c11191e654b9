package pane

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/web"
)

// secretKey is the name of something that is not shown.
var secretKey = regexp.MustCompile(`(?i)(token|secret|passw|authorization|api_?key|cookie|signature|credential)`)

// jsonToken is a piece of JSON: a name, a text, a number or word, or what stands
// between.
var jsonToken = regexp.MustCompile(`("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|\btrue\b|\bfalse\b|\bnull\b)|([{}\[\],])`)

// formLine is a field of a form, as an exchange keeps it: "channel=C0123".
var formLine = regexp.MustCompile(`^([\w.-]{1,60})=(.*)$`)

// codeOf is what machines say, for people: JSON indented and coloured, also in the
// fields of a form, and without secrets. What is neither stays as it is.
func codeOf(words *web.Words, raw []byte) template.HTML {
	var b strings.Builder
	if !writeJSON(&b, words, raw) {
		for i, line := range strings.Split(strings.ToValidUTF8(string(raw), "\uFFFD"), "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			writeLine(&b, words, line)
		}
	}
	return template.HTML(b.String()) //nolint:gosec // each piece is escaped
}

// writeLine writes a line that is no JSON by itself.
func writeLine(b *strings.Builder, words *web.Words, line string) {
	m := formLine.FindStringSubmatch(line)
	if m == nil {
		b.WriteString(shown(line))
		return
	}
	span(b, "k", m[1])
	span(b, "p", "=")
	switch {
	case secretKey.MatchString(m[1]):
		hush(b, words, m[2])
	case !strings.HasPrefix(m[2], "{") && !strings.HasPrefix(m[2], "[") || !writeJSON(b, words, []byte(m[2])):
		b.WriteString(shown(m[2]))
	}
}

// writeJSON reports whether raw is JSON; else it writes nothing.
func writeJSON(b *strings.Builder, words *web.Words, raw []byte) bool {
	var indented bytes.Buffer
	if json.Indent(&indented, bytes.TrimSpace(raw), "", "  ") != nil {
		return false
	}
	text := indented.String()
	at, hide := 0, false
	for _, m := range jsonToken.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(shown(text[at:m[0]]))
		at = m[1]
		switch {
		case m[2] >= 0 && m[4] >= 0: // a name
			name := text[m[2]:m[3]]
			hide = secretKey.MatchString(name)
			span(b, "k", name)
			span(b, "p", text[m[4]:m[5]])
		case m[2] >= 0 && hide:
			hush(b, words, text[m[2]+1:m[3]-1])
			hide = false
		case m[2] >= 0:
			span(b, "s", readable(text[m[2]:m[3]]))
		case m[6] >= 0:
			span(b, "n", text[m[6]:m[7]])
			hide = false
		default:
			span(b, "p", text[m[0]:m[1]])
		}
	}
	b.WriteString(shown(text[at:]))
	return true
}

// hush stands for a value that is not shown: at most its last four characters are.
func hush(b *strings.Builder, words *web.Words, value string) {
	said := words.Say("activity.hidden")
	if runes := []rune(value); len(runes) >= 12 && !strings.HasPrefix(value, "[") {
		said = words.Say("activity.hiddenEnds", "End", string(runes[len(runes)-4:]))
	}
	span(b, "hush", said)
}

// readable takes the escapes of HTML's signs out of a JSON text.
func readable(quoted string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(quoted)
}

// shown is text for a page. Signs that turn the direction of writing are named.
func shown(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.Is(unicode.Bidi_Control, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return template.HTMLEscapeString(b.String())
}

func span(b *strings.Builder, class, text string) {
	b.WriteString(`<span class="` + class + `">` + shown(text) + `</span>`)
}
