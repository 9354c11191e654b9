package pane

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// chatPage is the data of chat.html: one chat with what our account may do there
// and when it is left alone.
type chatPage struct {
	Frame
	Chat     hub.Chat
	Kind     string
	Name     string
	Rows     int
	Flight   hub.Preflight
	Findings []finding
	Paused   *hub.PausedChat
	Status   admin.ChatStatus
	From, To string // of the quiet hours
	Zone     string
	Zones    []string
	Naps     []string
	Wrong    string // what was wrong with what was sent
	Links    roomLinks
}

// finding is one answer of a preflight, by the name of its question.
type finding struct {
	Name string
	hub.Finding
	Good hub.YesNo // the answer that is hoped for
}

// Lamp is how the answer is, as the icons have it.
func (f finding) Lamp() string {
	switch {
	case f.Is == hub.Unknown:
		return "dash"
	case f.Is != f.Good:
		return "cross"
	case f.Step != "":
		return "limit"
	}
	return "tick"
}

func findings(p hub.Preflight) []finding {
	return []finding{
		{"member", p.Member, hub.Yes},
		{"post", p.Post, hub.Yes},
		{"thread", p.Thread, hub.Yes},
		{"edit", p.Edit, hub.Yes},
		{"delete", p.Delete, hub.Yes},
		{"archived", p.Archived, hub.No},
		{"encrypted", p.Encrypted, hub.No},
	}
}

// Ticks are the answers that a list of rooms shows.
func (r roomRow) Ticks() []finding { return findings(r.Flight())[:5] }

// First is what is to be mended first.
func (r roomRow) First() hub.Finding {
	p := r.Flight()
	return p.First()
}

// zones are time zones to choose from; any other can be typed.
var zones = []string{
	"UTC", "Europe/Berlin", "Europe/Zurich", "Europe/Vienna", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Kyiv", "America/New_York", "America/Chicago",
	"America/Los_Angeles", "America/Sao_Paulo", "Africa/Lagos", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
}

// naps are how long a chat may be left alone with one press.
var naps = []string{"1h", "4h", "09:00", "3d"}

func chatOf(r *http.Request) hub.Chat {
	return hub.Chat{System: hub.System(r.FormValue("system")), ID: r.FormValue("chat")}
}

func (p *Pane) chat(w http.ResponseWriter, r *http.Request) error {
	if r.FormValue("system") == "" && r.FormValue("chat") == "" { // a system may be called so
		return p.showSystem(w, r, "chat")
	}
	page, err := p.chatPage(r)
	if err != nil {
		return err
	}
	page.Toast = p.done(r, page.Words, "systems")
	return p.show(w, r, "pane/chat.html", page)
}

func (p *Pane) chatPage(r *http.Request) (*chatPage, error) {
	ctx, chat := r.Context(), chatOf(r)
	flight, err := p.Admin.Inspect(ctx, chat, false)
	if err != nil {
		return nil, err
	}
	page := &chatPage{Frame: p.frame(r, "systems", "chat.title"), Chat: chat, Name: cmp.Or(flight.Name, chat.ID), Flight: flight, Findings: findings(flight), Zones: zones, Naps: naps}
	rooms, err := p.Admin.AllRooms(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rooms, func(room hub.Room) bool { return room.Chat == chat }); i >= 0 {
		page.Name, page.Rows = nameOf(rooms[i]), rooms[i].Rows
	}
	page.Title = page.Name
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range systems {
		if s.System != chat.System {
			continue
		}
		page.Kind = s.Kind
		if i := slices.IndexFunc(s.PausedChats, func(c hub.PausedChat) bool { return c.Chat == chat.ID }); i >= 0 {
			page.Paused = &s.PausedChats[i]
		}
	}
	if page.Status, err = p.Admin.StatusOf(ctx, chat); err != nil {
		return nil, err
	}
	page.From, page.To, _ = strings.Cut(page.Status.Quiet, "-")
	page.Zone = cmp.Or(page.Status.Zone, page.Status.Clock)
	return page, p.fillLinks(r, page)
}

// Sleeps reports whether the chat is snoozed now.
func (c *chatPage) Sleeps() bool { return !c.Status.SnoozedUntil.IsZero() }

func (p *Pane) inspectChat(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Admin.Inspect(r.Context(), chatOf(r), true); err != nil {
		return err
	}
	return p.back(w, r, chatURL(chatOf(r)), "inspected")
}

func (p *Pane) quietChat(w http.ResponseWriter, r *http.Request) error {
	from, to, zone, done := r.FormValue("from"), r.FormValue("to"), strings.TrimSpace(r.FormValue("zone")), "quiet"
	quiet := short(from) + "-" + short(to)
	if r.FormValue("off") != "" || from == "" && to == "" {
		quiet, done = "", "loud"
	}
	_, err := p.Admin.SetQuiet(r.Context(), chatOf(r), quiet, zone)
	return p.changed(w, r, done, err)
}

// short is a time of day without the seconds that some browsers add.
func short(clock string) string { return clock[:min(len(clock), len("22:00"))] }

func (p *Pane) snoozeChat(w http.ResponseWriter, r *http.Request) error {
	_, err := p.Admin.Snooze(r.Context(), chatOf(r), strings.TrimSpace(r.FormValue("for")))
	return p.changed(w, r, "snoozed", err)
}

func (p *Pane) wakeChat(w http.ResponseWriter, r *http.Request) error {
	_, err := p.Admin.EndSnooze(r.Context(), chatOf(r))
	return p.changed(w, r, "woken", err)
}

// changed leads back to the chat, or shows what was wrong with what was sent.
func (p *Pane) changed(w http.ResponseWriter, r *http.Request, done string, err error) error {
	if hub.CodeOf(err) != hub.CodeInvalid {
		if err != nil {
			return err
		}
		return p.back(w, r, chatURL(chatOf(r)), done)
	}
	page, failed := p.chatPage(r)
	if failed != nil {
		return failed
	}
	page.Wrong = wrongIn(err)
	page.From, page.To, page.Zone = cmp.Or(r.FormValue("from"), page.From), cmp.Or(r.FormValue("to"), page.To), cmp.Or(r.FormValue("zone"), page.Zone)
	web.Render(w, web.WordsOf(r), http.StatusUnprocessableEntity, "pane/chat.html", page)
	return nil
}

// wrongIn are the reasons of an error, without the names of fields.
func wrongIn(err error) string {
	var said []string
	if known, ok := errors.AsType[*hub.Error](err); ok {
		said = slices.Collect(maps.Values(known.Fields))
	}
	if len(said) == 0 {
		return err.Error()
	}
	slices.Sort(said)
	return strings.Join(said, "; ")
}

// Since is when the chat was asked about.
func (c *chatPage) Since() time.Time { return c.Flight.At }
