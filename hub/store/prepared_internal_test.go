package store

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPrepared asks more queries than are kept, all at once, with contexts that
// end in between, and requires the right answer of each.
func TestPrepared(t *testing.T) {
	t.Parallel()
	e, err := openSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, e.close()) }()
	p := newPrepared(e.reader, true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var all sync.WaitGroup
	for asker := range 8 {
		all.Go(func() {
			for i := range 3 * mostPrepared {
				n := (i + asker) % (mostPrepared + 10)
				query := fmt.Sprintf("SELECT %d + $1", n)
				var got int
				if i%7 == 0 {
					requireEnds(t, p.QueryRowContext(ended, query, i).Scan(&got))
					continue
				}
				if err := p.QueryRowContext(t.Context(), query, i).Scan(&got); err != nil || got != n+i {
					t.Errorf("%s with %d is %d: %v", query, i, got, err)
				}
			}
		})
	}
	all.Wait()
	require.Len(t, p.all, mostPrepared)
	rows, err := p.QueryContext(t.Context(), "SELECT 1 UNION ALL SELECT $1", 2)
	require.NoError(t, err)
	defer rows.Close()
	var got []int
	for rows.Next() {
		var n int
		require.NoError(t, rows.Scan(&n))
		got = append(got, n)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []int{1, 2}, got)
	require.Nil(t, newPrepared(e.reader, false).statement(t.Context(), "SELECT 1"), "the driver of PostgreSQL keeps its own")
	require.Error(t, p.QueryRowContext(t.Context(), "SELECT nonsense FROM nowhere").Scan(new(int)))
}

func requireEnds(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("a context that has ended did not end the query")
	}
}
