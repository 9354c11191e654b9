package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFigures(t *testing.T) {
	h := newFakeHub(t)
	const list = `{"items": [
		{"at": "2026-03-14T00:00:00Z", "events": {"meta": 12, "ci": 1}, "deliveries": {"slack": {"sent": 20, "failed": 1, "dead": 0}, "matrix": {"sent": 2, "failed": 0, "dead": 3}}, "latency": {"count": 22, "p50_ms": 1234, "p95_ms": 95000}},
		{"at": "2026-03-15T00:00:00Z", "events": {}, "deliveries": {}, "latency": {"count": 0, "p50_ms": 0, "p95_ms": 0}}],
		"all": {"events": {"meta": 12, "ci": 1}, "deliveries": {"slack": {"sent": 20, "failed": 1, "dead": 0}, "matrix": {"sent": 2, "failed": 0, "dead": 3}}, "latency": {"count": 22, "p50_ms": 1234, "p95_ms": 95000}}}`
	h.answers("GET /api/v1/figures", "application/json", list)
	got := h.run("", "figures", "--by", "day", "--since", "2026-03-14T00:00:00Z")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, `WHEN        EVENTS  SENT  FAILED  DEAD  TYPICAL  SLOW
2026-03-14  13      22    1       3     1.23s    1m35s
2026-03-15  0       0     0       0     -        -
all         13      22    1       3     1.23s    1m35s
matrix: 2 sent, 0 failed, 3 dead
slack: 20 sent, 1 failed, 0 dead
`, got.stdout)
	require.Contains(t, h.lines()[0], "by=day&since=2026-03-14T00%3A00%3A00Z")
	require.JSONEq(t, list, h.run("", "figures", "--json").stdout)

	h.answers("GET /api/v1/subscriptions/s1/figures", "application/json", `{"items": [{"day": "2026-03-14", "fired": 3}, {"day": "2026-03-15", "fired": 0}], "all": 3}`)
	got = h.run("", "figures", "--subscription", "s1")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "DAY         FIRED\n2026-03-14  3\n2026-03-15  0\nall         3\n", got.stdout)
	require.Contains(t, h.run("", "figures", "--by", "week").stderr, "--by")
}
