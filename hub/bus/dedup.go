package bus

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// Senders retry for hours (a forum's last attempt comes 156 minutes after its
// first), the server remembers ids for seconds: the rest is up to the index.
const (
	remembered  = 26 * time.Hour // more than the 24 h promised, by what clocks may differ
	generations = 27
)

// index knows which events of the last day are stored where, by a fingerprint
// of their ids. It costs 28 bytes of memory per event (BenchmarkIndex, a million
// events spread over a day). A fingerprint proves nothing by itself: who finds
// one compares the id in the stream.
type index struct {
	seed maphash.Seed
	now  func() time.Time

	mu   sync.RWMutex
	gens [generations]generation // that of hour h is h % generations
}

type generation struct {
	hour int64
	seqs map[uint64]uint64
}

func newIndex(now func() time.Time) *index {
	return &index{seed: maphash.MakeSeed(), now: now}
}

// add notes that id is stored at seq since at. What is too old is left out.
func (x *index) add(id string, seq uint64, at time.Time) {
	mark, hour := maphash.String(x.seed, id), hourOf(at)
	x.mu.Lock()
	defer x.mu.Unlock()
	g := &x.gens[hour%generations]
	if g.hour > hour || hour <= hourOf(x.now())-generations {
		return
	}
	if g.hour < hour {
		*g = generation{hour: hour, seqs: map[uint64]uint64{}}
	}
	g.seqs[mark] = seq
}

// find lists where id may be stored.
func (x *index) find(id string) []uint64 {
	mark, oldest := maphash.String(x.seed, id), hourOf(x.now())-generations
	x.mu.RLock()
	defer x.mu.RUnlock()
	var seqs []uint64
	for _, g := range x.gens {
		if seq, ok := g.seqs[mark]; ok && g.hour > oldest {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

func hourOf(t time.Time) int64 { return max(t.Unix(), 0) / 3600 }

// findEvent looks id up among the events of the last day and reads it, nil if
// it is not there.
func (b *Bus) findEvent(ctx context.Context, id hub.EventID) (*stored, error) {
	for _, seq := range b.seen.find(msgID(string(id))) {
		s, err := b.get(ctx, streamEvents, seq)
		if err != nil {
			return nil, err
		}
		if s != nil && s.id == msgID(string(id)) {
			return s, nil
		}
	}
	return nil, nil
}

// remember feeds the index with the events of all hubs, and returns when it
// holds what was stored before.
func (b *Bus) remember(ctx, background context.Context) error {
	t := b.newTail(jetstream.ConsumerConfig{
		Name: "seen-" + randomName(), FilterSubjects: retriedFilters(), HeadersOnly: true, InactiveThreshold: 30 * time.Second,
	}, feedHurry)
	t.since = time.Now().Add(-remembered)
	left, err := t.open(ctx)
	if err != nil {
		return err
	}
	f := &feed{b: b, tail: t, left: left, caught: make(chan struct{})}
	if left == 0 {
		f.catchUp()
	}
	b.work.Go(func() {
		defer t.close()
		f.run(background)
	})
	return b.await(ctx, f)
}

// How long a pull of the feed waits for messages: until it has caught up, and
// from then on.
const (
	feedHurry = 500 * time.Millisecond
	feedCalm  = 10 * time.Second
)

// feed reads ids into the index.
type feed struct {
	b      *Bus
	tail   *tail
	left   uint64        // messages that were there at the start and have not been read, as the server counts
	quiet  int           // pulls in a row that brought nothing
	caught chan struct{} // closed when there was nothing left
	done   bool          // it is closed
	calm   bool          // nothing more was waiting at the last look
}

func (f *feed) run(ctx context.Context) {
	for {
		if f.calm && f.b.embedded != nil && !f.doze(ctx) {
			return
		}
		batch, err := f.tail.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.b.log.Debug("reading ids of events is interrupted", "err", err)
			f.tail.reopen(ctx)
			continue
		}
		f.add(batch)
	}
}

// doze stops reading: nobody but this process publishes to an embedded server,
// and Publish itself notes what it stored. Only a publish without an answer
// leaves a doubt, which wakes the feed to look what has become of it.
func (f *feed) doze(ctx context.Context) bool {
	f.tail.close()
	select {
	case <-ctx.Done():
		return false
	case <-f.b.doubt:
	}
	f.calm, f.quiet = false, 0
	f.tail.patience(feedHurry)
	f.tail.reopen(ctx)
	return ctx.Err() == nil
}

func (f *feed) add(batch []read) {
	for _, m := range batch {
		f.b.seen.add(m.Header.Get(jetstream.MsgIDHeader), m.seq, m.stored)
		line, base := readLine(m.Header)
		f.b.lines.note(line, base, m.seq, m.stored)
		f.left--
		if f.left == 0 || m.waiting == 0 {
			f.catchUp()
		}
	}
	f.quiet++
	if len(batch) > 0 {
		f.quiet = 0
	}
	// After a kill the server may count more messages than it has.
	if f.quiet >= 2 {
		f.catchUp()
	}
}

func (f *feed) catchUp() {
	f.calm = true
	f.tail.patience(feedCalm)
	if f.done {
		return
	}
	f.done = true
	close(f.caught)
}

func (b *Bus) await(ctx context.Context, f *feed) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-f.caught:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			b.log.Info("reading the ids of the last day's events", "sequence", f.tail.next.Load())
		}
	}
}
