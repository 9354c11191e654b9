package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	hourMicros = int64(time.Hour / time.Microsecond)
	dayMicros  = 24 * hourMicros
)

// tally counts what a transaction does, to be written by it at its end: figures
// are few rows that all writers change, and so are locked as shortly as can be.
type tally map[figureKey]int64

// figureKey is a row of one of the tables of figures.
type figureKey struct {
	table figureTable
	at    int64  // the hour or the day
	name  string // source, system or subscription
	class int    // status or bucket
}

func (k figureKey) compare(other figureKey) int {
	return cmp.Or(cmp.Compare(k.table, other.table), cmp.Compare(k.at, other.at), cmp.Compare(k.name, other.name), cmp.Compare(k.class, other.class))
}

type figureTable int

// The tables, in the order in which all writers lock their rows.
const (
	eventHours figureTable = iota
	deliveryHours
	latencyHours
	subscriptionDays
)

// add is the statement that adds rows of figureKey.row to what a table counts.
func (t figureTable) add() insert {
	into := [...]struct{ table, key string }{
		eventHours:       {"event_hours", "hour, source"},
		deliveryHours:    {"delivery_hours", "hour, system, status"},
		latencyHours:     {"latency_hours", "hour, bucket"},
		subscriptionDays: {"subscription_days", "subscription, day"},
	}[t]
	return insert{
		into: into.table + " (" + into.key + ", n)", row: marks(2 + strings.Count(into.key, ",")),
		tail: "ON CONFLICT (" + into.key + ") DO UPDATE SET n = " + into.table + ".n + excluded.n",
	}
}

// row is a row of k's table.
func (k figureKey) row(n int64) []any {
	switch k.table {
	case eventHours:
		return []any{k.at, k.name, n}
	case deliveryHours:
		return []any{k.at, k.name, k.class, n}
	case latencyHours:
		return []any{k.at, k.class, n}
	}
	return []any{k.name, k.at, n}
}

func (t tally) event(source hub.Source, at int64) {
	t[figureKey{table: eventHours, at: at / hourMicros, name: text(source)}]++
}

func (t tally) fired(subscription string, at int64) {
	if subscription != "" {
		t[figureKey{table: subscriptionDays, at: at / dayMicros, name: subscription}]++
	}
}

// owed counts that a notification was queued. A change of a message is no message
// of its own.
func (t tally) owed(d *hub.Delivery) {
	if d.Act == hub.ActSend {
		t.fired(text(d.Subscription), microsOrNow(d.QueuedAt))
	}
}

// moved counts that a delivery has another status, since at, and not any more
// the one it had.
func (t tally) moved(system string, status int, at int64, was int, wasAt int64) {
	if was != rankQueued {
		t[figureKey{deliveryHours, wasAt / hourMicros, system, was}]--
	}
	if status != rankQueued {
		t[figureKey{deliveryHours, at / hourMicros, system, status}]++
	}
}

// took counts n that took as long as one that was sent at a time.
func (t tally) took(at, queuedAt, n int64) {
	d := time.Duration(max(at-queuedAt, 0)) * time.Microsecond
	t[figureKey{table: latencyHours, at: at / hourMicros, class: hub.TookBucket(d)}] += n
}

// movedColumns are what a statement returns that changes where deliveries stand.
const movedColumns = `system, status, updated_at, was, was_at, queued_at, announced, again`

// changed counts a row of movedColumns.
func (t tally) changed(row *sql.Rows) error {
	var system string
	var status, was, announced, again int
	var at, wasAt, queuedAt int64
	if err := row.Scan(&system, &status, &at, &was, &wasAt, &queuedAt, &announced, &again); err != nil {
		return err
	}
	t.moved(system, status, at, was, wasAt)
	if status == rankSent && was != rankSent && announced == 1 && again == 0 { // else it waited for a person
		t.took(at, queuedAt, 1)
	}
	return nil
}

// tookSample is of how many of the deliveries that are noted together it is
// looked up how long they took; each stands for those between.
const tookSample = 64

// sampleTook counts how long those of rows took, by their ids, that are sent and
// announced.
func (e *engine) sampleTook(ctx context.Context, tx *sql.Tx, rows [][]any, counts tally) error {
	weight := (len(rows) + tookSample - 1) / tookSample
	var sel selection
	var ids []any
	for i := 0; i < len(rows); i += weight {
		ids = append(ids, rows[i][0])
	}
	sel.among("id", ids)
	sel.add("announced = 1 AND status = 2")
	found, err := tx.QueryContext(ctx, sel.where(`SELECT queued_at, updated_at FROM deliveries`), sel.args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var queuedAt, at int64
		if err := found.Scan(&queuedAt, &at); err != nil {
			return err
		}
		counts.took(at, queuedAt, int64(weight))
	}
	return found.Err()
}

// announcedColumns are what a statement returns that tells of deliveries for the
// first time.
const announcedColumns = `subscription, act, queued_at, status, updated_at`

// announced counts a row of announcedColumns.
func (t tally) announced(row *sql.Rows) error {
	var subscription, act string
	var queuedAt, at int64
	var status int
	if err := row.Scan(&subscription, &act, &queuedAt, &status, &at); err != nil {
		return err
	}
	if hub.Act(act) == hub.ActSend {
		t.fired(subscription, queuedAt)
	}
	if status == rankSent { // its outcome was faster, and could not know since when it had waited
		t.took(at, queuedAt, 1)
	}
	return nil
}

// write adds t to what is counted.
func (t tally) write(ctx context.Context, e *engine, tx *sql.Tx) error {
	rows := map[figureTable][][]any{}
	for _, k := range slices.SortedFunc(maps.Keys(t), figureKey.compare) {
		if n := t[k]; n != 0 {
			rows[k.table] = append(rows[k.table], k.row(n))
		}
	}
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		if _, err := e.insertRows(ctx, tx, table.add(), rows[table]); err != nil {
			return err
		}
	}
	return nil
}

// Figures lists the hours in which something happened.
func (s *Store) Figures(ctx context.Context, since, until time.Time) ([]hub.Figure, error) {
	hours := map[int64]*hub.Figure{}
	at := func(hour int64) *hub.Figure {
		f := hours[hour]
		if f == nil {
			f = &hub.Figure{At: time.UnixMicro(hour * hourMicros).UTC(), Events: map[hub.Source]int64{}, Deliveries: map[hub.System]hub.Delivered{}}
			hours[hour] = f
		}
		return f
	}
	var hour, n int64
	var name string
	var class int
	for _, read := range []struct {
		query string
		into  []any
		add   func()
	}{
		{
			`SELECT hour, source, n FROM event_hours WHERE hour >= $1 AND hour < $2 AND n > 0`,
			[]any{&hour, &name, &n},
			func() { at(hour).Events[hub.Source(name)] = n },
		},
		{
			`SELECT hour, system, status, n FROM delivery_hours WHERE hour >= $1 AND hour < $2 AND n > 0`,
			[]any{&hour, &name, &class, &n},
			func() {
				f := at(hour)
				f.Deliveries[hub.System(name)] = f.Deliveries[hub.System(name)].Plus(deliveredAs(class, n))
			},
		},
		{
			`SELECT hour, bucket, n FROM latency_hours WHERE hour >= $1 AND hour < $2`,
			[]any{&hour, &class, &n},
			func() { at(hour).Took[class] = n },
		},
	} {
		if err := s.visit(ctx, "read figures", read.query, []any{hoursFrom(since), hoursFrom(until)}, read.into, read.add); err != nil {
			return nil, err
		}
	}
	list := make([]hub.Figure, 0, len(hours))
	for _, hour := range slices.Sorted(maps.Keys(hours)) {
		list = append(list, *hours[hour])
	}
	return list, nil
}

// hoursFrom is the first hour that begins at t or later.
func hoursFrom(t time.Time) int64 { return (t.UnixMicro() + hourMicros - 1) / hourMicros }

// deliveredAs is a count of deliveries of one status.
func deliveredAs(rank int, n int64) hub.Delivered {
	switch statuses()[rank] {
	case hub.StatusSent:
		return hub.Delivered{Sent: n}
	case hub.StatusFailed:
		return hub.Delivered{Failed: n}
	case hub.StatusDead:
		return hub.Delivered{Dead: n}
	}
	return hub.Delivered{}
}

// Fired lists the days on which subscriptions fired.
func (s *Store) Fired(ctx context.Context, ids []hub.SubscriptionID, since, until time.Time) (map[hub.SubscriptionID][]hub.FiredDay, error) {
	fired := map[hub.SubscriptionID][]hub.FiredDay{}
	var id hub.SubscriptionID
	var day, n int64
	add := func() {
		fired[id] = append(fired[id], hub.FiredDay{Day: time.UnixMicro(day * dayMicros).UTC(), Count: n})
	}
	for some := range slices.Chunk(ids, rowsPerStatement) {
		var sel selection
		keys := make([]any, len(some))
		for i, id := range some {
			keys[i] = text(id)
		}
		sel.among("subscription", keys)
		sel.add("day >= " + sel.bind(since.UnixMicro()/dayMicros))
		sel.add("day < " + sel.bind((until.UnixMicro()+dayMicros-1)/dayMicros))
		query := sel.where(`SELECT subscription, day, n FROM subscription_days`) + ` ORDER BY subscription, day`
		if err := s.visit(ctx, "read when subscriptions fired", query, sel.args, []any{&id, &day, &n}, add); err != nil {
			return nil, err
		}
	}
	return fired, nil
}

// visit calls each after every row of a query was read into variables.
func (s *Store) visit(ctx context.Context, op, query string, args, into []any, each func()) error {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fault(ctx, op, err)
		}
		each()
	}
	return fault(ctx, op, rows.Err())
}

// PruneFigures deletes old figures. They are few: one statement for each table
// does.
func (s *Store) PruneFigures(ctx context.Context, hours, days time.Time) (n int64, err error) {
	for _, p := range []struct {
		statement string
		before    int64
	}{
		{`DELETE FROM event_hours WHERE hour < $1`, hoursFrom(hours)},
		{`DELETE FROM delivery_hours WHERE hour < $1`, hoursFrom(hours)},
		{`DELETE FROM latency_hours WHERE hour < $1`, hoursFrom(hours)},
	} {
		deleted, err := s.exec(ctx, "prune figures", p.statement, p.before)
		if err != nil {
			return n, err
		}
		n += deleted
	}
	// Of subscriptions there may be many.
	before := (days.UnixMicro() + dayMicros - 1) / dayMicros
	for {
		deleted, err := s.exec(ctx, "prune figures", `
			DELETE FROM subscription_days WHERE day < $1 AND (subscription, day) IN
				(SELECT subscription, day FROM subscription_days WHERE day < $1 ORDER BY day LIMIT $2)`, before, pruneBatch)
		n += deleted
		if err != nil || deleted == 0 {
			return n, err
		}
	}
}
