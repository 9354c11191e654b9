package admin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// lodge is a store of accounts, tokens and tries.
type lodge struct {
	accounts []hub.Account
	tokens   []hub.Token
	tries    map[string]hub.Tries
}

func (m *memory) TouchSession(_ context.Context, digest, address string, seen, expires time.Time) error {
	defer m.lock()()
	if s, ok := m.sessions[digest]; ok {
		s.Address, s.SeenAt, s.ExpiresAt = address, seen, expires
		m.sessions[digest] = s
	}
	return m.fail
}

func (m *memory) ProveSession(_ context.Context, digest string, at time.Time) error {
	defer m.lock()()
	if s, ok := m.sessions[digest]; ok {
		s.ProvedAt = at
		m.sessions[digest] = s
	}
	return m.fail
}

func (m *memory) ListSessions(_ context.Context, account hub.AccountID, all bool, now time.Time) (list []hub.Session, _ error) {
	defer m.lock()()
	for _, s := range m.sessions {
		if (all || s.Account == account) && now.Before(s.ExpiresAt) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b hub.Session) int { return strings.Compare(a.Digest, b.Digest) })
	return list, m.fail
}

func (m *memory) DeleteSessions(_ context.Context, account hub.AccountID, but string) (n int64, _ error) {
	defer m.lock()()
	for digest, s := range m.sessions {
		if s.Account == account && digest != but {
			delete(m.sessions, digest)
			n++
		}
	}
	return n, m.fail
}

func (m *memory) CreateAccount(_ context.Context, a *hub.Account, first bool) error {
	defer m.lock()()
	if first && len(m.accounts) > 0 {
		return hub.Errorf(hub.CodeConflict, "there is an account already")
	}
	for _, other := range m.accounts {
		if strings.EqualFold(other.Login, a.Login) {
			return hub.Errorf(hub.CodeConflict, "the login name %s is taken", a.Login)
		}
	}
	a.ID = hub.AccountID(fmt.Sprint("u", len(m.accounts)+1))
	m.accounts = append(m.accounts, *a)
	return m.fail
}

func (m *memory) account(is func(hub.Account) bool) (*hub.Account, error) {
	defer m.lock()()
	if i := slices.IndexFunc(m.accounts, is); i >= 0 {
		a := m.accounts[i]
		return &a, m.fail
	}
	return nil, m.fail
}

func (m *memory) GetAccount(_ context.Context, id hub.AccountID) (*hub.Account, error) {
	a, err := m.account(func(a hub.Account) bool { return a.ID == id })
	if a == nil && err == nil {
		err = hub.Errorf(hub.CodeNotFound, "there is no account %q", id)
	}
	return a, err
}

func (m *memory) FindLogin(_ context.Context, login string) (*hub.Account, error) {
	return m.account(func(a hub.Account) bool { return strings.EqualFold(a.Login, login) })
}

func (m *memory) FindSubject(_ context.Context, issuer, subject string) (*hub.Account, error) {
	return m.account(func(a hub.Account) bool { return subject != "" && a.Issuer == issuer && a.Subject == subject })
}

func (m *memory) FindLink(_ context.Context, digest string) (*hub.Account, error) {
	return m.account(func(a hub.Account) bool { return a.Link != "" && a.Link == digest })
}

func (m *memory) ListAccounts(_ context.Context, q hub.AccountQuery) ([]hub.Account, string, error) {
	m.asked = q
	return slices.Clone(m.accounts), "", m.fail
}

func (m *memory) HasAccounts(context.Context) (bool, error) { return len(m.accounts) > 0, m.fail }

func (m *memory) ends(id hub.AccountID, after *hub.Account) bool {
	rules := func(a hub.Account) bool { return a.Role == hub.Administrator && a.CanSignIn() }
	for _, a := range m.accounts {
		if a.ID == id && !rules(a) || a.ID != id && rules(a) {
			return false
		}
	}
	return after == nil || !rules(*after)
}

func (m *memory) ChangeAccount(_ context.Context, id hub.AccountID, mayEnd bool, change func(*hub.Account) error) (before, after *hub.Account, err error) {
	defer m.lock()()
	for i, a := range m.accounts {
		if a.ID != id {
			continue
		}
		old := a
		if err := change(&a); err != nil {
			return nil, nil, err
		}
		if !mayEnd && m.ends(id, &a) {
			return nil, nil, hub.Errorf(hub.CodeConflict, "%s is the last admin who can sign in", a.Login)
		}
		m.accounts[i] = a
		return &old, &a, m.fail
	}
	return nil, nil, hub.Errorf(hub.CodeNotFound, "there is no account %q", id)
}

func (m *memory) DeleteAccount(_ context.Context, id hub.AccountID) (*hub.Account, error) {
	defer m.lock()()
	if m.ends(id, nil) {
		return nil, hub.Errorf(hub.CodeConflict, "the last admin")
	}
	for i, a := range m.accounts {
		if a.ID == id {
			m.accounts = slices.Delete(m.accounts, i, i+1)
			return &a, m.fail
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "there is no account %q", id)
}

func (m *memory) SeeAccount(_ context.Context, id hub.AccountID, at time.Time) error {
	defer m.lock()()
	for i := range m.accounts {
		if m.accounts[i].ID == id {
			m.accounts[i].SeenAt = at
		}
	}
	return m.fail
}

func (m *memory) CreateToken(_ context.Context, t *hub.Token) error {
	defer m.lock()()
	t.ID = hub.TokenID(fmt.Sprint("t", len(m.tokens)+1))
	m.tokens = append(m.tokens, *t)
	return m.fail
}

func (m *memory) token(is func(hub.Token) bool) (*hub.Token, error) {
	defer m.lock()()
	if i := slices.IndexFunc(m.tokens, is); i >= 0 {
		t := m.tokens[i]
		return &t, m.fail
	}
	return nil, m.fail
}

func (m *memory) FindToken(_ context.Context, digest string, now time.Time) (*hub.Token, error) {
	return m.token(func(t hub.Token) bool { return t.Digest == digest && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt)) })
}

func (m *memory) GetToken(_ context.Context, id hub.TokenID) (*hub.Token, error) {
	t, err := m.token(func(t hub.Token) bool { return t.ID == id })
	if t == nil && err == nil {
		err = hub.Errorf(hub.CodeNotFound, "there is no token %q", id)
	}
	return t, err
}

func (m *memory) UseToken(_ context.Context, id hub.TokenID, at time.Time) error {
	defer m.lock()()
	for i := range m.tokens {
		if m.tokens[i].ID == id {
			m.tokens[i].UsedAt = at
		}
	}
	return m.fail
}

func (m *memory) ListTokens(_ context.Context, account hub.AccountID, all bool) (list []hub.Token, _ error) {
	defer m.lock()()
	for _, t := range m.tokens {
		if all || t.Account == account {
			list = append(list, t)
		}
	}
	return list, m.fail
}

func (m *memory) DeleteToken(_ context.Context, id hub.TokenID) error {
	defer m.lock()()
	m.tokens = slices.DeleteFunc(m.tokens, func(t hub.Token) bool { return t.ID == id })
	return m.fail
}

func (m *memory) Try(_ context.Context, keys []string, now time.Time, forget time.Duration, wait func(string, hub.Tries) time.Duration) (tries []hub.Tries, blocked time.Duration, _ error) {
	defer m.lock()()
	for _, key := range keys {
		t := m.tries[key]
		if now.Sub(t.Last) > forget {
			t = hub.Tries{}
		}
		if left := wait(key, t) - now.Sub(t.Last); t.Failed > 0 && left > blocked {
			blocked = left
		}
		tries = append(tries, hub.Tries{Failed: t.Failed + 1, Last: now})
	}
	if m.tries == nil {
		m.tries = map[string]hub.Tries{}
	}
	for i, key := range keys {
		if blocked == 0 {
			m.tries[key] = tries[i]
		}
	}
	return tries, blocked, m.fail
}

func (m *memory) Succeed(_ context.Context, keys, all []string) error {
	defer m.lock()()
	for _, key := range all {
		delete(m.tries, key)
	}
	for _, key := range keys {
		t := m.tries[key]
		t.Failed--
		m.tries[key] = t
	}
	return m.fail
}

func (m *memory) PruneTries(context.Context, time.Time, int) error { return m.fail }
