package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
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

// TestSolvedAgain holds that a topic that is solved, is not and is solved again
// within minutes is three events, though the first webhook and the third have one
// body, and that one that is sent again by hand is none.
func TestSolvedAgain(t *testing.T) {
	r := start(t, t.TempDir(), `
[sources.meta]
url = "https://forum.example.com"
secret = "`+discoursetest.Secret+`"
visibility = "trust_webhook"
delay = "0s"
`)
	tell := func(file, number string) (duplicate bool) {
		f := discoursetest.Get(file)
		f.Header.Set("X-Discourse-Event-Id", number)
		var header []string
		for key := range f.Header {
			header = append(header, key, f.Header.Get(key))
		}
		status, answer := r.ask(http.MethodPost, "/in/meta", string(f.Body), header...)
		require.Equal(t, http.StatusAccepted, status, answer)
		return strings.Contains(answer, `"duplicate":true`)
	}
	for _, c := range []struct {
		file, number string
		duplicate    bool
	}{
		{"accepted_solution.json", "11", false},
		{"unaccepted_solution.json", "12", false},
		{"accepted_solution.json", "11", true},
		{"accepted_solution.json", "13", false},
		{"accepted_solution.json", "14", true},
	} {
		require.Equal(t, c.duplicate, tell(c.file, c.number), "%s, %s", c.file, c.number)
	}
	for name, want := range map[string]int{"solved": 2, "unsolved": 1} {
		var page struct{ Items []hub.Event }
		r.does(http.MethodGet, "/api/v1/events?type=forum.topic."+name, nil, http.StatusOK, &page)
		require.Len(t, page.Items, want)
	}
}
