package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Notify queues notifications, each chat's in the order given. It is safe to
// repeat: a notification that was queued within the last two minutes is not
// queued again. On an error some may be queued; repeat the call with the same
// notifications before the next, and each chat's order stays.
func (b *Bus) Notify(ctx context.Context, ns []hub.Notification) error {
	waves, err := b.waves(ns)
	if err != nil {
		return err
	}
	for _, wave := range waves {
		if err := b.publishAll(ctx, "queue notifications", wave); err != nil {
			return err
		}
	}
	return nil
}

// waves splits notifications so that none has two of one lane. The next wave
// is published when the one before is stored: otherwise the second message of a
// chat could be stored and the first refused, by a full queue or a lost
// connection, and the order would be wrong for good.
func (b *Bus) waves(ns []hub.Notification) ([][]*nats.Msg, error) {
	var waves [][]*nats.Msg
	count := make(map[string]int, len(ns))
	for i := range ns {
		m, err := b.notifyMsg(&ns[i])
		if err != nil {
			return nil, err
		}
		nth := count[m.Subject]
		count[m.Subject]++
		if nth == len(waves) {
			waves = append(waves, nil)
		}
		waves[nth] = append(waves[nth], m)
	}
	return waves, nil
}

func (b *Bus) notifyMsg(n *hub.Notification) (*nats.Msg, error) {
	lane := Lane(n.Chat)
	subject, err := notifySubject(n.System, partition(lane, b.partitions), lane)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	if n.ID == "" || len(data)+headerRoom > b.MaxPayload() {
		return nil, hub.Errorf(hub.CodeInvalid, "notification %q has %d bytes, the bus takes %d", n.ID, len(data), b.MaxPayload()-headerRoom)
	}
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{jetstream.MsgIDHeader: {msgID(string(n.ID))}}}, nil
}

// Backlog is how many notifications wait for a system.
func (b *Bus) Backlog(ctx context.Context, system hub.System) (int64, error) {
	prefix, err := notifyPrefix(system)
	if err != nil {
		return 0, err
	}
	// A request for a batch of one tells how many there are beside it.
	got, err := b.getBatch(ctx, streamNotify, getRequest{Seq: 1, NextFor: prefix + ">", Batch: 1})
	if err != nil || len(got) == 0 {
		return 0, err
	}
	return int64(got[0].waiting) + 1, nil
}

// Dead stores what was given up, and returns when the server has it. It is safe
// to repeat within two minutes.
func (b *Bus) Dead(ctx context.Context, d hub.DeadLetter) error {
	subject, err := deadSubject(d.Notification.System)
	if err != nil {
		return err
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if fault := b.fault.Load(); fault != nil {
		return unavailable("bury notification", *fault)
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	// A notification that was sent again and died again is a letter of its own.
	id := hub.Digest(string(d.Notification.ID), d.Notification.QueuedAt.UTC().String())
	if _, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data, Header: nats.Header{jetstream.MsgIDHeader: {id}}}); err != nil {
		b.suspect(nil)
		return unavailable("bury notification", err)
	}
	return nil
}

// DeadLetters lists what was given up, newest first.
func (b *Bus) DeadLetters(ctx context.Context, page hub.Page) (letters []hub.DeadLetter, next string, err error) {
	from, limit, err := pageOf(page)
	if err != nil {
		return nil, "", err
	}
	on, err := b.backward(ctx, streamDead, from, lookForPage, func(m *stored) bool {
		var d hub.DeadLetter
		if err := json.Unmarshal(m.data, &d); err == nil {
			letters = append(letters, d)
		} else {
			b.log.Warn("a dead letter cannot be decoded", "seq", m.seq, "err", err)
		}
		return len(letters) < limit
	})
	if err != nil {
		return nil, "", fmt.Errorf("list dead letters: %w", err)
	}
	return letters, cursorOf(on), nil
}
