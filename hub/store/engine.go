package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bellhop-chat/bellhop/hub"
)

// engine is a database with the few things in which the two differ.
type engine struct {
	dialect string
	path    string // of the SQLite file
	writer  *sql.DB
	reader  *sql.DB   // the same as writer on PostgreSQL
	often   *prepared // of reader, for what is asked all the time
	// explain says of an error of connecting which side is wrong.
	explain func(error) error
	probe   func(context.Context) error
}

func (e *engine) close() error {
	// The writer goes last: SQLite folds the write-ahead log into the file when
	// its last connection ends.
	return errors.Join(e.reader.Close(), e.writer.Close())
}

// attempts is how often a transaction is tried that gave way to another.
const attempts = 5

// transact runs do in a transaction. It may run do again, so do must set
// results afresh.
func (e *engine) transact(ctx context.Context, op string, do func(*sql.Tx) error) error {
	return retry(ctx, op, func() error {
		tx, err := e.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			// The first error tells more than a rollback that fails after it.
			_ = tx.Rollback()
			return err
		}
		return tx.Commit()
	})
}

// exec runs one statement and says how many rows it changed.
func (e *engine) exec(ctx context.Context, op, query string, args ...any) (changed int64, err error) {
	err = retry(ctx, op, func() error {
		result, err := e.writer.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

func retry(ctx context.Context, op string, do func() error) error {
	var err error
	for range attempts {
		if err = do(); !gaveWay(err) || ctx.Err() != nil {
			break
		}
	}
	return fault(ctx, op, err)
}

// gaveWay reports whether a transaction was ended so that another could go on:
// serialization_failure and deadlock_detected of PostgreSQL, or a SQLite file
// that another process held.
func gaveWay(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01"
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// repeated reports whether a unique index refused a row.
func repeated(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// fault names the operation that failed. An error for people stays as it is.
func fault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*hub.Error](err); ok {
		return err
	}
	// SQLite says "interrupted" when the context ended; callers ask errors.Is. A
	// connection to PostgreSQL may see the deadline a moment before the context does.
	ended := ctx.Err()
	if until, ok := ctx.Deadline(); ok && ended == nil && !time.Now().Before(until) {
		ended = context.DeadlineExceeded
	}
	if ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%s: %w (%w)", op, ended, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// next draws a number that grows. Others who draw from the same counter wait
// until tx ends, so numbers become visible in their order.
func next(ctx context.Context, tx *sql.Tx, counter string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
		RETURNING value`, text(counter)).Scan(&n)
	return n, err
}
