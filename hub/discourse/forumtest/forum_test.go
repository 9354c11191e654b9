package forumtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// heard is a webhook as it arrived.
type heard struct {
	header http.Header
	body   []byte
}

func (h heard) name() string { return h.header.Get("X-Discourse-Event") }

// forum is a forum whose webhooks go into a channel.
func forum(t *testing.T, o forumtest.Options) (*forumtest.Forum, chan heard) {
	t.Helper()
	o.Key = "key"
	f := forumtest.New(o)
	api := httptest.NewServer(f)
	t.Cleanup(api.Close)
	f.URL = api.URL + f.URL
	got := make(chan heard, 100)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got <- heard{r.Header, body}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(hub.Close)
	f.AddUser("alice", forumtest.User{Name: "Alice Moreau"})
	f.AddUser("bob", forumtest.User{})
	f.AddUser("carol", forumtest.User{Name: "Carol Reyes", Moderator: true})
	f.AddCategory(forumtest.Category{Slug: "support", Name: "Support"})
	f.Hook(hub.URL+"/in/meta", discoursetest.Secret)
	return f, got
}

// event is what the hub publishes of a webhook.
func event(t *testing.T, f *forumtest.Forum, w heard) (*hub.Event, hub.Forum) {
	t.Helper()
	require.Equal(t, f.URL, w.header.Get("X-Discourse-Instance"))
	var got published
	handler, err := ingest.New(ingest.Config{
		Sources: []ingest.Source{{Name: "meta", Kind: "discourse", Secrets: []secret.Value{secret.New(discoursetest.Secret)}}},
		Publish: &got, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("POST /in/{source}", handler)
	r := httptest.NewRequest(http.MethodPost, "/in/meta", bytes.NewReader(w.body))
	r.Header = w.header
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, r)
	require.Equal(t, http.StatusAccepted, answer.Code, "%s", answer.Body)
	require.Len(t, got, 1)
	var said hub.Forum
	require.NoError(t, json.Unmarshal(got[0].Data, &said))
	return got[0], said
}

type published []*hub.Event

func (p *published) Publish(_ context.Context, e *hub.Event) (uint64, bool, error) {
	*p = append(*p, e)
	return uint64(len(*p)), false, nil
}

func TestEvents(t *testing.T) {
	for _, o := range []forumtest.Options{{}, {TagObjects: true}, {URL: "/forum"}} {
		f, got := forum(t, o)
		// next checks the types of what has arrived and returns the last.
		next := func(types ...hub.EventType) hub.Forum {
			t.Helper()
			require.Len(t, got, len(types))
			var last hub.Forum
			for _, want := range types {
				e, said := event(t, f, <-got)
				require.Equal(t, want, e.Type)
				last = said
			}
			return last
		}
		f.AddGroup("support_team", "carol")
		next("forum.group.created", "forum.group.user_added")
		f.JoinGroup("support_team", "bob")
		next("forum.group.user_added")
		f.LeaveGroup("support_team", "bob")
		next("forum.group.user_removed")
		f.AddCategory(forumtest.Category{Slug: "inside", Parent: "support", Readers: []string{"support_team"}})
		said := next(hub.ForumCategoryCreated)
		require.Equal(t, hub.ForumCategory{ID: "6", Name: "inside", Slug: "inside", ParentID: "5", Color: "#0088cc", URL: f.URL + "/c/inside/6", Restricted: true}, *said.Category)
		f.SetReaders("inside")
		require.False(t, next(hub.ForumCategoryUpdated).Category.Restricted)
		f.AddTag("urgent")
		require.Equal(t, "urgent", next(hub.ForumTagCreated).Tag.Name)

		id := f.Topic("alice", "support", "Printer & co", "It smokes. @support_team @nobody @bob?", "linux")
		said = next(hub.ForumTagCreated, hub.ForumTopicCreated, hub.ForumPostCreated)
		require.Equal(t, id, said.Topic.ID)
		require.Equal(t, []string{"support_team"}, said.Post.Groups)
		require.Equal(t, "alice", said.Post.Author.Username)
		require.Equal(t, f.URL+"/t/printer-co/"+id+"/1", said.Post.URL)
		require.Equal(t, "regular", said.Topic.Archetype)
		require.Equal(t, 2, f.Reply(id, "bob", "Which?"))
		require.Equal(t, 2, next(hub.ForumPostCreated).Post.Number)
		require.Equal(t, 3, f.Whisper(id, "carol", "Again."))
		require.Equal(t, hub.PostWhisper, next(hub.ForumPostCreated).Post.Kind)
		f.EditPost(id, 2, "Which <one>?")
		said = next(hub.ForumPostEdited)
		require.Equal(t, "<p>Which &lt;one&gt;?</p>", said.Post.HTML)
		require.Equal(t, 2, said.Post.Version)

		f.Rename(id, "Printer")
		require.Equal(t, "Printer", next(hub.ForumTopicEdited).Topic.Title)
		f.Move(id, "support/inside")
		require.Equal(t, "6", next(hub.ForumTopicEdited).Topic.CategoryID)
		f.Tag(id, "urgent", "new")
		require.Equal(t, []string{"urgent", "new"}, next(hub.ForumTagCreated, hub.ForumTopicEdited).Topic.Tags)
		f.Close(id, true)
		require.Equal(t, "closed.enabled", next(hub.ForumTopicClosed, hub.ForumPostCreated).Post.ActionCode)
		f.Close(id, false)
		require.Equal(t, hub.PostSmallAction, next(hub.ForumTopicOpened, hub.ForumPostCreated).Post.Kind)
		f.Unlist(id, true)
		next(hub.ForumTopicUnlisted, hub.ForumPostCreated)
		f.Unlist(id, false)
		next(hub.ForumTopicListed, hub.ForumPostCreated)
		f.Solve(id, 2)
		require.Equal(t, 2, next(hub.ForumTopicSolved).Post.Number)
		f.Unsolve(id)
		next(hub.ForumTopicUnsolved)
		f.Like(id, 2, "alice")
		said = next(hub.ForumPostLiked)
		require.Equal(t, "alice", said.Actor.Username)
		require.Equal(t, "bob", said.Post.Author.Username)
		f.HidePost(id, 2)
		require.True(t, next(hub.ForumPostEdited).Post.Hidden)
		f.HidePost(id, 1)
		next(hub.ForumPostEdited, hub.ForumTopicUnlisted)
		f.DeletePost(id, 2)
		said = next(hub.ForumPostDeleted)
		require.True(t, said.Post.Deleted)
		require.Equal(t, "system", said.Actor.Username)
		f.RecoverPost(id, 2)
		require.False(t, next(hub.ForumPostRecovered).Post.Deleted)
		f.DeleteTopic(id)
		next(hub.ForumPostDeleted, hub.ForumTopicDeleted)
		f.RecoverPost(id, 1)
		next(hub.ForumTopicRecovered, hub.ForumPostRecovered)
		f.DeletePost(id, 1)
		next(hub.ForumPostDeleted, hub.ForumTopicDeleted)

		f.Message("bob", "Refund", "Please", []string{"alice"}, []string{"support_team"})
		require.Equal(t, hub.ArchetypePM, next(hub.ForumTopicCreated, hub.ForumPostCreated).Topic.Archetype)
		f.Ping()
		next(hub.HubSignalPing)
	}
}

// keys lists the keys of a webhook's object, in order.
func keys(t *testing.T, body []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	var out []string
	depth, key := 0, false
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch d := token.(type) {
		case json.Delim:
			if d == '{' || d == '[' {
				depth++
			} else {
				depth--
			}
			key = depth == 2
		case string:
			if depth == 2 && key {
				out = append(out, d)
			}
			key = !key
		default:
			key = true
		}
		if depth != 2 {
			key = false
		}
	}
}

// The bodies have the keys of Discourse's, in the same order.
func TestBodiesAreLikeTheFixtures(t *testing.T) {
	f, got := forum(t, forumtest.Options{})
	f.AddGroup("support_team", "carol")
	f.AddTag("urgent")
	id := f.Topic("alice", "support", "Printer does not start", "x")
	f.Reply(id, "bob", "x")
	f.Whisper(id, "carol", "x")
	f.Close(id, true)
	f.Solve(id, 2)
	f.HidePost(id, 2)
	f.DeletePost(id, 3)
	f.Message("bob", "Refund", "x", nil, []string{"support_team"})
	f.DeleteTopic(id)
	f.Like(id, 4, "bob")
	for _, file := range []string{
		"group_created.json", "user_added_to_group.json", "tag_created.json", "topic_created.json", "post_created_first.json", "post_created_reply.json",
		"post_created_whisper.json", "topic_closed_status_updated.json", "post_created_small_action_closed.json", "accepted_solution.json",
		"post_created_hidden.json", "post_destroyed_staff.json", "topic_created_pm.json", "post_created_pm.json", "post_destroyed_staff.json", "topic_destroyed.json",
		"post_liked.json",
	} {
		h, want := <-got, discoursetest.Get(file)
		require.Equal(t, keys(t, want.Body), keys(t, h.body), file)
		if !strings.Contains(file, "hidden") { // there it is told of a new post
			require.Equal(t, want.Event, h.name())
		}
		for name := range want.Header {
			require.NotEmpty(t, h.header.Get(name), name)
		}
		require.NotContains(t, string(h.body), `\u003c`)
	}
	require.Empty(t, got)

	f.SetReaders("support", "staff")
	order := keys(t, discoursetest.Get("category_updated_private.json").Body)
	at := -1
	for _, key := range keys(t, (<-got).body) {
		i := slices.Index(order, key)
		require.Greater(t, i, at, key)
		at = i
	}
}

func TestNumbersCount(t *testing.T) {
	f, got := forum(t, forumtest.Options{})
	for range 3 {
		f.Ping()
	}
	f.Mute(true)
	f.Ping()
	f.Mute(false)
	f.Ping()
	var ids []string
	for len(got) > 0 {
		ids = append(ids, (<-got).header.Get("X-Discourse-Event-Id"))
	}
	require.Equal(t, []string{"1001", "1002", "1003", "1005"}, incremented(ids))
}

// incremented takes away that numbers start anywhere.
func incremented(ids []string) []string {
	var first int
	for i, id := range ids {
		var n int
		_, _ = fmt.Sscan(id, &n)
		if i == 0 {
			first = n
		}
		ids[i] = fmt.Sprint(1001 + n - first)
	}
	return ids
}

// Whoever hears of a topic may ask for it before the call has returned.
func TestAskingWhileHearing(t *testing.T) {
	f := forumtest.New(forumtest.Options{Key: "key"})
	api := httptest.NewServer(f)
	t.Cleanup(api.Close)
	f.URL = api.URL
	status := make(chan int, 10)
	hub := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		status <- get(t, f, "/t/301.json", "").StatusCode
	}))
	t.Cleanup(hub.Close)
	f.Hook(hub.URL, "")
	f.AddUser("alice", forumtest.User{})
	f.Topic("alice", "uncategorized", "A", "b")
	require.Equal(t, http.StatusOK, <-status)
	require.Equal(t, http.StatusOK, <-status)
}

func get(t *testing.T, f *forumtest.Forum, path, as string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, f.URL+path, nil)
	require.NoError(t, err)
	if as != "" {
		r.Header.Set("Api-Key", "key")
		r.Header.Set("Api-Username", as)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func TestErrors(t *testing.T) {
	f, _ := forum(t, forumtest.Options{Detailed404: true})
	open := f.Topic("alice", "support", "A", "b")
	f.AddCategory(forumtest.Category{Slug: "inside", Readers: []string{"staff"}})
	inside := f.Topic("carol", "inside", "A", "b")
	deleted := f.Topic("carol", "support", "A", "b")
	f.Reply(deleted, "carol", "c")
	f.DeleteTopic(deleted)
	f.Whisper(open, "carol", "d")
	f.Reply(open, "bob", "e")
	f.DeletePost(open, 3)
	for _, c := range []struct {
		path, as string
		status   int
		kind     string
	}{
		{"/t/" + open + ".json", "", 200, ""},
		{"/t/a-slug/" + open + ".json", "bob", 200, ""},
		{"/t/" + inside + ".json", "", 403, "not_logged_in"},
		{"/t/" + inside + ".json", "bob", 403, "invalid_access"},
		{"/t/" + inside + ".json", "carol", 200, ""},
		{"/t/" + inside + ".json", "nobody", 403, "invalid_access"},
		{"/t/" + deleted + ".json", "bob", 410, "not_found"},
		{"/t/" + deleted + ".json", "system", 200, ""},
		{"/t/999.json", "system", 404, "not_found"},
		{"/posts/901.json", "", 200, ""},
		{"/posts/902.json", "", 403, "invalid_access"},
		{"/posts/902.json", "bob", 403, "invalid_access"},
		{"/posts/902.json", "carol", 200, ""},
		{"/posts/903.json", "bob", 404, "not_found"},
		{"/posts/903.json", "carol", 200, ""},
		{"/posts/904.json", "bob", 404, "not_found"}, // its topic is deleted
		{"/posts/904.json", "system", 200, ""},
		{"/posts/905.json", "bob", 403, "invalid_access"}, // a whisper
		{"/posts/905.json", "carol", 200, ""},
		{"/posts/906.json", "bob", 404, "not_found"}, // their own
		{"/posts/906.json", "", 404, "not_found"},
		{"/posts/906.json", "carol", 200, ""},
		{"/posts/999.json", "system", 404, "not_found"},
		{"/nothing.json", "system", 404, "not_found"},
		{"/site", "system", 404, "not_found"},
		{"/admin/api/web_hooks.json", "carol", 404, "not_found"},
		{"/admin/api/web_hooks.json", "system", 200, ""},
		{"/admin/api/web_hook_events/9.json", "system", 404, "not_found"},
		{"/groups/nobody/members.json", "system", 404, "not_found"},
		{"/groups/staff/members.json?limit=1001", "system", 400, "invalid_parameters"},
		{"/groups/staff/members.json", "", 200, ""},
		{"/categories.json", "", 200, ""},
		{"/session/current.json", "bob", 200, ""},
	} {
		resp := get(t, f, c.path, c.as)
		require.Equal(t, c.status, resp.StatusCode, "%s as %q", c.path, c.as)
		var said struct {
			Errors []string
			Kind   string `json:"error_type"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&said))
		require.Equal(t, c.kind, said.Kind)
		require.Equal(t, c.status >= 400, len(said.Errors) > 0)
		require.Equal(t, c.as == "nobody", resp.Header.Get("X-Discourse-Route") == "")
	}
	require.Equal(t, 404, get(t, f, "/session/current.json", "").StatusCode)
}

func TestLimit(t *testing.T) {
	now := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	f, _ := forum(t, forumtest.Options{Now: func() time.Time { return now }})
	f.Limit(2)
	require.Equal(t, 200, get(t, f, "/site.json", "").StatusCode)
	now = now.Add(20 * time.Second)
	require.Equal(t, 200, get(t, f, "/site.json", "").StatusCode)
	resp := get(t, f, "/site.json", "bob")
	require.Equal(t, 429, resp.StatusCode)
	require.Equal(t, "40", resp.Header.Get("Retry-After"))
	var said struct {
		Kind   string `json:"error_type"`
		Extras struct {
			Wait int `json:"wait_seconds"`
		}
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&said))
	require.Equal(t, "rate_limit", said.Kind)
	require.Equal(t, 40, said.Extras.Wait)
	now = now.Add(40 * time.Second)
	require.Equal(t, 200, get(t, f, "/site.json", "").StatusCode)
	require.Equal(t, 429, get(t, f, "/site.json", "").StatusCode)
	f.Limit(0)
	require.Equal(t, 200, get(t, f, "/site.json", "").StatusCode)
}

func TestOutageAndLog(t *testing.T) {
	f, got := forum(t, forumtest.Options{URL: "/forum"})
	f.Outage(502)
	require.Equal(t, 502, get(t, f, "/site.json?x=1", "bob").StatusCode)
	f.Outage(0)
	_, err := http.Get(f.URL + "/site.json") //nolint:noctx // nothing answers
	require.Error(t, err)
	f.Back()
	require.Equal(t, 200, get(t, f, "/site.json", "").StatusCode)
	f.Ping()
	require.Len(t, got, 1, "webhooks go out all the same")

	log := f.Requests()
	require.GreaterOrEqual(t, len(log), 3) // a client may try once more
	require.False(t, log[0].At.IsZero())
	log[0].At = time.Time{}
	require.Equal(t, forumtest.Request{Method: "GET", Path: "/site.json", Query: "x=1", Key: true, User: "bob"}, log[0])

	require.NoError(t, f.Wait(t.Context(), func(r forumtest.Request) bool { return r.User == "bob" }), "it was here before")
	waited := make(chan error)
	go func() {
		waited <- f.Wait(t.Context(), func(r forumtest.Request) bool { return r.Path == "/tags.json" })
	}()
	get(t, f, "/tags.json", "")
	require.NoError(t, <-waited)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Wait(ctx, func(forumtest.Request) bool { return false }), context.Canceled)
}

func TestMistakesOfATestPanic(t *testing.T) {
	f, _ := forum(t, forumtest.Options{})
	require.Panics(t, func() { f.Topic("nobody", "support", "A", "b") })
	require.Panics(t, func() { f.Topic("alice", "nowhere", "A", "b") })
	require.Panics(t, func() { f.Reply("301", "alice", "b") })
	require.Panics(t, func() { f.JoinGroup("x", "alice") })
	require.Panics(t, func() { f.AddUser("Alice", forumtest.User{}) })
	id := f.Topic("alice", "support", "A", "b")
	require.Panics(t, func() { f.EditPost(id, 2, "b") })
	require.Panics(t, func() { f.Unsolve(id) })
	require.Panics(t, func() { f.Like(id, 1, "nobody") })
	f.Reply(id, "alice", "the forum is as before")
}
