package store

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// OpenAt opens a database and migrates it to a version only.
func OpenAt(ctx context.Context, c Config, version int64) (*Store, error) {
	return openAt(ctx, c, version)
}

// Exec runs a statement behind the interfaces' back.
func (s *Store) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.exec(ctx, "exec", statement, args...)
	return err
}

// HoldMigrationLock takes the lock as a hub does that is migrating.
func (s *Store) HoldMigrationLock(ctx context.Context) (unlock func() error, err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := (migrationLock{}).SessionLock(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		return errors.Join(migrationLock{}.SessionUnlock(ctx, conn), conn.Close())
	}, nil
}

// HoldWriter begins a transaction that writes.
func (s *Store) HoldWriter(ctx context.Context) (release func() error, err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return tx.Rollback, nil
}

// Pragma is a setting of the connection that writes.
func (s *Store) Pragma(ctx context.Context, name string) (value string, err error) {
	err = s.writer.QueryRowContext(ctx, `PRAGMA `+name).Scan(&value)
	return value, err
}

// EndErasAfter lets an era of the delivery log end after so many rows.
func (s *Store) EndErasAfter(rows int) { s.eras.most = rows }

// Eras is how many eras the delivery log has.
func (s *Store) Eras(t testing.TB) (n int) {
	t.Helper()
	require.NoError(t, s.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM eras`).Scan(&n))
	return n
}
