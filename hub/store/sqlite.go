package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// readers is how many reads run beside each other and beside the one writer.
	readers = 4
	// busy is how long SQLite waits for another process that writes. No context
	// ends that wait, so it is short and package code asks again.
	busy = "busy_timeout(2000)"
)

func openSQLite(ctx context.Context, dir string) (*engine, error) {
	path, err := makeFile(dir)
	if err != nil {
		return nil, err
	}
	writer, err := sql.Open("sqlite", writerDSN(path))
	if err != nil {
		return nil, sqliteFault(path, err)
	}
	// SQLite takes one writer at a time. Waiting here, where a context can end
	// the wait, is fairer than waiting in busy_timeout.
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, errors.Join(sqliteFault(path, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	e := &engine{
		dialect: SQLite, path: path, writer: writer, reader: reader, often: newPrepared(reader, true),
		explain: func(err error) error { return sqliteFault(path, err) },
		probe:   func(ctx context.Context) error { return probeSQLite(ctx, writer, reader, path) },
	}
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(sqliteFault(path, err), e.close())
	}
	return e, nil
}

// makeFile makes the file before SQLite does, for its owner only: SQLite would
// leave that to the umask, and gives its -wal and -shm files the same mode.
func makeFile(dir string) (path string, err error) {
	const mend = "give it to the user that Bellhop runs as, or set server.data_dir"
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("data directory: %w (%s)", err, mend)
	}
	path = filepath.Join(dir, FileName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("database file: %w (%s)", err, mend)
	}
	return path, f.Close()
}

// writerDSN asks for full synchronisation: a subscription that was answered
// with 201 survives a power cut.
func writerDSN(path string) string {
	return sqliteDSN(path, url.Values{
		"_pragma": {busy, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)", "foreign_keys(1)", "cache_size(-8192)"},
		// A transaction that begins as a reader and then writes is refused at
		// once when another process wrote meanwhile, whatever busy_timeout says.
		"_txlock": {"immediate"},
	})
}

// readerDSN gives each of the readers a MiB for what it reads often. What it does not
// keep is in the kernel's cache of files.
func readerDSN(path string) string {
	return sqliteDSN(path, url.Values{"_pragma": {busy, "query_only(1)", "cache_size(-1024)"}})
}

func sqliteDSN(path string, q url.Values) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

func sqliteFault(path string, err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return fmt.Errorf("database file %s: %w", path, err)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("database file %s is damaged or not a SQLite file; restore it from a backup: %w", path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("database file %s: the disk is full: %w", path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("database file %s: the user that Bellhop runs as may not write it: %w", path, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("database file %s is held by another process: %w", path, err)
	}
	return fmt.Errorf("database file %s: %w", path, err)
}

// probeSQLite looks for the file by its name too: SQLite goes on happily with
// a file that was deleted, and forgets everything with the process.
func probeSQLite(ctx context.Context, writer, reader *sql.DB, path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("database file is gone, stop Bellhop and restore it: %w", err)
	}
	var n int
	if err := reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM counters`).Scan(&n); err != nil {
		return fault(ctx, "database did not answer", sqliteFault(path, err))
	}
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return fault(ctx, "database answers but takes no writes", sqliteFault(path, err))
	}
	return tx.Rollback()
}
