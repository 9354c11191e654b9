package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Of a connection, and of what came over it and is not done.
const (
	reconnectFirst = 200 * time.Millisecond
	reconnectMost  = 30 * time.Second
	againFirst     = 100 * time.Millisecond
	againMost      = 5 * time.Second
	socketEvents   = 1_000
	socketAsks     = 200
	largestFrame   = 4 << 20
	// Slack drops an answer of 20 KB or more without a word; it is said in the
	// comment of maxResponseSize in package socketmode.
	socketAnswer = 19_000
	ackTime      = 3 * time.Second
)

// socket is Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode
//
// Events are told in their order, one after the other, and Slack is told that
// one has arrived when the ear has it: else Slack tells it again, over the next
// connection too. What a person waits for is done at once.
type socket struct {
	client *Client
	ear    providers.Ear
	conn   *socketmode.Client
	events chan socketmode.Request
	asks   chan struct{} // as many as there is room for
}

// hearSocket listens until ctx ends.
func (c *Client) hearSocket(ctx context.Context, ear providers.Ear) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &socket{
		client: c, ear: ear,
		events: make(chan socketmode.Request, socketEvents),
		asks:   make(chan struct{}, socketAsks),
	}
	told := make(chan struct{})
	s.conn = c.dialable()
	go func() {
		defer close(told)
		s.tell(ctx)
	}()
	err := s.run(ctx)
	cancel()
	<-told
	return err
}

func (c *Client) dialable() *socketmode.Client {
	api := slack.New(c.token.Reveal(), slack.OptionAppLevelToken(c.appToken.Reveal()),
		slack.OptionAPIURL(c.api), slack.OptionHTTPClient(c.http))
	return socketmode.New(api,
		socketmode.OptionReadLimit(largestFrame), socketmode.OptionLog(log.New(io.Discard, "", 0)))
}

// checkSocket proves the app-level token, if there is one. The address that Slack
// gives for it is left to go out of date.
func (c *Client) checkSocket(ctx context.Context) error {
	if c.appToken.Empty() {
		return nil
	}
	if _, _, err := c.dialable().OpenContext(ctx); err != nil {
		return (&socket{client: c}).judge(err)
	}
	return nil
}

// run keeps a connection. The library makes a new one when one breaks; where
// that fails it would wait up to five minutes, longer than Slack tells things
// again, so that the pauses are ours.
func (s *socket) run(ctx context.Context) error {
	pause := reconnectFirst
	for {
		failed := s.connect(ctx, func() { pause = reconnectFirst })
		if ctx.Err() != nil {
			return nil //nolint:nilerr // we were told to stop, and nothing else counts
		}
		e := s.judge(failed)
		if e.Fault == hub.FaultUnauthorized {
			return e
		}
		wait := max(e.After, pause/2+rand.N(pause/2))
		s.client.log.Warn("no connection to Slack", "system", s.client.system, "err", e, "again_in", wait)
		if !hub.Wait(ctx, wait) {
			return nil
		}
		pause = min(2*pause, reconnectMost)
	}
}

// connect is one run of the library, until it cannot connect.
func (s *socket) connect(ctx context.Context, connected func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.conn.RunContext(ctx) }()
	for {
		select {
		case e := <-s.conn.Events:
			if e.Type == socketmode.EventTypeConnected {
				connected()
			}
			if failed := s.heard(ctx, e); failed != nil {
				stop()
				if err := <-ended; err != nil { // that it was stopped
					s.client.log.Debug("disconnected", "system", s.client.system, "err", err)
				}
				return failed
			}
		case err := <-ended:
			return err
		}
	}
}

// heard is what the library says. It returns at once: while it does not, no
// ping of Slack's is answered. Its error is that there is no connection.
func (s *socket) heard(ctx context.Context, e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeConnectionError:
		if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
			return failed.ErrorObj
		}
	case socketmode.EventTypeErrorBadMessage:
		// It knows fewer kinds of events than Slack has.
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			var r socketmode.Request
			if json.Unmarshal(bad.Message, &r) == nil {
				s.take(ctx, r)
			}
		}
	case socketmode.EventTypeHello:
		s.client.log.Info("listening over Socket Mode", "system", s.client.system)
	default:
		if e.Request != nil {
			s.take(ctx, *e.Request)
		}
	}
	return nil
}

// take sorts what Slack sent. What there is no room for is not acknowledged:
// Slack tells an event again, and a person that nobody answered.
func (s *socket) take(ctx context.Context, r socketmode.Request) {
	if r.EnvelopeID == "" {
		return
	}
	if r.Type == socketmode.RequestTypeEventsAPI {
		select {
		case s.events <- r:
		default:
			s.client.log.Warn("too many events wait, slack will tell this one again", "system", s.client.system)
		}
		return
	}
	select {
	case s.asks <- struct{}{}:
		at := time.Now()
		s.client.chores.do(ctx, func(ctx context.Context) {
			defer func() { <-s.asks }()
			s.ask(ctx, r, at)
		})
	default:
		s.client.log.Warn("too many commands at once, one was dropped", "system", s.client.system)
	}
}

// ask runs what a person waits for.
func (s *socket) ask(ctx context.Context, r socketmode.Request, at time.Time) {
	c := s.client
	d := s.delivery(r, at)
	soon, cancel := context.WithDeadline(ctx, at.Add(answerWithin))
	defer cancel()
	var a answer
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		var command slack.SlashCommand
		if err := json.Unmarshal(r.Payload, &command); err != nil {
			a = c.unsupported(soon, d, r.EnvelopeID, r.Type, r.Payload, "a slash command that cannot be read")
			break
		}
		a = c.slash(soon, d, command)
	case socketmode.RequestTypeInteractive:
		a = c.interaction(soon, d, r.Payload)
	default:
		a = c.unsupported(soon, d, r.EnvelopeID, r.Type, r.Payload, "an envelope of an unknown kind")
	}
	s.acknowledge(ctx, r, a)
	if a.then != nil {
		a.then(ctx)
	}
}

// tell tells events until ctx ends.
func (s *socket) tell(ctx context.Context) {
	for {
		select {
		case r := <-s.events:
			s.tellOne(ctx, r)
		case <-ctx.Done():
			return
		}
	}
}

// tellOne tells an event until the ear takes it.
func (s *socket) tellOne(ctx context.Context, r socketmode.Request) {
	at := time.Now()
	for pause := againFirst; ; pause = min(2*pause, againMost) {
		soon, cancel := context.WithTimeout(ctx, answerWithin)
		a := s.client.event(soon, s.delivery(r, at), r.Payload)
		cancel()
		if a.status == 0 {
			s.acknowledge(ctx, r, a)
			return
		}
		if !hub.Wait(ctx, pause) {
			return
		}
	}
}

func (s *socket) delivery(r socketmode.Request, at time.Time) delivery {
	return delivery{ear: s.ear, at: at, stamp: r.EnvelopeID, socket: true}
}

// acknowledge tells Slack that something arrived. An answer that could not be
// given is none: Slack takes it for a failure, or tells an event again.
func (s *socket) acknowledge(ctx context.Context, r socketmode.Request, a answer) {
	if a.status != 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	if err := s.conn.AckCtx(ctx, r.EnvelopeID, a.body); err != nil {
		s.client.log.Warn("slack was not told that something arrived", "system", s.client.system, "err", err)
	}
}

// judge says why there is no connection.
func (s *socket) judge(err error) *providers.Error {
	const op = "apps.connections.open"
	w := &wire{}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &providers.Error{Fault: hub.FaultRateLimited, Op: op, After: limited.RetryAfter, Err: errors.New("slack asks us to wait")}
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		w.status = status.Code
	}
	e := s.client.judge(op, w, err)
	if e.Fault == hub.FaultUnauthorized {
		e.Err = errors.New(e.Err.Error() + "; Socket Mode takes app_token, an App-Level Token (xapp-…) with the scope connections:write")
	}
	return e
}
