package feed_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/feed"
	"github.com/bellhop-chat/bellhop/hub/outbound"
)

// wire is a transport without a network, so that time can be made to pass.
type wire struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []time.Time
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, time.Now())
	rec := httptest.NewRecorder()
	w.answer(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// gaps are the times between requests.
func (w *wire) gaps() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(w.asked); i++ {
		out = append(out, w.asked[i].Sub(w.asked[i-1]))
	}
	return out
}

// during runs a poller for a while and returns the times between its polls.
func during(t *testing.T, d, every time.Duration, answer http.HandlerFunc) []time.Duration {
	t.Helper()
	var gaps []time.Duration
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: answer}
		began := time.Now()
		p := feed.New(feed.Config{
			Source: "blog", URL: "https://blog.example.com/feed", Every: every, HTTP: &http.Client{Transport: w},
			Publish: &room{}, Store: &shelf{}, Log: slog.New(slog.DiscardHandler),
		})
		ctx, stop := context.WithTimeout(t.Context(), d)
		defer stop()
		require.NoError(t, p.Run(ctx))
		require.Equal(t, d, time.Since(began), "it stops when it is told to")
		require.NotEmpty(t, w.asked)
		require.Equal(t, began, w.asked[0], "the first poll is at once")
		gaps = w.gaps()
	})
	return gaps
}

func requireAbout(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.InDelta(t, want.Seconds(), got.Seconds(), want.Seconds()/10+1)
}

func TestPollsAtItsPace(t *testing.T) {
	gaps := during(t, 10*time.Hour, 0, shown("text/xml", rss("one")))
	require.InDelta(t, 40, len(gaps), 4)
	different := map[time.Duration]bool{}
	for _, gap := range gaps {
		requireAbout(t, 15*time.Minute, gap)
		different[gap] = true
	}
	require.Greater(t, len(different), 10, "not every feed at the same time")
}

func TestTroubleIsAskedForLess(t *testing.T) {
	gaps := during(t, 10*time.Hour, 15*time.Minute, status(500))
	for i, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		requireAbout(t, time.Duration(minutes)*time.Minute, gaps[i])
	}
	fails := 3
	gaps = during(t, 2*time.Hour, 15*time.Minute, func(w http.ResponseWriter, r *http.Request) {
		if fails--; fails >= 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		shown("text/xml", rss("one"))(w, r)
	})
	requireAbout(t, 15*time.Minute, gaps[3])
	requireAbout(t, 15*time.Minute, gaps[4])
}

func TestRetryAfter(t *testing.T) {
	for given, want := range map[string]time.Duration{
		"7200": 2 * time.Hour, "1": time.Minute, "": time.Minute, "soon": time.Minute, "-5": time.Minute,
		"999999999999": time.Minute, "999999": 24 * time.Hour,
		"Sat, 01 Jan 2000 03:00:00 GMT": 3 * time.Hour, // a bubble's time begins in 2000
	} {
		for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			gaps := during(t, 30*time.Hour, 15*time.Minute, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", given)
				w.WriteHeader(code)
			})
			requireAbout(t, want, gaps[0])
			if want > time.Hour {
				require.GreaterOrEqual(t, gaps[0], want, "not before")
			}
		}
	}
}

func TestRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: shown("text/xml", rss("one"))}
		p := feed.New(feed.Config{
			Source: "blog", URL: "https://blog.example.com/feed", HTTP: &http.Client{Transport: w}, Publish: &room{}, Store: &shelf{},
			Log: slog.New(slog.DiscardHandler),
		})
		for range 3 {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			require.NoError(t, p.Run(ctx))
			stop()
		}
		require.Len(t, w.asked, 3)
		require.Equal(t, "ok", p.Status().State)
	})
}

func TestStopsWhileItWaitsForAnAnswer(t *testing.T) {
	w := newWorld(t)
	asked := make(chan struct{})
	w.answers(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	p, done := w.poller(), make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	<-asked
	stop()
	require.NoError(t, <-done)
	require.Equal(t, "unknown", p.Status().State, "that it was stopped is no trouble of the feed")
	require.Zero(t, w.shelf.puts)
}

func TestRedirects(t *testing.T) {
	w := newWorld(t)
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed.xml" {
			http.Redirect(rw, r, "/new/feed.xml", http.StatusMovedPermanently)
			return
		}
		require.Equal(t, "/new/feed.xml", r.URL.Path)
		shown("text/xml", rss("one"))(rw, r)
	})
	w.poll(t, w.poller())

	down := &wire{answer: func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Location", "http://blog.example.com/feed")
		rw.WriteHeader(http.StatusFound)
	}}
	p := feed.New(feed.Config{Source: "blog", URL: "https://blog.example.com/feed", HTTP: &http.Client{Transport: down}, Publish: w.room, Store: w.shelf, Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, p.Poll(t.Context()), "redirects from https")
}

// A redirect leads nowhere that the hub's client may not go, though the address
// that the operator named may be anywhere.
func TestRedirectsStayOutside(t *testing.T) {
	inside := newWorld(t)
	inside.has("secret")
	w := newWorld(t)
	w.answers(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, inside.URL, http.StatusFound) })
	options := outbound.Options{AllowNets: []netip.Prefix{}}
	require.NoError(t, options.Trust(w.URL))
	p := feed.New(feed.Config{
		Source: "blog", URL: w.URL + "/feed.xml", HTTP: outbound.Client(options), Publish: w.room, Store: w.shelf, Log: slog.New(slog.DiscardHandler),
	})
	require.ErrorContains(t, p.Poll(t.Context()), "the feed does not answer")
	require.Empty(t, inside.requests)

	w.has("one")
	require.NoError(t, p.Poll(t.Context()))
}
