package apps

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// record is a command that was taken, and what it led to.
type record struct {
	At time.Time `json:"at"`
	// Reply is nil while it runs, and Command what runs.
	Reply   *hub.Reply   `json:"reply,omitempty"`
	Command *hub.Command `json:"command,omitempty"`
}

// flight is a command that runs in this process.
type flight struct {
	done chan struct{}

	mu      sync.Mutex
	reply   hub.Reply
	failed  error // it did not begin
	ended   bool
	overdue bool // whoever asked was told that the reply comes later
}

// end notes the reply, or why there is none; overdue is that it must be
// delivered.
func (f *flight) end(r hub.Reply, failed error) (overdue bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reply, f.failed, f.ended = r, failed, true
	close(f.done)
	return f.overdue
}

// leave is for whoever waits no longer: the reply if it has just come, else it
// will be delivered.
func (f *flight) leave() (r hub.Reply, later bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.overdue = f.overdue || !f.ended
	return f.reply, !f.ended, f.failed
}

// owed is for a message, which is answered where it was said: now is that the
// reply is there and is to be shown by whoever asks. A message that is told twice
// is answered once.
func (f *flight) owed() (r hub.Reply, now bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now = f.ended && !f.overdue
	f.overdue = true
	return f.reply, now, f.failed
}

// errTaken says that another hub, or an earlier life of this one, has taken a
// command.
var errTaken = errors.New("the command was taken before")

// board takes the id of a command and runs it. Where it runs here already that
// flight is returned, and the error is errTaken where it runs or ran elsewhere.
func (h *Host) board(ctx context.Context, c *hub.Command, run func(context.Context) hub.Reply) (*flight, error) {
	id := c.Command.ID
	h.mu.Lock()
	if had := h.flights[id]; had != nil {
		h.mu.Unlock()
		return had, nil
	}
	if h.ended {
		h.mu.Unlock()
		return nil, hub.Errorf(hub.CodeUnavailable, "this hub is stopping")
	}
	f := &flight{done: make(chan struct{})}
	h.flights[id] = f
	h.work.Add(1)
	h.mu.Unlock()

	value, err := json.Marshal(record{At: h.Now().UTC(), Command: c})
	mine := false
	if err == nil {
		_, mine, err = h.Commands.Swap(ctx, commandKey(id), value, 0)
	}
	if !mine || err != nil {
		h.land(id)
		if err == nil {
			err = errTaken
		}
		f.end(hub.Reply{}, err) // for those who found it here meanwhile
		return nil, err
	}
	go h.fly(c, f, run) //nolint:gosec // a command goes on when nobody waits for it any longer
	return f, nil
}

func commandKey(id hub.CommandID) string { return hub.Digest(string(id)) }

func (h *Host) land(id hub.CommandID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.flights, id)
	h.work.Done()
}

// fly runs a command by itself: neither a platform that hangs up nor a hub that
// stops ends it.
func (h *Host) fly(c *hub.Command, f *flight, run func(context.Context) hub.Reply) {
	defer h.land(c.Command.ID)
	ctx, cancel := context.WithTimeout(context.Background(), h.Patience+2*answerIn)
	defer cancel()
	r := run(ctx)
	overdue := f.end(r, nil)
	if overdue {
		h.show(c, r) // which may take longer than ctx
	}
	noting, done := context.WithTimeout(context.Background(), answerIn)
	defer done()
	h.note(noting, c.Command.ID, r)
}

// note stores what a command led to, for whoever tells it again.
func (h *Host) note(ctx context.Context, id hub.CommandID, r hub.Reply) {
	value, err := json.Marshal(record{At: h.Now().UTC(), Reply: &r})
	if err == nil {
		err = h.Commands.Put(ctx, commandKey(id), value)
	}
	if err != nil {
		h.Log.Warn("the reply to a command could not be kept", "command", id, "err", err)
	}
}

// answerIn is within what time a worker has its answer, even if it is only that
// there is none yet.
const answerIn = hub.CommandPatience - 500*time.Millisecond

// await waits for the reply of a flight.
func (f *flight) await(ctx context.Context) (r hub.Reply, later bool, err error) {
	limit := time.NewTimer(answerIn)
	defer limit.Stop()
	select {
	case <-f.done:
	case <-ctx.Done():
	case <-limit.C:
	}
	return f.leave()
}

// awaitOther waits for the reply to a command that runs elsewhere, or ran.
func (h *Host) awaitOther(ctx context.Context, id hub.CommandID) (r hub.Reply, later bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	for {
		had, err := h.recorded(ctx, id)
		switch {
		case had != nil && had.Reply != nil:
			return *had.Reply, false, nil
		case err != nil && ctx.Err() == nil:
			return hub.Reply{}, false, err
		case had != nil && h.stale(had):
			return interrupted, false, nil
		}
		if !hub.Wait(ctx, 50*time.Millisecond) {
			return hub.Reply{}, true, nil
		}
	}
}

func (h *Host) recorded(ctx context.Context, id hub.CommandID) (*record, error) {
	value, revision, err := h.Commands.Get(ctx, commandKey(id))
	if err != nil || revision == 0 {
		return nil, err
	}
	had := new(record)
	return had, json.Unmarshal(value, had)
}

// stale reports whether nobody runs a command any more that has no reply, nor
// shows its reply.
func (h *Host) stale(r *record) bool {
	return r.Reply == nil && h.Now().Sub(r.At) > h.Patience+4*answerIn+showPatience
}

var interrupted = hub.Refuse("Bellhop was stopped while it did this. Look whether it was done before you say it again.")

// sweepEvery is how often is looked for commands that nobody finished: all of a
// day are read for it.
const sweepEvery = 10 * time.Minute

// sweep answers commands whose hub has vanished while it ran them, now and then
// until ctx ends.
func (h *Host) sweep(ctx context.Context) {
	// What this hub left when it stopped is stale soon after it is back.
	for pause := h.Patience + 5*answerIn + showPatience; ; pause = sweepEvery {
		err := h.Commands.Each(ctx, func(key string, value []byte, revision uint64) error {
			var had record
			if err := json.Unmarshal(value, &had); err != nil || had.Command == nil || !h.stale(&had) {
				return nil //nolint:nilerr // of an older version: nobody waits for it any more
			}
			done, err := json.Marshal(record{At: h.Now().UTC(), Reply: &interrupted})
			if err != nil {
				return err
			}
			if _, mine, err := h.Commands.Swap(ctx, key, done, revision); err != nil || !mine {
				return err
			}
			h.show(had.Command, interrupted)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			h.Log.Warn("unfinished commands could not be looked for", "err", err)
		}
		if !hub.Wait(ctx, pause) {
			return
		}
	}
}
