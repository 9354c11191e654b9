package pane_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin/pane"
	"github.com/bellhop-chat/bellhop/hub"
)

// news is a stream of numbers, and what a test does with it.
type news struct {
	*pane.Stream[int]
	tell    chan int
	started atomic.Int32 // watches so far
	running atomic.Int32
	fail    chan error
	failed  chan error
	url     string
}

func newNews(t *testing.T, change func(*pane.Stream[int]), v pane.View[int]) *news {
	t.Helper()
	n := &news{tell: make(chan int), fail: make(chan error), failed: make(chan error, 1)}
	n.Stream = &pane.Stream[int]{Watch: n.watch, Failed: func(err error) { n.failed <- err }}
	if change != nil {
		change(n.Stream)
	}
	if v.Rows == nil {
		v.Rows = func(i int) ([]string, error) { return []string{fmt.Sprintf("<li>%d</li>", i)}, nil }
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := n.Serve(w, r, v); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}))
	server.Config.ReadTimeout = 50 * time.Millisecond // as of a server that lets no sender dawdle
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(n.Close)
	n.url = server.URL
	return n
}

func (n *news) watch(ctx context.Context, tell func(int)) error {
	n.started.Add(1)
	n.running.Add(1)
	defer n.running.Add(-1)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-n.fail:
			return err
		case i := <-n.tell:
			tell(i)
		}
	}
}

// listener reads a stream line by line.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	leave func()
}

func (n *news) listen(t *testing.T) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", answer.Header.Get("Content-Type"))
	l := &listener{t, bufio.NewScanner(answer.Body), cancel}
	l.hears("retry: 1000")
	return l
}

// hears reads until a line.
func (l *listener) hears(line string) {
	l.t.Helper()
	var before []string
	for l.lines.Scan() {
		if l.lines.Text() == line {
			return
		}
		before = append(before, l.lines.Text())
	}
	require.Fail(l.t, "the stream ended", "before it said %q: %v %q", line, l.lines.Err(), before)
}

// ends reads until the server ends the stream.
func (l *listener) ends() {
	l.t.Helper()
	for l.lines.Scan() {
	}
	require.NoError(l.t, l.lines.Err())
}

func TestStreamTellsEveryReader(t *testing.T) {
	n := newNews(t, nil, pane.View[int]{
		First: func(context.Context) ([]int, error) { return []int{1}, nil },
		Rows: func(i int) ([]string, error) {
			if i == 2 {
				return nil, nil // not for this reader
			}
			return []string{fmt.Sprintf("<tr>\n<td>%d\r\n</td></tr>", i)}, nil
		},
	})
	a, b := n.listen(t), n.listen(t)
	for _, l := range []*listener{a, b} {
		l.hears("event: row")
		l.hears("data: <tr>")
		l.hears("data: <td>1")
		l.hears("data: </td></tr>")
	}
	n.tell <- 2
	n.tell <- 3
	for _, l := range []*listener{a, b} {
		l.hears("data: <td>3")
	}
	require.EqualValues(t, 1, n.started.Load(), "one watch is for all")
}

func TestStreamWatchesWhileSomebodyReads(t *testing.T) {
	n := newNews(t, nil, pane.View[int]{})
	require.Zero(t, n.started.Load())
	a, b := n.listen(t), n.listen(t)
	a.leave()
	require.Eventually(t, func() bool { return n.Readers() == 1 }, 10*time.Second, time.Millisecond)
	n.tell <- 1
	b.hears("data: <li>1</li>")
	b.leave()
	require.Eventually(t, func() bool { return n.Readers() == 0 && n.running.Load() == 0 }, 10*time.Second, time.Millisecond)
	c := n.listen(t)
	n.tell <- 2
	c.hears("data: <li>2</li>")
	require.EqualValues(t, 2, n.started.Load())
}

func TestStreamShowsThatItLives(t *testing.T) {
	n := newNews(t, func(s *pane.Stream[int]) { s.Beat = 20 * time.Millisecond }, pane.View[int]{})
	l := n.listen(t)
	for range 8 { // longer than the server waits for a request
		l.hears(": still here")
	}
	n.tell <- 1
	l.hears("data: <li>1</li>")
}

func TestStreamTakesSoManyReaders(t *testing.T) {
	n := newNews(t, func(s *pane.Stream[int]) { s.Most = 2 }, pane.View[int]{})
	a := n.listen(t)
	n.listen(t)
	recorder := httptest.NewRecorder()
	err := n.Serve(recorder, httptest.NewRequest(http.MethodGet, "/", http.NoBody), pane.View[int]{})
	require.Equal(t, hub.CodeUnavailable, hub.CodeOf(err))
	require.ErrorContains(t, err, "2 browsers watch already")
	a.leave()
	require.Eventually(t, func() bool { return n.Readers() == 1 }, 10*time.Second, time.Millisecond)
	n.listen(t)
}

func TestStreamSendsReadersAway(t *testing.T) {
	t.Run("when their time is over", func(t *testing.T) {
		newNews(t, func(s *pane.Stream[int]) { s.Longest = 20 * time.Millisecond }, pane.View[int]{}).listen(t).ends()
	})
	t.Run("when it stops", func(t *testing.T) {
		n := newNews(t, nil, pane.View[int]{})
		l := n.listen(t)
		n.Close()
		require.Zero(t, n.running.Load(), "it waits for its watch")
		l.ends()
		require.Error(t, n.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), pane.View[int]{}))
		n.Close()
	})
	t.Run("when its watch fails", func(t *testing.T) {
		n := newNews(t, nil, pane.View[int]{})
		l := n.listen(t)
		n.fail <- io.ErrUnexpectedEOF
		l.ends()
		require.ErrorIs(t, <-n.failed, io.ErrUnexpectedEOF)
		again := n.listen(t)
		n.tell <- 1
		again.hears("data: <li>1</li>")
	})
	t.Run("when a row cannot be made", func(t *testing.T) {
		n := newNews(t, nil, pane.View[int]{Rows: func(int) ([]string, error) { return nil, errors.New("no") }})
		l := n.listen(t)
		n.tell <- 1
		l.ends()
	})
}

// A reader who takes nothing must hold up neither the watch nor the others.
func TestStreamSendsSlowReadersAway(t *testing.T) {
	stuck, free := make(chan struct{}), make(chan struct{})
	n := newNews(t, nil, pane.View[int]{Rows: func(i int) ([]string, error) {
		if i == 0 {
			close(stuck)
			<-free
		}
		return []string{strings.Repeat("x", i)}, nil
	}})
	l := n.listen(t)
	n.tell <- 0
	<-stuck
	for i := range 1000 {
		n.tell <- i + 1
	}
	close(free)
	l.ends()
	require.Eventually(t, func() bool { return n.Readers() == 0 }, 10*time.Second, time.Millisecond)
}

func TestStreamRefusesBeforeItAnswers(t *testing.T) {
	n := newNews(t, nil, pane.View[int]{})
	recorder := httptest.NewRecorder()
	err := n.Serve(recorder, httptest.NewRequest(http.MethodGet, "/", http.NoBody), pane.View[int]{
		First: func(context.Context) ([]int, error) { return nil, io.ErrClosedPipe },
	})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.Empty(t, recorder.Body.String())
	require.NoError(t, n.Serve(recorder, httptest.NewRequest(http.MethodHead, "/", http.NoBody), pane.View[int]{}))
	require.Equal(t, "no-store", recorder.Header().Get("Cache-Control"))
	require.Zero(t, n.Readers())
	require.Eventually(t, func() bool { return n.running.Load() == 0 }, 10*time.Second, time.Millisecond, "the watch of the first has ended")
}
