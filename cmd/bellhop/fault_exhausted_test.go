package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestFaultExhausted lets a room of every platform fail for ever, with one attempt
// for each message: there are as many dead letters as messages for it, and sent
// again, when the platform is well, each arrives once and in order.
func TestFaultExhausted(t *testing.T) {
	t.Parallel()
	const together = 6 // fewer than what makes a platform one that answers nobody
	posts := together
	if soak() {
		posts = 16 * together
	}
	const once = each + "attempts = 1\n"
	w := newTroubled(t)
	s := w.serve(once)
	w.every(s, 3)
	for name, g := range w.gates {
		g.has(func(c call) answer {
			if c.act == callSend && c.chat == faultRooms[name][0] {
				return says(providertest.Step{Status: http.StatusInternalServerError})
			}
			return nil
		})
	}
	load := newPoster(s)
	var marks []string
	var letters []deadLetter
	for len(marks) < posts {
		marks = append(marks, load.say(t, together)...)
		letters = s.letters(len(marks) * len(faultRooms))
	}
	for name, platform := range w.byName() {
		for _, room := range faultRooms[name][1:] {
			require.Zero(t, owed(t, platform, room, marks), name)
		}
	}
	count := map[hub.System]int{}
	for _, d := range letters {
		require.Equal(t, hub.FaultTemporary, d.Fault)
		require.NotEmpty(t, d.Reason)
		require.Equal(t, 1, d.Attempts)
		require.Equal(t, faultRooms[string(d.System)][0], d.Chat.ID)
		count[d.System]++
	}
	for name, g := range w.gates {
		require.Equal(t, posts, count[hub.System(name)], name)
		require.Empty(t, heardIn(w.byName()[name], faultRooms[name][0]))
		g.has(nil)
	}
	marks = append(marks, s.steady(load, 12))

	var counted retryAnswer
	s.api("POST", "/api/v1/dead/retry", "application/json", `{"dry_run":true}`, &counted)
	require.Equal(t, posts*len(faultRooms), counted.Count)
	s.api("POST", "/api/v1/dead/retry", "application/json", asJSON(t, map[string]int{"count": counted.Count}), nil)
	for name, platform := range w.byName() {
		room := faultRooms[name][0]
		require.Zero(t, owed(t, platform, room, slices.Concat(marks[posts:], marks[:posts])), "%s: sent again, behind what was sent since", name)
		for _, room := range faultRooms[name][1:] {
			require.Zero(t, owed(t, platform, room, marks), "%s: it goes where it was missing, only", name)
		}
	}
	s.steady(load, 12)
}
