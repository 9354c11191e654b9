package telegramtest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Entity is a stretch of a text with a meaning: "bold", "text_link". Offsets
// are in bytes of the text.
type Entity struct {
	Type       string
	Start, End int
	URL        string // of a text_link
	Language   string // of a pre
}

// kinds are the tags that the Bot API knows, and the entities they make.
var kinds = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "a": "text_link",
	"code": "code", "pre": "pre", "blockquote": "blockquote", "tg-spoiler": "spoiler", "span": "spoiler",
}

// ParseHTML reads a text with parse_mode HTML as the Bot API does, refusing
// what it refuses in its words:
// https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
// (parse_html). The one difference is that it also refuses a blockquote within
// another, which Telegram's documentation forbids and its server bends straight.
func ParseHTML(s string) (text string, entities []Entity, err error) {
	p := parser{in: s}
	for err == nil && p.at < len(s) {
		switch {
		case s[p.at] == '&':
			p.reference(&p.out)
		case s[p.at] != '<':
			p.out.WriteByte(s[p.at])
			p.at++
		case p.peek(1) == '/':
			err = p.endTag()
		default:
			err = p.startTag()
		}
	}
	if err == nil && len(p.open) > 0 {
		err = refusef("Can't find end tag corresponding to start tag %q", p.open[len(p.open)-1].tag)
	}
	return p.out.String(), p.done, err
}

// words are a refusal in Telegram's words.
type words string

func (w words) Error() string { return string(w) }

func refusef(format string, args ...any) error { return words(fmt.Sprintf(format, args...)) }

type parser struct {
	in   string
	at   int
	out  strings.Builder
	open []openTag
	done []Entity
}

type openTag struct {
	tag string
	Entity
}

func (p *parser) peek(n int) byte {
	if p.at+n >= len(p.in) {
		return 0
	}
	return p.in[p.at+n]
}

// reference resolves &lt; &gt; &amp; &quot; and numbers; any other ampersand
// is one.
func (p *parser) reference(to *strings.Builder) {
	rest := p.in[p.at+1:]
	name := rest[:spanOf(rest, func(c byte) bool { return c == '#' || isAlnum(c) })]
	if r, ok := resolve(name); ok {
		to.WriteRune(r)
		p.at += 1 + len(name)
		if p.peek(0) == ';' {
			p.at++
		}
		return
	}
	to.WriteByte('&')
	p.at++
}

func resolve(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok || len(digits) > 7 {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 32)
	return rune(n), err == nil && n > 0 && utf8.ValidRune(rune(n))
}

func (p *parser) startTag() error {
	begin := p.at
	p.at++
	n := spanOf(p.in[p.at:], func(c byte) bool { return !isSpace(c) && c != '>' })
	tag := strings.ToLower(p.in[p.at : p.at+n])
	if p.at += n; p.at == len(p.in) {
		return refusef("Unclosed start tag at byte offset %d", begin)
	}
	kind, ok := kinds[tag]
	if !ok {
		return refusef("Unsupported start tag %q at byte offset %d", tag, begin)
	}
	e := Entity{Type: kind, Start: p.out.Len()}
	class := ""
	for {
		p.at += spanOf(p.in[p.at:], isSpace)
		if p.peek(0) == '>' {
			break
		}
		name, value, err := p.attribute(tag, begin)
		if err != nil {
			return err
		}
		switch name {
		case "href":
			e.URL = value
		case "class":
			class = value
		}
	}
	p.at++
	if tag == "span" && class != "tg-spoiler" {
		return refusef("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	if tag == "code" {
		e.Language, _ = strings.CutPrefix(class, "language-")
	}
	if tag == "blockquote" && p.within(tag) {
		return refusef("blockquote entities can't be nested, at byte offset %d", begin)
	}
	p.open = append(p.open, openTag{tag, e})
	return nil
}

func (p *parser) within(tag string) bool {
	for _, o := range p.open {
		if o.tag == tag {
			return true
		}
	}
	return false
}

func (p *parser) attribute(tag string, begin int) (name, value string, err error) {
	unclosed := refusef("Unclosed start tag %q at byte offset %d", tag, begin)
	n := spanOf(p.in[p.at:], func(c byte) bool { return !isSpace(c) && c != '=' && c != '>' })
	if n == 0 {
		return "", "", refusef("Empty attribute name in the tag %q at byte offset %d", tag, begin)
	}
	name = p.in[p.at : p.at+n]
	p.at += n
	p.at += spanOf(p.in[p.at:], isSpace)
	if p.at == len(p.in) {
		return "", "", unclosed
	}
	if p.peek(0) != '=' {
		return name, "", nil
	}
	p.at++
	p.at += spanOf(p.in[p.at:], isSpace)
	if p.at == len(p.in) {
		return "", "", unclosed
	}
	if value, err = p.value(); err == nil && p.at == len(p.in) {
		err = unclosed
	}
	return name, value, err
}

func (p *parser) value() (string, error) {
	quote := p.peek(0)
	if quote != '"' && quote != '\'' {
		begin := p.at
		p.at += spanOf(p.in[p.at:], func(c byte) bool { return isAlnum(c) || c == '.' || c == '-' })
		if c := p.peek(0); p.at < len(p.in) && !isSpace(c) && c != '>' {
			return "", refusef("Unexpected end of name token at byte offset %d", begin)
		}
		return strings.ToLower(p.in[begin:p.at]), nil
	}
	var out strings.Builder
	for p.at++; p.at < len(p.in) && p.in[p.at] != quote; {
		if p.in[p.at] == '&' {
			p.reference(&out)
			continue
		}
		out.WriteByte(p.in[p.at])
		p.at++
	}
	if p.at < len(p.in) {
		p.at++
	}
	return out.String(), nil
}

func (p *parser) endTag() error {
	begin := p.at
	if len(p.open) == 0 {
		return refusef("Unexpected end tag at byte offset %d", begin)
	}
	p.at += 2
	n := spanOf(p.in[p.at:], func(c byte) bool { return !isSpace(c) && c != '>' })
	tag := strings.ToLower(p.in[p.at : p.at+n])
	p.at += n
	p.at += spanOf(p.in[p.at:], isSpace)
	if p.peek(0) != '>' {
		return refusef("Unclosed end tag at byte offset %d", begin)
	}
	p.at++
	last := p.open[len(p.open)-1]
	if tag != "" && tag != last.tag {
		return refusef("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, last.tag, tag)
	}
	p.open = p.open[:len(p.open)-1]
	last.End = p.out.Len()
	if last.End > last.Start { // an empty one means nothing
		p.done = append(p.done, last.Entity)
	}
	return nil
}

func spanOf(s string, is func(byte) bool) int {
	for i := range len(s) {
		if !is(s[i]) {
			return i
		}
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
