package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// rooms is who hears what in the tests of the whole program.
var rooms = []string{
	"slack | " + slacktest.Support + " | *",
	"telegram | -1001234567890 | follow:*",
	"mattermost | " + mattermosttest.Support + " | c/support+t/linux",
	"matrix | !general:example.org | k/forum.topic.*",
	"console | all | thread:*",
}

// heard lists which of the 94 webhooks lead to a message in each room, in
// order. What is not listed must lead to none.
var heard = map[string][]string{
	// Every public post once. The other forms of posts 901 and 902 are the same
	// posts; private, whispered, hidden and small-action posts go nowhere. Of the
	// last topic the first post never comes.
	"slack": {
		"post_created_first", "post_created_subcategory", "post_created_reply", "post_created_reply_to_post",
		"post_created_group_mention", "post_created_group_mention_not_allowed", "post_created_mention_in_quote_and_code",
		"post_created_uncategorized", "post_created_category_without_slug", "post_created_via_email",
		"post_created_staff_with_title", "post_created_rich", "topic_created_plugins",
	},
	// First posts only.
	"telegram": {
		"post_created_first", "post_created_subcategory", "post_created_uncategorized",
		"post_created_category_without_slug", "post_created_rich", "topic_created_plugins",
	},
	// Posts of topic 301, which its own webhook has tagged linux.
	"mattermost": {
		"post_created_first", "post_created_reply", "post_created_reply_to_post", "post_created_group_mention",
		"post_created_group_mention_not_allowed", "post_created_mention_in_quote_and_code", "post_created_via_email",
		"post_created_staff_with_title",
	},
	// Topic events but those of a private message (310), of a topic that is
	// unlisted at that moment, and of one that the hub knows nothing of yet (304).
	// What a webhook's topic differs in from what was known is an event of its own.
	"matrix": {
		"post_created_first", "post_created_subcategory", "topic_edited_title", "topic_edited_category",
		"topic_edited_category: category_changed", "topic_edited_category: tags_changed", "topic_edited_tags",
		"topic_edited_tags: category_changed", "topic_edited_tags: tags_changed", "topic_closed_status_updated", "topic_closed_status_updated: tags_changed",
		"topic_autoclosed_status_updated", "topic_archived_status_updated",
		"topic_pinned_status_updated", "topic_pinned_globally_status_updated", "topic_destroyed", "topic_destroyed_legacy", "topic_recovered",
		"post_created_uncategorized", "post_created_category_without_slug", "post_created_rich",
		"accepted_solution", "unaccepted_solution", "assigned_user", "assigned_group", "unassigned_user",
		"unassigned_group", "topic_created_plugins",
	},
}

// changed is how many changes each room sees of what it was told.
var changed = map[string]int{"slack": 12, "telegram": 9, "mattermost": 12, "matrix": 9}

// bodies are the 94 webhooks in the order in which they are sent: a topic's
// creation is followed by that of its first post, without which it would wait for
// two seconds. One has none, and comes last.
func bodies() []discoursetest.Fixture {
	together := []string{"topic_created.json", "post_created_first.json", "topic_created_subcategory.json", "post_created_subcategory.json"}
	const alone = "topic_created_plugins.json"
	const first, second = "topic_created_no_tags.json", "post_created_uncategorized.json"
	var out []discoursetest.Fixture
	for _, file := range together {
		out = append(out, discoursetest.Get(file))
	}
	for _, f := range discoursetest.All() {
		if f.File == second {
			out = append(out, discoursetest.Get(first))
		}
		if f.File != alone && f.File != first && !slices.Contains(together, f.File) {
			out = append(out, f)
		}
	}
	return append(out, discoursetest.Get(alone))
}

// tell sends the webhooks, each when what the ones before it lead to has come: what
// follows from one is an event of its own, which must come before the next, and a
// change of what is not yet said is no change.
func tell(t *testing.T, p *platforms, s *program) {
	t.Helper()
	told := map[string]int{}
	for _, f := range bodies() {
		require.Equal(t, http.StatusAccepted, s.webhook(f), f.File)
		for name, platform := range p.byName() {
			before := told[name]
			for told[name] < len(heard[name]) && strings.HasPrefix(heard[name][told[name]]+":", strings.TrimSuffix(f.File, ".json")+":") {
				told[name]++
			}
			if told[name] > before {
				sends(t, platform, told[name])
			}
		}
	}
}

// TestForumReachesEveryPlatform is the main job: 94 signed webhooks in, exactly
// the right messages out, in order, each as its platform shows it.
func TestForumReachesEveryPlatform(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe(rooms...)
	tell(t, p, s)
	checkRooms(t, p, s)
	require.Less(t, s.stop(), 10*time.Second)
}

func checkRooms(t *testing.T, p *platforms, s *program) {
	t.Helper()
	all := len(heard["slack"]) // the console hears what Slack hears
	for name, platform := range p.byName() {
		sends(t, platform, len(heard[name]))
		all += len(heard[name])
	}
	for _, d := range s.settled(all) {
		require.NotEmpty(t, d.Receipt.Ref)
		require.Equal(t, 1, d.Attempts)
	}
	for name, platform := range p.byName() {
		err := changes(t, platform, changed[name])
		sent := platform.Sent()
		require.Len(t, sent, len(heard[name]), name)
		providertest.Golden(t, name+".json", golden(t, heard[name], sent)) // it says which change is missing
		require.NoError(t, err, "changes on %s", name)
	}
}

// changes waits until a platform has made n changes of what it had been sent.
func changes(t *testing.T, p providertest.Platform, n int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err := p.(interface {
		Changes(ctx context.Context, n int) ([]providertest.Sent, error)
	}).Changes(ctx, n)
	return err
}

// golden lists what a room was sent beside the webhook that led to it.
func golden(t *testing.T, files []string, sent []providertest.Sent) []byte {
	t.Helper()
	type message struct {
		Webhook string          `json:"webhook"`
		Reads   string          `json:"reads"`
		Edits   int             `json:"edits,omitempty"` // how often it was changed since
		Request json.RawMessage `json:"request"`
	}
	var all []message
	for i, s := range sent {
		all = append(all, message{files[i], s.Text, s.Edits, s.Raw})
	}
	text, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	return append(tokens.ReplaceAll(text, []byte(`"callback_data": "TOKEN"`)), '\n')
}

// tokens are what buttons carry, which is another for each installation.
var tokens = regexp.MustCompile(`"callback_data": "[\w-]{22,64}"`)

// TestRetriesAreNoNews sends the 94 webhooks again, before and after a restart: as
// an admin does by hand, and with the new number that a forum's own retry has. No
// room hears any. One that tells how something was, and is no more, comes by hand
// alone: with a new number it would be news.
func TestRetriesAreNoNews(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe(rooms...)
	all := len(heard["slack"])
	for _, files := range heard {
		all += len(files)
	}
	tell(t, p, s)
	last := map[string]hub.EventID{} // of each line
	line := func(f discoursetest.Fixture) (string, hub.EventID) {
		es, err := ingest.Discourse{}.Decode(&ingest.Request{Source: "meta", Site: discoursetest.Instance, Header: f.Header, Body: f.Body})
		require.NoError(t, err)
		return es[0].Line.Name, es[0].ID
	}
	for _, f := range bodies() {
		name, id := line(f)
		last[name] = id
	}
	for round := range 3 {
		for i, f := range bodies() {
			require.Equal(t, http.StatusAccepted, s.webhook(f), f.File)
			if name, id := line(f); name == "" || id == last[name] {
				f.Header.Set("X-Discourse-Event-Id", fmt.Sprint(5000+100*round+i))
				require.Equal(t, http.StatusAccepted, s.webhook(f), f.File)
			}
		}
		s.settled(all)
		if round == 1 {
			s.stop()
			s = p.serve("")
		}
	}
	news := discoursetest.Get("post_created_reply.json") // what comes after them proves that they were passed over
	news.Body = []byte(strings.ReplaceAll(string(news.Body), `"id":902`, `"id":99902`))
	news.Header.Set("X-Discourse-Event-Signature", discoursetest.Sign(news.Body))
	require.Equal(t, http.StatusAccepted, s.webhook(news))
	s.settled(all + 3) // Slack, Mattermost and the console
	for name, platform := range p.byName() {
		want := len(heard[name])
		if name == "slack" || name == "mattermost" {
			want++
		}
		require.Len(t, platform.Sent(), want, name)
	}
}

func TestTheSameBodyIsOneMessage(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe(rooms[0])
	f := discoursetest.Get("post_created_first.json")
	var all sync.WaitGroup
	for i := range 5 {
		again := f
		again.Header = f.Header.Clone()
		again.Header.Set("X-Discourse-Event-Id", fmt.Sprint(7000+i)) // as the forum's own retry has it
		all.Go(func() {
			resp, err := http.DefaultClient.Do(s.request(again))
			if err == nil {
				err = resp.Body.Close()
			}
			if err != nil || resp.StatusCode != http.StatusAccepted {
				t.Errorf("%v %v", resp, err)
			}
		})
	}
	all.Wait()
	sends(t, p.slack, 1)
	s.settled(1)
	s.stop()

	s = p.serve("")
	require.Equal(t, http.StatusAccepted, s.webhook(f))
	next := discoursetest.Get("post_created_reply.json")
	require.Equal(t, http.StatusAccepted, s.webhook(next)) // what comes after it proves that it was passed over
	require.Len(t, sends(t, p.slack, 2), 2)
	s.settled(2) // what is in flight may come twice on Slack, which cannot tell
	s.kill()

	s = p.serve("")
	require.Equal(t, http.StatusAccepted, s.webhook(f))
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get("post_created_rich.json")))
	require.Len(t, sends(t, p.slack, 3), 3)

	forged := f
	forged.Body = []byte(strings.Replace(string(f.Body), "Printer", "Forgery", 1))
	require.Equal(t, http.StatusUnauthorized, s.webhook(forged))
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get("post_created_via_email.json")))
	sends(t, p.slack, 4)
	s.settled(4)
	require.Len(t, p.slack.Sent(), 4)
}

// TestKilledServerLosesNothing kills the whole program while messages wait, and
// finds each of them sent once after it is back.
func TestKilledServerLosesNothing(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe("matrix | !general:example.org | *")
	p.matrix.Script(providertest.Step{Status: http.StatusBadGateway})
	var posts []discoursetest.Fixture
	for _, file := range heard["slack"] {
		posts = append(posts, discoursetest.Get(file+".json"))
	}
	for i, f := range posts {
		require.Equal(t, http.StatusAccepted, s.webhook(f))
		if i%4 == 3 {
			s.kill()
			s = p.serve("")
		}
	}
	sends(t, p.matrix, len(posts))
	s.settled(len(posts))
	require.Len(t, p.matrix.Sent(), len(posts), "Matrix drops what is sent again")
}

func TestNothingWithoutACredential(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	status := func(path string) int {
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Get(s.url + path)
		require.NoError(t, err)
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range []string{"/api/v1/subscriptions", "/api/v1/events", "/api/v1/deliveries", "/api/v1/systems", "/api/v1/openapi.json", "/api/v1/none", "/metrics", "/version"} {
		require.Equal(t, http.StatusUnauthorized, status(path), path)
	}
	require.Equal(t, http.StatusOK, status("/healthz"))
	require.Equal(t, http.StatusOK, status("/readyz"))
	require.Equal(t, http.StatusMethodNotAllowed, status("/in/meta"))
	require.Contains(t, []int{http.StatusUnauthorized, http.StatusSeeOther, http.StatusFound}, status("/console"))
}
