package console_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/console"
)

// browser reads one room's stream as an EventSource does.
type browser struct {
	lines *bufio.Scanner
	body  io.Closer
}

type event struct{ id, name, data string }

func connect(t *testing.T, server *httptest.Server, path, lastID string) *browser {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	require.NoError(t, err)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := server.Client().Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", answer.Header.Get("Content-Type"))
	require.Equal(t, policy, answer.Header.Get("Content-Security-Policy"))
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &browser{lines, answer.Body}
}

// next is the next event, but for who is here; ok is false when the stream has ended.
func (b *browser) next() (e event, ok bool) {
	var data []string
	for b.lines.Scan() {
		field, value, _ := strings.Cut(b.lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		case "":
			if e.name != "" && e.name != "here" && value == "" {
				e.data = strings.Join(data, "\n")
				return e, true
			}
			e, data = event{}, nil
		}
	}
	return event{}, false
}

// serve is the console on a real server, which the test may stop.
func serve(t *testing.T, c *console.Client) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(pagesOf(c))
	t.Cleanup(func() { c.Close(); server.Close() })
	return server
}

func TestStreamShowsWhatIsPosted(t *testing.T) {
	c := open(&memory{}, "dev")
	send(t, c, "dev", "n1", "before")
	b := connect(t, serve(t, c), "/console/dev/events?after=1", "")

	send(t, c, "dev", "n2", "a\n\n```\ncode\n\nmore\n```")
	post, ok := b.next()
	require.True(t, ok)
	require.Equal(t, "post", post.name)
	require.Equal(t, "2", post.id)
	require.Contains(t, post.data, "<pre><code>code\n\nmore</code></pre>", "an empty line in a message does not end its event")
	require.Contains(t, get(t, c, "/console/dev").Body.String(), post.data, "a page shows what the stream sends")

	send(t, c, "ops", "n3", "somewhere else")
	elsewhere, ok := b.next()
	require.True(t, ok)
	require.Equal(t, "elsewhere", elsewhere.name)
	require.Equal(t, "3", elsewhere.id)
	require.Contains(t, elsewhere.data, `data-room="ops"`)
	require.NotContains(t, elsewhere.data, "somewhere else")
}

func TestStreamOfReply(t *testing.T) {
	c := open(&memory{}, "dev")
	root := send(t, c, "dev", "n1", "the question")
	b := connect(t, serve(t, c), "/console/dev/events", "1")
	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n2", root.Ref
	_, err := c.Send(t.Context(), reply)
	require.NoError(t, err)
	post, ok := b.next()
	require.True(t, ok)
	require.Contains(t, post.data, `data-root="1"`)
}

func TestStreamShowsChanges(t *testing.T) {
	c := open(&memory{}, "dev")
	root := send(t, c, "dev", "n1", "the question")
	elsewhere := send(t, c, "ops", "n2", "somewhere else")
	b := connect(t, serve(t, c), "/console/dev/events?after=2", "")

	_, err := c.Edit(t.Context(), to("ops", "changed there"), elsewhere.Ref)
	require.NoError(t, err)
	_, err = c.Edit(t.Context(), to("dev", "the better question"), root.Ref)
	require.NoError(t, err)
	edited, ok := b.next()
	require.True(t, ok)
	require.Equal(t, "changed", edited.name, "the list of rooms shows nothing of a change elsewhere")
	require.Equal(t, "4", edited.id, "a browser that comes back goes on after the change")
	require.Contains(t, edited.data, "the better question")
	require.Contains(t, get(t, c, "/console/dev").Body.String(), edited.data, "a page shows what the stream sends")

	require.NoError(t, c.Retract(t.Context(), hub.Chat{System: "console", ID: "dev"}, root.Ref))
	removed, ok := b.next()
	require.True(t, ok)
	require.Equal(t, []string{"changed", "5"}, []string{removed.name, removed.id})
	require.Contains(t, removed.data, "This message was removed.")
	require.NotContains(t, removed.data, "question")
}

// TestStreamAfterAWhile comes back after posts were written and changed: what
// the browser never saw is new to it, whatever became of it.
func TestStreamAfterAWhile(t *testing.T) {
	c := open(&memory{}, "dev")
	first := send(t, c, "dev", "n1", "seen")
	second := send(t, c, "dev", "n2", "not seen")
	third := send(t, c, "ops", "n3", "not seen either")
	for ref, room := range map[hub.MessageRef]string{first.Ref: "dev", second.Ref: "dev", third.Ref: "ops"} {
		require.NoError(t, c.Retract(t.Context(), hub.Chat{System: "console", ID: room}, ref))
	}
	b := connect(t, serve(t, c), "/console/dev/events", "1")
	got := map[string]string{}
	for range 3 {
		e, ok := b.next()
		require.True(t, ok)
		_, seq, _ := strings.Cut(e.data, `id="`)
		seq, _, _ = strings.Cut(seq, `"`)
		got[seq] = e.name
	}
	require.Equal(t, map[string]string{"m1": "changed", "m2": "post", "": "elsewhere"}, got)
}

func TestStreamFromNow(t *testing.T) {
	c := open(&memory{}, "dev")
	send(t, c, "dev", "n1", "old")
	b := connect(t, serve(t, c), "/console/dev/events", "")
	send(t, c, "dev", "n2", "new")
	post, ok := b.next()
	require.True(t, ok)
	require.Equal(t, "2", post.id, "who names no place starts with what is new")
}

func TestStreamRefuses(t *testing.T) {
	c := open(&memory{}, "dev")
	require.Equal(t, http.StatusBadRequest, get(t, c, "/console/dev/events?after=x").Code)
	require.Equal(t, http.StatusBadRequest, get(t, c, "/console/dev/events?after=-1").Code)
	require.Equal(t, http.StatusNotFound, get(t, c, "/console/a%2Fb/events").Code)
	w := get(t, open(&memory{down: errors.New("secret path")}), "/console/dev/events")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "secret path")
}

// TestResume drops browsers at random places while others post, and requires
// that each of them has seen every post of its room once and in order.
func TestResume(t *testing.T) {
	const senders, each = 4, 60
	c := open(&memory{}, "dev", "ops")
	server := serve(t, c)
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := range each {
				p := to([]string{"dev", "ops"}[i%2], "hello")
				p.Key = fmt.Sprintf("s%di%d", s, i)
				_, err := c.Send(t.Context(), p)
				assert.NoError(t, err)
			}
		})
	}
	for stay := range 5 {
		all.Go(func() { follow(t, server, stay*7+1, senders*each) })
	}
	all.Wait()
}

// follow reads up to event total, and leaves and comes back after every stay
// events.
func follow(t *testing.T, server *httptest.Server, stay, total int) {
	last := 0
	for last < total {
		b := connect(t, server, "/console/dev/events?after=0", strconv.Itoa(last))
		for range stay {
			e, ok := b.next()
			if !assert.True(t, ok) || !assert.Equal(t, strconv.Itoa(last+1), e.id, "neither a gap nor a repetition") {
				return
			}
			if last++; last == total {
				break
			}
		}
		_ = b.body.Close()
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	c := open(&memory{}, "dev")
	server := httptest.NewServer(pagesOf(c))
	server.Config.RegisterOnShutdown(c.Close)
	streams := []*browser{
		connect(t, server, "/console/dev/events", ""), connect(t, server, "/console/dev/events", ""), connect(t, server, "/console/-/events", ""),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, server.Config.Shutdown(ctx), "open streams may not hold the server")
	for _, b := range streams {
		_, ok := b.next()
		require.False(t, ok)
	}
}

// wire is a connection whose reader takes room bytes and then no more. A write
// waits for the deadline as a full TCP connection does.
type wire struct {
	mu       sync.Mutex
	got      bytes.Buffer
	room     int
	header   http.Header
	deadline time.Time
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}

func (w *wire) SetWriteDeadline(at time.Time) error {
	w.deadline = at
	return nil
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.got.Len()+len(b) > w.room {
		time.Sleep(time.Until(w.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return w.got.Write(b)
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got.String()
}

// stream runs the stream of dev on w, and is done when it has ended.
func stream(ctx context.Context, c *console.Client, w http.ResponseWriter) (done chan struct{}) {
	done = make(chan struct{})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/console/dev/events?after=0", nil)
	go func() {
		defer close(done)
		pagesOf(c).ServeHTTP(w, r)
	}()
	return done
}

func TestSlowBrowserIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(&memory{}, "dev")
		slow, quick := &wire{room: 10_000, header: http.Header{}}, &wire{room: 1 << 30, header: http.Header{}}
		dropped := stream(t.Context(), c, slow)
		ctx, leave := context.WithCancel(t.Context())
		left := stream(ctx, c, quick)
		start := time.Now()
		for i := range 200 {
			send(t, c, "dev", fmt.Sprintf("n%d", i), "hello")
		}
		require.Zero(t, time.Since(start), "nobody waits for a slow browser")
		<-dropped
		require.Less(t, time.Since(start), 15*time.Second)
		require.NotEmpty(t, slow.String())
		require.Less(t, len(slow.String()), 10_001)
		leave()
		<-left
		require.Equal(t, 200, strings.Count(quick.String(), "event: post\n"), "the others see it all")
	})
}

func TestQuietStreamStaysAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(&memory{}, "dev")
		w := &wire{room: 1 << 20, header: http.Header{}}
		ctx, leave := context.WithCancel(t.Context())
		left := stream(ctx, c, w)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		begin, rest, found := strings.Cut(w.String(), "event: here\n")
		require.True(t, found)
		require.Equal(t, "retry: 2000\n\n", begin)
		_, rest, _ = strings.Cut(rest, "\n\n")
		require.Equal(t, strings.Repeat(": still here\n\n", 3), rest, "who is here is told once")
		leave()
		<-left
	})
}

func TestPostsOfOtherProcessesAppear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		w := &wire{room: 1 << 20, header: http.Header{}}
		ctx, leave := context.WithCancel(t.Context())
		left := stream(ctx, open(store, "dev"), w)
		synctest.Wait()
		require.NoError(t, store.AppendConsolePost(t.Context(), &hub.ConsolePost{
			Chat: hub.Chat{System: "console", ID: "dev"}, Message: hub.Message{Text: "from afar"},
		}))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Contains(t, w.String(), "from afar")
		leave()
		<-left
	})
}

// TestStreamAsksForTheSignInAgain holds that who may no longer sign in does not
// read on for as long as their page is open: a stream ends now and then, and the
// browser that comes back meets the guard.
func TestStreamAsksForTheSignInAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(&memory{}, "dev")
		w := &wire{room: 1 << 20, header: http.Header{}}
		ended := stream(t.Context(), c, w)
		select {
		case <-ended:
		case <-time.After(24 * time.Hour): // of the bubble's clock
			c.Close()
			<-ended
			require.Fail(t, "the stream goes on for a day")
		}
	})
}
