package pane

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// How many pages about rooms are shown, of all that ask: each costs a few reads of
// the database, and whoever asks needs no account.
const (
	roomsPerSecond = 10
	roomsAtOnce    = 40
)

// roomPage is the data of room.html, which stands by itself: nobody is signed in.
type roomPage struct {
	*web.Words
	Clock
	Theme   string
	Missing bool // there is no such page; nothing else is told
	Busy    bool // there are too many readers
	View    *admin.RoomView
	Room    roomView
	Rows    []ownedRow
	Told    []roomTold
	Command string // by which people see the rows in the room; empty where nobody listens
	Here    Clock  // of the room
}

// ownedRow is a row in words.
type ownedRow struct {
	Mode hub.Mode
	Says template.HTML
}

// roomTold is a message that was sent, and because of which row.
type roomTold struct {
	admin.ToldRoom
	Because template.HTML // empty: the row is gone
}

// roomDoor limits how often pages about rooms are shown.
func roomDoor() *rate.Limiter { return rate.NewLimiter(roomsPerSecond, roomsAtOnce) }

// room answers whoever has the link of a page about a room. A link that is wrong,
// has ended or was taken back looks the same.
func (p *Pane) room(w http.ResponseWriter, r *http.Request) {
	words := web.WordsOf(r)
	page := &roomPage{Words: words, Clock: p.clock(r, words), Theme: cookie(r, "bellhop_theme")}
	if !p.door.AllowN(p.Now(), 1) {
		w.Header().Set("Retry-After", "5")
		page.Busy = true
		p.showRoom(w, r, http.StatusTooManyRequests, page)
		return
	}
	view, err := p.Admin.RoomView(r.Context(), r.PathValue("token"))
	switch {
	case hub.CodeOf(err) == hub.CodeNotFound:
		page.Missing = true
		p.showRoom(w, r, http.StatusNotFound, page)
		return
	case err != nil:
		_, _ = p.Admin.Describe(r, err) // for the log
		page.Busy = true
		w.Header().Set("Retry-After", "5")
		p.showRoom(w, r, http.StatusServiceUnavailable, page)
		return
	}
	p.fillRoom(r, page, view)
	p.showRoom(w, r, http.StatusOK, page)
}

func (p *Pane) fillRoom(r *http.Request, page *roomPage, view *admin.RoomView) {
	page.View = view
	page.Room = roomView{Kind: view.Kind, System: view.Page.System, Name: view.Name}
	page.Here = page.Clock
	page.Here.zone = view.Clock
	teller := p.teller(r.Context(), page.Words)
	says := map[*hub.Subscription]template.HTML{}
	for i := range view.Rows {
		row := &view.Rows[i]
		says[row] = teller.Row(row).HTML
		page.Rows = append(page.Rows, ownedRow{row.Mode, says[row]})
	}
	for _, told := range view.Told {
		page.Told = append(page.Told, roomTold{told, says[told.Row]})
	}
	if view.Hears {
		page.Command = "/discourse status"
		if view.Kind == "matrix" {
			page.Command = "!discourse status"
		}
	}
}

// showRoom answers with a page that no engine lists, and whose address, which is
// the secret, no other site is told.
func (p *Pane) showRoom(w http.ResponseWriter, r *http.Request, status int, page *roomPage) {
	h := w.Header()
	var body bytes.Buffer
	if err := web.Fragment(&body, page.Words, "pane/room.html", page); err != nil {
		p.Log.ErrorContext(r.Context(), "page not rendered", "page", "room", "err", err)
		http.Error(w, "Bellhop could not make this page.", http.StatusInternalServerError)
		return
	}
	web.Protect(h)
	h.Set("Referrer-Policy", "no-referrer") // the page has no form, which would need an origin
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a reader who went away is no fault of ours
}

// Readers are those who must be able to see what is sent, as words.
func (p *roomPage) Readers() (said []string) {
	for _, r := range p.View.Readers {
		if r.User == "" {
			said = append(said, p.Say("room.anonymous", "Site", r.URL))
		} else {
			said = append(said, p.Say("room.reader", "Site", r.URL))
		}
	}
	return said
}

// Ends is when the page ends, zero for never.
func (p *roomPage) Ends() time.Time { return p.View.Page.ExpiresAt }

// Ask is whom to ask for a change.
func (p *roomPage) Ask() string { return strings.TrimSpace(p.View.Page.Ask) }
