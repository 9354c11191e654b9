package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	claimBatch   = 500
	claimExpires = time.Second
	goneTimeout  = 2 * time.Second
	claimLease   = 2500 * time.Millisecond // from when a pull that was answered was made

	metaClaim = "bellhop_claim"
)

// Claim is the right to deliver one partition of a system's notifications: the
// one consumer that may read it. The server refuses a second, as work queues do
// not let consumers overlap, and deleting it takes the right away.
//
// Messages are rung, never redelivered: a new owner makes a new consumer, to
// which the stream plays what is left, in order.
type Claim struct {
	b         *Bus
	system    hub.System
	partition int
	name      string // with an epoch: a revived owner must not pull from its successor's consumer
	last      uint64 // of the stream when the partition was ours: those up to it may have been in other hands

	born   time.Time
	nth    uint64                 // of the message rung last, in the consumer
	until  atomic.Int64           // of the lease, since born
	prefix atomic.Pointer[string] // of ack subjects, as the server writes them
}

// Ring announces one queued notification.
type Ring struct {
	Lane string
	Seq  uint64
	Body []byte
}

// Claim takes a partition. It is ErrOwned while another has it; a vanished
// owner has it until BuryDead.
func (b *Bus) Claim(ctx context.Context, system hub.System, partition int, owner string) (*Claim, error) {
	filter, err := notifyFilter(system, partition)
	if err != nil {
		return nil, err
	}
	c := &Claim{b: b, system: system, partition: partition, born: time.Now()}
	c.name = string(system) + "-" + strconv.Itoa(partition) + "-" + randomName()
	prefix := "$JS.ACK." + streamNotify + "." + c.name
	c.prefix.Store(&prefix)
	_, err = b.js.CreateConsumer(ctx, streamNotify, jetstream.ConsumerConfig{
		Name: c.name, FilterSubject: filter, AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		MaxAckPending: -1, AckWait: 24 * time.Hour, MaxDeliver: -1, MemoryStorage: true,
		InactiveThreshold: 5 * time.Minute, // clears away rubbish; it is not the lease
		Metadata:          map[string]string{metaClaim: owner},
	})
	if isAPI(err, errCodeOverlap) {
		return nil, ErrOwned
	}
	if err != nil {
		return nil, fmt.Errorf("claim partition %d of %s: %w", partition, system, err)
	}
	c.renew(c.born)
	if _, c.last, err = b.bounds(ctx, streamNotify); err != nil {
		c.last = math.MaxUint64 // then nothing is surely the first, which costs time and no more
	}
	return c, nil
}

// First reports whether a message was surely rung to nobody before.
func (c *Claim) First(seq uint64) bool { return seq > c.last }

// errCodeOverlap is "filtered consumer not unique on workqueue stream".
const errCodeOverlap jetstream.ErrorCode = 10100

// Run hands every message of the partition to ring, in stream order, each once,
// until ctx ends, and keeps the lease. Where the claim has been taken away it
// returns ErrLost. After any error the claim must be made anew: what was on its
// way then may be lost, and is never delivered again. It runs once, and ring must not block: while it does, the
// lease is not renewed.
func (c *Claim) Run(ctx context.Context, ring func(Ring)) error {
	maxBytes := max(16<<20, 2*c.b.MaxPayload())
	pull := newPuller(c.b.pulls, streamNotify, c.name, claimBatch, maxBytes, claimExpires)
	defer pull.close()
	for {
		m, err := pull.next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if c.gone(ctx) {
				return ErrLost
			}
			return fmt.Errorf("read partition %d of %s: %w", c.partition, c.system, err)
		}
		c.renew(pull.asked)
		if m == nil {
			continue
		}
		if err := c.ring(m, ring); err != nil {
			return err
		}
	}
}

// ring passes a message on, unless one before it is missing.
func (c *Claim) ring(m *nats.Msg, ring func(Ring)) error {
	p, ok := parsePlace(m.Reply)
	if !ok || p.nth != c.nth+1 {
		return fmt.Errorf("read partition %d of %s: %w: number %d came after %d", c.partition, c.system, errMissed, p.nth, c.nth)
	}
	c.nth = p.nth
	if p.nth == 1 {
		c.prefix.Store(&p.prefix)
	}
	ring(Ring{Lane: laneOf(m.Subject), Seq: p.seq, Body: m.Data})
	return nil
}

// gone reports whether the server has no such consumer any more. A server that
// does not answer proves nothing: the lease runs out by itself.
func (c *Claim) gone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, goneTimeout)
	defer cancel()
	_, err := c.b.js.Consumer(ctx, streamNotify, c.name)
	return errors.Is(err, jetstream.ErrConsumerNotFound)
}

func (c *Claim) renew(asked time.Time) {
	c.until.Store(int64(asked.Sub(c.born) + claimLease))
}

// Valid reports whether the partition is still surely ours. Without it nothing
// may be posted: the partition may have another owner. It goes by the monotonic
// clock, so that a process that was stopped finds its lease run out.
func (c *Claim) Valid() bool {
	return time.Since(c.born) < time.Duration(c.until.Load())
}

// Get reads a message by its sequence; it is ErrGone if it was removed.
func (c *Claim) Get(ctx context.Context, seq uint64) ([]byte, error) {
	s, err := c.b.get(ctx, streamNotify, seq)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, ErrGone
	}
	return s.data, nil
}

// Refill reads up to limit messages of a lane after a sequence. It makes the
// server search, and is for a lane whose rings were dropped. None means that
// the lane holds no more.
func (c *Claim) Refill(ctx context.Context, lane string, after uint64, limit int) ([]Ring, error) {
	subject, err := notifySubject(c.system, c.partition, lane)
	if err != nil {
		return nil, err
	}
	r := getRequest{Seq: after + 1, NextFor: subject, Batch: max(limit, 1)}
	got, err := c.b.getBatch(ctx, streamNotify, r)
	if err != nil {
		return nil, err
	}
	if len(got) == 0 { // a replica that is behind would say so too
		r.Batch = 0
		s, err := c.b.getFromLeader(ctx, streamNotify, r)
		if s == nil || err != nil {
			return nil, err
		}
		got = append(got, s)
	}
	rings := make([]Ring, len(got))
	for i, s := range got {
		rings[i] = Ring{Lane: lane, Seq: s.seq, Body: s.data}
	}
	return rings, nil
}

// Release gives the partition back at once. What was not acked stays queued.
func (c *Claim) Release(ctx context.Context) error {
	c.until.Store(0)
	err := c.b.js.DeleteConsumer(ctx, streamNotify, c.name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("release partition %d of %s: %w", c.partition, c.system, err)
	}
	return nil
}
