package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func traces(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"put and find":  putAndFind,
		"replaced":      replacedTraces,
		"odd values":    oddTraces,
		"refused":       refusedTraces,
		"large batches": largeTraces,
		"prune":         pruneTraces,
		"concurrent":    concurrentTraces,
	})
}

// decisions makes traces of n events, "e0" to "e9" where prefix is "e".
func decisions(prefix string, n int) []hub.Trace {
	ts := make([]hub.Trace, n)
	for i := range ts {
		ts[i] = hub.Trace{
			Event: hub.EventID(fmt.Sprintf("%s%d", prefix, i)), Source: "meta", Type: hub.ForumPostCreated,
			At: noon, Verdict: hub.VerdictNobody, Rows: i,
		}
	}
	return ts
}

func findTrace(t *testing.T, s *store.Store, event hub.EventID) *hub.Trace {
	t.Helper()
	got, err := s.FindTrace(t.Context(), event)
	require.NoError(t, err)
	return got
}

func putAndFind(t *testing.T, s *store.Store) {
	require.Nil(t, findTrace(t, s, "e0"))
	require.NoError(t, s.PutTraces(t.Context(), nil))
	row := hub.RowVerdict{
		Subscription: "s1", Chat: hub.Chat{System: "slack", ID: "C1"}, Mode: hub.Watch,
		Row: "slack | C1 | c/support", Matched: true, Wins: true, Reason: "c/support: the topic is in it",
	}
	full := hub.Trace{
		Event: "e0", Source: "meta", Type: hub.ForumPostCreated, At: noon.Add(789 * time.Nanosecond), Verdict: hub.VerdictDecided,
		Why: "waits", Notes: []string{strings.Repeat("a long note ", 10_000)}, Rows: 3, More: 1, Nearest: []hub.RowVerdict{row},
	}
	for i := range hub.MaxTraceChats {
		full.Chats = append(full.Chats, hub.TraceChat{
			Chat: hub.Chat{System: "slack", ID: fmt.Sprintf("C%d", i)}, Subscription: "s1", Mode: hub.Watch,
			Result: hub.ResultQueued, Notification: "n1", At: noon,
		})
	}
	require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{full, decisions("e", 2)[1]}))
	equal(t, &full, findTrace(t, s, "e0"))
	equal(t, &decisions("e", 2)[1], findTrace(t, s, "e1"))
	require.Nil(t, findTrace(t, s, "E0"), "an event's id is compared byte by byte")
}

func replacedTraces(t *testing.T, s *store.Store) {
	ts := decisions("e", 2)
	require.NoError(t, s.PutTraces(t.Context(), ts))
	decided, learned := ts[0], ts[0]
	decided.Verdict, learned.Verdict = hub.VerdictDecided, hub.VerdictLearned
	require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{decided, learned}))
	equal(t, &learned, findTrace(t, s, "e0"))
	equal(t, &ts[1], findTrace(t, s, "e1"))
}

func oddTraces(t *testing.T, s *store.Store) {
	for _, v := range odd() {
		want := decisions("odd"+v, 1)[0]
		want.Why, want.Notes = v, []string{v}
		require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{want}))
		equal(t, &want, findTrace(t, s, want.Event))
	}
	for v, kept := range unstorable() {
		a, b := decisions(v, 1)[0], decisions(kept, 1)[0]
		a.Why, b.Why = v, kept
		require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{a, b}))
		equal(t, &b, findTrace(t, s, a.Event))
	}
}

func refusedTraces(t *testing.T, s *store.Store) {
	ts := decisions("e", 4)
	ts[1].Event, ts[2].Event = "", hub.EventID(make([]byte, 4000))
	ts[3].At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	for _, bad := range ts[1:] {
		code(t, hub.CodeInvalid, s.PutTraces(t.Context(), []hub.Trace{ts[0], bad}))
	}
	require.Nil(t, findTrace(t, s, "e0"))
}

func largeTraces(t *testing.T, s *store.Store) {
	ts := decisions("e", 1000)
	require.NoError(t, s.PutTraces(t.Context(), ts))
	require.NoError(t, s.PutTraces(t.Context(), ts), "the same again")
	for _, i := range []int{0, 99, 100, 101, 999} {
		equal(t, &ts[i], findTrace(t, s, ts[i].Event))
	}
}

func pruneTraces(t *testing.T, s *store.Store) {
	ts := decisions("e", 4502)
	ts[0].At = noon.Add(time.Hour)
	ts[1].At = time.Time{} // counts as now
	for part := range slices.Chunk(ts, 1000) {
		require.NoError(t, s.PutTraces(t.Context(), part))
	}
	n, err := s.PruneTraces(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, n, "what was decided at the time itself stays")
	n, err = s.PruneTraces(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 4500, n)
	require.NotNil(t, findTrace(t, s, "e0"))
	require.NotNil(t, findTrace(t, s, "e1"))
	require.Nil(t, findTrace(t, s, "e2"))
}

func concurrentTraces(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		ts := decisions("e", 150)
		for n := range ts {
			ts[n].Rows = i + 1
		}
		if i%2 == 1 {
			slices.Reverse(ts) // rows are locked in one order all the same
		}
		if i%8 == 0 { // of what is pruned meanwhile all comes back
			if _, err := s.PruneTraces(t.Context(), noon.Add(time.Hour)); err != nil {
				return err
			}
		}
		return s.PutTraces(t.Context(), ts)
	})
	require.NoError(t, s.PutTraces(t.Context(), decisions("last", 1)))
	require.NotNil(t, findTrace(t, s, "last0"))
	_, err := s.PruneTraces(t.Context(), noon)
	require.NoError(t, err)
	last := findTrace(t, s, "e0")
	for n := range 150 { // all are of the one writer that came last
		got := findTrace(t, s, hub.EventID(fmt.Sprintf("e%d", n)))
		require.NotNil(t, got, "e%d", n)
		require.Equal(t, last.Rows, got.Rows)
	}
}
