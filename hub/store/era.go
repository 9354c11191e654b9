package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// eraRows is how many rows of the delivery log make an era.
const eraRows = 4000

// eras are the stretches of the delivery log by which its indexes of chats and of
// subscriptions are cut. A row's era is the newest that began no later than the row
// was queued, so that a list that reads era after era is in the order of time. They
// are nil on PostgreSQL, where another hub may write, too: there all is one era.
type eras struct {
	mu     sync.Mutex
	began  []int64 // times of queueing in microseconds, ascending; the first is 0
	rows   int     // how many of the newest era there are, about
	most   int     // how many it takes
	newest int64   // when the newest row of all was queued
}

// readEras reads the eras that rows are of.
func readEras(ctx context.Context, db *sql.DB) (*eras, error) {
	const op = "read the eras of the delivery log"
	e := &eras{most: eraRows}
	rows, err := db.QueryContext(ctx, `SELECT began_at FROM eras ORDER BY began_at`)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		if err := rows.Scan(&at); err != nil {
			return nil, fault(ctx, op, err)
		}
		e.began = append(e.began, at)
	}
	if err := rows.Err(); err != nil {
		return nil, fault(ctx, op, err)
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(queued_at), 0) FROM deliveries`).Scan(&e.newest)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE era = $1 LIMIT $2) AS some`, e.began[len(e.began)-1], eraRows).Scan(&e.rows)
	return e, fault(ctx, op, err)
}

// of is the era of a row about to be written that was queued at a time. What was said
// of an earlier row stays true: a new era begins after all of them.
func (e *eras) of(queuedAt int64) int64 {
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if queuedAt > e.newest {
		if e.rows >= e.most {
			e.began, e.rows = append(e.began, queuedAt), 0
		}
		e.newest = queuedAt
	}
	if last := e.began[len(e.began)-1]; queuedAt >= last {
		e.rows++
		return last
	}
	i, found := slices.BinarySearch(e.began, queuedAt)
	if !found {
		i = max(i-1, 0)
	}
	return e.began[i]
}

// insertDeliveries is insertRows for rows of deliveries, whose last argument is their era.
func (s *Store) insertDeliveries(ctx context.Context, tx *sql.Tx, i insert, rows [][]any) (changed int64, err error) {
	if err := s.putEras(ctx, tx, rows); err != nil {
		return 0, err
	}
	return s.insertRows(ctx, tx, i, rows)
}

// insertDeliveriesTold is insertTold for rows of deliveries.
func (s *Store) insertDeliveriesTold(ctx context.Context, tx *sql.Tx, i insert, rows [][]any, told func(*sql.Rows) error) (changed int64, err error) {
	if err := s.putEras(ctx, tx, rows); err != nil {
		return 0, err
	}
	return s.insertTold(ctx, tx, i, rows, told)
}

// putEras notes the eras of rows with them: lists find a row by its era.
func (s *Store) putEras(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	if s.eras == nil {
		return nil
	}
	var put [][]any
	for _, row := range rows {
		era := row[len(row)-1:]
		if !slices.ContainsFunc(put, func(p []any) bool { return p[0] == era[0] }) {
			put = append(put, era)
		}
	}
	_, err := s.insertRows(ctx, tx, insert{into: `eras (began_at)`, row: marks(1), tail: `ON CONFLICT DO NOTHING`}, put)
	return err
}

// pruneEras forgets those of which there is no row any more.
func (s *Store) pruneEras(ctx context.Context) error {
	_, err := s.exec(ctx, "prune eras", `DELETE FROM eras WHERE began_at > 0 AND began_at < (SELECT MIN(era) FROM deliveries)`)
	return err
}

// eraIndex is the index, of those that begin with the era, by which a query is
// answered, "" for another. What is not sent has an index of its own, and so has what
// an event owes.
func eraIndex(q hub.DeliveryQuery) string {
	few := q.Event != "" || len(q.Status) == 1 && q.Status[0] != hub.StatusSent
	switch {
	case few:
		return ""
	case q.Subscription != "":
		return "deliveries_subscription"
	case q.System != "" && q.Chat != "":
		return "deliveries_chat"
	}
	return ""
}

// joinEras joins the rows of a query with their eras, those where there may be any.
func joinEras(q hub.DeliveryQuery, sel *selection) {
	sel.add("era = began_at")
	if !q.Since.IsZero() {
		sel.add("began_at >= (SELECT MAX(began_at) FROM eras WHERE began_at <= " + sel.bind(max(micros(q.Since), 0)) + ")")
	}
	if !q.Until.IsZero() {
		sel.add("began_at <= " + sel.bind(max(micros(q.Until), 0)))
	}
}
