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

// person is a user and what they may do as a person. Only Level can be set.
type person struct {
	hub.ChatUser
	May    hub.Level      `json:"may"`
	Linked []hub.ChatUser `json:"linked,omitempty"` // the others; of one that was asked for
}

func (s *Server) listPeople(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	users, next, err := s.People.ListUsers(r.Context(), hub.UserQuery{
		System: hub.System(q.Get("system")), Level: hub.Level(q.Get("level")), Text: q.Get("text"), Page: pageOf(r),
	})
	if err != nil {
		return err
	}
	people := make([]person, len(users))
	for i, u := range users {
		people[i] = person{ChatUser: u, May: u.Level}
		if u.Account == "" {
			continue
		}
		if people[i].May, err = s.People.LevelOf(r.Context(), u.System, u.ID); err != nil {
			return err
		}
	}
	return s.answer(w, r, http.StatusOK, listOf(people, next))
}

func (s *Server) getPerson(w http.ResponseWriter, r *http.Request) error {
	u, err := s.People.GetUser(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user"))
	if err != nil {
		return err
	}
	return s.answerPerson(w, r, u)
}

func (s *Server) answerPerson(w http.ResponseWriter, r *http.Request, u *hub.ChatUser) error {
	all, err := s.People.Linked(r.Context(), u.System, u.ID)
	if err != nil {
		return err
	}
	p := person{ChatUser: *u, May: u.Level}
	for _, other := range all {
		if other.System == u.System && other.ID == u.ID {
			continue
		}
		p.Linked = append(p.Linked, other)
		if other.Level.May(p.May) {
			p.May = other.Level
		}
	}
	return s.answer(w, r, http.StatusOK, p)
}

// putPerson sets a level, also of one who has not spoken yet: the first admin is
// made so.
func (s *Server) putPerson(w http.ResponseWriter, r *http.Request) error {
	system, user, err := s.userOf(r)
	if err != nil {
		return err
	}
	var in struct {
		Level *hub.Level `json:"level"`
	}
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	if in.Level == nil || !in.Level.Known() {
		return invalidField("level", "is required: "+alternatives(hub.Levels()))
	}
	before, err := s.People.GetUser(r.Context(), system, user)
	if err != nil && hub.CodeOf(err) != hub.CodeNotFound {
		return err
	}
	u, err := s.People.SetLevel(r.Context(), system, user, *in.Level)
	if err != nil {
		return err
	}
	s.auditLevel(r.Context(), before, u)
	return s.answerPerson(w, r, u)
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
	system, user := hub.System(r.PathValue("system")), r.PathValue("user")
	linked, err := s.People.Linked(r.Context(), system, user)
	if err != nil {
		return err
	}
	if err := s.People.Unlink(r.Context(), system, user); err != nil {
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
	s.record(r.Context(), hub.AuditEntry{System: system, Action: "person.unlink", Outcome: outcome, Message: user + " is linked with nobody", Before: asJSON(before)})
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// userOf is the user whom a path names, who need not have spoken yet.
func (s *Server) userOf(r *http.Request) (system hub.System, user string, err error) {
	system, user = hub.System(r.PathValue("system")), r.PathValue("user")
	systems, err := s.Systems(r.Context())
	if err != nil {
		return "", "", err
	}
	if problem := systemProblem(systems, system); problem != "" {
		return "", "", hub.Errorf(hub.CodeNotFound, "%s %s", system, problem)
	}
	if len(user) > 255 || strings.TrimSpace(user) == "" || strings.ContainsFunc(user, unicode.IsControl) {
		return "", "", hub.Errorf(hub.CodeNotFound, "a user's id has 1 to 255 printable bytes")
	}
	return system, user, nil
}

func (s *Server) listKnownChats(w http.ResponseWriter, r *http.Request) error {
	chats, err := s.People.ListKnownChats(r.Context(), hub.System(r.URL.Query().Get("system")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(chats, ""))
}
