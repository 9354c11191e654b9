package discourse_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

func TestPost(t *testing.T) {
	for _, o := range []forumtest.Options{{}, {Detailed404: true}, {URL: "/forum"}} {
		f, c := forum(t, o)
		id := f.Topic("alice", "support", "Printer", "It smokes.")
		f.Reply(id, "bob", "Which one?")
		f.EditPost(id, 2, "Which one & why?")
		got, err := c.Post(t.Context(), "902")
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), got.UpdatedAt, time.Minute)
		want := &discourse.Post{ID: "902", TopicID: id, Number: 2, Type: 1, HTML: "<p>Which one &amp; why?</p>", Version: 2, UpdatedAt: got.UpdatedAt}
		require.Equal(t, want, got)
		last := f.Requests()[len(f.Requests())-1]
		require.Equal(t, "system", last.User)
		require.Equal(t, "/posts/902.json", last.Path)

		f.Whisper(id, "carol", "Hm.")
		got, err = c.Post(t.Context(), "903")
		require.NoError(t, err)
		require.Equal(t, 4, got.Type)
		f.HidePost(id, 2)
		got, err = c.Post(t.Context(), "902")
		require.NoError(t, err)
		require.True(t, got.Hidden)
		require.Equal(t, "<p>Which one &amp; why?</p>", got.HTML, "an administrator sees what is hidden")
		require.False(t, got.Deleted)
	}
}

// A post that is deleted is there for staff, and for nobody else.
func TestDeletedPosts(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	bob := open(t, discourse.Config{URL: f.URL, Key: secret.New(key), User: "bob"})
	visitor := open(t, discourse.Config{URL: f.URL})
	id := f.Topic("alice", "support", "Printer", "It smokes.")
	f.Reply(id, "bob", "Buy!")
	whole := f.Topic("alice", "support", "Spam", "Buy!")
	f.Reply(whole, "bob", "Where?") // not deleted, but with nowhere to be
	for _, there := range []bool{true, false, true} {
		for post, deleted := range map[string]bool{"902": !there, "903": !there, "904": false} {
			got, err := c.Post(t.Context(), post)
			require.NoError(t, err)
			require.Equal(t, deleted, got.Deleted, post)
			for _, other := range []*discourse.Client{bob, visitor} {
				_, err = other.Post(t.Context(), post)
				if there {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, discourse.ErrNotFound, post)
				}
			}
		}
		if there {
			f.DeletePost(id, 2)
			f.DeleteTopic(whole)
		} else {
			f.RecoverPost(id, 2)
			f.RecoverPost(whole, 1)
		}
	}
}

func TestNoSuchPost(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	f.Message("carol", "Between us", "x", nil, nil)
	_, err := open(t, discourse.Config{URL: f.URL, Key: secret.New(key), User: "bob"}).Post(t.Context(), "901")
	require.ErrorIs(t, err, discourse.ErrNotFound)
	asked := len(f.Requests())
	for _, missing := range []string{"", "abc", "1/../2", "12x", "-1", "by_number", strings.Repeat("1", 30)} {
		_, err = c.Post(t.Context(), missing)
		require.ErrorIs(t, err, discourse.ErrNotFound, missing)
	}
	require.Len(t, f.Requests(), asked, "what is no number leads to other things")
	_, err = c.Post(t.Context(), "999")
	require.ErrorIs(t, err, discourse.ErrNotFound)
	f.Outage(502)
	_, err = c.Post(t.Context(), "901")
	requireAway(t, err)
}

// What a forum answers, in the form of real answers with invented values, and
// in other forms.
func TestAnswersAboutPosts(t *testing.T) {
	get := func(id, body string) (*discourse.Post, error) {
		c := open(t, discourse.Config{URL: "https://example.com/forum", Key: secret.New(key), HTTP: answering(func(*http.Request) *http.Response {
			return response(200, body, "")
		})})
		return c.Post(t.Context(), id)
	}
	for file, want := range map[string]discourse.Post{
		"post_edited_2025.json": {
			ID: "902", TopicID: "301", Number: 2, Type: 1, HTML: "<p>Which model &amp; firmware?</p>", Version: 2,
			UpdatedAt: time.Date(2026, 1, 10, 10, 0, 0, 0, time.UTC),
		},
		"post_deleted_2026.json": {
			ID: "903", TopicID: "301", Number: 3, Type: 1, HTML: "<p>Buy!</p>", Version: 1, Hidden: true, Deleted: true,
			UpdatedAt: time.Date(2026, 1, 10, 9, 6, 0, 0, time.UTC),
		},
	} {
		body, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		got, err := get(want.ID, string(body))
		require.NoError(t, err)
		require.Equal(t, &want, got)
	}
	for body, want := range map[string]discourse.Post{
		`{"id":7}`:                              {ID: "7"},
		`{"id":"7","user_deleted":true}`:        {ID: "7", Deleted: true}, // by its author
		`{"id":7,"deleted_at":{"at":"noon"}}`:   {ID: "7", Deleted: true}, // when is not to be read
		`{"id":7,"version":"3","cooked":[]}`:    {ID: "7", Version: 3},
		`{"id":7,"hidden":null,"post_type":{}}`: {ID: "7"},
	} {
		got, err := get("7", body)
		require.NoError(t, err, body)
		require.Equal(t, &want, got, body)
	}
	for _, body := range []string{`{"id":8}`, `{}`, `[]`, `<html>`, ``} {
		_, err := get("7", body)
		requireAway(t, err)
	}
}
