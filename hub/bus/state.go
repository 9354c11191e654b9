package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// StreamState is how full a stream is.
type StreamState struct {
	Name     string // EVENTS, NOTIFY or DEAD
	Messages uint64
	Bytes    int64
	Limit    int64 // of Bytes; 0: none but the server's
	// Refuses is that a full stream takes nothing more, and does not drop what is
	// oldest.
	Refuses bool
}

// Streams tells how full each stream is.
func (b *Bus) Streams(ctx context.Context) ([]StreamState, error) {
	all := make([]StreamState, 0, 3)
	for _, name := range []string{streamEvents, streamNotify, streamDead} {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		info := s.CachedInfo()
		all = append(all, StreamState{
			Name: name, Messages: info.State.Msgs, Bytes: int64(info.State.Bytes), Limit: max(info.Config.MaxBytes, 0), Refuses: name == streamNotify,
		})
	}
	return all, nil
}

// Oldest is since when the oldest notification waits that a system has not been
// sent, zero if none waits.
func (b *Bus) Oldest(ctx context.Context, system hub.System) (time.Time, error) {
	prefix, err := notifyPrefix(system)
	if err != nil {
		return time.Time{}, err
	}
	got, err := b.getBatch(ctx, streamNotify, getRequest{Seq: 1, NextFor: prefix + ">", Batch: 1})
	if err != nil || len(got) == 0 {
		return time.Time{}, err
	}
	return got[0].at, nil
}
