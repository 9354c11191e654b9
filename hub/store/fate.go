package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// eventsPerStatement is for how many events one statement asks. SQLite takes at
// most 500 terms in a compound SELECT: https://sqlite.org/limits.html
const eventsPerStatement = 100

// Fates tells what became of events that owed something, each with at most some
// of its deliveries, those that went wrong first.
func (s *Store) Fates(ctx context.Context, events []hub.EventID, some int) (map[hub.EventID]hub.Fate, error) {
	fates := make(map[hub.EventID]hub.Fate, len(events))
	for chunk := range slices.Chunk(once(events), eventsPerStatement) {
		if err := s.countFates(ctx, chunk, fates); err != nil {
			return nil, err
		}
		if some <= 0 {
			continue
		}
		if err := s.addSome(ctx, chunk, some, fates); err != nil {
			return nil, err
		}
	}
	return fates, nil
}

// once are the events without those that come again, and without "".
func once(events []hub.EventID) []hub.EventID {
	sorted := slices.Clone(events)
	slices.Sort(sorted)
	return slices.DeleteFunc(slices.Compact(sorted), func(id hub.EventID) bool { return id == "" })
}

func (s *Store) countFates(ctx context.Context, events []hub.EventID, fates map[hub.EventID]hub.Fate) error {
	const op = "count the deliveries of events"
	var sel selection
	sel.among("event", keysOf(events))
	rows, err := s.reader.QueryContext(ctx, sel.where(`SELECT event, status, COUNT(*) FROM deliveries`)+` GROUP BY event, status`, sel.args...)
	if err != nil {
		return fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var event hub.EventID
		var rank, n int
		if err := rows.Scan(&event, &rank, &n); err != nil {
			return fault(ctx, op, err)
		}
		f := fates[event]
		if f.Counts == nil {
			f.Counts = map[hub.Status]int{}
		}
		f.Counts[statuses()[rank]] = n
		fates[event] = f
	}
	return fault(ctx, op, rows.Err())
}

// addSome asks for a few deliveries of each event that has any: an event may have
// thousands.
func (s *Store) addSome(ctx context.Context, events []hub.EventID, some int, fates map[hub.EventID]hub.Fate) error {
	var sel selection
	var parts []string
	for _, event := range events {
		if fates[event].Counts != nil {
			parts = append(parts, `SELECT * FROM (`+allDeliveries+` WHERE event = `+sel.bind(text(event))+
				` ORDER BY CASE status WHEN 3 THEN 0 WHEN 1 THEN 1 WHEN 0 THEN 2 ELSE 3 END, system, chat, id LIMIT `+strconv.Itoa(some)+`) AS of_one`)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	found, err := s.deliveries(ctx, strings.Join(parts, " UNION ALL "), sel.args...)
	if err != nil {
		return err
	}
	for _, d := range found {
		f := fates[d.Event]
		f.Some = append(f.Some, d)
		fates[d.Event] = f
	}
	return nil
}

// FindTraces reads the decisions about events that are kept.
func (s *Store) FindTraces(ctx context.Context, events []hub.EventID) (map[hub.EventID]hub.Trace, error) {
	found := make(map[hub.EventID]hub.Trace, len(events))
	for chunk := range slices.Chunk(once(events), rowsPerStatement) {
		var sel selection
		sel.among("event", keysOf(chunk))
		list, err := bodies[hub.Trace](ctx, s, "find traces", sel.where(`SELECT body FROM traces`), sel.args...)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			found[t.Event] = t
		}
	}
	return found, nil
}

func keysOf[T ~string](ids []T) []any {
	keys := make([]any, len(ids))
	for i, id := range ids {
		keys[i] = text(id)
	}
	return keys
}

var _ hub.ActivityStore = (*Store)(nil)
