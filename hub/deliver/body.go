package deliver

import (
	"bytes"
	"hash/maphash"
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
	sum     uint64 // of json
	bytes   int64  // that it takes of the budget
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
	mu    sync.Mutex
	left  int64
	rests map[uint64]*rest // that somebody holds, by their sums
}

func newBodies(budget int64) *bodies { return &bodies{left: budget, rests: map[uint64]*rest{}} }

// keep is data as a lane may keep it, if there is room. Nobody else may change it.
func (k *bodies) keep(data []byte) (body, bool) {
	head, json, ok := parted(data)
	sum := maphash.Bytes(seed, json)
	k.mu.Lock()
	defer k.mu.Unlock()
	if ok {
		if r := k.rests[sum]; r == nil {
			return k.first(head, &rest{json: json, sum: sum, bytes: int64(len(data))})
		} else if bytes.Equal(r.json, json) {
			return k.other(head, r)
		}
	}
	b := body{head: data, bytes: int64(len(data))}
	return b, k.take(b.bytes)
}

// first is a body with a rest that nobody holds yet. They are of one array, which stays
// for as long as the rest does.
func (k *bodies) first(head []byte, r *rest) (body, bool) {
	if !k.take(r.bytes) {
		return body{}, false
	}
	r.holders = 1
	k.rests[r.sum] = r
	return body{head: head, rest: r}, true
}

// other is a body whose rest others hold, too.
func (k *bodies) other(head []byte, r *rest) (body, bool) {
	if !k.take(int64(len(head))) {
		return body{}, false
	}
	r.holders++
	return body{head: bytes.Clone(head), rest: r, bytes: int64(len(head))}, true
}

func (k *bodies) take(n int64) bool {
	if n > k.left {
		return false
	}
	k.left -= n
	return true
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
			delete(k.rests, b.rest.sum)
		}
	}
}
