package admin_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// crowd is a store of people and of what they did.
type crowd struct {
	users      []hub.ChatUser
	knownChats []hub.KnownChat
	entries    []hub.AuditEntry
	deaf       error // of AppendAudit
	lost       error // of everything about people
}

func (c *crowd) GetUser(_ context.Context, system hub.System, user string) (*hub.ChatUser, error) {
	for _, u := range c.users {
		if u.System == system && u.ID == user {
			return &u, c.lost
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no user %q of %s", user, system)
}

func (c *crowd) SetLevel(_ context.Context, system hub.System, user string, l hub.Level) (*hub.ChatUser, error) {
	i := slices.IndexFunc(c.users, func(u hub.ChatUser) bool { return u.System == system && u.ID == user })
	if i < 0 {
		i = len(c.users)
		c.users = append(c.users, hub.ChatUser{System: system, User: hub.User{ID: user}})
	}
	c.users[i].Level = l
	u := c.users[i]
	return &u, c.lost
}

func (c *crowd) LevelOf(ctx context.Context, system hub.System, user string) (hub.Level, error) {
	top := hub.Guest
	linked, err := c.Linked(ctx, system, user)
	for _, u := range linked {
		if u.Level.May(top) {
			top = u.Level
		}
	}
	return top, err
}

func (m *memory) ListUsers(_ context.Context, q hub.UserQuery) ([]hub.ChatUser, string, error) {
	m.asked = q
	return slices.Clone(m.users), "more", m.lost
}

func (c *crowd) Unlink(_ context.Context, system hub.System, user string) error {
	for i := range c.users {
		if c.users[i].System == system && c.users[i].ID == user {
			c.users[i].Account = ""
		}
	}
	return c.lost
}

func (c *crowd) Linked(ctx context.Context, system hub.System, user string) (all []hub.ChatUser, _ error) {
	me, err := c.GetUser(ctx, system, user)
	if err != nil {
		return nil, err
	}
	for _, u := range c.users {
		if u.System == system && u.ID == user || u.Account != "" && u.Account == me.Account {
			all = append(all, u)
		}
	}
	return all, nil
}

func (m *memory) ListKnownChats(_ context.Context, system hub.System) ([]hub.KnownChat, error) {
	m.asked = system
	return m.knownChats, m.lost
}

func (c *crowd) AppendAudit(_ context.Context, entries ...hub.AuditEntry) error {
	if c.deaf != nil {
		return c.deaf
	}
	for _, e := range entries {
		e.ID = "a1"
		c.entries = append(c.entries, e)
	}
	return nil
}

func (m *memory) ListAudit(_ context.Context, q hub.AuditQuery) ([]hub.AuditEntry, string, error) {
	m.asked = q
	return slices.Clone(m.entries), "more", m.lost
}

// did are the entries since it was asked last: action, outcome and message.
func (c *crowd) did(t *testing.T) (list []string) {
	t.Helper()
	for _, e := range c.entries {
		require.Equal(t, "admin", e.Who)
		require.False(t, e.At.IsZero())
		list = append(list, strings.TrimSpace(strings.Join([]string{e.Action, e.Outcome, string(e.System), e.Chat, e.Line, e.Message}, " ")))
	}
	c.entries = nil
	return list
}

func linkedWorld() *world {
	w := newWorld()
	w.users = []hub.ChatUser{
		{System: "slack", User: hub.User{ID: "U1", Name: "anna", Full: "Anna Bauer"}, Level: hub.Operator, Account: "a1"},
		{System: "console", User: hub.User{ID: "@a:x/y"}, Level: hub.Member, Account: "a1"},
		{System: "slack", User: hub.User{ID: "U2", Bot: true}, Level: hub.Guest},
	}
	return w
}

func TestPeople(t *testing.T) {
	w := linkedWorld()
	w.call(t, "GET", "/api/v1/people?system=slack&level=operator&text=ann&limit=2&cursor=c", "").is(http.StatusOK, `{"next":"more","items":[
		{"system":"slack","id":"U1","name":"anna","full":"Anna Bauer","level":"operator","account":"a1","may":"operator"},
		{"system":"console","id":"@a:x/y","level":"user","account":"a1","may":"operator"},
		{"system":"slack","id":"U2","bot":true,"level":"guest","may":"guest"}]}`)
	require.Equal(t, hub.UserQuery{System: "slack", Level: hub.Operator, Text: "ann", Page: hub.Page{Limit: 2, Cursor: "c"}}, w.asked)
	w.call(t, "GET", "/api/v1/people?level=root", "").refused(http.StatusUnprocessableEntity, "level", "one of guest, user, operator, admin")

	w.call(t, "GET", "/api/v1/people/console/@a:x%2Fy", "").is(http.StatusOK, `{"system":"console","id":"@a:x/y","level":"user","account":"a1","may":"operator",
		"linked":[{"system":"slack","id":"U1","name":"anna","full":"Anna Bauer","level":"operator","account":"a1"}]}`)
	w.call(t, "GET", "/api/v1/people/slack/U9", "").refused(http.StatusNotFound, "", `no user "U9"`)
	require.Empty(t, w.did(t), "who only looks changes nothing")
	w.lost = errors.New("disk")
	w.call(t, "GET", "/api/v1/people", "").refused(http.StatusInternalServerError)
}

func TestSetLevel(t *testing.T) {
	w := linkedWorld()
	w.call(t, "PUT", "/api/v1/people/console/@a:x%2Fy", `{"level":"guest"}`).is(http.StatusOK, `{"system":"console","id":"@a:x/y","level":"guest","account":"a1","may":"operator",
		"linked":[{"system":"slack","id":"U1","name":"anna","full":"Anna Bauer","level":"operator","account":"a1"}]}`)
	require.JSONEq(t, `{"system":"console","user":"@a:x/y","level":"user"}`, string(w.entries[0].Before))
	require.JSONEq(t, `{"system":"console","user":"@a:x/y","level":"guest"}`, string(w.entries[0].After))
	w.call(t, "PUT", "/api/v1/people/slack/U0", `{"level":"admin"}`).is(http.StatusOK, `{"system":"slack","id":"U0","level":"admin","may":"admin"}`)
	w.call(t, "PUT", "/api/v1/people/slack/U0", `{"level":"admin"}`)
	require.Equal(t, []string{
		"person.level updated console   @a:x/y (@a:x/y): user → guest",
		"person.level created slack   U0 is admin",
		"person.level unchanged slack   U0 (U0): admin → admin",
	}, w.did(t))

	for body, want := range map[string]string{`{}`: "is required", `{"level":"root"}`: "guest, user, operator or admin", `{"level":null}`: "is required"} {
		w.call(t, "PUT", "/api/v1/people/slack/U1", body).refused(http.StatusUnprocessableEntity, "level", want)
	}
	w.call(t, "PUT", "/api/v1/people/slack/U1", `{"lvl":"admin"}`).refused(http.StatusUnprocessableEntity, "lvl", "not a field")
	w.call(t, "PUT", "/api/v1/people/irc/U1", `{"level":"admin"}`).refused(http.StatusNotFound, "", "irc is not configured")
	w.call(t, "PUT", "/api/v1/people/slack/a%07", `{"level":"admin"}`).refused(http.StatusNotFound, "", "printable")
	w.call(t, "PUT", "/api/v1/people/slack/"+strings.Repeat("x", 256), `{"level":"admin"}`).refused(http.StatusNotFound)
	require.Empty(t, w.did(t))
}

func TestUnlinkPerson(t *testing.T) {
	w := linkedWorld()
	w.call(t, "DELETE", "/api/v1/people/slack/U1/link", "").is(http.StatusNoContent, "")
	require.JSONEq(t, `[{"system":"slack","user":"U1","level":"operator"},{"system":"console","user":"@a:x/y","level":"user"}]`, string(w.entries[0].Before))
	w.call(t, "DELETE", "/api/v1/people/slack/U1/link", "").is(http.StatusNoContent, "")
	require.Equal(t, []string{"person.unlink deleted slack   U1 is linked with nobody", "person.unlink unchanged slack   U1 is linked with nobody"}, w.did(t))
	w.call(t, "DELETE", "/api/v1/people/slack/U9/link", "").refused(http.StatusNotFound)
	require.Empty(t, w.did(t))
}

func TestKnownChats(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/known-chats", "").is(http.StatusOK, `{"items":[]}`)
	w.knownChats = []hub.KnownChat{{Chat: hub.Chat{System: "slack", ID: "C1"}, Name: "ops", Direct: true, FirstBy: "Anna", FirstAt: began, LastAt: began}}
	w.call(t, "GET", "/api/v1/known-chats?system=slack", "").is(http.StatusOK, `{"items":[{"system":"slack","chat":"C1","name":"ops","direct":true,
		"first_by":"Anna","first_at":"2026-01-02T03:04:05Z","last_at":"2026-01-02T03:04:05Z"}]}`)
	require.Equal(t, hub.System("slack"), w.asked)
}
