package hub

import (
	"context"
	"encoding/json"
	"time"
)

// Setting is something that was set while Bellhop runs. What the configuration
// file says stands above it.
type Setting struct {
	Key   string
	Value json.RawMessage
	// Version grows with each change. A write names the one that it changes, 0 for
	// a key that is not set.
	Version   int64
	UpdatedBy string
	UpdatedAt time.Time
}

// SettingStore keeps settings.
type SettingStore interface {
	// Settings lists all of them, by key.
	Settings(ctx context.Context) ([]Setting, error)
	// PutSetting stores s and sets its Version and UpdatedAt. If the key has another
	// version by now it is an Error with CodeConflict.
	PutSetting(ctx context.Context, s *Setting) error
}
