package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const anna = "@anna:example.org"

// hall is a homeserver with people on it, and a provider that may listen there.
type hall struct {
	*matrixtest.Stage
	providers.Provider
	ear  *providertest.Ear
	url  string
	room string
}

func newHall(t *testing.T, change ...func(*matrix.Config)) *hall {
	t.Helper()
	h := &hall{Stage: matrixtest.NewStage(matrixtest.New(token, userID)), ear: providertest.NewEar()}
	server := httptest.NewServer(h.Stage)
	t.Cleanup(func() {
		h.Break()
		server.CloseClientConnections()
		server.Close()
	})
	h.url = server.URL
	h.Stage.Person(t, "Anna", true)
	h.room = h.Stage.Chat(t, "general")
	h.open(t, change...)
	return h
}

// open makes a new provider, as after a restart.
func (h *hall) open(t *testing.T, change ...func(*matrix.Config)) {
	t.Helper()
	cfg := config(h.url)
	for _, c := range change {
		c(cfg)
	}
	require.Empty(t, cfg.Problems())
	p, err := matrix.Kind().Open(cfg, providers.Env{System: "matrix-acme", HTTP: &http.Client{}})
	require.NoError(t, err)
	h.Provider = p
}

// listen listens until the test ends or what it returns is called.
func (h *hall) listen(t *testing.T, ear providers.Ear) (stop func()) {
	t.Helper()
	l, ok := providers.As[providers.Listener](h.Provider)
	require.True(t, ok)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Listen(ctx, ear) }()
	stop = func() {
		cancel()
		if err, ok := <-ended; ok {
			require.NoError(t, err)
			close(ended)
		}
	}
	t.Cleanup(stop)
	return stop
}

// ready listens, and waits until what is said is heard.
func (h *hall) ready(t *testing.T) (stop func()) {
	t.Helper()
	stop = h.listen(t, h.ear)
	h.ear.Until(t, "the first sync", func() bool { return h.since(t) != "" })
	return stop
}

func (h *hall) since(t *testing.T) string {
	t.Helper()
	kept, err := h.ear.Place(t.Context(), "sync")
	require.NoError(t, err)
	var at struct{ Since string }
	_ = json.Unmarshal(kept, &at)
	return at.Since
}

func (h *hall) says(room, who, text string) string {
	return h.Post(room, who, "m.room.message", map[string]any{"msgtype": "m.text", "body": text})
}

// texts are those of the messages that were heard, in order.
func (h *hall) texts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, e := range h.ear.Events() {
		if c := chatter(t, e); e.Type == hub.ChatMessagePosted && !c.From.Bot {
			all = append(all, c.Text)
		}
	}
	return all
}

func chatter(t *testing.T, e hub.Event) hub.Chatter {
	t.Helper()
	var c hub.Chatter
	require.NoError(t, json.Unmarshal(e.Data, &c))
	return c
}

// heard waits for the event of a native one.
func (h *hall) heard(t *testing.T, native string) hub.Event {
	t.Helper()
	id := hub.ChatterEvent("matrix-acme", native)
	var found hub.Event
	h.ear.Until(t, native, func() bool {
		events := h.ear.Events()
		i := slices.IndexFunc(events, func(e hub.Event) bool { return e.ID == id })
		if i >= 0 {
			found = events[i]
		}
		return i >= 0
	})
	return found
}

func TestHearsNothingOld(t *testing.T) {
	h := newHall(t)
	h.says(h.room, anna, "!discourse status")
	h.ready(t)
	h.heard(t, h.says(h.room, anna, "new"))
	require.Equal(t, []string{"new"}, h.texts(t))
}

func TestGoesOnWhereItWas(t *testing.T) {
	h := newHall(t)
	stop := h.ready(t)
	h.heard(t, h.says(h.room, anna, "one"))
	h.heard(t, h.says(h.room, anna, "two"))
	h.ear.Until(t, "its place", func() bool { return h.since(t) == h.Now() })
	stop()
	h.says(h.room, anna, "three")
	told := h.ear.Told()
	h.open(t)
	stop = h.ready(t)
	h.heard(t, h.says(h.room, anna, "four"))
	stop()
	require.Equal(t, []string{"one", "two", "three", "four"}, h.texts(t))
	require.Equal(t, told+2, h.ear.Told(), "what was heard is not told again")
}

func TestAPlaceOfAnotherAccount(t *testing.T) {
	h := newHall(t)
	h.says(h.room, anna, "old")
	require.NoError(t, h.ear.SetPlace(t.Context(), "sync", []byte(`{"user":"@other:example.org","since":"s1"}`)))
	h.listen(t, h.ear)
	h.ear.Until(t, "a place of its own", func() bool { return h.since(t) != "s1" })
	h.heard(t, h.says(h.room, anna, "new"))
	require.Equal(t, []string{"new"}, h.texts(t))
}

// More was said than a sync gives, in a busy room and in a very busy one, whose
// first pages are fetched twice.
func TestFillsGaps(t *testing.T) {
	for _, c := range []struct{ n, noise int }{{40, 0}, {51, 0}, {320, 1}, {300, 10}} {
		n := c.n
		t.Run(fmt.Sprint(n, " with ", c.noise), func(t *testing.T) {
			h := newHall(t)
			h.says(h.room, anna, "long ago")
			h.ready(t)()
			var want []string
			last := ""
			for i := range n {
				want = append(want, fmt.Sprint("message ", i))
				last = h.says(h.room, anna, want[i])
				for range c.noise { // not read, but counted
					h.Post(h.room, anna, "org.example.noise", map[string]any{})
				}
			}
			h.open(t)
			h.ready(t)
			h.heard(t, last)
			require.Equal(t, want, h.texts(t))
			require.Equal(t, n > 50, h.Asked() > 0)
			if c.noise == 10 {
				require.Greater(t, h.Asked(), (n-50)*(1+c.noise)/100+2, "some pages should have been fetched twice")
			}
		})
	}
}

func TestTellsAgainWhatWasNotTaken(t *testing.T) {
	h := newHall(t)
	stop := h.ready(t)
	before := h.since(t)
	h.ear.Deafen(true)
	said := h.says(h.room, anna, "hello")
	h.ear.Until(t, "two attempts", func() bool { return h.ear.Told() >= 2 })
	require.Equal(t, before, h.since(t), "what was not heard must be offered again")
	stop()
	h.ear.Deafen(false)
	h.open(t)
	h.ready(t)
	h.heard(t, said)
	require.Equal(t, []string{"hello"}, h.texts(t))
}

func TestTwentyCuts(t *testing.T) {
	h := newHall(t)
	h.ready(t)
	var want []string
	last := ""
	for i := range 20 {
		want = append(want, fmt.Sprint("before ", i), fmt.Sprint("after ", i))
		h.says(h.room, anna, want[2*i])
		h.Cut(t)
		last = h.says(h.room, anna, want[2*i+1])
		if i%5 == 0 {
			h.heard(t, last)
		}
	}
	h.heard(t, last)
	require.Equal(t, want, h.texts(t))
}

func TestTokenRevoked(t *testing.T) {
	h := newHall(t)
	h.ScriptSync(answer(401, "M_UNKNOWN_TOKEN", ""))
	l, _ := providers.As[providers.Listener](h.Provider)
	err := l.Listen(t.Context(), h.ear)
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "mend token")
	require.NotContains(t, err.Error(), token)
}

// A homeserver that refuses a token once has not forgotten it.
func TestTokenRefusedOnce(t *testing.T) {
	h := newHall(t)
	h.ready(t)()
	h.says(h.room, anna, "in between")
	h.ScriptSync(answer(400, "M_UNKNOWN", ""), answer(400, "M_UNKNOWN", ""))
	h.open(t)
	h.ready(t)
	h.heard(t, h.says(h.room, anna, "after"))
	require.Equal(t, []string{"in between", "after"}, h.texts(t))
}

func TestPlaceThatTheServerForgot(t *testing.T) {
	h := newHall(t)
	h.ready(t)()
	h.says(h.room, anna, "in between")
	h.Forget()
	forgotten := h.since(t)
	h.open(t)
	h.listen(t, h.ear)
	h.ear.Until(t, "a new place", func() bool { return h.since(t) != forgotten })
	h.heard(t, h.says(h.room, anna, "after"))
	require.Equal(t, []string{"after"}, h.texts(t))
}

// The pause after a failure grows, and one that the homeserver asks for is kept.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := matrixtest.New(token, userID)
		var at []time.Time
		client := &http.Client{Transport: watched{direct{platform}, func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/sync") {
				at = append(at, time.Now())
			}
		}}}
		p := openWith(t, "http://matrix.example", client)
		steps := slices.Repeat([]providertest.Step{{Status: 502, Body: "<html>"}}, 12)
		platform.ScriptSync(append(steps, answer(429, "M_LIMIT_EXCEEDED", `,"retry_after_ms":90000`), answer(503, "M_UNKNOWN", ""))...)
		l, _ := providers.As[providers.Listener](p)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Listen(ctx, providertest.NewEar()) }()
		time.Sleep(time.Hour) // of the bubble's clock
		stop()
		require.NoError(t, <-ended)
		require.Greater(t, len(at), 15)
		pause := func(i int) time.Duration { return at[i+1].Sub(at[i]) }
		require.InDelta(t, 0.25, pause(0).Seconds(), 0.07)
		require.Greater(t, pause(4), 2*pause(0))
		require.InDelta(t, 60, pause(11).Seconds(), 16)
		require.GreaterOrEqual(t, pause(12), 90*time.Second)
	})
}

// newBubble is a hall within a bubble of synctest, without a network, where
// somebody listens.
func newBubble(t *testing.T) *hall {
	t.Helper()
	h := &hall{Stage: matrixtest.NewStage(matrixtest.New(token, userID)), ear: providertest.NewEar(), room: room}
	h.Provider = openWith(t, "http://matrix.example", &http.Client{Transport: direct{h.Stage}})
	l, _ := providers.As[providers.Listener](h.Provider)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Listen(ctx, h.ear) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	synctest.Wait()
	return h
}

// watched tells of each request.
type watched struct {
	http.RoundTripper
	see func(*http.Request)
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	w.see(r)
	return w.RoundTripper.RoundTrip(r)
}

// TestHugeSync holds that nothing is missed where a sync after an outage is more
// than is read of an answer: what is too much is fetched page by page.
func TestHugeSync(t *testing.T) {
	h := newHall(t)
	for room := range 16 {
		h.AddRoom(matrixtest.Room{ID: fmt.Sprintf("!big%d:example.org", room), Name: "Big"})
	}
	stop := h.ready(t)
	stop()
	long := strings.Repeat("all work and no play ", 150) // 3 KB
	for room := range 16 {
		for range 50 {
			h.says(fmt.Sprintf("!big%d:example.org", room), anna, long)
		}
	}
	elsewhere := hub.ChatterEvent("matrix-acme", h.says(h.room, anna, "is anybody there?"))
	h.open(t)
	matrix.BoundAnswers(h.Provider, 2<<20)
	h.listen(t, h.ear)
	heard := map[hub.EventID]bool{}
	h.ear.Until(t, "all of it", func() bool { // each is looked at once
		for _, e := range h.ear.Events()[len(heard):] {
			heard[e.ID] = true
		}
		return len(heard) == 16*50+1
	})
	require.True(t, heard[elsewhere], "what was said in another room")
}
