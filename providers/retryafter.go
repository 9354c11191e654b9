package providers

import (
	"net/http"
	"strconv"
	"time"
)

// longestWait bounds what a platform may ask for: a slip of theirs must not
// silence a chat for a day.
const longestWait = time.Hour

// RetryAfter is how long an answer asks us to wait: its Retry-After as seconds
// or as a date, else its X-Ratelimit-Reset as seconds left or as a Unix time.
// It is 0 where neither makes sense, and an hour at most.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return resetAfter(h.Get("X-Ratelimit-Reset"), now)
	}
	if at, err := http.ParseTime(v); err == nil {
		return bounded(at.Sub(now).Seconds())
	}
	return bounded(number(v))
}

// resetAfter reads a header that some call seconds and some a time.
func resetAfter(v string, now time.Time) time.Duration {
	n := number(v)
	if epoch := float64(now.Unix()); n > epoch/2 {
		n -= epoch
	}
	return bounded(n)
}

func number(v string) float64 {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil && n == 0 { // an overlong number is infinite, which is a number to us
		return 0
	}
	return n
}

func bounded(seconds float64) time.Duration {
	if !(seconds > 0) { // NaN too
		return 0
	}
	return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
}
