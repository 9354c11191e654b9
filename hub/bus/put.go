package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/bellhop-chat/bellhop/hub"
)

// A stream that is just getting a new leader answers nobody.
const (
	putAgain = 2
	putPause = 250 * time.Millisecond
)

// put stores one message and returns when the server has acknowledged it. It is
// the library's PublishMsg, which reads each acknowledgement with reflection:
// two of them stand between a post and the next one of its chat.
func (b *Bus) put(ctx context.Context, m *nats.Msg) (Ack, error) {
	nc := b.js.Conn()
	resp, err := nc.RequestMsgWithContext(ctx, m)
	for n := 0; n < putAgain && errors.Is(err, nats.ErrNoResponders) && hub.Wait(ctx, putPause); n++ {
		resp, err = nc.RequestMsgWithContext(ctx, m)
	}
	if errors.Is(err, nats.ErrNoResponders) {
		return Ack{}, jetstream.ErrNoStreamResponse
	}
	if err != nil {
		return Ack{}, err
	}
	return readAck(resp.Data)
}

// putAll stores messages in order and returns when the server has acknowledged them
// all. On an error any of them may be stored.
func (b *Bus) putAll(ctx context.Context, ms []*nats.Msg) error {
	if len(ms) == 1 {
		_, err := b.put(ctx, ms[0])
		return err
	}
	for n := 0; len(ms) > 0; n++ {
		var failed error
		var unheard []*nats.Msg
		err := b.asks.all(ctx, ms, func(i int, m *nats.Msg) {
			if nobody(m) {
				unheard = append(unheard, ms[i])
			} else if _, err := readAck(m.Data); err != nil {
				failed = err
			}
		})
		switch {
		case err != nil:
			return err
		case failed != nil:
			return failed
		case len(unheard) > 0 && (n == putAgain || !hub.Wait(ctx, putPause)):
			return jetstream.ErrNoStreamResponse
		}
		ms = unheard
	}
	return nil
}

// countedAtOnce is how many messages are counted by two answers. The server holds 128
// MiB of a stream that it has not stored yet, and drops what comes beyond.
const countedAtOnce = 1024

// putCounted is putAll for messages without ids, of a stream that nobody else puts
// any into meanwhile: then the numbers of the first and of the last tell whether all
// are stored, and the server need not answer to each.
func (b *Bus) putCounted(ctx context.Context, ms []*nats.Msg) error {
	for part := range slices.Chunk(ms, countedAtOnce) {
		var first, last Ack
		var failed error
		ends := func(i int) bool { return i == 0 || i == len(part)-1 }
		err := b.asks.some(ctx, part, ends, func(i int, m *nats.Msg) {
			ack, err := readAck(m.Data)
			switch {
			case nobody(m):
				failed = jetstream.ErrNoStreamResponse
			case err != nil:
				failed = err
			}
			if i == 0 {
				first = ack
			}
			last = ack
		})
		switch {
		case err != nil:
			return err
		case failed != nil:
			return failed
		case last.Seq-first.Seq != uint64(len(part)-1):
			return fmt.Errorf("the stream took %d of %d messages", last.Seq-first.Seq+1, len(part))
		}
	}
	return nil
}

// readAck reads an acknowledgement.
func readAck(data []byte) (Ack, error) {
	if ack, ok := plainAck(data); ok {
		return ack, nil
	}
	return parseAck(data)
}

// plainAck reads {"stream":"EVENTS","seq":7}, which is what servers write of a
// message that is new and whose stream is in no domain.
func plainAck(data []byte) (Ack, bool) {
	rest, begins := bytes.CutPrefix(data, []byte(`{"stream":"`))
	name, rest, follows := bytes.Cut(rest, []byte(`","seq":`))
	digits, ends := bytes.CutSuffix(rest, []byte{'}'})
	if !begins || !follows || !ends || len(name) == 0 || bytes.ContainsAny(name, `"\`) {
		return Ack{}, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	return Ack{Seq: seq}, err == nil
}

// parseAck reads any acknowledgement, and what a server says instead of one.
func parseAck(data []byte) (Ack, error) {
	var answer struct {
		*jetstream.PubAck
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return Ack{}, jetstream.ErrInvalidJSAck
	}
	if answer.Error != nil {
		return Ack{}, fmt.Errorf("nats: %w", answer.Error)
	}
	if answer.PubAck == nil || answer.Stream == "" {
		return Ack{}, jetstream.ErrInvalidJSAck
	}
	return Ack{Seq: answer.Sequence, Duplicate: answer.Duplicate}, nil
}
