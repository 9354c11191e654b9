package bus_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// titled is an event with a title.
func titled(id, title string) *hub.Event {
	e := typed(id, "user.deploy.finished")
	e.Data, _ = json.Marshal(hub.Item{Title: title})
	return e
}

func ids(events []bus.Received) (list []string) {
	for _, r := range events {
		list = append(list, string(r.Event.ID))
	}
	return list
}

func TestSearchEvents(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		require.NoError(t, b.Tell(t.Context(), titled("e1", "Printer is OFF"), titled("e2", "GRÜSSE <b>"), typed("e3", hub.HubMessageSent), titled("e4", `say "hi"`)))
		find := func(q hub.EventQuery) []string {
			found, next, err := b.SearchEvents(t.Context(), q)
			require.NoError(t, err)
			require.Empty(t, next)
			return ids(found)
		}
		require.Equal(t, []string{"e4", "e3", "e2", "e1"}, find(hub.EventQuery{}))
		require.Equal(t, []string{"e4", "e2", "e1"}, find(hub.EventQuery{But: []string{"hub.message.*", "chat.*"}}))
		for text, want := range map[string][]string{
			"printer is off": {"e1"}, "grüsse": {"e2"}, "<B>": {"e2"}, `"HI"`: {"e4"}, "E3": {"e3"}, "nothing": nil, "title": nil,
		} {
			require.Equal(t, want, find(hub.EventQuery{Text: text}), text)
		}
	})
}

func TestSearchEventsByTime(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	var at []time.Time
	for i := range 6 {
		require.NoError(t, b.Tell(t.Context(), titled(fmt.Sprint("e", i), "x")))
		found, _, err := b.SearchEvents(t.Context(), hub.EventQuery{Page: hub.Page{Limit: 1}})
		require.NoError(t, err)
		at = append(at, found[0].Stored)
	}
	for i, c := range []struct {
		since, until time.Time
		want         []string
	}{
		{at[4], time.Time{}, []string{"e5", "e4"}},
		{time.Time{}, at[2], []string{"e1", "e0"}},
		{at[1], at[3], []string{"e2", "e1"}},
		{time.Time{}, at[0], nil},
		{at[5].Add(time.Hour), time.Time{}, nil},
		{time.Time{}, at[5].Add(time.Hour), []string{"e5", "e4", "e3", "e2", "e1", "e0"}},
	} {
		found, next, err := b.SearchEvents(t.Context(), hub.EventQuery{Since: c.since, Until: c.until})
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, c.want, ids(found), "query %d", i)
	}
	page, next, err := b.SearchEvents(t.Context(), hub.EventQuery{Until: at[4], Since: at[1], Page: hub.Page{Limit: 2}})
	require.NoError(t, err)
	require.Equal(t, []string{"e3", "e2"}, ids(page))
	page, next, err = b.SearchEvents(t.Context(), hub.EventQuery{Until: at[4], Since: at[1], Page: hub.Page{Limit: 2, Cursor: next}})
	require.NoError(t, err)
	require.Equal(t, []string{"e1"}, ids(page))
	require.Empty(t, next)

	near, err := b.EventNear(t.Context(), "e2", at[2])
	require.NoError(t, err)
	require.EqualValues(t, "e2", near.Event.ID)
	_, err = b.EventNear(t.Context(), "e9", at[2])
	require.Equal(t, hub.CodeNotFound, hub.CodeOf(err))
}

func TestNewerEvents(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	require.NoError(t, b.Tell(t.Context(), titled("e0", "x")))
	none, last, err := b.NewerEvents(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, none)
	for i := 1; i < 6; i++ {
		require.NoError(t, b.Tell(t.Context(), titled(fmt.Sprint("e", i), "x")))
	}
	found, on, err := b.NewerEvents(t.Context(), last, 3)
	require.NoError(t, err)
	require.Equal(t, []string{"e3", "e4", "e5"}, ids(found), "of more than asked for the newest")
	found, _, err = b.NewerEvents(t.Context(), on, 3)
	require.NoError(t, err)
	require.Empty(t, found)
}
