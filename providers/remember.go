package providers

import (
	"encoding/json"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds on what Remember keeps.
const (
	rememberedMessages = 256
	rememberedBytes    = 1 << 20 // of the messages; what is written of them is up to a few times as much
)

// Remember is write with a memory of what it wrote last: what goes to many chats,
// or is looked at again, is written once. Who calls it must not change what it
// returns, which others are given, too.
func Remember[T any](write func(hub.Message, Form) T) func(hub.Message, Form) T {
	r := memory[T]{known: map[string]T{}}
	return func(m hub.Message, form Form) T {
		key, err := json.Marshal(m)
		if err != nil { // it cannot be told from others
			return write(m, form)
		}
		k := string(append(key, byte(form)))
		said, ok := r.find(k)
		if !ok {
			said = write(m, form)
			r.keep(k, said)
		}
		return said
	}
}

type memory[T any] struct {
	mu    sync.Mutex
	known map[string]T
	keys  []string // oldest first
	bytes int      // of keys
}

func (r *memory[T]) find(key string) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	said, ok := r.known[key]
	return said, ok
}

func (r *memory[T]) keep(key string, said T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[key]; ok {
		return
	}
	r.known[key], r.keys = said, append(r.keys, key)
	r.bytes += len(key)
	for len(r.keys) > rememberedMessages || r.bytes > rememberedBytes {
		delete(r.known, r.keys[0])
		r.bytes -= len(r.keys[0])
		r.keys[0] = ""
		r.keys = r.keys[1:]
	}
}
