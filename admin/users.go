package admin

import (
	"context"
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// invitationLasts is for how long a one-time link to set a password is good.
const invitationLasts = 7 * 24 * time.Hour

// longestName is how many characters a full name or the name of a token may have.
const longestName = 100

// NewUser is an account that is wanted. Without a password it gets an invitation.
type NewUser struct {
	Login    string   `json:"login"`
	Full     string   `json:"full"`
	Email    string   `json:"email"`
	Role     hub.Role `json:"role"`
	Password string   `json:"password"`
}

// UserChange is what shall be different of an account; nil stays as it is.
type UserChange struct {
	Full     *string   `json:"full"`
	Email    *string   `json:"email"`
	Role     *hub.Role `json:"role"`
	Disabled *bool     `json:"disabled"`
}

// user is an account as the API tells of it.
type user struct {
	hub.Account
	HasPassword bool `json:"password"`
	HasOpenID   bool `json:"openid"`
	// Link is a one-time link to set a password, shown once.
	Link string `json:"link,omitempty"`
}

func userOf(a *hub.Account) user {
	return user{Account: *a, HasPassword: a.Password != "", HasOpenID: a.Subject != ""}
}

// AddUser makes an account. code is that of the invitation, for JoinURL, if there
// is no password.
func (s *Server) AddUser(ctx context.Context, in NewUser) (a *hub.Account, code string, err error) {
	a, err = s.makeUser(ctx, in, false)
	if err != nil || in.Password != "" {
		return a, "", err
	}
	return s.Invite(ctx, a.ID)
}

// makeUser makes an account; first is that there must be none.
func (s *Server) makeUser(ctx context.Context, in NewUser, first bool) (*hub.Account, error) {
	in.Login = strings.TrimSpace(in.Login)
	a := &hub.Account{Login: in.Login, Full: strings.TrimSpace(in.Full), Email: strings.TrimSpace(in.Email), Role: in.Role, CreatedAt: s.Now().UTC()}
	bad := accountProblems(a)
	if in.Password != "" || first {
		if problem := passwordProblem(in.Password, a); problem != "" {
			bad["password"] = problem
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	var err error
	if in.Password != "" {
		if a.Password, err = s.hash(ctx, in.Password); err != nil {
			return nil, err
		}
	}
	if err := s.Accounts.CreateAccount(ctx, a, first); err != nil {
		return nil, err
	}
	s.recordUser(ctx, "user.create", hub.OutcomeCreated, nil, a)
	return a, nil
}

// accountProblems says what is wrong, by field.
func accountProblems(a *hub.Account) map[string]string {
	bad := map[string]string{}
	if !hub.ValidLogin(a.Login) || strings.EqualFold(a.Login, Root) || strings.EqualFold(a.Login, "me") {
		bad["login"] = `is required: 1 to 64 bytes of letters, digits and . _ - + @, not "admin" or "me"`
	}
	if problem := nameProblem(a.Full); problem != "" {
		bad["full"] = problem
	}
	if a.Email != "" {
		if at, err := mail.ParseAddress(a.Email); err != nil || at.Address != a.Email || len(a.Email) > 254 {
			bad["email"] = "is no address such as anna@example.org"
		}
	}
	if !a.Role.Known() {
		bad["role"] = "is required: " + alternatives(hub.Roles())
	}
	return bad
}

func nameProblem(name string) string {
	switch {
	case utf8.RuneCountInString(name) > longestName:
		return "is longer than 100 characters"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		return "has characters that cannot be shown"
	}
	return ""
}

// User finds an account by its id or login name.
func (s *Server) User(ctx context.Context, name string) (*hub.Account, error) {
	a, err := s.Accounts.FindLogin(ctx, name)
	if err != nil || a != nil {
		return a, err
	}
	return s.Accounts.GetAccount(ctx, hub.AccountID(name))
}

// Invite makes a one-time link to set a password, in place of the one before; its
// code is for JoinURL.
func (s *Server) Invite(ctx context.Context, id hub.AccountID) (a *hub.Account, code string, err error) {
	code = random()
	_, a, err = s.Accounts.ChangeAccount(ctx, id, false, func(a *hub.Account) error {
		a.Link, a.LinkUntil = digest(code), s.Now().UTC().Add(invitationLasts)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	s.record(ctx, hub.AuditEntry{Action: "user.link", Outcome: hub.OutcomeCreated, Message: "a link to set a password for " + a.Login})
	return a, code, nil
}

// JoinURL is where a one-time link leads.
func (s *Server) JoinURL(r *http.Request, code string) string {
	return s.base(r) + "/join?code=" + code
}

// ChangeUser changes an account. Nobody takes their own rights away: they could
// not give them back.
func (s *Server) ChangeUser(ctx context.Context, id hub.AccountID, change UserChange) (*hub.Account, error) {
	if me := CallerOf(ctx).Account; me != nil && me.ID == id && (change.Role != nil && *change.Role != me.Role || change.Disabled != nil && *change.Disabled) {
		return nil, hub.Errorf(hub.CodeConflict, "you cannot change your own role or disable yourself: another admin can")
	}
	before, after, err := s.Accounts.ChangeAccount(ctx, id, false, func(a *hub.Account) error {
		set(&a.Full, change.Full)
		set(&a.Email, change.Email)
		set(&a.Role, change.Role)
		set(&a.Disabled, change.Disabled)
		a.Full, a.Email = strings.TrimSpace(a.Full), strings.TrimSpace(a.Email)
		if bad := accountProblems(a); len(bad) > 0 {
			return invalid(bad)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if after.Disabled {
		if _, err := s.Sessions.DeleteSessions(ctx, id, ""); err != nil {
			return nil, err
		}
	}
	outcome := hub.OutcomeUpdated
	if *before == *after {
		outcome = hub.OutcomeUnchanged
	}
	s.recordUser(ctx, "user.update", outcome, before, after)
	return after, nil
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// RemoveUser deletes an account with its sessions and tokens.
func (s *Server) RemoveUser(ctx context.Context, id hub.AccountID) error {
	if me := CallerOf(ctx).Account; me != nil && me.ID == id {
		return hub.Errorf(hub.CodeConflict, "you cannot remove yourself: another admin can")
	}
	gone, err := s.Accounts.DeleteAccount(ctx, id)
	if err != nil {
		return err
	}
	s.recordUser(ctx, "user.delete", hub.OutcomeDeleted, gone, nil)
	return nil
}

func (s *Server) recordUser(ctx context.Context, action, outcome string, before, after *hub.Account) {
	e := hub.AuditEntry{Action: action, Outcome: outcome}
	if before != nil {
		e.Before, e.Message = asJSON(userOf(before)), before.Login+" was "+string(before.Role)
	}
	if after != nil {
		e.After, e.Message = asJSON(userOf(after)), after.Login+" is "+string(after.Role)
		if after.Disabled {
			e.Message += ", disabled"
		}
	}
	s.record(ctx, e)
}

// ListUsers pages accounts by login name.
func (s *Server) ListUsers(ctx context.Context, q hub.AccountQuery) ([]hub.Account, string, error) {
	return s.Accounts.ListAccounts(ctx, q)
}

// LoginLink makes a one-time link that signs in as the admin token does.
func (s *Server) LoginLink(r *http.Request) (url string, until time.Time) {
	code := s.NewLoginCode()
	s.record(r.Context(), hub.AuditEntry{Action: "session.link", Outcome: hub.OutcomeCreated, Message: "a one-time link to sign in"})
	return s.base(r) + "/login?code=" + code, s.Now().UTC().Add(codeLasts)
}
