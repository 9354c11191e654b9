package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const deliveryColumns = `id, system, chat, event, event_type, source, subscription, act, title, again,
	status, attempts, reason, receipt, queued_at, updated_at`

// writtenColumns are all: beside what is read, what is searched, and the era.
const writtenColumns = deliveryColumns + `, announced, title_folded, reason_folded, era`

// Rows of writtenColumns: of a notification that is owed, of one that is sent, and
// of an outcome.
const (
	queuedRow  = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', '', ?, ?, 1, ?, '', ?`
	sentRow    = `?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 2, ?, '', ?, ?, ?, 1, ?, '', ?`
	settledRow = `?, ?, ?, ?, '', '', '', '', '', ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?`
)

const allDeliveries = `SELECT ` + deliveryColumns + ` FROM deliveries`

// statuses lists the statuses by rank: a row never goes back to an earlier one.
func statuses() []hub.Status {
	return []hub.Status{hub.StatusQueued, hub.StatusFailed, hub.StatusSent, hub.StatusDead}
}

// announce is RecordQueued's statement. A row that an outcome made before its
// notification was announced learns what it is about; its status stays.
func announce() insert {
	return insert{
		into: `deliveries (` + writtenColumns + `)`,
		tail: `ON CONFLICT (id) DO UPDATE SET
			event = excluded.event, event_type = excluded.event_type, source = excluded.source,
			subscription = excluded.subscription, act = excluded.act, title = excluded.title,
			title_folded = excluded.title_folded, queued_at = excluded.queued_at, era = excluded.era, announced = 1
			WHERE deliveries.announced = 0
			RETURNING ` + announcedColumns,
		row: queuedRow,
	}
}

// requeue is RecordQueued's second statement, for what people had sent again:
// its row begins anew, at its old place in the list.
func requeue() insert {
	return insert{
		into: `deliveries (` + writtenColumns + `)`,
		tail: `ON CONFLICT (id) DO UPDATE SET
			again = excluded.again, status = excluded.status, attempts = excluded.attempts,
			reason = excluded.reason, reason_folded = excluded.reason_folded, updated_at = excluded.updated_at,
			was = deliveries.status, was_at = deliveries.updated_at
			WHERE excluded.again > deliveries.again
			RETURNING ` + movedColumns,
		row: queuedRow,
	}
}

// RecordQueued notes notifications as owed, whatever status they carry.
func (s *Store) RecordQueued(ctx context.Context, ds []hub.Delivery) error {
	if len(ds) == 0 {
		return nil
	}
	for _, d := range ds {
		if err := checkDelivery(d.ID, d.Chat, d.Event, d.Subscription); err != nil {
			return err
		}
	}
	rounds := inOrder(ds, func(d *hub.Delivery) hub.NotificationID { return d.ID })
	again := slices.ContainsFunc(ds, func(d hub.Delivery) bool { return d.Again > 0 })
	if len(rounds) == 1 && !again {
		err := s.transact(ctx, "record queued deliveries", func(tx *sql.Tx) error { return s.announceNew(ctx, tx, rounds[0]) })
		if !errors.Is(err, errKnown) {
			return err
		}
	}
	return s.transact(ctx, "record queued deliveries", func(tx *sql.Tx) error { return s.announceAny(ctx, tx, rounds) })
}

// firstRows is a statement for rows of deliveries of which nothing is known.
func firstRows(row string) insert {
	return insert{into: `deliveries (` + writtenColumns + `)`, row: row, tail: `ON CONFLICT (id) DO NOTHING`}
}

// announceNew notes what nothing is known of, as is nearly all: what fired needs no
// asking. It is errKnown where there is another.
func (s *Store) announceNew(ctx context.Context, tx *sql.Tx, ds []*hub.Delivery) error {
	if s.dialect == SQLite {
		ds = slices.Clone(ds)
		slices.SortFunc(ds, oldestFirst)
	}
	changed, err := s.insertDeliveries(ctx, tx, firstRows(queuedRow), s.queuedRows(ds, 0))
	if err != nil {
		return err
	}
	if changed < int64(len(ds)) {
		return errKnown
	}
	counts := tally{}
	for _, d := range ds {
		counts.owed(d)
	}
	return counts.write(ctx, &s.engine, tx)
}

// oldestFirst is the order of new rows for SQLite, which has one writer and takes no
// locks that would ask for another: they go to the ends of the indexes by time, where
// nothing is to be searched for.
func oldestFirst(a, b *hub.Delivery) int { return a.QueuedAt.Compare(b.QueuedAt) }

// announceAny notes what is owed, known or not.
func (s *Store) announceAny(ctx context.Context, tx *sql.Tx, rounds [][]*hub.Delivery) error {
	counts := tally{}
	// What is said twice is the same, so that the first makes the row.
	if _, err := s.insertDeliveriesTold(ctx, tx, announce(), s.queuedRows(rounds[0], 0), counts.announced); err != nil {
		return err
	}
	for _, round := range rounds {
		again := s.queuedRows(round, 1)
		if err := s.keepSent(ctx, tx, again); err != nil {
			return err
		}
		if _, err := s.insertDeliveriesTold(ctx, tx, requeue(), again, counts.changed); err != nil {
			return err
		}
	}
	return counts.write(ctx, &s.engine, tx)
}

// queuedRows are the rows of those that were sent again often enough.
func (s *Store) queuedRows(ds []*hub.Delivery, again int) (rows [][]any) {
	for _, d := range ds {
		if d.Again >= again {
			rows = append(rows, s.queuedArgs(d))
		}
	}
	return rows
}

func (s *Store) queuedArgs(d *hub.Delivery) []any {
	at := microsOrNow(d.QueuedAt)
	updated := at
	if d.Again > 0 {
		updated = microsOrNow(d.UpdatedAt)
	}
	return []any{
		text(d.ID), text(d.System), text(d.Chat.ID), text(d.Event), text(d.EventType), text(d.Source),
		text(d.Subscription), text(d.Act), text(d.Title), max(d.Again, 0), at, updated, folded(d.Title), s.eras.of(at),
	}
}

// Ranks that statements name.
const (
	rankQueued = 0
	rankSent   = 2
	rankDead   = 3
)

// notSent is the condition of the index of statuses, to be repeated word by word
// where that is to be used.
const notSent = "status <> 2"

// isDead is that of the index of what was given up.
const isDead = "status = 3"

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
	sel, err := selectDeliveries(q)
	if err != nil {
		return nil, "", err
	}
	w := s.deliveryWindow(q, sel)
	if err := w.goOn(sel, deliveryList, q.Page.Cursor); err != nil {
		return nil, "", err
	}
	limit := clampLimit(q.Page.Limit)
	query, args := w.list(sel, limit), sel.args
	if q.Text != "" {
		query, args = w.search(sel, q.Text, limit)
	}
	rows, err := s.deliveries(ctx, query, args...)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		return rows[:limit], deliveryCursor(rows[limit-1].QueuedAt, rows[limit-1].ID), nil
	}
	if q.Text == "" {
		return rows, "", nil
	}
	end, more, err := s.windowEnd(ctx, w, sel)
	if err != nil || !more {
		return rows, "", fault(ctx, "list deliveries", err)
	}
	return rows, end.seal(deliveryList), nil
}

// deliveryWindow is where a query's rows are, and restricts sel to it.
func (s *Store) deliveryWindow(q hub.DeliveryQuery, sel *selection) window {
	w := window{table: "deliveries", columns: deliveryColumns, read: deliveryColumns, at: "queued_at", folded: []string{"title_folded", "reason_folded"}}
	if s.eras == nil {
		sel.add("era = 0") // all are of that one, and so are the indexes
	} else if index := eraIndex(q); index != "" {
		joinEras(q, sel)
		w.table, w.first = "eras CROSS JOIN deliveries INDEXED BY "+index, "began_at"
	}
	return w
}

func deliveryCursor(at time.Time, id hub.NotificationID) string {
	return cursor{n: micros(at), id: string(id)}.seal(deliveryList)
}

// deliveryList tells the cursors of deliveries from others.
const deliveryList = "deliveries"

// selectDeliveries selects all that a query asks for but its words and its page.
func selectDeliveries(q hub.DeliveryQuery) (*selection, error) {
	var sel selection
	sel.equal("system", string(q.System))
	sel.equal("chat", q.Chat)
	sel.equal("event", string(q.Event))
	sel.equal("source", string(q.Source))
	sel.equal("subscription", string(q.Subscription))
	var ranks []any
	for _, status := range q.Status {
		rank := slices.Index(statuses(), status)
		if rank < 0 {
			return nil, hub.Errorf(hub.CodeInvalid, "status %q is none of %q", status, statuses())
		}
		ranks = append(ranks, rank)
	}
	sel.among("status", ranks)
	if len(ranks) > 0 && !slices.Contains(ranks, any(rankSent)) {
		sel.add(notSent)
	}
	if len(ranks) == 1 && ranks[0] == any(rankDead) {
		sel.add(isDead)
	}
	if !q.Since.IsZero() {
		sel.add("queued_at >= " + sel.bind(micros(q.Since)))
	}
	if !q.Until.IsZero() {
		sel.add("queued_at < " + sel.bind(micros(q.Until)))
	}
	return &sel, nil
}

// folded is text as it is searched: in small letters.
func folded(s string) string { return strings.ToLower(text(s)) }

// containing is the pattern of LIKE ... ESCAPE '!' for texts with part in them.
func containing(part string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(part) + "%"
}

// FindDeliveries reads those of ids that are known.
func (s *Store) FindDeliveries(ctx context.Context, ids []hub.NotificationID) (list []hub.Delivery, err error) {
	for some := range slices.Chunk(ids, rowsPerStatement) {
		var sel selection
		sel.among("id", keysOf(some))
		rows, err := s.deliveries(ctx, sel.where(allDeliveries), sel.args...)
		if err != nil {
			return nil, err
		}
		list = append(list, rows...)
	}
	return list, nil
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
	err = row.Scan(&d.ID, &d.System, &d.Chat.ID, &d.Event, &d.EventType, &d.Source, &d.Subscription, &d.Act, &d.Title, &d.Again,
		&rank, &d.Attempts, &d.Reason, jsonColumn{&d.Receipt}, timeColumn{&d.QueuedAt}, timeColumn{&d.UpdatedAt})
	if err == nil {
		d.Status = statuses()[rank]
	}
	return d, err
}

// PruneDeliveries deletes in small transactions, attempts with their rows. After an error the number
// counts what was deleted before it.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.prune(ctx, "deliveries", "id", "queued_at", before)
	if err == nil {
		err = s.pruneEras(ctx)
	}
	return n, err
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
func inOrder[T any](rows []T, id func(*T) hub.NotificationID) (rounds [][]*T) {
	times := make(map[hub.NotificationID]int, len(rows))
	for i := range rows {
		row := &rows[i]
		round := times[id(row)]
		times[id(row)]++
		if round == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[round] = append(rounds[round], row)
	}
	for _, round := range rounds {
		slices.SortFunc(round, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	}
	return rounds
}
