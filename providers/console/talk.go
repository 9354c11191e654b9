package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	maxBody = 1 << 20 // of what a page sends
	// longestID bounds what a page calls a thing that it sends.
	longestID = 64
	// commandPatience is how long a command is waited for, whether or not the page
	// is still there: the answer is kept for when it is opened again.
	commandPatience = hub.CommandPatience + 5*time.Second
)

// told is what a page is answered.
type told struct {
	Posts   []string          `json:"posts,omitempty"`   // messages to show, as HTML
	Later   bool              `json:"later,omitempty"`   // the answer comes by the stream
	Dialog  string            `json:"dialog,omitempty"`  // a form to open, as HTML
	Error   string            `json:"error,omitempty"`   // what is wrong, in plain words
	Fields  map[string]string `json:"fields,omitempty"`  // what is wrong with fields of the form, by name
	Options []hub.Option      `json:"options,omitempty"` // the answer to a lookup
}

// What pages are told when something cannot be done, by the names of the texts.
const (
	notReady  = "console.cannotAnswer"
	dbSilent  = "console.dbSilent"
	notWhole  = "console.notWhole"
	tooLarge  = "console.tooLarge"
	noSuchBtn = "console.noSuchButton"
	noThread  = "console.noThread"
)

// sending is what a page sends: who does what, where.
type sending struct {
	c    *Client
	w    http.ResponseWriter
	r    *http.Request
	room hub.Chat
	me   hub.User
	id   string // made by the page: the same when it sends the same again
}

// receive reads what a page sent. Where it cannot, it has answered.
func (c *Client) receive(w http.ResponseWriter, r *http.Request) (*sending, bool) {
	s := &sending{c: c, w: w, r: r, me: userOf(r.Context())}
	name, ok := roomName(r.PathValue("room"))
	if !ok {
		s.answer(http.StatusNotFound, told{Error: badRoom(r.PathValue("room")).Error()})
		return nil, false
	}
	s.room = hub.Chat{System: c.system, ID: name}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		if _, much := err.(*http.MaxBytesError); much { //nolint:errorlint // ParseForm wraps nothing
			s.refuse(http.StatusRequestEntityTooLarge, tooLarge)
		} else {
			s.refuse(http.StatusBadRequest, notWhole)
		}
		return nil, false
	}
	s.id = r.PostForm.Get("id")
	if s.me.ID == "" || s.id == "" || len(s.id) > longestID {
		s.refuse(http.StatusBadRequest, notWhole)
		return nil, false
	}
	return s, true
}

// native is what names the thing that was sent, of all that anybody sends.
func (s *sending) native(what string) string { return hub.Digest(what, s.me.ID, s.room.ID, s.id) }

// answer tells the page. A browser without script goes back to the room, where
// the answer stands.
func (s *sending) answer(status int, t told) {
	if strings.Contains(s.r.Header.Get("Accept"), "text/html") && status == http.StatusOK {
		web.Protect(s.w.Header())
		http.Redirect(s.w, s.r, roomURL(s.room.ID), http.StatusSeeOther)
		return
	}
	body, err := json.Marshal(t)
	if err != nil { // strings only
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	web.Protect(s.w.Header())
	s.w.Header().Set("Cache-Control", "no-store")
	s.w.Header().Set("Content-Type", "application/json")
	s.w.WriteHeader(status)
	_, _ = s.w.Write(body) // a reader who went away is no fault of ours
}

// refuse answers why something cannot be done: the name of a text, with its values.
func (s *sending) refuse(status int, why string, values ...any) {
	s.answer(status, told{Error: s.words().Say(why, values...)})
}

// words are those of who sends.
func (s *sending) words() *web.Words { return web.WordsOf(s.r) }

// failed answers that the store did not work.
func (s *sending) failed(err error) {
	s.c.log.Error("the console could not keep what was said", "system", s.c.system, "chat", s.room.ID, "err", err)
	s.w.Header().Set("Retry-After", "5")
	s.refuse(http.StatusServiceUnavailable, dbSilent)
}

// html is a post as the page shows it.
func (s *sending) html(p *hub.ConsolePost) string {
	var b bytes.Buffer
	if err := web.Fragment(&b, s.words(), "post", viewPost(*p, s.me)); err != nil {
		s.c.log.Error("a message could not be shown", "err", err)
		return ""
	}
	return b.String()
}

// takeMessage takes what somebody typed: a command to Bellhop, which nobody else
// sees, or a message to the room.
func (c *Client) takeMessage(w http.ResponseWriter, r *http.Request) {
	s, ok := c.receive(w, r)
	if !ok {
		return
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(r.PostForm.Get("text"), "\uFFFD"), "\r\n", "\n")
	text = strings.TrimLeft(text, "\n")
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		s.refuse(http.StatusUnprocessableEntity, "console.nothing")
		return
	case n > limit:
		s.refuse(http.StatusUnprocessableEntity, "console.tooLong", "Limit", s.words().Number(limit), "Length", s.words().Number(n))
		return
	}
	root, ok := s.thread(r.PostForm.Get("root"))
	if !ok {
		return
	}
	post := &hub.ConsolePost{Chat: s.room, Root: root, Author: &s.me, Key: "s" + s.native("say"), Message: hub.Message{Text: strings.TrimSpace(text)}}
	if line, is := commandLine(text); is {
		s.typed(post, line)
		return
	}
	if err := c.store.AppendConsolePost(r.Context(), post); err != nil {
		s.failed(err)
		return
	}
	c.news.ring()
	s.answer(http.StatusOK, told{Posts: []string{s.html(post)}})
}

// commandLine is a line that begins with a slash, without it. A space before it
// makes it a message.
func commandLine(text string) (line string, is bool) {
	line, is = strings.CutPrefix(text, "/")
	line = strings.TrimSpace(line)
	return line, is && line != "" && !strings.HasPrefix(text, "//")
}

// thread is the root that a reply goes below. Where there is none it has answered.
func (s *sending) thread(asked string) (hub.MessageRef, bool) {
	if asked == "" {
		return "", true
	}
	p, err := s.c.find(s.r.Context(), s.room, s.me, hub.MessageRef(asked))
	switch {
	case err != nil:
		s.failed(err)
	case p == nil || p.Reader != "":
		s.refuse(http.StatusNotFound, noThread)
	case p.Root != "":
		return p.Root, true
	default:
		return refOf(p.Seq), true
	}
	return "", false
}

// find is the post at ref that somebody may see, nil if there is none.
func (c *Client) find(ctx context.Context, room hub.Chat, me hub.User, ref hub.MessageRef) (*hub.ConsolePost, error) {
	seq := seqOf(ref)
	if seq == 0 {
		return nil, nil
	}
	posts, err := c.store.ConsolePosts(ctx, room, me.ID, seq+1, 1)
	if err != nil || len(posts) == 0 || posts[0].Seq != seq || posts[0].Gone {
		return nil, err
	}
	return &posts[0], nil
}
