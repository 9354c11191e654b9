package deliver_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/fake"
)

// old are notes that have waited for some time.
func old(chat string, from, to int) []hub.Notification {
	all := notes(chat, from, to)
	for i := range all {
		all[i].QueuedAt = all[i].QueuedAt.Add(-time.Hour)
	}
	return all
}

func linesOf(m hub.Message) []string {
	var out []string
	for _, line := range strings.Split(m.Text, "\n") {
		if after, ok := strings.CutPrefix(line, "- "); ok {
			out = append(out, after)
		}
	}
	return out
}

// TestAStormIsOneMessage holds that what a chat's pace would never bring in time
// comes in one message, with a line each and in order, and that it still changes.
func TestAStormIsOneMessage(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	storm := old("a", 1, 30)
	few := old("b", 1, 4)
	// Some change while they wait, others when they are out there.
	waiting := []hub.Notification{update(hub.ActEdit, storm[0], 51), update(hub.ActRetract, storm[1], 52)}
	edit, retract, after := update(hub.ActEdit, storm[4], 31), update(hub.ActRetract, storm[5], 32), note("a", 33)
	p.Fail("a", fault(hub.FaultRateLimited, 1100*time.Millisecond)) // until all are there
	owe(t, b, append(append(append(notes("a", 0, 0), storm...), waiting...), few...)...)
	w, _ := run(t, deliver.Config{Bus: b, Provider: p, Storm: 20})
	settled(t, b, waiting[1])
	owe(t, b, edit, retract, after)
	settled(t, b, after)
	settled(t, b, few[3])

	var a, others []fake.Post
	for _, post := range p.Posts() {
		if post.To.ID == "a" {
			a = append(a, post)
		} else {
			others = append(others, post)
		}
	}
	require.Len(t, others, 4, "few that wait are no storm")
	require.Len(t, a, 3)
	require.Equal(t, "0", a[0].Message.Text, "it has not waited for long")
	digest := a[1]
	require.Contains(t, digest.Message.Text, "**29 messages that had to wait**")
	want := []string{"51"}
	for i := 3; i <= 30; i++ {
		want = append(want, fmt.Sprint(i))
	}
	want[3], want[4] = "31", "_This message was removed._"
	require.Equal(t, want, linesOf(digest.Message))
	require.Equal(t, 2, digest.Edits)
	require.Equal(t, "33", a[2].Message.Text)

	receipt := settled(t, b, storm[7])
	require.Empty(t, receipt.Ref, "an edit must not take the place of the others")
	require.NotEmpty(t, receipt.Digest)
	require.Contains(t, receipt.Note, "told with 31 others")
	require.Contains(t, settled(t, b, edit).Note, "changed in the message")
	require.EqualValues(t, 1+30+2+4+3, w.Counts().Sent.Load())
	deadLetters(t, b, 0)
	require.Eventually(t, func() bool { // the last acknowledgement may still be on its way
		left, err := b.Backlog(t.Context(), "fake")
		return err == nil && left == 0
	}, 10*time.Second, 10*time.Millisecond)
}

// TestADigestIsOneAgain holds that one that was not sent, since the platform was
// busy or the worker ended, is the same one with the same key later.
func TestADigestIsOneAgain(t *testing.T) {
	var busy atomic.Bool
	busy.Store(true)
	asked := make(chan providers.Post, 100)
	b := openBus(t)
	f := newPlatform(func(p providers.Post, nth int) error {
		if nth > 2 {
			asked <- p
		}
		if nth == 1 || nth > 2 && busy.Load() {
			return fault(hub.FaultRateLimited, 1500*time.Millisecond)
		}
		return nil
	})
	storm := old("a", 1, 20)
	owe(t, b, append(notes("a", 0, 0), storm[:10]...)...) // all are there when the first is tried again
	_, stop := run(t, deliver.Config{Bus: b, Provider: f, Storm: 5})
	first := <-asked
	owe(t, b, storm[10:]...)
	require.Eventually(t, func() bool { return waitOf(t, b).Reason != "" }, 10*time.Second, 5*time.Millisecond)
	stop()
	busy.Store(false)
	run(t, deliver.Config{Bus: b, Provider: f, Storm: 5})
	settled(t, b, storm[19])
	second := <-asked
	require.Equal(t, first, second)
	require.Len(t, linesOf(second.Message), 10)
	var all []string
	for _, p := range f.sent {
		all = append(all, linesOf(p.Message)...)
	}
	require.Len(t, all, 20)
	for i, line := range all {
		require.Equal(t, fmt.Sprint(i+1), line)
	}
}

// TestARefusedDigest holds that messages are tried one by one where the platform
// takes no digest of them.
func TestARefusedDigest(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(p providers.Post, nth int) error {
		switch {
		case nth == 1:
			return fault(hub.FaultRateLimited, 1500*time.Millisecond)
		case strings.Contains(p.Message.Text, "had to wait") || p.Message.Text == "3":
			return fault(hub.FaultRejected, 0)
		}
		return nil
	})
	owe(t, b, append(notes("a", 0, 0), old("a", 1, 6)...)...) // all are there when the first is tried again
	run(t, deliver.Config{Bus: b, Provider: f, Storm: 5})
	f.awaits(t, 9)
	require.Equal(t, []string{"0", "1", "2", "4", "5", "6"}, f.texts("a"))
	deadLetters(t, b, 1)
}

// TestADigestHasRoom holds that a digest is no longer than the platform takes.
func TestADigestHasRoom(t *testing.T) {
	b := openBus(t)
	p := newPlatform(func(_ providers.Post, nth int) error {
		if nth == 1 { // all are there when the first is tried again
			return fault(hub.FaultRateLimited, 1500*time.Millisecond)
		}
		return nil
	})
	all := old("a", 1, 60)
	for i := range all {
		all[i].Message.Text = fmt.Sprintf("%d %s", i, strings.Repeat("x", 40))
	}
	owe(t, b, all...)
	run(t, deliver.Config{Bus: b, Provider: p, Storm: 10})
	settled(t, b, all[59])
	limit := p.Describe().Limits.Text
	told := 0
	for _, post := range p.sent {
		require.LessOrEqual(t, len(post.Message.Text), limit)
		told += max(1, len(linesOf(post.Message)))
	}
	require.Equal(t, 60, told)
	require.Less(t, len(p.sent), 15)
	deadLetters(t, b, 0)
}

// waitOf is the one wait that is stored.
func waitOf(t *testing.T, b *bus.Bus) bus.Wait {
	t.Helper()
	for n := range b.Partitions() {
		waits, err := b.Waits(t.Context(), "fake", n)
		require.NoError(t, err)
		for _, w := range waits {
			return w
		}
	}
	return bus.Wait{}
}
