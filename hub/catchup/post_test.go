package catchup_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/catchup"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

// What has become of a post since a webhook failed comes in, and what is news no
// more does not.
func TestAPostHasChangedSince(t *testing.T) {
	remove := func(id string) func(*stand) { return func(s *stand) { s.posts[id].Deleted = true } }
	back := func(s *stand) { s.posts["902"].Deleted = false }
	vanish := func(s *stand) { clear(s.posts) }
	edit := func(id string) func(*stand) {
		return func(s *stand) {
			p := s.posts[id]
			p.HTML, p.Version, p.UpdatedAt = "<p>R&D</p>", 7, time.Date(2026, 1, 11, 9, 0, 0, 0, time.UTC)
		}
	}
	move := func(s *stand) {
		s.posts["902"].TopicID, s.posts["902"].Number = "305", 9
		s.topics["305"] = &hub.Topic{ID: "305", Title: "For staff", Slug: "for-staff", Archetype: "private_message"}
	}
	edited := map[string]string{"cooked": `"<p>R&D</p>"`, "version": `7`, "updated_at": `"2026-01-11T09:00:00Z"`}
	asItWas := map[string]string{}
	for _, c := range []struct {
		name, file string
		since      func(*stand)
		changed    map[string]string // as in TestWhatHasChangedSince; nil: nothing comes in
	}{
		{"a new post was deleted", "post_created_reply.json", remove("902"), nil},
		{"a new post is gone for good", "post_created_reply.json", vanish, nil},
		{"a new post was edited", "post_created_reply.json", edit("902"), edited},
		{"a new post was hidden", "post_created_reply.json", func(s *stand) { s.posts["902"].Hidden = true }, map[string]string{"hidden": `true`}},
		{"a hidden post is shown", "post_created_hidden.json", func(s *stand) {
			for _, p := range s.posts {
				p.Hidden = false
			}
		}, map[string]string{"hidden": `false`}},
		{"a new post is for staff now", "post_created_reply.json", func(s *stand) { s.posts["902"].Type = 4 }, map[string]string{"post_type": `4`}},
		{"a new post was moved", "post_created_reply.json", move, map[string]string{
			"topic_id": `"305"`, "post_number": `9`, "post_url": "", "topic_title": `"For staff"`, "topic_slug": `"for-staff"`,
			"topic_archetype": `"private_message"`, "category_id": `null`, "category_slug": "",
		}},
		{"a new post was moved to what is gone", "post_created_reply.json", func(s *stand) { s.posts["902"].TopicID = "305" }, nil},
		{"a post was edited again", "post_edited_version2.json", edit("902"), edited},
		{"a post was edited and then deleted", "post_edited_version2.json", remove("902"), nil},
		{"a post was edited and is gone for good", "post_edited_version2.json", vanish, nil},
		{"little is known of a post", "post_edited_version2.json", func(s *stand) { s.posts["902"] = &discourse.Post{ID: "902"} }, asItWas},
		{"its author took a post back, and wrote again", "post_edited_author_self_delete.json", func(s *stand) {
			edit("902")(s)
			back(s)
		}, map[string]string{"cooked": edited["cooked"], "version": edited["version"], "updated_at": edited["updated_at"], "user_deleted": `false`}},
		{"its author took a post back, and it is gone for good", "post_edited_author_self_delete.json", vanish, asItWas},
		{"a post was deleted and is gone for good", "post_destroyed_staff.json", vanish, asItWas},
		{"a post was edited after it was deleted", "post_destroyed_staff.json", edit("902"), asItWas},
		{"a post that was deleted is back", "post_destroyed_staff.json", back, nil},
		{"a post that its author took back is back", "post_destroyed_author.json", back, nil},
		{"a post that was told as it was before it was deleted is back", "post_destroyed_legacy.json", back, nil},
		{"a post that came back is gone again", "post_recovered.json", remove("902"), nil},
		{"a post that came back is gone for good", "post_recovered.json", vanish, nil},
		{"a post that came back was edited", "post_recovered.json", edit("902"), edited},
		{"a solution was deleted", "accepted_solution.json", remove("903"), nil},
		{"a solution was edited", "accepted_solution.json", edit("903"), edited},
		{"what is the solution no more was deleted", "unaccepted_solution.json", remove("903"), nil},
		{"a post that was liked was deleted", "post_liked.json", remove("903"), nil},
		{"a post that was liked was edited", "post_liked.json", edit("903"), edited},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, d := discoursetest.Get(c.file), newDoor(t, discoursetest.Instance)
			s := asTold(t, f)
			c.since(s)
			s.look(t, d)
			if c.changed == nil {
				require.Empty(t, d.brought)
				return
			}
			require.Len(t, d.brought, 1)
			require.JSONEq(t, changed(t, f, c.changed), string(d.brought[0].Body))
			require.Len(t, d.events, 1)
			require.NoError(t, d.events[0].Validate())
		})
	}
}

// A recovery of which the forum told before it had recovered the post.
func TestAPostIsNoLongerDeleted(t *testing.T) {
	f := discoursetest.Get("post_recovered.json")
	body := strings.Replace(string(f.Body), `"deleted_at":null`, `"deleted_at":"2026-01-10T10:10:00.000Z"`, 1)
	require.NotEqual(t, string(f.Body), body)
	for _, deleted := range []bool{false, true} {
		s, d := asTold(t, f), newDoor(t, discoursetest.Instance)
		s.failed[0].Body = []byte(body)
		s.posts["902"].Deleted = deleted
		s.look(t, d)
		if deleted {
			require.Empty(t, d.brought)
			continue
		}
		require.JSONEq(t, string(f.Body), string(d.brought[0].Body))
	}
}

// A forum that is away does not say that a post is gone.
func TestAForumThatDoesNotTellOfAPost(t *testing.T) {
	s, d := asTold(t, discoursetest.Get("post_created_reply.json")), newDoor(t, discoursetest.Instance)
	s.away = errors.New("502 Bad Gateway")
	c := catchup.New(catchup.Config{Source: "meta", Site: discoursetest.Instance, Forum: s, Door: d, Log: slog.New(slog.DiscardHandler)})
	_, err := c.Once(t.Context(), time.Time{})
	require.EqualError(t, err, "what a failed webhook is about: 502 Bad Gateway")
	require.Empty(t, d.brought)
	s.away = nil
	s.look(t, d)
	require.Len(t, d.events, 1)
}

// What came in although it is noted as failed does not come in again because
// its topic or its post is another by now. A category does: it may have been
// closed.
func TestWhatCameInAfterAll(t *testing.T) {
	different := 0
	for _, f := range discoursetest.All() {
		s, d := asTold(t, f), newDoor(t, discoursetest.Instance)
		_, _, err := d.Handler.Accept(t.Context(), "meta", f.Header, f.Body, nil)
		require.NoError(t, err)
		for _, topic := range s.topics {
			topic.Title, topic.Slug, topic.CategoryID, topic.Tags = "Another", "another", "77", []string{"other"}
			topic.Closed, topic.Unlisted, topic.Archived, topic.Pinned = !topic.Closed, !topic.Unlisted, !topic.Archived, !topic.Pinned
		}
		for _, p := range s.posts {
			p.HTML, p.Version = "<p>Another</p>", 77
		}
		for i := range s.site.Categories {
			s.site.Categories[i].Restricted = !s.site.Categories[i].Restricted
		}
		s.look(t, d)
		require.Len(t, d.brought, 1, f.File)
		same := string(d.brought[0].Body) == string(f.Body)
		if !same {
			different++
		}
		if f.Header.Get("X-Discourse-Event-Type") == "category" && !same {
			require.Len(t, d.events, 2, f.File)
		} else {
			require.Len(t, d.events, 1, f.File)
		}
	}
	require.Greater(t, different, 40)
}
