package store

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// PutTraces stores decisions in place of those about the same events. Of one
// that is given twice the last counts.
func (s *Store) PutTraces(ctx context.Context, ts []hub.Trace) error {
	if len(ts) == 0 {
		return nil
	}
	var rows [][]any
	for _, t := range lastOfEach(ts, func(t hub.Trace) string { return string(t.Event) }) {
		row, err := traceArgs(t)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	put := insert{
		into: `traces (event, body, taken_at)`,
		tail: `ON CONFLICT (event) DO UPDATE SET body = excluded.body, taken_at = excluded.taken_at`,
		row:  marks(3),
	}
	return s.putRows(ctx, "put traces", put, rows)
}

func traceArgs(t hub.Trace) ([]any, error) {
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
