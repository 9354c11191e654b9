package deliver

import (
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// mostRoots is how many threads a partition knows the beginnings of. Of others the
// bus is asked.
const mostRoots = 1_000

// roots are the messages that began threads, as the bus has said. Only the owner of
// a partition changes them, so that they are forgotten with it.
type roots struct {
	mu    sync.Mutex
	known map[thread]hub.MessageRef
}

type thread struct {
	chat hub.Chat
	key  string
}

func threadOf(n *hub.Notification) thread { return thread{n.Chat, n.Message.Thread} }

// find is the message that began n's thread, empty if that must be asked.
func (r *roots) find(n *hub.Notification) hub.MessageRef {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[threadOf(n)]
}

func (r *roots) keep(n *hub.Notification, ref hub.MessageRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[thread]hub.MessageRef{}
	}
	for old := range r.known {
		if len(r.known) < mostRoots {
			break
		}
		delete(r.known, old)
	}
	r.known[threadOf(n)] = ref
}

func (r *roots) drop(n *hub.Notification) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, threadOf(n))
}
