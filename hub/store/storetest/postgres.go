package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	// The driver "pgx" of database/sql, to make and drop schemas.
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

// dsnVariable names the PostgreSQL that tests may fill. ".ci/postgres run"
// starts one and sets it.
const dsnVariable = "TEST_POSTGRES_DSN"

// PostgresURL makes an empty schema in the PostgreSQL of TEST_POSTGRES_DSN and
// gives the URL that leads into it. The schema goes when the test ends. Without
// the variable the test is skipped, in CI it fails.
func PostgresURL(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv(dsnVariable)
	if dsn == "" {
		refuse(t)
	}
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	schema := "test_" + strings.ToLower(rand.Text()[:12])
	_, err = db.ExecContext(t.Context(), `CREATE SCHEMA `+schema)
	require.NoError(t, err, "make a schema in the database of %s", dsnVariable)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), `DROP SCHEMA `+schema+` CASCADE`)
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	return within(t, dsn, schema)
}

func refuse(t testing.TB) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set: in CI both databases must be tested (.ci/postgres run -- go test …)", dsnVariable)
	}
	t.Skipf("%s is not set; run .ci/postgres run -- go test …", dsnVariable)
}

func within(t testing.TB, dsn, schema string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err, "%s must be a URL", dsnVariable)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
