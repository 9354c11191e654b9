package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/fake"
)

// clock goes as fast as any other, from where a test sets it.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	runs   *deliver.Worker // which goes by it
}

func newClock(t *testing.T, text string) *clock {
	t.Helper()
	c := &clock{}
	c.set(t, text)
	return c
}

func parse(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func (c *clock) set(t *testing.T, text string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(parse(t, text))
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).Round(0)
}

// notes are owed to a chat from now on, to be told as digest says.
func (c *clock) notes(chat, digest string, from, to int) []hub.Notification {
	all := notes(chat, from, to)
	for i := range all {
		all[i].QueuedAt, all[i].Digest = c.now(), digest
	}
	return all
}

func (c *clock) worker(t *testing.T, b *bus.Bus, p providers.Provider) (*deliver.Worker, func()) {
	t.Helper()
	w, stop := run(t, deliver.Config{Bus: b, Provider: p, Now: c.now, Grace: 50 * time.Millisecond})
	c.runs = w
	return w, func() { c.runs = nil; stop() }
}

func setChat(t *testing.T, b *bus.Bus, chat string, change func(*hub.ChatSettings) error) {
	t.Helper()
	_, err := b.ChangeChat(t.Context(), hub.Chat{System: "fake", ID: chat}, change)
	require.NoError(t, err)
}

func (c *clock) snooze(t *testing.T, b *bus.Bus, chat string, d time.Duration) {
	t.Helper()
	setChat(t, b, chat, func(s *hub.ChatSettings) error { return s.Snooze(c.now().Add(d), c.now()) })
	if c.runs != nil {
		require.Eventually(t, func() bool { return c.runs.Silent(chat, c.now()) }, 10*time.Second, time.Millisecond, "the worker does not hear of it")
	}
}

func (c *clock) resume(t *testing.T, b *bus.Bus, chat string) {
	t.Helper()
	setChat(t, b, chat, func(s *hub.ChatSettings) error { s.Resume(c.now()); return nil })
}

// look makes the chat's lane look at the clock, which a test has set.
func look(t *testing.T, b *bus.Bus, chat string) {
	t.Helper()
	setChat(t, b, chat, func(*hub.ChatSettings) error { return nil })
}

// owes waits until so many messages are queued: what was sent leaves the queue a
// little later.
func owes(t *testing.T, b *bus.Bus, want int) {
	t.Helper()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		n, err := b.Backlog(context.Background(), "fake")
		require.NoError(t, err)
		require.EqualValues(t, want, n, "messages that are queued")
	}, 20*time.Second, 5*time.Millisecond)
}

func emptied(t *testing.T, b *bus.Bus) {
	t.Helper()
	owes(t, b, 0)
	deadLetters(t, b, 0)
}

// TestARowsDigest holds that what a row wants in a digest is told at its time in
// one message, as it is by then, and that what comes after need not wait for it.
func TestARowsDigest(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T08:59:57Z"), openBus(t), fake.New("fake")
	due := parse(t, "2026-01-10T09:00:00Z")
	said := c.notes("a", "15m", 1, 4)
	at, again := c.notes("a", "", 5, 5)[0], c.notes("a", "daily@12:00", 6, 6)[0]
	again.Again = 1 // somebody wants it now
	edit, retract := update(hub.ActEdit, said[0], 51), update(hub.ActRetract, said[1], 52)
	said[0].StaleAt = said[0].QueuedAt.Add(time.Second) // which is before its time
	owe(t, b, append(said, at, edit, retract, again)...)
	w, _ := c.worker(t, b, p)
	settled(t, b, again)
	require.Equal(t, []string{"5", "6"}, textsOf(p))
	owes(t, b, 6)
	require.EqualValues(t, 6, w.Held())
	require.EqualValues(t, 2, w.Counts().Sent.Load())
	require.True(t, c.now().Before(due))

	receipt := settled(t, b, said[0])
	require.False(t, c.now().Before(due), "told before its time")
	require.Less(t, c.now().Sub(due), 5*time.Second)
	emptied(t, b)
	require.Zero(t, w.Held())
	digest := p.Posts()[2]
	require.Contains(t, digest.Message.Text, "**3 new messages**")
	require.Equal(t, []string{"51", "3", "4"}, linesOf(digest.Message))
	require.Zero(t, digest.Edits)
	require.Contains(t, receipt.Note, "as its row asks for")

	late := update(hub.ActEdit, said[2], 53)
	owe(t, b, late)
	settled(t, b, late)
	require.Equal(t, []string{"51", "53", "4"}, linesOf(p.Posts()[2].Message))
}

func textsOf(p *fake.Provider) []string {
	var all []string
	for _, post := range p.Posts() {
		all = append(all, post.Message.Text)
	}
	return all
}

// TestADigestOfOne holds that what is told alone reads like any other message and
// can be changed like one, and that what was taken back is not told at all.
func TestADigestOfOne(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T08:59:58Z"), openBus(t), fake.New("fake")
	one, edited, gone := c.notes("a", "15m", 1, 1)[0], c.notes("b", "15m", 1, 1)[0], c.notes("c", "15m", 1, 1)[0]
	edited.Message.Thread, edited.Message.InThread = "meta/topic/1", true
	edit, retract := update(hub.ActEdit, edited, 2), update(hub.ActRetract, gone, 3)
	owe(t, b, one, edited, gone, edit, retract)
	c.worker(t, b, p)
	emptied(t, b)
	require.ElementsMatch(t, []string{"1", "2"}, textsOf(p))
	for _, post := range p.Posts() {
		require.Zero(t, post.Edits)
		if post.To.ID == "b" {
			require.Equal(t, string(edited.ID), post.Key)
			require.Equal(t, post.Receipt.Ref, settled(t, b, edited).Ref)
		}
	}
	require.Contains(t, settled(t, b, edit).Note, "before it was told")
	require.Equal(t, "taken back before it was told", settled(t, b, gone).Note)

	reply, later := c.notes("b", "", 4, 4)[0], update(hub.ActEdit, edited, 5)
	reply.Message.Thread, reply.Message.InThread = "meta/topic/1", true
	owe(t, b, reply, later)
	settled(t, b, later)
	require.Contains(t, textsOf(p), "5")
	for _, post := range p.Posts() {
		if post.Message.Text == "4" {
			require.NotEmpty(t, post.Root, "it began a thread")
		}
	}
}

// TestADigestOutlivesItsWorker holds that what is set aside is told at the same
// time by whoever is there, and together also when nobody was.
func TestADigestOutlivesItsWorker(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T08:30:00Z"), openBus(t), fake.New("fake")
	said, now := c.notes("a", "daily@09:00", 1, 3), c.notes("a", "", 4, 4)[0]
	edit := update(hub.ActEdit, said[1], 5)
	owe(t, b, append(said, now, edit)...)
	_, stop := c.worker(t, b, p)
	settled(t, b, now)
	stop()
	c.set(t, "2026-01-10T08:59:58Z")
	_, stop = c.worker(t, b, p)
	settled(t, b, said[2])
	require.False(t, c.now().Before(parse(t, "2026-01-10T09:00:00Z")))
	emptied(t, b)
	require.Equal(t, []string{"1", "5", "3"}, linesOf(p.Posts()[1].Message))
	stop()

	owe(t, b, c.notes("a", "daily@09:00", 6, 9)...)
	c.set(t, "2026-01-11T11:00:00Z")
	c.worker(t, b, p)
	emptied(t, b)
	require.Len(t, p.Posts(), 3)
	require.Equal(t, []string{"6", "7", "8", "9"}, linesOf(p.Posts()[2].Message))
}

// hangs is a platform that takes a message and does not say so, once.
type hangs struct {
	*platform
	text string
	once sync.Once
	hung chan providers.Post
}

func (h *hangs) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	hang := false
	if strings.Contains(p.Message.Text, h.text) {
		h.once.Do(func() { hang = true })
	}
	if !hang {
		return h.platform.Send(ctx, p)
	}
	h.hung <- p
	<-ctx.Done()
	return hub.Receipt{}, &providers.Error{Fault: hub.FaultTemporary, Op: "post", Err: ctx.Err()}
}

// TestACrashTellsTheSameDigest ends a worker after it has stored a digest, while
// the platform has not answered: the next one sends the same, whatever has come.
func TestACrashTellsTheSameDigest(t *testing.T) {
	c, b := newClock(t, "2026-01-10T09:14:59Z"), openBus(t)
	f := newPlatform(nil)
	p := &hangs{platform: f, text: "new messages", hung: make(chan providers.Post, 1)}
	daily, said := c.notes("a", "daily@12:00", 10, 10), c.notes("a", "15m", 1, 3)
	owe(t, b, append(daily, said...)...)
	_, stop := c.worker(t, b, p)
	first := <-p.hung
	stop()
	more := c.notes("a", "1m", 4, 5)
	owe(t, b, append(more, update(hub.ActEdit, said[0], 6))...)
	c.set(t, "2026-01-10T09:20:00Z")
	c.worker(t, b, p)
	settled(t, b, more[1])
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.sent, 2)
	require.Equal(t, first, f.sent[0], "the same with the same key")
	require.Equal(t, []string{"1", "2", "3"}, linesOf(f.sent[0].Message))
	require.Equal(t, []string{"4", "5"}, linesOf(f.sent[1].Message))
	owes(t, b, 1) // which has its time at noon
}

// TestALongDigestIsSeveral holds that a digest is split where the platform's limit
// is, and that a refused one is told one by one.
func TestALongDigestIsSeveral(t *testing.T) {
	c, b := newClock(t, "2026-01-10T09:14:59Z"), openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error {
		if strings.Contains(p.Message.Text, "- 20 ") {
			return fault(hub.FaultRejected, 0)
		}
		return nil
	})
	said := c.notes("a", "15m", 0, 59)
	for i := range said {
		said[i].Message.Text = fmt.Sprintf("%d %s", i, strings.Repeat("x", 60))
	}
	owe(t, b, said...)
	c.worker(t, b, f)
	emptied(t, b)
	var told []string
	for _, text := range f.texts("a") {
		require.LessOrEqual(t, len(text), f.Describe().Limits.Text)
		lines := linesOf(hub.Message{Text: text})
		if len(lines) == 0 {
			lines = []string{text}
		}
		told = append(told, lines...)
	}
	require.Len(t, told, 60)
	for i, line := range told {
		require.Equal(t, said[i].Message.Text, line)
	}
	require.Less(t, len(f.texts("a")), 30)
}

// TestQuietHours holds that nothing is sent in a chat's quiet hours but what
// changes what was sent, and that all comes when they end.
func TestQuietHours(t *testing.T) {
	for _, many := range []bool{false, true} {
		t.Run(fmt.Sprint("many=", many), func(t *testing.T) {
			c, b, p := newClock(t, "2026-01-10T21:59:00+01:00"), openBus(t), fake.New("fake")
			setChat(t, b, "a", func(s *hub.ChatSettings) error { return s.SetQuiet("22:00-07:00", "Europe/Berlin", time.UTC, c.now()) })
			_, stop := c.worker(t, b, p)
			before := c.notes("a", "", 0, 1)
			owe(t, b, before...)
			settled(t, b, before[1])
			c.set(t, "2026-01-10T22:00:30+01:00")
			n := 3
			if many {
				n = 7
			}
			waiting, other := c.notes("a", "", 2, 1+n), c.notes("b", "", 1, 1)[0]
			for i := range waiting {
				waiting[i].StaleAt = waiting[i].QueuedAt.Add(time.Hour)
			}
			digest := c.notes("a", "15m", 20, 21)
			edit, retract, joined := update(hub.ActEdit, before[0], 30), update(hub.ActRetract, before[1], 31), update(hub.ActEdit, waiting[0], 32)
			owe(t, b, append(append(waiting, digest...), edit, retract, joined, other)...)
			require.Contains(t, []hub.MessageRef{"fake-1", "fake-2"}, settled(t, b, edit).Ref)
			settled(t, b, retract)
			settled(t, b, other)
			require.Len(t, p.Posts(), 3)
			require.True(t, p.Posts()[1].Gone)

			stop() // they outlive the worker
			c.set(t, "2026-01-11T03:00:00+01:00")
			c.worker(t, b, p)
			more := c.notes("b", "", 2, 2)[0]
			owe(t, b, more)
			settled(t, b, more)
			require.Len(t, p.Posts(), 4)
			owes(t, b, n+2+1)

			c.set(t, "2026-01-11T06:59:59+01:00")
			look(t, b, "a")
			settled(t, b, waiting[n-1])
			require.False(t, c.now().Before(parse(t, "2026-01-11T07:00:00+01:00")))
			emptied(t, b)
			var woken []string
			for _, post := range p.Posts()[4:] {
				woken = append(woken, post.Message.Text)
				require.Zero(t, post.Edits)
			}
			if many {
				require.Len(t, woken, 1)
				require.Contains(t, woken[0], "**9 messages while it was quiet here**")
				require.Equal(t, []string{"32", "3", "4", "5", "6", "7", "8", "20", "21"}, linesOf(p.Posts()[4].Message))
				require.Contains(t, settled(t, b, waiting[1]).Note, "left alone")
				return
			}
			require.Len(t, woken, 4)
			require.Equal(t, []string{"20", "21"}, linesOf(p.Posts()[4].Message))
			require.Equal(t, []string{"32", "3", "4"}, woken[1:])
		})
	}
}

// TestNobodyWasThereWhenItEnded holds that what waited for the end of quiet hours
// is told together also by a worker that starts later.
func TestNobodyWasThereWhenItEnded(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T23:00:00Z"), openBus(t), fake.New("fake")
	setChat(t, b, "a", func(s *hub.ChatSettings) error { return s.SetQuiet("22:00-07:00", "", time.UTC, c.now()) })
	owe(t, b, c.notes("a", "", 1, 8)...)
	c.set(t, "2026-01-11T08:00:00Z")
	owe(t, b, c.notes("a", "", 9, 9)...)
	c.worker(t, b, p)
	emptied(t, b)
	require.Len(t, p.Posts(), 2)
	require.Equal(t, "9", p.Posts()[0].Message.Text, "it did not wait for the night to end")
	require.Len(t, linesOf(p.Posts()[1].Message), 8)
}

func TestSnoozeAndResume(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T12:00:00Z"), openBus(t), fake.New("fake")
	c.worker(t, b, p)
	c.snooze(t, b, "a", 2*time.Hour)
	waiting, other := c.notes("a", "", 1, 2), c.notes("b", "", 1, 1)[0]
	retract := update(hub.ActRetract, hub.Notification{Chat: other.Chat}, 9)
	retract.Chat, retract.Of, retract.Ref = waiting[0].Chat, "", "fake-99"
	owe(t, b, append(waiting, retract, other)...) // the retraction comes behind both
	settled(t, b, retract)
	settled(t, b, other)
	require.Len(t, p.Posts(), 1)

	begin := time.Now()
	c.resume(t, b, "a")
	require.Eventually(t, func() bool { return len(p.Posts()) == 3 }, 5*time.Second, time.Millisecond)
	require.Less(t, time.Since(begin), time.Second)
	require.Equal(t, []string{"1", "2"}, textsOf(p)[1:])

	ends := c.now().Add(2 * time.Second)
	c.snooze(t, b, "a", 2*time.Second)
	last := c.notes("a", "", 3, 3)[0]
	owe(t, b, last)
	settled(t, b, last)
	require.False(t, c.now().Before(ends))
	emptied(t, b)
}

// TestSilenceInTheMiddle begins a silence while the platform has been asked once:
// the message comes with the same key after it, and what goes on meanwhile does.
func TestSilenceInTheMiddle(t *testing.T) {
	c, b := newClock(t, "2026-01-10T12:00:00Z"), openBus(t)
	p := fake.New("fake")
	before := c.notes("a", "", 0, 0)[0]
	owe(t, b, before)
	_, stop := c.worker(t, b, p)
	settled(t, b, before)
	p.Fail("a", errors.New("connection reset"))
	said := c.notes("a", "", 1, 8)
	owe(t, b, said...)
	require.Eventually(t, func() bool { return waitOf(t, b).Attempt == 1 }, 10*time.Second, 5*time.Millisecond)
	c.snooze(t, b, "a", time.Hour)
	edit := update(hub.ActEdit, before, 20)
	owe(t, b, edit, update(hub.ActEdit, said[0], 21))
	settled(t, b, edit)
	require.Len(t, p.Posts(), 1)
	require.Equal(t, 1, waitOf(t, b).Attempt, "it is known that it was tried")
	stop()
	c.worker(t, b, p)
	owe(t, b, update(hub.ActEdit, before, 22))
	require.Eventually(t, func() bool { return p.Posts()[0].Message.Text == "22" }, 10*time.Second, 5*time.Millisecond)
	require.Len(t, p.Posts(), 1)
	c.resume(t, b, "a")
	emptied(t, b)
	posts := p.Posts()
	require.Len(t, posts, 3)
	require.Equal(t, string(said[0].ID), posts[1].Key)
	require.Equal(t, "21", posts[1].Message.Text)
	require.Equal(t, []string{"2", "3", "4", "5", "6", "7", "8"}, linesOf(posts[2].Message))
}

// TestSilenceInADigest is about a digest that the platform may have taken when a
// silence begins.
func TestSilenceInADigest(t *testing.T) {
	c, b := newClock(t, "2026-01-10T12:14:59Z"), openBus(t)
	asked := make(chan providers.Post, 10)
	var fails atomic.Bool
	fails.Store(true)
	f := newPlatform(func(p providers.Post, _ int) error {
		asked <- p
		if fails.Load() {
			return errors.New("no answer")
		}
		return nil
	})
	said := c.notes("a", "15m", 1, 3)
	owe(t, b, said...)
	_, stop := c.worker(t, b, f)
	first := <-asked
	c.snooze(t, b, "a", time.Hour)
	fails.Store(false)
	owe(t, b, c.notes("a", "", 4, 9)...)
	require.Eventually(t, func() bool { return waitOf(t, b).Attempt == 1 }, 10*time.Second, 5*time.Millisecond)
	stop()
	w, _ := c.worker(t, b, f)
	require.Eventually(t, func() bool { return w.Held() == 9 }, 10*time.Second, 5*time.Millisecond, "the digest is set aside, too, when it would be tried again")
	gone := c.notes("b", "", 1, 1)[0]
	owe(t, b, gone)
	settled(t, b, gone)
	require.Equal(t, "1", (<-asked).Message.Text)
	c.resume(t, b, "a")
	require.Equal(t, first, <-asked)
	require.Len(t, linesOf((<-asked).Message), 6)
	emptied(t, b)
	require.Len(t, asked, 0)
}

// TestNoRoomToSetAside holds that memory is bounded: a digest is given up for it, a
// silence never.
func TestNoRoomToSetAside(t *testing.T) {
	c, b, f := newClock(t, "2026-01-10T12:14:57Z"), openBus(t), newPlatform(nil)
	c.snooze(t, b, "b", time.Hour)
	said := c.notes("a", "15m", 1, 9)
	edit := update(hub.ActEdit, said[0], 10)
	owe(t, b, append(append(said, edit), c.notes("b", "", 1, 9)...)...)
	run(t, deliver.Config{Bus: b, Provider: f, Now: c.now, Sequences: 8, Bytes: 1})
	require.Eventually(t, func() bool { return len(f.texts("a")) >= 7 }, 10*time.Second, 5*time.Millisecond)
	require.True(t, c.now().Before(parse(t, "2026-01-10T12:15:00Z")), "those without room came at once")
	settled(t, b, said[0])
	settled(t, b, edit)
	owes(t, b, 9)
	require.Empty(t, f.texts("b"))
	c.resume(t, b, "b")
	emptied(t, b)
	told := 0
	for _, text := range append(f.texts("a"), f.texts("b")...) {
		told += max(1, len(linesOf(hub.Message{Text: text})))
	}
	require.Equal(t, 18, told)
}

// TestAnotherZone holds that digests of the day come by the clocks of their chat,
// whenever those are told: also while the chat is sent something.
func TestAnotherZone(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(fmt.Sprint("busy=", busy), func(t *testing.T) {
			c, b := newClock(t, "2026-01-10T07:59:58Z"), openBus(t)
			asked, release := make(chan struct{}), make(chan struct{})
			f := newPlatform(func(p providers.Post, _ int) error {
				if busy && p.Message.Text == "4" {
					close(asked)
					<-release
				}
				return nil
			})
			said := c.notes("a", "daily@09:00", 1, 2)
			edit, now := update(hub.ActEdit, said[1], 3), c.notes("a", "", 4, 4)[0]
			owe(t, b, append(said, edit, now)...)
			w, _ := c.worker(t, b, f)
			if busy {
				<-asked
			} else {
				settled(t, b, now)
			}
			setChat(t, b, "a", func(s *hub.ChatSettings) error { return s.SetQuiet("", "Europe/Berlin", time.UTC, c.now()) })
			require.Eventually(t, func() bool { return w.Zone("a") == "Europe/Berlin" }, 10*time.Second, time.Millisecond)
			close(release)
			emptied(t, b)
			require.False(t, c.now().Before(parse(t, "2026-01-10T09:00:00+01:00")))
			require.Equal(t, []string{"1", "3"}, linesOf(hub.Message{Text: f.texts("a")[1]}))
		})
	}
}

// TestPastItsDigest holds that what could not be told for too long after its time
// is given up like anything else.
func TestPastItsDigest(t *testing.T) {
	c, b, p := newClock(t, "2026-01-10T07:00:00Z"), openBus(t), fake.New("fake")
	said := c.notes("a", "daily@09:00", 1, 2)
	for i := range said {
		said[i].StaleAt = said[i].QueuedAt.Add(time.Hour)
	}
	owe(t, b, said[0])
	c.set(t, "2026-01-10T09:30:00Z") // less than an hour after its time
	_, stop := c.worker(t, b, p)
	settled(t, b, said[0])
	stop()
	owe(t, b, said[1])
	c.set(t, "2026-01-10T10:30:00Z")
	c.worker(t, b, p)
	owes(t, b, 0)
	require.Equal(t, hub.FaultStale, deadLetters(t, b, 1)[0].Fault)
	require.Equal(t, []string{"1"}, textsOf(p))
}
