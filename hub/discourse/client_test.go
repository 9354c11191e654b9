package discourse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

const key = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"

// open makes a client that says everything into log, which must never hold the key.
func open(t *testing.T, c discourse.Config) *discourse.Client {
	t.Helper()
	var mu sync.Mutex
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	if c.PerMinute == 0 {
		c.PerMinute = 60_000
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		require.NotContains(t, log.String(), key)
	})
	return discourse.New(c)
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// serve gives a forum an address.
func serve(t *testing.T, f *forumtest.Forum) {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.URL = s.URL + f.URL
}

// forum is a forum with some people and places, and a client of it.
func forum(t *testing.T, o forumtest.Options) (*forumtest.Forum, *discourse.Client) {
	t.Helper()
	if o.Key == "" {
		o.Key = key
	}
	f := forumtest.New(o)
	serve(t, f)
	f.AddUser("alice", forumtest.User{Name: "Alice Moreau"})
	f.AddUser("bob", forumtest.User{})
	f.AddUser("carol", forumtest.User{Name: "Carol Reyes", Moderator: true})
	f.AddGroup("support_team", "carol", "bob")
	f.AddCategory(forumtest.Category{Slug: "support", Name: "Support", Color: "BF1E2E"})
	f.AddCategory(forumtest.Category{Slug: "install", Name: "Install", Parent: "support"})
	f.AddCategory(forumtest.Category{Slug: "inside", Name: "Inside", Readers: []string{"support_team"}})
	return f, open(t, discourse.Config{URL: f.URL, Key: secret.New(o.Key)})
}

func TestTopic(t *testing.T) {
	for _, o := range []forumtest.Options{{}, {TagObjects: true}, {URL: "/forum"}} {
		f, c := forum(t, o)
		id := f.Topic("alice", "support", "Printer & co", "It smokes.", "linux", "printing")
		n := f.Reply(id, "bob", "Which one?")
		f.Solve(id, n)
		f.Close(id, true)

		got, err := c.Topic(t.Context(), id)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), got.CreatedAt, time.Minute)
		want := &hub.Topic{
			ID: id, Title: "Printer & co", Slug: "printer-co", URL: f.URL + "/t/printer-co/" + id,
			Archetype: hub.ArchetypeRegular, CategoryID: "5", Tags: []string{"linux", "printing"}, Closed: true, Solved: 2, Groups: []string{},
			Author: &hub.Person{
				ID: got.Author.ID, Username: "alice", Name: "Alice Moreau", URL: f.URL + "/u/alice",
				Avatar: f.URL + "/letter_avatar_proxy/v4/letter/a/5daacb/96.png",
			},
			CreatedAt: got.CreatedAt, Posts: 3, // the small action is one
		}
		require.Empty(t, cmp.Diff(want, got))
		last := f.Requests()[len(f.Requests())-1]
		require.Equal(t, "system", last.User)
		require.Equal(t, "/t/"+id+".json", last.Path)
	}
}

func TestPrivateMessage(t *testing.T) {
	f, c := forum(t, forumtest.Options{NoTagging: true})
	with := f.Message("bob", "Refund", "Please", []string{"alice"}, []string{"support_team"})
	without := f.Message("bob", "Hello", "Hi", []string{"alice"}, nil)

	got, err := c.Topic(t.Context(), with)
	require.NoError(t, err)
	require.Equal(t, hub.ArchetypePM, got.Archetype)
	require.Equal(t, []string{"support_team"}, got.Groups)
	require.Equal(t, []string{}, got.Tags, "told, and none")
	require.Empty(t, got.CategoryID)

	got, err = c.Topic(t.Context(), without)
	require.NoError(t, err)
	require.Equal(t, []string{}, got.Groups)
}

func TestTopicFlags(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	id := f.Topic("alice", "support", "A", "b")
	f.Unlist(id, true)
	f.DeleteTopic(id)
	got, err := c.Topic(t.Context(), id)
	require.NoError(t, err, "an administrator sees what was deleted")
	require.True(t, got.Unlisted)
	require.True(t, got.Deleted)

	for _, missing := range []string{"999", "", "abc", "1/../2", "12x", "-1", strings.Repeat("1", 30)} {
		_, err = c.Topic(t.Context(), missing)
		require.ErrorIs(t, err, discourse.ErrNotFound, missing)
	}
}

// What a forum answers, in the form of real answers with invented values.
func TestCapturedTopics(t *testing.T) {
	const site = "https://example.com/forum"
	get := func(file, id string) *hub.Topic {
		body, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		c := open(t, discourse.Config{URL: site + "/", Key: secret.New(key), HTTP: answering(func(*http.Request) *http.Response {
			return response(200, string(body), "")
		})})
		got, err := c.Topic(t.Context(), id)
		require.NoError(t, err)
		return got
	}
	require.Empty(t, cmp.Diff(&hub.Topic{
		ID: "301", Title: "Printer does not start & smokes", Slug: "printer-does-not-start", URL: site + "/t/printer-does-not-start/301",
		Archetype: "regular", CategoryID: "5", Tags: []string{"linux", "printing"}, Solved: 3, Groups: []string{}, Posts: 3,
		Author: &hub.Person{
			ID: "21", Username: "alice", Name: "Alice Moreau", URL: site + "/u/alice",
			Avatar: site + "/letter_avatar_proxy/v4/letter/a/5daacb/96.png",
		},
		CreatedAt: time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC),
	}, get("topic_solved_2025.json", "301")))
	require.Empty(t, cmp.Diff(&hub.Topic{
		ID: "310", Title: "Refund request", Slug: "refund-request", URL: site + "/t/refund-request/310", Archetype: "private_message",
		Tags: []string{"linux", "printing"}, Unlisted: true, Closed: true, Archived: true, Pinned: true, Deleted: true,
		Solved: 4, Groups: []string{"support_team", "staff"}, Posts: 1,
		Author:    &hub.Person{ID: "22", Username: "bob", URL: site + "/u/bob", Avatar: "https://cdn.example.com/b/96.png"},
		CreatedAt: time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC),
	}, get("topic_message_2026.json", "310")))
}

func TestVisible(t *testing.T) {
	for _, o := range []forumtest.Options{{}, {Detailed404: true}, {LoginRequired: true}, {URL: "/forum"}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			f, c := forum(t, o)
			open := f.Topic("alice", "support", "Open", "x")
			inside := f.Topic("carol", "inside", "Inside", "x")
			message := f.Message("bob", "Message", "x", []string{"alice"}, nil)
			unlisted := f.Topic("alice", "support", "Unlisted", "x")
			f.Unlist(unlisted, true)
			deleted := f.Topic("alice", "support", "Deleted", "x")
			f.DeleteTopic(deleted)
			hidden := f.Topic("alice", "support", "Hidden", "x")
			f.HidePost(hidden, 1)

			visitors := !o.LoginRequired
			for topic, want := range map[string]map[string]bool{
				open:     {"": visitors, "alice": true, "bob": true, "carol": true, "system": true},
				inside:   {"": false, "alice": false, "bob": true, "carol": true, "system": true},
				message:  {"": false, "alice": true, "bob": true, "carol": false, "system": true},
				unlisted: {"": visitors, "alice": true, "bob": true, "carol": true, "system": true},
				deleted:  {"": false, "alice": false, "bob": false, "carol": false, "system": false},
				hidden:   {"": false, "alice": false, "bob": false, "carol": false, "system": false},
				"4711":   {"": false, "alice": false, "bob": false, "carol": false, "system": false},
			} {
				for reader, visible := range want {
					got, err := c.Visible(t.Context(), topic, reader)
					require.NoError(t, err, "%s as %q", topic, reader)
					require.Equal(t, visible, got, "%s as %q", topic, reader)
				}
			}
			for _, r := range f.Requests() {
				require.Equal(t, r.Key, r.User != "", "a visitor shows no key")
			}
			f.SetReaders("support", "staff")
			got, err := c.Visible(t.Context(), open, "alice")
			require.NoError(t, err)
			require.False(t, got)
		})
	}
}

// Discourse keeps what it answers to visitors for a minute.
func TestVisitorsAreNotAnsweredFromACache(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	id := f.Topic("alice", "support", "Open", "x")
	seen := map[string]bool{}
	for range 3 {
		_, err := c.Visible(t.Context(), id, "")
		require.NoError(t, err)
	}
	for _, r := range f.Requests() {
		require.False(t, seen[r.Query])
		seen[r.Query] = true
	}
}

func TestSite(t *testing.T) {
	f, c := forum(t, forumtest.Options{TagObjects: true})
	f.AddTag("urgent")
	f.Topic("alice", "support", "A", "b", "linux & co")
	got, err := c.Site(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), got.At, time.Minute)
	want := hub.Taxonomy{
		Categories: []hub.ForumCategory{
			{ID: "1", Name: "Uncategorized", Slug: "uncategorized", Color: "#0088cc", URL: f.URL + "/c/uncategorized/1"},
			{ID: "5", Name: "Support", Slug: "support", Color: "#bf1e2e", URL: f.URL + "/c/support/5"},
			{ID: "6", Name: "Install", Slug: "install", ParentID: "5", Color: "#0088cc", URL: f.URL + "/c/install/6"},
			{ID: "7", Name: "Inside", Slug: "inside", Color: "#0088cc", URL: f.URL + "/c/inside/7", Restricted: true},
		},
		Tags: []hub.ForumTag{
			{ID: "11", Name: "urgent", URL: f.URL + "/tag/urgent"},
			{ID: "12", Name: "linux & co", URL: f.URL + "/tag/linux%20&%20co"},
		},
		Groups:   []hub.ForumGroup{{ID: "1", Name: "admins"}, {ID: "2", Name: "moderators"}, {ID: "3", Name: "staff"}, {ID: "41", Name: "support_team"}},
		Complete: true, At: got.At,
	}
	require.Empty(t, cmp.Diff(want, got))

	anonymous, err := open(t, discourse.Config{URL: f.URL}).Site(t.Context())
	require.NoError(t, err)
	require.False(t, anonymous.Complete, "what visitors do not see may be there")
	require.Len(t, anonymous.Categories, 3)
	require.Len(t, anonymous.Tags, 1)
}

// Who asks for a reader is told what that reader sees.
func TestSiteFor(t *testing.T) {
	f, c := forum(t, forumtest.Options{TagObjects: true})
	f.AddTag("unused")
	f.Topic("alice", "support", "A", "b", "linux & co")
	names := func(reader string) (all []string) {
		got, err := c.SiteFor(t.Context(), reader)
		require.NoError(t, err)
		require.True(t, got.Complete)
		for _, c := range got.Categories {
			all = append(all, c.Slug)
		}
		for _, tag := range got.Tags {
			all = append(all, tag.Name)
		}
		return all
	}
	require.Equal(t, []string{"uncategorized", "support", "install", "linux & co"}, names(""))
	require.Equal(t, []string{"uncategorized", "support", "install", "inside", "unused", "linux & co"}, names("system"))
	_, err := c.SiteFor(t.Context(), "nobody")
	require.Error(t, err)
	_, err = open(t, discourse.Config{URL: f.URL}).SiteFor(t.Context(), "alice")
	require.ErrorContains(t, err, "key")
}

func TestSiteWithoutTags(t *testing.T) {
	_, c := forum(t, forumtest.Options{NoTagging: true})
	got, err := c.Site(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hub.ForumTag{}, got.Tags)
	require.True(t, got.Complete)
}

// Other shapes of the same: tags of older forums, tags by group and category,
// and categories that are loaded lazily.
func TestOtherSites(t *testing.T) {
	pages := map[string]string{
		"/site.json": `{"lazy_load_categories":true,"categories":[{"id":1,"name":"One","slug":"one","color":"abc"}],"groups":[{"id":0,"name":"everyone"},{"id":41,"name":"x"},null]}`,
		"/tags.json": `{"tags":[{"id":"old","text":"old","count":1},{"id":"noname","text":"shown"},7],
			"extras":{"categories":[{"id":5,"tags":[{"id":"old","text":"old"},{"id":3,"name":"of category"}]}],"tag_groups":[{"id":1,"name":"g","tags":[{"id":4,"text":"of group"}]}]}}`,
		"/categories/hierarchical_search.json?limit=25&page=1": `{"categories":[{"id":1,"name":"One","slug":"one","read_restricted":false},{"id":2,"name":"Two","read_restricted":false,"parent_category_id":1,"color":"red"}]}`,
		"/categories/hierarchical_search.json?limit=25&page=2": `{"categories":[{"id":3,"name":"Three","slug":"three","read_restricted":true}]}`,
		"/categories/hierarchical_search.json?limit=25&page=3": `{"categories":[]}`,
	}
	c := open(t, discourse.Config{URL: "https://forum.example.com", Key: secret.New(key), HTTP: answering(func(r *http.Request) *http.Response {
		if body, ok := pages[r.URL.RequestURI()]; ok {
			return response(200, body, "")
		}
		return response(404, `{"errors":["The requested URL or resource could not be found."],"error_type":"not_found"}`, "")
	})})
	got, err := c.Site(t.Context())
	require.NoError(t, err)
	require.True(t, got.Complete)
	require.Equal(t, []hub.ForumCategory{
		{ID: "1", Name: "One", Slug: "one", Color: "#abc", URL: "https://forum.example.com/c/one/1", Restricted: true}, // it did not tell
		{ID: "2", Name: "Two", ParentID: "1", URL: "https://forum.example.com/c/-/2"},
		{ID: "3", Name: "Three", Slug: "three", URL: "https://forum.example.com/c/three/3", Restricted: true},
	}, got.Categories)
	require.Equal(t, []hub.ForumGroup{{ID: "41", Name: "x"}}, got.Groups)
	var names []string
	for _, tag := range got.Tags {
		names = append(names, tag.ID+" "+tag.Name)
	}
	require.Equal(t, []string{" old", " noname", "3 of category", "4 of group"}, names)

	for page := range pages {
		if strings.Contains(page, "hierarchical") {
			delete(pages, page)
		}
	}
	got, err = c.Site(t.Context())
	require.NoError(t, err)
	require.False(t, got.Complete, "there is no way to learn the other categories")
	require.Len(t, got.Categories, 1)
}

func TestGroupMembers(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	got, err := c.GroupMembers(t.Context(), "Support_Team")
	require.NoError(t, err)
	require.Equal(t, []string{"bob", "carol"}, got)

	var many []string
	for i := range 1003 {
		many = append(many, fmt.Sprintf("user%04d", i))
		f.AddUser(many[i], forumtest.User{})
	}
	f.AddGroup("crowd", many...)
	got, err = c.GroupMembers(t.Context(), "crowd")
	require.NoError(t, err)
	require.Equal(t, many, got)

	for _, missing := range []string{"nobody", "", "..", "a/b"} {
		_, err = c.GroupMembers(t.Context(), missing)
		require.ErrorIs(t, err, discourse.ErrNotFound, missing)
	}
}

func TestCheck(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	who, err := c.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, "system", who)
	require.True(t, c.HasKey())

	anonymous := open(t, discourse.Config{URL: f.URL + "/"})
	require.False(t, anonymous.HasKey())
	who, err = anonymous.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, who)
	_, err = anonymous.Visible(t.Context(), "301", "alice")
	requireRefused(t, err, "read_as", "api_key")
	_, err = anonymous.FailedDeliveries(t.Context(), "/in/meta", time.Time{})
	requireRefused(t, err, "api_key", "administrator")
}

func requireRefused(t *testing.T, err error, setting string, words ...string) {
	t.Helper()
	refused, ok := errors.AsType[*discourse.RefusedError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, setting, refused.Setting, refused.Reason)
	for _, w := range words {
		require.Contains(t, err.Error(), w)
	}
	require.NotContains(t, err.Error(), key)
	require.NotErrorIs(t, err, discourse.ErrNotFound)
}

func requireAway(t *testing.T, err error) *discourse.AwayError {
	t.Helper()
	away, ok := errors.AsType[*discourse.AwayError](err)
	require.True(t, ok, "%v", err)
	require.NotErrorIs(t, err, discourse.ErrNotFound)
	require.NotContains(t, err.Error(), key)
	return away
}

// answering is an HTTP client that needs no network.
func answering(answer func(*http.Request) *http.Response) *http.Client {
	return &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) { return answer(r), nil })}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// response has headers as "Name: value" lines.
func response(status int, body, headers string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for line := range strings.Lines(headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		resp.Header.Add(name, value)
	}
	return resp
}

// through leads an HTTP client to a handler, without a network.
func through(h http.Handler) *http.Client {
	return &http.Client{Transport: tripper(func(r *http.Request) (resp *http.Response, err error) {
		defer func() {
			if recover() != nil {
				err = io.ErrUnexpectedEOF
			}
		}()
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})}
}

func TestConcurrency(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	id := f.Topic("alice", "support", "A", "b", "linux")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ctx := context.WithoutCancel(t.Context())
			switch i % 5 {
			case 0:
				_, err := c.Topic(ctx, id)
				assert.NoError(t, err)
			case 1:
				ok, err := c.Visible(ctx, id, "")
				assert.NoError(t, err)
				assert.True(t, ok)
			case 2:
				_, err := c.Visible(ctx, id, "nobody")
				assert.Error(t, err)
			case 3:
				_, err := c.Site(ctx)
				assert.NoError(t, err)
			default:
				f.Reply(id, "bob", "x")
				_, _, err := c.PostsSince(ctx, time.Time{}, 10)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.True(t, slices.ContainsFunc(f.Requests(), func(r forumtest.Request) bool { return r.User == "nobody" }))
}
