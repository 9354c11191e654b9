package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const (
	liveKey    = "api-key-of-the-live-forum-0123456789"
	liveSecret = "webhook-secret-of-the-live-forum"
)

// live is a forum that lives: it has categories, tags, groups and an API, and
// sends webhooks of what happens on it.
type live struct {
	*forumtest.Forum
	t                     *testing.T
	p                     *platforms
	s                     *program
	past                  atomic.Int64 // how long ago things happen on the forum
	support, bugs, hidden string
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{t: t, p: newPlatforms(t)}
	l.past.Store(int64(time.Hour)) // before the hub is there, of which it is not told
	f := forumtest.New(forumtest.Options{Key: liveKey, Now: func() time.Time { return time.Now().Add(-time.Duration(l.past.Load())) }})
	l.Forum = f
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.URL = server.URL
	f.AddUser("alice", forumtest.User{Name: "Alice Moreau"})
	f.AddUser("bob", forumtest.User{Name: "Bob"})
	f.AddUser("carol", forumtest.User{Name: "Carol", Moderator: true})
	f.AddGroup("team", "carol")
	l.support = f.AddCategory(forumtest.Category{Slug: "support", Name: "Support"})
	l.bugs = f.AddCategory(forumtest.Category{Slug: "bugs", Name: "Bugs", Parent: "support"})
	l.hidden = f.AddCategory(forumtest.Category{Slug: "backstage", Name: "Backstage", Readers: []string{"team"}})
	f.AddTag("urgent")
	return l
}

// serve starts the hub beside the forum. more is TOML of the source.
func (l *live) serve(more string) {
	l.t.Helper()
	env := append(serveEnv(), "LIVE_SECRET="+liveSecret, "LIVE_KEY="+liveKey)
	l.s = launch(l.t, env, "serve", "--config", l.p.config(fmt.Sprintf(`
[sources.live]
url = %q
secret = "env:LIVE_SECRET"
api_key = "env:LIVE_KEY"
api_per_minute = 600
%s`, l.URL, more)))
	l.s.url = strings.TrimSpace(l.s.awaits("listening on "))
	l.past.Store(0)
	l.hook()
}

// hook makes the forum send its webhooks to where the hub listens now.
func (l *live) hook() { l.Hook(l.s.url+"/in/live", liveSecret) }

// quiet waits until no event of the forum is on its way: what was told last has
// its decision, and nothing waits for the API.
func (l *live) quiet() {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		var events struct{ Items []hub.Event }
		l.s.api("GET", "/api/v1/events?source=live&limit=1", "", "", &events)
		if len(events.Items) == 0 {
			return false
		}
		trace := l.trace(events.Items[0].ID)
		return trace != nil && trace.Verdict != hub.VerdictWaiting
	}, 60*time.Second, 100*time.Millisecond, "the last event is not decided")
}

// trace is the decision about an event, nil if there is none yet.
func (l *live) trace(id hub.EventID) *hub.Trace {
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.s.url+"/api/v1/events/"+url.PathEscape(string(id))+"/trace", nil)
	require.NoError(l.t, err)
	req.Header.Set("Authorization", "Bearer "+adminTokenText)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(l.t, err)
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil
	}
	var trace hub.Trace
	decodeBody(l.t, resp, &trace)
	return &trace
}

// texts are what a platform shows now, in order; what was taken back is "gone".
func texts(p providertest.Platform) []string {
	var out []string
	for _, s := range p.Sent() {
		if s.Gone {
			out = append(out, "gone")
		} else {
			out = append(out, s.Text)
		}
	}
	return out
}

// shows waits until a platform shows n messages and some of them hold text.
func shows(t *testing.T, p providertest.Platform, n int, holds ...string) []string {
	t.Helper()
	return showsWithin(t, time.Minute, p, n, holds...)
}

func showsWithin(t *testing.T, patience time.Duration, p providertest.Platform, n int, holds ...string) []string {
	t.Helper()
	var now []string
	require.Eventually(t, func() bool {
		now = texts(p)
		for _, h := range holds {
			if !slices.ContainsFunc(now, func(s string) bool { return strings.Contains(s, h) }) {
				return false
			}
		}
		return len(now) == n
	}, patience, 50*time.Millisecond, "want %d messages holding %q", n, holds)
	return now
}

// TestALivingForum is rules.md as a story: what webhooks do not tell is asked
// for, nobody hears what the reader may not see, and what was told lives on.
func TestALivingForum(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	old := l.Topic("alice", "support", "Printer on fire", "It burns.", "urgent") // before the hub knew of the forum
	l.serve(`delay = "0s"`)
	l.s.subscribe(
		"slack | "+slacktest.Support+" | t/urgent",
		"mattermost | "+mattermosttest.Support+" | c/support/*",
		"matrix | !general:example.org | thread:*",
		"telegram | -1001234567890 | pm/team | read_as=carol",
	)

	// A reply names neither tags nor the category: both are asked for.
	l.Reply(old, "bob", "Use water.")
	shows(t, l.p.slack, 1, "Printer on fire")
	shows(t, l.p.mattermost, 1, "Printer on fire")
	shows(t, l.p.matrix, 1, "Use water.")

	// What an anonymous visitor may not see goes nowhere.
	l.Topic("carol", "backstage", "Secret plans", "Nobody must know.")
	l.Whisper(old, "carol", "A whisper.")
	// A private message goes to the row that names its group, and to no other.
	l.Message("bob", "Please help me", "In private.", nil, []string{"team"})
	shows(t, l.p.telegram, 1, "Please help me")
	l.quiet()
	for _, p := range l.p.byName() {
		for _, text := range texts(p) {
			require.NotContains(t, text, "Secret plans")
			require.NotContains(t, text, "whisper")
		}
	}
	require.Len(t, texts(l.p.matrix), 1)

	// What was told lives on.
	topic := l.Topic("alice", "bugs", "Scanner is slow", "A minute for a page.")
	shows(t, l.p.mattermost, 2, "Scanner is slow")
	shows(t, l.p.matrix, 2, "A minute for a page.")
	l.EditPost(topic, 1, "An hour for a page.")
	l.Rename(topic, "Scanner is very slow")
	shows(t, l.p.matrix, 2, "An hour for a page.", "Scanner is very slow", "edited")
	number := l.Reply(topic, "bob", "Clean the glass.")
	shows(t, l.p.matrix, 3, "Clean the glass.")
	l.Solve(topic, number)
	shows(t, l.p.mattermost, 3, "solved")
	l.DeletePost(topic, number)
	shows(t, l.p.matrix, 3, "deleted")
	require.NotContains(t, strings.Join(texts(l.p.matrix), "\n"), "Clean the glass.")
	l.RecoverPost(topic, number)
	shows(t, l.p.matrix, 3, "Clean the glass.")
	sent := l.p.matrix.Sent()
	require.Equal(t, sent[1].Ref, sent[2].Root, "replies stand in the thread of the topic's first message")

	// A new tag makes the topic new to who asks for the tag.
	l.Tag(topic, "urgent")
	shows(t, l.p.slack, 2, "Scanner is very slow")

	// A topic that turns private is taken back everywhere.
	l.Move(topic, "backstage")
	shows(t, l.p.slack, 2, "gone")
	for _, p := range []providertest.Platform{l.p.slack, l.p.mattermost, l.p.matrix} {
		require.Eventually(t, func() bool {
			return !slices.ContainsFunc(texts(p), func(s string) bool { return strings.Contains(s, "Scanner") })
		}, 30*time.Second, 50*time.Millisecond)
		require.True(t, slices.ContainsFunc(texts(p), func(s string) bool { return strings.Contains(s, "Printer on fire") }), "what is public stays")
	}
	require.Less(t, l.s.stop(), 10*time.Second)
}

// TestAForumsAPIIsAway holds that events which need the API wait for it, in
// order, through a restart, while other sources go on; BELLHOP_SOAK=1 lets it
// last a minute.
func TestAForumsAPIIsAway(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	topics := []string{
		l.Topic("alice", "support", "First of old", "…", "urgent"),
		l.Topic("alice", "support", "Second of old", "…", "urgent"),
	}
	l.serve(`delay = "0s"`)
	l.s.subscribe("slack | "+slacktest.Support+" | t/urgent", "matrix | !general:example.org | *")
	l.Outage(http.StatusBadGateway)
	var want []string
	for i := range 6 {
		l.Reply(topics[i%2], "bob", fmt.Sprintf("Answer number %d.", i))
		want = append(want, fmt.Sprintf("Answer number %d.", i))
	}
	require.Equal(t, http.StatusAccepted, l.s.webhook(discoursetest.Get("post_created_first.json")))
	shows(t, l.p.matrix, 1, "Printer does not start") // of the other forum, which needs nobody
	require.Eventually(t, func() bool { return l.waiting() == 6 }, 30*time.Second, 50*time.Millisecond)
	for _, s := range l.sources() {
		if s.Source == "live" {
			require.Equal(t, "error", s.State)
			require.Contains(t, s.Reason, "502")
		}
	}

	l.s.kill()
	l.serve(`delay = "0s"`)
	if os.Getenv("BELLHOP_SOAK") != "" {
		<-time.After(time.Minute)
	}
	require.Eventually(t, func() bool { return l.waiting() == 6 }, 30*time.Second, 50*time.Millisecond)
	require.Len(t, texts(l.p.matrix), 1)
	l.Back()
	got := shows(t, l.p.matrix, 7, want...)
	for i, text := range got[1:] {
		require.Contains(t, text, want[i], "in order")
	}
	shows(t, l.p.slack, 6, want...)
}

func (l *live) sources() []hub.SourceStatus {
	var list struct{ Items []hub.SourceStatus }
	l.s.api("GET", "/api/v1/sources", "", "", &list)
	return list.Items
}

func (l *live) waiting() int {
	for _, s := range l.sources() {
		if s.Source == "live" {
			return s.Waiting
		}
	}
	return -1
}

// TestARateLimitIsNoLoss gives the forum's API a tight limit.
func TestARateLimitIsNoLoss(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	var topics []string
	for i := range 12 {
		topics = append(topics, l.Topic("alice", "support", fmt.Sprintf("Old topic %d", i), "…", "urgent"))
	}
	l.serve(`delay = "0s"` + "\n" + `visibility = "trust_webhook"`)
	l.s.subscribe("slack | " + slacktest.Support + " | t/urgent")
	l.Limit(4)
	for _, topic := range topics {
		l.Reply(topic, "bob", "Hello.")
	}
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(l.sources(), func(s hub.SourceStatus) bool { return s.State == "error" })
	},
		30*time.Second, 50*time.Millisecond, "the forum has not refused anything yet")
	l.Limit(0) // it is up to the forum when: what it says is waited for
	showsWithin(t, 2*time.Minute, l.p.slack, 12, "Old topic 0", "Old topic 11")
}

// TestWhatWasMissedIsCaughtUpWith stops the hub while people write, in both ways
// in which a forum then loses webhooks.
func TestWhatWasMissedIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	l.serve(`delay = "0s"`)
	l.s.subscribe("matrix | !general:example.org | *")
	topic := l.Topic("alice", "support", "Before the outage", "Here.")
	shows(t, l.p.matrix, 1, "Before the outage")
	l.s.stop()

	l.Mute(true)
	l.Topic("alice", "support", "Noted as failed", "One.", "urgent")
	l.Mute(false)
	l.Lose(true)
	l.Reply(topic, "bob", "Lost without a note.")
	l.Whisper(topic, "carol", "Not for you.")
	l.Lose(false)

	l.serve(`delay = "0s"`)
	shows(t, l.p.matrix, 3, "Noted as failed", "Lost without a note.")
	l.Reply(topic, "bob", "And on it goes.")
	got := shows(t, l.p.matrix, 4, "And on it goes.")
	require.NotContains(t, strings.Join(got, "\n"), "Not for you.")
}
