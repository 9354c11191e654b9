package discourse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// heard is what the hub publishes of a webhook that comes from site.
func heard(t *testing.T, site string, h http.Header, body []byte) (*hub.Event, *hub.Forum) {
	t.Helper()
	var got published
	handler, err := ingest.New(ingest.Config{
		Sources: []ingest.Source{{Name: "meta", Kind: "discourse", URL: site, Secrets: []secret.Value{secret.New(discoursetest.Secret)}}},
		Publish: &got, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("POST /in/{source}", handler)
	r := httptest.NewRequest(http.MethodPost, "/in/meta", bytes.NewReader(body))
	r.Header = h.Clone()
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	require.Equal(t, http.StatusAccepted, w.Code, "%s", w.Body)
	require.Len(t, got, 1)
	var f hub.Forum
	require.NoError(t, json.Unmarshal(got[0].Data, &f))
	return got[0], &f
}

type published []*hub.Event

func (p *published) Publish(_ context.Context, e *hub.Event) (uint64, bool, error) {
	*p = append(*p, e)
	return uint64(len(*p)), false, nil
}

// asWebhook is a listed post as a forum would send it.
func asWebhook(site string, post json.RawMessage) (http.Header, []byte) {
	body := append(append([]byte(`{"post":`), post...), '}')
	return http.Header{
		"Content-Type": {"application/json"}, "X-Discourse-Instance": {site}, "X-Discourse-Event": {"post_created"},
		"X-Discourse-Event-Type": {"post"}, "X-Discourse-Event-Id": {"1"}, "X-Discourse-Event-Signature": {discoursetest.Sign(body)},
	}, body
}

// What was missed is the same event as the webhook would have been.
func TestPostsAreLikeWebhooks(t *testing.T) {
	f, c := forum(t, forumtest.Options{URL: "/forum"})
	type webhook struct {
		header http.Header
		body   []byte
	}
	sent := make(chan webhook, 20)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Header.Get("X-Discourse-Event") == "post_created" {
			sent <- webhook{r.Header, body}
		}
	}))
	t.Cleanup(receiver.Close)
	f.Hook(receiver.URL, discoursetest.Secret)
	f.Message("bob", "Not public", "x", []string{"alice"}, nil)
	<-sent
	id := f.Topic("alice", "install", "Printer & co", "<p>It <b>smokes</b> &amp; burns</p>", "linux")
	f.Reply(id, "bob", "@support_team please")

	posts, more, err := c.PostsSince(t.Context(), time.Time{}, 10)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, posts, 2)
	for _, p := range posts {
		require.NotContains(t, string(p), `\u003c`)
		header, body := asWebhook(f.URL, p)
		e, got := heard(t, f.URL, header, body)
		w := <-sent
		original, want := heard(t, f.URL, w.header, w.body)
		require.Equal(t, original.ID, e.ID)
		// A list does not say how long the topic is by now, nor its category's slug.
		require.Empty(t, cmp.Diff(want, got, cmpopts.IgnoreFields(hub.Topic{}, "Posts", "CategorySlug")))
		require.Equal(t, "regular", got.Topic.Archetype)
		require.Positive(t, got.Topic.Posts)
	}
}

// archive is a forum's list of posts in one of the ways that "before" was
// understood. Not every id is a public post.
type archive struct {
	how   string
	posts []string // by id; "" is none
	asked atomic.Int32
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

// newArchive has a post per minute, with the minute as its id, where public says so.
func newArchive(how string, size int, public func(id int) bool) *archive {
	a := &archive{how: how, posts: make([]string, size+1)}
	for id := 1; id <= size; id++ {
		if public(id) {
			a.posts[id] = minute(id).Format("2006-01-02T15:04:05.000Z")
		}
	}
	return a
}

func (a *archive) answer(r *http.Request) *http.Response {
	a.asked.Add(1)
	before, _ := strconv.Atoi(r.URL.Query().Get("before"))
	top := len(a.posts) - 1
	floor := 0
	switch {
	case before == 0 && a.how == "window":
		floor = top - 50
	case a.how == "window":
		top, floor = min(top, before), before-50
	case before > 0 && a.how == "at most":
		top = min(top, before)
	case before > 0:
		top = min(top, before-1)
	}
	var list []string
	for id := top; id > max(floor, 0) && len(list) < 50; id-- {
		if a.posts[id] != "" {
			list = append(list, fmt.Sprintf(`{"id":%d,"created_at":%q,"cooked":"<p>x</p>"}`, id, a.posts[id]))
		}
	}
	return response(200, `{"latest_posts":[`+strings.Join(list, ",")+`]}`, "")
}

func TestPostsSince(t *testing.T) {
	all := func(int) bool { return true }
	for _, how := range []string{"window", "at most", "below"} {
		for _, public := range []struct {
			name string
			is   func(id int) bool
		}{
			{"all", all},
			{"every third", func(id int) bool { return id%3 == 0 }},
			{"gaps of 120", func(id int) bool { return id%240 < 120 }},
		} {
			for _, size := range []int{1, 50, 51, 117, 1000} {
				a := newArchive(how, size, public.is)
				c := open(t, discourse.Config{URL: "https://forum.example.com", HTTP: answering(a.answer)})
				if how == "window" && a.posts[size] == "" {
					continue // such a forum shows nothing at all if its newest 50 are private
				}
				for _, since := range []int{-5, 1, size / 3, size - 60, size - 1, size, size + 10} {
					for _, limit := range []int{1, 7, 50, 5000} {
						name := fmt.Sprintf("%s, %s, %d posts, since %d, limit %d", how, public.name, size, since, limit)
						var want []int
						for id := max(since+1, 1); id <= size; id++ {
							if public.is(id) {
								want = append(want, id)
							}
						}
						a.asked.Store(0)
						posts, more, err := c.PostsSince(t.Context(), minute(since), limit)
						require.NoError(t, err, name)
						require.Equal(t, len(want) > limit, more, name)
						var got []int
						for _, p := range posts {
							var post struct{ ID int }
							require.NoError(t, json.Unmarshal(p, &post))
							got = append(got, post.ID)
						}
						require.Equal(t, want[:min(len(want), limit)], append([]int(nil), got...), name)
						require.LessOrEqual(t, int(a.asked.Load()), 25+8*limit/50+len(want)/15, name)
					}
				}
			}
		}
	}
}

// An old gap costs few requests, and asking on from the last post ends.
func TestPostsSinceGoesOn(t *testing.T) {
	a := newArchive("below", 100_000, func(int) bool { return true })
	c := open(t, discourse.Config{URL: "https://forum.example.com", HTTP: answering(a.answer)})
	posts, more, err := c.PostsSince(t.Context(), minute(1000), 100)
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, posts, 100)
	require.Less(t, int(a.asked.Load()), 40)

	since, seen := minute(99_500), 0
	for more {
		posts, more, err = c.PostsSince(t.Context(), since, 90)
		require.NoError(t, err)
		seen += len(posts)
		var last struct {
			At time.Time `json:"created_at"`
		}
		require.NoError(t, json.Unmarshal(posts[len(posts)-1], &last))
		require.True(t, last.At.After(since))
		since = last.At
	}
	require.Equal(t, 500, seen)
}

// Posts of one instant are not torn apart: what comes after them could not be
// asked for without missing some. An import's old dates end no walk.
func TestPostsOfOneInstant(t *testing.T) {
	a := newArchive("below", 300, func(int) bool { return true })
	for id := 100; id <= 110; id++ {
		a.posts[id] = a.posts[100]
	}
	for id := 200; id <= 230; id++ {
		a.posts[id] = "2011-01-01T00:00:00.000Z"
	}
	c := open(t, discourse.Config{URL: "https://forum.example.com", HTTP: answering(a.answer)})
	posts, more, err := c.PostsSince(t.Context(), minute(98), 3)
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, posts, 12)

	posts, more, err = c.PostsSince(t.Context(), minute(150), 1000)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, posts, 150-31)
}

func TestFailedDeliveries(t *testing.T) {
	began := time.Now().Add(-time.Minute)
	f, c := forum(t, forumtest.Options{URL: "/forum"})
	got := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.URL.Path + " " + r.Header.Get("X-Discourse-Event")
		if r.URL.Path == "/elsewhere" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(receiver.Close)
	f.Hook(receiver.URL+"/elsewhere", "other secret")
	f.Hook(receiver.URL+"/hub/in/meta/", discoursetest.Secret)
	f.Hook(receiver.URL+"/in/meta2", "other secret")

	id := f.Topic("alice", "support", "Heard", "x")
	require.Len(t, got, 6)
	f.Mute(true)
	f.Reply(id, "bob", "missed")
	f.Lose(true)
	f.Reply(id, "bob", "lost")
	f.Lose(false)
	f.Reply(id, "bob", "<p>missed too & so on</p>")
	f.Mute(false)
	require.Len(t, got, 6)

	for _, address := range []string{"/in/meta", "in/meta", receiver.URL + "/in/meta"} {
		failed, err := c.FailedDeliveries(t.Context(), address, began)
		require.NoError(t, err)
		require.Len(t, failed, 2)
		for i, want := range []string{"<p>missed</p>", "<p>missed too & so on</p>"} {
			r := failed[i]
			require.Equal(t, f.URL, r.Header.Get("X-Discourse-Instance"))
			require.Equal(t, r.ID, r.Header.Get("X-Discourse-Event-Id"))
			require.Empty(t, r.Header.Get("Host")+r.Header.Get("Content-Length")+r.Header.Get("Connection"))
			require.WithinDuration(t, time.Now(), r.At, time.Minute)
			e, said := heard(t, f.URL, r.Header, r.Body)
			require.Equal(t, "forum.post.created", string(e.Type))
			require.Equal(t, want, said.Post.HTML)
		}
	}
	failed, err := c.FailedDeliveries(t.Context(), "/in/meta", time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Empty(t, failed)
	for _, other := range []string{"/in/met", "/in/meta3", "/n/meta", "", "/"} {
		failed, err = c.FailedDeliveries(t.Context(), other, began)
		require.NoError(t, err)
		require.Empty(t, failed, other)
	}
}

func TestManyFailedDeliveries(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	f.Hook("http://127.0.0.1:1/in/meta", "secret")
	for i := range 60 { // before the one that is looked for
		f.Hook(fmt.Sprintf("http://127.0.0.1:1/in/other%d", i), "secret")
	}
	f.Hook("http://127.0.0.1:1/in/meta", "secret")
	f.Mute(true)
	for range 120 {
		f.Ping()
	}
	failed, err := c.FailedDeliveries(t.Context(), "/in/meta", time.Time{})
	require.NoError(t, err)
	require.Len(t, failed, 240)
	for i := 1; i < len(failed); i++ {
		require.False(t, failed[i].At.Before(failed[i-1].At))
	}
	require.JSONEq(t, `{"ping":"OK"}`, string(failed[0].Body))
}

// Events in the shapes of other versions.
func TestOtherEvents(t *testing.T) {
	c := open(t, discourse.Config{URL: "https://forum.example.com", Key: secret.New(key), HTTP: answering(func(r *http.Request) *http.Response {
		if r.URL.Path == "/admin/api/web_hooks.json" {
			return response(200, `{"web_hooks":[{"id":7,"payload_url":" https://hub.example.net/in/meta?x=1 "},{"id":8,"payload_url":"::"},null]}`, "")
		}
		require.Equal(t, "/admin/api/web_hook_events/7.json", r.URL.Path)
		return response(200, `{"web_hook_events":[
			{"id":1,"status":200,"headers":"{}","payload":"delivered","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":2,"status":0,"headers":"{}","payload":"on its way","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":3,"headers":"{}","payload":"without a status","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":4,"status":500,"headers":"no JSON","payload":"x","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":5,"status":500,"headers":null,"payload":null,"created_at":"2026-01-10T09:00:00.000Z"},
			{"id":6,"status":500,"headers":"{\"x-discourse-event\":\"ping\",\"X-Discourse-Event-Id\":1234567,\"odd\":[1]}","payload":"{}","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":6,"status":500,"headers":"{}","payload":"again","created_at":"2026-01-10T09:00:00.000Z"},
			{"id":9,"status":-1,"headers":"{}","payload":"before","created_at":"2026-01-09T09:00:00.000Z"}],
			"total_rows_web_hook_events":1000}`, "")
	})})
	failed, err := c.FailedDeliveries(t.Context(), "/in/meta", time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, []discourse.Redelivery{{
		ID: "6", Body: []byte("{}"), At: time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC),
		Header: http.Header{"X-Discourse-Event": {"ping"}, "X-Discourse-Event-Id": {"1234567"}},
	}}, failed)
}
