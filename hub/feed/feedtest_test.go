package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/feed"
)

var noon = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

// shelf is a FeedStore in memory.
type shelf struct {
	mu     sync.Mutex
	states map[hub.Source]string
	puts   int
	fail   error
}

func (s *shelf) FindFeed(_ context.Context, source hub.Source) (*hub.FeedState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, found := s.states[source]
	if !found {
		return nil, nil
	}
	var state hub.FeedState
	return &state, json.Unmarshal([]byte(text), &state)
}

func (s *shelf) PutFeed(_ context.Context, source hub.Source, state hub.FeedState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts++
	if s.fail != nil {
		return s.fail
	}
	text, err := json.Marshal(state)
	if s.states == nil {
		s.states = map[hub.Source]string{}
	}
	s.states[source] = string(text)
	return err
}

func (s *shelf) state(t *testing.T) hub.FeedState {
	t.Helper()
	state, err := s.FindFeed(t.Context(), "blog")
	require.NoError(t, err)
	require.NotNil(t, state)
	return *state
}

// room is a Publisher that keeps events, each id once.
type room struct {
	mu     sync.Mutex
	events []*hub.Event
	calls  int
	refuse func(e *hub.Event) error
}

func (r *room) Publish(_ context.Context, e *hub.Event) (uint64, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.refuse != nil {
		if err := r.refuse(e); err != nil {
			return 0, false, err
		}
	}
	for _, known := range r.events {
		if known.ID == e.ID {
			return 1, true, nil
		}
	}
	r.events = append(r.events, e)
	return uint64(len(r.events)), false, nil
}

// heard takes the titles of what was told since it was last called.
func (r *room) heard(t *testing.T) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	titles := []string{}
	for _, e := range r.events {
		require.NoError(t, e.Validate())
		require.Equal(t, feed.EntryType, e.Type)
		titles = append(titles, item(t, e).Title)
	}
	r.events = nil
	return titles
}

func item(t *testing.T, e *hub.Event) hub.Item {
	t.Helper()
	var i hub.Item
	require.NoError(t, json.Unmarshal(e.Data, &i))
	return i
}

// publisher is a web site with a feed.
type publisher struct {
	*httptest.Server
	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []http.Header
}

func newPublisher(t *testing.T) *publisher {
	p := &publisher{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, r.Header.Clone())
		answer := p.answer
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) answers(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = h
}

// shows lets the site have a document of a type.
func (p *publisher) shows(contentType, body string) {
	p.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	})
}

// has lets the site have a feed with these entries, the newest first.
func (p *publisher) has(titles ...string) { p.shows("application/rss+xml", rss(titles...)) }

func (p *publisher) last() http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[len(p.requests)-1]
}

// rss is a feed of entries whose ids are their titles.
func rss(titles ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>The Blog</title>`)
	for _, title := range titles {
		fmt.Fprintf(&b, `<item><title>%s</title><guid isPermaLink="false">%[1]s</guid><link>/%[1]s</link></item>`, title)
	}
	return b.String() + `</channel></rss>`
}

// world is a feed with all around it.
type world struct {
	*publisher
	shelf *shelf
	room  *room
}

func newWorld(t *testing.T) *world {
	return &world{newPublisher(t), &shelf{}, &room{}}
}

// poller is what a hub starts, and starts again.
func (w *world) poller() *feed.Poller { return w.pollerAt(w.URL + "/feed.xml?token=s3cr3t") }

func (w *world) pollerAt(address string) *feed.Poller {
	return feed.New(feed.Config{
		Source: "blog", URL: address, HTTP: w.Client(), Publish: w.room, Store: w.shelf,
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
}

// poll polls once and requires that it goes well.
func (w *world) poll(t *testing.T, p *feed.Poller) {
	t.Helper()
	require.NoError(t, p.Poll(t.Context()))
	s := p.Status()
	require.Equal(t, hub.SourceStatus{Source: "blog", Kind: "feed", URL: w.URL + "/feed.xml", State: "ok", CheckedAt: noon}, s)
}

var errDown = errors.New("no disk")
