package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// settle is RecordOutcomes' statement. Of all that was told of a notification
// the row shows the greatest by again, status, attempt and time, so records may
// come in any order and more than once. A receipt stays, even should the
// notification be given up later: the message is out there.
func settle() insert {
	return insert{
		into: `deliveries (` + writtenColumns + `)`,
		tail: `ON CONFLICT (id) DO UPDATE SET
			again = excluded.again, status = excluded.status, attempts = excluded.attempts,
			reason = excluded.reason, reason_folded = excluded.reason_folded,
			receipt = CASE WHEN excluded.receipt = '' THEN deliveries.receipt ELSE excluded.receipt END,
			updated_at = excluded.updated_at, was = deliveries.status, was_at = deliveries.updated_at
			WHERE (excluded.again, excluded.status, excluded.attempts, excluded.updated_at)
				> (deliveries.again, deliveries.status, deliveries.attempts, deliveries.updated_at)
			RETURNING ` + movedColumns,
		row: settledRow,
	}
}

// RecordOutcomes notes how attempts ended. An outcome that is none (no
// notification, another status) is CodeInvalid, and then nothing is noted. Of owed,
// which RecordQueued has not been told of, what is sent is written once.
func (s *Store) RecordOutcomes(ctx context.Context, os []hub.Outcome, owed ...hub.Delivery) error {
	if len(owed) > 0 {
		var err error
		if os, owed, err = s.recordSent(ctx, os, owed); err != nil {
			return err
		}
		if err := s.RecordQueued(ctx, owed); err != nil {
			return err
		}
	}
	t, err := s.settlingOf(os)
	if err != nil || len(os) == 0 {
		return err
	}
	attempts, err := attemptRows(t.special)
	if err != nil {
		return err
	}
	if len(t.moves) == 0 && len(t.rounds) == 1 {
		err := s.transact(ctx, "record outcomes", func(tx *sql.Tx) error { return s.settleOwed(ctx, tx, t.rounds[0]) })
		if !errors.Is(err, errKnown) {
			return err
		}
	}
	return s.transact(ctx, "record outcomes", func(tx *sql.Tx) error { return s.settleAny(ctx, tx, os, t, attempts) })
}

// errKnown ends a transaction that could do with less if all it is told were new.
var errKnown = errors.New("not all is new")

// settleOwed notes outcomes of what is owed so far, as nearly all are: what they
// count is known without asking. It is errKnown where there is another.
func (s *Store) settleOwed(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	owed := settle()
	owed.tail = strings.TrimSuffix(owed.tail, "RETURNING "+movedColumns) + " AND deliveries.status = 0"
	changed, err := s.insertDeliveries(ctx, tx, owed, rows)
	if err != nil {
		return err
	}
	if changed < int64(len(rows)) {
		return errKnown
	}
	counts := tally{}
	for _, row := range rows {
		counts.moved(row[1].(string), row[5].(int), row[9].(int64), rankQueued, 0)
	}
	if err := s.sampleTook(ctx, tx, rows, counts); err != nil {
		return err
	}
	return counts.write(ctx, &s.engine, tx)
}

// settleAny notes outcomes of whatever is known.
func (s *Store) settleAny(ctx context.Context, tx *sql.Tx, os []hub.Outcome, t settling, attempts [][]any) error {
	if err := s.keepSent(ctx, tx, t.moves); err != nil {
		return err
	}
	left, counts := int64(len(os)), tally{}
	for _, rows := range t.rounds {
		changed, err := s.insertDeliveriesTold(ctx, tx, settle(), rows, counts.changed)
		if err != nil {
			return err
		}
		left -= changed
	}
	kept := attempts
	if left > 0 { // what was told late, or twice, is in no row
		var err error
		if kept, err = attemptRows(os); err != nil {
			return err
		}
	}
	if _, err := s.insertRows(ctx, tx, attempted(), kept); err != nil {
		return err
	}
	return counts.write(ctx, &s.engine, tx)
}

// settling are the rows of outcomes.
type settling struct {
	rounds  [][][]any
	moves   [][]any       // those that may take the place of another that was sent
	special []hub.Outcome // of which the rows do not say all
}

func (s *Store) settlingOf(os []hub.Outcome) (t settling, err error) {
	for _, round := range inOrder(os, func(o *hub.Outcome) hub.NotificationID { return o.Notification }) {
		rows := make([][]any, len(round))
		for i, o := range round {
			if rows[i], err = s.settleArgs(o); err != nil {
				return settling{}, err
			}
			if !plain(o) {
				t.special = append(t.special, *o)
			}
			if !plain(o) || o.Again > 0 || o.Attempt > 1 {
				t.moves = append(t.moves, rows[i])
			}
		}
		t.rounds = append(t.rounds, rows)
	}
	return t, nil
}

// plain reports whether an outcome's row says all that there is to say of the
// attempt. It is most of them, and each would be a row more.
func plain(o *hub.Outcome) bool {
	return o.Status == hub.StatusSent && o.Fault == "" && o.Reason == "" && o.RetryAt.IsZero() && o.Exchange == nil
}

// settledAs is the rank of the status that an outcome tells of, CodeInvalid where it
// is none.
func settledAs(o *hub.Outcome) (rank int, err error) {
	if err := checkDelivery(o.Notification, o.Chat, o.Event, ""); err != nil {
		return 0, err
	}
	if err := checkKeys("fault", string(o.Fault)); err != nil {
		return 0, err
	}
	if rank = slices.Index(statuses(), o.Status); rank <= rankQueued {
		return 0, hub.Errorf(hub.CodeInvalid, "outcome of notification %s: status %q is none of %q",
			o.Notification, o.Status, statuses()[1:])
	}
	return rank, nil
}

// settleArgs is the row of an outcome. Its time stands for the time of queueing
// until the notification is announced.
func (s *Store) settleArgs(o *hub.Outcome) ([]any, error) {
	rank, err := settledAs(o)
	if err != nil {
		return nil, err
	}
	receipt, err := receiptDocument(o.Receipt)
	if err != nil {
		return nil, err
	}
	at, reason := microsOrNow(o.At), cmp.Or(o.Reason, string(o.Fault))
	return []any{
		text(o.Notification), text(o.System), text(o.ID), text(o.Event), max(o.Again, 0),
		rank, max(o.Attempt, 0), text(reason), receipt, at, at, folded(reason), s.eras.of(at),
	}, nil
}

func receiptDocument(r hub.Receipt) (string, error) {
	if r == (hub.Receipt{}) {
		return "", nil
	}
	doc, err := r.AppendJSON(nil)
	if err != nil {
		return "", hub.Errorf(hub.CodeInvalid, "receipt %q: %v", r.Ref, err)
	}
	return string(doc), nil
}
