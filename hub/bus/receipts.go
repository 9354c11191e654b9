package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	// mostPlaces is of how many messages of a system it is known at least in which
	// list their receipts are, 20 to 40 bytes each.
	mostPlaces = 100_000
	// listSize is how long a list may become: it is read whole to find one receipt.
	listSize = 32 << 10
	// listsAtOnce is how many lists are read at once.
	listsAtOnce = 1000
)

// receipts are what a platform said of the messages of a system, as the stream has
// them: in lists, each of what was put while the list before was on its way. Where
// nothing was put for a while one goes at once, and in a flood the server stores one
// message for dozens. Which list tells of which message is known here, and is read
// from the stream before every look.
type receipts struct {
	b       *Bus
	subject string

	mu     sync.Mutex
	places places
	read   uint64     // all lists up to this sequence are in places
	put    uint64     // the last of our own
	lists  []*list    // to be stored, the last of them open for more
	storer bool       // somebody stores them
	next   *reading   // that has not begun
	turn   sync.Mutex // of readings
}

// list is a list of receipts: lines of a key, a space and JSON.
type list struct {
	keys []string
	data []byte
	done chan struct{}
	err  error
}

// reading is a look at what others have put, for all who asked before it began.
type reading struct {
	done chan struct{}
	err  error
}

// Receipt is what is known of a notification that was sent within the last 48
// hours and is among the last 100,000 of its system, as far as 30 MiB hold those of
// all systems; nil if nothing is.
func (b *Bus) Receipt(ctx context.Context, system hub.System, id hub.NotificationID) (*hub.Receipt, error) {
	r, err := b.receiptsOf(system)
	if err != nil {
		return nil, err
	}
	return r.find(ctx, key(string(id)))
}

// PutReceipt stores what a platform said of a notification.
func (b *Bus) PutReceipt(ctx context.Context, system hub.System, id hub.NotificationID, receipt hub.Receipt) error {
	r, err := b.receiptsOf(system)
	if err != nil {
		return err
	}
	said, err := receipt.AppendJSON(nil)
	if err != nil {
		return err
	}
	l := r.append(ctx, key(string(id)), said)
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return fmt.Errorf("store a receipt: %w", ctx.Err())
	}
}

func (b *Bus) receiptsOf(system hub.System) (*receipts, error) {
	subject, err := receiptsSubject(system)
	if err != nil {
		return nil, err
	}
	r, known := b.receipts.Load(system)
	if !known {
		r, _ = b.receipts.LoadOrStore(system, &receipts{b: b, subject: subject})
	}
	return r.(*receipts), nil
}

// append puts a receipt on the list that is stored next.
func (r *receipts) append(ctx context.Context, key string, said []byte) *list {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.lists) - 1; last < 0 || len(r.lists[last].data)+len(key)+len(said) > listSize {
		r.lists = append(r.lists, &list{done: make(chan struct{})})
	}
	l := r.lists[len(r.lists)-1]
	l.keys = append(l.keys, key)
	l.data = append(append(append(append(l.data, key...), ' '), said...), '\n')
	if !r.storer {
		r.storer = true
		go r.store(context.WithoutCancel(ctx))
	}
	return l
}

// store stores lists, one after the other, as long as there are any.
func (r *receipts) store(ctx context.Context) {
	for {
		r.mu.Lock()
		if len(r.lists) == 0 {
			r.storer = false
			r.mu.Unlock()
			return
		}
		l := r.lists[0]
		r.lists = r.lists[1:]
		r.mu.Unlock()
		l.err = r.storeOne(ctx, l)
		close(l.done)
	}
}

func (r *receipts) storeOne(ctx context.Context, l *list) error {
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	ack, err := r.b.put(ctx, &nats.Msg{Subject: r.subject, Data: l.data})
	if err != nil {
		return fmt.Errorf("store receipts: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if ack.Seq <= r.put { // it is another stream, made anew
		r.places, r.read = places{}, 0
	}
	r.put = ack.Seq
	for _, k := range l.keys {
		r.places.enter(k, ack.Seq)
	}
	if r.read+1 == ack.Seq {
		r.read = ack.Seq
	}
	return nil
}

// find is the receipt of a key, nil if there is none.
func (r *receipts) find(ctx context.Context, key string) (*hub.Receipt, error) {
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	seq := r.places.find(key)
	r.mu.Unlock()
	if seq == 0 {
		return nil, nil
	}
	s, err := r.b.get(ctx, streamReceipts, seq)
	if s == nil || err != nil {
		return nil, err
	}
	said := lastSaid(s.data, key)
	if said == nil {
		return nil, nil
	}
	receipt := new(hub.Receipt)
	if err := json.Unmarshal(said, receipt); err != nil {
		return nil, fmt.Errorf("receipts of %s, message %d: %w", streamReceipts, seq, err)
	}
	return receipt, nil
}

// eachLine visits the lines of a list. What is no line of one is passed over.
func eachLine(data []byte, visit func(key, said []byte)) {
	for line := range bytes.Lines(data) {
		if key, said, ok := bytes.Cut(line, []byte{' '}); ok && len(key) > 0 {
			visit(key, bytes.TrimSuffix(said, []byte{'\n'}))
		}
	}
}

// lastSaid is what a list says of a key last, nil if nothing.
func lastSaid(data []byte, key string) (last []byte) {
	eachLine(data, func(k, said []byte) {
		if string(k) == key {
			last = said
		}
	})
	return last
}

// refresh returns when all that was stored before the call is known. All who call
// meanwhile share one reading.
func (r *receipts) refresh(ctx context.Context) error {
	r.mu.Lock()
	next := r.next
	if next == nil {
		next = &reading{done: make(chan struct{})}
		r.next = next
		go r.begin(context.WithoutCancel(ctx), next) // others wait for it too
	}
	r.mu.Unlock()
	select {
	case <-next.done:
		return next.err
	case <-ctx.Done():
		return fmt.Errorf("read receipts: %w", ctx.Err())
	}
}

func (r *receipts) begin(ctx context.Context, n *reading) {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	r.next = nil // who asks from now on may know of something that we do not find
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	if err := r.readOn(ctx); err != nil {
		n.err = fmt.Errorf("read receipts: %w", err)
	}
	close(n.done)
}

// readOn reads from where we have come to the end. What it has read when it fails
// need not be read again.
func (r *receipts) readOn(ctx context.Context) error {
	for {
		r.mu.Lock()
		from := r.read + 1
		r.mu.Unlock()
		got, err := r.b.getBatch(ctx, streamReceipts, getRequest{Seq: from, NextFor: r.subject, Batch: listsAtOnce})
		if err != nil {
			return err
		}
		read := r.enter(got)
		if n := len(got); n > 0 && got[n-1].waiting > 0 {
			continue
		}
		if r.b.cfg.Replicas <= 1 {
			return nil
		}
		// Any replica answers, also one that is behind: a message that was just sent
		// would be unknown.
		last, err := r.b.getFromLeader(ctx, streamReceipts, getRequest{LastFor: r.subject})
		if err != nil || last == nil || last.seq <= read {
			return err
		}
		if !hub.Wait(ctx, ackPause) {
			return ctx.Err()
		}
	}
}

// enter notes what lists tell of, and returns up to where all is known.
func (r *receipts) enter(lists []*stored) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range lists {
		eachLine(s.data, func(key, _ []byte) { r.places.enter(string(key), s.seq) })
		r.read = max(r.read, s.seq)
	}
	return r.read
}

// places are the sequences of the lists that tell of keys, by a hash of 64 bits: of
// two keys that have the same one, the earlier is forgotten. So are the oldest of
// many.
type places struct {
	young, old map[uint64]uint64
}

var placesSeed = maphash.MakeSeed()

func (p *places) enter(key string, seq uint64) {
	if len(p.young) >= mostPlaces {
		p.old, p.young = p.young, nil
	}
	if p.young == nil {
		p.young = map[uint64]uint64{}
	}
	h := maphash.String(placesSeed, key)
	p.young[h] = max(p.young[h], seq)
}

// find is the sequence of the last list that tells of a key, 0 if none does.
func (p *places) find(key string) uint64 {
	h := maphash.String(placesSeed, key)
	return max(p.young[h], p.old[h])
}
