package bus

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/stretchr/testify/require"
)

const (
	waitABit = 5 * time.Second
	tickABit = time.Millisecond
)

func TestCursorTrails(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	due := func(c *cursor, ms int) uint64 {
		seq, ok := c.due(at(ms))
		if ok {
			c.written = seq
		}
		return seq
	}
	reach := func(c *cursor, ms int, seq uint64) {
		c.reached = seq
		c.mark(at(ms), 0)
	}
	c := &cursor{}
	reach(c, 0, 5)
	reach(c, 400, 6) // within the second: noted when the reader is next heard of
	require.Len(t, c.marks, 1)
	require.Zero(t, due(c, 2999))
	require.EqualValues(t, 5, due(c, 3000))
	require.Zero(t, due(c, 9000), "only when changed")
	reach(c, 9000, 6)
	reach(c, 9500, 6)
	reach(c, 10000, 9)
	reach(c, 11000, 12)
	require.EqualValues(t, 6, due(c, 12000))
	require.EqualValues(t, 12, due(c, 14500), "the newest that is old enough")
	require.Empty(t, c.marks)
}

func TestIndexForgetsByTheHour(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	x := newIndex(func() time.Time { return now })
	x.add("old", 1, now.Add(-27*time.Hour))
	require.Empty(t, x.find("old"))
	x.add("yesterday", 2, now.Add(-24*time.Hour))
	x.add("now", 3, now)
	require.Equal(t, []uint64{2}, x.find("yesterday"))
	require.Equal(t, []uint64{3}, x.find("now"))
	for range 25 {
		now = now.Add(time.Hour)
		x.add(now.String(), 9, now)
	}
	require.Empty(t, x.find("yesterday"))
	require.Equal(t, []uint64{3}, x.find("now"), "24 hours are promised")
	now = now.Add(3 * time.Hour)
	require.Empty(t, x.find("now"), "nothing came since, and it is forgotten all the same")
	x.add("late", 4, now.Add(-20*time.Hour)) // fed out of order
	require.Equal(t, []uint64{4}, x.find("late"))
}

func BenchmarkIndex(b *testing.B) {
	const events = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		now := time.Now()
		x := newIndex(func() time.Time { return now })
		for i := range events {
			x.add(fmt.Sprint("event-", i), uint64(i), now.Add(-time.Duration(i)*86400*time.Microsecond))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/events, "B/event")
		runtime.KeepAlive(x)
	}
}

// BenchmarkLines measures what a line costs in memory.
func BenchmarkLines(b *testing.B) {
	const events = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		l := newLines(time.Now)
		for i := range events {
			l.note(hub.Line{Name: fmt.Sprint("line-", i), For: time.Hour}, "base", uint64(i), time.Now())
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/events, "B/line")
		runtime.KeepAlive(l)
	}
}

func TestUndertaker(t *testing.T) {
	t.Parallel()
	var u undertaker
	now := time.Unix(1000, 0)
	after := func(d time.Duration) time.Time { now = now.Add(d); return now }
	require.False(t, u.dead("a", 0, 7, now), "seen once")
	require.False(t, u.dead("a", 0, 7, after(2*time.Second)))
	require.False(t, u.dead("a", 0, 8, after(2*time.Second)), "it has moved")
	require.False(t, u.dead("a", 0, 8, after(2*time.Second)))
	require.False(t, u.dead("a", 1, 8, after(2*time.Second)), "its pull waits")
	require.False(t, u.dead("a", 0, 8, after(2*time.Second)), "counted from here")
	require.False(t, u.dead("b", 0, 0, after(2*time.Second)))
	require.True(t, u.dead("a", 0, 8, after(time.Second)))
	require.False(t, u.dead("b", 0, 0, now))
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	s, err := eventSubject("meta", hub.ForumPostCreated)
	require.NoError(t, err)
	require.Equal(t, "event.meta.forum.post.created", s)
	source, typ := eventOf(s)
	require.Equal(t, hub.Source("meta"), source)
	require.Equal(t, hub.ForumPostCreated, typ)

	c := hub.Chat{System: "slack-acme", ID: "C012.AB>"}
	lane := Lane(c)
	require.Len(t, lane, 12)
	p := partition(lane, 8)
	s, err = notifySubject(c.System, p, lane)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("notify_chat.slack-acme.%d.%s", p, lane), s)
	require.Equal(t, lane, laneOf(s))

	s, err = deadSubject("slack-acme", "nabc")
	require.NoError(t, err)
	require.Equal(t, "dead.slack-acme.nabc", s)
	require.Equal(t, hub.System("slack-acme"), deadSystem(s))
	require.Equal(t, hub.System("slack"), deadSystem("dead.slack"))
	require.Equal(t, "dead.*.nabc", deadFilter("nabc"))
	require.NotContains(t, deadFilter("n.*>"), "n.", "another worker's id steers nothing")

	for _, bad := range []hub.System{"", "a.b", "*", ">", "A", "a b", "-a"} {
		_, err1 := notifySubject(bad, 0, lane)
		_, err2 := notifyFilter(bad, 0)
		_, err3 := deadSubject(bad, "n1")
		_, err4 := eventSubject(hub.Source(bad), "user.x")
		for _, err := range []error{err1, err2, err3, err4} {
			require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), bad)
		}
	}
	_, err = notifySubject("slack", maxPartitions, lane)
	require.Error(t, err)
	_, err = controlSubject("a.b")
	require.Error(t, err)
}

// The subjects that feed the index must cover every type but outcomes.
func TestRetriedFiltersCoverTheTypes(t *testing.T) {
	t.Parallel()
	covered := func(typ hub.EventType) bool {
		for _, f := range retriedFilters() {
			if typ.Match(strings.TrimSuffix(strings.TrimPrefix(f, "event.*."), ">") + "*") {
				return true
			}
		}
		return false
	}
	for _, typ := range []hub.EventType{
		hub.ForumTopicCreated, hub.ForumPostCreated, "forum.user.created", "chat.message.posted", "chat.team_member.joined",
		"user.anything", "user.a.b.c", hub.HubSignalUnsupported, hub.HubSignalPing, "hub.session.started", "hub.system.error",
	} {
		require.True(t, typ.Valid())
		require.True(t, covered(typ), typ)
	}
	require.False(t, covered(hub.HubMessageSent))
}

// partition spreads lanes evenly and always alike: messages in the stream were
// put where it said.
func TestPartition(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, partition(Lane(hub.Chat{System: "slack", ID: "C1"}), 8))
	count := make([]int, 8)
	for i := range 8000 {
		count[partition(Lane(hub.Chat{System: "slack", ID: fmt.Sprint("C", i)}), 8)]++
	}
	for p, n := range count {
		require.InDelta(t, 1000, n, 150, "partition %d", p)
	}
}

func FuzzSubjects(f *testing.F) {
	for _, s := range []string{"meta", "a.b", "*", ">", "", " ", "a\r\nb", "forum.post.created", "forum.*", "ünï", "$JS.API", strings.Repeat("a", 300)} {
		f.Add(s, s, 3)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		tokens := func(s string, err error, want int) {
			if err != nil {
				return
			}
			if strings.ContainsAny(s, "*> \t\r\n") || strings.Contains(s, "..") || strings.HasSuffix(s, ".") || strings.Count(s, ".")+1 != want {
				t.Fatalf("%q from %q and %q", s, a, b)
			}
		}
		s, err := eventSubject(hub.Source(a), hub.EventType(b))
		tokens(s, err, 2+strings.Count(b, ".")+1)
		s, err = notifySubject(hub.System(a), n, b)
		tokens(s, err, 4)
		s, err = notifySubject(hub.System(a), 0, Lane(hub.Chat{System: hub.System(a), ID: b}))
		tokens(s, err, 4)
		s, err = deadSubject(hub.System(a), hub.NotificationID(b))
		tokens(s, err, 3)
		s, err = controlSubject(a)
		tokens(s, err, 2)
		s, err = waitKey(hub.System(a), 1, strings.ReplaceAll(b, "*", ""))
		tokens(s, err, 3)
		tokens(key(a), nil, 1)
		if id := msgID(a); strings.TrimSpace(id) != id || strings.ContainsAny(id, "\r\n") {
			t.Fatalf("id %q from %q", id, a)
		}
		filters, err := eventFilters([]string{a})
		for _, s := range filters {
			if err == nil && !strings.HasPrefix(s, "event.*.") || strings.ContainsAny(s, " \r\n") {
				t.Fatalf("filter %q from %q", s, a)
			}
		}
	})
}

func TestParsePlace(t *testing.T) {
	t.Parallel()
	want := place{seq: 17, nth: 4, stored: time.Unix(0, 1700000000000000005).UTC(), waiting: 2, prefix: "$JS.ACK.NOTIFY.slack-0-x"}
	got, ok := parsePlace("$JS.ACK.NOTIFY.slack-0-x.1.17.4.1700000000000000005.2")
	require.True(t, ok)
	require.Equal(t, want, got)
	want.prefix = "$JS.ACK.hub.AbC.NOTIFY.slack-0-x"
	for _, end := range []string{"", ".random"} {
		got, ok = parsePlace("$JS.ACK.hub.AbC.NOTIFY.slack-0-x.1.17.4.1700000000000000005.2" + end)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
}

func FuzzParsePlace(f *testing.F) {
	f.Add("$JS.ACK.NOTIFY.slack-0-x.1.17.4.1700000000000000005.2")
	f.Add("$JS.ACK.hub.AbC.NOTIFY.slack-0-x.1.17.4.1700000000000000005.2.z")
	f.Add("$JS.ACK.........")
	f.Add("_INBOX.x")
	f.Fuzz(func(t *testing.T, reply string) {
		p, ok := parsePlace(reply)
		if ok && (!strings.HasPrefix(reply, p.prefix+".") || !strings.Contains(reply, fmt.Sprint(p.seq))) &&
			!strings.Contains(reply, "0") { // numbers may be padded
			t.Fatalf("%q: %+v", reply, p)
		}
	})
}

func TestSecretsOf(t *testing.T) {
	t.Parallel()
	got, err := secretsOf("nats://bellhop:p%40ss@one:4222, tls://tok3n@two,three:4222,")
	require.NoError(t, err)
	var all []string
	for _, s := range got {
		all = append(all, s.Reveal())
	}
	require.Equal(t, []string{"bellhop:p%40ss", "p@ss", "tok3n", "tok3n"}, all)
}
