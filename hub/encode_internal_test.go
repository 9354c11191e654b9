package hub

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMessageEncoder holds that nothing is lost of what is encoded, and that a message
// is encoded once for all who share it.
func TestMessageEncoder(t *testing.T) {
	card := &Card{Kind: "Reply", Title: "<b> & \u2028", Tags: []Label{{Name: "go"}}, Time: time.Unix(1, 2).UTC()}
	messages := []Message{
		{},
		{Text: "hello"},
		{Card: card, Thread: "meta/topic/1"},
		{Card: card, Thread: "meta/topic/1", InThread: true},
		{Card: card, Thread: "meta/topic/1", Actions: []Action{{Label: "Mute", Token: "t"}, {Label: "Snooze"}}},
	}
	var e MessageEncoder
	for _, m := range messages {
		for _, system := range []System{"slack", "matrix"} {
			n := Notification{Version: 2, ID: "n1", Chat: Chat{system, "C1"}, Message: m, QueuedAt: card.Time, New: true, Again: 2}
			body, err := e.Notification(&n)
			require.NoError(t, err)
			var read Notification
			require.NoError(t, json.Unmarshal(body, &read))
			require.Equal(t, n, read)
			plain, err := json.Marshal(n)
			require.NoError(t, err)
			require.JSONEq(t, string(plain), string(body))

			a := Announcement{Notification: "n1", Chat: n.Chat, Source: "meta", Options: Options{Style: StyleFull}, Message: m, At: card.Time, UpdatedAt: card.Time}
			text, err := e.Announcement(&a)
			require.NoError(t, err)
			var told Announcement
			require.NoError(t, json.Unmarshal([]byte(text), &told))
			require.Equal(t, a, told)
			plain, err = json.Marshal(a)
			require.NoError(t, err)
			require.JSONEq(t, string(plain), text)
		}
	}
	require.Len(t, e.known, len(messages))
	require.Equal(t, reflect.TypeFor[Message]().NumField(), 6, "MessageKey knows each field of a message")
	_, err := e.Notification(&Notification{QueuedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Error(t, err, "JSON has no such year")
}
