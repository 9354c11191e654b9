package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// Rooms of TestFaultRulesChange.
const (
	swappedRoom = "-1005000000001" // its rows are replaced again and again, and each version hears all
	mutedRoom   = "-1005000000002" // it is never told anything, as whatever lets it hear comes with what mutes it
)

// editors change the table of rows as fast as the API takes it.
type editors struct {
	s       *program
	ctx     context.Context
	changes atomic.Int64 // rows that were made or removed
	at      sync.WaitGroup

	mu     sync.Mutex
	failed []string
}

// run lets an editor do something again and again until ctx ends.
func (e *editors) run(change func(round int) error) {
	e.at.Go(func() {
		for round := 0; e.ctx.Err() == nil; round++ {
			if err := change(round); err != nil {
				e.mu.Lock()
				e.failed = append(e.failed, err.Error())
				e.mu.Unlock()
				return
			}
		}
	})
}

// add makes rows with one request, and returns their ids.
func (e *editors) add(rows ...string) ([]hub.SubscriptionID, error) {
	var made struct{ Items []hub.Subscription }
	// Not of ctx: what is begun is ended, so that no version is left half made.
	err := e.s.ask(context.WithoutCancel(e.ctx), "POST", "/api/v1/subscriptions?format=table", "text/plain", strings.Join(rows, "\n"), &made)
	var ids []hub.SubscriptionID
	for _, row := range made.Items {
		ids = append(ids, row.ID)
	}
	e.changes.Add(int64(len(ids)))
	return ids, err
}

// remove removes rows, one after the other, until ctx ends.
func (e *editors) remove(ids []hub.SubscriptionID) error {
	for ; len(ids) > 0 && e.ctx.Err() == nil; ids = ids[1:] {
		if err := e.s.ask(context.WithoutCancel(e.ctx), "DELETE", "/api/v1/subscriptions/"+string(ids[0]), "", "", nil); err != nil {
			return err
		}
		e.changes.Add(1)
	}
	return nil
}

// others are n rows of rooms that hear of topics which nobody writes to.
func others(from, n int) []string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("telegram | %d | topic/%d", -1006000000000-from-i, 800000+from+i))
	}
	return rows
}

// TestFaultRulesChange changes the table while events come: rows of other rooms,
// one by one and by the thousand, and whole sets of rows of two rooms. Rooms whose
// rows stand hear each event once and in order, and no event is held against half
// of a set.
func TestFaultRulesChange(t *testing.T) {
	t.Parallel()
	lasts, imports := 3*time.Second, 3
	if soak() {
		lasts, imports = time.Minute, 20
	}
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	e := &editors{s: s, ctx: ctx}
	before, err := e.add("telegram | " + swappedRoom + " | *")
	require.NoError(t, err)
	load := newPoster(s)
	stop := load.flow(t)

	e.run(func(round int) error { // one by one
		ids, err := e.add(others(round%100, 1)...)
		if err != nil {
			return err
		}
		return e.remove(ids)
	})
	e.run(func(round int) error { // by the sixty, which makes the hub read the whole table
		ids, err := e.add(others(1000, 60)...)
		if err != nil {
			return err
		}
		return e.remove(ids)
	})
	e.run(func(round int) error { // by the thousand
		if round >= imports {
			<-ctx.Done()
			return nil
		}
		_, err := e.add(others(10_000+1000*round, 1000)...)
		return err
	})
	e.run(func(round int) error { // one version for another
		rows := [][]string{{"topic/301", "k/forum.post.*"}, {"*"}}[round%2]
		for i := range rows {
			rows[i] = "telegram | " + swappedRoom + " | " + rows[i]
		}
		ids, err := e.add(rows...)
		if err != nil {
			return err
		}
		if err := e.remove(before); err != nil {
			return err
		}
		before = ids
		return nil
	})
	e.run(func(int) error { // what lets the room hear stands first, and what mutes it last
		rows := append([]string{"telegram | " + mutedRoom + " | *"}, others(2000, 300)...)
		ids, err := e.add(append(rows, "telegram | "+mutedRoom+" | mute:*")...)
		if err != nil {
			return err
		}
		return e.remove(ids)
	})
	e.at.Wait()
	marks := stop()
	require.Empty(t, e.failed)
	t.Logf("%d rows were made or removed in %s while %d posts came", e.changes.Load(), lasts, len(marks))
	require.Greater(t, e.changes.Load(), int64(100))
	w.owedAll(2, marks, 0)
	require.Zero(t, owed(t, w.telegram, swappedRoom, marks), "the room whose rows were replaced")
	require.Empty(t, heardIn(w.telegram, mutedRoom), "an event was held against half of a set of rows")
	s.steady(load, 9)
	s.letters(0)
}
