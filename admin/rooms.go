package admin

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Rooms are the chats that subscriptions name, and what platforms say that our
// accounts may do there. Nothing that they say changes a subscription.
type Rooms interface {
	// Rooms lists them all, by system and chat.
	Rooms(ctx context.Context) ([]hub.Room, error)
	// Preflight is what is known of a chat; its platform is asked where nothing is,
	// or when fresh is wanted. That it cannot be asked stands in the answer.
	Preflight(ctx context.Context, chat hub.Chat, fresh bool) (hub.Preflight, error)
	// Check begins a round for all chats of a system, at the platform's pace, unless
	// one goes on. It does not wait for its end.
	Check(ctx context.Context, system hub.System) (hub.Check, error)
	// Checked is the last round, with only its name where there was none.
	Checked(ctx context.Context, system hub.System) (hub.Check, error)
}

// Places is how forums are ordered. A source that is no forum is nil.
type Places interface {
	// Known is that as far as is known, and asks nobody.
	Known(ctx context.Context, source hub.Source) (*hub.Taxonomy, error)
	// Shown is that as far as the forum's reader may see it.
	Shown(ctx context.Context, source hub.Source) (*hub.Taxonomy, error)
	// Refresh asks the forum anew.
	Refresh(ctx context.Context, source hub.Source) (*hub.Taxonomy, error)
}

// RoomQuery selects rooms; a zero field selects all.
type RoomQuery struct {
	System hub.System
	State  string // of hub.PreflightStates
	Text   string // a part of the name or the id, in any case
	Page   hub.Page
}

// AllRooms are all rooms with what they are called, where that is known.
func (s *Server) AllRooms(ctx context.Context) ([]hub.Room, error) {
	all, err := s.Rooms.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	names := s.ChatNames(ctx)
	for i := range all {
		if known := names.Of(all[i].Chat).Name; known != all[i].ID {
			all[i].Name = known
		}
	}
	return all, nil
}

// FindRooms pages: what needs somebody first, then by system and name. total is
// how many are selected.
func (s *Server) FindRooms(ctx context.Context, q RoomQuery) (rooms []hub.Room, next string, total int, err error) {
	all, err := s.AllRooms(ctx)
	if err != nil {
		return nil, "", 0, err
	}
	text := strings.ToLower(strings.TrimSpace(q.Text))
	all = slices.DeleteFunc(all, func(r hub.Room) bool {
		return q.System != "" && r.System != q.System || q.State != "" && r.State() != q.State ||
			text != "" && !strings.Contains(strings.ToLower(r.Name), text) && !strings.Contains(strings.ToLower(r.ID), text)
	})
	slices.SortFunc(all, func(a, b hub.Room) int { return strings.Compare(roomKey(&a), roomKey(&b)) })
	total = len(all)
	if q.Page.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(q.Page.Cursor)
		if err != nil {
			return nil, "", 0, invalidField("cursor", "is not one that a page gave")
		}
		from, found := slices.BinarySearchFunc(all, string(after), func(r hub.Room, key string) int { return strings.Compare(roomKey(&r), key) })
		if found {
			from++
		}
		all = all[from:]
	}
	if limit := cmp.Or(q.Page.Limit, defaultLimit); len(all) > limit {
		all = all[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(roomKey(&all[limit-1])))
	}
	return all, next, total, nil
}

// roomKey orders rooms.
func roomKey(r *hub.Room) string {
	rank := "3"
	switch r.State() {
	case hub.PreflightBlocked:
		rank = "0"
	case hub.PreflightPart:
		rank = "1"
	case hub.PreflightUnknown:
		rank = "2"
	}
	return strings.Join([]string{rank, string(r.System), strings.ToLower(cmp.Or(r.Name, r.ID)), r.ID}, "\x00")
}

// KnownSystem is an error where messages cannot go to a system.
func (s *Server) KnownSystem(ctx context.Context, system hub.System) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	if problem := systemProblem(systems, system); problem != "" {
		return hub.Errorf(hub.CodeNotFound, "%s %s", system, problem)
	}
	return nil
}

// CheckSystem begins a round of preflights of a system's chats, and has the
// system tried if it is paused.
func (s *Server) CheckSystem(ctx context.Context, system hub.System) (hub.Check, error) {
	if err := s.KnownSystem(ctx, system); err != nil {
		return hub.Check{}, err
	}
	c, err := s.Rooms.Check(ctx, system)
	if err == nil {
		s.record(ctx, hub.AuditEntry{System: system, Action: "system.check", Outcome: hub.OutcomeOK})
	}
	return c, err
}

// Inspect asks the platform of a chat what our account may do there.
func (s *Server) Inspect(ctx context.Context, chat hub.Chat, fresh bool) (hub.Preflight, error) {
	if err := s.knownChat(ctx, chat); err != nil {
		return hub.Preflight{}, err
	}
	return s.Rooms.Preflight(ctx, chat, fresh)
}

// RefreshSource asks a forum anew how it is ordered.
func (s *Server) RefreshSource(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	t, err := s.Places.Refresh(ctx, source)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, hub.Errorf(hub.CodeNotFound, "source %q is no forum: it has no categories, tags and groups to read", source)
	}
	s.record(ctx, hub.AuditEntry{Action: "source.refresh", Line: string(source), Outcome: hub.OutcomeOK})
	return t, nil
}

func (s *Server) roomRoutes() []route {
	check := gives(http.StatusOK, "How far it has come.", "Check")
	return []route{{
		method: http.MethodGet, path: "/systems/{system}/rooms", id: "listRooms", need: hub.Viewer,
		summary: "The chats of a system that subscriptions name, with what its account may do there. What needs somebody comes first",
		query: []param{
			{name: "q", text: "a part of the name or the id, in any case"},
			{name: "state", text: "whose preflight came to that", enum: hub.PreflightStates()},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page.", "RoomList"),
		handle:  s.listRooms,
	}, {
		method: http.MethodGet, path: "/systems/{system}/chats/{chat}/preflight", id: "getPreflight", need: hub.Viewer,
		summary: "What our account may do in a chat, and how to mend what it may not. Nothing is sent",
		query:   []param{{name: "fresh", text: "ask the platform now, and do not tell what it said in the last day", enum: []string{"1"}}},
		answers: gives(http.StatusOK, "What its platform says.", "Preflight"),
		handle:  s.getPreflight,
	}, {
		method: http.MethodPost, path: "/systems/{system}/preflight", id: "preflightSystem", need: hub.Editor,
		summary: "Ask the platform about all chats of a system that subscriptions name, 500 at most, at its own pace",
		answers: gives(http.StatusAccepted, "It has begun, or goes on already.", "Check"),
		handle:  s.checkSystem,
	}, {
		method: http.MethodGet, path: "/systems/{system}/preflight", id: "getPreflightRound", need: hub.Viewer, summary: "How far the last round of checks has come",
		answers: check, handle: s.getCheck,
	}, {
		method: http.MethodPost, path: "/sources/{source}/refresh", id: "refreshSource", need: hub.Editor, summary: "Ask a forum now for its categories, tags and groups",
		answers: gives(http.StatusOK, "As it is ordered.", "Taxonomy"),
		handle:  s.refreshSource,
	}}
}

func (s *Server) listRooms(w http.ResponseWriter, r *http.Request) error {
	system := hub.System(r.PathValue("system"))
	if err := s.KnownSystem(r.Context(), system); err != nil {
		return err
	}
	q := r.URL.Query()
	rooms, next, _, err := s.FindRooms(r.Context(), RoomQuery{System: system, State: q.Get("state"), Text: q.Get("q"), Page: pageOf(r)})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(rooms, next))
}

func (s *Server) getPreflight(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Inspect(r.Context(), hub.Chat{System: hub.System(r.PathValue("system")), ID: r.PathValue("chat")}, r.URL.Query().Get("fresh") != "")
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, p)
}

func (s *Server) checkSystem(w http.ResponseWriter, r *http.Request) error {
	c, err := s.CheckSystem(r.Context(), hub.System(r.PathValue("system")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusAccepted, c)
}

func (s *Server) getCheck(w http.ResponseWriter, r *http.Request) error {
	system := hub.System(r.PathValue("system"))
	if err := s.KnownSystem(r.Context(), system); err != nil {
		return err
	}
	c, err := s.Rooms.Checked(r.Context(), system)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, c)
}

func (s *Server) refreshSource(w http.ResponseWriter, r *http.Request) error {
	source := hub.Source(r.PathValue("source"))
	if err := s.knownSource(source); err != nil {
		return err
	}
	t, err := s.RefreshSource(r.Context(), source)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, shownTaxonomy(t))
}
