package hub

import (
	"slices"
	"strings"
)

// MessageEncoder writes the JSON of notifications and announcements. A message that
// many of them share, which is what one event says to many chats, it encodes once.
// The zero value is ready. It keeps all that it has encoded: use one for each batch,
// and change no message meanwhile. It is not safe for concurrent use.
type MessageEncoder struct {
	known map[MessageKey][]byte
	rest  []byte // what was encoded last, but its message
}

// MessageKey is what messages have in common that are the same without a look into
// their cards and buttons.
type MessageKey struct {
	text, thread        string
	card                *Card
	inThread, broadcast bool
	actions             *Action
	n                   int
}

// KeyOf is the key of a message.
func KeyOf(m *Message) MessageKey {
	k := MessageKey{m.Text, m.Thread, m.Card, m.InThread, m.Broadcast, nil, len(m.Actions)}
	if k.n > 0 {
		k.actions = &m.Actions[0]
	}
	return k
}

// Notification is the JSON of n, message last.
func (e *MessageEncoder) Notification(n *Notification) ([]byte, error) {
	fields, message, err := e.encode(n.fields, &n.Message)
	return slices.Concat(fields, message), err
}

// Announcement is the JSON of a, message last.
func (e *MessageEncoder) Announcement(a *Announcement) (string, error) {
	fields, message, err := e.encode(a.fields, &a.Message)
	var b strings.Builder
	b.Grow(len(fields) + len(message))
	b.Write(fields)
	b.Write(message)
	return b.String(), err
}

// Announcements is the JSON of a list of announcements of one message, which is in
// the first of them only.
func (e *MessageEncoder) Announcements(as []*Announcement) (string, error) {
	var b strings.Builder
	for i, a := range as {
		fields, message, err := e.encode(a.fields, &a.Message)
		if err != nil {
			return "", err
		}
		if i == 0 {
			b.Grow(len(message) + (len(fields)+2)*(len(as)+len(as)/8) + 2)
			b.WriteByte('[')
			b.Write(fields)
			b.Write(message)
			continue
		}
		b.WriteByte(',')
		b.Write(fields)
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.String(), nil
}

// encode is the JSON of an object, which has fields, up to its message, and from
// there to its end. The first is as long as nothing else is encoded.
func (e *MessageEncoder) encode(fields func(*object), m *Message) (head, message []byte, err error) {
	if message, err = e.message(m); err != nil {
		return nil, nil, err
	}
	o := begin(e.rest[:0])
	fields(&o)
	e.rest = o.to
	return o.to, message, o.err
}

// message is the JSON of a message as the last field of an object.
func (e *MessageEncoder) message(m *Message) ([]byte, error) {
	k := KeyOf(m)
	if known, ok := e.known[k]; ok {
		return known, nil
	}
	o := begin(append(make([]byte, 0, 1<<10), `,"message":`...))
	m.fields(&o)
	raw := append(o.to, '}', '}')
	if o.err != nil {
		return nil, o.err
	}
	if e.known == nil {
		e.known = map[MessageKey][]byte{}
	}
	e.known[k] = raw
	return raw, nil
}
