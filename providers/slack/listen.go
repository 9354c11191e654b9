package slack

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// answerWithin is how long Slack is kept waiting. It gives up after three
// seconds, of which the way to us and back takes some:
// https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
const answerWithin = hub.CommandPatience + 100*time.Millisecond

// Bounds on what goes on after Slack has its answer.
const (
	choreTime  = time.Minute
	choresLast = 10 * time.Second // once we shall stop
)

// Listen implements providers.Listener. With an app-level token it calls Slack
// and hears it over that connection; else it waits, for Slack calls us.
func (c *Client) Listen(ctx context.Context, ear providers.Ear) error {
	defer c.chores.wait()
	if err := c.introduce(ctx); err != nil {
		return err
	}
	if c.appToken.Empty() {
		<-ctx.Done()
		return nil
	}
	return c.hearSocket(ctx, ear)
}

// introduce asks who we are, so that our mentions are known. Slack also says it
// with each event: where it cannot be asked now, that has to do.
func (c *Client) introduce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, choresLast)
	defer cancel()
	w, api := c.open()
	who, err := api.AuthTestContext(ctx)
	if err != nil {
		if e := c.judge("auth.test", w, err); e.Fault == hub.FaultUnauthorized {
			return e
		}
		return nil
	}
	c.learn(who)
	return nil
}

// delivery is one thing that Slack told.
type delivery struct {
	ear   providers.Ear
	at    time.Time // when it came
	stamp string    // tells it from all others: its signature, or its envelope
	// socket says that it came over the socket, where the answer may be lost when
	// the connection breaks and is bounded: what can be said another way is.
	socket bool
}

// answer is what Slack gets for a delivery: an empty 200 if it says nothing.
type answer struct {
	status int
	text   string
	body   any                   // JSON
	then   func(context.Context) // to be done after Slack has it
}

// hear tells the ear of an event, and gives up when Slack does.
func (c *Client) hear(ctx context.Context, ear providers.Ear, e *hub.Event) error {
	done := make(chan error, 1)
	c.chores.do(ctx, func(context.Context) { done <- ear.Hear(ctx, e) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask gives a command to the hub. later is that there is no reply in the time
// that Slack waits; if the ear gives one after all it is shown then.
func (c *Client) ask(ctx context.Context, ear providers.Ear, command *hub.Command) (r hub.Reply, later bool) {
	type outcome struct {
		reply hub.Reply
		later bool
	}
	done := make(chan outcome, 1)
	var settled atomic.Bool
	c.chores.do(ctx, func(free context.Context) {
		r, later := ear.Do(free, command)
		if settled.CompareAndSwap(false, true) {
			done <- outcome{r, later}
		} else if !later && shows(command.Command.Kind) {
			c.show(free, command, r)
		}
	})
	select {
	case o := <-done:
		return o.reply, o.later
	case <-ctx.Done():
		if settled.CompareAndSwap(false, true) {
			return hub.Reply{}, true
		}
		o := <-done
		return o.reply, o.later
	}
}

// shows reports whether a reply to a kind of command is for eyes, also when it
// comes late: that to a lookup or a closed form is not.
func shows(kind hub.CommandKind) bool { return kind == hub.KindSubmit || kind == hub.KindForm }

// show answers, and tells the log where that fails: nobody waits for it.
func (c *Client) show(ctx context.Context, command *hub.Command, r hub.Reply) {
	if _, err := c.Answer(ctx, command, r); err != nil {
		c.log.Warn("an answer was not shown", "system", c.system, "chat", command.Context.Channel.ID, "command", command.Command.ID, "err", err)
	}
}

// chores are what goes on after Slack has got its answer.
type chores struct {
	mu   sync.Mutex
	left int
	idle chan struct{} // closed when nothing is left; nil if nobody waits
}

// do starts one. It outlives ctx, but not for long.
func (c *chores) do(ctx context.Context, chore func(context.Context)) {
	c.mu.Lock()
	c.left++
	c.mu.Unlock()
	go func() {
		defer c.done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), choreTime)
		defer cancel()
		chore(ctx)
	}()
}

func (c *chores) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// wait returns when all is done, or has had its time.
func (c *chores) wait() {
	c.mu.Lock()
	if c.left == 0 {
		c.mu.Unlock()
		return
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	last := time.NewTimer(choresLast)
	defer last.Stop()
	select {
	case <-idle:
	case <-last.C:
	}
}
