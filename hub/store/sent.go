package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// recordSent writes those of owed that an outcome says are sent, each with it in one
// row. It returns what is left to be noted of both.
func (s *Store) recordSent(ctx context.Context, os []hub.Outcome, owed []hub.Delivery) ([]hub.Outcome, []hub.Delivery, error) {
	for i := range os {
		if _, err := settledAs(&os[i]); err != nil { // nothing is noted if one is none
			return nil, nil, err
		}
	}
	sent, left, stillOwed := pairs(os, owed)
	if len(sent) == 0 {
		return os, owed, nil
	}
	if s.dialect == SQLite {
		slices.SortFunc(sent, func(a, b *pair) int { return oldestFirst(a.Delivery, b.Delivery) })
	}
	rows, counts, err := s.sentRows(sent)
	if err != nil {
		return nil, nil, err
	}
	err = s.transact(ctx, "record sent deliveries", func(tx *sql.Tx) error {
		made, err := s.insertDeliveries(ctx, tx, firstRows(sentRow), rows)
		if err != nil {
			return err
		}
		if made < int64(len(rows)) {
			return errKnown
		}
		return counts.write(ctx, &s.engine, tx)
	})
	if errors.Is(err, errKnown) {
		return os, owed, nil
	}
	return left, stillOwed, err
}

// pair is a notification that is owed and the outcome that says it is sent.
type pair struct {
	*hub.Delivery
	ended *hub.Outcome // nil: there is none
	more  bool         // there is more to say than one row does
}

func (p *pair) whole() bool { return p != nil && p.ended != nil && !p.more }

// pairs are the pairs of os and owed of which one row says all, in the order of
// their ids, and what else there is.
func pairs(os []hub.Outcome, owed []hub.Delivery) (sent []*pair, left []hub.Outcome, stillOwed []hub.Delivery) {
	all, of := make([]pair, len(owed)), make(map[hub.NotificationID]*pair, len(owed))
	for i := range owed {
		d := &owed[i]
		if p := of[d.ID]; p != nil {
			p.more = true
			continue
		}
		all[i] = pair{Delivery: d, more: d.Again > 0}
		of[d.ID] = &all[i]
	}
	for i := range os {
		if p, o := of[os[i].Notification], &os[i]; p != nil {
			p.more = p.more || p.ended != nil || !plain(o) || o.Again > 0
			p.ended = o
		}
	}
	for i := range os {
		if !of[os[i].Notification].whole() {
			left = append(left, os[i])
		}
	}
	for i := range owed {
		if p := of[owed[i].ID]; p.whole() {
			sent = append(sent, p)
		} else {
			stillOwed = append(stillOwed, owed[i])
		}
	}
	slices.SortFunc(sent, func(a, b *pair) int { return cmp.Compare(a.ID, b.ID) })
	return sent, left, stillOwed
}

// sentRows are the rows of pairs, and what they count.
func (s *Store) sentRows(sent []*pair) ([][]any, tally, error) {
	rows, counts := make([][]any, len(sent)), tally{}
	for i, p := range sent {
		d, o := p.Delivery, p.ended
		if err := checkDelivery(d.ID, d.Chat, d.Event, d.Subscription); err != nil {
			return nil, nil, err
		}
		receipt, err := receiptDocument(o.Receipt)
		if err != nil {
			return nil, nil, err
		}
		queuedAt, at := microsOrNow(d.QueuedAt), microsOrNow(o.At)
		rows[i] = []any{
			text(d.ID), text(d.System), text(d.Chat.ID), text(d.Event), text(d.EventType), text(d.Source), text(d.Subscription),
			text(d.Act), text(d.Title), max(o.Attempt, 0), receipt, queuedAt, at, folded(d.Title), s.eras.of(queuedAt),
		}
		counts.owed(d)
		counts.moved(text(d.System), rankSent, at, rankQueued, 0)
		counts.took(at, queuedAt, 1)
	}
	return rows, counts, nil
}
