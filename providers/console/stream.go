package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	// keepAlive is how often a quiet stream shows that it lives: proxies end
	// connections that are silent for 30 to 60 seconds.
	keepAlive = 20 * time.Second
	// lookAround is how often a stream asks the store for what other processes
	// have posted; what this one posts wakes it at once.
	lookAround = 3 * time.Second
	// patience is how long a reader may take for what it is sent. A slower one is
	// dropped and goes on later from the last news it got.
	patience = 10 * time.Second
	// longest is how long a stream lasts. Then the browser comes back, and is asked
	// for its sign-in again.
	longest = 15 * time.Minute
	// batch is how many posts are read from the store at a time.
	batch = 50
)

// Close ends every stream, now and later, so that the HTTP server can stop: give
// it to http.Server.RegisterOnShutdown. Sending goes on working.
func (c *Client) Close() { c.close() }

// showEvents streams what is posted and changed, as server-sent events: "post"
// for a new post of the room, "changed" for one that now says something else or
// is gone, "elsewhere" for a new post of another room; what is for somebody else
// alone is left out. Each event's id is the Rev
// of its post, so a browser that comes back says where to go on.
//
// No post is kept for a reader: each stream reads the store from where it is,
// as fast as its reader takes it. So a slow one costs no memory, and nothing is
// lost or sent twice over a reconnect.
func (c *Client) showEvents(w http.ResponseWriter, r *http.Request) {
	room, ok := roomName(r.PathValue("room"))
	if !ok && r.PathValue("room") != noRoom {
		http.Error(w, badRoom(r.PathValue("room")).Error(), http.StatusNotFound)
		return
	}
	after, err := c.from(r)
	switch {
	case hub.CodeOf(err) == hub.CodeInvalid:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err != nil:
		c.log.Error("console stream not started", "system", c.system, "chat", room, "err", err)
		http.Error(w, web.WordsOf(r).Say("console.dbSilent"), http.StatusServiceUnavailable)
		return
	}
	announce(w.Header())
	if r.Method == http.MethodHead {
		return
	}
	s := &stream{c: c, out: w, control: http.NewResponseController(w), words: web.WordsOf(r), room: room, me: userOf(r.Context()), after: after}
	if err := s.run(r.Context()); err != nil && r.Context().Err() == nil {
		c.log.Debug("console stream dropped", "system", c.system, "chat", room, "err", err)
	}
}

func announce(h http.Header) {
	web.Protect(h)
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
}

// from is the Rev after which to go on: what a returning browser says, else
// what the page says, else now.
func (c *Client) from(r *http.Request) (int64, error) {
	said := r.Header.Get("Last-Event-ID")
	if said == "" {
		said = r.URL.Query().Get("after")
	}
	if said != "" {
		rev, err := strconv.ParseInt(said, 10, 64)
		if err != nil || rev < 0 {
			return 0, hub.Errorf(hub.CodeInvalid, "Last-Event-ID and after are the number of a message or of a change")
		}
		return rev, nil
	}
	rooms, err := c.listRooms(r.Context())
	if err != nil {
		return 0, err
	}
	return c.newest(r.Context(), rooms)
}

// stream is one reader's.
type stream struct {
	c       *Client
	out     io.Writer
	control *http.ResponseController
	words   *web.Words
	room    string
	me      hub.User
	after   int64  // the Rev of what was written last
	here    string // who is here, as it was written last
}

// run writes until the reader goes, the console closes or something fails.
func (s *stream) run(ctx context.Context) error {
	alive, look := time.NewTicker(keepAlive), time.NewTicker(lookAround)
	defer alive.Stop()
	defer look.Stop()
	ends := time.NewTimer(longest)
	defer ends.Stop()
	if err := s.write("retry: 2000\n\n"); err != nil {
		return err
	}
	if s.room != "" {
		defer s.c.enter(s.room, s.me)()
	}
	for {
		news := s.c.news.next() // before reading, so that none falls between
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		if err := s.lookAround(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.c.closed:
			return nil
		case <-ends.C:
			return nil
		case <-news:
		case <-look.C:
		case <-alive.C:
			if err := s.write(": still here\n\n"); err != nil {
				return err
			}
		}
	}
}

// catchUp writes all that is new or changed since what was written last. A post
// whose Seq was passed by then was written, or shown by the page, as it was at
// first; any other is new to the reader, though it may have been changed already.
func (s *stream) catchUp(ctx context.Context) error {
	from := s.after
	for {
		posts, err := s.c.store.ConsolePostsAfter(ctx, s.c.system, s.after, batch)
		if err != nil {
			return err
		}
		for _, p := range posts {
			if err := s.writePost(p, p.Seq > from); err != nil {
				return err
			}
			s.after = p.Rev
		}
		if len(posts) < batch || s.ending(ctx) {
			return nil
		}
	}
}

// lookAround writes who is here, if that has changed. It is no news of a post: it
// has no number, and a browser that comes back is told anew.
func (s *stream) lookAround() error {
	if s.room == "" {
		return nil
	}
	var b bytes.Buffer
	if err := web.Fragment(&b, s.words, "people-here", s.c.here.in(s.room, s.me)); err != nil || b.String() == s.here {
		return err
	}
	s.here = b.String()
	return s.write("event: here\ndata: " + strings.ReplaceAll(lineEnds.Replace(s.here), "\n", "\ndata: ") + "\n\n")
}

func (s *stream) ending(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-s.c.closed:
		return true
	default:
		return false
	}
}

func (s *stream) writePost(p hub.ConsolePost, isNew bool) error {
	name, fragment, data := "elsewhere", "room-link", any(viewRoom(p.Chat.ID, 1, false))
	switch {
	case p.Reader != "" && (p.Reader != s.me.ID || p.Chat.ID != s.room):
		return nil
	case p.Chat.ID == s.room && isNew:
		name, fragment, data = "post", "post", viewPost(p, s.me)
	case p.Chat.ID == s.room:
		name, fragment, data = "changed", "post", viewPost(p, s.me)
	case !isNew:
		return nil // the list of rooms shows nothing of it
	}
	var b bytes.Buffer
	if err := web.Fragment(&b, s.words, fragment, data); err != nil {
		return err
	}
	return s.write(event(p.Rev, name, b.String()))
}

func (s *stream) write(frame string) error {
	// A writer that knows no deadline, such as a test's, may block as it likes.
	_ = s.control.SetWriteDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(s.out, frame); err != nil {
		return err
	}
	return s.control.Flush()
}

// lineEnds are what ends a line in an event stream:
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func event(id int64, name, data string) string {
	lines := strings.ReplaceAll(lineEnds.Replace(data), "\n", "\ndata: ")
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, name, lines)
}

// news tells any number of streams that there are new posts. The zero news is
// ready.
type news struct {
	mu   sync.Mutex
	rung chan struct{}
}

// next is closed by the next ring.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.rung == nil {
		n.rung = make(chan struct{})
	}
	return n.rung
}

func (n *news) ring() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.rung != nil {
		close(n.rung)
		n.rung = nil
	}
}
