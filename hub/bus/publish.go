package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	publishTimeout = 2 * time.Second
	batchTimeout   = 5 * time.Second // of several messages, for which no sender waits
	headerRoom     = 1024            // bytes of headers and subject
)

// Ack says where an event is stored.
type Ack struct {
	Seq       uint64
	Duplicate bool // it was there already
}

// Publish stores e and returns when it is as durable as configured. An event
// whose id was stored within the last day is a duplicate and is not stored
// again; its acknowledgement is as good, since it waits for the disk like any
// other. On an error nothing is acknowledged, though the event may be stored:
// publish the same event again. It is ErrUnavailable if that may help.
//
// The id alone is compared: an id that is unique only within its source must be
// made unique before. An event that has a Line may be given another id: that of the
// one which it tells again, or where its own is that of one which it is not. Nothing
// else of an event is written.
func (b *Bus) Publish(ctx context.Context, e *hub.Event) (Ack, error) {
	m, err := b.eventMsg(e)
	if err != nil {
		return Ack{}, err
	}
	if fault := b.fault.Load(); fault != nil {
		return Ack{}, unavailable("publish event", *fault)
	}
	ack, err := b.store(ctx, e, m)
	if err != nil {
		return Ack{}, unavailable("publish event", err)
	}
	if s := b.syncer.Load(); s != nil {
		if err := s.Sync(); err != nil {
			b.suspect(fmt.Errorf("sync events: %w", err))
			return Ack{}, unavailable("publish event", err)
		}
	} else if b.embedded != nil && b.cfg.Sync == SyncAlways {
		return Ack{}, unavailable("publish event", errors.New("the store is being restarted"))
	}
	return ack, nil
}

// store stores e, of which m is made, or finds where it is stored.
func (b *Bus) store(ctx context.Context, e *hub.Event, m *nats.Msg) (Ack, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	told, err := b.findTold(ctx, e)
	if err != nil {
		return Ack{}, err
	} else if told != nil {
		e.ID = hub.EventID(told.id)
		return Ack{Seq: told.seq, Duplicate: true}, nil
	}
	known, err := b.findEvent(ctx, e.ID)
	if err != nil {
		return Ack{}, err
	}
	base, id := msgID(string(e.ID)), e.ID
	if known != nil {
		other := b.lines.turned(e.Line, base)
		if other == 0 {
			return Ack{Seq: known.seq, Duplicate: true}, nil
		}
		another := *e
		another.ID = hub.EventAfter(e.ID, other)
		if m, err = b.eventMsg(&another); err != nil {
			return Ack{}, err
		}
		id = another.ID
	}
	m.Header = nats.Header{jetstream.MsgIDHeader: {msgID(string(id))}}
	writeLine(m.Header, e.Line, base)
	ack, err := b.put(ctx, m)
	if err != nil {
		b.suspect(nil)
		select {
		case b.doubt <- struct{}{}: // it may be stored all the same
		default:
		}
		return Ack{}, err
	}
	b.seen.add(msgID(string(id)), ack.Seq, time.Now())
	if !ack.Duplicate {
		b.lines.note(e.Line, base, ack.Seq, b.lines.now())
	}
	if id != e.ID { // who reads an event without a line meanwhile reads what nobody writes
		e.ID = id
	}
	return ack, nil
}

// eventMsg is e on its way, an Error with CodeInvalid if it cannot be sent.
func (b *Bus) eventMsg(e *hub.Event) (*nats.Msg, error) {
	if err := e.Validate(); err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "event: %s", err)
	}
	subject, err := eventSubject(e.Source, e.Type)
	if err != nil {
		return nil, err
	}
	data, err := e.AppendJSON(nil)
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "event: %s", err)
	}
	if len(data)+headerRoom > b.MaxPayload() {
		return nil, hub.Errorf(hub.CodeInvalid, "the event has %d bytes, the bus takes %d", len(data), b.MaxPayload()-headerRoom)
	}
	return &nats.Msg{Subject: subject, Data: data}, nil
}

// Tell stores events that can be told again or done without, such as what
// became of a notification: it waits until the server has them, but not for the
// disk, and recognises no duplicates.
func (b *Bus) Tell(ctx context.Context, es ...*hub.Event) error {
	ms := make([]*nats.Msg, 0, len(es))
	for _, e := range es {
		m, err := b.eventMsg(e)
		if err != nil {
			return err
		}
		ms = append(ms, m)
	}
	return b.publishAll(ctx, "tell events", ms, b.putAll)
}

// publishAll publishes in order without waiting in between, then waits until all are
// stored.
func (b *Bus) publishAll(ctx context.Context, what string, ms []*nats.Msg, put func(context.Context, []*nats.Msg) error) error {
	if fault := b.fault.Load(); fault != nil {
		return unavailable(what, *fault)
	}
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	if err := put(ctx, ms); err != nil {
		if ctx.Err() != nil {
			b.suspect(nil)
		}
		return unavailable(what, err)
	}
	return nil
}
