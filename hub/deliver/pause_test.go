package deliver_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

// paced is a platform with documented rates.
type paced struct {
	*platform
	limits providers.Limits
}

func (p paced) Describe() providers.Description {
	d := p.platform.Describe()
	d.Limits.Chat, d.Limits.Account, d.Limits.Learned = p.limits.Chat, p.limits.Account, p.limits.Learned
	return d
}

func notes(chat string, from, to int) []hub.Notification {
	var out []hub.Notification
	for i := from; i <= to; i++ {
		out = append(out, note(chat, i))
	}
	return out
}

// TestThePlatformsPace holds that no chat hears faster than its platform allows,
// and that one chat's pace is not another's.
func TestThePlatformsPace(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	const every = 150 * time.Millisecond
	require.NoError(t, b.Notify(t.Context(), append(notes("a", 1, 5), notes("b", 1, 2)...)))
	run(t, deliver.Config{Bus: b, Provider: paced{f, providers.Limits{Chat: []providers.Rate{{Calls: 1, Per: every, Burst: 2}}}}})
	f.awaits(t, 7)
	require.Equal(t, []string{"1", "2", "3", "4", "5"}, f.texts("a"))
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.asked["a"]
	for i := 2; i < len(at); i++ { // an earlier one may have been on its way for longer
		require.GreaterOrEqual(t, at[i].Sub(at[i-2]), every*2/3, "a burst is two")
	}
	require.False(t, f.together)
	last := f.asked["b"][1]
	require.Less(t, last, at[4], "b need not wait for a")
}

// TestAChatsPaceHoldsNobodyUp is about a platform with a pace for each chat and one
// for the account: a chat that waits for its own keeps none of the account's calls
// from others.
func TestAChatsPaceHoldsNobodyUp(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	require.NoError(t, b.Notify(t.Context(), notes("busy", 1, 2)))
	run(t, deliver.Config{Bus: b, Provider: paced{f, providers.Limits{
		Chat: []providers.Rate{{Calls: 1, Per: time.Hour, Burst: 1}}, Account: []providers.Rate{{Calls: 100, Per: time.Second, Burst: 1}},
	}}})
	f.awaits(t, 1)
	for _, quiet := range []string{"a", "b", "c", "d", "e"} {
		require.NoError(t, b.Notify(t.Context(), notes(quiet, 1, 1)))
		f.awaits(t, 1)
		require.Len(t, f.texts(quiet), 1)
	}
	require.Equal(t, []string{"1"}, f.texts("busy"))
}

// topics is a platform whose chats have parts, as Telegram's groups have topics.
type topics struct{ paced }

func (topics) Group(chat string) string {
	group, _, _ := strings.Cut(chat, "/")
	return group
}

// TestPartsOfAChatShareItsPace holds that what is refused to one part of a chat is
// not asked for by another, by which the whole account would be slowed down.
func TestPartsOfAChatShareItsPace(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error {
		if strings.HasPrefix(p.To.ID, "group/") {
			return fault(hub.FaultRateLimited, time.Hour)
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), notes("group/1", 1, 1)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: topics{paced{f, providers.Limits{}}}})
	f.awaits(t, 1)
	require.Eventually(t, func() bool { return w.Counts().Waited.Load() == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, b.Notify(t.Context(), notes("group/2", 1, 1)))
	for _, other := range []string{"a", "b", "c", "d", "e"} {
		require.NoError(t, b.Notify(t.Context(), notes(other, 1, 1)))
		f.awaits(t, 1)
		require.Len(t, f.texts(other), 1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Empty(t, f.asked["group/2"])
}

// TestARefusalSlowsTheAccount is about a server that sets its own pace: after one
// refusal nobody asks it too early again.
func TestARefusalSlowsTheAccount(t *testing.T) {
	const after = 1200 * time.Millisecond
	var refused atomic.Bool
	b := openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error {
		if p.To.ID == "a" && refused.CompareAndSwap(false, true) {
			return fault(hub.FaultRateLimited, after)
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), notes("a", 1, 1)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: paced{f, providers.Limits{Learned: true}}})
	f.awaits(t, 1)
	require.Eventually(t, func() bool { return w.Counts().Waited.Load() > 0 }, 5*time.Second, time.Millisecond, "the refusal was taken in")
	require.NoError(t, b.Notify(t.Context(), append(notes("b", 1, 1), notes("c", 1, 1)...)))
	f.awaits(t, 3)
	f.mu.Lock()
	defer f.mu.Unlock()
	first, all := f.asked["a"][0], []time.Time{f.asked["a"][1], f.asked["b"][0], f.asked["c"][0]}
	for i, at := range all {
		require.GreaterOrEqual(t, at.Sub(first), after)
		for _, other := range all[:i] { // one may have been on its way for longer than the next
			require.GreaterOrEqual(t, at.Sub(other).Abs(), after/2, "one by one, at the server's pace")
		}
	}
}

// TestAGoneChatIsPaused holds that a chat that has shut us out loses nothing: its
// messages wait, it is told why, and once somebody lets us in they all come.
func TestAGoneChatIsPaused(t *testing.T) {
	var gone atomic.Bool
	gone.Store(true)
	b := openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error {
		if p.To.ID == "a" && gone.Load() {
			return fault(hub.FaultChatGone, 0)
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), append(notes("a", 1, 3), notes("b", 1, 1)...)))
	w, stop := run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 2)
	require.Equal(t, []string{"1"}, f.texts("b"), "other chats go on")
	pausedChats := func() []hub.PausedChat {
		systems, err := b.Systems(t.Context())
		require.NoError(t, err)
		require.Len(t, systems, 1)
		return systems[0].PausedChats
	}
	require.Eventually(t, func() bool { return len(pausedChats()) == 1 }, 10*time.Second, 10*time.Millisecond)
	chat := pausedChats()[0]
	require.Equal(t, "a", chat.Chat)
	require.Contains(t, chat.Reason, "chat_gone")
	require.Equal(t, time.Minute, chat.NextAt.Sub(chat.Since))
	state, _ := w.State()
	require.Equal(t, "ok", state)

	stop() // a pause outlives its worker
	w, _ = run(t, deliver.Config{Bus: b, Provider: f})
	require.Eventually(t, func() bool { return len(w.PausedChats()) == 1 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, chat.Since, w.PausedChats()[0].Since)
	require.Zero(t, f.unawaited(), "it is not asked before its time")

	b.Changed(deliver.Resume, "fake", "a") // somebody is impatient, and wrong
	f.awaits(t, 1)
	require.Eventually(t, func() bool { return w.PausedChats()[0].NextAt.After(chat.NextAt) }, 10*time.Second, 10*time.Millisecond)
	gone.Store(false)
	b.Changed(deliver.Resume, "fake", "a")
	f.awaits(t, 3)
	require.Equal(t, []string{"1", "2", "3"}, f.texts("a"))
	require.Eventually(t, func() bool { return len(pausedChats()) == 0 }, 10*time.Second, 10*time.Millisecond)
	waits := 0
	for n := range b.Partitions() {
		left, err := b.Waits(t.Context(), "fake", n)
		require.NoError(t, err)
		waits += len(left)
	}
	require.Zero(t, waits)
}

// TestAPlatformThatIsDown holds that what waits for a platform which answers
// nobody uses up no attempts: it is tried with one message at a time, and then
// all go on.
func TestAPlatformThatIsDown(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	b := openBus(t)
	f := newPlatform(func(providers.Post, int) error {
		if down.Load() {
			return fault(hub.FaultTemporary, 0)
		}
		return nil
	})
	var all []hub.Notification
	for i := range 40 {
		all = append(all, note(fmt.Sprint("chat", i), 1))
	}
	require.NoError(t, b.Notify(t.Context(), all))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Attempts: 2, Probe: 20 * time.Millisecond, InFlight: 4})
	paused := func() bool {
		state, reason := w.State()
		if state == "paused" {
			require.Contains(t, reason, "does not answer")
		}
		return state == "paused"
	}
	require.Eventually(t, paused, 10*time.Second, time.Millisecond)
	asked := f.unawaited
	require.LessOrEqual(t, asked(), 20, "most have not tried")
	before := asked()
	require.Eventually(t, func() bool { return asked() > before+5 }, 20*time.Second, time.Millisecond, "it is tried again and again")
	require.True(t, paused())
	require.Zero(t, w.Counts().Dead.Load())

	down.Store(false)
	require.Eventually(t, func() bool { return f.count() == len(all) }, 20*time.Second, 5*time.Millisecond)
	state, _ := w.State()
	require.Equal(t, "ok", state)
	require.Zero(t, w.Counts().Dead.Load())
}
