package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// TestSnapshotWhileOthersWrite copies a database in use: the copy is whole and of
// one moment.
func TestSnapshotWhileOthersWrite(t *testing.T) {
	s := open(t, store.Config{Dir: t.TempDir()})
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := s.AppendAudit(t.Context(), hub.AuditEntry{Action: "a", At: at(n)}, hub.AuditEntry{Action: "b", At: at(n)}); err != nil {
				stopped <- err
				return
			}
		}
	}()
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	require.NoError(t, s.Snapshot(t.Context(), path))
	close(stop)
	require.NoError(t, <-stopped)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	schema, err := store.CheckFile(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, store.NewestSchema(), schema)
	copied := open(t, store.Config{Dir: dir})
	entries, _, err := copied.ListAudit(t.Context(), hub.AuditQuery{Page: hub.Page{Limit: 500}})
	require.NoError(t, err)
	require.Zero(t, len(entries)%2, "half of a transaction")
	require.ErrorIs(t, s.Snapshot(t.Context(), path), os.ErrExist)
}

func TestSnapshotOfPostgreSQL(t *testing.T) {
	s := open(t, dialects()[store.Postgres](t))
	require.ErrorContains(t, s.Snapshot(t.Context(), filepath.Join(t.TempDir(), "x")), "pg_dump")
	schema, err := s.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.NewestSchema(), schema)
}

func TestCheckFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err := store.CheckFile(t.Context(), path)
	require.ErrorContains(t, err, "damaged or not a SQLite file")
	dir := t.TempDir()
	require.NoError(t, open(t, store.Config{Dir: dir}).Close())
	file := filepath.Join(dir, store.FileName)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	copy(text[len(text)-4096:], bytes.Repeat([]byte{0xff}, 4096))
	require.NoError(t, os.WriteFile(file, text, 0o600))
	_, err = store.CheckFile(t.Context(), file)
	require.Error(t, err)
}

// TestCopyBeforeMigration: a database is copied before its schema is changed, a
// new one is not, and the last three copies stay.
func TestCopyBeforeMigration(t *testing.T) {
	dir := t.TempDir()
	copies := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, store.BackupFolder, "*.db"))
		require.NoError(t, err)
		return names
	}
	first, err := store.OpenAt(t.Context(), store.Config{Dir: dir}, 1)
	require.NoError(t, err)
	fill(t, first, "testdata/schema1.sql")
	require.NoError(t, first.Close())
	require.Empty(t, copies())

	require.NoError(t, os.MkdirAll(filepath.Join(dir, store.BackupFolder), 0o700))
	for _, old := range []string{"20200101T000000.000-schema-1.db", "20210101T000000.000-schema-1.db", "20220101T000000.000-schema-1.db"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, store.BackupFolder, old), nil, 0o600))
	}
	require.NoError(t, open(t, store.Config{Dir: dir}).Close())
	kept := copies()
	require.Len(t, kept, 3)
	require.NotContains(t, kept[0], "2020")
	schema, err := store.CheckFile(t.Context(), kept[2])
	require.NoError(t, err)
	require.Equal(t, int64(1), schema)

	back := t.TempDir()
	text, err := os.ReadFile(kept[2])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(back, store.FileName), text, 0o600))
	keptSubscriptions(t, open(t, store.Config{Dir: back}))

	require.NoError(t, open(t, store.Config{Dir: dir}).Close())
	require.Len(t, copies(), 3, "one that is up to date is not copied")

	// Without room for the copy nothing is changed.
	full := t.TempDir()
	old, err := store.OpenAt(t.Context(), store.Config{Dir: full}, 1)
	require.NoError(t, err)
	require.NoError(t, old.Close())
	require.NoError(t, os.WriteFile(filepath.Join(full, store.BackupFolder), nil, 0o600))
	_, err = store.Open(t.Context(), store.Config{Dir: full})
	require.Error(t, err)
	still, err := store.CheckFile(t.Context(), filepath.Join(full, store.FileName))
	require.NoError(t, err)
	require.Equal(t, int64(1), still)
}
