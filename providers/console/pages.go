package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// pageSize is how many messages a page shows, replies included.
const pageSize = 100

// noRoom stands in the address of the stream of a page without a room. It is
// no name of a room.
const noRoom = "-"

// Routes registers the pages. Every one of them is behind guard, which decides
// who may read and write, and refuses what another site's page sends; who is the
// user that guard let through. The files they need are web.Static's, under
// /static/, and what completes a line is at /api/v1/autocomplete.
//
// frame makes what stands around a page with a title: the data of the templates
// pane-top and pane-end. It may be nil, for pages that stand alone.
func (c *Client) Routes(mux Mux, guard func(http.Handler) http.Handler, who func(context.Context) hub.User, frame func(r *http.Request, title string) any) {
	handle := func(pattern string, page http.HandlerFunc) {
		mux.Handle(pattern, guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			page(w, r.WithContext(context.WithValue(r.Context(), readerKey{}, reader{who(r.Context()), frame})))
		})))
	}
	handle("GET /console", c.showFirst)
	handle("GET /console/{room}", c.showRoom)
	handle("GET /console/{room}/events", c.showEvents)
	handle("POST /console/{room}/messages", c.takeMessage)
	handle("POST /console/{room}/actions", c.takePress)
	handle("POST /console/{room}/forms", c.takeForm)
}

// Mux takes handlers by the patterns of http.ServeMux.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// reader is who looks at a page, and what makes the frame around it.
type reader struct {
	user  hub.User
	frame func(r *http.Request, title string) any // nil: none
}

type readerKey struct{}

func readerOf(ctx context.Context) reader {
	who, _ := ctx.Value(readerKey{}).(reader)
	return who
}

// userOf is who looks at a page.
func userOf(ctx context.Context) hub.User { return readerOf(ctx).user }

// page is the data of console.html.
type page struct {
	Frame         any    // what stands around it, nil for nothing
	Texts         string // what the scripts say, as JSON
	RoomsOnly     bool   // on a narrow screen the rooms are a page of their own
	Here          []author
	Watch         string // a command to try, in chat
	Title, System string
	Room, URL     string
	Posts         int // that the room holds
	Rooms         []roomLink
	Log           []post
	Older         string // where older messages are shown
	Static        bool   // it shows older messages and does not change
	Events        string // where the stream is; empty for a page that does not change
	After         int64  // Rev from which the stream has to go on
	Subscribe     string // a command to try
	Send          string // a command to try
	Me            string // id of the user who looks
	Ready         bool   // somebody listens
	Token         string // names what is said next, once
}

type roomLink struct {
	Name, URL string
	Posts     int
	Current   bool
}

// showFirst goes to the first room, or says how to get one.
func (c *Client) showFirst(w http.ResponseWriter, r *http.Request) {
	rooms, err := c.listRooms(r.Context())
	if err != nil {
		c.unavailable(w, r, err)
		return
	}
	if isList := r.URL.Query().Has("rooms"); isList || len(rooms) == 0 {
		p := c.newPage(userOf(r.Context()), "", rooms)
		p.Title = web.WordsOf(r).Say("console.title")
		if p.RoomsOnly = isList && len(rooms) > 0; p.RoomsOnly {
			p.Events = "" // it would go to the first room that is heard of
		}
		c.show(w, r, p)
		return
	}
	first := rooms[0].ID
	if len(c.rooms) > 0 {
		first = c.rooms[0]
	}
	http.Redirect(w, r, roomURL(first), http.StatusSeeOther)
}

func (c *Client) showRoom(w http.ResponseWriter, r *http.Request) {
	asked := r.PathValue("room")
	room, ok := roomName(asked)
	if !ok {
		web.Render(w, web.WordsOf(r), http.StatusNotFound, "problem.html", web.Problem{Title: web.WordsOf(r).Say("console.noRoom"), Detail: badRoom(asked).Error()})
		return
	}
	if room != asked {
		http.Redirect(w, r, roomURL(room), http.StatusSeeOther)
		return
	}
	p, err := c.roomPage(r.Context(), room, before(r.URL.Query()))
	if err != nil {
		c.unavailable(w, r, err)
		return
	}
	c.show(w, r, p)
}

// show answers with a page, in its frame.
func (c *Client) show(w http.ResponseWriter, r *http.Request, p *page) {
	words := web.WordsOf(r)
	p.Texts = texts(words)
	if frame := readerOf(r.Context()).frame; frame != nil {
		p.Frame = frame(r, p.Title)
	}
	web.Render(w, words, http.StatusOK, "pane/console.html", p)
}

// roomPage is a room's newest messages, or those before a Seq. Where the stream
// goes on is read first: what arrives meanwhile comes again by the stream, and
// the script knows what it shows already.
func (c *Client) roomPage(ctx context.Context, room string, before int64) (*page, error) {
	rooms, err := c.listRooms(ctx)
	if err != nil {
		return nil, err
	}
	after, err := c.newest(ctx, rooms)
	if err != nil {
		return nil, err
	}
	chat := hub.Chat{System: c.system, ID: room}
	me := userOf(ctx)
	posts, err := c.store.ConsolePosts(ctx, chat, me.ID, before, pageSize+1)
	if err != nil {
		return nil, fault("console posts", err)
	}
	p := c.newPage(me, room, withRoom(rooms, chat))
	if len(posts) > pageSize {
		posts = posts[1:]
		p.Older = fmt.Sprintf("%s?before=%d", p.URL, posts[0].Seq)
	}
	p.Log, p.After = threaded(posts, me), after
	p.Here = c.here.in(room, me)
	if before > 0 {
		p.Static, p.Events = true, ""
	}
	return p, nil
}

// newest is the Rev of the newest post of all rooms, 0 if there is none. What
// was changed after it was comes by the stream once more, which changes nothing.
func (c *Client) newest(ctx context.Context, rooms []hub.ConsoleRoom) (int64, error) {
	var last hub.ConsoleRoom
	for _, room := range rooms {
		if room.Last.After(last.Last) {
			last = room
		}
	}
	if last.ID == "" {
		return 0, nil
	}
	posts, err := c.store.ConsolePosts(ctx, last.Chat, "", 0, 1)
	if err != nil || len(posts) == 0 {
		return 0, fault("console posts", err)
	}
	return posts[0].Rev, nil
}

func (c *Client) newPage(me hub.User, room string, rooms []hub.ConsoleRoom) *page {
	example := room
	if room == "" {
		example = "support"
	}
	p := &page{
		Me: me.ID, Ready: c.ears.now() != nil, Token: rand.Text(),
		Title: "#" + room, System: string(c.system), Room: room, URL: roomURL(room), Events: roomURL(room) + "/events",
		Subscribe: fmt.Sprintf("bellhop subs add %s %s c/support", c.system, example),
		Watch:     "/discourse watch support",
		Send:      fmt.Sprintf("bellhop send %s %s 'Hello from **Bellhop**'", c.system, example),
	}
	if room == "" {
		p.Events = roomURL(noRoom) + "/events"
	}
	for _, r := range rooms {
		p.Rooms = append(p.Rooms, viewRoom(r.ID, r.Posts, r.ID == room))
		if r.ID == room {
			p.Posts = r.Posts
		}
	}
	return p
}

func viewRoom(name string, posts int, current bool) roomLink {
	return roomLink{Name: name, URL: roomURL(name), Posts: posts, Current: current}
}

func (c *Client) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the reader has gone
	}
	c.log.Error("console page not shown", "system", c.system, "err", err)
	w.Header().Set("Retry-After", "5")
	again := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	web.Render(w, web.WordsOf(r), http.StatusServiceUnavailable, "problem.html", web.Problem{
		Title:  web.WordsOf(r).Say("console.down"),
		Detail: web.WordsOf(r).Say("console.downText"),
		Retry:  again.String(),
	})
}
