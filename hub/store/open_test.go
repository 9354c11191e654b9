package store_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

const password = "pa55-word"

// TestOpenTellsNoPassword opens URLs that are wrong in many ways. The error
// says how to mend it and never shows the password, whole or in part.
func TestOpenTellsNoPassword(t *testing.T) {
	for name, c := range map[string]struct{ url, says string }{
		"other scheme":      {"mysql://ada:" + password + "@db/bellhop", "must start with postgres://"},
		"bare words":        {"host=db password=" + password, "must start with postgres://"},
		"slash in password": {"postgres://ada:" + password + "/x@db/bellhop", "%2F for /"},
		"percent":           {"postgres://ada:" + password + "%@db/bellhop", "%25 for %"},
		"bad port":          {"postgres://ada:" + password + "@db:port/bellhop", "is no URL"},
		"bad sslmode":       {"postgres://ada:" + password + "@db/bellhop?sslmode=perhaps", "sslmode"},
		"bad certificate":   {"postgres://ada:" + password + "@db/bellhop?sslmode=verify-full&sslrootcert=/nope", "/nope"},
		"in the query":      {"postgres://db/bellhop?user=ada&password=" + password + "&connect_timeout=" + password, "database.url"},
		"nobody listens":    {"postgres://ada:" + password + "@" + deadAddress(t) + "/bellhop", "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), store.Config{URL: c.url})
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, everything(err), password[:4])
		})
	}
}

// everything is what the errors inside err say.
func everything(err error) string {
	if err == nil {
		return ""
	}
	return err.Error() + everything(errors.Unwrap(err))
}

// deadAddress is where something listened a moment ago.
func deadAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestPostgresSaysWhatIsWrong(t *testing.T) {
	dsn := storetest.PostgresURL(t)
	t.Run("no such database", func(t *testing.T) {
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.Path = "/nowhere"
		_, err = store.Open(t.Context(), store.Config{URL: u.String()})
		require.ErrorContains(t, err, `has no database "nowhere"; make it with CREATE DATABASE`)
	})
	t.Run("no such user", func(t *testing.T) {
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.User = url.UserPassword("nobody", password)
		_, err = store.Open(t.Context(), store.Config{URL: u.String()})
		require.ErrorContains(t, err, `refuses user "nobody"`)
		require.NotContains(t, err.Error(), password)
	})
	t.Run("read only", func(t *testing.T) {
		open(t, store.Config{URL: dsn})
		s := open(t, store.Config{URL: dsn + "&default_transaction_read_only=on"})
		require.ErrorContains(t, s.Health(t.Context()), "takes no writes")
	})
	t.Run("no schema to write to", func(t *testing.T) {
		_, err := store.Open(t.Context(), store.Config{URL: dsn + "x"})
		require.ErrorContains(t, err, "leads to no schema")
	})
}

// TestPostgresThatHangs speaks to a server that takes connections and says
// nothing: the caller's context ends the wait.
func TestPostgresThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = store.Open(ctx, store.Config{URL: "postgres://ada:" + password + "@" + l.Addr().String() + "/bellhop"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "did not answer")
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b", "50% ?x=1#y", "данные")
	s := open(t, store.Config{Dir: dir})
	require.NoError(t, s.Health(t.Context()))
	for name, mode := range map[string]os.FileMode{"": 0o700, store.FileName: 0o600, store.FileName + "-wal": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), "%s may be read by others", name)
	}
}

func TestSQLiteSaysWhatIsWrong(t *testing.T) {
	t.Run("the directory is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := store.Open(t.Context(), store.Config{Dir: file})
		require.ErrorContains(t, err, "set server.data_dir")
	})
	t.Run("the file is none of SQLite's", func(t *testing.T) {
		dir := t.TempDir()
		junk := make([]byte, 8192)
		copy(junk, "this is a letter, not a database")
		require.NoError(t, os.WriteFile(filepath.Join(dir, store.FileName), junk, 0o600))
		_, err := store.Open(t.Context(), store.Config{Dir: dir})
		require.ErrorContains(t, err, "not a SQLite file")
	})
	t.Run("the file was deleted", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, store.Config{Dir: dir})
		require.NoError(t, os.Remove(filepath.Join(dir, store.FileName)))
		require.ErrorContains(t, s.Health(t.Context()), "database file is gone")
	})
}

// TestSQLiteHealthOfABusyFile holds the file as another process would.
func TestSQLiteHealthOfABusyFile(t *testing.T) {
	c := store.Config{Dir: t.TempDir()}
	s, other := open(t, c), open(t, c)
	release, err := other.HoldWriter(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.ErrorContains(t, s.Health(ctx), "takes no writes")
	require.NoError(t, release())
	require.NoError(t, s.Health(t.Context()))
}

// TestSQLiteSurvivesAPowerCut asks the connections themselves: subscriptions
// must be on the disk when the call returns.
func TestSQLiteSurvivesAPowerCut(t *testing.T) {
	s := open(t, store.Config{Dir: t.TempDir()})
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		got, err := s.Pragma(t.Context(), pragma)
		require.NoError(t, err)
		require.Equal(t, want, got, pragma)
	}
}
