package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// PutCategory stores c in place of what was known of it.
func (s *Store) PutCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	row, err := objectArgs(source, c.ID, c)
	if err != nil {
		return err
	}
	return s.putObjects(ctx, "categories", [][]any{row})
}

// PutTopics stores topics in place of what was known of them. Of one that is
// given twice the last counts.
func (s *Store) PutTopics(ctx context.Context, source hub.Source, ts []hub.Topic) error {
	byID := make(map[string]hub.Topic, len(ts))
	for _, t := range ts {
		byID[text(t.ID)] = t
	}
	rows := make([][]any, 0, len(byID))
	// Sorted, so that two hubs lock the rows in one order.
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		row, err := objectArgs(source, id, byID[id])
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return s.putObjects(ctx, "topics", rows)
}

func objectArgs(source hub.Source, id string, v any) ([]any, error) {
	if err := checkKeys("source", string(source), "id", id); err != nil {
		return nil, err
	}
	body, err := document(v)
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "object %q of %s: %v", id, source, err)
	}
	return []any{text(source), text(id), body, micros(clock())}, nil
}

func (s *Store) putObjects(ctx context.Context, table string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	put := insert{
		head:    `INSERT INTO ` + table + ` (source, id, body, updated_at)`,
		tail:    `ON CONFLICT (source, id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`,
		columns: 4,
	}
	return s.transact(ctx, "put "+table, func(tx *sql.Tx) error { return s.insertRows(ctx, tx, put, rows) })
}

// DeleteCategory forgets a category; one that is not known is fine.
func (s *Store) DeleteCategory(ctx context.Context, source hub.Source, id string) error {
	_, err := s.exec(ctx, "delete category", `DELETE FROM categories WHERE source = $1 AND id = $2`, text(source), text(id))
	return err
}

// Categories lists what is known of a source, by name.
func (s *Store) Categories(ctx context.Context, source hub.Source) (list []hub.ForumCategory, err error) {
	const op = "list categories"
	rows, err := s.reader.QueryContext(ctx, `SELECT body FROM categories WHERE source = $1`, text(source))
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c hub.ForumCategory
		if err := rows.Scan(jsonColumn{&c}); err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, c)
	}
	// Sorted here: the order of text in PostgreSQL depends on its locale.
	slices.SortFunc(list, func(a, b hub.ForumCategory) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, fault(ctx, op, rows.Err())
}

// FindTopic reads what is known of a topic, nil if nothing is.
func (s *Store) FindTopic(ctx context.Context, source hub.Source, id string) (*hub.Topic, error) {
	var t hub.Topic
	err := s.reader.QueryRowContext(ctx, `SELECT body FROM topics WHERE source = $1 AND id = $2`,
		text(source), text(id)).Scan(jsonColumn{&t})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, "find topic", err)
	}
	return &t, nil
}
