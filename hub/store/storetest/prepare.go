package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/store"
)

// migrated is a SQLite database with the schema and nothing in it.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bellhop-schema")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(context.Background(), store.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // only then all of it is in the one file
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.FileName))
})

// Prepare puts an empty SQLite database into a data directory that has none, and
// returns the directory: a test that is about something else need not wait until
// every change of the schema was made anew.
func Prepare(t testing.TB, dir string) string {
	t.Helper()
	file := filepath.Join(dir, store.FileName)
	if _, err := os.Stat(file); err == nil {
		return dir
	}
	database, err := migrated()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(file, database, 0o600))
	return dir
}
