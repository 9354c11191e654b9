package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// attempted notes how attempts ended. Of what is told of one again the newest
// stays, counted; what was told already, or came late, changes nothing.
func attempted() insert {
	return insert{
		into: `attempts (notification, again, attempt, status, fault, times, at, body)`,
		tail: `ON CONFLICT (notification, again, attempt, status, fault) DO UPDATE SET
			times = attempts.times + excluded.times, at = excluded.at, body = excluded.body
			WHERE excluded.at > attempts.at`,
		row: marks(8),
	}
}

// attemptKey is what tells attempts apart.
type attemptKey struct {
	notification hub.NotificationID
	again        int
	attempt      int
	rank         int
	fault        string
}

func (k attemptKey) compare(other attemptKey) int {
	return cmp.Or(cmp.Compare(k.notification, other.notification), cmp.Compare(k.again, other.again),
		cmp.Compare(k.attempt, other.attempt), cmp.Compare(k.rank, other.rank), cmp.Compare(k.fault, other.fault))
}

// attemptBody is what nobody looks an attempt up by.
type attemptBody struct {
	Reason   string        `json:"reason,omitempty"`
	RetryAt  time.Time     `json:"retry_at,omitzero"`
	Exchange *hub.Exchange `json:"exchange,omitempty"`
}

// attemptRows are the rows of outcomes that were checked, one for each attempt
// and sorted, as one statement may not change a row twice and writers of the
// same rows lock them in one order.
func attemptRows(os []hub.Outcome) ([][]any, error) {
	type told struct {
		last  hub.Outcome
		times map[int64]bool // when it was told: the same outcome may come twice
	}
	all := make(map[attemptKey]*told, len(os))
	for _, o := range os {
		o.At = stored(time.UnixMicro(microsOrNow(o.At)))
		key := attemptKey{
			hub.NotificationID(text(o.Notification)), max(o.Again, 0), max(o.Attempt, 0), slices.Index(statuses(), o.Status), text(o.Fault),
		}
		t := all[key]
		if t == nil {
			t = &told{last: o, times: map[int64]bool{}}
			all[key] = t
		}
		if o.At.After(t.last.At) {
			t.last = o
		}
		t.times[micros(o.At)] = true
	}
	keys := make([]attemptKey, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, attemptKey.compare)
	rows := make([][]any, 0, len(keys))
	for _, key := range keys {
		t := all[key]
		body, err := attemptDocument(t.last)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{
			string(key.notification), key.again, key.attempt, key.rank, key.fault, len(t.times), micros(t.last.At), body,
		})
	}
	return rows, nil
}

func attemptDocument(o hub.Outcome) (string, error) {
	body := attemptBody{Reason: text(o.Reason), RetryAt: o.RetryAt}
	if o.Exchange != nil { // of a worker in another language it may be long
		x := o.Exchange.Bounded()
		body.Exchange = &x
	}
	doc, err := document(body)
	if err != nil {
		return "", hub.Errorf(hub.CodeInvalid, "outcome of notification %s: %v", o.Notification, err)
	}
	return doc, nil
}

// keepSent makes attempts of what the deliveries of rows say, where they are
// sent: the rows may make them say something else. One that says why has its attempt.
func (s *Store) keepSent(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	for some := range slices.Chunk(rows, rowsPerStatement) {
		var sel selection
		ids := make([]any, len(some))
		for i, row := range some {
			ids[i] = row[0]
		}
		sel.among("id", ids)
		sel.add("status = " + sel.bind(rankSent) + " AND reason = ''")
		_, err := tx.ExecContext(ctx, sel.where(`
			INSERT INTO attempts (notification, again, attempt, status, fault, times, at, body)
			SELECT id, again, attempts, status, '', 1, updated_at, '{}' FROM deliveries`)+`
			ORDER BY id ON CONFLICT DO NOTHING`, sel.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// sentAttempt is the attempt of which a delivery that is sent tells, nil for
// none.
func (s *Store) sentAttempt(ctx context.Context, id hub.NotificationID) (*hub.Attempt, error) {
	a := hub.Attempt{Status: hub.StatusSent, Times: 1}
	err := s.reader.QueryRowContext(ctx, `SELECT again, attempts, updated_at FROM deliveries WHERE id = $1 AND status = $2`, text(id), rankSent).
		Scan(&a.Again, &a.Attempt, timeColumn{&a.At})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &a, err
}

// Attempts lists how the attempts at a notification ended, the first first.
func (s *Store) Attempts(ctx context.Context, id hub.NotificationID) (list []hub.Attempt, err error) {
	const op = "list attempts"
	sent, err := s.sentAttempt(ctx, id) // first: it may become one of the others meanwhile
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	rows, err := s.reader.QueryContext(ctx, `
		SELECT again, attempt, status, fault, times, at, body FROM attempts WHERE notification = $1
		ORDER BY again, at, attempt, status, fault`, text(id))
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a hub.Attempt
		var rank int
		var body attemptBody
		if err := rows.Scan(&a.Again, &a.Attempt, &rank, &a.Fault, &a.Times, timeColumn{&a.At}, jsonColumn{&body}); err != nil {
			return nil, fault(ctx, op, err)
		}
		a.Status, a.Reason, a.RetryAt, a.Exchange = statuses()[rank], body.Reason, body.RetryAt, body.Exchange
		list = append(list, a)
		if sent != nil && a.Status == sent.Status && a.Again == sent.Again && a.Attempt == sent.Attempt {
			sent = nil
		}
	}
	if sent != nil {
		list = append(list, *sent)
		slices.SortStableFunc(list, func(a, b hub.Attempt) int { return cmp.Or(cmp.Compare(a.Again, b.Again), a.At.Compare(b.At)) })
	}
	return list, fault(ctx, op, rows.Err())
}
