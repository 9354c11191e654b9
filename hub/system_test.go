package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestJoinStatus(t *testing.T) {
	at := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	ok := hub.SystemStatus{System: "slack", Kind: "slack", State: hub.SystemOK, Workers: 1}
	paused := hub.SystemStatus{System: "slack", Kind: "slack", State: hub.SystemPaused, Reason: "invalid_auth", Workers: 1}
	unknown := hub.SystemStatus{System: "slack", Kind: "slack", State: hub.SystemUnknown, Reason: "not checked yet", Workers: 1}
	chat := func(id string, since, next time.Duration) hub.PausedChat {
		return hub.PausedChat{Chat: id, Since: at.Add(since), NextAt: at.Add(next)}
	}
	for _, c := range []struct {
		name          string
		told          []hub.SystemStatus
		state, reason string
	}{
		{"one says what it says", []hub.SystemStatus{paused}, hub.SystemPaused, "invalid_auth"},
		{"the worst counts", []hub.SystemStatus{ok, paused, ok}, hub.SystemPaused, "1 of its 3 workers: invalid_auth"},
		{"all agree", []hub.SystemStatus{paused, paused}, hub.SystemPaused, "invalid_auth"},
		{"who does not know says nothing", []hub.SystemStatus{unknown, ok}, hub.SystemOK, ""},
		{"nobody knows", []hub.SystemStatus{unknown, unknown}, hub.SystemUnknown, "not checked yet"},
		{"a state of a later release is trouble", []hub.SystemStatus{ok, {State: "on fire"}}, "on fire", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := hub.JoinStatus(c.told)
			require.Equal(t, c.state, all.State)
			require.Equal(t, c.reason, all.Reason)
		})
	}
	one, two := ok, ok
	one.Held, one.PausedChats = 3, []hub.PausedChat{chat("C1", time.Minute, 2*time.Minute), chat("C2", 2*time.Minute, 3*time.Minute)}
	two.Held, two.PausedChats = 4, []hub.PausedChat{chat("C3", 0, time.Hour), chat("C1", time.Minute, time.Hour)}
	all := hub.JoinStatus([]hub.SystemStatus{one, two})
	require.EqualValues(t, 7, all.Held)
	require.Equal(t, 2, all.Workers)
	require.Equal(t, []hub.PausedChat{chat("C3", 0, time.Hour), chat("C1", time.Minute, time.Hour), chat("C2", 2*time.Minute, 3*time.Minute)}, all.PausedChats)
	require.Len(t, one.PausedChats, 2, "what each said is left as it was")
}
