package admin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// hourOf makes the figures of an hour in which all events went out after a
// second.
func hourOf(at time.Time, events, sent, dead int64) hub.Figure {
	f := hub.Figure{
		At: at.UTC().Truncate(time.Hour), Events: map[hub.Source]int64{"meta": events},
		Deliveries: map[hub.System]hub.Delivered{"slack": {Sent: sent, Dead: dead}},
	}
	f.Took[hub.TookBucket(time.Second)] = sent
	return f
}

type figures struct {
	Items []figure
	All   figure
}

type figure struct {
	At         time.Time
	Events     map[string]int64
	Deliveries map[string]map[string]int64
	Latency    map[string]int64
}

func (w *world) figuresOf(t *testing.T, query string) (told figures) {
	t.Helper()
	got := w.call(t, "GET", "/api/v1/figures"+query, "")
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &told))
	return told
}

func TestFigures(t *testing.T) {
	w := newWorld() // it is 03:04:05
	w.figures = []hub.Figure{hourOf(began.Add(-30*time.Hour), 100, 100, 0), hourOf(began.Add(-2*time.Hour), 3, 4, 0), hourOf(began, 1, 1, 2)}

	told := w.figuresOf(t, "")
	require.Len(t, told.Items, 25, "from 03:00 of yesterday to 03:04")
	require.Equal(t, began.Add(-24*time.Hour).Truncate(time.Hour), told.Items[0].At)
	require.Empty(t, told.Items[0].Events)
	require.Equal(t, map[string]int64{"meta": 3}, told.Items[22].Events)
	require.Equal(t, map[string]map[string]int64{"slack": {"sent": 1, "failed": 0, "dead": 2}}, told.Items[24].Deliveries)
	require.Equal(t, map[string]int64{"meta": 4}, told.All.Events)
	require.Equal(t, map[string]map[string]int64{"slack": {"sent": 5, "failed": 0, "dead": 2}}, told.All.Deliveries)
	require.EqualValues(t, 5, told.All.Latency["count"])
	require.InDelta(t, 850, told.All.Latency["p50_ms"], 150)
	require.LessOrEqual(t, told.All.Latency["p95_ms"], int64(1000))

	days := w.figuresOf(t, "?by=day&since=2025-12-31T12:00:00Z")
	require.Len(t, days.Items, 3)
	require.Equal(t, time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC), days.Items[0].At)
	require.Equal(t, map[string]int64{"meta": 100}, days.Items[0].Events)
	require.Equal(t, map[string]int64{"meta": 4}, days.Items[2].Events)

	require.Len(t, w.figuresOf(t, "?since=2020-01-01T00:00:00Z").Items, 35*24+1, "no more than is kept")
	require.Len(t, w.figuresOf(t, "?since=2026-01-02T01:10:00Z&until=2026-01-02T02:00:00Z").Items, 1)
	require.Len(t, w.figuresOf(t, "?until=2036-01-02T02:00:00Z").Items, 25, "what is to come has no figures")
}

func TestFiguresRefused(t *testing.T) {
	w := newWorld()
	for query, field := range map[string]string{
		"?by=week": "by", "?since=yesterday": "since", "?since=2026-01-02T03:00:00Z&until=2026-01-02T03:00:00Z": "since", "?limit=3": "limit",
	} {
		w.call(t, "GET", "/api/v1/figures"+query, "").refused(http.StatusUnprocessableEntity, field, "")
	}
	w.call(t, "GET", "/api/v1/subscriptions/s9/figures", "").refused(http.StatusNotFound)
	w.fail = hub.Errorf(hub.CodeUnavailable, "the database did not answer")
	w.call(t, "GET", "/api/v1/figures", "").refused(http.StatusServiceUnavailable)
}

func TestSubscriptionFigures(t *testing.T) {
	w := newWorld()
	w.call(t, "POST", "/api/v1/subscriptions", row)
	const never = `{"items":[{"day":"2026-01-01","fired":0},{"day":"2026-01-02","fired":0}],"all":0}`
	w.call(t, "GET", "/api/v1/subscriptions/s1/figures?since=2026-01-01T10:00:00Z", "").is(http.StatusOK, never)
	w.fired = map[hub.SubscriptionID][]hub.FiredDay{"s1": {
		{Day: began.Truncate(24*time.Hour).AddDate(0, 0, -40), Count: 9}, {Day: began.Truncate(24*time.Hour).AddDate(0, 0, -1), Count: 2},
	}}
	w.call(t, "GET", "/api/v1/subscriptions/s1/figures?since=2026-01-01T10:00:00Z", "").
		is(http.StatusOK, `{"items":[{"day":"2026-01-01","fired":2},{"day":"2026-01-02","fired":0}],"all":2}`)
	var told struct {
		Items []any
		All   int
	}
	got := w.call(t, "GET", "/api/v1/subscriptions/s1/figures", "")
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &told))
	require.Len(t, told.Items, 31)
	require.Equal(t, 2, told.All)
}
