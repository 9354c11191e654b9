package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Ends of a pull that are no message.
var (
	errDeleted = errors.New("the consumer is gone")
	errSilent  = errors.New("no answer to a pull")
)

// puller reads a pull consumer with one request out at a time, so that an
// answer proves that the server still had the consumer when that very request
// was made. It belongs to one goroutine.
type puller struct {
	nc       *nats.Conn
	subject  string
	batch    int
	maxBytes int
	expires  time.Duration

	sub   *nats.Subscription
	in    chan *nats.Msg
	inbox string    // of all requests; each has a token of its own below it
	out   string    // inbox of the request made last
	made  int       // requests so far
	left  int       // messages the request that is out may still bring; 0: none is out
	asked time.Time // when it was made
	timer *time.Timer
}

func newPuller(nc *nats.Conn, stream, consumer string, batch, maxBytes int, expires time.Duration) *puller {
	return &puller{
		nc: nc, batch: batch, maxBytes: maxBytes, expires: expires,
		subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer,
		timer:   time.NewTimer(expires),
	}
}

// next is the next message, or nil when a request has ended without one. On an
// error other than ctx's the next call asks from a new inbox, where no answer
// to an older request comes in.
func (p *puller) next(ctx context.Context) (*nats.Msg, error) {
	m, err := p.take(ctx)
	if err == nil && isStatus(m) {
		if m.Subject != p.out {
			return p.next(ctx)
		}
		p.left = 0
		return nil, p.end(m)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	p.left--
	return m, nil
}

// ready is a message that has come in already, nil for none.
func (p *puller) ready() *nats.Msg {
	if p.left == 0 {
		return nil
	}
	select {
	case m := <-p.in:
		if isStatus(m) {
			if m.Subject == p.out {
				p.left = 0
			}
			return nil // what it says, the next request will be told too
		}
		p.left--
		return m
	default:
		return nil
	}
}

func (p *puller) take(ctx context.Context) (*nats.Msg, error) {
	if p.left == 0 {
		if err := p.ask(); err != nil {
			return nil, err
		}
	}
	select {
	case m := <-p.in:
		return m, nil
	default:
	}
	p.timer.Reset(time.Until(p.asked) + p.expires + time.Second)
	defer p.timer.Stop()
	select {
	case m := <-p.in:
		return m, nil
	case <-p.timer.C:
		return nil, errSilent
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *puller) ask() error {
	if p.sub == nil {
		p.inbox = p.nc.NewInbox()
		p.in = make(chan *nats.Msg, p.batch+16) // more than one request can bring: nothing is dropped
		sub, err := p.nc.ChanSubscribe(p.inbox+".*", p.in)
		if err != nil {
			return err
		}
		p.sub = sub
	}
	// A request that was filled ends with a status all the same, which may come in
	// after the next one was made. Taken for the end of that one it would let two
	// be out, and bring more than there is room for.
	p.made++
	p.out = p.inbox + "." + strconv.Itoa(p.made)
	p.asked, p.left = time.Now(), p.batch
	return p.nc.PublishRequest(p.subject, p.out,
		fmt.Appendf(nil, `{"batch":%d,"max_bytes":%d,"expires":%d}`, p.batch, p.maxBytes, p.expires))
}

// end says what a status means: nil for a request that has run out.
func (p *puller) end(m *nats.Msg) error {
	text := m.Header.Get("Description")
	switch status := m.Header.Get("Status"); {
	case status == "408", status == "409" && (text == "Batch Completed" || text == "Message Size Exceeds MaxBytes"):
		return nil
	case status == "503", status == "409" && text == "Consumer Deleted":
		p.close()
		return errDeleted
	default:
		p.close()
		return fmt.Errorf("a pull ended with %s %s", status, text)
	}
}

func (p *puller) close() {
	if p.sub != nil {
		_ = p.sub.Unsubscribe()
	}
	p.sub, p.in, p.left = nil, nil, 0
}

// knock tells the server that somebody is interested in a consumer without
// taking a message from it: none is as small as one byte, headers and subject
// included.
func knock(nc *nats.Conn, stream, consumer string) error {
	return nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+stream+"."+consumer, nc.NewInbox(),
		[]byte(`{"batch":1,"max_bytes":1,"expires":1000000000}`))
}

// isStatus tells the server's words about a pull from a message: only the
// latter has a subject to ack on. A pulled message comes with the subject it
// was stored under, not that of the inbox.
func isStatus(m *nats.Msg) bool {
	return !strings.HasPrefix(m.Reply, "$JS.ACK.")
}

// place is what the ack subject of a pulled message tells.
type place struct {
	seq     uint64 // in the stream
	nth     uint64 // in the consumer, from 1 without gaps
	stored  time.Time
	waiting uint64 // messages after this one
	prefix  string // of the ack subjects of its consumer
}

// parsePlace reads
//
//	$JS.ACK.<stream>.<consumer>.<delivered>.<seq>.<nth>.<time>.<waiting>
//
// or the longer form, which has a domain and an account after ACK and may have
// more at its end.
func parsePlace(reply string) (place, bool) {
	tokens := make([]string, 0, 12)
	for t := range strings.SplitSeq(reply, ".") {
		tokens = append(tokens, t)
	}
	at := 2
	if len(tokens) >= 11 {
		at = 4
	}
	if len(tokens) < 9 || len(tokens) == 10 || tokens[0] != "$JS" || tokens[1] != "ACK" {
		return place{}, false
	}
	var p place
	var stored int64
	var errs [4]error
	p.seq, errs[0] = strconv.ParseUint(tokens[at+3], 10, 64)
	p.nth, errs[1] = strconv.ParseUint(tokens[at+4], 10, 64)
	stored, errs[2] = strconv.ParseInt(tokens[at+5], 10, 64)
	p.waiting, errs[3] = strconv.ParseUint(tokens[at+6], 10, 64)
	p.stored = time.Unix(0, stored).UTC()
	p.prefix = reply[:len(strings.Join(tokens[:at+2], "."))]
	return p, errors.Join(errs[:]...) == nil
}
