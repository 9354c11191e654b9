package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// sampled is what "test" sends to a chat.
func (a *act) sampled(t *testing.T) string {
	t.Helper()
	text := a.Command(t, a.chat, a.people["anna"], "discourse test").Text
	require.Eventually(t, func() bool {
		if !strings.Contains(text, "asked for by") {
			text = a.Shown(t, a.chat, a.people["anna"]).Text
		}
		return strings.Contains(text, "asked for by")
	}, 10*time.Second, 50*time.Millisecond)
	return text
}

// told waits until the hub has so many events of a type from the forum.
func (w *town) told(kind hub.EventType, n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct{ Items []hub.Event }
		w.get("/api/v1/events?source=meta&type="+string(kind), &page)
		return len(page.Items) >= n
	}, 20*time.Second, 20*time.Millisecond, "%d × %s", n, kind)
}

// TestSampleOfWhatIsGone holds that `test` sends no post that was deleted since.
func TestSampleOfWhatIsGone(t *testing.T) {
	w := newTown(t, nil, "", mattermostPlace)
	a := &act{place: w.places[0], town: w, name: "room"}
	a.chat = a.Chat(t, a.name)
	topic := w.forum.Topic("alice", "support", "Out of ink", "It prints nothing.", "bug")
	w.decided(topic)
	a.Command(t, a.chat, a.people["anna"], "discourse watch support")
	n := w.forum.Reply(topic, "ben", "My password is hunter2, and you are all idiots.")
	require.Eventually(t, func() bool { return strings.Contains(a.Shown(t, a.chat, a.people["anna"]).Text, "hunter2") }, 20*time.Second, 20*time.Millisecond)
	w.forum.DeletePost(topic, n)
	w.told(hub.ForumPostDeleted, 1)
	text := a.sampled(t)
	require.NotContains(t, text, "hunter2", "the post was deleted")
}

// TestSampleOfWhatWasEdited holds that `test` sends posts as they are by now, and none
// that is hidden.
func TestSampleOfWhatWasEdited(t *testing.T) {
	w := newTown(t, nil, "", mattermostPlace)
	a := &act{place: w.places[0], town: w, name: "room"}
	a.chat = a.Chat(t, a.name)
	topic := w.forum.Topic("alice", "support", "Out of ink", "It prints nothing.", "bug")
	w.decided(topic)
	a.Command(t, a.chat, a.people["anna"], "discourse watch support")
	n := w.forum.Reply(topic, "ben", "My password is hunter2.")
	h := w.forum.Reply(topic, "ben", "You are all idiots.")
	w.told(hub.ForumPostCreated, 3)
	w.forum.EditPost(topic, n, "My password is for me to know.")
	w.forum.HidePost(topic, h)
	w.told(hub.ForumPostEdited, 2)
	text := a.sampled(t)
	require.NotContains(t, text, "idiots")
	require.NotContains(t, text, "hunter2")
	require.Contains(t, text, "for me to know")
}

// TestAuditTellsTheRule holds that the audit log tells which rule was made or removed
// from chat.
func TestAuditTellsTheRule(t *testing.T) {
	w := newTown(t, nil, "", mattermostPlace)
	a := &act{place: w.places[0], town: w, name: "room"}
	a.chat = a.Chat(t, a.name)
	a.last = a.Command(t, a.chat, a.people["anna"], "discourse watch supprt")
	a.last = a.Press(t, a.chat, a.people["anna"], a.last, "support")
	a.last = a.Command(t, a.chat, a.people["anna"], "discourse watch market")
	a.last = a.Command(t, a.chat, a.people["anna"], "discourse remove 1")
	var page struct{ Items []hub.AuditEntry }
	w.get("/api/v1/audit?limit=10&"+url.Values{"system": {"mattermost"}, "chat": {a.chat}}.Encode(), &page)
	outcomes := map[string]int{}
	for _, e := range page.Items {
		outcomes[e.Outcome]++
		switch e.Outcome {
		case hub.OutcomeCreated:
			require.NotEmpty(t, e.After)
		case hub.OutcomeDeleted:
			require.NotEmpty(t, e.Before)
		}
	}
	require.Equal(t, 2, outcomes[hub.OutcomeCreated], outcomes)
	require.Equal(t, 1, outcomes[hub.OutcomeDeleted], outcomes)
}
