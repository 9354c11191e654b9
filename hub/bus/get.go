package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stored is a message as a stream holds it.
type stored struct {
	subject string
	seq     uint64
	at      time.Time
	id      string // its Nats-Msg-Id, empty for none
	line    string // the name of its hub.Line, empty for none
	data    []byte
	gone    bool   // of a key: it says that there is no value
	waiting uint64 // of a request for several: matching messages after this one
}

// getRequest is the body of a direct get:
// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-31.md
type getRequest struct {
	Seq      uint64     `json:"seq,omitempty"`
	From     *time.Time `json:"start_time,omitempty"` // of several, in place of Seq
	NextFor  string     `json:"next_by_subj,omitempty"`
	LastFor  string     `json:"last_by_subj,omitempty"`
	Batch    int        `json:"batch,omitempty"`
	MaxBytes int        `json:"max_bytes,omitempty"`
}

const getTimeout = 2 * time.Second

// get reads one message, nil if there is none. Any replica answers a direct
// get, also one that is behind: before believing that a message is gone, the
// leader is asked.
func (b *Bus) get(ctx context.Context, stream string, seq uint64) (*stored, error) {
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	body, err := json.Marshal(getRequest{Seq: seq})
	if err != nil {
		return nil, err
	}
	m, err := b.acks.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+stream, body)
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", seq, stream, err)
	}
	if m.Header.Get("Status") == "" {
		return parseStored(m)
	}
	return b.getFromLeader(ctx, stream, getRequest{Seq: seq})
}

func (b *Bus) getFromLeader(ctx context.Context, stream string, r getRequest) (*stored, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	m, err := b.acks.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, body)
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", r.Seq, stream, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Time    time.Time `json:"time"`
			Header  []byte    `json:"hdrs"`
			Data    []byte    `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", r.Seq, stream, err)
	}
	if e := answer.Error; e != nil {
		if e.ErrorCode == jetstream.JSErrCodeMessageNotFound {
			return nil, nil
		}
		return nil, fmt.Errorf("get message %d of %s: %w", r.Seq, stream, e)
	}
	got := answer.Message
	header, err := nats.DecodeHeadersMsg(got.Header)
	if err != nil && len(got.Header) > 0 {
		return nil, fmt.Errorf("headers of message %d of %s: %w", r.Seq, stream, err)
	}
	return &stored{subject: got.Subject, seq: got.Seq, at: got.Time, id: header.Get(jetstream.MsgIDHeader), line: lineIn(header), data: got.Data, gone: isGone(header)}, nil
}

// getBatch reads up to r.Batch messages from r.Seq on, in order.
func (b *Bus) getBatch(ctx context.Context, stream string, r getRequest) ([]*stored, error) {
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	r.MaxBytes = max(8<<20, 2*b.MaxPayload())
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	inbox, in := b.acks.NewInbox(), make(chan *nats.Msg, r.Batch+1)
	sub, err := b.acks.ChanSubscribe(inbox, in)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := b.acks.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return nil, err
	}
	var got []*stored
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("get messages from %d of %s: %w", r.Seq, stream, ctx.Err())
		case m := <-in:
			switch m.Header.Get("Status") {
			case "":
				s, err := parseStored(m)
				if err != nil {
					return nil, err
				}
				got = append(got, s)
			case "204", "404": // end of the batch, or nothing at all
				return got, nil
			default:
				return nil, fmt.Errorf("get messages from %d of %s: %s %s", r.Seq, stream, m.Header.Get("Status"), m.Header.Get("Description"))
			}
		}
	}
}

func parseStored(m *nats.Msg) (*stored, error) {
	seq, err1 := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	at, err2 := time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("the answer to a direct get: %w", err)
	}
	waiting, _ := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64) // only of a batch
	return &stored{
		subject: m.Header.Get(jetstream.SubjectHeader), seq: seq, at: at,
		id: m.Header.Get(jetstream.MsgIDHeader), line: lineIn(m.Header), data: m.Data, gone: isGone(m.Header), waiting: waiting,
	}, nil
}

// isGone reports whether a message of a bucket stands for a key that was deleted,
// by somebody or by its age.
func isGone(h nats.Header) bool {
	return h.Get("KV-Operation") != "" || h.Get(jetstream.MarkerReasonHeader) != ""
}

// window is how many messages are read at once.
const window = 128

// backward visits the messages of a stream, newest first, from sequence `from`
// down (0: from its end), at most `look` of them. It returns where to go on, 0
// at the stream's beginning; visit may end it early by saying no.
func (b *Bus) backward(ctx context.Context, stream string, from uint64, look int, visit func(*stored) bool) (uint64, error) {
	first, last, err := b.bounds(ctx, stream)
	if err != nil {
		return 0, err
	}
	if from == 0 || from > last {
		from = last
	}
	for high := from; high >= first && high > 0; {
		if look <= 0 {
			return high, nil
		}
		low := max(first, high-min(high-1, uint64(min(window, look))-1))
		got, err := b.span(ctx, stream, low, high)
		if err != nil {
			return 0, err
		}
		for i := len(got) - 1; i >= 0; i-- {
			if visit(got[i]) {
				continue
			}
			if got[i].seq <= first {
				return 0, nil
			}
			return got[i].seq - 1, nil
		}
		look -= int(high - low + 1)
		high = low - 1
	}
	return 0, nil
}

// span reads all messages from low to high.
func (b *Bus) span(ctx context.Context, stream string, low, high uint64) ([]*stored, error) {
	var all []*stored
	for low <= high {
		got, err := b.getBatch(ctx, stream, getRequest{Seq: low, Batch: int(high - low + 1)})
		if err != nil {
			return nil, err
		}
		if len(got) == 0 {
			return all, nil
		}
		for _, s := range got {
			if s.seq <= high {
				all = append(all, s)
			}
		}
		low = got[len(got)-1].seq + 1
	}
	return all, nil
}

// bounds are the first and the last sequence of a stream; last < first when it
// is empty.
func (b *Bus) bounds(ctx context.Context, stream string) (first, last uint64, err error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return 0, 0, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	state := s.CachedInfo().State
	return state.FirstSeq, state.LastSeq, nil
}
