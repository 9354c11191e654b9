package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// JetStream lets tests look at what the bus has made.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }

// CutOff ends the connections as a power cut would, without a word.
func (b *Bus) CutOff() {
	for _, nc := range []*nats.Conn{b.nc, b.pulls, b.acks} {
		nc.Close()
	}
}

// ForgetServerIDs makes the server's own window for duplicates as short as it
// can be, so that only the index is left to recognise one.
func (b *Bus) ForgetServerIDs(ctx context.Context) error {
	s, err := b.js.Stream(ctx, streamEvents)
	if err != nil {
		return err
	}
	cfg := s.CachedInfo().Config
	// Twice: the server may look at its ids before it has taken over the first.
	for _, window := range []time.Duration{100 * time.Millisecond, 101 * time.Millisecond} {
		cfg.Duplicates = window
		if _, err = b.js.UpdateStream(ctx, cfg); err != nil {
			return err
		}
	}
	return nil
}

// ForgetIDs empties the index.
func (b *Bus) ForgetIDs() { b.seen.gens = [generations]generation{} }

// Later lets time go by for the lines of events.
func (b *Bus) Later(by time.Duration) {
	now := b.lines.now
	b.lines.now = func() time.Time { return now().Add(by) }
}

// SetCursor stores the place of a reader.
func (b *Bus) SetCursor(ctx context.Context, name string, seq uint64) error {
	return b.saveCursor(ctx, name, seq)
}

// Cursor reads the stored place of a reader.
func (b *Bus) Cursor(ctx context.Context, name string) (uint64, error) {
	seq, _, err := b.loadCursor(ctx, name)
	return seq, err
}

// BreakDisk lets the next fsync of EVENTS fail.
func (b *Bus) BreakDisk() {
	s := b.syncer.Load()
	s.run.Lock()
	defer s.run.Unlock()
	s.err = errors.New("the disk is broken")
}

// Syncing reports whether acknowledged events are fsynced.
func (b *Bus) Syncing() bool { return b.syncer.Load() != nil }

// Consumer is the name of the claim's consumer.
func (c *Claim) Consumer() string { return c.name }

// PartitionOf is where a lane belongs.
func PartitionOf(lane string, b *Bus) int { return partition(lane, b.partitions) }

// Replicate has the bus believe that its streams have so many replicas.
func (b *Bus) Replicate(n int) { b.cfg.Replicas = n }
