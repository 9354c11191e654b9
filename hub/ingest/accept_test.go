package ingest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

func handler(t *testing.T, s *stream) *ingest.Handler {
	t.Helper()
	h, err := ingest.New(config(s))
	require.NoError(t, err)
	return h
}

// A body alone is enough to ask what would become of it.
func TestDecodeGuessesTheEvent(t *testing.T) {
	h := handler(t, &stream{})
	for file, want := range map[string]hub.EventType{
		"post_created_first.json": hub.ForumPostCreated, "topic_created.json": hub.ForumTopicCreated, "group_updated.json": hub.ForumGroupCreated,
		"category_updated.json": hub.ForumCategoryCreated, "tag_updated.json": hub.ForumTagCreated, "post_liked.json": hub.ForumPostLiked,
		"accepted_solution.json": hub.ForumTopicSolved, "user_created.json": "forum.user.created", "assigned_user.json": hub.ForumTopicAssigned,
		"ping.json": hub.HubSignalPing, "user_promoted.json": "forum.user.promoted", "topic_upvote.json": hub.ForumTopicVoted,
		"user_badge_granted.json": "forum.user.badge_granted", "user_added_to_group.json": "forum.group.user_added",
		"chat_message_created_dm.json": "forum.chat.message_created", "reviewable_created.json": "forum.review.created",
		"notification_replied.json": "forum.notification.created",
	} {
		f := discoursetest.Get(file)
		es, err := h.Decode("meta", nil, f.Body)
		require.NoError(t, err, file)
		require.Len(t, es, 1)
		require.NoError(t, es[0].Validate())
		require.Equal(t, want, es[0].Type, file)
		require.Equal(t, arrival, es[0].ReceivedTime)
	}
	whole := discoursetest.Get("post_destroyed_staff.json")
	es, err := h.Decode("meta", whole.Header, whole.Body)
	require.NoError(t, err)
	require.Equal(t, hub.ForumPostDeleted, es[0].Type, "headers are believed")
	whole.Header.Del("X-Discourse-Event-Type")
	es, err = h.Decode("meta", whole.Header, whole.Body)
	require.NoError(t, err)
	require.Equal(t, hub.ForumPostDeleted, es[0].Type)
	require.Empty(t, whole.Header.Get("X-Discourse-Event-Type"), "the caller's headers stay as they are")
}

func TestDecodeRefuses(t *testing.T) {
	s := &stream{}
	h := handler(t, s)
	_, err := h.Decode("nobody", nil, []byte(`{}`))
	require.Equal(t, hub.CodeNotFound, hub.CodeOf(err))
	for body, want := range map[string]string{
		`{"a":1}`: "none of the root keys that a forum sends: assign, category,", `{`: "not JSON", `[]`: "not a JSON object", ``: "not JSON",
		`{"post":{},"post":{}}`: "twice", `{"post":` + strings.Repeat("[", 2<<20): "larger than 1048576 bytes",
	} {
		_, err := h.Decode("meta", nil, []byte(body))
		bad, ok := errors.AsType[*ingest.BodyError](err)
		require.True(t, ok, "%v", err)
		require.Contains(t, bad.Detail, want)
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), "people are told that it is the body")
	}
	require.Empty(t, s.stored())
}

func TestDecodeOfOtherSenders(t *testing.T) {
	for kind, body := range map[string]string{"json": run, "cloudevents": cloud("1", ""), "standard_webhooks": paid} {
		g := open(t, ingest.Source{Kind: kind, Mapping: mapping(t, "title", "type", "url", "'https://x.example.com'")})
		if kind == "json" {
			g = open(t, ingest.Source{Kind: kind, Mapping: mapping(t, "title", "action")})
		}
		es, err := g.Decode("it", nil, []byte(body))
		require.NoError(t, err, kind)
		require.Len(t, es, 1)
		require.NoError(t, es[0].Validate())
		require.Empty(t, g.stream.stored())
	}
}

// What was missed comes in like a webhook, and only once.
func TestAccept(t *testing.T) {
	s := &stream{}
	h := handler(t, s)
	f := first()
	f.Header.Del("X-Discourse-Event-Signature")
	ids, duplicates, err := h.Accept(t.Context(), "meta", f.Header, f.Body, nil)
	require.NoError(t, err)
	require.Equal(t, []hub.EventID{decode(t, f).ID}, ids)
	require.Zero(t, duplicates)
	ids, duplicates, err = h.Accept(t.Context(), "meta", f.Header, f.Body, nil)
	require.NoError(t, err)
	require.Len(t, ids, 1)
	require.Equal(t, 1, duplicates)
	require.Len(t, s.stored(), 1)

	_, _, err = h.Accept(t.Context(), "meta", f.Header, []byte(`{`), nil)
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
	s.fail = ingest.ErrTooLarge
	_, _, err = h.Accept(t.Context(), "meta", f.Header, f.Body, nil)
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), "trying again would not help")
	s.fail = errors.New("no disk")
	_, _, err = h.Accept(t.Context(), "meta", f.Header, f.Body, nil)
	require.ErrorIs(t, err, s.fail)
	require.Equal(t, hub.CodeInternal, hub.CodeOf(err))
}

// A body that was changed on its way brings the events that it brought before.
func TestAcceptByKnownIDs(t *testing.T) {
	s := &stream{}
	h := handler(t, s)
	f := discoursetest.Get("topic_edited_title.json")
	own := []hub.EventID{decode(t, f).ID}
	changed := []byte(strings.Replace(string(f.Body), `"category_id":5`, `"category_id":7`, 1))
	require.NotEqual(t, f.Body, changed)
	for _, c := range []struct {
		body       []byte
		known      []hub.EventID
		duplicates int
	}{
		{f.Body, nil, 0},
		{changed, own, 1},
		{changed, nil, 0},
		{changed, []hub.EventID{"e1"}, 0},
	} {
		ids, duplicates, err := h.Accept(t.Context(), "meta", f.Header, c.body, c.known)
		require.NoError(t, err)
		require.Equal(t, c.duplicates, duplicates)
		require.Len(t, ids, 1)
		if c.known != nil {
			require.Equal(t, c.known, ids)
		}
	}
	stored := s.stored()
	require.Len(t, stored, 3)
	require.Equal(t, hub.EventID("e1"), stored[2].ID)
	require.Equal(t, "7", forum(t, stored[2]).Topic.CategoryID)

	ids, _, err := h.Accept(t.Context(), "meta", f.Header, f.Body, []hub.EventID{"e1", "e2"})
	require.NoError(t, err)
	require.Equal(t, own, ids, "they are of other events")
}

// A deleted topic is deleted whatever its body says, and a recovered one is not.
func TestDeletedTopics(t *testing.T) {
	for _, c := range []struct {
		event, flags string
		want         bool
	}{
		{"topic_destroyed", ``, true},
		{"topic_destroyed", `,"deleted_at":"2026-01-10T10:00:00.000Z"`, true},
		{"topic_edited", `,"deleted_at":"2026-01-10T10:00:00.000Z"`, true},
		{"topic_edited", `,"deleted_at":null`, false},
		{"topic_recovered", `,"deleted_at":"2026-01-10T10:00:00.000Z"`, false},
		{"topic_created", ``, false},
	} {
		f := forum(t, decode(t, sent(c.event, "topic", `{"id":301`+c.flags+`}`)))
		require.Equal(t, c.want, f.Topic.Deleted, c)
	}
}

// The hub learns groups by the name that their object has.
func TestGroupsHaveTheirName(t *testing.T) {
	for event, want := range map[string]hub.EventType{
		"group_created": hub.ForumGroupCreated, "group_updated": hub.ForumGroupUpdated, "group_destroyed": hub.ForumGroupDeleted,
	} {
		e := decode(t, sent(event, "group", `{"id":41,"name":"support_team","incoming_email":"s@example.com"}`))
		require.Equal(t, want, e.Type)
		require.Equal(t, "group/41", e.Subject)
		require.JSONEq(t, `{"id":41,"name":"support_team"}`, string(forum(t, e).Object))
	}
}

func TestUnsignedWordsAreTheOldOnes(t *testing.T) {
	w := do(serve(t, config(&stream{})), func() *http.Request {
		r := webhook(first())
		r.Header.Del("X-Discourse-Event-Signature")
		return r
	}())
	require.Equal(t, "the signature is missing or wrong", problem(t, w, http.StatusUnauthorized).Detail)
	require.Equal(t, `Signature realm="webhooks"`, w.Header().Get("WWW-Authenticate"))
}
