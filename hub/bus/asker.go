package bus

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// maxUnanswered is how many of many requests are on their way at once.
const maxUnanswered = 4096

// lostEvery is how often somebody who waits for answers looks whether they can
// still come.
const lostEvery = 250 * time.Millisecond

// errAnswersLost says that the connection was another one in between: whether all
// requests arrived is not known.
var errAnswersLost = errors.New("the connection was lost before the answers came")

// asker sends many requests over a connection at once. All answers come by one
// subscription that lasts: a server that gets a new one goes through all subjects
// that it remembers, and so it does when it loses it.
type asker struct {
	nc    *nats.Conn
	inbox string // with the dot behind it

	mu   sync.Mutex
	last uint64            // number of the newest of open
	open map[string]*asked // by number
}

// asked are requests of which some answers have not come.
type asked struct {
	name     string // its number
	n        int
	answered func(i int, m *nats.Msg)
	got      int           // answers
	enough   int           // of them wake the one who waits
	wake     chan struct{} // it is full once they are there
}

func newAsker(nc *nats.Conn) (*asker, error) {
	a := &asker{nc: nc, inbox: nc.NewInbox() + ".", open: map[string]*asked{}}
	sub, err := nc.Subscribe(a.inbox+"*", a.take)
	if err != nil {
		return nil, err
	}
	return a, sub.SetPendingLimits(-1, -1) // those who ask set the limit
}

// take takes in one answer.
func (a *asker) take(m *nats.Msg) {
	name, index, _ := strings.Cut(strings.TrimPrefix(m.Subject, a.inbox), "-")
	i, err := strconv.Atoi(index)
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.open[name]
	if q == nil || err != nil || i < 0 || i >= q.n {
		return // it came too late
	}
	q.answered(i, m)
	if q.got++; q.got == q.enough {
		q.wake <- struct{}{}
	}
}

// all sends requests in order without waiting in between, and gives each answer
// to answered with the index of its request, one after the other. It returns when all
// are answered, or with an error: then any of the others may have been carried out, or
// not.
func (a *asker) all(ctx context.Context, ms []*nats.Msg, answered func(i int, m *nats.Msg)) error {
	return a.some(ctx, ms, func(int) bool { return true }, answered)
}

// some is all where only some are asked for an answer. The others are sent in
// their places, over the same connection, and that is all that is known of them.
func (a *asker) some(ctx context.Context, ms []*nats.Msg, asks func(i int) bool, answered func(i int, m *nats.Msg)) error {
	connected := a.nc.Stats().Reconnects
	q := a.begin(len(ms), answered)
	defer a.end(q)
	for sent, asking, got := 0, 0, 0; sent < len(ms) || got < asking; {
		for ; sent < len(ms) && asking-got < maxUnanswered; sent++ {
			if asks(sent) {
				ms[sent].Reply = a.inbox + q.name + "-" + strconv.Itoa(sent)
				asking++
			}
			if err := a.nc.PublishMsg(ms[sent]); err != nil {
				return err
			}
		}
		enough := asking
		if sent < len(ms) {
			enough -= maxUnanswered / 2 // then there is room for more
		}
		var err error
		if got, err = a.await(ctx, q, enough, connected); err != nil {
			return err
		}
	}
	if a.nc.Stats().Reconnects != connected {
		return errAnswersLost
	}
	return nil
}

func (a *asker) begin(n int, answered func(i int, m *nats.Msg)) *asked {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	q := &asked{name: strconv.FormatUint(a.last, 36), n: n, answered: answered, wake: make(chan struct{}, 1)}
	a.open[q.name] = q
	return q
}

// end ends the interest in answers: no call of answered begins any more.
func (a *asker) end(q *asked) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, q.name)
}

// await waits for so many answers, and returns how many there are.
func (a *asker) await(ctx context.Context, q *asked, enough int, connected uint64) (got int, err error) {
	a.mu.Lock()
	q.enough, got = enough, q.got
	a.mu.Unlock()
	if got >= enough {
		return got, nil
	}
	look := time.NewTicker(lostEvery)
	defer look.Stop()
	for {
		select {
		case <-q.wake:
			return enough, nil
		case <-look.C:
			if a.nc.Stats().Reconnects != connected || a.nc.IsClosed() {
				return 0, errAnswersLost
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// nobody reports whether an answer is the server's word that nobody listens to the
// request: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md
func nobody(m *nats.Msg) bool { return len(m.Data) == 0 && m.Header.Get("Status") == "503" }
