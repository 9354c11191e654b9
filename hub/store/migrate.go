package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versions is the table that says which migrations ran.
const versions = "bellhop_migrations"

// newest asks for every migration there is.
const newest = math.MaxInt64

// migrate brings the schema to a version. It refuses a database that a newer
// release has changed already.
func (e *engine) migrate(ctx context.Context, log *slog.Logger, version int64) error {
	p, err := e.migrator()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	kept, err := e.copyBefore(ctx, p, version)
	if err != nil {
		return e.migrationFault(ctx, err)
	}
	if kept != "" {
		log.Info("database copied before it is migrated", "file", kept)
	}
	done, err := p.UpTo(ctx, version)
	if err != nil {
		return e.migrationFault(ctx, err)
	}
	for _, m := range done {
		log.Info("database migrated", "dialect", e.dialect, "version", m.Source.Version, "took", m.Duration)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return e.migrationFault(ctx, err)
	}
	if has > knows {
		return fmt.Errorf("database has schema %d and this release knows %d: "+
			"run the release that was here before, or restore the backup made before it", has, knows)
	}
	log.Info("database ready", "dialect", e.dialect, "version", has)
	return nil
}

func (e *engine) migrationFault(ctx context.Context, err error) error {
	if ctx.Err() == nil { // otherwise it is the caller's patience that ended
		err = e.explain(err)
	}
	return fault(ctx, "migrate database", err)
}

func (e *engine) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true)}
	dialect := goose.DialectSQLite3
	if e.dialect == Postgres {
		dialect = goose.DialectPostgres
		options = append(options, goose.WithSessionLocker(migrationLock{}))
	}
	return goose.NewProvider(dialect, e.writer, files, options...)
}

// migrationLock lets one hub migrate a PostgreSQL schema at a time. Unlike
// goose's own it is one per schema, not per server database, and asks more
// often than every five seconds. It asks rather than waits in the server: a
// waiting statement would hold up a CREATE INDEX CONCURRENTLY for ever.
type migrationLock struct{}

// lockClass keeps our advisory locks apart from those of other programs.
const lockClass = 0x62656c6c // "bell"

func (migrationLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	ask := time.NewTicker(100 * time.Millisecond)
	defer ask.Stop()
	for {
		var got bool
		err := conn.QueryRowContext(ctx,
			`SELECT pg_try_advisory_lock($1, hashtext(current_schema()))`, lockClass).Scan(&got)
		if err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another hub is still migrating this database: %w", ctx.Err())
		case <-ask.C:
		}
	}
}

func (migrationLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var had bool
	err := conn.QueryRowContext(ctx,
		`SELECT pg_advisory_unlock($1, hashtext(current_schema()))`, lockClass).Scan(&had)
	if err == nil && !had {
		return errors.New("the lock on the migrations was lost meanwhile")
	}
	return err
}
