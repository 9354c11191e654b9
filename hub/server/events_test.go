package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestPagesOfEventsByOutcome holds that a page of what is looked for among many has no
// more than was asked for, and that the pages together have each once.
func TestPagesOfEventsByOutcome(t *testing.T) {
	r := start(t, t.TempDir(), "")
	for i := range 30 {
		r.does(http.MethodPost, "/api/v1/events", map[string]any{"specversion": "1.0", "source": "api", "id": fmt.Sprint(i), "type": "user.deploy.finished", "data": map[string]any{"title": "x"}}, http.StatusAccepted, nil)
	}
	require.Eventually(t, func() bool {
		_, answer := r.ask(http.MethodGet, "/api/v1/events?outcome=nobody&limit=500", "")
		return strings.Count(answer, `"specversion"`) == 30
	}, 20*time.Second, 20*time.Millisecond)
	seen, path := map[hub.EventID]bool{}, "/api/v1/events?outcome=nobody&limit=4"
	for cursor := "start"; cursor != ""; {
		var page struct {
			Items []hub.Event
			Next  string
		}
		r.does(http.MethodGet, path, nil, http.StatusOK, &page)
		require.LessOrEqual(t, len(page.Items), 4)
		for _, e := range page.Items {
			require.False(t, seen[e.ID], e.ID)
			seen[e.ID] = true
		}
		cursor = page.Next
		path = "/api/v1/events?outcome=nobody&limit=4&cursor=" + cursor
	}
	require.Len(t, seen, 30)
}
