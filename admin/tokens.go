package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// tokenPrefix lets people and scanners tell our tokens from others.
const tokenPrefix = "bh_"

// mostTokens is how many an account may have.
const mostTokens = 100

// NewToken is a token that is wanted.
type NewToken struct {
	Name      string    `json:"name"`
	Role      hub.Role  `json:"role"`
	ExpiresAt time.Time `json:"expires_at"` // zero: never
}

// TokenInfo is a token and who made it.
type TokenInfo struct {
	hub.Token
	By string `json:"by"` // login name, or admin
	// Secret is the token itself, shown once.
	Secret string `json:"token,omitempty"`
}

// AddToken makes a token, which may do no more than whoever asks. Its Secret is
// told this once.
func (s *Server) AddToken(ctx context.Context, in NewToken) (*TokenInfo, error) {
	c, now := CallerOf(ctx), s.Now().UTC()
	in.Name = strings.TrimSpace(in.Name)
	bad := map[string]string{}
	if in.Name == "" {
		bad["name"] = "is required, such as Grafana"
	} else if problem := nameProblem(in.Name); problem != "" {
		bad["name"] = problem
	}
	switch {
	case !in.Role.Known():
		bad["role"] = "is required: " + alternatives(hub.Roles())
	case !c.Role.May(in.Role):
		bad["role"] = "is more than you may do yourself: you are " + string(c.Role)
	}
	if !in.ExpiresAt.IsZero() && !now.Before(in.ExpiresAt) {
		bad["expires_at"] = "is over already"
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	t := TokenInfo{Token: hub.Token{Name: in.Name, Role: in.Role, CreatedAt: now, ExpiresAt: in.ExpiresAt.UTC()}, By: c.Name, Secret: tokenPrefix + random()}
	if c.Account != nil {
		t.Account = c.Account.ID
	}
	has, err := s.Tokens.ListTokens(ctx, t.Account, false)
	if err != nil {
		return nil, err
	}
	if len(has) >= mostTokens {
		return nil, hub.Errorf(hub.CodeConflict, "you have %d tokens: revoke one that is not needed any more", len(has))
	}
	t.Digest, t.Ends = digest(t.Secret), t.Secret[len(t.Secret)-4:]
	if err := s.Tokens.CreateToken(ctx, &t.Token); err != nil {
		return nil, err
	}
	s.recordToken(ctx, "token.create", hub.OutcomeCreated, nil, &t.Token)
	return &t, nil
}

func (s *Server) recordToken(ctx context.Context, action, outcome string, before, after *hub.Token) {
	e := hub.AuditEntry{Action: action, Outcome: outcome}
	for _, one := range []struct {
		t    *hub.Token
		into *[]byte
	}{{before, (*[]byte)(&e.Before)}, {after, (*[]byte)(&e.After)}} {
		if one.t != nil {
			*one.into = asJSON(one.t)
			e.Message = one.t.Name + " (ends " + one.t.Ends + ") may do what a " + string(one.t.Role) + " may"
		}
	}
	s.record(ctx, e)
}

// owns reports whether whoever asks looks after what an account has.
func owns(c Caller, account hub.AccountID) bool {
	if c.Role.May(hub.Administrator) {
		return true
	}
	return c.Account != nil && c.Account.ID == account
}

// mine is the account whose things whoever asks sees; all is that they see
// everybody's.
func mine(ctx context.Context, own bool) (account hub.AccountID, all bool) {
	c := CallerOf(ctx)
	if c.Account != nil {
		account = c.Account.ID
	}
	return account, !own && c.Role.May(hub.Administrator)
}

// ListTokens are those of whoever asks or, unless own, for an admin everybody's.
func (s *Server) ListTokens(ctx context.Context, own bool) ([]TokenInfo, error) {
	account, all := mine(ctx, own)
	tokens, err := s.Tokens.ListTokens(ctx, account, all)
	if err != nil {
		return nil, err
	}
	list, names := make([]TokenInfo, len(tokens)), map[hub.AccountID]string{"": Root}
	for i, t := range tokens {
		list[i] = TokenInfo{Token: t}
		if list[i].By, err = s.loginOf(ctx, t.Account, names); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// loginOf is the login name of an account, asked for once.
func (s *Server) loginOf(ctx context.Context, id hub.AccountID, known map[hub.AccountID]string) (string, error) {
	name, ok := known[id]
	if ok {
		return name, nil
	}
	a, err := s.Accounts.GetAccount(ctx, id)
	if err == nil {
		name = a.Login
	} else if hub.CodeOf(err) != hub.CodeNotFound {
		return "", err
	}
	known[id] = name
	return name, nil
}

// RemoveToken revokes a token. Others' are no more there than none, unless for an
// admin.
func (s *Server) RemoveToken(ctx context.Context, id hub.TokenID) error {
	if err := ownThings(CallerOf(ctx)); err != nil {
		return err
	}
	t, err := s.Tokens.GetToken(ctx, id)
	if err != nil {
		return err
	}
	if !owns(CallerOf(ctx), t.Account) {
		return hub.Errorf(hub.CodeNotFound, "you have no token %q", id)
	}
	if err := s.Tokens.DeleteToken(ctx, id); err != nil {
		return err
	}
	s.recordToken(ctx, "token.delete", hub.OutcomeDeleted, t, nil)
	return nil
}

// SessionInfo is a session without what opens it.
type SessionInfo struct {
	ID        string        `json:"id"`
	Who       string        `json:"who"`
	Account   hub.AccountID `json:"account,omitempty"`
	Agent     string        `json:"agent,omitempty"`
	Address   string        `json:"address,omitempty"`
	Current   bool          `json:"current"` // it is the one that asks
	CreatedAt time.Time     `json:"created_at"`
	SeenAt    time.Time     `json:"seen_at,omitzero"`
	ExpiresAt time.Time     `json:"expires_at"`
}

// ListSessions are those of whoever asks or, unless own, for an admin everybody's.
func (s *Server) ListSessions(ctx context.Context, own bool) ([]SessionInfo, error) {
	all, err := s.sessionsOf(ctx, own)
	list, current := make([]SessionInfo, len(all)), CallerOf(ctx).Session
	for i, one := range all {
		list[i] = SessionInfo{
			ID: one.ID(), Who: one.Who, Account: one.Account, Agent: one.Agent, Address: one.Address, Current: one.ID() == current,
			CreatedAt: one.CreatedAt, SeenAt: one.SeenAt, ExpiresAt: one.ExpiresAt,
		}
	}
	return list, err
}

func (s *Server) sessionsOf(ctx context.Context, own bool) ([]hub.Session, error) {
	account, all := mine(ctx, own)
	return s.Sessions.ListSessions(ctx, account, all, s.Now())
}

// EndSession ends a session of whoever asks or, for an admin, of anybody.
func (s *Server) EndSession(ctx context.Context, id string) error {
	if err := ownThings(CallerOf(ctx)); err != nil {
		return err
	}
	all, err := s.sessionsOf(ctx, false)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(one hub.Session) bool { return one.ID() == id })
	if i < 0 {
		return hub.Errorf(hub.CodeNotFound, "you have no session %q", id)
	}
	if err := s.Sessions.DeleteSession(ctx, all[i].Digest); err != nil {
		return err
	}
	s.record(ctx, hub.AuditEntry{Action: "session.end", Outcome: hub.OutcomeDeleted, Message: "a session of " + all[i].Who + " from " + all[i].Address})
	return nil
}

// EndSessions ends all sessions of an account, save the one that asks.
func (s *Server) EndSessions(ctx context.Context, account hub.AccountID) error {
	c, but := CallerOf(ctx), ""
	if err := ownThings(c); err != nil {
		return err
	}
	if !owns(c, account) {
		return hub.Errorf(hub.CodeForbidden, "only an admin may end others' sessions")
	}
	all, err := s.Sessions.ListSessions(ctx, account, false, s.Now())
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.ID() == c.Session {
			but = one.Digest
		}
	}
	n, err := s.Sessions.DeleteSessions(ctx, account, but)
	if err != nil || n == 0 {
		return err
	}
	name, err := s.loginOf(ctx, account, map[hub.AccountID]string{"": Root})
	s.record(ctx, hub.AuditEntry{Action: "session.end", Outcome: hub.OutcomeDeleted, Message: "all sessions of " + name})
	return err
}
