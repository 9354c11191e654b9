package pane

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

func (p *Pane) systemPages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/systems", Need: hub.Viewer, Handle: p.systems},
		{Method: http.MethodGet, Path: "/systems/checks", Need: hub.Viewer, Handle: p.systemChecks},
		{Method: http.MethodPost, Path: "/systems/check", Need: hub.Editor, Handle: p.checkSystems},
		{Method: http.MethodPost, Path: "/systems/resume", Need: hub.Editor, Handle: p.resumeSystem},
		{Method: http.MethodGet, Path: "/systems/chat", Need: hub.Viewer, Handle: p.chat},
		{Method: http.MethodPost, Path: "/systems/chat/inspect", Need: hub.Editor, Handle: p.inspectChat},
		{Method: http.MethodPost, Path: "/systems/chat/quiet", Need: hub.Editor, Handle: p.quietChat},
		{Method: http.MethodPost, Path: "/systems/chat/snooze", Need: hub.Editor, Handle: p.snoozeChat},
		{Method: http.MethodPost, Path: "/systems/chat/wake", Need: hub.Editor, Handle: p.wakeChat},
	}
}

// systemsPage is the data of systems.html.
type systemsPage struct {
	Frame
	Systems []systemTile
	Paused  []pausedRow
	Checks  checksPart
	Rooms   roomsPart
	Blocked []blockedNote
	Broken  []hub.SectionShown // made here and not in force
}

// systemTile is a system with what waits for it.
type systemTile struct {
	hub.SystemStatus
	Waiting int64
	Rooms   int // that subscriptions name
}

// pausedRow is a chat that takes no messages.
type pausedRow struct {
	hub.PausedChat
	System hub.System
	Kind   string
	Name   string
}

// blockedNote tells of the chats of a system in which nothing may be posted.
type blockedNote struct {
	System hub.System
	Count  int
	Name   string // of the first
	Find   hub.Finding
}

// roomsPart is the list of rooms with its filters.
type roomsPart struct {
	Rows   []roomRow
	Total  int
	All    int    // without filters
	Next   string // the address of the next page
	Query  admin.RoomQuery
	States []string
	Kinds  map[hub.System]string
	Names  []hub.System
}

// Filtered reports whether rooms were looked for.
func (p roomsPart) Filtered() bool {
	return p.Query.System != "" || p.Query.State != "" || p.Query.Text != ""
}

// roomRow is a room with when it is left alone.
type roomRow struct {
	hub.Room
	Kind   string
	Label  string
	Status admin.ChatStatus
	Paused bool
}

// URL is the room's own page.
func (r roomRow) URL() string { return chatURL(r.Chat) }

func chatURL(c hub.Chat) string {
	return "/systems/chat?" + url.Values{"system": {string(c.System)}, "chat": {c.ID}}.Encode()
}

// Flight is what is known of the room, all of it unknown where nothing is.
func (r roomRow) Flight() hub.Preflight {
	if r.Preflight == nil {
		return hub.Unasked(r.Chat, "", time.Time{})
	}
	return *r.Preflight
}

// Lamp is how the system is, as the state classes have it.
func (t systemTile) Lamp() string {
	switch {
	case t.State == hub.SystemPaused:
		return "bad"
	case t.State == hub.SystemUnknown || len(t.PausedChats) > 0:
		return "warn"
	}
	return "ok"
}

// ability is something that a platform may be able to do.
type ability struct {
	Name string
	Has  bool
}

// Abilities are what the system can do and what not.
func (t systemTile) Abilities() []ability {
	f := t.Features
	return []ability{
		{"threads", f.Threads},
		{"edits", f.Edits},
		{"deletes", f.Deletes},
		{"buttons", f.Buttons},
		{"dialogs", f.Dialogs},
		{"images", f.Images},
		{"uploads", f.Uploads},
		{"whispers", f.Whispers},
		{"listens", f.Listens},
		{"chats", f.Chats},
		{"idempotent", f.Idempotent},
	}
}

func (p *Pane) systems(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return err
	}
	rooms, err := p.Admin.AllRooms(ctx)
	if err != nil {
		return err
	}
	page := systemsPage{Frame: p.frame(r, "systems", "systems.title")}
	page.Toast = cmp.Or(p.done(r, page.Words, "sections"), p.done(r, page.Words, "systems"))
	page.Broken = p.brokenSystems(r, systems)
	for _, s := range systems {
		waiting, err := p.Backlog(ctx, s.System)
		if err != nil {
			return err
		}
		tile := systemTile{SystemStatus: s, Waiting: waiting}
		blocked := blockedNote{System: s.System}
		for _, room := range rooms {
			if room.System != s.System {
				continue
			}
			tile.Rooms++
			if room.State() == hub.PreflightBlocked {
				if blocked.Count++; blocked.Count == 1 {
					blocked.Name, blocked.Find = nameOf(room), room.Preflight.First()
				}
			}
		}
		if blocked.Count > 0 {
			page.Blocked = append(page.Blocked, blocked)
		}
		page.Systems = append(page.Systems, tile)
		page.Paused = append(page.Paused, pausedRows(s, rooms)...)
	}
	if page.Rooms, err = p.roomsPart(r, systems, len(rooms)); err != nil {
		return err
	}
	if page.Checks, err = p.checksPart(r, systems); err != nil {
		return err
	}
	return p.show(w, r, "pane/systems.html", &page)
}

// brokenSystems are those that were made here and are not in force.
func (p *Pane) brokenSystems(r *http.Request, systems []hub.SystemStatus) (list []hub.SectionShown) {
	for _, shown := range p.Admin.SectionList(r.Context(), hub.PartSystem) {
		if shown.Problem != "" && !slices.ContainsFunc(systems, func(s hub.SystemStatus) bool { return string(s.System) == shown.Name }) {
			list = append(list, shown)
		}
	}
	return list
}

func nameOf(r hub.Room) string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func pausedRows(s hub.SystemStatus, rooms []hub.Room) (rows []pausedRow) {
	for _, c := range s.PausedChats {
		row := pausedRow{PausedChat: c, System: s.System, Kind: s.Kind, Name: c.Chat}
		if i := slices.IndexFunc(rooms, func(r hub.Room) bool { return r.System == s.System && r.ID == c.Chat }); i >= 0 {
			row.Name = nameOf(rooms[i])
		}
		rows = append(rows, row)
	}
	return rows
}

// URL is the chat's own page.
func (r pausedRow) URL() string { return chatURL(hub.Chat{System: r.System, ID: r.Chat}) }

func (p *Pane) roomsPart(r *http.Request, systems []hub.SystemStatus, all int) (roomsPart, error) {
	q := admin.RoomQuery{
		System: hub.System(r.FormValue("system")), State: r.FormValue("state"), Text: r.FormValue("q"), Page: hub.Page{Limit: 50, Cursor: r.FormValue("cursor")},
	}
	if !slices.Contains(hub.PreflightStates(), q.State) {
		q.State = ""
	}
	found, next, total, err := p.Admin.FindRooms(r.Context(), q)
	if err != nil {
		return roomsPart{}, err
	}
	statuses, err := p.Admin.ChatStatuses(r.Context())
	if err != nil {
		return roomsPart{}, err
	}
	part := roomsPart{Total: total, All: all, Query: q, States: hub.PreflightStates(), Kinds: map[hub.System]string{}}
	paused := map[hub.Chat]bool{}
	for _, s := range systems {
		part.Kinds[s.System] = s.Kind
		part.Names = append(part.Names, s.System)
		for _, c := range s.PausedChats {
			paused[hub.Chat{System: s.System, ID: c.Chat}] = true
		}
	}
	for _, room := range found {
		part.Rows = append(part.Rows, roomRow{Room: room, Kind: part.Kinds[room.System], Label: nameOf(room), Status: statuses[room.Chat], Paused: paused[room.Chat]})
	}
	if next != "" {
		values := url.Values{"cursor": {next}}
		for name, v := range map[string]string{"system": string(q.System), "state": q.State, "q": q.Text} {
			if v != "" {
				values.Set(name, v)
			}
		}
		part.Next = "/systems?" + values.Encode() + "#rooms"
	}
	return part, nil
}

// checksPart is how far the rounds of checks have come.
type checksPart struct {
	Rounds  []checkRow
	Running bool
	Fresh   bool   // a script asks: one that has ended is told with its result
	Here    string // the page that the reader looks at
}

// Amiss reports whether a round found something that needs somebody.
func (p checksPart) Amiss() bool {
	return slices.ContainsFunc(p.Rounds, func(c checkRow) bool { return c.Blocked > 0 || c.Error != "" })
}

type checkRow struct {
	hub.Check
	Kind string
	Goes bool
}

// recent is for how long a round that has ended is told of.
const recent = 2 * time.Minute

func (p *Pane) checksPart(r *http.Request, systems []hub.SystemStatus) (checksPart, error) {
	part, now := checksPart{}, p.Now()
	for _, s := range systems {
		c, err := p.Admin.Rooms.Checked(r.Context(), s.System)
		if err != nil {
			return part, err
		}
		goes := c.Running(now)
		if part.Running = part.Running || goes; goes || now.Sub(c.At) < recent {
			part.Rounds = append(part.Rounds, checkRow{c, s.Kind, goes})
		}
	}
	return part, nil
}

func (p *Pane) systemChecks(w http.ResponseWriter, r *http.Request) error {
	if !isPart(r) { // a system may be called so
		return p.showSystem(w, r, "checks")
	}
	systems, err := p.Admin.Systems(r.Context())
	if err != nil {
		return err
	}
	part, err := p.checksPart(r, systems)
	if err != nil {
		return err
	}
	part.Fresh, part.Here = true, "/systems"
	if u, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && u.Path == "/systems" {
		part.Here = u.RequestURI()
	}
	return p.show(w, r, "checks", part)
}

func (p *Pane) checkSystems(w http.ResponseWriter, r *http.Request) error {
	names := []hub.System{hub.System(r.FormValue("system"))}
	if names[0] == "" {
		systems, err := p.Admin.Systems(r.Context())
		if err != nil {
			return err
		}
		names = names[:0]
		for _, s := range systems {
			names = append(names, s.System)
		}
	}
	for _, name := range names {
		if _, err := p.Admin.CheckSystem(r.Context(), name); err != nil {
			return err
		}
	}
	to := "/systems"
	if r.FormValue("from") == "system" {
		to += "/" + url.PathEscape(string(names[0]))
	}
	return p.back(w, r, to, "checking")
}

func (p *Pane) resumeSystem(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.ResumeSystem(r.Context(), hub.System(r.FormValue("system")), r.FormValue("chat")); err != nil {
		return err
	}
	to := "/systems"
	if r.FormValue("from") == "system" {
		to += "/" + url.PathEscape(r.FormValue("system"))
	}
	if r.FormValue("from") == "chat" {
		to = chatURL(hub.Chat{System: hub.System(r.FormValue("system")), ID: r.FormValue("chat")})
	}
	return p.back(w, r, to, "tried")
}

// back leads to a page that tells what was done.
func (p *Pane) back(w http.ResponseWriter, r *http.Request, to, done string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("done", done)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
	return nil
}
