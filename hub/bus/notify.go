package bus

import (
	"context"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Notify queues notifications, each chat's in the order given. It is safe to
// repeat: a notification that was queued seconds ago is not queued again, unless its
// Again has grown, and one that is queued twice is sent once, as its receipt says. On
// an error some may be queued, and none of them is New any more; repeat the call with
// the same notifications before the next, and each chat's order stays. It blocks while
// others queue.
func (b *Bus) Notify(ctx context.Context, ns []hub.Notification) error {
	waves, err := b.waves(ns)
	if err != nil {
		return err
	}
	put := b.putAll
	if b.embedded != nil { // it opens no port: all there is to queue comes by here
		b.queueing.Lock()
		defer b.queueing.Unlock()
		if allNew(ns) {
			put = b.putCounted
		}
	}
	for _, wave := range waves {
		if err := b.publishAll(ctx, "queue notifications", wave, put); err != nil {
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
	var e hub.MessageEncoder
	for i := range ns {
		m, err := b.notifyMsg(&e, &ns[i])
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

func (b *Bus) notifyMsg(e *hub.MessageEncoder, n *hub.Notification) (*nats.Msg, error) {
	lane := Lane(n.Chat)
	subject, err := notifySubject(n.System, partition(lane, b.partitions), lane)
	if err != nil {
		return nil, err
	}
	data, err := e.Notification(n)
	if err != nil {
		return nil, err
	}
	if n.ID == "" || len(data)+headerRoom > b.MaxPayload() {
		return nil, hub.Errorf(hub.CodeInvalid, "notification %q has %d bytes, the bus takes %d", n.ID, len(data), b.MaxPayload()-headerRoom)
	}
	m := &nats.Msg{Subject: subject, Data: data}
	if b.embedded == nil || !isNew(n) {
		m.Header = nats.Header{jetstream.MsgIDHeader: {sendingID(n)}}
	}
	return m, nil
}

// isNew reports whether a notification cannot be queued already. The id of one that
// can tells an embedded server nothing; one outside may have it from a connection
// that was lost, later than from the one after.
func isNew(n *hub.Notification) bool { return n.New && n.Again == 0 }

func allNew(ns []hub.Notification) bool {
	for i := range ns {
		if !isNew(&ns[i]) {
			return false
		}
	}
	return true
}

// sendingID is the Nats-Msg-Id of a notification. What people have sent again is
// the same notification and another message.
func sendingID(n *hub.Notification) string {
	if n.Again == 0 {
		return msgID(string(n.ID))
	}
	return msgID(fmt.Sprintf("%s+%d", n.ID, n.Again))
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
