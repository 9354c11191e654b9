package pane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Stream brings live rows to any number of readers, as server-sent events of the
// name "row", which pane.js shows where data-stream says so.
//
// One Watch runs for all readers, and only while there is one, so a page that
// nobody looks at costs nothing. Nothing is kept for a reader but a short queue:
// who cannot follow is sent away, and their browser comes back.
//
// Fields are set before its first use. A Stream is safe for concurrent use.
type Stream[T any] struct {
	// Watch tells of what happens until ctx ends. If it fails, all readers are sent
	// away, and the first who comes back starts it anew.
	Watch func(ctx context.Context, tell func(T)) error
	// Failed hears why Watch ended. May be nil.
	Failed func(error)

	Most int           // readers at a time; 0 is 100
	Beat time.Duration // how often a quiet stream shows that it lives; 0 is 20 s
	// Longest is how long one answer lasts. Then the browser asks again, and is asked
	// for its sign-in again. 0 is 15 minutes.
	Longest time.Duration

	mu      sync.Mutex
	readers map[*reader[T]]struct{}
	end     context.CancelFunc // of the Watch that runs; nil: none does
	watches sync.WaitGroup
	closed  bool
}

// View is how one reader sees a stream.
type View[T any] struct {
	// First is what happened since their page was made. It is asked for when the
	// reader has begun to hear, so that nothing falls between. May be nil.
	First func(ctx context.Context) ([]T, error)
	// Rows are the rows that v is to a reader, as HTML with one element each: none
	// for what they did not ask for. A row with an id takes the place of the one that
	// has it. Calls for one reader follow each other.
	Rows func(v T) ([]string, error)
}

const (
	// readerQueue is how many things may wait for a reader.
	readerQueue = 256
	// readerPatience is how long a reader may take for what they are sent.
	readerPatience = 10 * time.Second
)

// reader is a browser that listens.
type reader[T any] struct {
	queue chan T
	gone  chan struct{} // closed: they are sent away
	once  sync.Once
}

func (r *reader[T]) sendAway() { r.once.Do(func() { close(r.gone) }) }

// Serve answers with the stream and returns when the reader has gone. An error is
// told before anything was sent.
func (s *Stream[T]) Serve(w http.ResponseWriter, r *http.Request, v View[T]) error {
	if r.Method == http.MethodHead {
		announceStream(w.Header())
		return nil
	}
	me, err := s.join()
	if err != nil {
		return err
	}
	defer s.leave(me)
	var first []T
	if v.First != nil {
		if first, err = v.First(r.Context()); err != nil {
			return err
		}
	}
	announceStream(w.Header())
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	// The server's deadline for reading a request would end the answer, too.
	_ = out.control.SetReadDeadline(time.Time{})
	if out.write("retry: 1000\n\n") != nil || showAll(out, v, first) != nil {
		return nil // they are gone, or come back for what cannot be shown now
	}
	s.follow(r.Context(), out, v, me)
	return nil
}

// follow writes what is told until somebody ends it.
func (s *Stream[T]) follow(ctx context.Context, out *eventWriter, v View[T], me *reader[T]) {
	beat := time.NewTicker(orElse(s.Beat, 20*time.Second))
	defer beat.Stop()
	longest := time.NewTimer(orElse(s.Longest, 15*time.Minute))
	defer longest.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-me.gone:
			return
		case <-longest.C:
			return
		case <-beat.C:
			err = out.write(": still here\n\n")
		case told := <-me.queue:
			err = showAll(out, v, []T{told})
		}
		if err != nil {
			return
		}
	}
}

func showAll[T any](out *eventWriter, v View[T], list []T) error {
	for _, told := range list {
		rows, err := v.Rows(told)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.write(rowEvent(row)); err != nil {
				return err
			}
		}
	}
	return nil
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// join adds a reader and starts the watch for the first.
func (s *Stream[T]) join() (*reader[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.Most
	if most == 0 {
		most = 100
	}
	switch {
	case s.closed:
		return nil, hub.Errorf(hub.CodeUnavailable, "Bellhop is stopping")
	case len(s.readers) >= most:
		return nil, hub.Errorf(hub.CodeUnavailable, "%d browsers watch already, and no more can; close one, or load the page again to see what is new", most)
	}
	if s.readers == nil {
		s.readers = map[*reader[T]]struct{}{}
	}
	me := &reader[T]{queue: make(chan T, readerQueue), gone: make(chan struct{})}
	s.readers[me] = struct{}{}
	if s.end == nil {
		s.begin()
	}
	return me, nil
}

// begin starts the watch. The caller holds mu.
func (s *Stream[T]) begin() {
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.watches.Go(func() {
		defer end()
		err := s.Watch(ctx, func(v T) { s.tell(ctx, v) })
		s.ended(ctx)
		if err != nil && ctx.Err() == nil && s.Failed != nil {
			s.Failed(err)
		}
	})
}

// ended sends the readers away of a watch that ended by itself.
func (s *Stream[T]) ended(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return // it was ended, and another may run by now
	}
	s.end = nil
	for r := range s.readers {
		r.sendAway()
		delete(s.readers, r)
	}
}

// tell queues v for each reader; one whose queue is full is sent away.
func (s *Stream[T]) tell(ctx context.Context, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	for r := range s.readers {
		select {
		case r.queue <- v:
		default:
			r.sendAway()
		}
	}
}

// leave removes a reader; with the last the watch ends.
func (s *Stream[T]) leave(me *reader[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.readers, me)
	if len(s.readers) == 0 {
		s.halt()
	}
}

// halt ends the watch. The caller holds mu.
func (s *Stream[T]) halt() {
	if s.end != nil {
		s.end()
		s.end = nil
	}
}

// Close sends all readers away, now and later, and waits for the watch: a server
// that stops need not wait for them.
func (s *Stream[T]) Close() {
	s.mu.Lock()
	s.closed = true
	s.halt()
	for r := range s.readers {
		r.sendAway()
	}
	s.mu.Unlock()
	s.watches.Wait()
}

// Readers is how many there are.
func (s *Stream[T]) Readers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.readers)
}

func announceStream(h http.Header) {
	web.Protect(h)
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
}

// eventWriter sends each event at once.
type eventWriter struct {
	w       io.Writer
	control *http.ResponseController
}

func (o *eventWriter) write(frame string) error {
	// A writer that knows no deadline, such as a test's, may block as it likes.
	if err := o.control.SetWriteDeadline(time.Now().Add(readerPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(o.w, frame); err != nil {
		return err
	}
	if err := o.control.Flush(); err != nil {
		return err
	}
	_ = o.control.SetWriteDeadline(time.Time{}) // or the end of the answer could not be written later
	return nil
}

// streamLines are what ends a line in an event stream:
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
var streamLines = strings.NewReplacer("\r\n", "\ndata: ", "\r", "\ndata: ", "\n", "\ndata: ")

func rowEvent(html string) string {
	return fmt.Sprintf("event: row\ndata: %s\n\n", streamLines.Replace(html))
}
