package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// TestKillsUnderLoad kills the whole program again and again while a forum
// sends. Every post that was answered 202 must reach both rooms: on Matrix once,
// on Slack, which cannot deduplicate, at most once more for each kill.
func TestKillsUnderLoad(t *testing.T) {
	kills := 3
	if os.Getenv("BELLHOP_SOAK") != "" {
		kills = 50
	}
	p := newPlatforms(t)
	const each = "[deliver]\nstorm = 0\n" // so that each can be counted
	s := p.serve(each)
	s.subscribe("slack | "+slacktest.Support+" | *", "matrix | !general:example.org | *")
	load := &sender{post: discoursetest.Get("post_created_reply.json"), url: s.url}
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for range 4 {
		sending.Go(func() { load.run(ctx) })
	}
	for range kills {
		<-time.After(time.Duration(300+rand.IntN(700)) * time.Millisecond)
		s.kill()
		s = p.serve(each)
		load.to(s.url)
	}
	<-time.After(300 * time.Millisecond)
	cancel()
	sending.Wait()

	acked := load.acked()
	require.Greater(t, len(acked), 10*kills)
	t.Logf("%d posts were answered, with %d kills between", len(acked), kills)
	for name, platform := range p.byName() {
		if name != "slack" && name != "matrix" {
			continue
		}
		count := map[string]int{}
		require.Eventually(t, func() bool {
			clear(count)
			for _, sent := range platform.Sent() {
				_, mark, _ := strings.Cut(sent.Text, "mark-")
				count[mark[:8]]++
			}
			for _, mark := range acked {
				if count[mark] == 0 {
					return false
				}
			}
			return true
		}, 2*time.Minute, 500*time.Millisecond, "%s: a post that was answered is missing", name)
		twice := 0
		for _, n := range count {
			twice += n - 1
		}
		t.Logf("%s: %d sent twice", name, twice)
		if name == "matrix" {
			require.Zero(t, twice)
		}
		require.LessOrEqual(t, twice, kills, name)
	}
}

// sender is a forum that sends one post after another and tries each until it
// is answered.
type sender struct {
	post discoursetest.Fixture

	mu   sync.Mutex
	url  string
	next int
	done []string
}

func (s *sender) to(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = url
}

func (s *sender) acked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.Lock()
		s.next++
		mark := fmt.Sprintf("%08d", s.next)
		s.mu.Unlock()
		for ctx.Err() == nil && !s.send(ctx, mark) {
			<-time.After(20 * time.Millisecond) // as a forum that tries again
		}
		<-time.After(10 * time.Millisecond) // a chat takes one post at a time: 400 a second leave no backlog
	}
}

func (s *sender) send(ctx context.Context, mark string) bool {
	body := bytes.Replace(s.post.Body, []byte(`"id":902`), []byte(`"id":7`+mark), 1)
	body = bytes.Replace(body, []byte("Which model?"), []byte("mark-"+mark), 1)
	s.mu.Lock()
	url := s.url
	s.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/in/meta", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header = s.post.Header.Clone()
	req.Header.Set("X-Discourse-Event-Signature", discoursetest.Sign(body))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, mark)
	return true
}
