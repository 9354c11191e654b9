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

const deliveryColumns = `id, system, chat, event, event_type, source, subscription, act, title,
	status, attempts, reason, receipt, queued_at, updated_at`

const allDeliveries = `SELECT ` + deliveryColumns + ` FROM deliveries`

// statuses lists the statuses by rank: a row never goes back to an earlier one.
func statuses() []hub.Status {
	return []hub.Status{hub.StatusQueued, hub.StatusFailed, hub.StatusSent, hub.StatusDead}
}

// announce is RecordQueued's statement. A row that an outcome made before its
// notification was announced learns what it is about; its status stays.
func announce() insert {
	return insert{
		head: `INSERT INTO deliveries (` + deliveryColumns + `, announced)`,
		tail: `ON CONFLICT (id) DO UPDATE SET
			event = excluded.event, event_type = excluded.event_type, source = excluded.source,
			subscription = excluded.subscription, act = excluded.act, title = excluded.title,
			queued_at = excluded.queued_at, announced = 1
			WHERE deliveries.announced = 0`,
		columns: 16,
	}
}

// RecordQueued notes notifications as owed, whatever status they carry.
func (s *Store) RecordQueued(ctx context.Context, ds []hub.Delivery) error {
	if len(ds) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(ds))
	for _, d := range inOrder(ds, func(d hub.Delivery) hub.NotificationID { return d.ID })[0] {
		if err := checkDelivery(d.ID, d.Chat, d.Event, d.Subscription); err != nil {
			return err
		}
		rows = append(rows, announceArgs(d))
	}
	return s.transact(ctx, "record queued deliveries", func(tx *sql.Tx) error {
		return s.insertRows(ctx, tx, announce(), rows)
	})
}

func announceArgs(d hub.Delivery) []any {
	at := microsOrNow(d.QueuedAt)
	return []any{
		text(d.ID), text(d.System), text(d.Chat.ID), text(d.Event), text(d.EventType), text(d.Source),
		text(d.Subscription), text(d.Act), text(d.Title), rankQueued, 0, "", "", at, at, 1,
	}
}

const rankQueued = 0

// GetDelivery reads a row.
func (s *Store) GetDelivery(ctx context.Context, id hub.NotificationID) (*hub.Delivery, error) {
	d, err := scanDelivery(s.reader.QueryRowContext(ctx, allDeliveries+` WHERE id = $1`, text(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, hub.Errorf(hub.CodeNotFound, "there is no delivery %q; old ones are deleted", id)
	}
	if err != nil {
		return nil, fault(ctx, "get delivery", err)
	}
	return &d, nil
}

// ListDeliveries pages, newest first.
func (s *Store) ListDeliveries(ctx context.Context, q hub.DeliveryQuery) ([]hub.Delivery, string, error) {
	const list = "deliveries"
	sel, err := selectDeliveries(q)
	if err != nil {
		return nil, "", err
	}
	if q.Page.Cursor != "" {
		c, err := openCursor(list, q.Page.Cursor)
		if err != nil {
			return nil, "", err
		}
		sel.add("(queued_at, id) < (" + sel.bind(c.n) + ", " + sel.bind(text(c.id)) + ")")
	}
	limit := clampLimit(q.Page.Limit)
	rows, err := s.deliveries(ctx, sel.query(allDeliveries, "queued_at DESC, id DESC", limit), sel.args...)
	if err != nil || len(rows) <= limit {
		return rows, "", err
	}
	last := rows[limit-1]
	return rows[:limit], cursor{n: micros(last.QueuedAt), id: string(last.ID)}.seal(list), nil
}

func selectDeliveries(q hub.DeliveryQuery) (*selection, error) {
	var sel selection
	sel.equal("system", string(q.System))
	sel.equal("chat", q.Chat)
	sel.equal("event", string(q.Event))
	sel.equal("subscription", string(q.Subscription))
	if q.Status != "" {
		rank := slices.Index(statuses(), q.Status)
		if rank < 0 {
			return nil, hub.Errorf(hub.CodeInvalid, "status %q is none of %q", q.Status, statuses())
		}
		sel.add("status = " + sel.bind(rank))
	}
	return &sel, nil
}

func (s *Store) deliveries(ctx context.Context, query string, args ...any) (list []hub.Delivery, err error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault(ctx, "list deliveries", err)
	}
	defer rows.Close()
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, fault(ctx, "list deliveries", err)
		}
		list = append(list, d)
	}
	return list, fault(ctx, "list deliveries", rows.Err())
}

func scanDelivery(row interface{ Scan(...any) error }) (d hub.Delivery, err error) {
	var rank int
	err = row.Scan(&d.ID, &d.System, &d.Chat.ID, &d.Event, &d.EventType, &d.Source, &d.Subscription, &d.Act, &d.Title,
		&rank, &d.Attempts, &d.Reason, jsonColumn{&d.Receipt}, timeColumn{&d.QueuedAt}, timeColumn{&d.UpdatedAt})
	if err == nil {
		d.Status = statuses()[rank]
	}
	return d, err
}

// PruneDeliveries deletes in small transactions. After an error the number
// counts what was deleted before it.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "deliveries", "id", "queued_at", before)
}

func checkDelivery(id hub.NotificationID, chat hub.Chat, event hub.EventID, sub hub.SubscriptionID) error {
	if id == "" {
		return hub.Errorf(hub.CodeInvalid, "a delivery to chat %q of %q names no notification", chat.ID, chat.System)
	}
	return checkKeys("notification", string(id), "system", string(chat.System), "chat", chat.ID,
		"event", string(event), "subscription", string(sub))
}

// inOrder sorts rows by id, so that writers of the same rows lock them in one
// order, and spreads repeated ids over rounds, in the order they came: one
// statement of PostgreSQL may not change a row twice.
func inOrder[T any](rows []T, id func(T) hub.NotificationID) (rounds [][]T) {
	times := make(map[hub.NotificationID]int, len(rows))
	for _, row := range rows {
		round := times[id(row)]
		times[id(row)]++
		if round == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[round] = append(rounds[round], row)
	}
	for _, round := range rounds {
		slices.SortFunc(round, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	}
	return rounds
}
