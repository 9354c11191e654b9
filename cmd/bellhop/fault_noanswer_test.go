package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestFaultNoAnswer lets every platform fail the first attempts in each way in
// which a platform, or what lies before it, gives no answer that says anything.
// Only an answer that was lost may lead to a message that comes twice, and not
// where the platform knows it again.
func TestFaultNoAnswer(t *testing.T) {
	t.Parallel()
	attempts, enough := 1, make(chan struct{})
	if soak() {
		attempts = 3 // and what hangs does so until we give up
	}
	page := providertest.Step{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>Sign in to the Wi-Fi</html>"}
	faults := [3][]answer{ // by room: of the first post and of the second
		{says(providertest.Step{Status: http.StatusInternalServerError}), loses},
		{hangs(enough), says(page)},
		{resets, halves},
	}
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 3)
	for name, g := range w.gates {
		g.has(func(c call) answer {
			room := slices.Index(faultRooms[name], c.chat)
			switch {
			case c.act != callSend || room < 0:
				return nil
			case c.mark == "00000003":
				return slows
			case c.mark > "00000002" || c.nth > attempts:
				return nil
			}
			return faults[room][int(c.mark[7]-'1')]
		})
	}
	load := newPoster(s)
	marks := load.say(t, 3)
	if !soak() { // the first posts of the other rooms come while one room hangs
		for name, platform := range w.byName() {
			for _, room := range []int{0, 2} {
				require.Eventually(t, func() bool { return slices.Contains(heardIn(platform, faultRooms[name][room]), marks[0]) },
					patience, 20*time.Millisecond, "%s: a room that hangs holds up another", name)
			}
			require.Empty(t, heardIn(platform, faultRooms[name][1]))
		}
		close(enough)
	}
	w.owedAll(3, marks, attempts)
	for name, g := range w.gates {
		for _, room := range faultRooms[name] {
			for i, mark := range marks {
				calls := g.of(room, mark)
				if i == 2 {
					require.Len(t, calls, 1, "%s: a slow answer is an answer", name)
					continue
				}
				require.Len(t, calls, attempts+1, "%s %s: calls for post %s", name, room, mark)
				require.GreaterOrEqual(t, calls[1].at.Sub(calls[0].at), 1600*time.Millisecond, "%s %s: 2 s less a fifth", name, room)
			}
		}
	}
	s.steady(load, 12)
}
