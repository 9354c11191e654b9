package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin/pane"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
	"github.com/bellhop-chat/bellhop/web"
)

// pageLimit is what 95 of 100 readers should at most have to wait for the server.
const pageLimit = 100 * time.Millisecond

// listPaths are lists of the API and pages that want more than their path; all
// other pages come from the pane itself.
var listPaths = []string{
	"/subscriptions/s5", "/subscriptions?q=bug", "/subscriptions?system=slack&chat=C15", "/activity?q=Topic+7", "/activity/events/e7",
	"/activity/deliveries?q=printer", "/activity/deliveries/n17", "/sources/ci", "/sources/ci/edit", "/systems/slack", "/systems?q=C15", "/systems/chat?system=slack&chat=C15",
	"/simulator?event=e7", "/find?q=bug",
	"/api/v1/subscriptions", "/api/v1/subscriptions?system=slack", "/api/v1/subscriptions?system=slack&chat=C15", "/api/v1/subscriptions?source=meta",
	"/api/v1/subscriptions?mode=mute", "/api/v1/subscriptions?system=slack&mode=mute", "/api/v1/subscriptions/s5", "/api/v1/subscriptions/s5/figures",
	"/api/v1/deliveries", "/api/v1/deliveries?system=slack", "/api/v1/deliveries?system=slack&chat=C15", "/api/v1/deliveries?subscription=s5",
	"/api/v1/deliveries?source=ci", "/api/v1/deliveries?status=dead", "/api/v1/deliveries?status=failed", "/api/v1/deliveries?status=sent",
	"/api/v1/deliveries?status=dead,failed,queued", "/api/v1/deliveries?system=matrix&status=dead", "/api/v1/deliveries?system=slack&source=ci",
	"/api/v1/deliveries?text=printer", "/api/v1/deliveries?text=not-to-be-found", "/api/v1/deliveries?text=channel_not&status=dead",
	"/api/v1/deliveries?event=e7", "/api/v1/deliveries/n17", "/api/v1/deliveries?limit=500",
	"/api/v1/dead", "/api/v1/events", "/api/v1/events?type=forum.*", "/api/v1/figures", "/api/v1/figures?by=day",
	"/api/v1/audit", "/api/v1/audit?action=subscription.", "/api/v1/audit?text=not-to-be-found", "/api/v1/audit?system=slack&chat=C15",
	"/api/v1/people", "/api/v1/known-chats", "/api/v1/chats", "/api/v1/systems", "/api/v1/sources", "/api/v1/autocomplete?q=/discourse",
}

// pagePaths are all addresses that are measured: each page of the pane without
// parameters, and listPaths. A backup is no page.
func pagePaths() (paths []string) {
	for _, p := range pane.New(pane.Deps{}).Pages() {
		path := strings.ReplaceAll(p.Path, "{$}", "")
		if p.Method == http.MethodGet && !strings.Contains(path, "{") && path != "/settings/backup" {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return append(paths, listPaths...)
}

// visit asks for a page and gives how long the server took until all of it was
// there. ok is false for a stream, which never is.
func (r *running) visit(path string) (took time.Duration, ok bool) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, http.NoBody)
	require.NoError(r.t, err)
	req.Header.Set("Authorization", "Bearer "+testToken)
	req.Header.Set("Accept", "text/html,application/json")
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return 0, false
	}
	body, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	took = time.Since(began)
	require.Less(r.t, resp.StatusCode, http.StatusInternalServerError, "%s: %s", path, body)
	return took, resp.StatusCode == http.StatusOK
}

// bigHub runs Bellhop on a big store, with some events on its bus.
func bigHub(t testing.TB, c store.Config) *running {
	t.Helper()
	text := "[providers.slack]\nkind = \"slack\"\ntoken = \"xoxb-0\"\nsigning_secret = \"" + signingSecret + "\"\napi_url = \"" + unreachable + "/\"\n" +
		"[sources.ci]\nkind = \"json\"\nsecret = \"0123456789abcdef0123456789abcdef\"\nmapping = { title = \"title\" }\n[deliver]\nretention = 0\n"
	if c.URL != "" {
		text += "[database]\nurl = \"" + c.URL + "\"\n"
	}
	r := startAs(t, t.TempDir(), text, server.Everything, "", func(o *server.Options) {
		if c.URL == "" {
			o.Config.Server.DataDir = c.Dir
		}
	})
	for i := range 100 {
		body := fmt.Sprintf(`{"specversion":"1.0","id":"big-%d","source":"api","type":"user.build.failed","data":{"title":"Build %d failed"}}`, i, i)
		status, answer := r.ask(http.MethodPost, "/api/v1/events", body, "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status, answer)
	}
	return r
}

// TestEveryPageAnswers visits each page and each list once, on stores made as the
// big ones are.
func TestEveryPageAnswers(t *testing.T) {
	for name, fill := range map[string]func(testing.TB, storetest.Size) store.Config{"sqlite": storetest.BigSQLite, "postgres": storetest.BigPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(storetest.BigVariable, "")
			r := bigHub(t, fill(t, storetest.Small()))
			answered := 0
			for _, path := range pagePaths() {
				if _, ok := r.visit(path); ok {
					answered++
				}
			}
			require.GreaterOrEqual(t, answered, len(listPaths))
		})
	}
}

// BenchmarkPages measures how long the server takes for each page and each list,
// over HTTP, with 100,000 subscriptions, a million traces and five million
// deliveries.
func BenchmarkPages(b *testing.B) {
	fmt.Printf("\nall that the pages load besides themselves: %d bytes, packed\n", web.Shipped())
	for name, fill := range map[string]func(testing.TB, storetest.Size) store.Config{"sqlite": storetest.BigSQLite, "postgres": storetest.BigPostgres} {
		b.Run(name, func(b *testing.B) {
			size := storetest.Full(b)
			r := bigHub(b, fill(b, size))
			fmt.Printf("\n%-64s p50 ms   p95 ms   (%s, %d deliveries)\n", "page", name, size.Deliveries)
			for b.Loop() {
				measurePages(r)
			}
		})
	}
}

// visits is how often each page is asked for.
const visits = 40

func measurePages(r *running) {
	for _, path := range pagePaths() {
		var times []time.Duration
		for range visits {
			if took, ok := r.visit(path); ok {
				times = append(times, took)
			}
		}
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		p50, p95 := times[len(times)/2], times[len(times)*95/100]
		mark := ""
		if p95 > pageLimit {
			mark = "  slow"
		}
		shown, err := url.PathUnescape(path)
		if err != nil {
			shown = path
		}
		fmt.Printf("%-64s %7.1f  %7.1f%s\n", shown, p50.Seconds()*1000, p95.Seconds()*1000, mark)
	}
}
