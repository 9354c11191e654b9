package providers

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds on what Remember keeps. The chats that one event goes to are served at
// their own pace: under load they are hundreds of messages apart.
const (
	rememberedMessages = 1024
	rememberedBytes    = 1 << 20 // of the messages; what is written of them is up to a few times as much
)

// Remember is write with a memory of what it wrote last: what goes to many chats,
// or is looked at again, is written once. Who calls it must not change what it
// returns, which others are given, too.
func Remember[T any](write func(hub.Message, Form) T) func(hub.Message, Form) T {
	r := memory[T]{known: map[gist]T{}}
	return func(m hub.Message, form Form) T {
		k, n, err := gistOf(m, form)
		if err != nil { // it cannot be told from others
			return write(m, form)
		}
		said, ok := r.find(k)
		if !ok {
			said = write(m, form)
			r.keep(k, n, said)
		}
		return said
	}
}

// gist tells messages in a form apart.
type gist [sha256.Size]byte

// gistOf is m's gist, and how long m is.
func gistOf(m hub.Message, form Form) (gist, int, error) {
	c := counted{Hash: sha256.New()}
	if err := json.NewEncoder(&c).Encode(m); err != nil {
		return gist{}, 0, err
	}
	_, _ = c.Write([]byte{byte(form)})
	return gist(c.Sum(nil)), c.n, nil
}

type counted struct {
	hash.Hash
	n int
}

func (c *counted) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.Hash.Write(p)
}

type memory[T any] struct {
	mu    sync.Mutex
	known map[gist]T
	keys  []kept // oldest first
	bytes int    // of the messages
}

type kept struct {
	gist
	bytes int
}

func (r *memory[T]) find(key gist) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	said, ok := r.known[key]
	return said, ok
}

func (r *memory[T]) keep(key gist, n int, said T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[key]; ok {
		return
	}
	r.known[key], r.keys = said, append(r.keys, kept{key, n})
	r.bytes += n
	for len(r.keys) > rememberedMessages || r.bytes > rememberedBytes {
		delete(r.known, r.keys[0].gist)
		r.bytes -= r.keys[0].bytes
		r.keys = r.keys[1:]
	}
}
