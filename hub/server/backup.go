package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub/backup"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// streamFile is the file of a stream or a bucket in a backup.
func streamFile(name string) string { return "nats-" + name }

// backup gathers what it takes to go on elsewhere: the database, if it is SQLite,
// and the streams. Keys and tokens are not in it.
func (s *Server) backup(ctx context.Context) (admin.Backup, error) {
	dir := s.Config.Server.DataDir
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) { // with NATS and PostgreSQL elsewhere
		dir = os.TempDir()
	}
	schema, err := s.store.Schema(ctx)
	if err != nil {
		return nil, err
	}
	spool, err := backup.NewSpool(dir, backup.Manifest{
		Version: s.Version, MadeAt: time.Now().UTC().Truncate(time.Second), Database: s.store.Dialect(), Schema: schema, NATS: natsKind(s.Config),
	})
	if err != nil {
		return nil, err
	}
	if err := s.gather(ctx, spool); err != nil {
		return nil, errors.Join(fmt.Errorf("backup: %w", err), spool.Close())
	}
	return spool, nil
}

func natsKind(c *config.Config) string {
	if c.NATS.URL.Empty() {
		return "embedded"
	}
	return "external"
}

func (s *Server) gather(ctx context.Context, spool *backup.Spool) error {
	streams := func(names []string) error {
		for _, name := range names {
			if err := spool.Write(streamFile(name), func(w io.Writer) error { return s.bus.Snapshot(ctx, name, w) }); err != nil {
				return err
			}
		}
		return nil
	}
	first, then := bus.Copied()
	if err := streams(first); err != nil {
		return err
	}
	if s.store.Dialect() == store.SQLite {
		if err := spool.Add(store.FileName, func(path string) error { return s.store.Snapshot(ctx, path) }); err != nil {
			return err
		}
	}
	return streams(then)
}

// Restore puts a backup into the empty data directory of a configuration, for a
// hub to be started on it.
func Restore(ctx context.Context, c *config.Config, r io.Reader, log *slog.Logger) (m *backup.Manifest, err error) {
	dir := c.Server.DataDir
	if err := mustBeEmpty(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(dir))
		}
	}()
	parts := filepath.Join(dir, ".restore")
	if err := os.Mkdir(parts, 0o700); err != nil {
		return nil, err
	}
	if m, err = backup.Extract(r, parts); err != nil {
		return nil, err
	}
	if err := fits(ctx, c, m, parts); err != nil {
		return nil, err
	}
	if err := restoreStreams(ctx, c, m, parts, log); err != nil {
		return nil, err
	}
	if m.Database == store.SQLite { // last: without it a hub would begin anew
		if err := os.Rename(filepath.Join(parts, store.FileName), filepath.Join(dir, store.FileName)); err != nil {
			return nil, err
		}
	}
	return m, os.RemoveAll(parts)
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("data directory: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty (%s is there): stop Bellhop and move it away, or name another data directory", dir, entries[0].Name())
	}
	return nil
}

// empty removes what a restore that failed has left.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}

// fits reports why a backup cannot be put where the configuration says.
func fits(ctx context.Context, c *config.Config, m *backup.Manifest, parts string) error {
	has := func(name string) bool {
		return slices.ContainsFunc(m.Files, func(f backup.File) bool { return f.Name == name })
	}
	first, then := bus.Copied()
	for _, name := range slices.Concat(first, then) {
		if !has(streamFile(name)) {
			return fmt.Errorf("the backup lacks %s: it was made by another release, Bellhop %s", streamFile(name), m.Version)
		}
	}
	if c.Database.URL.Empty() != (m.Database == store.SQLite) {
		if m.Database == store.SQLite {
			return errors.New("the backup holds a SQLite database, and database.url names another: take database.url out for the restore")
		}
		return errors.New("the backup was made with PostgreSQL: restore the dump of pg_dump there, and name it in database.url")
	}
	if m.Schema > store.NewestSchema() {
		return fmt.Errorf("the backup's database has schema %d and this release knows %d: restore it with Bellhop %s or newer", m.Schema, store.NewestSchema(), m.Version)
	}
	if m.Database != store.SQLite {
		return nil
	}
	if !has(store.FileName) {
		return fmt.Errorf("the backup lacks %s", store.FileName)
	}
	schema, err := store.CheckFile(ctx, filepath.Join(parts, store.FileName))
	if err == nil && schema != m.Schema {
		err = fmt.Errorf("the backup's database has schema %d, and its manifest says %d: the file was changed", schema, m.Schema)
	}
	return err
}

func restoreStreams(ctx context.Context, c *config.Config, m *backup.Manifest, parts string, log *slog.Logger) error {
	first, then := bus.Copied()
	var copies []bus.Copy
	for _, name := range slices.Concat(first, then) {
		path := filepath.Join(parts, streamFile(name))
		copies = append(copies, bus.Copy{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(path) }})
	}
	s := &Server{Options: Options{Config: c, Log: log, Version: m.Version}}
	return bus.Restore(ctx, s.busConfig(), copies)
}
