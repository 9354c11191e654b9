package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// maxRoots bounds the keys of a body's outermost object; Discourse's have one.
const maxRoots = 64

// root walks through body, a JSON object, and calls read at the value of the
// key that has the name; read has to move past it. It returns that value.
func root(body []byte, name string, read func(*cursor)) ([]byte, error) {
	c := &cursor{in: body}
	var value []byte
	var keys []string
	c.object(func(key []byte) {
		// The last of two equal keys would win in one decoder and the first in
		// another.
		if slices.Contains(keys, string(key)) {
			c.fail(fmt.Errorf("the body has the root key %q twice", cut(string(key), 40)))
		} else if len(keys) == maxRoots {
			c.fail(fmt.Errorf("the body has more than %d root keys", maxRoots))
		}
		keys = append(keys, string(key))
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
	switch {
	case errors.Is(c.err, errSyntax):
		return nil, syntaxError(body, c.at)
	case c.err != nil:
		return nil, &BodyError{Detail: c.err.Error(), Offset: int64(c.at)}
	case value == nil:
		return nil, wrong(fmt.Sprintf("the body has no root key %q, which %s names", cut(name, 40), headerEventType))
	}
	return value, nil
}

// syntaxError says why body is no JSON object.
func syntaxError(body []byte, at int) error {
	var v json.RawMessage
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(body, &v)); ok {
		return &BodyError{Detail: "the body is not JSON: " + e.Error(), Offset: int64(at)}
	}
	return &BodyError{Detail: "the body is not a JSON object", Offset: int64(at)}
}
