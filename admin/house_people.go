package admin

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
)

// personDoc is what a user was given. Those of one person share an account. Names
// are for who reads it.
type personDoc struct {
	System  string `json:"system" toml:"system"`
	User    string `json:"user" toml:"user"`
	Level   string `json:"level" toml:"level"`
	Account string `json:"account,omitempty" toml:"account,omitempty"`
	Name    string `json:"name,omitempty" toml:"name,omitempty"`
	Full    string `json:"full_name,omitempty" toml:"full_name,omitempty"`
	Bot     bool   `json:"bot,omitempty" toml:"bot,omitempty"`
}

func (d personDoc) user() hub.ChatUser {
	return hub.ChatUser{
		System: hub.System(d.System), User: hub.User{ID: d.User, Name: d.Name, Full: d.Full, Bot: d.Bot},
		Level: hub.Level(d.Level), Account: d.Account,
	}
}

func personDocOf(u hub.ChatUser) personDoc {
	return personDoc{string(u.System), u.ID, string(u.Level), u.Account, u.Name, u.Full, u.Bot}
}

func (s *Server) peopleKind() house.Kind[personDoc] {
	return house.Kind[personDoc]{
		Name: "people",
		Key:  func(d personDoc) string { return d.System + " | " + d.User },
		Line: func(d personDoc) string {
			line := d.System + " | " + d.User
			if called := d.user(); called.Called() != d.User {
				line += " (" + oneLine(called.Called()) + ")"
			}
			line += " is " + d.Level
			if d.Account != "" {
				line += ", person " + d.Account
			}
			return line
		},
		Read: func(ctx context.Context) ([]personDoc, error) {
			users, err := s.House.RankedUsers(ctx)
			docs := make([]personDoc, len(users))
			for i, u := range users {
				docs[i] = personDocOf(u)
			}
			return docs, err
		},
		// People rename themselves: what a document calls them is no change.
		Fill: func(before personDoc, after *personDoc) {
			after.Name, after.Full, after.Bot = before.Name, before.Full, before.Bot
		},
		Check: s.checkPeople, Apply: s.applyPeople,
	}
}

func (s *Server) checkPeople(ctx context.Context, docs, there []personDoc, note func(int, string, string)) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	named := map[string]bool{} // users that the document names
	known := map[string]bool{}
	for _, d := range docs {
		named[d.System+"|"+d.User] = true
	}
	strangers := map[string]personDoc{} // who else has an account, by it
	for _, d := range there {
		known[d.System+"|"+d.User] = true
		if d.Account != "" && !named[d.System+"|"+d.User] {
			strangers[d.Account] = d
		}
	}
	for i, d := range docs {
		if problem := systemProblem(systems, hub.System(d.System)); problem != "" && !known[d.System+"|"+d.User] {
			note(i, "system", problem)
		}
		if len(d.User) > 255 || strings.TrimSpace(d.User) == "" || strings.ContainsFunc(d.User, unicode.IsControl) {
			note(i, "user", "is required: the platform's id, 1 to 255 printable bytes")
		}
		if !hub.Level(d.Level).Known() {
			note(i, "level", "is required: "+alternatives(hub.Levels()))
		}
		if other, taken := strangers[d.Account]; taken {
			// Who is linked has the highest level of all: nobody may come by one so.
			same := slices.ContainsFunc(there, func(t personDoc) bool { return t.System == d.System && t.User == d.User && t.Account == d.Account })
			if !same {
				note(i, "account", d.Account+" is "+other.User+" of "+other.System+" here, whom the document does not name: choose another account")
			}
		}
	}
	return nil
}

func (s *Server) applyPeople(ctx context.Context, changes []house.Change[personDoc]) error {
	made := make([]hub.UserChange, len(changes))
	entries := make([]hub.AuditEntry, len(changes))
	for i, c := range changes {
		var about hub.ChatUser
		outcome, word := hub.OutcomeUpdated, "member"
		if c.Before != nil {
			about = c.Before.user()
			made[i].Before = &about
		}
		if c.After != nil {
			after := c.After.user()
			made[i].After, about, word = &after, after, c.After.Level
		} else {
			outcome = hub.OutcomeDeleted
		}
		if c.Before == nil {
			outcome = hub.OutcomeCreated
		}
		entries[i] = hub.AuditEntry{
			System: about.System, Action: "person.level", Outcome: outcome, Message: about.ID + " is " + word,
			Before: asValue(c.Before), After: asValue(c.After),
		}
	}
	if err := s.House.ChangeUsers(ctx, made); err != nil {
		return err
	}
	s.record(ctx, entries...)
	return nil
}
