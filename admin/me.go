package admin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// errNoAccount is for what only accounts have.
var errNoAccount = hub.Errorf(hub.CodeConflict, "the admin token belongs to no account: sign in with one")

// ownThings refuses a token that may not look after what its account has: one that
// is for reading must not sign its maker out.
func ownThings(c Caller) error {
	if c.Token != "" && !c.Role.May(hub.Administrator) {
		return hub.Errorf(hub.CodeForbidden, "a token changes nothing of an account, unless it is an admin's: sign in with a browser")
	}
	return nil
}

// MyChange is what somebody may change of their own account; nil stays as it is.
type MyChange struct {
	Full     *string `json:"full"`
	Email    *string `json:"email"`
	Language *string `json:"language"` // empty: as the browser has it
	Theme    *string `json:"theme"`    // light, dark, auto: as the system has it; empty: as the house has it
	Zone     *string `json:"zone"`     // empty: as the browser has it
	NoKeys   *bool   `json:"no_keys"`
}

// ChangeMe changes the account of whoever asks.
func (s *Server) ChangeMe(ctx context.Context, change MyChange) (*hub.Account, error) {
	me := CallerOf(ctx).Account
	if err := ownThings(CallerOf(ctx)); err != nil {
		return nil, err
	}
	if me == nil {
		return nil, errNoAccount
	}
	before, after, err := s.Accounts.ChangeAccount(ctx, me.ID, false, func(a *hub.Account) error {
		set(&a.Full, change.Full)
		set(&a.Email, change.Email)
		set(&a.Settings.Language, change.Language)
		set(&a.Settings.Theme, change.Theme)
		set(&a.Settings.Zone, change.Zone)
		set(&a.Settings.NoKeys, change.NoKeys)
		a.Full, a.Email = strings.TrimSpace(a.Full), strings.TrimSpace(a.Email)
		bad := accountProblems(a)
		settingProblems(a.Settings, bad)
		if len(bad) > 0 {
			return invalid(bad)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if *before != *after {
		s.recordUser(ctx, "user.update", hub.OutcomeUpdated, before, after)
	}
	return after, nil
}

func settingProblems(settings hub.AccountSettings, bad map[string]string) {
	if l := settings.Language; l != "" && !slices.Contains(web.Languages(), l) {
		bad["language"] = "is none of " + strings.Join(web.Languages(), ", ")
	}
	if t := settings.Theme; t != "" && t != "light" && t != "dark" && t != "auto" {
		bad["theme"] = "is none of light, dark, auto"
	}
	if settings.Zone != "" {
		if _, err := hub.FindZone(settings.Zone); err != nil {
			bad["zone"] = err.Error()
		}
	}
}

// SetPassword gives whoever asks a new password, and ends their other sessions.
// Who has one shows it; address is from where they ask.
func (s *Server) SetPassword(ctx context.Context, current, password, address string) error {
	c := CallerOf(ctx)
	if err := ownThings(c); err != nil {
		return err
	}
	if c.Account == nil {
		return errNoAccount
	}
	if problem := passwordProblem(password, c.Account); problem != "" {
		return invalidField("password", problem)
	}
	switch {
	case c.Account.Password == "" && !c.fresh:
		return errStale
	case c.Account.Password != "":
		a, _, err := s.prove(ctx, c.Account.Login, current, address)
		if wait, ok := errors.AsType[*waitError](err); ok {
			return invalidField("current", "has been wrong too often: wait "+rounded(wait.left).String())
		}
		if err != nil {
			return err
		}
		if a == nil {
			return invalidField("current", "is not your password")
		}
	}
	made, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	_, _, err = s.Accounts.ChangeAccount(ctx, c.Account.ID, false, func(a *hub.Account) error {
		a.Password = made
		return nil
	})
	if err != nil {
		return err
	}
	s.record(ctx, hub.AuditEntry{Action: "user.password", Outcome: hub.OutcomeUpdated, Message: "a new password for " + c.Account.Login})
	return s.EndSessions(ctx, c.Account.ID)
}
