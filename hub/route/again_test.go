package route_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// replay asks the router to hold an event of the log against the rules again.
func (f *desk) replay(n int, id hub.EventID) []hub.Notification {
	f.t.Helper()
	data, err := json.Marshal(hub.ReplayRequest{Event: f.log[n].Event, By: "anna"})
	require.NoError(f.t, err)
	require.NoError(f.t, f.route(&hub.Event{
		SpecVersion: hub.SpecVersion, ID: id, Source: "api", Type: hub.HubSignalReplay, ReplyTo: f.log[n].Event.ID, ReceivedTime: time.Now(), Data: data,
	}))
	return f.now()
}

func (f *desk) foretell(n int) *hub.Replay {
	f.t.Helper()
	x, err := f.router.Foretell(f.t.Context(), f.log[n].Event)
	require.NoError(f.t, err)
	return x
}

func TestAReplayTellsWhoWasNotTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | early | c/9", "slack | quiet | mute:*")
		first := f.hear(hub.ForumPostCreated, post(2))
		require.Equal(t, []string{"early"}, chats(first))
		x := f.foretell(0)
		require.Equal(t, 0, x.Count)
		require.Equal(t, 1, x.Told)
		require.Equal(t, 1, x.Muted)
		require.Equal(t, first[0].ID, x.Chats[0].Notification)
		require.Empty(t, f.replay(0, "r1"), "who was told is not told again")

		f.rows = append(f.rows, table(t, "slack | late | c/9").rows...)
		f.rows[2].ID = "late"
		require.NoError(t, f.router.Reload(t.Context()))
		require.Equal(t, 1, f.foretell(0).Count)
		time.Sleep(49 * time.Hour) // workers have forgotten what they sent
		again := f.replay(0, "r2")
		require.Equal(t, []string{"late"}, chats(again))
		require.Equal(t, hub.NotificationFor(f.log[0].Event.ID, again[0].Chat), again[0].ID)
		require.Equal(t, f.log[0].Event.ID, again[0].Event)
		require.Zero(t, again[0].ReceivedAt)
		require.Empty(t, f.replay(0, "r3"), "now it was told, too")

		f.stop()
		require.Equal(t, hub.VerdictDecided, f.traces["r2"].Verdict)
		require.Len(t, f.traces["r2"].Chats, 3)
		require.Len(t, f.traces[f.log[0].Event.ID].Chats, 2, "the decision as it was taken stays")
	})
}

// What tells of no post is known by the delivery log alone.
func TestAReplayOfAThing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | deploys | k/user.deploy.*")
		data, err := jsonOf(hub.Item{Title: "api is live"})
		require.NoError(t, err)
		require.NoError(t, f.route(&hub.Event{SpecVersion: hub.SpecVersion, ID: "e1", Source: "ci", Type: "user.deploy.finished", ReceivedTime: time.Now(), Data: data}))
		require.Len(t, f.now(), 1)
		time.Sleep(49 * time.Hour)
		require.Equal(t, 1, f.foretell(0).Told)
		require.Empty(t, f.replay(0, "r1"))
		f.queued = nil // the log has forgotten
		require.Equal(t, 1, f.foretell(0).Count)
		require.Len(t, f.replay(0, "r2"), 1)
	})
}

// A replay teaches nothing and changes nothing that was said.
func TestAReplayOfAnEditChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *")
		require.Len(t, f.hear(hub.ForumPostCreated, post(1)), 1)
		edit := func(text string, version int) hub.Forum {
			p := post(1)
			p.Post.HTML, p.Post.Version = "<p>"+text+"</p>", version
			return p
		}
		require.Len(t, f.hear(hub.ForumPostEdited, edit("first", 2)), 1)
		require.Len(t, f.hear(hub.ForumPostEdited, edit("second", 3)), 1)
		require.Empty(t, f.replay(1, "r1"), "an older text does not come back")
		x, err := f.router.Foretell(t.Context(), &hub.Event{ID: "s1", Type: "hub.system.error"})
		require.NoError(t, err)
		require.Contains(t, x.Why, "not announced")
	})
}

func TestAReplayThatNamesNothingIsPassedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *")
		for _, data := range []string{`{}`, `null`, `[]`, `{"event":{"id":"e1","type":"forum.post.created","data":[]}}`, `{"event":{"id":"e1","type":"hub.signal.replay"}}`} {
			require.NoError(t, f.route(&hub.Event{SpecVersion: hub.SpecVersion, ID: hub.EventID(data), Source: "api", Type: hub.HubSignalReplay, Data: []byte(data)}))
		}
		require.Empty(t, f.now())
		require.Len(t, f.hear(hub.ForumPostCreated, post(1)), 1)
	})
}
