package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// The fault tests hold, of every fault: each post that the hub took from the
// forum is shown by every chat that is owed it, in order, or a dead letter says
// why not; what comes twice is counted and bounded; and the hub goes back to its
// work by itself. They are short in CI and full with BELLHOP_SOAK=1.

func soak() bool { return os.Getenv("BELLHOP_SOAK") != "" }

// patience is how long what has to come may take.
const patience = time.Minute

// each switches digests off, so that every message can be counted.
const each = "[deliver]\nstorm = 0\n"

// faultRooms are three chats of every platform.
var faultRooms = map[string][]string{
	"slack":      {slacktest.General, slacktest.Support, slacktest.Staff},
	"telegram":   {"-1001000000001", "-1001000000002", "-1001000000003"},
	"mattermost": {mattermosttest.TownSquare, mattermosttest.Support, mattermosttest.Staff},
	"matrix":     {"!general:example.org", "!first:example.org", "!second:example.org"},
}

// exact are the platforms that drop what is sent to them again.
var exact = map[string]bool{"mattermost": true, "matrix": true}

// troubled are look-alikes with a gate before each.
type troubled struct {
	*platforms
	gates map[string]*gate
}

func newTroubled(t *testing.T) *troubled {
	t.Helper()
	return gated(newPlatforms(t))
}

func gated(p *platforms) *troubled {
	w := &troubled{platforms: p, gates: map[string]*gate{}}
	homeserver := p.matrix.(*matrixtest.Platform)
	for _, room := range faultRooms["matrix"][1:] {
		homeserver.AddRoom(matrixtest.Room{ID: room})
	}
	for name, platform := range p.byName() {
		w.gates[name] = newGate(name, platform)
		s := httptest.NewServer(w.gates[name])
		p.t.Cleanup(s.Close)
		p.urls[name] = s.URL
	}
	return w
}

// every subscribes the first n rooms of each platform to all posts.
func (w *troubled) every(s *program, n int) {
	w.t.Helper()
	for name, rooms := range faultRooms {
		for _, room := range rooms[:n] {
			s.subscribe(name + " | " + room + " | *")
		}
	}
}

// poster is a forum whose people answer in one topic, again and again. Each post
// has a mark, by which it is found.
type poster struct {
	first discoursetest.Fixture

	mu    sync.Mutex
	url   string
	next  int
	taken []string // marks of those that were answered with 202, in order
}

// newPoster is a forum for s.
func newPoster(s *program) *poster {
	return &poster{first: discoursetest.Get("post_created_reply.json"), url: s.url}
}

// to tells it where the hub is by now.
func (f *poster) to(s *program) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.url = s.url
}

// mark is that of the next post.
func (f *poster) mark() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	return fmt.Sprintf("%08d", f.next)
}

// send posts the webhook of a post, and returns the id of the event.
func (f *poster) send(ctx context.Context, mark string) (hub.EventID, error) {
	post := marked(f.first, mark)
	f.mu.Lock()
	url := f.url
	f.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/in/meta", bytes.NewReader(post.Body))
	if err != nil {
		return "", err
	}
	req.Header = post.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return "", errors.New(resp.Status)
	}
	var stored struct{ ID hub.EventID }
	if err := json.NewDecoder(resp.Body).Decode(&stored); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken = append(f.taken, mark)
	return stored.ID, nil
}

// say posts n more, one after the other, and returns their marks.
func (f *poster) say(t *testing.T, n int) []string {
	t.Helper()
	var marks []string
	for range n {
		mark := f.mark()
		_, err := f.send(t.Context(), mark)
		require.NoError(t, err, "post %s was not taken", mark)
		marks = append(marks, mark)
	}
	return marks
}

// flow keeps posting, one after the other and each until it is taken, until stop,
// which returns the marks of all that ever was.
func (f *poster) flow(t *testing.T) (stop func() []string) {
	ctx, cancel := context.WithCancel(t.Context())
	var posting sync.WaitGroup
	posting.Go(func() {
		every := 50 * time.Millisecond
		if soak() {
			every /= 2
		}
		beat := time.NewTicker(every)
		defer beat.Stop()
		mark := f.mark()
		for ctx.Err() == nil {
			if _, err := f.send(ctx, mark); err == nil {
				mark = f.mark()
			}
			select {
			case <-beat.C:
			case <-ctx.Done():
			}
		}
	})
	return func() []string {
		cancel()
		posting.Wait()
		return slices.Clone(f.taken)
	}
}

// marked is a post like that of a fixture, with a number and a text of its own.
func marked(f discoursetest.Fixture, mark string) discoursetest.Fixture {
	number := "1" + mark // the first posts were there before
	for _, own := range [][2]string{
		{`"id":902`, `"id":7` + mark}, {`"post_number":2`, `"post_number":` + number}, {`/301/2"`, `/301/` + number + `"`},
	} {
		f.Body = bytes.Replace(f.Body, []byte(own[0]), []byte(own[1]), 1)
	}
	f.Body = bytes.ReplaceAll(f.Body, []byte("Which model?"), []byte("mark-"+mark))
	return signed(f)
}

func signed(f discoursetest.Fixture) discoursetest.Fixture {
	f.Header = f.Header.Clone()
	f.Header.Set("X-Discourse-Event-Signature", discoursetest.Sign(f.Body))
	return f
}

// heardIn lists the marks of what a chat was sent, in order.
func heardIn(p providertest.Platform, chat string) []string {
	var marks []string
	for _, s := range p.Sent() {
		if m := markShape.FindStringSubmatch(s.Text); m != nil && s.Chat == chat {
			marks = append(marks, m[1])
		}
	}
	return marks
}

// owed waits until a chat has been sent all that it is owed, and requires that it
// came in order. It says how many came twice.
func owed(t *testing.T, p providertest.Platform, chat string, marks []string) (twice int) {
	t.Helper()
	deadline := patience
	if soak() {
		deadline = 10 * time.Minute
	}
	wanted := map[string]bool{}
	for _, mark := range marks {
		wanted[mark] = true
	}
	require.Eventually(t, func() bool {
		missing := maps.Clone(wanted)
		for _, mark := range heardIn(p, chat) {
			delete(missing, mark)
		}
		return len(missing) == 0
	}, deadline, 100*time.Millisecond, "%s: of %d posts not all came", chat, len(marks))
	got := heardIn(p, chat)
	inOrder := slices.Compact(slices.DeleteFunc(slices.Clone(got), func(mark string) bool { return !wanted[mark] }))
	require.Equal(t, marks, inOrder, "%s: each once, in order, but for what came twice at once", chat)
	return len(got) - len(slices.Compact(got))
}

// owedAll is owed for the first n rooms of every platform. Only where lost says
// so may a platform show something twice.
func (w *troubled) owedAll(n int, marks []string, lost int) {
	w.t.Helper()
	for name, platform := range w.byName() {
		for _, room := range faultRooms[name][:n] {
			twice, most := owed(w.t, platform, room, marks), lost
			if exact[name] {
				most = 0
			}
			require.LessOrEqual(w.t, twice, most, "%s %s: came twice", name, room)
		}
	}
}

// deliveries are what the hub's log holds of some selection, newest first.
func (p *program) deliveries(query url.Values) []hub.Delivery {
	p.t.Helper()
	query.Set("limit", "500")
	var log struct{ Items []hub.Delivery }
	p.api("GET", "/api/v1/deliveries?"+query.Encode(), "", "", &log)
	return log.Items
}

// openDeliveries are those that are owed still.
func (p *program) openDeliveries() []hub.Delivery {
	p.t.Helper()
	return p.deliveries(url.Values{"status": {"queued", "failed"}})
}

// letters waits until the hub holds n dead letters, and returns them.
func (p *program) letters(n int) []deadLetter {
	p.t.Helper()
	var list struct{ Items []deadLetter }
	require.Eventually(p.t, func() bool {
		p.api("GET", "/api/v1/dead?limit=500", "", "", &list)
		return len(list.Items) == n
	}, patience, 50*time.Millisecond, "there are not %d dead letters", n)
	return list.Items
}

func (p *program) systems() map[hub.System]hub.SystemStatus {
	p.t.Helper()
	var list struct{ Items []hub.SystemStatus }
	p.api("GET", "/api/v1/systems", "", "", &list)
	all := map[hub.System]hub.SystemStatus{}
	for _, s := range list.Items {
		all[s.System] = s
	}
	return all
}

// steady requires that the hub is back at its work: nothing waits, nothing is
// paused, and one more post goes everywhere, to so many rooms, at the first attempt.
func (p *program) steady(f *poster, rooms int) (mark string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for _, s := range p.systems() {
			if s.State != "ok" || len(s.PausedChats) > 0 {
				return false
			}
		}
		return len(p.openDeliveries()) == 0
	}, patience, 100*time.Millisecond, "something still waits, or is paused")
	mark = f.mark()
	event, err := f.send(p.t.Context(), mark)
	require.NoError(p.t, err)
	require.Eventually(p.t, func() bool {
		sent := p.deliveries(url.Values{"event": {string(event)}, "status": {"sent"}})
		return len(sent) == rooms && !slices.ContainsFunc(sent, func(d hub.Delivery) bool { return d.Attempts != 1 })
	}, patience, 100*time.Millisecond, "the next post did not go to %d rooms at the first attempt", rooms)
	return mark
}

// peakMemory is the most memory that the process has ever had, in bytes.
func (p *program) peakMemory() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(p.t, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			require.NoError(p.t, err)
			return kib << 10
		}
	}
	p.t.Fatal("the kernel does not say how much memory the process has had")
	return 0
}
