package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

// platform is a chat system that answers as a test tells it to.
type platform struct {
	answer func(p providers.Post, nth int) error // nil: accept

	mu       sync.Mutex
	sent     []providers.Post
	asked    map[string][]time.Time // by chat
	inFlight map[string]int
	together bool // two posts of one chat at once
	check    error
	answers  int           // that no test has awaited yet
	news     chan struct{} // there are answers
}

func newPlatform(answer func(p providers.Post, nth int) error) *platform {
	return &platform{answer: answer, asked: map[string][]time.Time{}, inFlight: map[string]int{}, news: make(chan struct{}, 1)}
}

func (f *platform) Describe() providers.Description {
	return providers.Description{Kind: "fake", ID: "fake", Limits: providers.Limits{Text: 1000, Unit: providers.Characters}, Can: hub.Features{Threads: true}}
}

func (f *platform) Check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.check
}

func (f *platform) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	f.mu.Lock()
	f.inFlight[p.To.ID]++
	f.together = f.together || f.inFlight[p.To.ID] > 1
	f.asked[p.To.ID] = append(f.asked[p.To.ID], time.Now())
	nth := len(f.asked[p.To.ID])
	f.mu.Unlock()
	var err error
	if f.answer != nil {
		err = f.answer(p, nth)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inFlight[p.To.ID]--
	if err == nil {
		f.sent = append(f.sent, p)
	}
	f.answers++
	select {
	case f.news <- struct{}{}:
	default: // somebody will look
	}
	return hub.Receipt{Ref: hub.MessageRef("ref-" + p.Key)}, err
}

func (f *platform) texts(chat string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, p := range f.sent {
		if p.To.ID == chat {
			out = append(out, p.Message.Text)
		}
	}
	return out
}

func (f *platform) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sent)
}

// unawaited counts the answers that no test has awaited yet.
func (f *platform) unawaited() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answers
}

// awaits returns when the platform has answered n times more.
func (f *platform) awaits(t *testing.T, n int) {
	t.Helper()
	for n > 0 {
		f.mu.Lock()
		some := min(n, f.answers)
		f.answers -= some
		f.mu.Unlock()
		if n -= some; n == 0 {
			return
		}
		select {
		case <-f.news:
		case <-time.After(20 * time.Second):
			t.Fatalf("the platform was not asked %d times more", n)
		}
	}
}

func openBus(t *testing.T) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// run starts a worker and returns what stops it.
func run(t *testing.T, c deliver.Config) (*deliver.Worker, func()) {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	w := deliver.New(c)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return w, stop
}

func note(chat string, i int) hub.Notification {
	at := hub.Chat{System: "fake", ID: chat}
	return hub.Notification{
		Version: 1, ID: hub.NotificationFor(hub.EventID(fmt.Sprint("e", i)), at), Chat: at,
		Message: hub.Message{Text: fmt.Sprint(i)}, QueuedAt: time.Now(),
	}
}

func queue(t *testing.T, b *bus.Bus, chats, each int) (want map[string][]string) {
	t.Helper()
	want = map[string][]string{}
	var ns []hub.Notification
	for i := range each {
		for c := range chats {
			chat := fmt.Sprint("chat-", c)
			ns = append(ns, note(chat, i))
			want[chat] = append(want[chat], fmt.Sprint(i))
		}
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	return want
}

func fault(f hub.Fault, after time.Duration) error {
	return &providers.Error{Fault: f, Op: "post", After: after, Err: errors.New("the platform says " + string(f))}
}

func TestEveryChatInOrderOneAtATime(t *testing.T) {
	bounds := map[string]deliver.Config{
		"roomy":            {},
		"no room for text": {Bytes: 1},
		"known sequences":  {Sequences: 3, Bytes: 1},
		"one at a time":    {InFlight: 1},
	}
	for name, c := range bounds {
		t.Run(name, func(t *testing.T) {
			b, f := openBus(t), newPlatform(nil)
			want := queue(t, b, 7, 150)
			c.Bus, c.Provider = b, f
			w, _ := run(t, c)
			more := queue(t, b, 9, 1) // the first again, which is known, and two new chats
			for chat, texts := range more {
				if want[chat] == nil {
					want[chat] = texts
				}
			}
			f.awaits(t, 7*150+2)
			for chat, texts := range want {
				require.Equal(t, texts, f.texts(chat), chat)
			}
			require.False(t, f.together, "two posts of one chat at once")
			// The last post may have been answered a moment before it is counted.
			require.Eventually(t, func() bool { return int(w.Counts().Sent.Load()) == f.count() }, 20*time.Second, 5*time.Millisecond)
		})
	}
}

func TestReceiptKeepsFromSendingTwice(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	sent := note("a", 1)
	require.NoError(t, b.PutReceipt(t.Context(), "fake", sent.ID, hub.Receipt{Ref: "old"}))
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{sent, note("a", 2)}))
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 1)
	require.Equal(t, []string{"2"}, f.texts("a"))
}

func TestRateLimitHoldsOneChatOnly(t *testing.T) {
	const after = 1500 * time.Millisecond
	b := openBus(t)
	f := newPlatform(func(p providers.Post, nth int) error {
		if p.To.ID == "slow" && nth <= 2 {
			return fault(hub.FaultRateLimited, after)
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("slow", 1), note("slow", 2), note("fast", 1)}))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Attempts: 1})
	f.awaits(t, 5)
	require.Equal(t, []string{"1", "2"}, f.texts("slow"), "a rate limit is no attempt, and order holds")
	require.Less(t, f.asked["fast"][0].Sub(f.asked["slow"][0]), after)
	for i := 1; i <= 2; i++ {
		require.GreaterOrEqual(t, f.asked["slow"][i].Sub(f.asked["slow"][i-1]), after, "asked before its time")
	}
	require.EqualValues(t, 2, w.Counts().Waited.Load())
}

func TestWaitOutlivesTheWorker(t *testing.T) {
	const after = 3 * time.Second
	b := openBus(t)
	f := newPlatform(func(_ providers.Post, nth int) error {
		if nth == 1 {
			return fault(hub.FaultRateLimited, after)
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1)}))
	_, stop := run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 1)
	stop()
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 1)
	require.Equal(t, []string{"1"}, f.texts("a"))
	require.GreaterOrEqual(t, f.asked["a"][1].Sub(f.asked["a"][0]), after)
}

func TestRetryThenSent(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(_ providers.Post, nth int) error {
		if nth == 1 {
			return errors.New("connection reset")
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1), note("a", 2)}))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 3)
	require.Equal(t, []string{"1", "2"}, f.texts("a"))
	require.EqualValues(t, 1, w.Counts().Retried.Load())
}

func TestGivenUpWithReason(t *testing.T) {
	cases := map[string]struct {
		err      error
		want     hub.Fault
		attempts int
	}{
		"rejected":  {fault(hub.FaultRejected, 0), hub.FaultRejected, 8},
		"exhausted": {errors.New("boom"), hub.FaultTemporary, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := openBus(t)
			f := newPlatform(func(p providers.Post, _ int) error {
				if p.Message.Text == "1" {
					return c.err
				}
				return nil
			})
			require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1), note("a", 2)}))
			run(t, deliver.Config{Bus: b, Provider: f, Attempts: c.attempts})
			f.awaits(t, 2)
			require.Equal(t, []string{"2"}, f.texts("a"), "the next goes on")
			letters := deadLetters(t, b, 1)
			require.Equal(t, c.want, letters[0].Fault)
			require.Equal(t, c.err.Error(), letters[0].Reason)
			require.Equal(t, note("a", 1).ID, letters[0].Notification.ID)
			require.Equal(t, 1, letters[0].Attempts)
		})
	}
}

func TestStaleIsNotSent(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	old := note("a", 1)
	old.StaleAt = time.Now().Add(-time.Minute)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{old, note("a", 2)}))
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 1)
	require.Equal(t, []string{"2"}, f.texts("a"))
	require.Equal(t, hub.FaultStale, deadLetters(t, b, 1)[0].Fault)
}

func deadLetters(t *testing.T, b *bus.Bus, n int) []hub.DeadLetter {
	t.Helper()
	letters, _, err := b.DeadLetters(t.Context(), hub.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, letters, n)
	return letters
}

func TestRefusedCredentialsPauseTheSystem(t *testing.T) {
	b := openBus(t)
	var f *platform
	f = newPlatform(func(providers.Post, int) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.check
	})
	f.check = fault(hub.FaultUnauthorized, 0)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1), note("b", 1)}))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Probe: 50 * time.Millisecond})
	require.Eventually(t, func() bool { state, _ := w.State(); return state == "paused" }, 10*time.Second, 10*time.Millisecond)
	_, reason := w.State()
	require.Contains(t, reason, "unauthorized")
	require.Zero(t, f.count())
	f.mu.Lock()
	f.check = nil
	f.mu.Unlock()
	require.Eventually(t, func() bool { return f.count() == 2 }, 10*time.Second, 10*time.Millisecond, "the backlog goes out")
	state, _ := w.State()
	require.Equal(t, "ok", state)
	deadLetters(t, b, 0)
}

// TestManyRefusalsAreOnePause lets every chat find out at once that the
// credentials are refused: the first probe comes no later for it.
func TestManyRefusalsAreOnePause(t *testing.T) {
	const chats = 300
	b := openBus(t)
	var f *platform
	f = newPlatform(func(providers.Post, int) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.check
	})
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Probe: 300 * time.Millisecond})
	require.Eventually(t, func() bool { state, _ := w.State(); return state == "ok" }, 10*time.Second, time.Millisecond)
	f.mu.Lock()
	f.check = fault(hub.FaultUnauthorized, 0)
	f.mu.Unlock()
	queue(t, b, chats, 1)
	require.Eventually(t, func() bool { state, _ := w.State(); return state == "paused" }, 10*time.Second, time.Millisecond)
	f.mu.Lock()
	f.check = nil
	f.mu.Unlock()
	require.Eventually(t, func() bool { return f.count() == chats }, 4*time.Second, 10*time.Millisecond)
	deadLetters(t, b, 0)
}

func TestNewerMessagesWaitForANewerWorker(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	newer := note("a", 1)
	newer.Version = hub.NotificationVersion + 1
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{newer, note("b", 1)}))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 1)
	require.Equal(t, []string{"1"}, f.texts("b"))
	require.Eventually(t, func() bool { return stored(t, b) == 1 }, 10*time.Second, 20*time.Millisecond)
	require.Empty(t, f.texts("a"))
	require.Zero(t, w.Counts().Dead.Load())
}

// stored counts the waits that a restart would honour.
func stored(t *testing.T, b *bus.Bus) (n int) {
	t.Helper()
	for partition := range b.Partitions() {
		waits, err := b.Waits(t.Context(), "fake", partition)
		require.NoError(t, err)
		n += len(waits)
	}
	return n
}

// TestStopNotesWhatWasSent stops a worker while the platform takes its time: the
// message that it then accepts is not sent again.
func TestStopNotesWhatWasSent(t *testing.T) {
	b := openBus(t)
	asked, accept := make(chan struct{}), make(chan struct{})
	f := newPlatform(func(_ providers.Post, nth int) error {
		if nth == 1 {
			close(asked)
			<-accept
		}
		return nil
	})
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1), note("a", 2)}))
	_, stop := run(t, deliver.Config{Bus: b, Provider: f, Grace: 10 * time.Millisecond})
	<-asked
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	<-time.After(50 * time.Millisecond) // past the grace
	close(accept)
	<-stopped
	run(t, deliver.Config{Bus: b, Provider: f})
	require.Eventually(t, func() bool { return f.count() >= 2 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, []string{"1", "2"}, f.texts("a"))
}

func TestThreadMessagesShareARoot(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	ns := []hub.Notification{note("a", 1), note("a", 2), note("a", 3)}
	for i := range 2 {
		ns[i].Message.Thread, ns[i].Message.InThread = "meta/topic/1", true
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 3)
	require.Empty(t, f.sent[0].Root)
	require.Equal(t, hub.MessageRef("ref-"+string(ns[0].ID)), f.sent[1].Root)
	require.Empty(t, f.sent[2].Root)
}

// TestWhatIsNewIsNotLookedUp holds that receipts are asked for all but what is new
// and was in nobody else's hands.
func TestWhatIsNewIsNotLookedUp(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	ns := notes("a", 1, 5)
	for i := range ns {
		ns[i].New = i != 3
		require.NoError(t, b.PutReceipt(t.Context(), "fake", ns[i].ID, hub.Receipt{Ref: "before"}))
	}
	ns[4].Again = 1
	begun := note("b", 0)
	owe(t, b, ns[0]) // another may have had it
	run(t, deliver.Config{Bus: b, Provider: f})
	owes(t, b, 0)
	owe(t, b, begun)
	f.awaits(t, 1)
	owe(t, b, ns[1:]...)
	f.awaits(t, 2)
	owes(t, b, 0)
	require.Equal(t, []string{"2", "3"}, f.texts("a"))
}

func TestADeletedRootEndsItsThreadOnly(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error {
		if p.Root == "deleted" {
			return fault(hub.FaultRejected, 0)
		}
		return nil
	})
	ns := []hub.Notification{note("a", 1), note("a", 2)}
	for i := range ns {
		ns[i].Message.Thread, ns[i].Message.InThread = "meta/topic/1", true
	}
	require.NoError(t, b.PutRoot(t.Context(), ns[0].Chat, "meta/topic/1", "deleted"))
	require.NoError(t, b.Notify(t.Context(), ns))
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 3)
	require.Equal(t, []string{"1", "2"}, f.texts("a"))
	require.Empty(t, f.sent[0].Root)
	require.Equal(t, hub.MessageRef("ref-"+string(ns[0].ID)), f.sent[1].Root, "the thread has begun anew")
	deadLetters(t, b, 0)
}

func TestOutcomesAreTold(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1)}))
	run(t, deliver.Config{Bus: b, Provider: f})
	heard := make(chan *hub.Event, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_ = b.Follow(ctx, bus.Reader{Name: "test", Types: []string{"hub.message.>"}, Handle: func(_ context.Context, batch []bus.Received) error {
			heard <- batch[0].Event
			return nil
		}})
	}()
	e := <-heard
	require.Equal(t, hub.HubMessageSent, e.Type)
	require.Contains(t, string(e.Data), string(note("a", 1).ID))
}

// TestWhatWasSentIsSettledTogether holds that each message is told once, in few
// events, and that a worker which stops leaves none in the queue that it has sent.
func TestWhatWasSentIsSettledTogether(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	const chats, each = 100, 5
	queue(t, b, chats, each)
	_, stop := run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, chats*each)
	stop()
	queued, err := b.Backlog(t.Context(), "fake")
	require.NoError(t, err)
	require.Zero(t, queued)

	told, events := map[hub.NotificationID]int{}, 0
	page := hub.Page{Limit: 500}
	for first := true; first || page.Cursor != ""; first = false {
		var found []bus.Received
		found, page.Cursor, err = b.Events(t.Context(), bus.EventQuery{Source: "fake", Type: string(hub.HubMessageSent), Page: page})
		require.NoError(t, err)
		for _, e := range found {
			outcomes, err := hub.ParseOutcomes(e.Event.Data, bus.Decode)
			require.NoError(t, err)
			for _, o := range outcomes {
				require.Equal(t, hub.StatusSent, o.Status)
				told[o.Notification]++
			}
		}
		events += len(found)
	}
	require.Len(t, told, chats*each)
	for id, times := range told {
		require.Equal(t, 1, times, id)
	}
	require.Less(t, events, chats*each/2)
}

// TestHandOver stops a worker with sends in hand: they finish, a second worker
// goes on, and nothing is sent twice or out of order.
func TestHandOver(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(providers.Post, int) error {
		<-time.After(2 * time.Millisecond) // a platform takes its time
		return nil
	})
	want := queue(t, b, 5, 100)
	_, stop := run(t, deliver.Config{Bus: b, Provider: f})
	run(t, deliver.Config{Bus: b, Provider: f})
	f.awaits(t, 120)
	stop()
	f.awaits(t, 5*100-120)
	for chat, texts := range want {
		require.Equal(t, texts, f.texts(chat))
	}
	require.False(t, f.together)
}

func TestStopDoesNotWaitForAHangingPlatform(t *testing.T) {
	b := openBus(t)
	hung := make(chan struct{})
	f := newPlatform(nil)
	p := &hanging{platform: f, hung: hung}
	require.NoError(t, b.Notify(t.Context(), []hub.Notification{note("a", 1)}))
	_, stop := run(t, deliver.Config{Bus: b, Provider: p, Grace: 50 * time.Millisecond})
	<-hung
	begin := time.Now()
	stop()
	require.Less(t, time.Since(begin), 5*time.Second)
	waiting, err := b.Backlog(t.Context(), "fake")
	require.NoError(t, err)
	require.EqualValues(t, 1, waiting, "what was not sent is still owed")
}

// hanging is a platform that never answers.
type hanging struct {
	*platform
	hung chan struct{}
}

func (h *hanging) Send(ctx context.Context, _ providers.Post) (hub.Receipt, error) {
	close(h.hung)
	<-ctx.Done()
	return hub.Receipt{}, &providers.Error{Fault: hub.FaultTemporary, Op: "post", Err: ctx.Err()}
}
