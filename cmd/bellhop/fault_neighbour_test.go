package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFaultNoisyNeighbour has one room answered 429 for ever and one that hangs
// beside eight healthy ones, which get all of theirs meanwhile.
func TestFaultNoisyNeighbour(t *testing.T) {
	t.Parallel()
	posts, enough := 60, make(chan struct{})
	if soak() {
		posts = 6000 // two minutes, in which the room that hangs does so for 30 s each time
	}
	w := newTroubled(t)
	s := w.serve(each)
	var rooms []string
	for i := range 10 {
		rooms = append(rooms, fmt.Sprint(-1001000000000-i))
		s.subscribe("telegram | " + rooms[i] + " | *")
	}
	limited, hanging, healthy := rooms[0], rooms[1], rooms[2:]
	load := newPoster(s)

	marks, told := load.steadily(t, posts)
	for _, room := range rooms {
		require.Zero(t, owed(t, w.telegram, room, marks))
	}
	t.Logf("alone: p99 %s", w.p99(healthy, told))

	w.gates["telegram"].has(func(c call) answer {
		switch {
		case c.act == callSend && c.chat == limited:
			return saysJSON(http.StatusTooManyRequests, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`)
		case c.act == callSend && c.chat == hanging:
			return hangs(enough)
		}
		return nil
	})
	more, told := load.steadily(t, posts)
	all := append(slices.Clone(marks), more...)
	for _, room := range healthy {
		require.Zero(t, owed(t, w.telegram, room, all))
	}
	t.Logf("beside a room that is limited and one that hangs: p99 %s", w.p99(healthy, told))
	for _, room := range rooms[:2] {
		require.Equal(t, marks, heardIn(w.telegram, room), "it got what the platform did not take")
		require.NotEmpty(t, w.gates["telegram"].of(room, more[0]))
		require.Empty(t, w.gates["telegram"].of(room, more[1]), "one at a time")
	}

	w.gates["telegram"].has(nil)
	close(enough)
	for _, room := range rooms[:2] {
		require.Zero(t, owed(t, w.telegram, room, all))
	}
	s.steady(load, len(rooms))
	t.Logf("at most %d MiB of memory", s.peakMemory()>>20)
}

// steadily posts 50 a second and says when each was answered.
func (f *poster) steadily(t *testing.T, n int) (marks []string, told map[string]time.Time) {
	t.Helper()
	told = map[string]time.Time{}
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for range n {
		marks = append(marks, f.say(t, 1)...)
		told[marks[len(marks)-1]] = time.Now()
		select {
		case <-beat.C:
		case <-t.Context().Done():
			require.NoError(t, context.Cause(t.Context()))
		}
	}
	return marks, told
}

// p99 is how long the slowest hundredth of the posts took from the hub's answer to
// a room of Telegram.
func (w *troubled) p99(rooms []string, told map[string]time.Time) time.Duration {
	var took []time.Duration
	for _, s := range w.telegram.Sent() {
		if m := markShape.FindStringSubmatch(s.Text); m != nil && slices.Contains(rooms, s.Chat) && !told[m[1]].IsZero() {
			took = append(took, s.At.Sub(told[m[1]]))
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100].Round(time.Millisecond)
}
