package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// frozenFor is how long a process is stopped: longer than the two and a half
// seconds for which it has a right to a partition.
func frozenFor() time.Duration {
	if soak() {
		return time.Minute
	}
	return 4 * time.Second
}

// signal sends the process a signal.
func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// arrives waits until a platform has been sent n messages more.
func arrives(t *testing.T, p providertest.Platform, n int) {
	t.Helper()
	sends(t, p, len(p.Sent())+n)
}

// TestFaultFrozen stops the whole program with SIGSTOP under load, for longer than
// its claims live, and lets it go on.
func TestFaultFrozen(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	load := newPoster(s)
	stop := load.flow(t)
	arrives(t, w.slack, 40)
	s.signal(syscall.SIGSTOP)
	<-time.After(frozenFor())
	s.signal(syscall.SIGCONT)
	for _, platform := range w.byName() {
		arrives(t, platform, 40)
	}
	marks := stop()
	w.owedAll(2, marks, 1) // a room has one post in flight
	s.steady(load, 8)
	s.letters(0)
}

// TestFaultFrozenWorker stops one of two workers of a system with SIGSTOP while a
// post of each room is in its hands. The other takes over, and when the first goes
// on, it posts nothing that is not its own any more.
func TestFaultFrozenWorker(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	file := w.config("[nats]\nurl = \"" + natsServer(t) + "\"\n" + each)
	s := launch(t, hubEnv, "hub", "--config", file)
	s.url = strings.TrimSpace(s.awaits("listening on "))
	work := func(system string) *program {
		p := launch(t, workerEnv[system], "worker", system, "--config", file)
		p.awaits("worker of " + system)
		return p
	}
	first := map[string]*program{"slack": work("slack"), "matrix": work("matrix")}
	for system := range first {
		for _, room := range faultRooms[system] {
			s.subscribe(system + " | " + room + " | *")
		}
	}
	load := newPoster(s)
	marks := load.say(t, 5)
	for system := range first {
		for _, room := range faultRooms[system] {
			require.Zero(t, owed(t, w.byName()[system], room, marks), system)
		}
	}
	second := []*program{work("slack"), work("matrix")} // own nothing yet

	resume := w.holdOne(first)
	stop := load.flow(t)
	w.heldAll(first)
	for _, worker := range first {
		worker.signal(syscall.SIGSTOP)
	}
	frozen := time.Now()
	close(resume) // the platforms take what they were asked for; who asked does not hear of it
	for system := range first {
		arrives(t, w.byName()[system], 40)
	}
	t.Logf("the other workers had taken over and sent on after %s", time.Since(frozen).Round(10*time.Millisecond))
	<-time.After(time.Until(frozen.Add(frozenFor())))
	for _, worker := range first {
		worker.signal(syscall.SIGCONT)
	}
	for system := range first {
		arrives(t, w.byName()[system], 40)
	}
	marks = slices.Concat(marks, stop()[len(marks):])
	for system := range first {
		for _, room := range faultRooms[system] {
			twice, most := owed(t, w.byName()[system], room, marks), 1 // what was in flight
			if exact[system] {
				most = 0
			}
			require.LessOrEqual(t, twice, most, "%s %s: came twice", system, room)
		}
	}
	for _, worker := range second { // what they own goes back to the first, which are as good as ever
		require.Less(t, worker.stop(), 10*time.Second)
	}
	marks = append(marks, load.say(t, 5)...)
	for system := range first {
		for _, room := range faultRooms[system] {
			require.LessOrEqual(t, owed(t, w.byName()[system], room, marks), 1, system)
		}
	}
	s.letters(0)
}

// holdOne lets the platforms of workers hold the next post of each room until
// what it returns is closed.
func (w *troubled) holdOne(of map[string]*program) (resume chan struct{}) {
	resume = make(chan struct{})
	for system := range of {
		held := map[string]bool{}
		w.gates[system].has(func(c call) answer {
			if c.act != callSend || held[c.chat] {
				return nil
			}
			held[c.chat] = true
			return holds(resume)
		})
	}
	return resume
}

// heldAll waits until a post of each room is held.
func (w *troubled) heldAll(of map[string]*program) {
	w.t.Helper()
	for system := range of {
		for _, room := range faultRooms[system] {
			begun := func(c call) bool { return c.chat == room && c.act == callSend && c.mark > "00000005" }
			w.gates[system].await(w.t, begun)
		}
	}
}
