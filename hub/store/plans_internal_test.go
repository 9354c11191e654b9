package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// noting is a driver that notes what is asked.
type noting struct {
	driver.Driver
	mu    sync.Mutex
	asked []string
}

func (n *noting) Open(name string) (driver.Conn, error) {
	c, err := n.Driver.Open(name)
	return notingConn{c, n}, err
}

// notingConn offers nothing but Prepare, so that every query passes there.
type notingConn struct {
	driver.Conn
	notes *noting
}

func (c notingConn) Prepare(query string) (driver.Stmt, error) {
	c.notes.mu.Lock()
	defer c.notes.mu.Unlock()
	c.notes.asked = append(c.notes.asked, query)
	return c.Conn.Prepare(query)
}

// TestListsReadNoWholeTable asks every list what SQLite would do for it: of
// millions of rows it may neither read all nor sort them.
func TestListsReadNoWholeTable(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	notes := &noting{Driver: s.reader.Driver()}
	sql.Register("noting", notes)
	noted, err := sql.Open("noting", readerDSN(dir+"/"+FileName))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, noted.Close()) })
	plain := s.reader
	s.reader, s.often = noted, newPrepared(noted, false)
	t.Cleanup(func() { require.NoError(t, plain.Close()) })

	lists := listCalls(t.Context(), s)
	require.NotEmpty(t, lists)
	for name, ask := range lists {
		notes.asked = nil
		require.NoError(t, ask(), name)
		require.NotEmpty(t, notes.asked, "%s asks nothing", name)
		for _, query := range notes.asked {
			for _, step := range plan(t, plain, query) {
				require.False(t, strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "looked_at"), "%s reads a whole table: %s\n%s", name, step, query)
				sorts := strings.Contains(step, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(query, "looked_at") && !strings.Contains(query, "event = ")
				require.False(t, sorts, "%s sorts what it selects: %s\n%s", name, step, query)
			}
		}
	}
}

var numbered = regexp.MustCompile(`\$(\d+)`)

func plan(t *testing.T, db *sql.DB, query string) (steps []string) {
	t.Helper()
	most := 0
	for _, m := range numbered.FindAllStringSubmatch(query, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		most = max(most, n)
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, most)...)
	require.NoError(t, err, query)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	require.NoError(t, rows.Err())
	return steps
}

// listCalls are the reads that pages and the API make.
func listCalls(ctx context.Context, s *Store) map[string]func() error {
	calls := map[string]func() error{
		"figures": func() error { _, err := s.Figures(ctx, time.Unix(0, 0), time.Now()); return err },
		"fired": func() error {
			_, err := s.Fired(ctx, []hub.SubscriptionID{"s1", "s2"}, time.Unix(0, 0), time.Now())
			return err
		},
		"traces":      func() error { _, err := s.FindTraces(ctx, []hub.EventID{"e1", "e2"}); return err },
		"by ids":      func() error { _, err := s.FindDeliveries(ctx, []hub.NotificationID{"n1", "n2"}); return err },
		"said":        func() error { _, err := s.FindAnnouncements(ctx, []hub.NotificationID{"n1", "n2"}); return err },
		"post":        func() error { _, err := s.Announcements(ctx, "meta", "301", 2); return err },
		"told topics": func() error { _, err := s.AnnouncedTopics(ctx, "meta", "300", 10); return err },
		"attempts":    func() error { _, err := s.Attempts(ctx, "n1"); return err },
		"audit":       func() error { _, _, err := s.ListAudit(ctx, hub.AuditQuery{}); return err },
		"audit chat":  func() error { _, _, err := s.ListAudit(ctx, hub.AuditQuery{System: "slack", Chat: "C1"}); return err },
		"audit user":  func() error { _, _, err := s.ListAudit(ctx, hub.AuditQuery{System: "slack", User: "U1"}); return err },
		"audit since": func() error { _, _, err := s.ListAudit(ctx, hub.AuditQuery{Since: time.Now(), Text: "x"}); return err },
		"users":       func() error { _, _, err := s.ListUsers(ctx, hub.UserQuery{}); return err },
	}
	for i, q := range []hub.DeliveryQuery{
		{},
		{System: "slack"},
		{System: "slack", Chat: "C1"},
		{Subscription: "s1"},
		{Event: "e1"},
		{Source: "meta"},
		{Status: []hub.Status{hub.StatusDead}},
		{Status: []hub.Status{hub.StatusSent}},
		{System: "slack", Status: []hub.Status{hub.StatusFailed}},
		{Text: "printer"},
		{System: "slack", Text: "printer"},
		{Since: time.Now().Add(-time.Hour)},
		{Until: time.Now(), Source: "meta"},
		{Chat: "C1"},
		{System: "slack", Chat: "C1", Text: "printer"},
		{System: "slack", Chat: "C1", Status: []hub.Status{hub.StatusQueued, hub.StatusFailed}},
		{System: "slack", Chat: "C1", Status: []hub.Status{hub.StatusDead}},
		{System: "slack", Chat: "C1", Since: time.Now().Add(-time.Hour), Until: time.Now()},
		{System: "slack", Subscription: "s1", Status: []hub.Status{hub.StatusSent}},
	} {
		for _, page := range []hub.Page{{}, {Cursor: cursor{n: 5, id: "n1"}.seal(deliveryList)}} {
			q.Page = page
			calls[fmt.Sprintf("deliveries %d %q", i, page.Cursor)] = func() error { _, _, err := s.ListDeliveries(ctx, q); return err }
		}
	}
	for i, q := range []hub.SubscriptionQuery{{}, {System: "slack"}, {System: "slack", Chat: "C1"}, {Source: "meta"}, {Mode: hub.Mute}, {System: "slack", Mode: hub.Mute}} {
		for _, page := range []hub.Page{{}, {Cursor: cursor{n: 5}.seal("subscriptions")}} {
			q.Page = page
			calls[fmt.Sprintf("subscriptions %d %q", i, page.Cursor)] = func() error { _, _, err := s.ListSubscriptions(ctx, q); return err }
		}
	}
	return calls
}
