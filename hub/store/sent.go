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
	if _, err := settlingOf(os); err != nil { // nothing is noted if one is none
		return nil, nil, err
	}
	sent, left, stillOwed := pairs(os, owed)
	if len(sent) == 0 {
		return os, owed, nil
	}
	rows, counts, err := sentRows(sent)
	if err != nil {
		return nil, nil, err
	}
	err = s.transact(ctx, "record sent deliveries", func(tx *sql.Tx) error {
		made, err := s.insertRows(ctx, tx, firstRows(sentRow), rows)
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
	hub.Delivery
	ended hub.Outcome
}

// pairs are the pairs of os and owed of which one row says all, in the order of
// their ids, and what else there is.
func pairs(os []hub.Outcome, owed []hub.Delivery) (sent []pair, left []hub.Outcome, stillOwed []hub.Delivery) {
	told := make(map[hub.NotificationID]int, len(os))
	for _, o := range os {
		told[o.Notification]++
	}
	open := make(map[hub.NotificationID]hub.Delivery, len(owed))
	for _, d := range owed {
		if _, twice := open[d.ID]; twice || d.Again > 0 || told[d.ID] != 1 {
			stillOwed = append(stillOwed, d)
			continue
		}
		open[d.ID] = d
	}
	for _, o := range os {
		d, found := open[o.Notification]
		if !found || !plain(o) || o.Again > 0 {
			left = append(left, o)
			continue
		}
		sent = append(sent, pair{d, o})
		delete(open, d.ID)
	}
	for _, d := range owed {
		if _, unpaired := open[d.ID]; unpaired {
			stillOwed = append(stillOwed, d)
			delete(open, d.ID)
		}
	}
	slices.SortFunc(sent, func(a, b pair) int { return cmp.Compare(a.ID, b.ID) })
	return sent, left, stillOwed
}

// sentRows are the rows of pairs, and what they count.
func sentRows(sent []pair) ([][]any, tally, error) {
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
			text(d.Act), text(d.Title), max(o.Attempt, 0), receipt, queuedAt, at, folded(d.Title),
		}
		counts.owed(d)
		counts.moved(text(d.System), rankSent, at, rankQueued, 0)
		counts.took(at, queuedAt, 1)
	}
	return rows, counts, nil
}
