package storetest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func links(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"link":                linkTwo,
		"codes":               linkCodes,
		"code in other words": linkCodeWritten,
		"own code":            ownCode,
		"not upwards":         notUpwards,
		"merge":               mergeAccounts,
		"unlink":              unlink,
		"one use":             oneUse,
		"links at once":       linksAtOnce,
		"link and unlink":     linkAndUnlink,
	})
}

func made(t *testing.T, s *store.Store, system hub.System, user string) string {
	t.Helper()
	code, err := s.MakeLinkCode(t.Context(), system, user, noon.Add(10*time.Minute))
	require.NoError(t, err)
	return code
}

// link makes a code for one user and gives it as another.
func link(t *testing.T, s *store.Store, maker, giver hub.Chat) []hub.ChatUser {
	t.Helper()
	linked, err := s.Link(t.Context(), giver.System, giver.ID, made(t, s, maker.System, maker.ID), noon)
	require.NoError(t, err)
	return linked
}

// at names a user of a system in short.
func at(system hub.System, user string) hub.Chat { return hub.Chat{System: system, ID: user} }

func linked(t *testing.T, s *store.Store, who hub.Chat) (names []string) {
	t.Helper()
	users, err := s.Linked(t.Context(), who.System, who.ID)
	require.NoError(t, err)
	for _, u := range users {
		names = append(names, string(u.System)+"/"+u.ID)
	}
	return names
}

func linkTwo(t *testing.T, s *store.Store) {
	_, err := s.SetLevel(t.Context(), "slack", "U1", hub.Operator)
	require.NoError(t, err)
	see(t, s, "telegram", hub.User{ID: "77", Name: "anna"}, noon)
	require.Equal(t, []string{"slack/U1"}, linked(t, s, at("slack", "U1")))
	got := link(t, s, at("slack", "U1"), at("telegram", "77"))
	account := got[0].Account
	require.NotEmpty(t, account)
	equal(t, []hub.ChatUser{
		{System: "slack", User: hub.User{ID: "U1"}, Level: hub.Operator, Account: account},
		{System: "telegram", User: hub.User{ID: "77", Name: "anna"}, Level: hub.Member, Account: account},
	}, got)
	for _, who := range []hub.Chat{at("slack", "U1"), at("telegram", "77")} {
		require.Equal(t, hub.Operator, level(t, s, who.System, who.ID))
		require.Equal(t, []string{"slack/U1", "telegram/77"}, linked(t, s, who))
	}
	require.Equal(t, hub.Member, user(t, s, "telegram", "77").Level, "their own level stays")
	_, err = s.SetLevel(t.Context(), "slack", "U1", hub.Member)
	require.NoError(t, err)
	require.Equal(t, hub.Member, level(t, s, "telegram", "77"), "with what it came from the level goes")
	_, err = s.Linked(t.Context(), "matrix", "nobody")
	code(t, hub.CodeNotFound, err)
}

func linkCodes(t *testing.T, s *store.Store) {
	shape := regexp.MustCompile(`^[A-Z0-9]{8}$`)
	seen := map[string]bool{}
	for i := range 50 {
		c := made(t, s, "slack", fmt.Sprintf("U%d", i))
		require.Regexp(t, shape, c)
		require.NotContains(t, c, "O")
		require.False(t, strings.ContainsAny(c, "0O1IL2Z5S8BUV"), c)
		seen[c] = true
	}
	require.Len(t, seen, 50)

	first, second := made(t, s, "slack", "U1"), made(t, s, "slack", "U1")
	for _, c := range []string{first, "", "NOPE", strings.Repeat("A", 100_000), "ACDEFGH\x00"} {
		_, err := s.Link(t.Context(), "telegram", "77", c, noon)
		code(t, hub.CodeInvalid, err)
	}
	_, err := s.Link(t.Context(), "telegram", "77", second, noon.Add(10*time.Minute))
	code(t, hub.CodeInvalid, err)
	_, err = s.GetUser(t.Context(), "telegram", "77")
	code(t, hub.CodeNotFound, err)
	last := made(t, s, "slack", "U1")
	_, err = s.Link(t.Context(), "telegram", "77", last, noon.Add(10*time.Minute-time.Microsecond))
	require.NoError(t, err)
}

func linkCodeWritten(t *testing.T, s *store.Store) {
	c := made(t, s, "slack", "U1")
	_, err := s.Link(t.Context(), "telegram", "77", " "+strings.ToLower(c[:4])+"-"+c[4:]+" ", noon)
	require.NoError(t, err)
	require.Equal(t, []string{"slack/U1", "telegram/77"}, linked(t, s, at("slack", "U1")))
}

func ownCode(t *testing.T, s *store.Store) {
	c := made(t, s, "slack", "U1")
	_, err := s.Link(t.Context(), "slack", "U1", c, noon)
	code(t, hub.CodeInvalid, err)
	require.ErrorContains(t, err, "your own code")
	_, err = s.Link(t.Context(), "slack", "U2", c, noon)
	require.NoError(t, err, "a slip costs no code")
}

// notUpwards gives, as an admin, a code that a stranger made.
func notUpwards(t *testing.T, s *store.Store) {
	_, err := s.SetLevel(t.Context(), "slack", "UADMIN", hub.Admin)
	require.NoError(t, err)
	c := made(t, s, "telegram", "stranger")
	_, err = s.Link(t.Context(), "slack", "UADMIN", c, noon)
	code(t, hub.CodeForbidden, err)
	require.Equal(t, hub.Member, level(t, s, "telegram", "stranger"))
	require.Equal(t, []string{"slack/UADMIN"}, linked(t, s, at("slack", "UADMIN")))
	_, err = s.Link(t.Context(), "matrix", "@other:example.org", c, noon)
	code(t, hub.CodeInvalid, err)
	require.ErrorContains(t, err, "used", "the code is gone")

	// Nor by the account that an admin is linked with.
	link(t, s, at("slack", "UADMIN"), at("matrix", "@admin:example.org"))
	_, err = s.Link(t.Context(), "matrix", "@admin:example.org", made(t, s, "telegram", "stranger"), noon)
	code(t, hub.CodeForbidden, err)
	require.Equal(t, hub.Member, level(t, s, "telegram", "stranger"))
}

func mergeAccounts(t *testing.T, s *store.Store) {
	_, err := s.SetLevel(t.Context(), "matrix", "m", hub.Operator)
	require.NoError(t, err)
	link(t, s, at("slack", "a"), at("telegram", "b"))
	link(t, s, at("matrix", "m"), at("console", "c"))
	got := link(t, s, at("console", "c"), at("telegram", "b"))
	require.Len(t, got, 4)
	for _, u := range got {
		require.Equal(t, got[0].Account, u.Account)
		require.Equal(t, hub.Operator, level(t, s, u.System, u.ID))
		require.Equal(t, []string{"console/c", "matrix/m", "slack/a", "telegram/b"}, linked(t, s, at(u.System, u.ID)))
	}
	require.Len(t, link(t, s, at("slack", "a"), at("matrix", "m")), 4, "to link what is linked is fine")
}

func unlink(t *testing.T, s *store.Store) {
	_, err := s.SetLevel(t.Context(), "slack", "a", hub.Admin)
	require.NoError(t, err)
	link(t, s, at("slack", "a"), at("telegram", "b"))
	link(t, s, at("slack", "a"), at("matrix", "m"))
	require.NoError(t, s.Unlink(t.Context(), "telegram", "b"))
	require.Equal(t, hub.Member, level(t, s, "telegram", "b"))
	require.Equal(t, []string{"telegram/b"}, linked(t, s, at("telegram", "b")))
	require.Equal(t, []string{"matrix/m", "slack/a"}, linked(t, s, at("slack", "a")))
	require.NoError(t, s.Unlink(t.Context(), "slack", "a"))
	for _, u := range everyUser(t, s, hub.UserQuery{}) {
		require.Empty(t, u.Account, "one alone is linked with nothing")
	}
	require.Equal(t, hub.Admin, level(t, s, "slack", "a"))
	require.Equal(t, hub.Member, level(t, s, "matrix", "m"))
	require.NoError(t, s.Unlink(t.Context(), "slack", "a"), "twice is fine")
	code(t, hub.CodeNotFound, s.Unlink(t.Context(), "slack", "nobody"))
}

// oneUse gives one code from many accounts at once.
func oneUse(t *testing.T, s *store.Store) {
	c := made(t, s, "slack", "U1")
	var won atomic.Int32
	all(t, func(i int) error {
		_, err := s.Link(t.Context(), "telegram", fmt.Sprint(i), c, noon)
		if err == nil {
			won.Add(1)
		}
		if hub.CodeOf(err) == hub.CodeInvalid {
			return nil
		}
		return err
	})
	require.EqualValues(t, 1, won.Load())
	require.Len(t, linked(t, s, at("slack", "U1")), 2)
}

// linksAtOnce links a chain of users, each with the next, all at once: in the
// end they are one person.
func linksAtOnce(t *testing.T, s *store.Store) {
	codes := make([]string, writers)
	for i := range codes {
		codes[i] = made(t, s, "slack", fmt.Sprint(i))
	}
	all(t, func(i int) error {
		_, err := s.Link(t.Context(), "slack", fmt.Sprint(i+1), codes[i], noon)
		return err
	})
	require.Len(t, linked(t, s, at("slack", "0")), writers+1)
}

// linkAndUnlink links and unlinks at once: whatever stands in the end, nobody
// shares an account with themselves alone.
func linkAndUnlink(t *testing.T, s *store.Store) {
	codes := make([]string, writers)
	for i := range codes {
		codes[i] = made(t, s, "slack", fmt.Sprint(i))
	}
	all(t, func(i int) error {
		_, err := s.Link(t.Context(), "matrix", "m", codes[i], noon)
		if i%2 == 0 {
			err = errors.Join(err, s.Unlink(t.Context(), "slack", fmt.Sprint(i)))
		}
		return err
	})
	want := []string{"matrix/m"}
	for i := range writers {
		if i%2 == 1 {
			want = append(want, fmt.Sprintf("slack/%d", i))
		}
	}
	require.ElementsMatch(t, want, linked(t, s, at("matrix", "m")))
	for _, u := range everyUser(t, s, hub.UserQuery{System: "slack"}) {
		if u.Account == "" {
			continue
		}
		require.Greater(t, len(linked(t, s, at(u.System, u.ID))), 1)
	}
}
