package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// pause is how long to wait before a connection is made anew: longer each time,
// and never as long as others, who lost theirs in the same moment.
func pause(tries int) time.Duration {
	wait := min(100*time.Millisecond<<min(tries, 10), time.Minute)
	return wait/2 + rand.N(wait/2+1)
}

// steady is how long a connection lasts that is as it should be.
const steady = 10 * time.Second

// Listen implements providers.Listener: over the websocket, if the configuration
// wants it. What comes by HTTP is for Receive.
func (c *Client) Listen(ctx context.Context, ear providers.Ear) error {
	c.ear.Store(&ear)
	if !c.websocket {
		<-ctx.Done()
		return nil
	}
	l := &listener{Client: c, ear: ear}
	if err := l.load(ctx); err != nil {
		return l.failed(ctx, err)
	}
	defer l.save(context.WithoutCancel(ctx))
	for tries := 0; ; tries++ {
		began := time.Now()
		lived, err := l.attend(ctx)
		switch {
		case lived && time.Since(began) > steady:
			tries = 0
		case lived: // one that is cut again and again is no reason to hurry
			tries = min(tries, 2)
		}
		if ctx.Err() != nil || providers.FaultOf(err) == hub.FaultUnauthorized {
			return l.failed(ctx, err)
		}
		wait := max(c.pause(tries), providers.AfterOf(err))
		c.log.WarnContext(ctx, "listening again", "after", wait, "err", err)
		if !hub.Wait(ctx, wait) {
			return nil
		}
	}
}

// listener is one run of Listen.
type listener struct {
	*Client
	ear   providers.Ear
	place place
	saved place
}

// place is how far we have come.
type place struct {
	// Since is when the last that we heard of was, by the server's clock in
	// milliseconds, and Began when we first listened: what was before is not ours.
	Since int64 `json:"since"`
	Began int64 `json:"began"`
	// Connection and Next are where the websocket goes on.
	Connection string `json:"connection,omitempty"`
	Next       int64  `json:"next,omitempty"`
}

// placeName is what the place is stored under.
const placeName = "websocket"

// overlap is how much before Since is read again: the servers of a cluster have
// not quite the same time, and their events come in no strict order.
const overlap = int64(time.Minute / time.Millisecond)

// saving is how often the place is stored. What is told again after a crash was
// heard already, and has the same id.
const saving = time.Second

func (l *listener) load(ctx context.Context) error {
	raw, err := l.ear.Place(ctx, placeName)
	if err != nil || len(raw) == 0 {
		return err
	}
	if err := json.Unmarshal(raw, &l.place); err != nil {
		l.log.WarnContext(ctx, "the place where listening ended cannot be read", "err", err)
		l.place = place{}
	}
	l.saved = l.place
	return nil
}

// save stores the place if it has changed.
func (l *listener) save(ctx context.Context) {
	if l.place == l.saved {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := json.Marshal(l.place)
	if err == nil {
		err = l.ear.SetPlace(ctx, placeName, raw)
	}
	if err != nil {
		l.log.WarnContext(ctx, "the place is not stored", "err", err)
		return
	}
	l.saved = l.place
}

// failed is an error of Listen as the contract wants it.
func (l *listener) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // who is told to end has not failed
	}
	if _, ok := errors.AsType[*providers.Error](err); ok {
		return err
	}
	return &providers.Error{Fault: hub.FaultTemporary, Op: opListen, Err: err}
}

// attend listens on one connection until it breaks. lived is that it was of use.
func (l *listener) attend(ctx context.Context) (lived bool, err error) {
	_, now, err := l.whoAmI(ctx)
	if err != nil {
		return false, err
	}
	if l.place.Began == 0 { // what was said before we came is not for us
		l.place.Began, l.place.Since = now.UnixMilli(), now.UnixMilli()
		l.save(ctx)
	}
	conn, err := l.dial(ctx, l.place.Connection, l.place.Next)
	if err != nil {
		return false, err
	}
	heard, broke := l.follow(conn)
	defer func() {
		conn.close()
		for range heard { // until the reader has ended
		}
	}()
	tick := time.NewTicker(saving)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return lived, nil
		case <-tick.C:
			l.save(ctx)
		case raw, more := <-heard:
			if !more {
				return lived, &providers.Error{Fault: hub.FaultTemporary, Op: opListen, Err: errors.New(unexpected(*broke))}
			}
			if err := l.take(ctx, raw); err != nil {
				return lived, err
			}
			lived = true
		}
	}
}

// ahead is how many messages may wait for an ear that is slow. Beyond them they
// wait at the server, which ends the connection then and goes on later.
const ahead = 256

// follow reads a connection in the background; broke says how it ended, once
// heard is closed.
func (l *listener) follow(conn *socket) (heard <-chan []byte, broke *error) {
	messages, ended := make(chan []byte, ahead), error(nil)
	go func() {
		defer close(messages)
		for {
			raw, err := conn.read()
			if err != nil {
				ended = err
				return
			}
			messages <- raw
		}
	}()
	return messages, &ended
}

// take hears one message of the websocket. It fails when ctx has ended, and when
// what was missed cannot be read.
func (l *listener) take(ctx context.Context, raw []byte) error {
	f, err := parseFrame(raw)
	if err != nil {
		t := l.unsupported("websocket", "raw/"+hub.Digest(string(raw)), nil, "it cannot be read")
		return l.tell(ctx, t)
	}
	if f.Event == "" { // an answer
		return nil
	}
	if f.Event == string(model.WebsocketEventHello) {
		return l.hello(ctx, &f)
	}
	switch {
	case f.Seq < l.place.Next: // it is one that we had
		return nil
	case f.Seq > l.place.Next:
		l.log.WarnContext(ctx, "events of the websocket are missing", "want", l.place.Next, "got", f.Seq)
		if err := l.catchUp(ctx); err != nil {
			return err
		}
	}
	if t, ok := l.translate(ctx, &f, l.place.Connection+"/"+millis(f.Seq)); ok {
		if err := l.tell(ctx, t); err != nil {
			return err
		}
	}
	l.place.Next = f.Seq + 1
	return nil
}

// hello begins a connection of which the server knows nothing yet: a new one, or
// one in the place of another that it has forgotten. What was said in between is
// read by other means.
func (l *listener) hello(ctx context.Context, f *frame) error {
	n, err := f.native()
	if err != nil {
		return &providers.Error{Fault: hub.FaultTemporary, Op: opListen, Err: errors.New("the server's hello cannot be read")}
	}
	l.heardVersion(n.Version)
	if n.ConnectionID != l.place.Connection || f.Seq+1 != l.place.Next {
		if err := l.catchUp(ctx); err != nil {
			return err
		}
	}
	l.place.Connection, l.place.Next = n.ConnectionID, f.Seq+1
	l.save(ctx)
	l.log.InfoContext(ctx, "listening", "connection", n.ConnectionID)
	return nil
}

// tell has the ear hear an event, again until it does.
func (l *listener) tell(ctx context.Context, t told) error {
	for tries := 0; ; tries++ {
		err := l.ear.Hear(ctx, &t.event)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.log.WarnContext(ctx, "an event is not heard yet", "event", t.event.ID, "err", err)
		if !hub.Wait(ctx, l.pause(tries)) {
			return ctx.Err()
		}
	}
	l.place.Since = max(l.place.Since, t.at)
	return nil
}
