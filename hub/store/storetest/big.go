package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/store"
)

// Size is how much a big store holds.
type Size struct{ Subscriptions, Traces, Deliveries int }

// Variables of those who measure.
const (
	// BigVariable names a folder in which full stores of SQLite are kept, so that they
	// are made once.
	BigVariable = "BELLHOP_BIG_DIR"
	// PartVariable makes a full store this many times smaller, for slow machines.
	PartVariable = "BELLHOP_BIG_PART"
)

// Full is the size at which pages must still be fast.
func Full(t testing.TB) Size {
	t.Helper()
	part := 1
	if text := os.Getenv(PartVariable); text != "" {
		var err error
		part, err = strconv.Atoi(text)
		require.NoError(t, err, PartVariable)
		require.Positive(t, part, PartVariable)
	}
	return Size{Subscriptions: 100_000 / part, Traces: 1_000_000 / part, Deliveries: 5_000_000 / part}
}

// Small is a size at which tests are fast.
func Small() Size { return Size{Subscriptions: 300, Traces: 1_000, Deliveries: 5_000} }

// BigSQLite is a folder with a full SQLite file, kept if BELLHOP_BIG_DIR is set.
func BigSQLite(t testing.TB, size Size) store.Config {
	t.Helper()
	c := store.Config{Dir: t.TempDir()}
	if kept := os.Getenv(BigVariable); kept != "" {
		c.Dir = filepath.Join(kept, fmt.Sprintf("sqlite-%d", size.Deliveries))
	}
	done := filepath.Join(c.Dir, "filled")
	if _, err := os.Stat(done); err == nil {
		return c
	}
	toSchema(t, c)
	db, err := sql.Open("sqlite", filepath.Join(c.Dir, store.FileName))
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"journal_mode=MEMORY", "synchronous=OFF", "cache_size=-200000", "temp_store=MEMORY"} {
		_, err := db.ExecContext(t.Context(), "PRAGMA "+pragma)
		require.NoError(t, err)
	}
	fillBig(t, db, size, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = `)
	_, err = db.ExecContext(t.Context(), "PRAGMA journal_mode=WAL")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, os.WriteFile(done, nil, 0o600))
	return c
}

// BigPostgres is a full schema in the PostgreSQL of TEST_POSTGRES_DSN. It goes
// when the test ends.
func BigPostgres(t testing.TB, size Size) store.Config {
	t.Helper()
	c := store.Config{URL: PostgresURL(t)}
	toSchema(t, c)
	db, err := sql.Open("pgx", c.URL)
	require.NoError(t, err)
	fillBig(t, db, size, `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%\_key' AND indexname NOT LIKE '%\_pkey' AND tablename = `)
	_, err = db.ExecContext(t.Context(), "ANALYZE") // as the database does by itself after a while
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return c
}

// toSchema makes the schema.
func toSchema(t testing.TB, c store.Config) {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// fillBig fills an empty schema with rows that databases count up themselves, and
// makes its indexes when the rows are there. indexes lists those of a table.
func fillBig(t testing.TB, db *sql.DB, size Size, indexes string) {
	t.Helper()
	began := time.Now()
	var again []string
	for _, table := range []string{"deliveries", "traces", "subscriptions", "subscription_days"} {
		again = append(again, dropIndexes(t, db, indexes+"'"+table+"'")...)
	}
	for _, statement := range append(bigRows(size, time.Now()), again...) {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	t.Logf("%d subscriptions, %d traces and %d deliveries made in %s", size.Subscriptions, size.Traces, size.Deliveries, time.Since(began).Round(time.Second))
}

// dropIndexes drops the indexes that a query lists, and gives what makes them.
func dropIndexes(t testing.TB, db *sql.DB, query string) (again []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name, makes string
		require.NoError(t, rows.Scan(&name, &makes))
		names, again = append(names, name), append(again, makes)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	for _, name := range names {
		_, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP INDEX "+name)
		require.NoError(t, err)
	}
	return again
}

// bigDays is over how long the rows are spread: less than they are kept.
const bigDays = 25

// bigRows are the statements that fill a store, of one text for both databases.
// A row's number decides all: 1 of 101 deliveries is dead, the last thousand are
// owed, some are tried again; five systems have 4,000 chats.
func bigRows(size Size, now time.Time) []string {
	begin := now.Add(-bigDays * 24 * time.Hour).UnixMicro()
	step := func(n int) int64 { return int64(bigDays*24*time.Hour/time.Microsecond) / int64(max(n, 1)) }
	const system = `CASE %[1]s %% 5 WHEN 0 THEN 'slack' WHEN 1 THEN 'telegram' WHEN 2 THEN 'mattermost' WHEN 3 THEN 'matrix' ELSE 'console' END`
	of := func(n string) string { return fmt.Sprintf(system, n) }
	count := func(n int) string {
		return fmt.Sprintf(`WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d) `, n-1)
	}
	status := fmt.Sprintf(`CASE WHEN i > %d THEN 0 WHEN i %% 101 = 17 THEN 3 WHEN i %% 10007 = 5 THEN 1 ELSE 2 END`, size.Deliveries-1000)
	trace := fmt.Sprintf(`'{"event":"e' || CAST(i AS TEXT) || '","source":"meta","type":"forum.post.created","at":"%s","verdict":"decided","rows":%d,"chats":[{"system":"slack","chat":"C1","result":"queued","notification":"n' || CAST(i * 5 AS TEXT) || '"}]}'`,
		now.UTC().Format(time.RFC3339), size.Subscriptions)
	return []string{
		insertFrom(count(size.Subscriptions), `subscriptions (id, seq, digest, system, chat, source, mode, filters, options, enabled, created_by, created_at, updated_at, last_fired_at, error, folded)`, `
			's' || CAST(i AS TEXT), i + 1, 'd' || CAST(i AS TEXT), `+of("i")+`, 'C' || CAST(i % 4000 AS TEXT), CASE WHEN i % 3 = 0 THEN 'meta' ELSE '' END,
			CASE i % 10 WHEN 0 THEN 'follow' WHEN 1 THEN 'thread' WHEN 2 THEN 'mute' ELSE 'watch' END,
			'[{"type":"category","any":["' || CAST(i % 200 AS TEXT) || '"]},{"type":"tag","any":["t' || CAST(i AS TEXT) || '"]}]', '{}', 1, 'admin',
			`+spread(begin, step(size.Subscriptions))+`, `+spread(begin, step(size.Subscriptions))+`, `+spread(begin, step(size.Subscriptions))+`, '',
			'c' || CAST(i % 4000 AS TEXT) || ' admin [{"type":"category","any":["' || CAST(i % 200 AS TEXT) || '"]},{"type":"tag","any":["t' || CAST(i AS TEXT) || '"]}]'`),
		insertFrom(count(size.Traces), `traces (event, body, taken_at)`, `'e' || CAST(i AS TEXT), `+trace+`, `+spread(begin, step(size.Traces))),
		insertFrom(count(size.Deliveries), `deliveries (id, system, chat, event, event_type, source, subscription, title, status, attempts, reason, receipt, queued_at, updated_at, announced, act, again, title_folded, reason_folded, was, was_at)`, `
			'n' || CAST(i AS TEXT), `+of("i")+`, 'C' || CAST(i % 4000 AS TEXT), 'e' || CAST(i / 5 AS TEXT), 'forum.post.created', CASE WHEN i % 3 = 0 THEN 'ci' ELSE 'meta' END,
			's' || CAST(i % `+fmt.Sprint(max(size.Subscriptions, 1))+` AS TEXT), 'Printer ' || CAST(i AS TEXT) || ' does not start after the update', `+status+`, 1,
			CASE WHEN i % 101 = 17 THEN 'channel_not_found' ELSE '' END, '', `+spread(begin, step(size.Deliveries))+`, `+spread(begin, step(size.Deliveries))+`, 1, '', 0,
			'printer ' || CAST(i AS TEXT) || ' does not start after the update', CASE WHEN i % 101 = 17 THEN 'channel_not_found' ELSE '' END, 0, 0`),
		`INSERT INTO event_hours (hour, source, n) SELECT taken_at / 3600000000, 'meta', COUNT(*) FROM traces GROUP BY 1`,
		`INSERT INTO delivery_hours (hour, system, status, n) SELECT updated_at / 3600000000, system, status, COUNT(*) FROM deliveries WHERE status <> 0 GROUP BY 1, 2, 3`,
		`INSERT INTO latency_hours (hour, bucket, n) SELECT hour, 7, SUM(n) FROM delivery_hours WHERE status = 2 GROUP BY 1`,
		`INSERT INTO subscription_days (subscription, day, n) SELECT subscription, queued_at / 86400000000, COUNT(*) FROM deliveries GROUP BY 1, 2`,
		insertFrom(count(size.Traces/10), `audit (id, at, who, system, user_id, chat, action, line, outcome, message, command, before_json, after_json, folded)`, `
			'a' || CAST(i AS TEXT), `+spread(begin, step(size.Traces/10))+`, 'admin', `+of("i")+`, 'U' || CAST(i % 900 AS TEXT), 'C' || CAST(i % 4000 AS TEXT),
			CASE i % 7 WHEN 0 THEN 'subscription.delete' ELSE 'discourse.watch' END, 'watch c/support', 'created', 'done', NULL, '', '', 'watch c/support admin done'`),
		`INSERT INTO counters (name, value) VALUES ('subscriptions', ` + fmt.Sprint(size.Subscriptions) + `)`,
	}
}

// insertFrom inserts a row of values for each number.
func insertFrom(numbers, into, values string) string {
	// SQLite takes WITH before INSERT and after it, PostgreSQL, too.
	return strings.TrimSpace(`INSERT INTO ` + into + ` ` + numbers + `SELECT ` + values + ` FROM numbers`)
}

// spread is a time for each number.
func spread(begin, step int64) string { return fmt.Sprintf("%d + CAST(i AS BIGINT) * %d", begin, step) }
