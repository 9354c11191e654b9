package store

import (
	"context"
	"database/sql"
	"errors"
)

// Tables whose rows nobody searches by content hold each as JSON in a column
// body: a new field needs no migration.

// bodies reads the one column of a query, each a JSON body.
func bodies[T any](ctx context.Context, s *Store, op, query string, args ...any) (list []T, err error) {
	rows, err := s.often.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(jsonColumn{&v}); err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, v)
	}
	return list, fault(ctx, op, rows.Err())
}

// findBody reads the one JSON body of a query, nil if there is no row.
func findBody[T any](ctx context.Context, s *Store, op, query string, args ...any) (*T, error) {
	var v T
	err := s.often.QueryRowContext(ctx, query, args...).Scan(jsonColumn{&v})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	return &v, nil
}
