package hub

import (
	"encoding/json"
	"slices"
)

// MessageEncoder writes the JSON of notifications and announcements. A message that
// many of them share, which is what one event says to many chats, it encodes once.
// The zero value is ready. It keeps all that it has encoded: use one for each batch,
// and change no message meanwhile. It is not safe for concurrent use.
type MessageEncoder struct {
	known map[sharedMessage]json.RawMessage
}

// sharedMessage is what messages have in common that are the same without a look at
// their cards and buttons.
type sharedMessage struct {
	text, thread        string
	card                *Card
	inThread, broadcast bool
	actions             *Action
	n                   int
}

// Notification is the JSON of n, message last.
func (e *MessageEncoder) Notification(n *Notification) ([]byte, error) {
	var rest struct {
		*Notification
		Message *struct{} `json:"message,omitempty"` // in place of that of Notification
	}
	rest.Notification = n
	return e.with(&n.Message, &rest)
}

// Announcement is the JSON of a, message last.
func (e *MessageEncoder) Announcement(a *Announcement) ([]byte, error) {
	var rest struct {
		*Announcement
		Message *struct{} `json:"message,omitempty"` // in place of that of Announcement
	}
	rest.Announcement = a
	return e.with(&a.Message, &rest)
}

// with is the JSON of an object, which has fields, and of a message in it.
func (e *MessageEncoder) with(m *Message, rest any) ([]byte, error) {
	message, err := e.message(m)
	if err != nil {
		return nil, err
	}
	object, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	const name = `,"message":`
	object = slices.Grow(object, len(name)+len(message)+1)
	object = append(object[:len(object)-1], name...)
	return append(append(object, message...), '}'), nil
}

func (e *MessageEncoder) message(m *Message) (json.RawMessage, error) {
	k := sharedMessage{m.Text, m.Thread, m.Card, m.InThread, m.Broadcast, nil, len(m.Actions)}
	if k.n > 0 {
		k.actions = &m.Actions[0]
	}
	if known, ok := e.known[k]; ok {
		return known, nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if e.known == nil {
		e.known = map[sharedMessage]json.RawMessage{}
	}
	e.known[k] = raw
	return raw, nil
}
