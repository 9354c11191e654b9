package admin

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

// People keeps who people are and what they may do. Its methods are those of
// hub.PeopleStore.
type People interface {
	GetUser(ctx context.Context, system hub.System, user string) (*hub.ChatUser, error)
	SetLevel(ctx context.Context, system hub.System, user string, l hub.Level) (*hub.ChatUser, error)
	LevelOf(ctx context.Context, system hub.System, user string) (hub.Level, error)
	ListUsers(ctx context.Context, q hub.UserQuery) (users []hub.ChatUser, next string, err error)
	Unlink(ctx context.Context, system hub.System, user string) error
	Linked(ctx context.Context, system hub.System, user string) ([]hub.ChatUser, error)
	ListKnownChats(ctx context.Context, system hub.System) ([]hub.KnownChat, error)
}

// Person is a user and what they may do as a person.
type Person struct {
	hub.ChatUser
	May    hub.Level      `json:"may"`
	Linked []hub.ChatUser `json:"linked,omitempty"` // the others; of one that was asked for
}

func (s *Server) listPeople(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	people, next, err := s.ListPeople(r.Context(), hub.UserQuery{
		System: hub.System(q.Get("system")), Level: hub.Level(q.Get("level")), Text: q.Get("text"), Page: pageOf(r),
	}, false)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(people, next))
}

// ListPeople pages who has spoken or was given a level, those seen last first;
// linked is that who is linked with each is told, too.
func (s *Server) ListPeople(ctx context.Context, q hub.UserQuery, linked bool) ([]Person, string, error) {
	users, next, err := s.People.ListUsers(ctx, q)
	if err != nil {
		return nil, "", err
	}
	people := make([]Person, len(users))
	for i, u := range users {
		people[i] = Person{ChatUser: u, May: u.Level}
		switch {
		case u.Account == "":
		case linked:
			people[i], err = s.personOf(ctx, &u)
		default:
			people[i].May, err = s.People.LevelOf(ctx, u.System, u.ID)
		}
		if err != nil {
			return nil, "", err
		}
	}
	return people, next, nil
}

// personOf is a user with all that are linked with them.
func (s *Server) personOf(ctx context.Context, u *hub.ChatUser) (Person, error) {
	p := Person{ChatUser: *u, May: u.Level}
	all, err := s.People.Linked(ctx, u.System, u.ID)
	for _, other := range all {
		if other.System == u.System && other.ID == u.ID {
			continue
		}
		p.Linked = append(p.Linked, other)
		if other.Level.May(p.May) {
			p.May = other.Level
		}
	}
	return p, err
}

func (s *Server) getPerson(w http.ResponseWriter, r *http.Request) error {
	u, err := s.People.GetUser(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user"))
	if err != nil {
		return err
	}
	return s.answerPerson(w, r, u)
}

func (s *Server) answerPerson(w http.ResponseWriter, r *http.Request, u *hub.ChatUser) error {
	p, err := s.personOf(r.Context(), u)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, p)
}

// putPerson sets a level, also of one who has not spoken yet: the first admin is
// made so.
func (s *Server) putPerson(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Level *hub.Level `json:"level"`
	}
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	if in.Level == nil {
		in.Level = new(hub.Level)
	}
	u, err := s.SetLevel(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user"), *in.Level)
	if err != nil {
		return err
	}
	return s.answerPerson(w, r, u)
}

// SetLevel gives somebody a level, also one who has not spoken yet.
func (s *Server) SetLevel(ctx context.Context, system hub.System, user string, level hub.Level) (*hub.ChatUser, error) {
	if err := s.checkUser(ctx, system, user); err != nil {
		return nil, err
	}
	if !level.Known() {
		return nil, invalidField("level", "is required: "+alternatives(hub.Levels()))
	}
	before, err := s.People.GetUser(ctx, system, user)
	if err != nil && hub.CodeOf(err) != hub.CodeNotFound {
		return nil, err
	}
	u, err := s.People.SetLevel(ctx, system, user, level)
	if err != nil {
		return nil, err
	}
	s.auditLevel(ctx, before, u)
	return u, nil
}

func (s *Server) auditLevel(ctx context.Context, before, after *hub.ChatUser) {
	e := hub.AuditEntry{System: after.System, Action: "person.level", Outcome: hub.OutcomeCreated, After: asJSON(levelOf{after.System, after.ID, after.Level})}
	e.Message = after.ID + " is " + string(after.Level)
	if before != nil {
		e.Outcome, e.Before = hub.OutcomeUpdated, asJSON(levelOf{before.System, before.ID, before.Level})
		e.Message = before.Called() + " (" + before.ID + "): " + string(before.Level) + " → " + string(after.Level)
	}
	if before != nil && before.Level == after.Level {
		e.Outcome = hub.OutcomeUnchanged
	}
	s.record(ctx, e)
}

// levelOf is what the audit log keeps of a user.
type levelOf struct {
	System hub.System `json:"system"`
	User   string     `json:"user"`
	Level  hub.Level  `json:"level"`
}

func (s *Server) unlinkPerson(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Unlink(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user")))
}

// Unlink takes an account out of those that it is linked with.
func (s *Server) Unlink(ctx context.Context, system hub.System, user string) error {
	linked, err := s.People.Linked(ctx, system, user)
	if err != nil {
		return err
	}
	if err := s.People.Unlink(ctx, system, user); err != nil {
		return err
	}
	var before []levelOf
	for _, u := range linked {
		before = append(before, levelOf{u.System, u.ID, u.Level})
	}
	outcome := hub.OutcomeDeleted
	if len(linked) < 2 {
		outcome = hub.OutcomeUnchanged
	}
	s.record(ctx, hub.AuditEntry{System: system, Action: "person.unlink", Outcome: outcome, Message: user + " is linked with nobody", Before: asJSON(before)})
	return nil
}

// checkUser refuses a user that there cannot be.
func (s *Server) checkUser(ctx context.Context, system hub.System, user string) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	if problem := systemProblem(systems, system); problem != "" {
		return hub.Errorf(hub.CodeNotFound, "%s %s", system, problem)
	}
	if len(user) > 255 || strings.TrimSpace(user) == "" || strings.ContainsFunc(user, unicode.IsControl) {
		return hub.Errorf(hub.CodeNotFound, "a user's id has 1 to 255 printable bytes")
	}
	return nil
}

func (s *Server) listKnownChats(w http.ResponseWriter, r *http.Request) error {
	chats, err := s.People.ListKnownChats(r.Context(), hub.System(r.URL.Query().Get("system")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(chats, ""))
}
