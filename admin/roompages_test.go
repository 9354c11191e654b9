package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// doors are the pages about chats, in memory.
type doors struct{ list []hub.RoomPage }

func (d *doors) CreateRoomPage(_ context.Context, p hub.RoomPage) error {
	d.list = slices.Insert(d.list, 0, p)
	return nil
}

func (d *doors) FindRoomPage(_ context.Context, digest string, now time.Time) (*hub.RoomPage, error) {
	for i := range d.list {
		if p := d.list[i]; p.Digest == digest && (p.ExpiresAt.IsZero() || p.ExpiresAt.After(now)) {
			return &p, nil
		}
	}
	return nil, nil
}

func (d *doors) OpenedRoomPage(_ context.Context, id string, at time.Time) error {
	for i := range d.list {
		if d.list[i].ID == id {
			d.list[i].OpenedAt = at
		}
	}
	return nil
}

func (d *doors) RoomPages(_ context.Context, chat hub.Chat) (list []hub.RoomPage, _ error) {
	for _, p := range d.list {
		if p.Chat == chat {
			list = append(list, p)
		}
	}
	return list, nil
}

func (d *doors) DeleteRoomPage(_ context.Context, chat hub.Chat, id string) (*hub.RoomPage, error) {
	i := slices.IndexFunc(d.list, func(p hub.RoomPage) bool { return p.Chat == chat && p.ID == id })
	if i < 0 {
		return nil, nil
	}
	was := d.list[i]
	d.list = slices.Delete(d.list, i, i+1)
	return &was, nil
}

func TestRoomPages(t *testing.T) {
	kept := &doors{}
	w := newWorld(func(d *admin.Deps) { d.RoomPages, d.PublicURL = kept, "https://bellhop.example.com/" })
	const path = "/api/v1/chats/slack/%23team%2Fdev/pages"
	w.call(t, "GET", path, "").is(http.StatusOK, `{"items":[]}`)
	made := w.call(t, "POST", path, `{"until":"90d","ask":" Maren "}`)
	require.Equal(t, http.StatusCreated, made.Code, made.Body)
	var page admin.MadeRoomPage
	require.NoError(t, json.Unmarshal(made.Body.Bytes(), &page))
	link, ours := strings.CutPrefix(page.URL, "https://bellhop.example.com/d/")
	require.True(t, ours, page.URL)
	require.Len(t, link, 22, "128 bits")
	require.Equal(t, hub.Chat{System: "slack", ID: "#team/dev"}, page.Chat)
	require.Equal(t, "Maren", page.Ask)
	require.Equal(t, w.now.Add(90*24*time.Hour).UTC(), page.ExpiresAt)
	require.NotContains(t, kept.list[0].Digest, link, "only a digest is stored")
	require.NotContains(t, w.call(t, "GET", path, "").Body.String(), link)
	require.NotContains(t, made.Body.String(), kept.list[0].Digest)

	view, err := w.server.RoomView(t.Context(), link)
	require.NoError(t, err)
	require.Equal(t, page.ID, view.Page.ID)
	require.Equal(t, w.now, kept.list[0].OpenedAt)
	for _, wrong := range []string{"", "x", link + "x", strings.ToLower(link) + "_", page.ID, kept.list[0].Digest, strings.Repeat("a", 5000)} {
		_, err := w.server.RoomView(t.Context(), wrong)
		require.Equal(t, hub.CodeNotFound, hub.CodeOf(err), wrong)
		require.EqualError(t, err, "there is no such page")
	}
	w.call(t, "DELETE", "/api/v1/chats/slack/C1/pages/"+page.ID, "").refused(http.StatusNotFound, "", "no page")
	w.call(t, "DELETE", path+"/"+page.ID, "").is(http.StatusNoContent, "")
	_, err = w.server.RoomView(t.Context(), link)
	require.EqualError(t, err, "there is no such page")
	w.call(t, "DELETE", path+"/"+page.ID, "").refused(http.StatusNotFound, "", "no page")

	w.call(t, "POST", path, `{"until":"yesterday","ask":"a\nb"}`).refused(http.StatusUnprocessableEntity, "until", "is no time", "ask", "one line")
	w.call(t, "POST", path, `{"until":"2020-01-01T00:00:00Z"}`).refused(http.StatusUnprocessableEntity, "until", "is over already")
	w.call(t, "POST", "/api/v1/chats/irc/x/pages", `{}`).refused(http.StatusNotFound, "", "irc is not configured")
}

// town answers what is asked of rows and deliveries as the store does, a row at a
// time.
type town struct{ *memory }

func (t town) ListSubscriptions(_ context.Context, q hub.SubscriptionQuery) (list []hub.Subscription, next string, _ error) {
	for _, row := range slices.Backward(t.subscriptions) {
		if row.System == q.System && row.Chat.ID == q.Chat && (q.Page.Cursor == "" || string(row.ID) < q.Page.Cursor) {
			if len(list) == 1 {
				return list, string(list[0].ID), nil
			}
			list = append(list, row)
		}
	}
	return list, "", nil
}

func (t town) ListDeliveries(_ context.Context, q hub.DeliveryQuery) (list []hub.Delivery, next string, _ error) {
	for _, d := range t.deliveries {
		if d.System == q.System && d.Chat.ID == q.Chat && slices.Contains(q.Status, d.Status) {
			list = append(list, d)
		}
	}
	return list, "", nil
}

// TestRoomViewTellsOfOneChat holds that a page says nothing of other chats, nothing
// that its chat was not told, and of what was taken back nothing more.
func TestRoomViewTellsOfOneChat(t *testing.T) {
	kept := &doors{}
	w := newWorld(func(d *admin.Deps) {
		d.RoomPages = kept
		d.Subscriptions, d.Deliveries = town{d.Subscriptions.(*memory)}, town{d.Subscriptions.(*memory)}
	})
	here, there := hub.Chat{System: "slack", ID: "C1"}, hub.Chat{System: "slack", ID: "C2"}
	w.subscriptions = []hub.Subscription{
		{ID: "s1", Chat: here, Mode: hub.Watch, Enabled: true},
		{ID: "s2", Chat: here, Mode: hub.Mute, Enabled: true},
		{ID: "s3", Chat: here, Mode: hub.Watch},
		{ID: "s4", Chat: there, Mode: hub.Watch, Enabled: true},
	}
	sent := func(id hub.NotificationID, chat hub.Chat, status hub.Status, title string) hub.Delivery {
		return hub.Delivery{ID: id, Chat: chat, Status: status, Title: title, Subscription: "s1", QueuedAt: began, UpdatedAt: began}
	}
	w.deliveries = []hub.Delivery{
		sent("n1", here, hub.StatusSent, "told"), sent("n2", here, hub.StatusDead, "never told"), sent("n3", there, hub.StatusSent, "of another"),
		sent("n4", here, hub.StatusSent, "taken back"), sent("n5", here, hub.StatusSent, "renamed"), sent("n6", here, hub.StatusQueued, "not yet"),
	}
	w.said = []hub.Announcement{
		{Notification: "n4", Chat: here, State: hub.AnnouncedRetracted, Message: hub.Message{Card: &hub.Card{Title: "taken back"}}},
		{Notification: "n5", Chat: here, Message: hub.Message{Card: &hub.Card{Title: "its new name"}}},
	}
	made, err := w.server.MakeRoomPage(t.Context(), here, admin.RoomPageInput{})
	require.NoError(t, err)
	view, err := w.server.RoomView(t.Context(), strings.TrimPrefix(made.URL, "/d/"))
	require.NoError(t, err)
	var rows []hub.SubscriptionID
	for _, r := range view.Rows {
		rows = append(rows, r.ID)
	}
	require.Equal(t, []hub.SubscriptionID{"s2", "s1"}, rows, "in the order in which they decide")
	require.Equal(t, 1, view.Off)
	var told []string
	for _, m := range view.Told {
		told = append(told, m.Title)
	}
	require.ElementsMatch(t, []string{"told", "", "its new name"}, told)
}
