package server

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDueElsewhere holds that what workers of other processes tell is added up, is
// believed for two seconds, and that what is no number of messages is not heard.
func TestDueElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d due
		after := func(wait time.Duration, ids ...[]string) int {
			<-time.After(wait)
			for _, i := range ids {
				d.hear(i)
			}
			<-time.After(dueEvery)
			return d.now()
		}
		require.Equal(t, 0, after(0))
		require.Equal(t, 7_000, after(0, []string{"one", "4000"}, []string{"two", "3000"}))
		require.Equal(t, 7_000, after(0, nil, []string{"one"}, []string{"three", "many"}, []string{"three", "-5"}, []string{"three", "1", "2"}))
		require.Equal(t, 3_150, after(0, []string{"one", "150"}))
		require.Equal(t, 150, after(dueFor-2*dueEvery), "of two nothing was heard for two seconds")
		require.Equal(t, 0, after(dueFor))
		require.Empty(t, d.others)
	})
}
