package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func audit(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"append and list":   appendAudit,
		"commands are once": auditOnce,
		"refused":           refusedAudit,
		"odd values":        oddAudit,
		"long values":       longAudit,
		"filters":           auditFilters,
		"pages":             auditPages,
		"prune":             pruneAudit,
		"concurrent":        concurrentAudit,
	})
}

func did(minutes int, action string) hub.AuditEntry {
	return hub.AuditEntry{At: noon.Add(time.Duration(minutes) * time.Minute), Who: "Anna", Action: action, Outcome: hub.OutcomeOK}
}

func note(t *testing.T, s *store.Store, entries ...hub.AuditEntry) {
	t.Helper()
	require.NoError(t, s.AppendAudit(t.Context(), entries...))
}

func everyEntry(t *testing.T, s *store.Store, q hub.AuditQuery) (all []hub.AuditEntry) {
	t.Helper()
	for {
		entries, next, err := s.ListAudit(t.Context(), q)
		require.NoError(t, err)
		if all = append(all, entries...); next == "" {
			return all
		}
		require.NotEmpty(t, entries, "a page that leads on holds something")
		q.Page.Cursor = next
	}
}

func actions(entries []hub.AuditEntry) (list []string) {
	for _, e := range entries {
		list = append(list, e.Action)
	}
	return list
}

func appendAudit(t *testing.T, s *store.Store) {
	note(t, s)
	full := hub.AuditEntry{
		ID: "a1", At: noon, Who: "Anna Bauer", System: "slack", User: "U1", Chat: "C1", Action: "discourse.watch",
		Line: "discourse watch support", Outcome: hub.OutcomeUpdated, Message: "now also tag bug", Command: "c1",
		Before: json.RawMessage(`{"mode":"watch"}`), After: json.RawMessage(`{"mode":"watch","tags":["bug\u0000"]}`),
	}
	note(t, s, full, did(-1, "subscription.delete"))
	got := everyEntry(t, s, hub.AuditQuery{})
	require.Len(t, got, 2)
	equal(t, full, got[0])
	require.NotEmpty(t, got[1].ID, "one without an id gets one")
	want := did(-1, "subscription.delete")
	want.ID = got[1].ID
	equal(t, want, got[1])
	_, err := json.Marshal(got)
	require.NoError(t, err, "nothing before and after is no broken JSON")

	note(t, s, hub.AuditEntry{Action: "untimed"})
	require.Equal(t, "untimed", everyEntry(t, s, hub.AuditQuery{})[0].Action, "no time is now")
}

func auditOnce(t *testing.T, s *store.Store) {
	first, other := did(0, "discourse.watch"), did(1, "discourse.mute")
	first.Command, other.Command = "c1", "c2"
	note(t, s, first)
	again := did(2, "discourse.again")
	again.Command = "c1"
	note(t, s, again, other, other)
	require.Equal(t, []string{"discourse.mute", "discourse.watch"}, actions(everyEntry(t, s, hub.AuditQuery{})))
	note(t, s, did(3, "x"), did(3, "x"))
	require.Len(t, everyEntry(t, s, hub.AuditQuery{Action: "x"}), 2, "what was no command may happen twice")
}

func refusedAudit(t *testing.T, s *store.Store) {
	broken, long := did(1, "broken"), did(1, "long")
	broken.After = json.RawMessage(`{"mode"`)
	long.User = strings.Repeat("u", 2000)
	for _, e := range []hub.AuditEntry{broken, long} {
		code(t, hub.CodeInvalid, s.AppendAudit(t.Context(), did(0, "good"), e))
	}
	require.Empty(t, everyEntry(t, s, hub.AuditQuery{}), "all or none")
	_, _, err := s.ListAudit(t.Context(), hub.AuditQuery{Page: hub.Page{Cursor: "nope"}})
	code(t, hub.CodeInvalid, err)
}

func oddAudit(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		e := did(i, "odd")
		e.ID, e.Line, e.Message, e.User = fmt.Sprintf("a%d", i), v, v, v
		e.Before = marshal(t, v)
		note(t, s, e)
		require.Contains(t, everyEntry(t, s, hub.AuditQuery{Text: v}), e)
		require.Contains(t, everyEntry(t, s, hub.AuditQuery{User: v}), e)
	}
	for v, kept := range unstorable() {
		e := did(0, "unstorable")
		e.Line = v
		note(t, s, e)
		got := everyEntry(t, s, hub.AuditQuery{Text: v})
		require.Len(t, got, 1)
		require.Equal(t, kept, got[0].Line)
	}
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func longAudit(t *testing.T, s *store.Store) {
	e := did(0, strings.Repeat("ü", 300))
	e.Line, e.Message, e.Who = strings.Repeat("日本", 1<<20), strings.Repeat("x", 1<<20), strings.Repeat("👩‍👩‍👧‍👦", 1000)
	note(t, s, e)
	got := everyEntry(t, s, hub.AuditQuery{})[0]
	for _, v := range []string{got.Action, got.Line, got.Message, got.Who} {
		require.True(t, utf8.ValidString(v))
		require.True(t, strings.HasSuffix(v, "…"))
		require.LessOrEqual(t, len(v), 4000)
	}
	require.Greater(t, len(got.Line), 3990)
}

func auditFilters(t *testing.T, s *store.Store) {
	entries := []hub.AuditEntry{did(0, "discourse.watch"), did(1, "discourse.mute"), did(2, "subscription.delete"), did(3, "Discourse.x"), did(4, "system.resume")}
	entries[0].System, entries[0].User, entries[0].Chat, entries[0].Line = "slack", "U1", "C1", "discourse watch GRÜSSE 50%"
	entries[1].System, entries[1].User, entries[1].Chat, entries[1].Outcome = "slack", "U2", "C1", hub.OutcomeRefused
	entries[2].Who, entries[2].Message = "admin", "C1 is gone"
	note(t, s, entries...)
	when := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for i, c := range []struct {
		query hub.AuditQuery
		want  []string
	}{
		{hub.AuditQuery{}, []string{"system.resume", "Discourse.x", "subscription.delete", "discourse.mute", "discourse.watch"}},
		{hub.AuditQuery{System: "slack"}, []string{"discourse.mute", "discourse.watch"}},
		{hub.AuditQuery{System: "slack", User: "U1"}, []string{"discourse.watch"}},
		{hub.AuditQuery{Chat: "C1"}, []string{"discourse.mute", "discourse.watch"}},
		{hub.AuditQuery{Action: "discourse."}, []string{"discourse.mute", "discourse.watch"}},
		{hub.AuditQuery{Action: "d_s"}, nil},
		{hub.AuditQuery{Action: "system.resume"}, []string{"system.resume"}},
		{hub.AuditQuery{Outcome: hub.OutcomeRefused}, []string{"discourse.mute"}},
		{hub.AuditQuery{Text: "grüsse"}, []string{"discourse.watch"}},
		{hub.AuditQuery{Text: "0%"}, []string{"discourse.watch"}},
		{hub.AuditQuery{Text: "ADMIN"}, []string{"subscription.delete"}},
		{hub.AuditQuery{Text: "is gone"}, []string{"subscription.delete"}},
		{hub.AuditQuery{Since: when(3)}, []string{"system.resume", "Discourse.x"}},
		{hub.AuditQuery{Until: when(1)}, []string{"discourse.watch"}},
		{hub.AuditQuery{Since: when(1), Until: when(2)}, []string{"discourse.mute"}},
		{hub.AuditQuery{System: "slack", Action: "discourse", Text: "watch", Since: when(0)}, []string{"discourse.watch"}},
	} {
		require.Equal(t, c.want, actions(everyEntry(t, s, c.query)), "query %d", i)
	}
}

// auditPages turns pages of entries of which many have one time, while more are
// written: each of those that were there at first is told once.
func auditPages(t *testing.T, s *store.Store) {
	var entries []hub.AuditEntry
	for i := range 60 {
		entries = append(entries, did(i/20, fmt.Sprintf("old.%d", i)))
	}
	note(t, s, entries...)
	q := hub.AuditQuery{Page: hub.Page{Limit: 7}}
	seen := map[string]int{}
	for page := 0; ; page++ {
		got, next, err := s.ListAudit(t.Context(), q)
		require.NoError(t, err)
		for i, e := range got {
			seen[e.Action]++
			require.False(t, i > 0 && e.At.After(got[i-1].At), "newest first")
		}
		if next == "" {
			break
		}
		q.Page.Cursor = next
		note(t, s, did(1000+page, "new"))
	}
	require.Len(t, seen, 60)
	for action, n := range seen {
		require.Equal(t, 1, n, action)
	}
}

func pruneAudit(t *testing.T, s *store.Store) {
	note(t, s, did(0, "old"), did(1, "edge"), did(2, "young"))
	n, err := s.PruneAudit(t.Context(), noon.Add(time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, []string{"young", "edge"}, actions(everyEntry(t, s, hub.AuditQuery{})))
	n, err = s.PruneAudit(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Zero(t, n)
}

// concurrentAudit tells the same commands in many goroutines, in many orders.
func concurrentAudit(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		var batch []hub.AuditEntry
		for n := range 20 {
			e := did(0, fmt.Sprint(n))
			e.Command = hub.CommandID(fmt.Sprint((n*7 + i) % 20))
			batch = append(batch, e)
		}
		return s.AppendAudit(t.Context(), batch...)
	})
	require.Len(t, everyEntry(t, s, hub.AuditQuery{}), 20)
}
