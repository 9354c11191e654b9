package ingest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted moves past a string and gives what is between the quotes. It is plain
// if it needs no unescape.
func (c *cursor) quoted() (raw []byte, plain bool) {
	c.need('"')
	start, plain := c.at, true
	for c.err == nil && c.at < len(c.in) {
		switch b := c.in[c.at]; {
		case b == '"':
			c.at++
			return c.in[start : c.at-1], plain
		case b == '\\':
			plain = false
			c.escape()
			continue
		case b < ' ':
			c.fail(errSyntax)
			return nil, true
		case b >= utf8.RuneSelf:
			plain = false // it may be no UTF-8
		}
		c.at++
	}
	c.fail(errSyntax)
	return nil, true
}

// escape moves past a backslash and what belongs to it.
func (c *cursor) escape() {
	rest := c.in[c.at+1:]
	switch {
	case len(rest) > 0 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		c.at += 2
	case len(rest) > 4 && rest[0] == 'u' && hex4(rest[1:5]) >= 0:
		c.at += 6
	default:
		c.fail(errSyntax)
	}
}

// unescape is the text of a string that quoted has found to be well-formed.
// What is no UTF-8 becomes the replacement character.
func unescape(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		next := i
		for next < len(raw) && raw[next] != '\\' {
			next++
		}
		b.Write(raw[i:next])
		if i = next; i < len(raw) {
			r, n := escaped(raw[i:])
			b.WriteRune(r)
			i += n
		}
	}
	return strings.ToValidUTF8(b.String(), string(utf8.RuneError))
}

// escaped decodes one escape sequence, or a pair of surrogates, and its length.
func escaped(s []byte) (rune, int) {
	if s[1] != 'u' {
		if i := strings.IndexByte("bfnrt", s[1]); i >= 0 {
			return rune("\b\f\n\r\t"[i]), 2
		}
		return rune(s[1]), 2
	}
	r := hex4(s[2:6])
	if utf16.IsSurrogate(r) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	if utf16.IsSurrogate(r) {
		r = utf8.RuneError
	}
	return r, 6
}

// hex4 is the value of four hexadecimal digits, negative if they are none.
func hex4(s []byte) rune {
	var r rune
	for _, b := range s {
		switch {
		case b >= '0' && b <= '9':
			r = r<<4 | rune(b-'0')
		case b|0x20 >= 'a' && b|0x20 <= 'f':
			r = r<<4 | rune(b|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}
