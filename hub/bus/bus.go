package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Durability of the embedded server's EVENTS stream.
const (
	SyncAlways   = "always"   // an acknowledged event has been fsynced
	SyncInterval = "interval" // it will be within a second
)

// Config says which NATS to use and how.
type Config struct {
	URL         string       // where NATS listens; empty: a server inside this process. It may hold a password.
	Credentials string       // path of a credentials file for URL
	Dir         string       // where the embedded server stores its streams
	Sync        string       // of the embedded server: SyncAlways (default) or SyncInterval
	Replicas    int          // of the streams on an external cluster; 0 leaves existing streams alone
	Partitions  int          // into how many parts each system's notifications are split; default 8
	MaxPayload  int          // of the embedded server, in bytes; default 4 MiB
	Systems     []hub.System // known at start, to refuse bad names early; may be empty
	Log         *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Sync = cmp.Or(c.Sync, SyncAlways)
	c.Partitions = cmp.Or(c.Partitions, 8)
	c.MaxPayload = cmp.Or(c.MaxPayload, 4<<20)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) check() error {
	var errs []error
	if c.URL == "" && c.Dir == "" {
		errs = append(errs, errors.New("the embedded bus needs a directory to store its streams in"))
	}
	if c.Sync != SyncAlways && c.Sync != SyncInterval {
		errs = append(errs, fmt.Errorf("nats.sync: %q, want %q or %q", c.Sync, SyncAlways, SyncInterval))
	}
	if c.Partitions < 1 || c.Partitions > maxPartitions {
		errs = append(errs, fmt.Errorf("deliver.partitions: %d, want 1 to %d", c.Partitions, maxPartitions))
	}
	if c.MaxPayload < 64<<10 || c.MaxPayload > 32<<20 {
		errs = append(errs, fmt.Errorf("max payload: %d bytes, want 64 KiB to 32 MiB", c.MaxPayload))
	}
	for _, s := range c.Systems {
		if !hub.ValidName(string(s)) {
			errs = append(errs, fmt.Errorf("system %q is not a name of a-z, 0-9, _ and -", s))
		}
	}
	return errors.Join(errs...)
}

// Bus is an open connection to JetStream and what was built on it. It is safe
// for concurrent use.
type Bus struct {
	cfg        Config
	log        *slog.Logger
	partitions int

	embedded *embedded // nil with an external NATS
	syncer   atomic.Pointer[Syncer]
	fault    atomic.Pointer[error] // why the embedded server cannot store, until it was restarted
	trouble  chan struct{}         // wakes the one who mends it
	doubt    chan struct{}         // a publish had no answer: wakes the feed of ids

	// Three connections, so that a flood of pulled messages delays neither an
	// ack nor a publish.
	nc, pulls, acks *nats.Conn
	js              jetstream.JetStream
	asks, confirms  *asker     // over nc and acks
	queueing        sync.Mutex // held while notifications are queued in the embedded server
	buckets         map[string]jetstream.KeyValue

	seen       *index
	lines      *lines
	receipts   sync.Map // *receipts by system
	undertaker undertaker
	watchers   watchers

	work  sync.WaitGroup // goroutines of the bus itself
	stop  context.CancelFunc
	close sync.Once
}

// Open starts the embedded server, or connects to an external one, trying until
// ctx ends. It makes what streams and buckets are missing and returns when the
// ids of the last day's events are known again.
func Open(ctx context.Context, c Config) (*Bus, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b := &Bus{cfg: c, log: c.Log, partitions: c.Partitions, trouble: make(chan struct{}, 1), doubt: make(chan struct{}, 1), seen: newIndex(time.Now), lines: newLines(time.Now)}
	if err := b.open(ctx); err != nil {
		_ = b.Close()
		return nil, fmt.Errorf("bus: %w", err)
	}
	return b, nil
}

func (b *Bus) open(ctx context.Context) error {
	if b.cfg.URL == "" {
		e, err := startEmbedded(b.cfg)
		if err != nil {
			return err
		}
		b.embedded = e
	}
	if err := b.connect(ctx); err != nil {
		return err
	}
	if err := b.makeStreams(ctx); err != nil {
		return err
	}
	if err := b.startSyncer(); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	if b.embedded != nil {
		b.work.Go(func() { b.mend(background) })
	}
	return b.remember(ctx, background)
}

// startSyncer makes what was just created durable: under its default sync the
// server fsyncs neither a stream's metadata nor the folders that hold it, and a
// power cut soon after the first start would leave streams that cannot be found.
func (b *Bus) startSyncer() error {
	if b.embedded == nil {
		return nil
	}
	if err := syncTree(b.embedded.root()); err != nil {
		return fmt.Errorf("sync the store in %s: %w", b.cfg.Dir, err)
	}
	if b.cfg.Sync != SyncAlways {
		return nil
	}
	s, err := newSyncer(b.embedded.stream(streamEvents))
	if err != nil {
		return err
	}
	b.syncer.Store(s)
	return nil
}

// Close stops what the bus does by itself, closes the connections and the
// embedded server. Whoever uses the bus should have stopped before. Closing
// again does nothing.
func (b *Bus) Close() error {
	var err error
	b.close.Do(func() { err = b.shut() })
	return err
}

func (b *Bus) shut() error {
	if b.stop != nil {
		b.stop()
	}
	b.work.Wait()
	for _, nc := range []*nats.Conn{b.acks, b.pulls, b.nc} {
		if nc != nil {
			_ = nc.FlushTimeout(100 * time.Millisecond)
			nc.Close()
		}
	}
	if s := b.syncer.Load(); s != nil {
		s.Close()
	}
	if b.embedded != nil {
		return b.embedded.shut()
	}
	return nil
}

// MaxPayload is the size of the largest message the server takes.
func (b *Bus) MaxPayload() int { return int(b.nc.MaxPayload()) }

// Partitions is how many parts each system's notifications are split into. It
// is what the NOTIFY stream was filled with, which may differ from the
// configuration until the queue has been empty at a start.
func (b *Bus) Partitions() int { return b.partitions }

// Embedded reports whether the server is inside this process.
func (b *Bus) Embedded() bool { return b.embedded != nil }
