package providers

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds on what Remember keeps. The chats that one event goes to are served at
// their own pace: under load they are hundreds of messages apart.
const (
	rememberedMessages = 1024
	rememberedBytes    = 512 << 10 // of the messages; what is written of them is up to a few times as much
)

// Remember is write with a memory of what it wrote last: what goes to many chats,
// or is looked at again, is written once. Who calls it must not change what it
// returns, which others are given, too.
func Remember[T any](write func(hub.Message, Form) T) func(hub.Message, Form) T {
	r := memory[T]{known: map[string]T{}}
	return func(m hub.Message, form Form) T {
		said, ok := r.find(&m, form)
		if !ok {
			said = write(m, form)
			r.keep(&m, form, said)
		}
		return said
	}
}

type memory[T any] struct {
	mu    sync.Mutex
	known map[string]T // by key
	keys  []string     // oldest first
	bytes int          // of keys
	key   []byte       // of the message in hand
}

func (r *memory[T]) find(m *hub.Message, form Form) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key = appendKey(r.key[:0], m, form)
	said, ok := r.known[string(r.key)]
	return said, ok
}

func (r *memory[T]) keep(m *hub.Message, form Form, said T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := string(appendKey(r.key[:0], m, form))
	if _, ok := r.known[key]; ok {
		return
	}
	r.known[key], r.keys = said, append(r.keys, key)
	r.bytes += len(key)
	for len(r.keys) > rememberedMessages || r.bytes > rememberedBytes {
		delete(r.known, r.keys[0])
		r.bytes -= len(r.keys[0])
		r.keys = r.keys[1:]
	}
}

// appendKey appends what tells messages in a form apart: all that a provider sees
// of one.
func appendKey(b []byte, m *hub.Message, form Form) []byte {
	b = append(b, byte(form), flags(m.InThread, m.Broadcast, m.Card != nil))
	b = appendStrings(b, m.Text, m.Thread)
	b = binary.AppendUvarint(b, uint64(len(m.Actions)))
	for i := range m.Actions {
		a := &m.Actions[i]
		b = appendStrings(b, a.Label, a.Style, a.Token, a.URL)
		b = binary.AppendUvarint(b, uint64(len(a.Options)))
		for _, o := range a.Options {
			b = appendStrings(b, o.Label, o.Value, o.Note)
		}
	}
	if m.Card == nil {
		return b
	}
	return appendCard(b, m.Card)
}

func appendCard(b []byte, c *hub.Card) []byte {
	b = append(b, flags(c.Cut, c.Compact, c.Struck, c.Author != nil, c.Category != nil, c.Image != nil))
	b = appendStrings(b, c.Kind, c.Title, c.URL, c.Site, c.Text)
	b = c.Time.AppendFormat(b, time.RFC3339Nano)
	b = binary.AppendUvarint(b, uint64(len(c.Tags)))
	for i := range c.Tags {
		b = appendLabel(b, &c.Tags[i])
	}
	if p := c.Author; p != nil {
		b = appendStrings(append(b, flags(p.Staff, p.Bot)), p.ID, p.Username, p.Name, p.URL, p.Avatar)
	}
	if c.Category != nil {
		b = appendLabel(b, c.Category)
	}
	if i := c.Image; i != nil {
		b = appendStrings(append(b, flags(i.Private)), i.URL, i.Alt)
		b = binary.AppendVarint(binary.AppendVarint(b, int64(i.Width)), int64(i.Height))
	}
	return b
}

func appendLabel(b []byte, l *hub.Label) []byte { return appendStrings(b, l.Name, l.URL, l.Color) }

func appendStrings(b []byte, list ...string) []byte {
	for _, s := range list {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func flags(list ...bool) (b byte) {
	for i, f := range list {
		if f {
			b |= 1 << i
		}
	}
	return b
}
