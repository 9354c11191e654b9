package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// maxRoots bounds the keys of a body's outermost object. A forum's has one,
// those of other senders a few dozen.
const maxRoots = 256

// root walks through body, a JSON object, and calls read at the value of the
// key that has the name; read has to move past it. It returns that value.
func root(body []byte, name string, read func(*cursor)) ([]byte, error) {
	c := &cursor{in: body}
	var value []byte
	var keys []string
	c.object(func(key []byte) {
		keys = c.another(keys, key)
		if string(key) != name {
			c.skip()
			return
		}
		c.space()
		start := c.at
		read(c)
		value = body[start:c.at]
	})
	c.end()
	if err := c.problem(); err != nil {
		return nil, err
	}
	if value == nil {
		return nil, wrong(fmt.Sprintf("the body has no root key %q, which %s names", cut(name, 40), headerEventType))
	}
	return value, nil
}

// another notes one more root key.
func (c *cursor) another(keys []string, key []byte) []string {
	// The last of two equal keys would win in one decoder and the first in
	// another.
	if slices.Contains(keys, string(key)) {
		c.fail(fmt.Errorf("the body has the root key %q twice", cut(string(key), 40)))
	} else if len(keys) == maxRoots {
		c.fail(fmt.Errorf("the body has more than %d root keys", maxRoots))
	}
	return append(keys, string(key))
}

// problem is the first error in words, nil if there was none.
func (c *cursor) problem() error {
	switch {
	case c.err == nil:
		return nil
	case errors.Is(c.err, errSyntax):
		return syntaxError(c.in, c.at)
	}
	return &BodyError{Detail: c.err.Error(), Offset: int64(c.at)}
}

const notAnObject = "the body is not a JSON object"

// syntaxError says why body is no JSON object.
func syntaxError(body []byte, at int) error {
	var v json.RawMessage
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(body, &v)); ok {
		return &BodyError{Detail: "the body is not JSON: " + e.Error(), Offset: int64(at)}
	}
	return &BodyError{Detail: notAnObject, Offset: int64(at)}
}
