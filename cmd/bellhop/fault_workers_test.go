package main

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// workersRooms is how many rooms the two workers of a pair share.
const workersRooms = 6

// pair are two workers of Telegram, each with partitions of its own.
type pair struct {
	*troubled
	hub   *program
	nats  string
	rooms []string

	workers [2]*program
	files   [2]string // their configurations
	vias    [2]string // the hosts by which each calls Telegram
	load    *poster
	marks   []string // of the posts before the load
}

// newPair starts a hub and two workers, and waits until both have posted.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{troubled: newTroubled(t), nats: natsServer(t)}
	extra := "[nats]\nurl = \"" + p.nats + "\"\n" + each
	for i := range p.workers {
		door := httptest.NewServer(p.gates["telegram"])
		t.Cleanup(door.Close)
		p.urls["telegram"] = door.URL
		address, err := url.Parse(door.URL)
		require.NoError(t, err)
		p.vias[i], p.files[i] = address.Host, filepath.Join(p.dir, fmt.Sprintf("worker-%d.toml", i))
		require.NoError(t, os.Rename(p.config(extra), p.files[i]))
	}
	p.hub = launch(t, hubEnv, "hub", "--config", p.files[0])
	p.hub.url = strings.TrimSpace(p.hub.awaits("listening on "))
	for i := range workersRooms {
		p.rooms = append(p.rooms, strconv.Itoa(-1001000000001-i))
		p.hub.subscribe("telegram | " + p.rooms[i] + " | *")
	}
	p.load = newPoster(p.hub)
	p.work(0) // it owns every partition
	p.marks = p.load.say(t, 1)
	p.allOwed(p.marks, 0, "one worker")
	p.work(1)
	p.share()
	return p
}

func (p *pair) work(i int) {
	p.t.Helper()
	p.workers[i] = launch(p.t, workerEnv["telegram"], "worker", "telegram", "--config", p.files[i])
	p.workers[i].awaits("worker of telegram")
}

// share waits until the first worker has given up half of its eight partitions for
// the second, and both have posted.
func (p *pair) share() {
	p.t.Helper()
	for range 4 {
		p.workers[0].awaits("another worker gets a part of the chats")
	}
	require.Eventually(p.t, func() bool {
		mark := p.load.say(p.t, 1)
		p.marks = append(p.marks, mark...)
		p.allOwed(p.marks, 0, "shared")
		return len(p.serves(0, mark[0])) > 0 && len(p.serves(1, mark[0])) > 0
	}, patience, 3*time.Second, "the second worker owns nothing")
}

// serves are the rooms to which a worker sent a post.
func (p *pair) serves(worker int, mark string) []string {
	calls, _ := p.gates["telegram"].seen(func(c call) bool { return c.act == callSend && c.mark == mark && c.via == p.vias[worker] })
	var rooms []string
	for _, c := range calls {
		rooms = append(rooms, c.chat)
	}
	return rooms
}

// allOwed is owed of every room, of which each may have been told something twice
// once for each loss.
func (p *pair) allOwed(marks []string, losses int, when string) {
	p.t.Helper()
	for _, room := range p.rooms {
		require.LessOrEqual(p.t, owed(p.t, p.telegram, room, marks), losses, "%s: room %s was told twice", when, room)
	}
}

// silence is how long a room heard nothing at most, from some time on.
func (p *pair) silence(room string, from time.Time) time.Duration {
	var longest time.Duration
	last := time.Time{}
	for _, s := range p.telegram.Sent() {
		if s.Chat != room {
			continue
		}
		if s.At.After(from) && !last.IsZero() {
			longest = max(longest, s.At.Sub(last))
		}
		last = s.At
	}
	return longest
}

// endures lets something happen to the first worker under load. What was in its
// hands may come twice, once in each of its rooms; nothing else may, and none of
// the rooms waits for longer than most.
func (p *pair) endures(t *testing.T, most time.Duration, losses, crowded int, happens func()) {
	t.Helper()
	for _, g := range p.gates {
		g.has(func(c call) answer {
			if c.act == callSend {
				return takes(15 * time.Millisecond)
			}
			return nil
		})
	}
	before := p.marks[len(p.marks)-1]
	lost, others := p.serves(0, before), p.serves(1, before)
	stop := p.load.flow(t)
	arrives(t, p.telegram, 20*workersRooms)
	from := time.Now()
	happens()
	arrives(t, p.telegram, 40*workersRooms)
	p.marks = stop()
	for _, room := range p.rooms {
		twice := owed(t, p.telegram, room, p.marks)
		if slices.Contains(others, room) {
			require.Zero(t, twice, "room %s of the other worker was told twice", room)
		}
		require.LessOrEqual(t, twice, losses, "room %s was told twice", room)
	}
	p.gates["telegram"].crowdedAtMost(t, crowded)
	for whose, rooms := range map[string][]string{"its": lost, "the other's": others} {
		var longest time.Duration
		for _, room := range rooms {
			longest = max(longest, p.silence(room, from))
		}
		t.Logf("%s %d rooms heard nothing for %s at most, of %s", whose, len(rooms), longest.Round(10*time.Millisecond), most)
		if !raceEnabled { // it makes every step several times as long
			require.LessOrEqual(t, longest, most, "%s rooms", whose)
		}
	}
	require.Eventually(t, func() bool { return len(p.hub.openDeliveries()) == 0 }, patience, 100*time.Millisecond, "something still waits")
	p.hub.letters(0)
}

// TestFaultWorkerKilled kills one of two workers of a system with kill -9: the
// other has its rooms within four seconds.
func TestFaultWorkerKilled(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.endures(t, 4*time.Second, 1, 0, p.workers[0].kill)
	p.work(0) // and one that comes back gets its part again
	p.marks = append(p.marks, p.load.say(t, 5)...)
	p.allOwed(p.marks, 1, "back")
	p.gates["telegram"].oneAtATime(t)
}

// TestFaultWorkerStopped stops one of two workers with SIGTERM: the other has its
// rooms within two seconds, and nothing comes twice.
func TestFaultWorkerStopped(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.endures(t, 2*time.Second, 0, 0, func() {
		p.workers[0].signal(syscall.SIGTERM)
		select {
		case <-p.workers[0].exited:
		case <-time.After(10 * time.Second):
			t.Error("it has not ended after ten seconds")
		}
	})
	require.Zero(t, p.workers[0].cmd.ProcessState.ExitCode(), "its exit code")
}

// TestFaultWorkerPaused freezes one of two workers and lets it go on: the other
// has its rooms within five seconds, and it does not write to one beside the other,
// but for a call that was on its way into the network when it was frozen: no
// platform lets that be taken back.
func TestFaultWorkerPaused(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.endures(t, 5*time.Second, 1, 1, func() {
		p.workers[0].signal(syscall.SIGSTOP)
		frozen := time.Now()
		arrives(t, p.telegram, 20*workersRooms)
		<-time.After(time.Until(frozen.Add(frozenFor())))
		p.workers[0].signal(syscall.SIGCONT)
	})
	p.workers[1].stop() // the first is as good as ever
	p.marks = append(p.marks, p.load.say(t, 5)...)
	p.allOwed(p.marks, 1, "back")
	p.gates["telegram"].crowdedAtMost(t, 1)
}
