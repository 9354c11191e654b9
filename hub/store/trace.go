package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// PutTraces stores decisions in place of those about the same events. Of one
// that is given twice the last counts.
func (s *Store) PutTraces(ctx context.Context, ts []hub.Trace) error {
	if len(ts) == 0 {
		return nil
	}
	last := lastOfEach(ts, func(t *hub.Trace) string { return string(t.Event) })
	rows := make([][]any, len(last))
	for i, t := range last {
		var err error
		if rows[i], err = traceArgs(t); err != nil {
			return err
		}
	}
	return s.transact(ctx, "put traces", func(tx *sql.Tx) error {
		first, err := s.newTraces(ctx, tx, rows)
		if err != nil {
			return err
		}
		counts, again := tally{}, [][]any(nil)
		for i, row := range rows {
			if first[row[0].(string)] {
				counts.event(last[i].Source, row[2].(int64))
			} else {
				again = append(again, row)
			}
		}
		replace := insert{
			into: `traces (event, body, taken_at)`,
			tail: `ON CONFLICT (event) DO UPDATE SET body = excluded.body, taken_at = excluded.taken_at`,
			row:  marks(3),
		}
		if _, err := s.insertRows(ctx, tx, replace, again); err != nil {
			return err
		}
		return counts.write(ctx, &s.engine, tx)
	})
}

// newTraces stores those about events of which nothing is known yet, and says
// which: an event counts once.
func (s *Store) newTraces(ctx context.Context, tx *sql.Tx, rows [][]any) (map[string]bool, error) {
	first := make(map[string]bool, len(rows))
	put := insert{into: `traces (event, body, taken_at)`, tail: `ON CONFLICT (event) DO NOTHING RETURNING event`, row: marks(3)}
	_, err := s.insertTold(ctx, tx, put, rows, func(row *sql.Rows) error {
		var event string
		err := row.Scan(&event)
		first[event] = true
		return err
	})
	return first, err
}

func traceArgs(t *hub.Trace) ([]any, error) {
	if t.Event == "" {
		return nil, hub.Errorf(hub.CodeInvalid, "a trace of source %s names no event", t.Source)
	}
	if err := checkKeys("event", string(t.Event)); err != nil {
		return nil, err
	}
	body, err := document(t)
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "trace of event %s: %v", t.Event, err)
	}
	return []any{text(t.Event), body, microsOrNow(t.At)}, nil
}

// FindTrace reads the decision about an event, nil if none is kept.
func (s *Store) FindTrace(ctx context.Context, event hub.EventID) (*hub.Trace, error) {
	return findBody[hub.Trace](ctx, s, "find trace", `SELECT body FROM traces WHERE event = $1`, text(event))
}

// PruneTraces deletes in small transactions decisions taken before a time.
// After an error the number counts what was deleted before it.
func (s *Store) PruneTraces(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "traces", "event", "taken_at", before)
}
