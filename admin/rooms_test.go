package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func preflightOf(chat hub.Chat, name string, post hub.YesNo) *hub.Preflight {
	yes, no := hub.Found(true), hub.Found(false)
	p := hub.Preflight{Chat: chat, Name: name, Member: yes, Post: hub.Finding{Is: post}, Thread: yes, Edit: yes, Delete: yes, Archived: no, Encrypted: no, At: began}
	if post != hub.Yes {
		p.Post.Reason, p.Post.Step = "the app is not in the channel", "In that channel type /invite @Bellhop"
	}
	p.Judge()
	return &p
}

func (m *memory) Rooms(context.Context) ([]hub.Room, error) {
	chat := func(id string) hub.Chat { return hub.Chat{System: "slack", ID: id} }
	return []hub.Room{
		{Chat: hub.Chat{System: "console", ID: "lobby"}, Rows: 1},
		{Chat: chat("C1"), Name: "#zebra", Rows: 2, Preflight: preflightOf(chat("C1"), "#zebra", hub.Yes)},
		{Chat: chat("C2"), Name: "#docs", Rows: 1, Preflight: preflightOf(chat("C2"), "#docs", hub.No)},
		{Chat: chat("C3"), Name: "#ants", Rows: 1, Preflight: preflightOf(chat("C3"), "#ants", hub.Yes)},
	}, m.fail
}

func (m *memory) Preflight(_ context.Context, chat hub.Chat, fresh bool) (hub.Preflight, error) {
	m.asked = []any{chat, fresh}
	return *preflightOf(chat, "#docs", hub.No), m.fail
}

func (m *memory) Check(_ context.Context, system hub.System) (hub.Check, error) {
	m.asked = system
	return hub.Check{System: system, Total: 3, StartedAt: began, At: began}, m.fail
}

func (m *memory) Checked(_ context.Context, system hub.System) (hub.Check, error) {
	return hub.Check{System: system, Total: 3, Done: 3, Blocked: 1, StartedAt: began, At: began, EndedAt: began}, m.fail
}

func (m *memory) Known(_ context.Context, source hub.Source) (*hub.Taxonomy, error) {
	return m.taxonomy(context.Background(), source)
}

func (m *memory) Shown(_ context.Context, source hub.Source) (*hub.Taxonomy, error) {
	return m.taxonomy(context.Background(), source)
}

func (m *memory) Refresh(_ context.Context, source hub.Source) (*hub.Taxonomy, error) {
	return m.taxonomy(context.Background(), source)
}

// get reads an answer of the API.
func get(t *testing.T, w *world, path string, into any) {
	t.Helper()
	a := w.call(t, "GET", path, "")
	require.Equal(t, http.StatusOK, a.Code, a.Body)
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), into))
}

func TestRooms(t *testing.T) {
	w := newWorld()
	var page struct {
		Items []hub.Room
		Next  string
	}
	get(t, w, "/api/v1/systems/slack/rooms?limit=2", &page)
	require.Equal(t, []string{"#docs", "#ants"}, []string{page.Items[0].Name, page.Items[1].Name}, "what needs somebody comes first")
	require.NotEmpty(t, page.Next)
	get(t, w, "/api/v1/systems/slack/rooms?limit=2&cursor="+url.QueryEscape(page.Next), &page)
	require.Len(t, page.Items, 1)
	require.Equal(t, "#zebra", page.Items[0].Name)
	get(t, w, "/api/v1/systems/slack/rooms?state=blocked", &page)
	require.Len(t, page.Items, 1)
	get(t, w, "/api/v1/systems/slack/rooms?q=ZEB", &page)
	require.Len(t, page.Items, 1)
	require.Equal(t, http.StatusUnprocessableEntity, w.call(t, "GET", "/api/v1/systems/slack/rooms?cursor=%21", "").Code)
	require.Equal(t, http.StatusNotFound, w.call(t, "GET", "/api/v1/systems/slak/rooms", "").Code)
}

func TestPreflight(t *testing.T) {
	w := newWorld()
	var p hub.Preflight
	get(t, w, "/api/v1/systems/slack/chats/%23docs/preflight?fresh=1", &p)
	require.Equal(t, hub.PreflightBlocked, p.State)
	require.Equal(t, "In that channel type /invite @Bellhop", p.First().Step)
	require.Equal(t, []any{hub.Chat{System: "slack", ID: "#docs"}, true}, w.asked)
	require.Equal(t, http.StatusAccepted, w.call(t, "POST", "/api/v1/systems/slack/preflight", "").Code)
	require.Equal(t, hub.System("slack"), w.asked)
	var c hub.Check
	get(t, w, "/api/v1/systems/slack/preflight", &c)
	require.Equal(t, 3, c.Done)
	require.Equal(t, http.StatusNotFound, w.call(t, "POST", "/api/v1/systems/slak/preflight", "").Code)
	require.Equal(t, http.StatusNotFound, w.call(t, "POST", "/api/v1/sources/mete/refresh", "").Code)
}
