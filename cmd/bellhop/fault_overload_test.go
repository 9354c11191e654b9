package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

// largest is what a hub may take, whatever is asked of it.
const largest = 256 << 20

// overloadRooms is among how many rooms the posts of TestFaultOverload are dealt
// out, by their topics.
const overloadRooms = 20

// crowd are forums that send as fast as they are answered.
type crowd struct {
	s      *program
	client *http.Client
	post   discoursetest.Fixture
	next   atomic.Int64

	mu     sync.Mutex
	acked  []string
	took   []time.Duration
	status map[int]int
	wrong  []string // answers that are none of those they may be
}

// run sends until ctx ends.
func (c *crowd) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := c.next.Add(1)
		mark := fmt.Sprintf("%08d", n)
		req := c.s.request(in(int(n%overloadRooms), marked(c.post, mark))) // not of ctx: each is waited for, so that all that is stored is known
		c.ask(mark, req)
	}
}

func (c *crowd) ask(mark string, req *http.Request) {
	begin := time.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		c.note(mark, 0, 0, err.Error())
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	wrong := ""
	switch resp.StatusCode {
	case http.StatusAccepted:
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if resp.Header.Get("Retry-After") == "" {
			wrong = resp.Status + " without Retry-After"
		}
	default:
		wrong = resp.Status
	}
	c.note(mark, resp.StatusCode, time.Since(begin), wrong)
}

func (c *crowd) note(mark string, status int, took time.Duration, wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status[status]++
	c.took = append(c.took, took)
	if status == http.StatusAccepted {
		c.acked = append(c.acked, mark)
	}
	if wrong != "" {
		c.wrong = append(c.wrong, mark+": "+wrong)
	}
}

// TestFaultOverload sends from 32 clients as fast as they are answered: each
// answer is a yes or asks for patience, and what got a yes arrives. The soak does it
// for a minute, with the program as it is shipped, in bounded memory.
func TestFaultOverload(t *testing.T) {
	lasts, serve := 3*time.Second, (*platforms).serve
	if soak() {
		lasts, serve = time.Minute, (*platforms).servePlain
	} else {
		t.Parallel()
	}
	w := newTroubled(t)
	s := serve(w.platforms, each)
	for i := range overloadRooms {
		s.subscribe(fmt.Sprintf("telegram | %d | topic/%d", -1001000000000-i, firstTopic+i))
	}
	all := &crowd{
		s: s, post: discoursetest.Get("post_created_reply.json"), status: map[int]int{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
	defer all.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var sending sync.WaitGroup
	for range 32 {
		sending.Go(func() { all.run(ctx) })
	}
	sending.Wait()

	slices.Sort(all.took)
	t.Logf("answers in %s: %v, half within %s, p99 %s", lasts, all.status,
		all.took[len(all.took)/2].Round(time.Microsecond), all.took[len(all.took)*99/100].Round(time.Microsecond))
	require.Empty(t, all.wrong)
	require.Greater(t, len(all.acked), 100)
	began := time.Now()
	require.Eventually(t, func() bool { return all.arrived(w) }, 5*time.Minute, 200*time.Millisecond, "not all that was taken came")
	t.Logf("%d posts arrived, the last %s after the last was taken", len(all.acked), time.Since(began).Round(time.Millisecond))
	count := map[string]int{}
	for i := range overloadRooms {
		for _, mark := range heardIn(w.telegram, fmt.Sprint(-1001000000000-i)) {
			count[mark]++
			require.Equal(t, 1, count[mark], "post %s came twice", mark)
		}
	}
	memory := s.peakMemory()
	t.Logf("at most %d MiB of memory", memory>>20)
	if soak() { // the race detector's shadow memory is five to ten times the program's own
		require.LessOrEqual(t, memory, largest)
	}
	require.Eventually(t, func() bool { return len(s.openDeliveries()) == 0 }, patience, 100*time.Millisecond, "something still waits")
	s.letters(0)
}

// arrived reports whether all that was taken has been sent.
func (c *crowd) arrived(w *troubled) bool {
	got := map[string]bool{}
	for _, s := range w.telegram.Sent() {
		if m := markShape.FindStringSubmatch(s.Text); m != nil {
			got[m[1]] = true
		}
	}
	return !slices.ContainsFunc(c.acked, func(mark string) bool { return !got[mark] })
}
