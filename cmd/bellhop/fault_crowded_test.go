package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What TestFaultNoisyNeighbourFull is about.
const (
	queued    = 100_000 // messages for the room that is answered 429
	healthies = 9       // rooms beside it
	measured  = 3000    // posts, at fifty a second
	loudTopic = 900     // of which the limited room alone hears
	loudFirst = 10_000_000
)

// TestFaultNoisyNeighbourFull is TestFaultNoisyNeighbour at its full size: a room
// for which a hundred thousand messages wait, answered 429 for ever, and one that
// hangs for half a minute, beside nine healthy ones. Their slowest hundredth takes
// at most twice as long as it did without, in bounded memory.
func TestFaultNoisyNeighbourFull(t *testing.T) {
	if !soak() {
		t.Skip("it takes minutes: run make soak")
	}
	w := newTroubled(t)
	s := w.servePlain(each)
	var rooms []string
	for i := range healthies + 2 {
		rooms = append(rooms, strconv.Itoa(-1001000000000-i))
	}
	limited, hanging, healthy := rooms[0], rooms[1], rooms[2:]
	s.subscribe(fmt.Sprintf("telegram | %s | topic/%d", limited, firstTopic+loudTopic))
	for _, room := range rooms[1:] {
		s.subscribe("telegram | " + room + " | topic/301")
	}
	load := newPoster(s)
	marks, told := load.steadily(t, measured)
	for _, room := range rooms[1:] {
		require.Zero(t, owed(t, w.telegram, room, marks))
	}
	alone := w.p99(healthy, told)
	t.Logf("alone: p99 %s, %d MiB of memory at most", alone, s.peakMemory()>>20)

	enough := make(chan struct{})
	w.gates["telegram"].has(func(c call) answer {
		switch {
		case c.act == callSend && c.chat == limited:
			return saysJSON(http.StatusTooManyRequests, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`)
		case c.act == callSend && c.chat == hanging:
			return hangs(enough)
		}
		return nil
	})
	loud := s.loudly(t, load)
	t.Logf("queued: %d MiB of memory at most", s.peakMemory()>>20)

	more, told := load.steadily(t, measured)
	all := append(slices.Clone(marks), more...)
	for _, room := range healthy {
		require.Zero(t, owed(t, w.telegram, room, all))
	}
	beside, memory := w.p99(healthy, told), s.peakMemory()
	t.Logf("beside %d messages for a room that is limited and a room that hangs: p99 %s, %d MiB of memory at most", loud, beside, memory>>20)
	require.Empty(t, heardIn(w.telegram, limited))
	require.Equal(t, marks, heardIn(w.telegram, hanging))
	require.LessOrEqual(t, beside, 2*alone, "the p99 of the healthy rooms, against what it was alone")
	require.LessOrEqual(t, memory, largest)

	w.gates["telegram"].has(nil)
	close(enough)
	require.Zero(t, owed(t, w.telegram, hanging, all))
	arrives(t, w.telegram, 100) // and the limited room goes on by itself
	require.NotEmpty(t, heardIn(w.telegram, limited))
}

// loudly queues messages for the limited room, by a few clients.
func (p *program) loudly(t *testing.T, load *poster) int {
	t.Helper()
	all := &crowd{
		s: p, post: load.first, status: map[int]int{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
	defer all.client.CloseIdleConnections()
	began := time.Now()
	var sending sync.WaitGroup
	for range 4 {
		sending.Go(func() {
			for n := all.next.Add(1); n <= queued; n = all.next.Add(1) {
				mark := strconv.FormatInt(loudFirst+n, 10)
				all.ask(mark, p.request(in(loudTopic, marked(all.post, mark))))
			}
		})
	}
	sending.Wait()
	require.Empty(t, all.wrong)
	t.Logf("%d of %d posts were taken in %s", len(all.acked), queued, time.Since(began).Round(time.Second))
	require.Greater(t, len(all.acked), queued*9/10)
	return len(all.acked)
}
