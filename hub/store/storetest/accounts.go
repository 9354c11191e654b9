package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func accounts(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"kept":             keepAccount,
		"names":            loginNames,
		"first":            firstAccount,
		"listed":           listAccounts,
		"last admin":       lastAdmin,
		"last two admins":  lastTwoAdmins,
		"deleted with all": deleteAccount,
	})
}

func account(t *testing.T, s *store.Store, login string, role hub.Role) *hub.Account {
	t.Helper()
	a := &hub.Account{Login: login, Role: role, Password: "digest"}
	require.NoError(t, s.CreateAccount(t.Context(), a, false))
	return a
}

func keepAccount(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := &hub.Account{
		Login: "Anna", Full: "Anna \u202eBauer", Email: "anna@example.org", Role: hub.Editor, Password: "$argon2id$…", Issuer: "https://id.example.org",
		Subject: "4711", Settings: hub.AccountSettings{Language: "de", Theme: "dark", Zone: "Europe/Berlin", NoKeys: true},
		Link: "l1", LinkUntil: noon.Add(time.Hour), CreatedAt: noon,
	}
	require.NoError(t, s.CreateAccount(ctx, a, false))
	require.NotEmpty(t, a.ID)
	for name, find := range map[string]func() (*hub.Account, error){
		"id": func() (*hub.Account, error) { return s.GetAccount(ctx, a.ID) }, "login": func() (*hub.Account, error) { return s.FindLogin(ctx, "aNNA") },
		"subject": func() (*hub.Account, error) { return s.FindSubject(ctx, a.Issuer, "4711") }, "link": func() (*hub.Account, error) { return s.FindLink(ctx, "l1") },
	} {
		got, err := find()
		require.NoError(t, err, name)
		equal(t, a, got)
	}
	for name, find := range map[string]func() (*hub.Account, error){
		"login": func() (*hub.Account, error) { return s.FindLogin(ctx, "ann") }, "no login": func() (*hub.Account, error) { return s.FindLogin(ctx, "") },
		"subject": func() (*hub.Account, error) { return s.FindSubject(ctx, "https://other.example.org", "4711") },
		"nobody":  func() (*hub.Account, error) { return s.FindSubject(ctx, "", "") }, "no link": func() (*hub.Account, error) { return s.FindLink(ctx, "") },
	} {
		got, err := find()
		require.NoError(t, err, name)
		require.Nil(t, got, name)
	}
	_, err := s.GetAccount(ctx, "nobody")
	code(t, hub.CodeNotFound, err)

	require.NoError(t, s.SeeAccount(ctx, a.ID, noon.Add(time.Hour)))
	require.NoError(t, s.SeeAccount(ctx, a.ID, noon))
	before, after, err := s.ChangeAccount(ctx, a.ID, false, func(a *hub.Account) error {
		a.Link, a.LinkUntil, a.Full, a.Role, a.Settings.Zone = "", time.Time{}, "Anna B.", hub.Viewer, ""
		return nil
	})
	require.NoError(t, err)
	a.SeenAt = noon.Add(time.Hour)
	equal(t, a, before)
	got, err := s.GetAccount(ctx, a.ID)
	require.NoError(t, err)
	equal(t, after, got)
	require.Equal(t, "Anna B.", got.Full)
	require.Empty(t, got.Link)

	no := errors.New("no")
	_, _, err = s.ChangeAccount(ctx, a.ID, false, func(a *hub.Account) error { a.Full = "never"; return no })
	require.ErrorIs(t, err, no)
	_, _, err = s.ChangeAccount(ctx, "nobody", false, func(*hub.Account) error { return nil })
	code(t, hub.CodeNotFound, err)
	again, err := s.GetAccount(ctx, a.ID)
	require.NoError(t, err)
	equal(t, got, again)
}

func loginNames(t *testing.T, s *store.Store) {
	ctx := t.Context()
	account(t, s, "anna", hub.Viewer)
	code(t, hub.CodeConflict, s.CreateAccount(ctx, &hub.Account{Login: "ANNA"}, false))
	bob := account(t, s, "bob", hub.Viewer)
	_, _, err := s.ChangeAccount(ctx, bob.ID, false, func(a *hub.Account) error { a.Login = "Anna"; return nil })
	code(t, hub.CodeConflict, err)
	account(t, s, "Ärger", hub.Viewer)
	got, err := s.FindLogin(ctx, "äRGER")
	require.NoError(t, err)
	require.NotNil(t, got)
	for i := range 2 { // who is nobody at a provider is not one person
		require.NoError(t, s.CreateAccount(ctx, &hub.Account{Login: fmt.Sprint("n", i)}, false))
	}
}

func firstAccount(t *testing.T, s *store.Store) {
	ctx := t.Context()
	has, err := s.HasAccounts(ctx)
	require.NoError(t, err)
	require.False(t, has)
	made := make(chan error, writers)
	all(t, func(i int) error {
		made <- s.CreateAccount(ctx, &hub.Account{Login: fmt.Sprint("n", i), Role: hub.Administrator}, true)
		return nil
	})
	close(made)
	first := 0
	for err := range made {
		if err == nil {
			first++
		} else {
			code(t, hub.CodeConflict, err)
		}
	}
	require.Equal(t, 1, first)
	has, err = s.HasAccounts(ctx)
	require.NoError(t, err)
	require.True(t, has)
}

func listAccounts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 5 {
		require.NoError(t, s.CreateAccount(ctx, &hub.Account{Login: fmt.Sprint("N", 4-i), Full: "Née 100%", Role: hub.Roles()[i%2]}, false))
	}
	var names []string
	for q := (hub.AccountQuery{Page: hub.Page{Limit: 2}}); ; {
		page, next, err := s.ListAccounts(ctx, q)
		require.NoError(t, err)
		for _, a := range page {
			names = append(names, a.Login)
		}
		if next == "" {
			break
		}
		q.Page.Cursor = next
	}
	require.Equal(t, []string{"N0", "N1", "N2", "N3", "N4"}, names)
	count := func(q hub.AccountQuery) int {
		got, _, err := s.ListAccounts(ctx, q)
		require.NoError(t, err)
		return len(got)
	}
	require.Equal(t, 2, count(hub.AccountQuery{Role: hub.Editor}))
	require.Equal(t, 5, count(hub.AccountQuery{Text: "NÉE 100%"}))
	require.Zero(t, count(hub.AccountQuery{Text: "100_"}))
	require.Equal(t, 1, count(hub.AccountQuery{Text: "n3"}))
	_, _, err := s.ListAccounts(ctx, hub.AccountQuery{Page: hub.Page{Cursor: "x"}})
	code(t, hub.CodeInvalid, err)
}

func lastAdmin(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := account(t, s, "anna", hub.Administrator)
	account(t, s, "editor", hub.Editor)
	require.NoError(t, s.CreateAccount(ctx, &hub.Account{Login: "invited", Role: hub.Administrator, Link: "l"}, false))
	off := account(t, s, "off", hub.Administrator)
	change := func(id hub.AccountID, mayEnd bool, f func(*hub.Account)) error {
		_, _, err := s.ChangeAccount(ctx, id, mayEnd, func(a *hub.Account) error { f(a); return nil })
		return err
	}
	disable := func(a *hub.Account) { a.Disabled = true }
	demote := func(a *hub.Account) { a.Role = hub.Viewer }
	require.NoError(t, change(off.ID, false, disable))
	code(t, hub.CodeConflict, change(a.ID, false, disable))
	code(t, hub.CodeConflict, change(a.ID, false, demote))
	code(t, hub.CodeConflict, change(a.ID, false, func(a *hub.Account) { a.Password = "" }))
	_, err := s.DeleteAccount(ctx, a.ID)
	code(t, hub.CodeConflict, err)
	require.NoError(t, change(a.ID, false, func(a *hub.Account) { a.Full = "Anna" }), "what takes nothing away is fine")
	require.NoError(t, change(a.ID, true, demote), "unless it may end")
	require.NoError(t, change(a.ID, false, disable), "who is none is no last one")
}

func lastTwoAdmins(t *testing.T, s *store.Store) {
	ids := []hub.AccountID{account(t, s, "anna", hub.Administrator).ID, account(t, s, "bob", hub.Administrator).ID}
	gone := make(chan error, writers)
	all(t, func(i int) error {
		_, err := s.DeleteAccount(t.Context(), ids[i%2])
		gone <- err
		return nil
	})
	left, _, err := s.ListAccounts(t.Context(), hub.AccountQuery{})
	require.NoError(t, err)
	require.Len(t, left, 1, "two who go at the same time cannot both be let go")
}

func deleteAccount(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := account(t, s, "anna", hub.Editor), account(t, s, "bob", hub.Editor)
	for i, owner := range []*hub.Account{a, b} {
		one := session(fmt.Sprint("d", i), noon.Add(time.Hour))
		one.Account = owner.ID
		require.NoError(t, s.CreateSession(ctx, one))
		require.NoError(t, s.CreateToken(ctx, &hub.Token{Account: owner.ID, Digest: fmt.Sprint("t", i)}))
	}
	gone, err := s.DeleteAccount(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, "anna", gone.Login)
	require.Nil(t, found(t, s, "d0", noon))
	require.NotNil(t, found(t, s, "d1", noon))
	left, err := s.ListTokens(ctx, "", true)
	require.NoError(t, err)
	require.Len(t, left, 1)
	_, err = s.DeleteAccount(ctx, a.ID)
	code(t, hub.CodeNotFound, err)
}

func tokens(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{"kept": keepToken, "listed": listTokens})
}

func keepToken(t *testing.T, s *store.Store) {
	ctx := t.Context()
	one := &hub.Token{Name: "Grafana", Account: "u1", Role: hub.Viewer, Digest: "d1", Ends: "N1sD", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	require.NoError(t, s.CreateToken(ctx, one))
	code(t, hub.CodeConflict, s.CreateToken(ctx, &hub.Token{Digest: "d1"}))
	got, err := s.FindToken(ctx, "d1", noon)
	require.NoError(t, err)
	equal(t, one, got)
	for digest, at := range map[string]time.Time{"d1": one.ExpiresAt, "": noon, "D1": noon} {
		got, err := s.FindToken(ctx, digest, at)
		require.NoError(t, err)
		require.Nil(t, got, digest)
	}
	require.NoError(t, s.UseToken(ctx, one.ID, noon.Add(time.Minute)))
	require.NoError(t, s.UseToken(ctx, one.ID, noon))
	one.UsedAt = noon.Add(time.Minute)
	got, err = s.GetToken(ctx, one.ID)
	require.NoError(t, err)
	equal(t, one, got)

	ever := &hub.Token{Digest: "d2"}
	require.NoError(t, s.CreateToken(ctx, ever))
	got, err = s.FindToken(ctx, "d2", noon.Add(1000*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, ever.ID, got.ID, "one without an end lasts")
	require.NoError(t, s.DeleteToken(ctx, ever.ID))
	require.NoError(t, s.DeleteToken(ctx, ever.ID))
	_, err = s.GetToken(ctx, ever.ID)
	code(t, hub.CodeNotFound, err)
}

func listTokens(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, owner := range []hub.AccountID{"u1", "", "u1"} {
		require.NoError(t, s.CreateToken(ctx, &hub.Token{Name: fmt.Sprint(i), Account: owner, Digest: fmt.Sprint(i), CreatedAt: noon.Add(time.Duration(i))}))
		require.NoError(t, s.CreateToken(ctx, &hub.Token{Name: "x", Account: "u2", Digest: fmt.Sprint("x", i), CreatedAt: noon.Add(-time.Hour)}))
	}
	mine, err := s.ListTokens(ctx, "u1", false)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	root, err := s.ListTokens(ctx, "", false)
	require.NoError(t, err)
	require.Len(t, root, 1)
	every, err := s.ListTokens(ctx, "", true)
	require.NoError(t, err)
	require.Len(t, every, 6)
	require.Equal(t, "x", every[5].Name, "the oldest last")
}

func tries(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{"counted": countTries, "at once": triesAtOnce, "pruned": pruneTries})
}

// after3 waits a minute once three have failed.
func after3(key string, t hub.Tries) time.Duration {
	if key != "free" && t.Failed >= 3 {
		return time.Minute
	}
	return 0
}

func countTries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	try := func(at time.Time, keys ...string) (failed []int, blocked time.Duration) {
		got, blocked, err := s.Try(ctx, keys, at, time.Hour, after3)
		require.NoError(t, err)
		for _, one := range got {
			failed = append(failed, one.Failed)
		}
		return failed, blocked
	}
	for i := 1; i <= 3; i++ {
		failed, blocked := try(noon, "name", "free")
		require.Equal(t, []int{i, i}, failed)
		require.Zero(t, blocked)
	}
	_, blocked := try(noon.Add(10*time.Second), "free", "name")
	require.Equal(t, 50*time.Second, blocked)
	failed, blocked := try(noon.Add(10*time.Second), "free")
	require.Zero(t, blocked)
	require.Equal(t, []int{4}, failed, "what was refused is not counted")
	failed, blocked = try(noon.Add(time.Minute), "name")
	require.Zero(t, blocked)
	require.Equal(t, []int{4}, failed)
	_, blocked = try(noon.Add(time.Minute), "name")
	require.Equal(t, time.Minute, blocked, "and it begins anew")

	require.NoError(t, s.Succeed(ctx, []string{"free", "nobody"}, []string{"name"}))
	failed, _ = try(noon.Add(2*time.Minute), "name", "free")
	require.Equal(t, []int{1, 4}, failed)
	failed, blocked = try(noon.Add(2*time.Hour), "name", "free")
	require.Equal(t, []int{1, 1}, failed, "what is long ago is forgotten")
	require.Zero(t, blocked)
}

func triesAtOnce(t *testing.T, s *store.Store) {
	passed := make(chan bool, writers)
	all(t, func(i int) error {
		keys := []string{"name", "other"}
		if i%2 == 1 {
			keys = []string{"other", "name"}
		}
		_, blocked, err := s.Try(t.Context(), keys, noon, time.Hour, after3)
		passed <- err == nil && blocked == 0
		return err
	})
	close(passed)
	n := 0
	for ok := range passed {
		if ok {
			n++
		}
	}
	require.Equal(t, 3, n, "many at once are no more than one after another")
}

func pruneTries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 6 {
		_, _, err := s.Try(ctx, []string{fmt.Sprint("k", i)}, noon.Add(time.Duration(i)*time.Minute), time.Hour, after3)
		require.NoError(t, err)
	}
	require.NoError(t, s.PruneTries(ctx, noon.Add(time.Minute), 2))
	left := 0
	for i := range 6 {
		got, _, err := s.Try(ctx, []string{fmt.Sprint("k", i)}, noon.Add(6*time.Minute), time.Hour, after3)
		require.NoError(t, err)
		if got[0].Failed == 2 {
			left++
			require.GreaterOrEqual(t, i, 4, "the newest stay")
		}
	}
	require.Equal(t, 2, left)
}
