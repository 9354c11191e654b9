package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Memory keeps what a Watcher must know after a restart. It is written seldom:
// whenever something was told, and every few hours.
type Memory interface {
	// Recall reads what was remembered last, nil if nothing was.
	Recall(ctx context.Context) ([]byte, error)
	// Remember stores it in place of what was before.
	Remember(ctx context.Context, data []byte) error
}

// rememberEvery is how often habits are stored. What is lost with a crash is
// learned again from the events.
const rememberEvery = 6 * time.Hour

// memory is what a Watcher remembers.
type memory struct {
	Version int                   `json:"v"`
	At      time.Time             `json:"at"` // when it was stored
	Matters map[string]*matter    `json:"matters,omitempty"`
	Habits  map[hub.Source]*habit `json:"habits,omitempty"`
	// Of dead letters: those until Counted are told of, or older than the
	// watching; DeadTold is when any were told of last.
	Counted  time.Time `json:"counted,omitzero"`
	DeadTold time.Time `json:"dead_told,omitzero"`
}

// version is that of the memory. One that is not known is forgotten: the worst
// is that something is told twice.
const version = 1

// matter is something that may be in trouble, such as one system.
type matter struct {
	Since   time.Time `json:"since,omitzero"`   // of the trouble; zero: there is none
	State   string    `json:"state,omitempty"`  // what kind of trouble it is
	Changed time.Time `json:"changed,omitzero"` // when it became that kind
	Told    time.Time `json:"told,omitzero"`    // when a trouble of it was told last
	Open    bool      `json:"open,omitempty"`   // the trouble of now was told
	As      string    `json:"as,omitempty"`     // which State was told
	Reason  string    `json:"reason,omitempty"` // that was told
}

func newMemory() *memory {
	return &memory{Version: version, Matters: map[string]*matter{}, Habits: map[hub.Source]*habit{}}
}

func decodeMemory(data []byte) (*memory, error) {
	m := newMemory()
	if len(data) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(data, m); err != nil {
		return newMemory(), fmt.Errorf("what was told before cannot be read: %w", err)
	}
	if m.Version != version || m.Matters == nil || m.Habits == nil {
		return newMemory(), fmt.Errorf("what was told before is of version %d, this program knows %d", m.Version, version)
	}
	for source, h := range m.Habits {
		if !h.valid() {
			delete(m.Habits, source)
		}
	}
	for key, t := range m.Matters {
		if t == nil {
			delete(m.Matters, key)
		}
	}
	return m, nil
}
