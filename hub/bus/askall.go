package bus

import (
	"context"
	"errors"
	"strconv"
	"strings"
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

// askAll sends requests in order without waiting in between, and gives each answer
// to answered with the index of its request. It returns when all are answered, or
// with an error: then any of the others may have been carried out, or not. One
// subscription is for all answers: a request by itself costs several times as much.
func askAll(ctx context.Context, nc *nats.Conn, ms []*nats.Msg, answered func(i int, m *nats.Msg)) error {
	return askSome(ctx, nc, ms, func(int) bool { return true }, answered)
}

// askSome is askAll where only some are asked for an answer. The others are sent in
// their places, over the same connection, and that is all that is known of them.
func askSome(ctx context.Context, nc *nats.Conn, ms []*nats.Msg, asks func(i int) bool, answered func(i int, m *nats.Msg)) error {
	inbox, in := nc.NewInbox()+".", make(chan *nats.Msg, min(len(ms), maxUnanswered))
	sub, err := nc.ChanSubscribe(inbox+"*", in)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	connected := nc.Stats().Reconnects
	look := time.NewTicker(lostEvery)
	defer look.Stop()
	for sent, got := 0, 0; got < len(ms); {
		for ; sent < len(ms) && sent-got < maxUnanswered; sent++ {
			if asks(sent) {
				ms[sent].Reply = inbox + strconv.Itoa(sent)
			} else {
				got++
			}
			if err := nc.PublishMsg(ms[sent]); err != nil {
				return err
			}
		}
		select {
		case m := <-in:
			if i, err := strconv.Atoi(strings.TrimPrefix(m.Subject, inbox)); err == nil && i < len(ms) {
				answered(i, m)
				got++
			}
		case <-look.C:
			if nc.Stats().Reconnects != connected || nc.IsClosed() {
				return errAnswersLost
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if nc.Stats().Reconnects != connected {
		return errAnswersLost
	}
	return nil
}

// nobody reports whether an answer is the server's word that nobody listens to the
// request: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md
func nobody(m *nats.Msg) bool { return len(m.Data) == 0 && m.Header.Get("Status") == "503" }
