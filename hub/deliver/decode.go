package deliver

import (
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers"
)

// mostDecoded bounds the messages that a decoder knows, in bytes of their JSON: it
// has up to twice as many.
const mostDecoded = 128 << 10

// decoder reads notifications. What one event says to many chats it reads once: they
// share a message, which nobody may change. Chats are served at their own pace, so
// that under load their notifications come apart from each other.
type decoder struct {
	mu         sync.Mutex
	young, old map[string]hub.Message // by their JSON; old is what young was until it was full
	bytes      int                    // of the keys of young
}

// decode is the notification of a body, and why it cannot be read or not be
// carried out.
func (d *decoder) decode(b body) (*hub.Notification, error) {
	n, ok := d.share(b)
	if !ok {
		var err error
		if n, err = d.read(b.all()); err != nil {
			return n, &providers.Error{Fault: hub.FaultRejected, Op: "decode", Err: err}
		}
	}
	if n.Version > hub.NotificationVersion || !knows(n.Act) {
		return n, errTooNew
	}
	return n, nil
}

// share is the notification of a body whose message comes last and is known: then it
// need not be looked at.
func (d *decoder) share(b body) (*hub.Notification, bool) {
	fields, raw, ok := b.parts()
	if !ok {
		return nil, false
	}
	m, known := d.find(raw)
	if !known {
		return nil, false
	}
	n := new(hub.Notification)
	if err := bus.Decode(slices.Concat(fields, brace), n); err != nil { // it is the message of something inside
		return nil, false
	}
	n.Message = m
	return n, true
}

// read is the notification of any body.
func (d *decoder) read(body []byte) (*hub.Notification, error) {
	var n struct {
		hub.Notification
		Message message `json:"message"` // in place of that of Notification
	}
	n.Message.of = d
	err := bus.Decode(body, &n)
	n.Notification.Message = n.Message.Message
	return &n.Notification, err
}

// known is the notification of a body, if this worker knows what to do with it.
func (d *decoder) known(b body) (*hub.Notification, bool) {
	n, err := d.decode(b)
	return n, err == nil
}

// message is the message of a notification that is being read.
type message struct {
	hub.Message
	of *decoder
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (m *message) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	raw, err := in.ReadValue()
	if err != nil {
		return err
	}
	if known, ok := m.of.find(raw); ok {
		m.Message = known
		return nil
	}
	m.Message = hub.Message{} // of an earlier one under the same name nothing may be left
	if err := bus.Decode(raw, &m.Message); err != nil {
		return err
	}
	m.of.keep(raw, m.Message)
	return nil
}

func (d *decoder) find(raw []byte) (hub.Message, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m, ok := d.young[string(raw)]; ok {
		return m, true
	}
	m, ok := d.old[string(raw)]
	return m, ok
}

func (d *decoder) keep(raw []byte, m hub.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.young == nil || d.bytes+len(raw) > mostDecoded {
		d.old, d.young, d.bytes = d.young, map[string]hub.Message{}, 0
	}
	d.young[string(raw)] = m
	d.bytes += len(raw)
}
