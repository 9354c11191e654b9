package catchup_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/catchup"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// world is a forum and a door in one, in a bubble of its own time. Its diary
// tells in order what was asked and what came in, with times from the start:
// "15m0s failed 10m0s" is that after a quarter of an hour somebody asked for
// webhooks that failed after ten minutes.
type world struct {
	t      *testing.T
	mu     sync.Mutex // hands what a test sets over to who runs
	start  time.Time
	newest time.Duration // when the last event came in; never: there is none
	failed []discourse.Redelivery
	posts  []listed
	page   int // how many posts the forum lists at once
	had    map[string]bool
	fails  map[string][]error // what the next calls answer; nil: nothing is wrong
	diary  []string
	log    bytes.Buffer
}

type listed struct {
	at   time.Time
	body json.RawMessage
}

const never = time.Duration(-1 << 62)

// live runs a test in a bubble.
func live(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, &world{t: t, start: time.Now(), newest: -time.Hour, page: 2, had: map[string]bool{}, fails: map[string][]error{}})
	})
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diary = append(w.diary, time.Since(w.start).String()+" "+fmt.Sprintf(format, args...))
}

func (w *world) wrong(what string) error {
	if len(w.fails[what]) == 0 {
		return nil
	}
	err := w.fails[what][0]
	w.fails[what] = w.fails[what][1:]
	return err
}

// read is what the diary says since it was last read.
func (w *world) read() []string {
	synctest.Wait()
	out := w.diary
	w.diary = nil
	return out
}

// after is the diary of some time.
func (w *world) after(d time.Duration) []string {
	w.mu.Lock()
	w.mu.Unlock() //nolint:staticcheck // see mu
	<-time.After(d)
	return w.read()
}

// fail adds a webhook that the forum could not deliver.
func (w *world) fail(at time.Duration, id int) {
	w.failed = append(w.failed, discourse.Redelivery{
		At: w.start.Add(at), Body: fmt.Appendf(nil, `{"user":{"id":%d}}`, id),
		Header: http.Header{"X-Discourse-Event": {"user_created"}, "X-Discourse-Event-Type": {"user"}},
	})
}

func (w *world) post(at time.Duration, id int) {
	when := w.start.Add(at)
	w.posts = append(w.posts, listed{when, fmt.Appendf(nil, `{"id":%d,"created_at":%q}`, id, when.Format(time.RFC3339))})
}

func (w *world) FailedDeliveries(_ context.Context, address string, since time.Time) (out []discourse.Redelivery, err error) {
	assert.Equal(w.t, "/in/meta", address)
	w.note("failed %v", since.Sub(w.start))
	for _, d := range w.failed {
		if !d.At.Before(since) {
			out = append(out, d)
		}
	}
	return out, w.wrong("failed")
}

func (w *world) PostsSince(_ context.Context, since time.Time, limit int) (out []json.RawMessage, more bool, err error) {
	assert.Positive(w.t, limit)
	w.note("posts %v", since.Sub(w.start))
	if err := w.wrong("posts"); err != nil {
		return nil, false, err
	}
	for _, p := range w.posts {
		if p.at.After(since) {
			if len(out) == w.page {
				return out, true, nil
			}
			out = append(out, p.body)
		}
	}
	return out, false, nil
}

func (w *world) Topic(_ context.Context, id string) (*hub.Topic, error) {
	w.note("topic %s", id)
	return nil, cmp.Or(w.wrong("topic"), discourse.ErrNotFound)
}

func (w *world) Post(_ context.Context, id string) (*discourse.Post, error) {
	w.note("post %s", id)
	return nil, cmp.Or(w.wrong("post"), discourse.ErrNotFound)
}

func (w *world) Site(context.Context) (hub.Taxonomy, error) {
	return hub.Taxonomy{}, w.wrong("site")
}

func (w *world) Decode(hub.Source, http.Header, []byte) ([]*hub.Event, error) {
	return []*hub.Event{{ID: "e1"}}, nil
}

// Accept tells new events from those that it has had by their bodies.
func (w *world) Accept(_ context.Context, source hub.Source, h http.Header, body []byte, _ []hub.EventID) (ids []hub.EventID, duplicates int, err error) {
	assert.Equal(w.t, hub.Source("meta"), source)
	var value map[string]struct{ ID int }
	assert.NoError(w.t, json.Unmarshal(body, &value))
	what := fmt.Sprintf("%s %d", h.Get("X-Discourse-Event"), value[h.Get("X-Discourse-Event-Type")].ID)
	if err := w.wrong("door"); err != nil {
		w.note("%s: %v", what, err)
		return nil, 0, err
	}
	if w.had[string(body)] {
		w.note("%s again", what)
		return []hub.EventID{"e1"}, 1, nil
	}
	w.had[string(body)] = true
	w.note("%s", what)
	return []hub.EventID{"e1"}, 0, nil
}

func (w *world) lastEvent(context.Context) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.newest == never {
		return time.Time{}, w.wrong("newest")
	}
	return w.start.Add(w.newest), w.wrong("newest")
}

func (w *world) catcher(every time.Duration) *catchup.Catcher {
	return catchup.New(catchup.Config{
		Source: "meta", Site: "https://forum.example.com", Forum: w, Door: w, Newest: w.lastEvent, Every: every,
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

// run runs a catcher as long as the test lasts; one that does not end then is a
// deadlock of the bubble.
func (w *world) run(c *catchup.Catcher) {
	ctx, end := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	w.t.Cleanup(func() {
		end()
		<-ended
	})
}

func TestSinceWhenItAsks(t *testing.T) {
	for _, c := range []struct {
		name         string
		newest, want time.Duration
	}{
		{"a little before the last event", -time.Hour, -time.Hour - 20*time.Minute},
		{"from the last event, where the door may have forgotten what came before", -24*time.Hour + time.Minute, -24*time.Hour + time.Minute},
		{"from an event of some days ago", -50 * time.Hour, -50 * time.Hour},
		{"not further than a week", -500 * time.Hour, -7 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(t *testing.T, w *world) {
				w.newest = c.newest
				w.run(w.catcher(0))
				require.Equal(t, []string{fmt.Sprintf("0s failed %v", c.want), fmt.Sprintf("0s posts %v", c.want)}, w.read())
				w.newest = 0 // the end of the last look counts from now on
				require.Equal(t, []string{"15m0s failed -5m0s", "15m0s posts -5m0s"}, w.after(15*time.Minute))
				require.Equal(t, []string{"30m0s failed 10m0s", "30m0s posts 10m0s"}, w.after(15*time.Minute))
			})
		})
	}
}

// A source begins with what comes: nothing is asked before, and nothing older
// than the time when it was last seen empty is told.
func TestANewSource(t *testing.T) {
	for came, want := range map[time.Duration]string{17 * time.Minute: "15m0s", 29 * time.Minute: "24m0s"} {
		live(t, func(t *testing.T, w *world) {
			w.newest = never
			c := w.catcher(0)
			require.NoError(t, c.Begin(t.Context()))
			w.run(c)
			require.Empty(t, w.after(came))
			w.newest = came
			require.Equal(t, []string{"30m0s failed " + want, "30m0s posts " + want}, w.after(31*time.Minute-came))
		})
	}
}

// What comes in after Begin hides nothing that was missed before it.
func TestBegin(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		c := w.catcher(0)
		w.fails["newest"] = []error{errors.New("no bus")}
		require.EqualError(t, c.Begin(t.Context()), "the last event of meta: no bus")
		require.NoError(t, c.Begin(t.Context()))
		<-time.After(10 * time.Minute)
		w.newest = 9 * time.Minute
		require.NoError(t, c.Begin(t.Context()), "a second time changes nothing")
		w.run(c)
		require.Equal(t, []string{"10m0s failed -1h20m0s", "10m0s posts -1h20m0s"}, w.read())
	})
}

// Webhooks that failed come first, they tell more. Then the posts come page by
// page, and only what was not there is counted.
func TestALook(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		w.fail(-30*time.Minute, 1)
		w.fail(-20*time.Minute, 2)
		for id := range 5 {
			w.post(time.Duration(id-40)*time.Minute, 10+id)
		}
		w.run(w.catcher(20 * time.Minute))
		require.Equal(t, []string{
			"0s failed -1h25m0s", "0s user_created 1", "0s user_created 2",
			"0s posts -1h25m0s", "0s post_created 10", "0s post_created 11",
			"0s posts -39m0s", "0s post_created 12", "0s post_created 13",
			"0s posts -37m0s", "0s post_created 14",
		}, w.read())
		require.Contains(t, w.log.String(), "events=7")
		w.log.Reset()

		w.fail(-time.Minute, 3)
		w.post(-2*time.Minute, 15)
		w.post(-time.Minute, 16)
		w.had[`{"user":{"id":3}}`] = true
		require.Equal(t, []string{
			"20m0s failed -5m0s", "20m0s user_created 3 again", "20m0s posts -5m0s", "20m0s post_created 15", "20m0s post_created 16",
		}, w.after(20*time.Minute))
		require.Contains(t, w.log.String(), "events=2")
		w.log.Reset()
		require.Len(t, w.after(20*time.Minute), 2)
		require.Empty(t, w.log.String(), "where nothing was missed there is nothing to say")
	})
}

// A page that leads nowhere must not be asked for forever.
func TestAPageThatDoesNotAdvance(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		for id := range 3 {
			w.posts = append(w.posts, listed{w.start, fmt.Appendf(nil, `{"id":%d}`, id)})
		}
		w.run(w.catcher(0))
		require.Equal(t, []string{"0s failed -1h20m0s", "0s posts -1h20m0s", "0s post_created 0", "0s post_created 1"}, w.read())
		require.Contains(t, w.log.String(), "the forum lists posts without saying when they were written")
		require.Equal(t, "1m0s posts -1h20m0s", w.after(time.Minute)[1])
	})
}

// Whatever breaks a look off, the next goes on from there: what came in is not
// counted twice, and what did not is not left out.
func TestADoorThatFails(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		w.fail(-30*time.Minute, 1)
		w.fail(-20*time.Minute, 2)
		for id := range 5 {
			w.post(time.Duration(id-40)*time.Minute, 10+id)
		}
		full := errors.New("no disk")
		w.fails["door"] = []error{nil, full, nil, nil, nil, nil, nil, full}
		w.run(w.catcher(0))
		require.Equal(t, []string{"0s failed -1h20m0s", "0s user_created 1", "0s user_created 2: no disk"}, w.read())
		require.Contains(t, w.log.String(), `retry_in=1m0s err="take in what was missed: no disk"`)
		require.Empty(t, w.after(59*time.Second))
		require.Equal(t, []string{
			"1m0s failed -30m0s", "1m0s user_created 1 again", "1m0s user_created 2",
			"1m0s posts -1h20m0s", "1m0s post_created 10", "1m0s post_created 11",
			"1m0s posts -39m0s", "1m0s post_created 12", "1m0s post_created 13: no disk",
		}, w.after(time.Second))
		require.Equal(t, []string{
			"2m0s failed -20m0s", "2m0s user_created 2 again",
			"2m0s posts -39m0s", "2m0s post_created 12 again", "2m0s post_created 13",
			"2m0s posts -37m0s", "2m0s post_created 14",
		}, w.after(time.Minute))
		require.Contains(t, w.log.String(), "events=7")
		require.Equal(t, "17m0s failed -3m0s", w.after(15 * time.Minute)[0], "from the look that came to its end")
	})
}

// What the door calls invalid would be so the next time as well.
func TestWhatCannotBeRead(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		w.fail(-30*time.Minute, 1)
		w.post(-20*time.Minute, 10)
		w.post(-10*time.Minute, 11)
		bad := fmt.Errorf("a body: %w", hub.Errorf(hub.CodeInvalid, "it has no id"))
		w.fails["door"] = []error{bad, bad}
		w.run(w.catcher(0))
		require.Equal(t, "0s post_created 11", w.read()[4])
		require.Equal(t, 2, strings.Count(w.log.String(), "level=WARN"))
		require.Contains(t, w.log.String(), "it has no id")
		require.Contains(t, w.log.String(), "events=1")
		require.Equal(t, []string{"15m0s failed -5m0s", "15m0s posts -5m0s"}, w.after(15*time.Minute))
	})
}

func TestHowLongItWaits(t *testing.T) {
	key := &discourse.RefusedError{Setting: "api_key", Reason: "it is wrong"}
	away := func(after time.Duration) error {
		return fmt.Errorf("the forum: %w", &discourse.AwayError{After: after, Err: errors.New("503")})
	}
	for _, c := range []struct {
		name, where string
		err         error
		every, want time.Duration
	}{
		{"a forum that says when", "posts", away(10 * time.Minute), 0, 10 * time.Minute},
		{"a forum that does not", "posts", away(0), 0, time.Minute},
		{"a forum that is too hasty", "posts", away(5 * time.Second), 0, time.Minute},
		{"webhooks that are not shown now", "failed", away(10 * time.Minute), 0, 10 * time.Minute},
		{"a topic that is not shown now", "topic", away(10 * time.Minute), 0, 10 * time.Minute},
		{"a forum that wants a setting mended", "posts", key, 40 * time.Minute, 40 * time.Minute},
		{"one that is asked often", "posts", key, time.Second, time.Minute},
		{"a bus that does not answer", "newest", errors.New("no bus"), 0, time.Minute},
		{"anything else", "posts", errors.New("odd"), 0, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(t *testing.T, w *world) {
				w.failed = []discourse.Redelivery{{
					At: w.start, Body: []byte(`{"topic":{"id":301}}`),
					Header: http.Header{"X-Discourse-Event": {"topic_edited"}, "X-Discourse-Event-Type": {"topic"}},
				}}
				w.fails[c.where] = []error{c.err}
				w.run(w.catcher(c.every))
				w.read()
				begin := -time.Hour - 5*time.Minute - cmp.Or(c.every, 15*time.Minute)
				since := begin
				if c.where == "posts" {
					since = 0 // what failed is in
				}
				require.Contains(t, w.log.String(), "will try again")
				require.Contains(t, w.log.String(), fmt.Sprintf("retry_in=%v", c.want))
				require.Empty(t, w.after(c.want-1))
				require.Equal(t, []string{
					fmt.Sprintf("%v failed %v", c.want, since),
					fmt.Sprintf("%v topic 301", c.want), // it may be another by now
					fmt.Sprintf("%v posts %v", c.want, begin),
				}, w.after(1))
			})
		})
	}
}

// A key that may not look at webhooks still shows posts.
func TestWebhooksAreNotShown(t *testing.T) {
	for _, err := range []error{&discourse.RefusedError{Setting: "api_key"}, fmt.Errorf("hooks: %w", discourse.ErrNotFound)} {
		live(t, func(t *testing.T, w *world) {
			w.fails["failed"] = []error{err}
			w.post(-time.Minute, 10)
			w.run(w.catcher(0))
			require.Equal(t, []string{"0s failed -1h20m0s", "0s posts -1h20m0s", "0s post_created 10"}, w.read())
			require.NotContains(t, w.log.String(), "level=WARN")
			require.Equal(t, "15m0s failed -5m0s", w.after(15 * time.Minute)[0])
		})
	}
}

// What may have come in more than a day ago is not told at all: the door would
// not know it any more. What was sent while it was closed cannot have.
func TestWhatTheDoorHasForgotten(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		w.fails["failed"] = []error{&discourse.AwayError{After: 30 * time.Hour, Err: errors.New("503")}}
		for id, at := range []time.Duration{-30 * time.Minute, time.Hour, 5 * time.Hour, 7 * time.Hour, 29 * time.Hour} {
			w.fail(at, id)
			w.post(at, 10+id)
		}
		c := w.catcher(0)
		w.run(c)
		require.Len(t, w.after(3*time.Hour), 1)
		require.NoError(t, c.Begin(t.Context()), "the door is open since the first time")
		require.Equal(t, []string{
			"30h0m0s failed -1h20m0s", "30h0m0s user_created 0", "30h0m0s user_created 3", "30h0m0s user_created 4",
			"30h0m0s posts -1h20m0s", "30h0m0s post_created 10",
			"30h0m0s posts 1h0m0s", "30h0m0s post_created 13",
			"30h0m0s posts 7h0m0s", "30h0m0s post_created 14",
		}, w.after(27*time.Hour))
	})
	live(t, func(t *testing.T, w *world) { // a look so late that the last one is forgotten, too
		w.run(w.catcher(30 * time.Hour))
		w.after(30 * time.Hour)
		require.Equal(t, []string{"60h0m0s failed 36h0m0s", "60h0m0s posts 36h0m0s"}, w.after(30*time.Hour))
	})
}

// slow is a forum that does not answer before who asks gives up.
type slow struct{ *world }

func (s slow) PostsSince(ctx context.Context, _ time.Time, _ int) ([]json.RawMessage, bool, error) {
	s.note("posts")
	<-ctx.Done()
	return nil, false, ctx.Err()
}

func TestRunEnds(t *testing.T) {
	for _, answers := range []bool{true, false} {
		live(t, func(t *testing.T, w *world) {
			c := w.catcher(0)
			if !answers {
				c.Forum = slow{w}
			}
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c.Run(ctx)
			}()
			require.Len(t, w.read(), 2)
			end()
			<-ended
			require.Equal(t, w.start, time.Now(), "at once")
			require.Empty(t, w.log.String())
		})
	}
}

func TestOnce(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		w.fail(-time.Minute, 1)
		w.post(-time.Minute, 10)
		w.had[`{"user":{"id":1}}`] = true
		c := w.catcher(0)
		missed, err := c.Once(t.Context(), w.start.Add(-time.Minute-1))
		require.NoError(t, err)
		require.Equal(t, 1, missed)
		missed, err = c.Once(t.Context(), w.start.Add(-time.Minute-1))
		require.NoError(t, err)
		require.Zero(t, missed)
		w.fails["posts"] = []error{errors.New("odd")}
		_, err = c.Once(t.Context(), w.start)
		require.EqualError(t, err, "posts since 2000-01-01T00:00:00Z: odd")
	})
}

// TestLostBeforeARestart holds that a webhook which is lost while the hub is up is found
// though others came in after it and the hub was restarted before its next look.
func TestLostBeforeARestart(t *testing.T) {
	live(t, func(t *testing.T, w *world) {
		first := w.catcher(0)
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); first.Run(ctx) }()
		w.post(time.Minute, 1) // its webhook never came
		w.after(10 * time.Minute)
		end()
		<-done
		w.newest = 9 * time.Minute // of another webhook, which came
		w.run(w.catcher(0))
		diary := strings.Join(w.after(40*time.Minute), "\n")
		require.Contains(t, diary, "post_created 1")
	})
}
