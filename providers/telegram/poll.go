package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	placeName = "updates"
	// pollFor is how long Telegram keeps a question open, in seconds: less than our
	// client waits for an answer.
	pollFor = 20
	// While something is still being done, the news of others is asked for.
	lookAgain = 250 * time.Millisecond
	// Who has had no updates for a week gets ids that begin anywhere, maybe below
	// the last: https://core.telegram.org/bots/api#update. An offset above them
	// would make Telegram forget them.
	placeHolds = 6 * 24 * time.Hour
	// conflicts is how often in a row another program may have been in our way. Of
	// a worker that takes over, the other one is a moment ago's.
	conflicts = 5
	// showings is how often the answer to a button is tried to be shown.
	showings = 5
)

// place is how far we have come: the first update that is not done with.
type place struct {
	Offset int64     `json:"offset"`
	At     time.Time `json:"at"` // when it was so
}

// poll asks Telegram for news until ctx ends.
func (c *Client) poll(ctx context.Context, ear providers.Ear) error {
	var me identity
	failed := c.persist(ctx, func() (failed *providers.Failed) { me, failed = c.self(ctx); return failed })
	if failed == nil {
		failed = c.persist(ctx, func() *providers.Failed { return c.unhook(ctx) })
	}
	switch {
	case failed != nil:
		return failed.Err
	case ctx.Err() != nil:
		return nil
	}
	p := &poller{c: c, ear: ear, me: me, open: map[int64]bool{}, done: map[int64]bool{}, lanes: map[string]chan struct{}{}, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(ctx)
	defer p.all.Wait()
	defer cancel()
	if !p.resume(ctx) {
		return nil
	}
	return p.run(ctx)
}

// unhook takes away the webhook, with which nobody may ask.
func (c *Client) unhook(ctx context.Context) *providers.Failed {
	var is hooked
	if failed := c.call(ctx, opHooked, nil, &is); failed != nil || is.URL == "" {
		return failed
	}
	c.log.WarnContext(ctx, "the bot had a webhook: it is taken away, since no webhook_secret is set")
	var done bool
	return c.call(ctx, opUnhook, nil, &done)
}

// poller asks for updates and has them taken: those of a chat one after the
// other, save that nobody waits for a button. What is done with is confirmed;
// what is not, Telegram tells again, so that nothing is lost when we end here.
type poller struct {
	c   *Client
	ear providers.Ear
	me  identity

	at   place
	kept int64 // the offset that was stored last

	all     sync.WaitGroup
	changed chan struct{}

	mu    sync.Mutex
	open  map[int64]bool // being done
	done  map[int64]bool // and not yet confirmed
	lanes map[string]chan struct{}
}

// resume finds out how far we have come. It is false when ctx has ended.
func (p *poller) resume(ctx context.Context) bool {
	for attempt := 0; ; attempt++ {
		b, err := p.ear.Place(ctx, placeName)
		if err == nil {
			if json.Unmarshal(b, &p.at) != nil || time.Since(p.at.At) > placeHolds {
				p.at = place{}
			}
			p.kept = p.at.Offset
			return true
		}
		p.c.log.WarnContext(ctx, "place not known", "attempt", attempt+1, "err", err)
		if !pause(ctx, attempt, nil) {
			return false
		}
	}
}

func (p *poller) run(ctx context.Context) error {
	var t trouble
	for ctx.Err() == nil {
		updates, failed := p.ask(ctx)
		if failed == nil {
			t = trouble{}
			p.settle(ctx, p.start(ctx, updates))
			continue
		}
		if final := p.mend(ctx, failed, &t); final != nil {
			return final
		}
	}
	return nil
}

// trouble is what went wrong since Telegram last answered.
type trouble struct {
	failures, conflicts int
}

// mend waits before Telegram is asked again, with no webhook in the way. An error
// is for a person to mend.
func (p *poller) mend(ctx context.Context, failed *providers.Failed, t *trouble) error {
	said := strings.ToLower(failed.Said)
	conflict := strings.HasPrefix(said, "conflict")
	passing := failed.Err.Fault == hub.FaultTemporary || failed.Err.Fault == hub.FaultRateLimited
	switch {
	case conflict && t.conflicts+1 < conflicts:
		t.conflicts++
		if strings.Contains(said, "webhook") {
			_ = p.c.unhook(ctx) // if it fails, the next question does as well
		}
	case !passing:
		return failed.Err
	}
	if ctx.Err() == nil {
		p.c.log.WarnContext(ctx, "no news from Telegram", "attempt", t.failures+1, "err", failed.Err)
	}
	pause(ctx, t.failures, failed.Err)
	t.failures++
	return nil
}

// ask asks for updates. Naming the first that we want confirms those before it.
func (p *poller) ask(ctx context.Context) ([]json.RawMessage, *providers.Failed) {
	wait := pollFor
	if p.busy() {
		wait = 0
	}
	params := tgbotapi.Params{"timeout": strconv.Itoa(wait), "limit": "100", "allowed_updates": object(heard)}
	if p.at.Offset != 0 && time.Since(p.at.At) < placeHolds {
		params["offset"] = strconv.FormatInt(p.at.Offset, 10)
	}
	var updates []json.RawMessage
	failed := p.c.call(ctx, opUpdates, params, &updates)
	return updates, failed
}

func (p *poller) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open) > 0
}

// start has those updates taken that are new, and lists the ids of all.
func (p *poller) start(ctx context.Context, updates []json.RawMessage) []int64 {
	var ids []int64
	for _, raw := range updates {
		u, _ := readUpdate(raw) // what is wrong with it is told when it is taken
		if u.ID <= 0 {
			p.c.log.WarnContext(ctx, "update without an id left out")
			continue
		}
		ids = append(ids, u.ID)
		p.begin(ctx, u.ID, u.lane(), raw)
	}
	return ids
}

func (p *poller) begin(ctx context.Context, id int64, lane string, raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[id] || p.done[id] {
		return
	}
	p.open[id] = true
	before, mine := p.lanes[lane], make(chan struct{})
	if lane == "" {
		before = nil
	} else {
		p.lanes[lane] = mine
	}
	p.all.Go(func() {
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
				return
			}
		}
		if p.work(ctx, raw) {
			p.finish(id, lane, mine)
		}
	})
}

// work has an update taken, however long that takes. It is false if ctx ended
// before.
func (p *poller) work(ctx context.Context, raw []byte) bool {
	for attempt := 0; ; attempt++ {
		err := p.c.take(ctx, p.ear, p.me, raw)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		}
		p.c.log.WarnContext(ctx, "update not taken", "attempt", attempt+1, "err", err)
		if errors.Is(err, errNotShown) && attempt+1 >= showings {
			return true
		}
		if !pause(ctx, attempt, err) {
			return false
		}
	}
}

func (p *poller) finish(id int64, lane string, mine chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, id)
	p.done[id] = true
	if p.lanes[lane] == mine {
		delete(p.lanes, lane)
	}
	close(mine)
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// settle waits a moment until the updates are done with, and keeps how far we
// have come.
func (p *poller) settle(ctx context.Context, ids []int64) {
	if len(ids) == 0 && !p.busy() {
		return
	}
	moment := time.NewTimer(lookAgain)
	defer moment.Stop()
	for wait := true; wait; {
		if p.advance(ids) {
			break
		}
		select {
		case <-p.changed:
		case <-moment.C:
			wait = false
		case <-ctx.Done():
			return
		}
	}
	if p.at.Offset == p.kept {
		return
	}
	b, _ := json.Marshal(p.at) // of a number and a time
	if err := p.ear.SetPlace(ctx, placeName, b); err != nil {
		p.c.log.WarnContext(ctx, "place not kept", "err", err) // Telegram itself remembers what was confirmed
		return
	}
	p.kept = p.at.Offset
}

// advance moves on to the first of the updates that is not done with. It reports
// whether all are.
func (p *poller) advance(ids []int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(ids) == 0 {
		return len(p.open) == 0
	}
	open := slices.IndexFunc(ids, func(id int64) bool { return !p.done[id] })
	next := ids[len(ids)-1] + 1
	if open >= 0 {
		next = ids[open]
	}
	p.at = place{Offset: next, At: time.Now().UTC()}
	known := map[int64]bool{}
	for _, id := range ids {
		if p.done[id] {
			known[id] = true
		}
	}
	p.done = known
	return open < 0
}
