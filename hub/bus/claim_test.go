package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func notification(chat string, n int) hub.Notification {
	c := hub.Chat{System: "slack", ID: chat}
	e := hub.EventID(fmt.Sprintf("%s-%d", chat, n))
	return hub.Notification{
		Version: hub.NotificationVersion, ID: hub.NotificationFor(e, c), Chat: c, Event: e,
		Message: hub.Message{Text: string(e)}, QueuedAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
}

// single is for a bus whose systems have one partition.
func single(c *bus.Config) { c.Partitions = 1 }

// bell runs a claim and keeps its rings.
type bell struct {
	mu      sync.Mutex
	rings   []bus.Ring
	cancels []context.CancelFunc
	ends    []chan error
	done    chan error // of the claim listened to last
}

func run(t testing.TB, c *bus.Claim) *bell {
	l := &bell{}
	l.listen(t, c)
	return l
}

func (l *bell) listen(t testing.TB, c *bus.Claim) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- c.Run(ctx, func(r bus.Ring) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.rings = append(l.rings, r)
		})
	}()
	t.Cleanup(cancel)
	l.cancels, l.done = append(l.cancels, cancel), done
	l.ends = append(l.ends, done)
}

// end ends the claims, which must not have ended by themselves.
func (l *bell) end(t testing.TB) {
	t.Helper()
	for i, cancel := range l.cancels {
		cancel()
		require.NoError(t, <-l.ends[i])
	}
}

func (l *bell) heard(t testing.TB, n int) []bus.Ring {
	t.Helper()
	var got []bus.Ring
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		got = append([]bus.Ring(nil), l.rings...)
		return len(got) >= n
	}, 10*time.Second, 2*time.Millisecond, "want %d rings", n)
	require.Len(t, got, n)
	return got
}

func claim(t testing.TB, b *bus.Bus) *bus.Claim {
	t.Helper()
	c, err := b.Claim(t.Context(), "slack", 0, "test")
	require.NoError(t, err)
	return c
}

func TestNotifyAndClaimInOrder(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		var ns []hub.Notification
		for i := range 40 {
			for c := range 5 {
				ns = append(ns, notification(fmt.Sprint("#", c), i))
			}
		}
		require.NoError(t, b.Notify(t.Context(), ns))
		require.NoError(t, b.Notify(t.Context(), ns), "again")
		require.NoError(t, b.Notify(t.Context(), nil))
		backlog, err := b.Backlog(t.Context(), "slack")
		require.NoError(t, err)
		require.EqualValues(t, len(ns), backlog)
		backlog, err = b.Backlog(t.Context(), "telegram")
		require.NoError(t, err)
		require.Zero(t, backlog)

		want, got := map[string][]string{}, map[string][]string{}
		for _, n := range ns {
			want[bus.Lane(n.Chat)] = append(want[bus.Lane(n.Chat)], n.Message.Text)
		}
		require.Equal(t, 4, b.Partitions())
		l := &bell{}
		for p := range b.Partitions() {
			c, err := b.Claim(t.Context(), "slack", p, "test")
			require.NoError(t, err)
			l.listen(t, c)
		}
		for _, r := range l.heard(t, len(ns)) {
			got[r.Lane] = append(got[r.Lane], text(t, r.Body))
		}
		require.Empty(t, cmp.Diff(want, got))
		l.end(t)
	})
}

// A backlog far larger than one request brings comes in whole, though it comes
// faster than it is taken.
func TestClaimDropsNothingOfALargeBacklog(t *testing.T) {
	const messages = 8_000
	b := open(t, t.TempDir(), single)
	var ns []hub.Notification
	for n := range messages {
		ns = append(ns, notification(fmt.Sprintf("C%d", n%200), n))
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	c := claim(t, b)
	var seqs []uint64
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := c.Run(ctx, func(r bus.Ring) {
		seqs = append(seqs, r.Seq)
		for begin := time.Now(); time.Since(begin) < 50*time.Microsecond; {
			_ = begin // a lane takes its time
		}
		if len(seqs) == messages {
			cancel()
		}
	})
	require.NoError(t, err)
	require.Len(t, seqs, messages)
	for i, seq := range seqs {
		require.Equal(t, uint64(i+1), seq)
	}
}

func text(t testing.TB, body []byte) string {
	t.Helper()
	var n hub.Notification
	require.NoError(t, json.Unmarshal(body, &n))
	return n.Message.Text
}

func TestNotifyRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), func(c *bus.Config) { c.MaxPayload = 64 << 10 })
	good, bad, big, nameless := notification("#a", 1), notification("#a", 2), notification("#a", 3), notification("#a", 4)
	bad.System = "sl.ack"
	big.Message.Text = strings.Repeat("x", 64<<10)
	nameless.ID = ""
	for _, n := range []hub.Notification{bad, big, nameless} {
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(b.Notify(t.Context(), []hub.Notification{good, n})))
	}
	backlog, err := b.Backlog(t.Context(), "slack")
	require.NoError(t, err)
	require.Zero(t, backlog, "all or nothing")
}

// A queue that is full refuses, and what it refuses does not overtake.
func TestNotifyIntoAFullQueue(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), single)
	s, err := b.JetStream().Stream(t.Context(), "NOTIFY")
	require.NoError(t, err)
	cfg := s.CachedInfo().Config
	cfg.MaxMsgs = 2
	_, err = b.JetStream().UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	ns := []hub.Notification{notification("#a", 1), notification("#a", 2), notification("#a", 3), notification("#a", 4)}
	require.ErrorIs(t, b.Notify(t.Context(), ns), bus.ErrUnavailable)

	c := claim(t, b)
	l := run(t, c)
	for _, r := range l.heard(t, 2) {
		require.NoError(t, c.Ack(t.Context(), r.Seq))
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	for i, r := range l.heard(t, 4) {
		require.Equal(t, fmt.Sprint("#a-", i+1), text(t, r.Body))
	}
	l.end(t)
}

// isNew says of notifications that they cannot be queued already, or that they may.
func isNew(ns []hub.Notification, is bool) []hub.Notification {
	ns = slices.Clone(ns)
	for i := range ns {
		ns[i].New = is
	}
	return ns
}

// What cannot be queued already is queued in order, however much it is and whoever
// else queues something meanwhile.
func TestNotifyNew(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		const chats, each, hubs = 1500, 3, 4
		var all sync.WaitGroup
		want, got := map[string][]string{}, map[string][]string{}
		for h := range hubs {
			var ns []hub.Notification
			for i := range each {
				for c := range chats {
					n := notification(fmt.Sprint("#", h, "-", c), i)
					want[bus.Lane(n.Chat)] = append(want[bus.Lane(n.Chat)], n.Message.Text)
					ns = append(ns, n)
				}
			}
			all.Go(func() {
				if err := b.Notify(t.Context(), isNew(ns, h%2 == 0)); err != nil {
					t.Errorf("hub %d: %v", h, err)
				}
			})
		}
		all.Wait()
		l := &bell{}
		for p := range b.Partitions() {
			c, err := b.Claim(t.Context(), "slack", p, "test")
			require.NoError(t, err)
			l.listen(t, c)
		}
		for _, r := range l.heard(t, chats*each*hubs) {
			got[r.Lane] = append(got[r.Lane], text(t, r.Body))
		}
		require.Empty(t, cmp.Diff(want, got))
		l.end(t)
	})
}

// What is refused in the midst of others is noticed, though the server answered to
// none but the first and the last.
func TestNotifyNewMissesNone(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		most := func(size int32) {
			s, err := b.JetStream().Stream(t.Context(), "NOTIFY")
			require.NoError(t, err)
			cfg := s.CachedInfo().Config
			cfg.MaxMsgSize = size
			_, err = b.JetStream().UpdateStream(t.Context(), cfg)
			require.NoError(t, err)
		}
		ns := []hub.Notification{notification("#a", 1), notification("#b", 2), notification("#c", 3), notification("#d", 4)}
		for name, refused := range map[string]int{"the first": 0, "one between": 2, "the last": 3} {
			most(4096)
			sent := slices.Clone(ns)
			for i := range sent {
				sent[i].ID = hub.NotificationID(fmt.Sprint(name, i))
			}
			sent[refused].Message.Text = strings.Repeat("x", 4096)
			require.ErrorIs(t, b.Notify(t.Context(), isNew(sent, true)), bus.ErrUnavailable, name)
			most(-1)
			require.NoError(t, b.Notify(t.Context(), isNew(sent, false)), name)
		}
		heard := map[hub.NotificationID]int{}
		l := &bell{}
		for p := range b.Partitions() {
			c, err := b.Claim(t.Context(), "slack", p, "test")
			require.NoError(t, err)
			l.listen(t, c)
		}
		queued, err := b.Backlog(t.Context(), "slack")
		require.NoError(t, err)
		for _, r := range l.heard(t, int(queued)) {
			var n hub.Notification
			require.NoError(t, json.Unmarshal(r.Body, &n))
			heard[n.ID]++
		}
		require.Len(t, heard, 12)
		for id, times := range heard {
			require.LessOrEqual(t, times, map[bool]int{true: 2, false: 1}[b.Embedded()], "%s: a server elsewhere is told its id", id)
		}
		l.end(t)
	})
}

func TestClaimIsExclusive(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		c := claim(t, b)
		_, err := b.Claim(t.Context(), "slack", 0, "other")
		require.ErrorIs(t, err, bus.ErrOwned)
		for _, free := range []hub.System{"slack-acme", "telegram"} {
			other, err := b.Claim(t.Context(), free, 0, "test")
			require.NoError(t, err)
			require.NoError(t, other.Release(t.Context()))
		}
		require.NoError(t, c.Release(t.Context()))
		require.NoError(t, c.Release(t.Context()))
		require.False(t, c.Valid())
		next := claim(t, b)
		require.True(t, next.Valid())
	})
}

func TestClaimReleasedMeansLost(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), single)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{notification("#a", 1)}))
	c := claim(t, b)
	l := run(t, c)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{notification("#b", 2)}))
	rung := l.heard(t, 2)
	seq := rung[0].Seq
	require.False(t, c.First(seq), "somebody may have had it")
	require.True(t, c.First(rung[1].Seq))
	require.NoError(t, c.Ack(t.Context(), rung[1].Seq))
	require.NoError(t, c.Release(t.Context()))
	require.ErrorIs(t, <-l.done, bus.ErrLost)
	require.ErrorIs(t, c.Ack(t.Context(), seq), bus.ErrLost)
	successor := claim(t, b)
	require.False(t, successor.First(rung[1].Seq))
	next := run(t, successor)
	require.Equal(t, seq, next.heard(t, 1)[0].Seq, "not acked, so rung again")
	next.end(t)
}

// The lease is over some time after the last pull that was answered.
func TestClaimLeaseRunsOut(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), single)
	c := claim(t, b)
	l := run(t, c)
	require.Never(t, func() bool { return !c.Valid() }, 4*time.Second, 10*time.Millisecond)
	l.end(t)
	require.Eventually(t, func() bool { return !c.Valid() }, 3*time.Second, 10*time.Millisecond)
}

func TestClaimAckRemovesExactlyOne(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*bus.Config){"embedded": single, "external": at(natsServer(t).ClientURL())} {
		t.Run(name, func(t *testing.T) {
			b := open(t, t.TempDir(), set, single)
			var ns []hub.Notification
			for i := range 5 {
				ns = append(ns, notification("#a", i))
			}
			require.NoError(t, b.Notify(t.Context(), ns))
			c := claim(t, b)
			l := run(t, c)
			rings := l.heard(t, 5)
			require.NoError(t, c.Ack(t.Context(), rings[2].Seq))
			require.NoError(t, c.Ack(t.Context(), rings[2].Seq), "again")
			for i, r := range rings {
				body, err := c.Get(t.Context(), r.Seq)
				if i == 2 {
					require.ErrorIs(t, err, bus.ErrGone)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, r.Body, body)
			}
			backlog, err := b.Backlog(t.Context(), "slack")
			require.NoError(t, err)
			require.EqualValues(t, 4, backlog)
			l.end(t)
		})
	}
}

// What is acknowledged together is removed, but for what is another's by now.
func TestAckMany(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		var ns []hub.Notification
		for i := range 60 {
			for c := range 10 {
				ns = append(ns, notification(fmt.Sprint("#", c), i))
			}
		}
		require.NoError(t, b.Notify(t.Context(), ns))
		var rung []bus.Rung
		var lost *bus.Claim
		theirs := 0
		for p := range b.Partitions() {
			c, err := b.Claim(t.Context(), "slack", p, "test")
			require.NoError(t, err)
			l := &bell{}
			l.listen(t, c)
			n := 0
			for lane := range 10 {
				if bus.PartitionOf(bus.Lane(hub.Chat{System: "slack", ID: fmt.Sprint("#", lane)}), b) == p {
					n += 60
				}
			}
			for _, r := range l.heard(t, n) {
				rung = append(rung, bus.Rung{Claim: c, Seq: r.Seq})
			}
			l.end(t)
			if n > 0 {
				lost, theirs = c, n
			}
		}
		require.Len(t, rung, len(ns))
		require.NoError(t, b.Ack(t.Context(), rung[:10]...))
		require.NoError(t, b.Ack(t.Context()))
		require.NoError(t, lost.Release(t.Context()))
		require.ErrorIs(t, b.Ack(t.Context(), rung...), bus.ErrLost)
		backlog, err := b.Backlog(t.Context(), "slack")
		require.NoError(t, err)
		require.EqualValues(t, theirs, backlog)
	})
}

func TestClaimRefill(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), single)
	var ns []hub.Notification
	for i := range 10 {
		ns = append(ns, notification("#a", i), notification("#b", i))
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	c := claim(t, b)
	lane := bus.Lane(ns[0].Chat)
	var got []string
	for after := uint64(0); ; {
		rings, err := c.Refill(t.Context(), lane, after, 4)
		require.NoError(t, err)
		if len(rings) == 0 {
			break
		}
		require.LessOrEqual(t, len(rings), 4)
		for _, r := range rings {
			require.Equal(t, lane, r.Lane)
			require.Greater(t, r.Seq, after)
			after = r.Seq
			got = append(got, text(t, r.Body))
		}
	}
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint("#a-", i))
	}
	require.Equal(t, want, got)
	_, err := c.Refill(t.Context(), "*", 0, 4)
	require.Error(t, err)
}

func TestBuryDeadFreesOnlyTheVanished(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	url := at(ns.ClientURL())
	one, two := open(t, "", url, single), open(t, "", url, single)
	require.NoError(t, one.Notify(t.Context(), []hub.Notification{notification("#a", 1), notification("#a", 2)}))
	gone := claim(t, one)
	run(t, gone).heard(t, 2)
	alive, err := two.Claim(t.Context(), "slack-acme", 0, "alive")
	require.NoError(t, err)
	busy := run(t, alive)

	one.CutOff()
	begin := time.Now()
	var c *bus.Claim
	buried, suspected := 0, false
	require.True(t, each(15*time.Second, 200*time.Millisecond, func() bool {
		found, err := two.BuryDead(t.Context(), "slack")
		require.NoError(t, err)
		buried += found.Freed
		suspected = suspected || found.Suspected == 1
		found, err = two.BuryDead(t.Context(), "slack-acme")
		require.NoError(t, err)
		require.Zero(t, found.Freed, "its owner lives")
		c, err = two.Claim(t.Context(), "slack", 0, "heir")
		if err == nil {
			require.False(t, gone.Valid(), "the lease ends before the burial")
		} else {
			require.ErrorIs(t, err, bus.ErrOwned)
		}
		return err == nil
	}))
	require.Equal(t, 1, buried)
	require.True(t, suspected)
	require.Greater(t, time.Since(begin), 2*time.Second)
	l := run(t, c)
	rings := l.heard(t, 2)
	require.Equal(t, "#a-1", text(t, rings[0].Body))
	require.NoError(t, c.Ack(t.Context(), rings[0].Seq))
	require.True(t, alive.Valid())
	l.end(t)
	busy.end(t)
}

// TestBuryDeadForgetsWhatTheVanishedSaid holds that nobody goes by the word of a
// worker that was killed, and by that of one of which a part is left.
func TestBuryDeadForgetsWhatTheVanishedSaid(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	hold := func(b *bus.Bus, part int, owner string) *bell {
		c, err := b.Claim(t.Context(), "slack", part, owner)
		require.NoError(t, err)
		return run(t, c)
	}
	hold(one, 0, "killed")
	hold(one, 1, "half")
	half := hold(two, 2, "half")
	for worker, held := range map[string]int64{"killed": 1, "half": 10} {
		require.NoError(t, two.Announce(t.Context(), worker, hub.SystemStatus{System: "slack", State: "ok", Held: held}))
	}
	one.CutOff()
	freed := 0
	require.True(t, each(15*time.Second, 200*time.Millisecond, func() bool {
		found, err := two.BuryDead(t.Context(), "slack")
		require.NoError(t, err)
		freed += found.Freed
		return freed == 2
	}))
	all, err := two.Systems(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hub.SystemStatus{{System: "slack", State: "ok", Held: 10, Workers: 1}}, all)
	half.end(t)
}

// A consumer that some other program made on the queue is not ours to bury.
func TestBuryDeadLeavesForeignConsumersAlone(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), single)
	_, err := b.JetStream().CreateConsumer(t.Context(), "NOTIFY", jetstream.ConsumerConfig{
		Durable: "foreign", FilterSubject: "notify_chat.irc.>", AckPolicy: jetstream.AckExplicitPolicy,
	})
	require.NoError(t, err)
	require.False(t, each(4*time.Second, 250*time.Millisecond, func() bool {
		found, err := b.BuryDead(t.Context(), "irc")
		require.NoError(t, err)
		require.Zero(t, found)
		_, err = b.JetStream().Consumer(t.Context(), "NOTIFY", "foreign")
		return err != nil
	}))
}

// What was split by four stays split by four until the queue is empty.
func TestPartitionsStayWhileMessagesWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	n := notification("#a", 1)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{n}))
	require.NoError(t, b.Close())

	b = open(t, dir, single)
	require.Equal(t, 4, b.Partitions())
	l := &bell{}
	for p := range 4 {
		c, err := b.Claim(t.Context(), "slack", p, "test")
		require.NoError(t, err)
		l.listen(t, c)
	}
	seq := l.heard(t, 1)[0].Seq
	l.end(t)
	s, err := b.JetStream().Stream(t.Context(), "NOTIFY")
	require.NoError(t, err)
	require.NoError(t, s.DeleteMsg(t.Context(), seq))
	require.NoError(t, b.Close())

	require.Equal(t, 1, open(t, dir, single).Partitions())
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	var want []hub.DeadLetter
	for i := range 5 {
		d := hub.DeadLetter{
			Notification: notification("#a", i), Fault: hub.FaultChatGone, Reason: "the bot was removed", Attempts: 1,
			At: time.Date(2026, 3, 4, 5, 6, i, 0, time.UTC),
		}
		require.NoError(t, b.Dead(t.Context(), d))
		require.NoError(t, b.Dead(t.Context(), d), "again")
		want = append([]hub.DeadLetter{d}, want...)
	}
	again := want[0]
	again.Notification.QueuedAt = again.Notification.QueuedAt.Add(time.Hour) // sent again by a person, and refused again
	require.NoError(t, b.Dead(t.Context(), again))
	want = append([]hub.DeadLetter{again}, want...)

	first, next, err := b.DeadLetters(t.Context(), hub.Page{Limit: 4})
	require.NoError(t, err)
	rest, end, err := b.DeadLetters(t.Context(), hub.Page{Limit: 4, Cursor: next})
	require.NoError(t, err)
	require.Empty(t, end)
	require.Empty(t, cmp.Diff(want, append(first, rest...)))
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(b.Dead(t.Context(), hub.DeadLetter{})))
}
