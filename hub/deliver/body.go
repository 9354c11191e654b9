package deliver

import (
	"bytes"
	"slices"
	"sync"
)

// body is a message as its lane keeps it. What the hub says to many chats at once
// differs in the heads alone: the rest is kept once.
type body struct {
	head  []byte // up to the field message, or all there is
	rest  *rest
	bytes int64 // that the head takes of the budget
}

// rest is what comes after messageField: the message as JSON, and a brace.
type rest struct {
	json    []byte
	bytes   int64 // that it takes of the budget
	holders int
}

// whole is a body that shares nothing.
func whole(data []byte) body { return body{head: data} }

// unknown reports whether the body must be read from the stream.
func (b body) unknown() bool { return b.head == nil }

// all is the body as it came.
func (b body) all() []byte {
	if b.rest == nil {
		return b.head
	}
	return slices.Concat(b.head, []byte(messageField), b.rest.json)
}

// parts are the fields before the last one, with the brace before them, and the
// message, if that is the last one.
func (b body) parts() (fields, message []byte, ok bool) {
	if b.rest == nil {
		head, rest, ok := parted(b.head)
		return head, bytes.TrimSuffix(rest, brace), ok
	}
	return b.head, bytes.TrimSuffix(b.rest.json, brace), true
}

// messageField is how the hub begins the last field of a notification.
const messageField = `,"message":`

var brace = []byte{'}'}

// parted is a body in two parts: what the hub says in one chat, and what it may say in
// others.
func parted(data []byte) (head, rest []byte, ok bool) {
	head, rest, ok = bytes.Cut(data, []byte(messageField))
	if !ok || !bytes.HasSuffix(rest, brace) || bytes.HasSuffix(bytes.TrimRight(head, " \t\r\n"), []byte{'{'}) {
		return nil, nil, false
	}
	return head, rest, true
}

// bodies are those that the lanes of a worker keep, within a budget of bytes.
type bodies struct {
	mu     sync.Mutex
	left   int64
	recent [mostRecent]*rest // what was said last, by place
	next   int
}

// mostRecent is among how many messages one that comes is looked for: all that an
// event says comes at once, but to each partition at its own pace.
const mostRecent = 8

func newBodies(budget int64) *bodies { return &bodies{left: budget} }

// keep is data as a lane may keep it, if there is room. Nobody else may change it.
func (k *bodies) keep(data []byte) (body, bool) {
	head, tail, shares := parted(data)
	k.mu.Lock()
	defer k.mu.Unlock()
	b, r := body{head: data, bytes: int64(len(data))}, (*rest)(nil)
	if shares {
		if r = k.find(tail); r != nil {
			b.bytes = int64(len(head))
		}
	}
	if b.bytes > k.left {
		return body{}, false
	}
	switch {
	case r != nil:
		b.head = bytes.Clone(head)
	case shares: // the head stays for as long as the rest does
		r = &rest{json: tail, bytes: b.bytes}
		b.head, b.bytes = head, 0
		k.recent[k.next%mostRecent] = r
		k.next++
		k.left -= r.bytes
	}
	if r != nil {
		b.rest = r
		r.holders++
	}
	k.left -= b.bytes
	return b, true
}

// find is a rest that somebody holds.
func (k *bodies) find(json []byte) *rest {
	for _, r := range k.recent {
		if r != nil && r.holders > 0 && bytes.Equal(r.json, json) {
			return r
		}
	}
	return nil
}

// release lets go of bodies that were kept.
func (k *bodies) release(bs ...body) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range bs {
		k.left += b.bytes
		if b.rest == nil {
			continue
		}
		if b.rest.holders--; b.rest.holders == 0 {
			k.left += b.rest.bytes
		}
	}
}
