package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// Received is an event as it is stored.
type Received struct {
	Seq    uint64
	Stored time.Time
	Event  *hub.Event
	// First is that it is handed out for the first time to anyone of the reader's
	// name, surely.
	First bool
}

const (
	followExpires  = 2 * time.Second // of a pull
	followInactive = 5 * time.Second // after which the server gives a reader's place to another
	followPoll     = 500 * time.Millisecond
	followBack     = 24 * time.Hour // where a reader without a cursor begins

	metaOwner = "bellhop_owner"
)

// Reader is someone who follows the events.
type Reader struct {
	Name  string   // what it goes by; of all with one name one reads at a time
	Types []string // patterns such as "forum.>"; none is every event
	// Handle takes a batch. One that it refuses is handed to it again, after a
	// pause that grows from 100 ms to 5 s, until it is taken or ctx ends: nothing
	// is skipped.
	Handle func(ctx context.Context, batch []Received) error
	// Gather, if set, is how long events are gathered for while more than 500 a
	// second come, so that batches are few and large. Handle still takes those of a
	// quiet time, and a backlog, without any delay.
	Gather time.Duration
	// Begin, if set, is called each time the name is taken, before the first
	// batch. lead ends when the name is lost or the reading stops.
	Begin func(lead context.Context)
	// Floor, if set, is the sequence of the oldest event that Handle took and that
	// is not finished yet, 0 for none. The cursor stays before it, and whoever
	// takes the name reads it again.
	Floor func() uint64
}

// Follow hands the events of r.Types to r.Handle, in order and at least once,
// until ctx ends, which is no error.
//
// Of all that follow under one name, in this hub and in others, one does so at
// a time. It holds a consumer of that name which bears its mark, so that
// another's is refused; the server gives the name away five seconds after the
// reader was last heard of, at most seven after it vanished. A hub that was
// frozen for longer finds out before it hands on the next batch; what it was
// handling just then is handled twice.
//
// An event that cannot be decoded is logged and left out.
//
// How far the reader has come is stored in CURSORS, at most once a second, as
// the place that had been reached three seconds before: what was made of later
// events may not be on disk yet, so that after a power cut they must be handled
// again. Where ctx ends the exact place is stored, once what was made of it is
// on disk. A cursor beyond the end of the stream, whose last events a power cut
// has taken, is set back to the end. Without a cursor the reader begins with the
// first event of the last 24 hours.
func (b *Bus) Follow(ctx context.Context, r Reader) error {
	filters, err := eventFilters(r.Types)
	if err != nil {
		return fmt.Errorf("follow events: %w", err)
	}
	if !validToken(r.Name) {
		return fmt.Errorf("follow events: %q is no name of a-z, 0-9, _ and -", r.Name)
	}
	f := &follower{b: b, Reader: r, owner: randomName()}
	f.tail = b.newTail(jetstream.ConsumerConfig{
		Name: r.Name, FilterSubjects: filters, InactiveThreshold: followInactive,
		Metadata: map[string]string{metaOwner: f.owner},
	}, followExpires)
	for first := true; ctx.Err() == nil; first = false {
		if err := f.lead(ctx); err != nil && ctx.Err() == nil {
			f.report(err, first)
			hub.Wait(ctx, followPoll)
		}
	}
	return nil
}

type follower struct {
	Reader
	b      *Bus
	owner  string
	tail   *tail
	cursor cursor
	last   uint64      // of the stream when the name was ours: up to it another may have read
	busy   atomic.Bool // in handle
	waits  bool        // another leads
}

var errFollowed = errors.New("another hub follows under this name")

// report tells each change of state once.
func (f *follower) report(err error, first bool) {
	if errors.Is(err, errFollowed) {
		if first || !f.waits {
			f.b.log.Info("another hub reads the events, standing by", "reader", f.Name)
		}
		f.waits = true
		return
	}
	f.waits = false
	f.b.log.Warn("reading events is interrupted", "reader", f.Name, "err", err)
}

// lead takes the name, reads until it is lost or ctx ends, and gives it back.
func (f *follower) lead(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	f.waits = false
	lost, stop := make(chan struct{}), make(chan struct{})
	go func() { // keeps the name while handle takes its time and no pull is out
		defer close(lost)
		f.keep(stop)
	}()
	leading, end := context.WithCancel(ctx)
	if f.Begin != nil {
		f.Begin(leading)
	}
	err := f.read(ctx)
	end()
	close(stop)
	<-lost
	if ctx.Err() != nil {
		f.finish(context.WithoutCancel(ctx))
		return nil //nolint:nilerr // it ended because ctx did
	}
	f.tail.pull.close()
	f.tail.next.Store(0) // what was read and not handled is read again
	f.cursor.reached = f.cursor.done
	return err
}

// take makes the consumer that is the lock.
func (f *follower) take(ctx context.Context) error {
	if err := f.load(ctx); err != nil {
		return err
	}
	if owner, err := f.holder(ctx); err != nil {
		return err
	} else if owner == f.owner {
		f.tail.close() // ours, from before: it may have lost its place
	} else if owner != "" {
		return errFollowed
	}
	if _, err := f.tail.open(ctx); isAPI(err, jetstream.JSErrCodeConsumerExists) {
		return errFollowed
	} else if err != nil {
		return err
	}
	var err error
	if _, f.last, err = f.b.bounds(ctx, streamEvents); err != nil {
		return err
	}
	if next := f.tail.next.Load(); next > 0 && next <= f.cursor.written { // beyond the end, and set back
		if err := f.b.saveCursor(ctx, f.Name, next-1); err != nil {
			return err
		}
		f.cursor = cursor{written: next - 1}
	}
	return f.load(ctx) // whoever led before us may have gone on since
}

// holder is the mark of who has the name, empty for nobody.
func (f *follower) holder(ctx context.Context) (string, error) {
	c, err := f.b.js.Consumer(ctx, streamEvents, f.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.CachedInfo().Config.Metadata[metaOwner], nil
}

// load reads the cursor and goes on from there, unless we have come further.
func (f *follower) load(ctx context.Context) error {
	seq, found, err := f.b.loadCursor(ctx, f.Name)
	if err != nil {
		return err
	}
	if f.cursor.reached > 0 || found {
		f.tail.next.Store(max(f.cursor.reached, seq) + 1)
		f.cursor.written = seq
		return nil
	}
	f.tail.since = time.Now().Add(-followBack)
	return nil
}

func (f *follower) keep(stop chan struct{}) {
	tick := time.NewTicker(followExpires)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			if f.busy.Load() {
				_ = knock(f.b.pulls, streamEvents, f.Name)
			}
		}
	}
}

func (f *follower) read(ctx context.Context) error {
	var g gatherer
	for {
		batch, err := f.tail.read(ctx)
		if err != nil {
			return err
		}
		gathered := g.until(time.Now(), f.Gather, batch)
		if err := f.prove(ctx); err != nil {
			return err
		}
		if err := f.pass(ctx, batch); err != nil {
			return err
		}
		if seq, ok := f.cursor.due(time.Now()); ok {
			f.save(ctx, seq)
		}
		if left := time.Until(gathered); left > 0 && !hub.Wait(ctx, left) {
			return ctx.Err()
		}
	}
}

// prove makes sure that the name is still ours, if the last proof is older than
// the server would wait.
func (f *follower) prove(ctx context.Context) error {
	if time.Since(f.tail.proof) < followInactive-time.Second {
		return nil
	}
	owner, err := f.holder(ctx)
	if err == nil && owner != f.owner {
		err = errFollowed
	}
	return err
}

// pass hands a batch to handle until it is taken.
func (f *follower) pass(ctx context.Context, batch []read) error {
	events := f.b.decode(batch)
	for i := range events {
		events[i].First = events[i].Seq > f.last
	}
	f.busy.Store(true)
	defer f.busy.Store(false)
	for pause := 100 * time.Millisecond; len(events) > 0; pause = min(2*pause, 5*time.Second) {
		err := f.Handle(ctx, events)
		if err == nil {
			break
		}
		for i := range events {
			events[i].First = false
		}
		if ctx.Err() == nil {
			f.b.log.Warn("events could not be handled, trying again", "reader", f.Name, "first", events[0].Seq, "last", events[len(events)-1].Seq, "err", err)
		}
		if !hub.Wait(ctx, pause) {
			return ctx.Err()
		}
	}
	if len(batch) > 0 {
		f.cursor.reached = batch[len(batch)-1].seq
	}
	f.cursor.mark(time.Now(), f.floor())
	return nil
}

// floor is the oldest event that is not finished, 0 for none.
func (f *follower) floor() uint64 {
	if f.Floor == nil {
		return 0
	}
	return f.Floor()
}

func (b *Bus) decode(batch []read) []Received {
	events := make([]Received, 0, len(batch))
	for _, m := range batch {
		e := new(hub.Event)
		if err := Decode(m.Data, e); err != nil {
			b.log.Warn("an event cannot be decoded and is left out", "seq", m.seq, "subject", m.Subject, "err", err)
			continue
		}
		events = append(events, Received{Seq: m.seq, Stored: m.stored, Event: e})
	}
	return events
}

func (f *follower) save(ctx context.Context, seq uint64) {
	if err := f.b.saveCursor(ctx, f.Name, seq); err != nil {
		f.b.log.Warn("how far events were read could not be stored", "reader", f.Name, "err", err)
		return
	}
	f.cursor.written = seq
}

// finish stores the exact place and gives the name back, in this order.
func (f *follower) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	f.cursor.mark(time.Now(), f.floor())
	if f.cursor.done > f.cursor.written && f.b.settle() == nil {
		f.save(ctx, f.cursor.done)
	}
	f.tail.close()
}

// settle makes durable what was derived from events, where that is up to us.
func (b *Bus) settle() error {
	if b.embedded == nil {
		return nil
	}
	return syncTree(b.embedded.stream(streamNotify))
}
