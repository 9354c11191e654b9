package main

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// outageRooms is in how many rooms of Telegram an outage is seen.
const outageRooms = 12

// TestFaultOutage lets a platform fail everything: it is paused once ten attempts
// or more were made of which seven of ten failed, then tried by one message at a
// time, and goes on by itself with all that waited when it is well. The others do
// not wait.
func TestFaultOutage(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 1)
	rooms := faultRooms["telegram"][:1]
	for i := range outageRooms - 1 {
		rooms = append(rooms[:len(rooms):len(rooms)], strconv.Itoa(-1009000000000-i))
		s.subscribe("telegram | " + rooms[i+1] + " | *")
	}
	load := newPoster(s)
	marks := load.say(t, 1)
	ill := w.gates["telegram"]
	all := func() {
		t.Helper()
		for _, room := range rooms {
			require.Zero(t, owed(t, w.telegram, room, marks))
		}
	}
	all()

	down := func(call) answer { return says(providertest.Step{Status: http.StatusInternalServerError}) }
	began := time.Now()
	ill.has(down)
	marks = append(marks, load.say(t, 20)...)
	for name, platform := range w.byName() {
		if name != "telegram" {
			require.Zero(t, owed(t, platform, faultRooms[name][0], marks), "%s: it waits for another platform", name)
		}
	}
	require.Eventually(t, func() bool { return s.systems()["telegram"].State == "paused" }, patience, 20*time.Millisecond, "it is not paused")
	sends := func() int {
		calls, _ := ill.seen(func(c call) bool { return c.act == callSend && c.at.After(began) })
		return len(calls)
	}
	failed := sends()
	t.Logf("paused after %s and %d attempts that failed", time.Since(began).Round(10*time.Millisecond), failed)
	require.GreaterOrEqual(t, failed, 14, "seven tenths of the last twenty attempts, of which some were well before")
	require.LessOrEqual(t, failed, 14+outageRooms, "no more than what was in flight besides")
	require.NotEmpty(t, s.systems()["telegram"].Reason)

	ill.has(func(c call) answer { // it answers again, but takes nothing
		if c.act == callSend {
			return down(c)
		}
		return nil
	})
	try := func() {
		if !soak() { // in full it does that by itself
			s.api("POST", "/api/v1/systems/telegram/resume", "", "", nil)
		}
	}
	try()
	require.Eventually(t, func() bool { return sends() > failed }, patience, 20*time.Millisecond, "it is not tried again")
	marks = append(marks, load.say(t, 5)...)
	require.Equal(t, failed+1, sends(), "a trial is one message")
	for system, status := range s.systems() {
		require.Equal(t, system == "telegram", status.State == "paused", "%s is %s", system, status.State)
	}

	ill.has(nil)
	well := time.Now()
	try()
	all()
	t.Logf("all that waited was there %s after it was well", time.Since(well).Round(10*time.Millisecond))
	s.steady(load, outageRooms+len(w.gates)-1)
	s.letters(0)
}

// TestFaultSporadic lets every tenth attempt fail, on every platform: none is ever
// paused, and all arrives in order.
func TestFaultSporadic(t *testing.T) {
	t.Parallel()
	posts := 20
	if soak() {
		posts = 1000
	}
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	for _, g := range w.gates {
		n := 0
		g.has(func(c call) answer { // the gate holds its lock
			if c.act != callSend {
				return nil
			}
			if n++; n%10 == 0 {
				return says(providertest.Step{Status: http.StatusInternalServerError})
			}
			return nil
		})
	}
	load := newPoster(s)
	marks := load.say(t, posts)
	unwell := s.watched(t)
	w.owedAll(2, marks, 0)
	require.Empty(t, unwell(), "a system was paused")
	for name, g := range w.gates {
		calls, _ := g.seen(func(c call) bool { return c.act == callSend })
		require.Greater(t, len(calls), posts*2, "%s: none of its attempts failed", name)
		g.has(nil)
	}
	s.steady(load, 2*len(w.gates))
	s.letters(0)
}

// watched looks at the systems until what it returns is called, which says what
// was amiss with them.
func (p *program) watched(t *testing.T) (unwell func() []string) {
	ctx, cancel := context.WithCancel(t.Context())
	var seen []string
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			var list struct{ Items []hub.SystemStatus }
			if err := p.ask(ctx, "GET", "/api/v1/systems", "", "", &list); err != nil && ctx.Err() == nil {
				seen = append(seen, err.Error())
			}
			for _, system := range list.Items {
				if system.State != "ok" {
					seen = append(seen, string(system.System)+" is "+system.State+": "+system.Reason)
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return func() []string {
		cancel()
		looking.Wait()
		return seen
	}
}
