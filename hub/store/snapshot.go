package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// Snapshot writes the database as it is at one moment into a new SQLite file,
// while others read and write on. It is for SQLite only: PostgreSQL has pg_dump.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	return s.snapshot(ctx, path)
}

func (e *engine) snapshot(ctx context.Context, path string) error {
	const op = "snapshot of the database"
	if e.dialect != SQLite {
		return errors.New(op + ": PostgreSQL is backed up by pg_dump")
	}
	// Made before SQLite does, for its owner only.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	// On a connection of its own it only reads, and whoever writes need not wait.
	db, err := sql.Open("sqlite", sqliteDSN(e.path, map[string][]string{"_pragma": {busy}}))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer db.Close()
	// VACUUM takes an empty file for none: https://www.sqlite.org/lang_vacuum.html
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return errors.Join(fault(ctx, op, e.explain(err)), os.Remove(path))
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Schema is the version that the database has.
func (s *Store) Schema(ctx context.Context) (int64, error) {
	p, err := s.migrator()
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// NewestSchema is the version that this release makes of a database.
func NewestSchema() int64 {
	entries, _ := migrations.ReadDir("migrations") // it is a part of the program
	newest := int64(0)
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		n, _ := strconv.ParseInt(number, 10, 64)
		newest = max(newest, n)
	}
	return newest
}

// CheckFile opens a SQLite file that nobody uses and looks whether it is whole. It
// returns the version of its schema.
func CheckFile(ctx context.Context, path string) (schema int64, err error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, map[string][]string{"mode": {"ro"}, "immutable": {"1"}}))
	if err != nil {
		return 0, sqliteFault(path, err)
	}
	defer db.Close()
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said); err != nil {
		return 0, fault(ctx, "check database", sqliteFault(path, err))
	}
	if said != "ok" {
		return 0, fmt.Errorf("database file %s is damaged: %s", path, said)
	}
	err = db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM `+versions+` WHERE is_applied`).Scan(&schema)
	return schema, fault(ctx, "check database", err)
}

// BackupFolder is where the copies are, in the data directory, that are made of a
// SQLite file before its schema is changed.
const BackupFolder = "backups"

// keptCopies is how many of them stay.
const keptCopies = 3

// copyBefore keeps the database as it is before migrations change it. One that is
// new, or that is up to date, needs no copy.
func (e *engine) copyBefore(ctx context.Context, p *goose.Provider, version int64) (path string, err error) {
	if e.dialect != SQLite {
		return "", nil
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil || has == 0 || has >= min(knows, version) {
		return "", err
	}
	folder := filepath.Join(filepath.Dir(e.path), BackupFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(folder, fmt.Sprintf("%s-schema-%d.db", time.Now().UTC().Format("20060102T150405.000"), has))
	if err := e.snapshot(ctx, path); err != nil {
		return "", fmt.Errorf("the database is copied before it is changed for this release, and that failed: make room in %s and start again: %w", folder, err)
	}
	return path, dropOldCopies(folder)
}

// dropOldCopies leaves the newest.
func dropOldCopies(folder string) error {
	copies, err := filepath.Glob(filepath.Join(folder, "*-schema-*.db"))
	if err != nil {
		return err
	}
	slices.Sort(copies) // their names begin with the time
	var errs []error
	for _, old := range copies[:max(0, len(copies)-keptCopies)] {
		errs = append(errs, os.Remove(old))
	}
	return errors.Join(errs...)
}
