package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestFaultOrder writes, edits twice and deletes a post while no platform takes
// the message that tells of it: the message comes before its changes, these come
// in order, and in the end it says that the post is gone.
func TestFaultOrder(t *testing.T) {
	t.Parallel()
	failures := 1
	if soak() {
		failures = 3
	}
	l := newLive(t)
	w := gated(l.p)
	l.serve(`delay = "0s"`)
	w.every(l.s, 1)
	l.s.subscribe("console | all | *")
	topic := l.Topic("alice", "support", "Printer on fire", "It burns.")
	for _, platform := range w.byName() {
		shows(t, platform, 1, "Printer on fire")
	}

	for _, g := range w.gates {
		g.has(func(c call) answer {
			if c.act == callSend && c.mark == "00000001" && c.nth <= failures {
				return says(providertest.Step{Status: http.StatusBadGateway})
			}
			return nil
		})
	}
	number := l.Reply(topic, "bob", "Use water, mark-00000001.")
	for name, g := range w.gates {
		g.await(t, func(c call) bool { return c.chat == faultRooms[name][0] && c.mark == "00000001" })
	}
	l.EditPost(topic, number, "Use sand, mark-00000002.")
	l.EditPost(topic, number, "Use foam, mark-00000003.")
	l.DeletePost(topic, number)
	l.quiet()
	if !soak() {
		for name, platform := range w.byName() {
			require.Len(t, platform.Sent(), 1, "%s: the changes are on their way before the message is", name)
		}
	}

	for name, platform := range w.byName() {
		got := showsWithin(t, 3*time.Minute, platform, 2, "deleted")
		require.NotContains(t, strings.Join(got, "\n"), "mark-", name)
		w.inOrder(name, failures)
	}
	require.Eventually(t, func() bool {
		page := l.s.page("/console/all")
		return strings.Contains(page, "deleted") && strings.Contains(page, "It burns.") && !strings.Contains(page, "mark-")
	}, patience, 50*time.Millisecond, "the console does not show that the post is gone")
	require.Eventually(t, func() bool { return len(l.s.openDeliveries()) == 0 }, patience, 50*time.Millisecond, "something still waits")
	l.s.letters(0)
}

// inOrder requires that a platform was asked for the message until it took it,
// then for changes in the order in which they were made.
func (w *troubled) inOrder(name string, failures int) {
	w.t.Helper()
	// What the bot may do in a room is asked, too, after a send that failed.
	calls, _ := w.gates[name].seen(func(c call) bool { return c.chat == faultRooms[name][0] && c.act != callOther })
	calls = calls[1:] // of the topic
	var acts, marks []string
	for i, c := range calls {
		acts = append(acts, c.act)
		if i > failures && c.mark != "" {
			marks = append(marks, c.mark)
		}
	}
	require.Greater(w.t, len(calls), failures+1, name)
	for i, act := range acts {
		want := callSend
		if i > failures {
			want = callEdit
		}
		require.Equal(w.t, want, act, "%s: calls %v", name, acts)
	}
	require.True(w.t, slices.IsSorted(marks), "%s: edits %v", name, marks)
	require.Empty(w.t, calls[len(calls)-1].mark, "%s: the last edit strikes the message", name)
}

// page is what the console shows.
func (p *program) page(path string) string {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+adminTokenText)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, resp.StatusCode, "%s", body)
	return string(body)
}
