package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	ackTimeout = 2 * time.Second
	ackPause   = 100 * time.Millisecond
)

// Rung is a message that a claim has rung.
type Rung struct {
	*Claim
	Seq uint64
}

// Ack removes messages that were rung, and those only. It returns when the server
// has confirmed each of them, asking again every two seconds until ctx ends; it is
// ErrLost where the claim of one has been taken away, and the others are removed.
// Repeating it does no harm.
func (b *Bus) Ack(ctx context.Context, rung ...Rung) error {
	lost := map[*Claim]bool{}
	for len(rung) > 0 {
		unheard, err := b.ackOnce(ctx, &rung)
		for _, c := range unheard {
			lost[c] = lost[c] || c.gone(ctx)
		}
		rung = slices.DeleteFunc(rung, func(r Rung) bool { return lost[r.Claim] })
		switch {
		case len(rung) == 0:
		case ctx.Err() != nil:
			return fmt.Errorf("ack %d and %d others: %w", rung[0].Seq, len(rung)-1, ctx.Err())
		case !errors.Is(err, context.DeadlineExceeded):
			hub.Wait(ctx, ackPause)
		}
	}
	for _, is := range lost {
		if is {
			return ErrLost
		}
	}
	return nil
}

// ackOnce asks for each of rung once and leaves those that were not confirmed. It
// returns the claims that the server seems not to know.
func (b *Bus) ackOnce(ctx context.Context, rung *[]Rung) (unheard []*Claim, err error) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	asked := *rung
	ms, last := make([]*nats.Msg, len(asked)), make(map[*Claim]int)
	for i, r := range asked {
		ms[i] = &nats.Msg{Subject: *r.prefix.Load() + ".1." + strconv.FormatUint(r.Seq, 10) + ".1.1.0"}
		last[r.Claim] = i
	}
	// Of those that a lost connection or a new leader swallows, one that came later
	// knows nothing. An embedded server has no other leader, and takes what one
	// connection brings in order: there the last of a claim speaks for the others.
	inOrder := b.embedded != nil
	asks := func(i int) bool { return !inOrder || last[asked[i].Claim] == i }
	done := make([]bool, len(asked))
	err = b.confirms.some(ctx, ms, asks, func(i int, m *nats.Msg) {
		if done[i] = !nobody(m); !done[i] && !slices.Contains(unheard, asked[i].Claim) {
			unheard = append(unheard, asked[i].Claim)
		}
	})
	left := make([]Rung, 0, len(asked))
	for i, r := range asked {
		if spokenFor := inOrder && err == nil && done[last[r.Claim]]; !done[i] && !spokenFor {
			left = append(left, r)
		}
	}
	*rung = left
	return unheard, err
}

// Ack removes a message that was rung, as Bus.Ack does.
func (c *Claim) Ack(ctx context.Context, seq uint64) error { return c.b.Ack(ctx, Rung{c, seq}) }
