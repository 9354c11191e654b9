package feed_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestWhatIsThereIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.has("two", "one")
	p := w.poller()
	require.Equal(t, "unknown", p.Status().State)
	w.poll(t, p)
	require.Empty(t, w.room.heard(t))

	w.has("four", "three", "two", "one")
	w.poll(t, p)
	require.Equal(t, []string{"three", "four"}, w.room.heard(t), "the oldest first")
	w.poll(t, p)
	require.Empty(t, w.room.heard(t))
}

func TestNothingIsToldTwiceAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.has("one")
	w.poll(t, w.poller())
	w.has("two", "one")
	w.poll(t, w.poller())
	require.Equal(t, []string{"two"}, w.room.heard(t), "what came up meanwhile is told")
	w.poll(t, w.poller())
	w.has() // and a feed that is empty for once
	w.poll(t, w.poller())
	w.has("two", "one")
	w.poll(t, w.poller())
	require.Empty(t, w.room.heard(t))
}

func TestAnEmptyFeedIsAStart(t *testing.T) {
	w := newWorld(t)
	w.has()
	w.poll(t, w.poller())
	w.has("one")
	w.poll(t, w.poller())
	require.Equal(t, []string{"one"}, w.room.heard(t))
}

// A feed that could not be read at first was not read.
func TestAStartWithTrouble(t *testing.T) {
	w := newWorld(t)
	w.shows("text/html", "<html>Soon")
	require.Error(t, w.poller().Poll(t.Context()))
	require.Contains(t, w.shelf.state(t).Error, "answers with a page")
	w.has("one")
	w.poll(t, w.poller())
	require.Empty(t, w.room.heard(t))
	require.Empty(t, w.shelf.state(t).Error)
}

func TestAnotherAddressIsAnotherFeed(t *testing.T) {
	w := newWorld(t)
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"1"`)
		_, _ = rw.Write([]byte(rss("of " + r.URL.Path)))
	})
	require.NoError(t, w.pollerAt(w.URL+"/a").Poll(t.Context()))
	require.NoError(t, w.pollerAt(w.URL+"/b").Poll(t.Context()))
	require.Empty(t, w.last().Get("If-None-Match"), "what was kept is of the other")
	require.Empty(t, w.room.heard(t))
}

func TestAnEditIsNoNews(t *testing.T) {
	w := newWorld(t)
	feedOf := func(title, updated string) string {
		return `<feed xmlns="http://www.w3.org/2005/Atom"><title>B</title><entry><id>tag:1</id><title>` + title + `</title><updated>` + updated + `</updated></entry></feed>`
	}
	w.shows("application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom"><title>B</title></feed>`)
	w.poll(t, w.poller())
	w.shows("application/atom+xml", feedOf("First", "2026-01-10T10:00:00Z"))
	w.poll(t, w.poller())
	require.Equal(t, []string{"First"}, w.room.heard(t))
	w.shows("application/atom+xml", feedOf("First, mended", "2026-01-10T11:00:00Z"))
	w.poll(t, w.poller())
	require.Empty(t, w.room.heard(t))
}

func TestConditionalRequests(t *testing.T) {
	w := newWorld(t)
	const stamp = "Sat, 10 Jan 2026 09:05:00 GMT"
	answer := func(etag, body string) {
		w.answers(func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == etag && r.Header.Get("If-Modified-Since") == stamp {
				rw.WriteHeader(http.StatusNotModified)
				return
			}
			rw.Header().Set("ETag", etag)
			rw.Header().Set("Last-Modified", stamp)
			_, _ = rw.Write([]byte(body))
		})
	}
	answer(`"v1"`, rss("one"))
	w.poll(t, w.poller())
	require.Empty(t, w.last().Get("If-None-Match"))
	require.Contains(t, w.last().Get("Accept"), "application/atom+xml")
	before := w.shelf.state(t)
	require.Equal(t, []string{`"v1"`, stamp}, []string{before.ETag, before.LastModified})

	w.poll(t, w.poller())
	require.Equal(t, `"v1"`, w.last().Get("If-None-Match"))
	require.Equal(t, stamp, w.last().Get("If-Modified-Since"))
	require.Equal(t, before, w.shelf.state(t), "nothing has changed, so nothing is forgotten")

	answer(`"v2"`, rss("two", "one"))
	w.poll(t, w.poller())
	require.Equal(t, []string{"two"}, w.room.heard(t))
	require.Equal(t, `"v2"`, w.shelf.state(t).ETag)

	w.answers(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("ETag", `"`+strings.Repeat("x", 5000)+`"`)
		_, _ = rw.Write([]byte(rss("two", "one")))
	})
	w.poll(t, w.poller())
	require.Empty(t, w.shelf.state(t).ETag)
}

func TestUnaskedNotModified(t *testing.T) {
	w := newWorld(t)
	w.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotModified) })
	require.ErrorContains(t, w.poller().Poll(t.Context()), "the feed answers 304")
}

// What could not be stored is told by the next poll, and only that.
func TestPublishFailsHalfway(t *testing.T) {
	w := newWorld(t)
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"1"`)
		_, _ = rw.Write([]byte(rss()))
	})
	w.poll(t, w.poller())
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"2"`)
		if r.Header.Get("If-None-Match") == `"2"` {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = rw.Write([]byte(rss("three", "two", "one")))
	})
	w.room.refuse = func(e *hub.Event) error {
		if item(t, e).Title == "two" {
			return errDown
		}
		return nil
	}
	p := w.poller()
	require.ErrorIs(t, p.Poll(t.Context()), errDown)
	require.Equal(t, "error", p.Status().State)
	require.Equal(t, []string{"one"}, w.room.heard(t))
	w.room.refuse = nil
	w.poll(t, w.poller())
	require.Empty(t, w.last().Get("If-None-Match"), "the document has to come again")
	require.Equal(t, []string{"two", "three"}, w.room.heard(t))
}

// A crash between telling and remembering tells nothing twice: the ids are the
// same.
func TestCrashBeforeItIsKept(t *testing.T) {
	w := newWorld(t)
	w.has("one")
	w.poll(t, w.poller())
	w.has("two", "one")
	w.shelf.fail = errDown
	require.ErrorIs(t, w.poller().Poll(t.Context()), errDown)
	w.shelf.fail = nil
	w.poll(t, w.poller())
	require.Equal(t, 2, w.room.calls)
	require.Equal(t, []string{"two"}, w.room.heard(t))
}

// What can never be stored must not hold up what comes after it.
func TestAnEntryThatIsTooLarge(t *testing.T) {
	w := newWorld(t)
	w.has()
	w.poll(t, w.poller())
	w.has("two", "one")
	w.room.refuse = func(e *hub.Event) error {
		if item(t, e).Title == "one" {
			return fmt.Errorf("publish: %w", hub.Errorf(hub.CodeInvalid, "too large"))
		}
		return nil
	}
	w.poll(t, w.poller())
	w.room.refuse = nil
	w.poll(t, w.poller())
	require.Equal(t, []string{"two"}, w.room.heard(t))
}

func TestTheOldestFirst(t *testing.T) {
	w := newWorld(t)
	w.has()
	w.poll(t, w.poller())
	w.shows("", `<rss><channel>
		<item><guid>b</guid><title>b</title><pubDate>Sat, 10 Jan 2026 10:00:00 GMT</pubDate></item>
		<item><guid>c</guid><title>c</title><pubDate>Sat, 10 Jan 2026 11:00:00 GMT</pubDate></item>
		<item><guid>a</guid><title>a</title><pubDate>Sat, 10 Jan 2026 09:00:00 GMT</pubDate></item>
		<item><guid>a</guid><title>a again</title></item></channel></rss>`)
	w.poll(t, w.poller())
	require.Equal(t, []string{"a again", "c", "b"}, w.room.heard(t), "one has no time, so the order of the feed holds; each id once")
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	w := newWorld(t)
	numbered := func(from, to int) []string {
		var titles []string
		for i := to - 1; i >= from; i-- {
			titles = append(titles, fmt.Sprintf("n%d", i))
		}
		return titles
	}
	w.has(numbered(0, 3000)...)
	w.poll(t, w.poller())
	require.Len(t, w.shelf.state(t).Seen, 1+3000, "all that is in the feed")
	w.has(numbered(3000, 3010)...)
	w.poll(t, w.poller())
	require.Len(t, w.room.heard(t), 10)
	require.Len(t, w.shelf.state(t).Seen, 1+2000+10, "and the last that were")
	w.has(numbered(1000, 3010)...)
	w.poll(t, w.poller())
	require.Empty(t, w.room.heard(t))
	w.has(numbered(999, 1000)...)
	w.poll(t, w.poller())
	require.Len(t, w.room.heard(t), 1)
}

func TestTroubleIsAStatus(t *testing.T) {
	w := newWorld(t)
	w.has("one")
	p := w.poller()
	w.poll(t, p)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"page":           {shown("text/html; charset=utf-8", "<!DOCTYPE html><html><body>"+strings.Repeat("<br>", 2000)), "answers with a page and not with a feed"},
		"page with feed": {shown("text/html", `<html><head><link rel="alternate" type="application/rss+xml" href="/rss">`), "names a feed: set url to " + w.URL + "/rss"},
		"page, bad link": {shown("text/html", `<html><head><link rel="alternate" type="application/rss+xml" href="javascript:x">`), "a page and not with a feed"},
		"text":           {shown("text/plain", "hello"), "does not answer with a feed"},
		"nothing":        {shown("application/rss+xml", ""), "does not answer with a feed"},
		"other JSON":     {shown("application/json", `{"error":"no such feed"}`), "JSON that is no feed"},
		"other XML":      {shown("application/xml", `<opml version="2.0"></opml>`), "does not answer with a feed"},
		"cut":            {shown("application/rss+xml", rss("two")[:150]), "ends before it is whole"},
		"cut JSON":       {shown("application/json", `{"version":"https://jsonfeed.org/version/1.1","items":[`), "ends before it is whole"},
		"not XML":        {shown("application/rss+xml", `<rss><channel><1></1></channel></rss>`), "cannot be read, its publisher has to mend that"},
		"deep":           {shown("application/rss+xml", `<rss xmlns:x="y">`+strings.Repeat("<x:a>", 100_000)), "nests more than 500 elements deep"},
		"huge":           {shown("application/rss+xml", rss("two")+strings.Repeat(" ", 4<<20)), "larger than 4 MiB"},
		"404":            {status(404), "answers 404 Not Found: look up its address"},
		"410":            {status(410), "answers 410 Gone: look up"},
		"401":            {status(401), "it is not for everyone"},
		"429":            {status(429), "it is asked for too often"},
		"500":            {status(500), "its publisher has to mend that"},
		"204":            {status(204), "answers 204 No Content"},
		"hangs up":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the feed does not answer"},
		"short": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "9999")
			_, _ = rw.Write([]byte(rss()))
		}, "ends before it is whole"},
		"round and round": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "/feed.xml?token=s3cr3t", http.StatusFound)
		}, "redirects more than 5 times"},
	} {
		t.Run(name, func(t *testing.T) {
			w.answers(c.answer)
			err := p.Poll(t.Context())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cr3t")
			s := p.Status()
			require.Equal(t, []string{"error", err.Error()}, []string{s.State, s.Reason})
			require.Equal(t, err.Error(), w.shelf.state(t).Error)
			require.Empty(t, w.room.heard(t))
		})
	}
	w.has("two", "one")
	w.poll(t, p)
	require.Equal(t, []string{"two"}, w.room.heard(t), "trouble makes nothing be forgotten")
}

func shown(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestStoreDown(t *testing.T) {
	w := newWorld(t)
	w.has("one")
	w.shelf.states = map[hub.Source]string{"blog": "{"}
	p := w.poller()
	require.ErrorContains(t, p.Poll(t.Context()), "cannot be looked up")
	require.Empty(t, w.requests, "without knowing what was seen it is better not to ask")
	require.Equal(t, "error", p.Status().State)
}
