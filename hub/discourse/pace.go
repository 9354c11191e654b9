package discourse

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bellhop-chat/bellhop/hub"
)

// patience is how long a request waits for its turn. What would wait longer is
// told when to come back: others have something to do meanwhile.
const patience = 5 * time.Second

// pace spaces requests. In no minute does it let more pass than the limit: a
// few at once, the others evenly.
type pace struct {
	perMinute int

	now func() time.Time

	mu      sync.Mutex
	limiter *rate.Limiter
	until   time.Time // the forum wants no request before
}

func newPace(perMinute int, now func() time.Time) *pace {
	perMinute = max(perMinute, 2)
	burst := max(perMinute/6, 1)
	return &pace{perMinute: perMinute, now: now, limiter: rate.NewLimiter(rate.Limit(float64(perMinute-burst)/60), burst)}
}

// hold keeps requests back for a while.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(d); until.After(p.until) {
		p.until = until
	}
}

// wait returns when a request may be made.
func (p *pace) wait(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, turn, err := p.next(ctx)
		if err != nil || d <= 0 {
			return err
		}
		if !hub.Wait(ctx, d) {
			return ctx.Err()
		}
		if turn && !p.held() {
			return nil
		}
	}
}

// next takes a turn, d from now. While the forum wants no request there is none
// to take.
func (p *pace) next(ctx context.Context) (d time.Duration, turn bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if d = p.until.Sub(now); d > 0 {
		if tooLong(ctx, d) {
			return 0, false, &AwayError{After: d, Err: errors.New("the forum wants no requests for a while, there were too many")}
		}
		return d, false, nil
	}
	r := p.limiter.ReserveN(now, 1)
	d = r.DelayFrom(now)
	if tooLong(ctx, d) {
		r.CancelAt(now)
		return 0, false, &AwayError{After: d, Err: errors.New("more was to be asked of the forum than it takes in a minute")}
	}
	return d, true, nil
}

// Pace is how many requests the client makes in a minute at most, and until when
// the forum wants none, zero if it takes them.
func (c *Client) Pace() (perMinute int, held time.Time) {
	c.pace.mu.Lock()
	defer c.pace.mu.Unlock()
	if c.pace.until.After(c.now()) {
		held = c.pace.until
	}
	return c.pace.perMinute, held
}

func (p *pace) held() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.After(p.now())
}

func tooLong(ctx context.Context, d time.Duration) bool {
	if d > patience {
		return true
	}
	end, ok := ctx.Deadline()
	return ok && d > 0 && time.Until(end) < d
}
