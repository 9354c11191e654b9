package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

// again posts one body n times at once, half of them with a number of their own,
// as the forum's own retry has it, and half with the same. It returns how many
// were taken, and what else was answered.
func (p *program) again(f discoursetest.Fixture, n int) (taken int, others []string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		req := p.request(f)
		if i%2 == 0 {
			req.Header.Set("X-Discourse-Event-Id", fmt.Sprint(70000+i))
		}
		all.Go(func() {
			resp, err := client.Do(req)
			status := fmt.Sprint(err)
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				status = resp.Status
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && resp.StatusCode == http.StatusAccepted {
				taken++
			} else {
				others = append(others, status)
			}
		})
	}
	all.Wait()
	return taken, others
}

// TestFaultSameEvent posts the same webhook twice, a hundred times at once, and
// again after the program was killed, at rest and in the midst of a hundred: every
// room of every platform shows it once.
func TestFaultSameEvent(t *testing.T) {
	t.Parallel()
	rounds := 1
	if soak() {
		rounds = 20
	}
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	load := newPoster(s)
	var marks []string
	var posts []discoursetest.Fixture
	lost := 0 // kills while something may have been in flight
	everything := func(n int) {
		for _, f := range posts {
			taken, others := s.again(f, n)
			require.Equal(t, n, taken, "%v", others)
		}
		marks = append(marks, load.say(t, 1)...) // it proves that they were passed over
		w.owedAll(2, marks, lost)
	}
	for range rounds {
		for _, n := range []int{2, 100} {
			marks = append(marks, load.mark())
			f := marked(load.first, marks[len(marks)-1])
			posts = append(posts[max(0, len(posts)-3):], f)
			taken, others := s.again(f, n)
			require.Equal(t, n, taken, "%v", others)
			w.owedAll(2, marks, lost)
		}
		everything(2)
		// The log is written behind the router: that nothing is open there does not say
		// that nothing is in flight. That the last post was sent everywhere does.
		marks = append(marks, s.steady(load, 8))
		s.kill()
		s = w.serve(each)
		load.to(s)
		everything(2)
		everything(100)

		marks = append(marks, load.mark())
		f := marked(load.first, marks[len(marks)-1])
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			w.gates["matrix"].await(t, func(c call) bool { return c.mark == marks[len(marks)-1] })
			s.kill()
		}()
		s.again(f, 100)
		<-killed
		lost++
		s = w.serve(each)
		load.to(s)
		taken, others := s.again(f, 100)
		require.Equal(t, 100, taken, "%v", others)
		everything(2)
	}
	s.steady(load, 8)
	s.letters(0)
}
