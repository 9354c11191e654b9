package bus_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// receipt is what a platform has said of id.
func receipt(id hub.NotificationID) hub.Receipt {
	return hub.Receipt{Ref: hub.MessageRef("ref of " + id), URL: "https://chat.example.com/1", At: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)}
}

func putReceipts(t *testing.T, b *bus.Bus, ids ...hub.NotificationID) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, b.PutReceipt(t.Context(), "slack", id, receipt(id)))
	}
}

// knowsReceipts requires that just those of ids are known that should be.
func knowsReceipts(t *testing.T, b *bus.Bus, should bool, ids ...hub.NotificationID) {
	t.Helper()
	for _, id := range ids {
		got, err := b.Receipt(t.Context(), "slack", id)
		require.NoError(t, err)
		if !should {
			require.Nil(t, got, id)
			continue
		}
		want := receipt(id)
		require.Equal(t, &want, got, id)
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		for _, id := range []hub.NotificationID{"nabc", "made by.someone > else\n", "", hub.NotificationID(strings.Repeat("long", 20_000))} {
			knowsReceipts(t, b, false, id)
			putReceipts(t, b, id)
			knowsReceipts(t, b, true, id)
		}
		got, err := b.Receipt(t.Context(), "matrix", "nabc")
		require.NoError(t, err)
		require.Nil(t, got, "each system has its own")
		require.NoError(t, b.PutReceipt(t.Context(), "slack", "nabc", hub.Receipt{Ref: "other"}))
		got, err = b.Receipt(t.Context(), "slack", "nabc")
		require.NoError(t, err)
		require.Equal(t, &hub.Receipt{Ref: "other"}, got, "the last word counts")
		_, err = b.Receipt(t.Context(), "sl.ack", "nabc")
		require.ErrorContains(t, err, "is not a name")
		require.ErrorContains(t, b.PutReceipt(t.Context(), "*", "nabc", hub.Receipt{}), "is not a name")
	})
}

// TestReceiptsOfOthers holds that a look finds what others have put before it, those
// who were there before included.
func TestReceiptsOfOthers(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	for i := range 20 {
		first, second := hub.NotificationID(fmt.Sprint("first", i)), hub.NotificationID(fmt.Sprint("second", i))
		putReceipts(t, one, first)
		knowsReceipts(t, two, true, first)
		putReceipts(t, two, second)
		require.NoError(t, one.PutReceipt(t.Context(), "matrix", "between", hub.Receipt{}))
		knowsReceipts(t, one, true, second)
	}
	knowsReceipts(t, open(t, "", at(ns.ClientURL())), true, "first0", "second0", "first19", "second19")
}

// TestReceiptsOfAFlood holds that receipts which come at once share messages of the
// stream, that each is found, by itself and by those who come later, and that whoever
// asks in the middle finds what was acknowledged.
func TestReceiptsOfAFlood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	const senders, each = 200, 20
	id := func(sender, i int) hub.NotificationID { return hub.NotificationID(fmt.Sprintf("n%d-%d", sender, i)) }
	var all sync.WaitGroup
	var failed atomic.Int64
	for sender := range senders {
		all.Go(func() {
			for i := range each {
				if err := b.PutReceipt(t.Context(), "slack", id(sender, i), receipt(id(sender, i))); err != nil {
					failed.Add(1)
				}
				if got, err := b.Receipt(t.Context(), "slack", id(sender, i)); err != nil || got == nil || *got != receipt(id(sender, i)) {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	require.Zero(t, failed.Load())
	s, err := b.JetStream().Stream(t.Context(), "RECEIPTS")
	require.NoError(t, err)
	require.Less(t, s.CachedInfo().State.Msgs, uint64(senders*each/2))
	require.NoError(t, b.Close())
	b = open(t, dir)
	for sender := range senders {
		knowsReceipts(t, b, true, id(sender, 0), id(sender, each-1))
	}
	knowsReceipts(t, b, false, id(senders, 0))
}

// TestReceiptsOfAReplicaThatIsBehind holds that on a cluster no receipt is taken for
// unknown because a replica has not heard of it yet: a message would be sent twice, or
// never changed.
func TestReceiptsOfAReplicaThatIsBehind(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	b, other := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	putReceipts(t, other, "n1")
	noDirect(t, b, "RECEIPTS") // the server is no replica that answers, and this one is
	replica, err := nats.Connect(ns.ClientURL())
	require.NoError(t, err)
	t.Cleanup(replica.Close)
	var asked atomic.Int64
	_, err = replica.Subscribe("$JS.API.DIRECT.GET.RECEIPTS", func(m *nats.Msg) {
		if asked.Add(1) > 3 { // it has caught up
			stored, err := other.JetStream().Stream(t.Context(), "RECEIPTS")
			if err != nil {
				return
			}
			raw, err := stored.GetMsg(t.Context(), 1)
			if err != nil {
				return
			}
			answer := &nats.Msg{Subject: m.Reply, Data: raw.Data, Header: nats.Header{}}
			answer.Header.Set(jetstream.StreamHeader, "RECEIPTS")
			answer.Header.Set(jetstream.SubjectHeader, raw.Subject)
			answer.Header.Set(jetstream.SequenceHeader, "1")
			answer.Header.Set(jetstream.TimeStampHeaer, raw.Time.Format(time.RFC3339Nano))
			_ = replica.PublishMsg(answer)
		}
		_ = m.RespondMsg(&nats.Msg{Header: nats.Header{"Status": {"404"}, "Description": {"Message Not Found"}}})
	})
	require.NoError(t, err)
	require.NoError(t, replica.Flush())

	knowsReceipts(t, b, false, "n1") // it has the say where nothing is replicated
	b.Replicate(3)
	asked.Store(0)
	knowsReceipts(t, b, true, "n1")
	require.Greater(t, asked.Load(), int64(3))
}

// TestTheOldestReceiptsGo holds that what is kept is bounded in bytes: past it the
// oldest go, and none is refused.
func TestTheOldestReceiptsGo(t *testing.T) {
	t.Parallel()
	b := openTwice(t)
	s, err := b.JetStream().Stream(t.Context(), "RECEIPTS")
	require.NoError(t, err)
	few := s.CachedInfo().Config
	require.EqualValues(t, 30<<20, few.MaxBytes)
	require.Equal(t, 48*time.Hour, few.MaxAge)
	few.MaxBytes = 600
	_, err = b.JetStream().UpdateStream(t.Context(), few)
	require.NoError(t, err)
	ids := []hub.NotificationID{"n1", "n2", "n3", "n4", "n5", "n6", "n7"}
	putReceipts(t, b, ids...)
	knowsReceipts(t, b, false, "n1", "n2")
	knowsReceipts(t, b, true, "n6", "n7")
}

// TestReceiptsOfAStreamMadeAnew holds that a sequence of a stream that somebody has
// deleted is not looked up in the one that took its place.
func TestReceiptsOfAStreamMadeAnew(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	putReceipts(t, b, "n1", "n2", "n3")
	knowsReceipts(t, b, true, "n1", "n2", "n3")
	s, err := b.JetStream().Stream(t.Context(), "RECEIPTS")
	require.NoError(t, err)
	require.NoError(t, b.JetStream().DeleteStream(t.Context(), "RECEIPTS"))
	require.Error(t, b.PutReceipt(t.Context(), "slack", "n4", receipt("n4")))
	_, err = b.JetStream().CreateStream(t.Context(), s.CachedInfo().Config)
	require.NoError(t, err)
	putReceipts(t, b, "n4")
	knowsReceipts(t, b, false, "n1", "n2", "n3")
	knowsReceipts(t, b, true, "n4")
}
