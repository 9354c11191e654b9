package providers_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"absent":              {"X-Other", "7", 0},
		"seconds":             {"Retry-After", "7", 7 * time.Second},
		"fractions":           {"Retry-After", "1.5", 1500 * time.Millisecond},
		"date":                {"Retry-After", "Sat, 14 Mar 2026 09:00:30 GMT", 30 * time.Second},
		"date gone by":        {"Retry-After", "Sat, 14 Mar 2026 08:00:00 GMT", 0},
		"date far off":        {"Retry-After", "Sun, 14 Mar 2027 09:00:00 GMT", time.Hour},
		"absurd":              {"Retry-After", "86400", time.Hour},
		"beyond an int64":     {"Retry-After", "99999999999999999999999", time.Hour},
		"beyond a float64":    {"Retry-After", "1e999", time.Hour},
		"negative":            {"Retry-After", "-5", 0},
		"not a number":        {"Retry-After", "NaN", 0},
		"words":               {"Retry-After", "soon", 0},
		"seconds until reset": {"X-Ratelimit-Reset", "3", 3 * time.Second},
		"time of the reset":   {"X-Ratelimit-Reset", "1773478812", 12 * time.Second},
		"reset gone by":       {"X-Ratelimit-Reset", "1773478700", 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, providers.RetryAfter(http.Header{c.header: {c.value}}, now))
		})
	}
}

func TestRetryAfterPrefersTheStandardHeader(t *testing.T) {
	h := http.Header{"Retry-After": {"2"}, "X-Ratelimit-Reset": {"9"}}
	require.Equal(t, 2*time.Second, providers.RetryAfter(h, time.Now()))
}
