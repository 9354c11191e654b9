package providers

import (
	"encoding/json"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// remembered is how many of the last messages Remember knows.
const remembered = 256

// Remember is write with a memory: what goes to many chats is written once. Who
// calls it must not change what it returns, which others are given, too.
func Remember[T any](write func(hub.Message, Form) T) func(hub.Message, Form) T {
	var (
		mu    sync.Mutex
		known = make(map[string]T, remembered)
		order [remembered]string
		next  int
	)
	return func(m hub.Message, form Form) T {
		key, err := json.Marshal(m)
		if err != nil { // it cannot be told from others
			return write(m, form)
		}
		k := string(append(key, byte(form)))
		mu.Lock()
		said, ok := known[k]
		mu.Unlock()
		if ok {
			return said
		}
		said = write(m, form)
		mu.Lock()
		defer mu.Unlock()
		if _, ok := known[k]; !ok {
			delete(known, order[next])
			known[k], order[next] = said, k
			next = (next + 1) % remembered
		}
		return said
	}
}
