package catchup_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/catchup"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// gate stands before the door and spoils answers.
type gate struct {
	http.Handler
	mu  sync.Mutex
	how string // "": the way is free; "shut": nothing gets in; "deaf": what gets in is answered as if it had not
}

func (g *gate) set(how string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.how = how
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.how {
	case "shut":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "deaf":
		g.Handler.ServeHTTP(httptest.NewRecorder(), r)
		w.WriteHeader(http.StatusGatewayTimeout)
	default:
		g.Handler.ServeHTTP(w, r)
	}
}

// TestAnOutage is a forum that could not reach us in every way there is: what it
// told meanwhile comes in afterwards, once, as things are by then.
func TestAnOutage(t *testing.T) {
	const key = "api-key-of-the-forum-0123456789"
	f := forumtest.New(forumtest.Options{Key: key, TagObjects: true})
	site := httptest.NewServer(f)
	t.Cleanup(site.Close)
	f.URL = site.URL
	d, had := newDoor(t, f.URL), 0
	mux := http.NewServeMux()
	mux.Handle("POST /in/{source}", d)
	g := &gate{Handler: mux}
	hooked := httptest.NewServer(g)
	t.Cleanup(hooked.Close)
	f.AddUser("alice", forumtest.User{})
	f.AddUser("carol", forumtest.User{Moderator: true})
	f.AddGroup("team", "carol")
	f.AddCategory(forumtest.Category{Slug: "support", Color: "BF1E2E"})
	f.AddCategory(forumtest.Category{Slug: "hardware", Parent: "support", Color: "AABBCC"})
	f.AddTag("urgent")
	f.Topic("alice", "support", "Long ago", "Nobody was to hear.")

	began := time.Now()
	c := catchup.New(catchup.Config{
		Source: "meta", Site: f.URL, Door: d, Log: slog.New(slog.DiscardHandler),
		Forum:  discourse.New(discourse.Config{URL: f.URL, Key: secret.New(key), PerMinute: 60_000, Log: slog.New(slog.DiscardHandler)}),
		Newest: func(context.Context) (time.Time, error) { return began, nil },
	})
	came := func() (out []string) { // since it was last asked
		for ; had < len(d.events); had++ {
			what := says(t, d.events[had])
			if p := dataOf(t, d.events[had]).Post; p != nil {
				what += " " + p.HTML
			}
			out = append(out, what)
		}
		return out
	}
	f.Hook(hooked.URL+"/in/meta", discoursetest.Secret)
	calm := f.Topic("alice", "support", "Calm & <old>", "Nothing happens.", "urgent")
	busy := f.Topic("alice", "support", "Busy", "Much happens.")
	regretted := f.Reply(calm, "alice", "Regretted.")
	require.Len(t, came(), 5)

	g.set("deaf")
	f.Solve(calm, f.Reply(calm, "alice", "<b>Deaf</b> & in"))
	f.Like(calm, 1, "carol")
	f.Rename(calm, "Calm & <newer>")
	f.EditPost(calm, 1, "Little happens.")
	f.Rename(calm, "Calm & <new>") // which changes what was told before
	f.AddCategory(forumtest.Category{Slug: "other", Color: "ABCDEF"})
	require.Len(t, came(), 7)
	g.set("shut")
	f.EditPost(calm, regretted, "Regretted a little.")
	spam := f.Reply(calm, "alice", "Buy this!")
	f.Like(calm, spam, "carol")
	f.Like(busy, 1, "carol")
	f.EditPost(busy, 1, "More happens.")
	f.Reply(busy, "alice", "Refused.")
	f.Close(busy, true)
	f.SetReaders("support", "team")
	f.SetReaders("support")
	f.DeleteTopic(f.Topic("alice", "hardware", "Spam", "Buy!"))
	g.set("")
	f.DeletePost(calm, regretted)
	f.DeletePost(calm, spam)
	f.EditPost(busy, 1, "Very much happens.")
	require.Equal(t, []string{
		`forum.post.deleted 302 "Calm & <new>" regular in 5/support [] <p>Regretted a little.</p>`,
		`forum.post.deleted 302 "Calm & <new>" regular in 5/support [] <p>Buy this!</p>`,
		`forum.post.edited 303 "Busy" regular in 5/support [] <p>Very much happens.</p>`,
	}, came())
	f.Mute(true)
	f.Reply(busy, "alice", "No answer.")
	f.Mute(false)
	f.Lose(true)
	f.Reply(calm, "alice", "Lost.")
	f.Whisper(calm, "carol", "Not for you.")
	f.Move(busy, "hardware")
	f.Lose(false)
	f.Reply(calm, "alice", "And on it goes.")
	require.Len(t, came(), 1)

	missed, err := c.Once(t.Context(), began)
	require.NoError(t, err)
	require.Equal(t, []string{
		// What failed, in its order, and as it is now: in hardware, and open to all.
		// Of what is deleted by now, nothing.
		`forum.post.liked 303 "Busy" regular in 6/ [] <p>Very much happens.</p>`,
		`forum.post.edited 303 "Busy" regular in 6/ [] <p>Very much happens.</p>`,
		`forum.post.created 303 "Busy" regular in 6/ [] <p>Refused.</p>`,
		`forum.topic.closed 303 "Busy" regular in 6/ [] closed`,
		`forum.post.created 303 "Busy" regular in 6/ [] `, // that it was closed
		`forum.category.updated 5 "support" #bf1e2e below ""`,
		`forum.category.updated 5 "support" #bf1e2e below ""`,
		`forum.post.deleted 304 "Spam" regular in 6/hardware [] <p>Buy!</p>`,
		`forum.topic.deleted 304 "Spam" regular in 6/ [] deleted`,
		`forum.post.created 303 "Busy" regular in 6/ [] <p>No answer.</p>`,
		// What the forum has forgotten that it had to tell.
		`forum.post.created 302 "Calm & <new>" regular in 5/ [] <p>Lost.</p>`,
	}, came())
	require.Equal(t, 11, missed)
	missed, err = c.Once(t.Context(), began)
	require.NoError(t, err)
	require.Zero(t, missed)
	require.Empty(t, came())
}

// TestSolutionOfYesterday holds that a solution is not told which was taken back before
// the hub heard that it had been accepted.
func TestSolutionOfYesterday(t *testing.T) {
	const key = "api-key-of-the-forum-0123456789"
	f := forumtest.New(forumtest.Options{Key: key})
	site := httptest.NewServer(f)
	t.Cleanup(site.Close)
	f.URL = site.URL
	d := newDoor(t, f.URL)
	mux := http.NewServeMux()
	mux.Handle("POST /in/{source}", d)
	g := &gate{Handler: mux}
	hooked := httptest.NewServer(g)
	t.Cleanup(hooked.Close)
	f.AddUser("alice", forumtest.User{})
	f.AddCategory(forumtest.Category{Slug: "support", Color: "BF1E2E"})
	began := time.Now()
	c := catchup.New(catchup.Config{
		Source: "meta", Site: f.URL, Door: d, Log: slog.New(slog.DiscardHandler),
		Forum:  discourse.New(discourse.Config{URL: f.URL, Key: secret.New(key), PerMinute: 60_000, Log: slog.New(slog.DiscardHandler)}),
		Newest: func(context.Context) (time.Time, error) { return began, nil },
	})
	f.Hook(hooked.URL+"/in/meta", discoursetest.Secret)
	id := f.Topic("alice", "support", "How?", "Tell me.")
	n := f.Reply(id, "alice", "So.")
	g.set("shut")
	f.Solve(id, n)
	g.set("")
	f.Unsolve(id)
	_, err := c.Once(t.Context(), began)
	require.NoError(t, err)
	last := d.events[len(d.events)-1]
	require.Equal(t, "forum.topic.unsolved", string(last.Type), "the topic is not solved")
}
