package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/bellhop-chat/bellhop/hub"
)

// tail reads EVENTS in order, from one sequence on, without acks: what it
// misses, it reads again from where it was. Its consumer lives in the server's
// memory and may vanish at any time. It belongs to one goroutine.
type tail struct {
	b       *Bus
	cfg     jetstream.ConsumerConfig
	expires time.Duration

	next  atomic.Uint64 // sequence to go on from; 0: since
	since time.Time
	pull  *puller
	nth   uint64    // of the message read last, in the consumer
	proof time.Time // when the server surely still had the consumer

	missed bool // messages were lost on the way
}

// read is a message as a tail read it.
type read struct {
	*nats.Msg
	place
}

var errMissed = errors.New("messages are missing")

const tailBatch = 256

func (b *Bus) newTail(cfg jetstream.ConsumerConfig, expires time.Duration) *tail {
	cfg.AckPolicy = jetstream.AckNonePolicy
	cfg.MemoryStorage = true
	cfg.Replicas = 1
	return &tail{b: b, cfg: cfg, expires: expires}
}

// open makes the consumer and says how many messages wait for it.
func (t *tail) open(ctx context.Context) (uint64, error) {
	cfg := t.cfg
	if err := t.clamp(ctx); err != nil {
		return 0, err
	}
	if next := t.next.Load(); next > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, next
	} else {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &t.since
	}
	c, err := t.b.js.CreateConsumer(ctx, streamEvents, cfg)
	if err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	maxBytes := max(8<<20, 2*t.b.MaxPayload())
	t.pull = newPuller(t.b.pulls, streamEvents, cfg.Name, tailBatch, maxBytes, t.expires)
	t.nth, t.missed, t.proof = 0, false, time.Now()
	return c.CachedInfo().NumPending, nil
}

// clamp goes back to the stream's end where the tail is beyond it: a power cut
// can take the newest messages, and their sequences are then used again.
func (t *tail) clamp(ctx context.Context) error {
	next := t.next.Load()
	if next == 0 {
		return nil
	}
	_, last, err := t.b.bounds(ctx, streamEvents)
	if err == nil && next > last+1 {
		t.b.log.Warn("a reader of events was beyond their end", "reader", t.cfg.Name, "sequence", next-1, "last", last)
		t.next.Store(last + 1)
	}
	return err
}

// patience is how long a pull waits for messages.
func (t *tail) patience(d time.Duration) {
	t.expires = d
	if t.pull != nil {
		t.pull.expires = d
	}
}

// reopen makes a new consumer of another name, trying until ctx ends.
func (t *tail) reopen(ctx context.Context) {
	t.close()
	prefix, _, _ := strings.Cut(t.cfg.Name, "-")
	for hub.Wait(ctx, 250*time.Millisecond) {
		t.cfg.Name = prefix + "-" + randomName()
		if _, err := t.open(ctx); err == nil {
			return
		}
	}
}

// read waits for messages and returns those that are there, none when it was
// quiet for a while. After an error the tail must be opened again.
func (t *tail) read(ctx context.Context) ([]read, error) {
	if t.pull == nil || t.missed {
		return nil, errMissed
	}
	m, err := t.pull.next(ctx)
	if err != nil {
		return nil, err
	}
	t.proof = t.pull.asked // not now: the answer may have been waiting for a frozen process
	var batch []read
	for ; m != nil; m = t.pull.ready() {
		p, ok := parsePlace(m.Reply)
		if !ok || p.nth != t.nth+1 { // what came before it is whole; the next read says that the rest is not
			t.pull.close()
			t.missed = true
			return batch, nil
		}
		t.nth = p.nth
		if p.seq < t.next.Load() {
			continue
		}
		t.next.Store(p.seq + 1)
		batch = append(batch, read{m, p})
		if len(batch) == tailBatch {
			break
		}
	}
	return batch, nil
}

// close deletes the consumer.
func (t *tail) close() {
	if t.pull == nil {
		return
	}
	t.pull.close()
	t.pull = nil
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = t.b.js.DeleteConsumer(ctx, streamEvents, t.cfg.Name) // it goes by itself too
}

// randomName is a subject token that nobody else chooses.
func randomName() string { return strings.ToLower(rand.Text()[:12]) }
