package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxEvents bounds how many events one request may tell of. They are stored one
// after another while the sender waits.
const maxEvents = 100

// documents are the JSON objects of a body: one, or those of an array.
func documents(body []byte) (docs [][]byte, isArray bool, err error) {
	body = validText(body)
	c := &cursor{in: body}
	one := func() {
		c.space()
		start := c.at
		c.document()
		if len(docs) == maxEvents {
			c.fail(fmt.Errorf("the body has more than %d events", maxEvents))
		}
		if c.err == nil {
			docs = append(docs, body[start:c.at])
		}
	}
	if isArray = c.take('['); isArray {
		c.list(']', one)
	} else {
		one()
	}
	c.end()
	bad, _ := errors.AsType[*BodyError](c.problem())
	switch {
	case bad == nil:
		return docs, isArray, nil
	case bad.Detail == notAnObject:
		bad.Detail = "the body is neither a JSON object nor an array of them"
	}
	return nil, isArray, bad
}

// ofMany says of which of several events an error is.
func ofMany(err error, i, n int) error {
	bad, ok := errors.AsType[*BodyError](err)
	if !ok || n < 2 {
		return err
	}
	told := *bad
	told.Detail = fmt.Sprintf("event %d of %d: %s", i+1, n, bad.Detail)
	return &told
}

// document moves past an object that has each of its keys once.
func (c *cursor) document() {
	var keys []string
	c.object(func(key []byte) {
		keys = c.another(keys, key)
		c.skip()
	})
}

// checkJSON says what is wrong with a value that is to be JSON of any kind.
func checkJSON(value []byte) error {
	c := &cursor{in: value}
	if c.peek() == '{' {
		c.document()
	} else {
		c.skip()
	}
	c.end()
	return c.problem()
}

// validText is body with the replacement character for what is no UTF-8.
func validText(body []byte) []byte {
	return bytes.ToValidUTF8(body, []byte(string(utf8.RuneError)))
}
