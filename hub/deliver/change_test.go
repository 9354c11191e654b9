package deliver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/fake"
)

// update is what changes an earlier notification's message, because of event i.
func update(act hub.Act, of hub.Notification, i int) hub.Notification {
	n := note(of.Chat.ID, i)
	n.ID, n.Act, n.Of = hub.UpdateFor(hub.EventID(n.Message.Text), of.ID), act, of.ID
	if act == hub.ActRetract {
		n.Message = hub.Message{}
	}
	return n
}

func owe(t *testing.T, b *bus.Bus, ns ...hub.Notification) {
	t.Helper()
	require.NoError(t, b.Notify(t.Context(), ns))
}

// settled waits for the receipt of a notification.
func settled(t *testing.T, b *bus.Bus, n hub.Notification) hub.Receipt {
	t.Helper()
	var receipt *hub.Receipt
	require.Eventually(t, func() bool {
		var err error
		receipt, err = b.Receipt(t.Context(), "fake", n.ID)
		return err == nil && receipt != nil
	}, 10*time.Second, 5*time.Millisecond, "not settled")
	return *receipt
}

func TestEditAndRetract(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	first, second := note("a", 1), note("a", 2)
	edit, retract, last := update(hub.ActEdit, first, 3), update(hub.ActRetract, second, 4), note("a", 5)
	owe(t, b, first, second, edit, retract, last)
	w, _ := run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, last)

	posts := p.Posts()
	require.Len(t, posts, 3)
	require.Equal(t, "3", posts[0].Message.Text)
	require.Equal(t, 1, posts[0].Edits)
	require.True(t, posts[1].Gone)
	require.Equal(t, hub.Receipt{Ref: "fake-1", At: settled(t, b, first).At}, settled(t, b, first), "the original's receipt stays")
	for n, ref := range map[*hub.Notification]hub.MessageRef{&edit: "fake-1", &retract: "fake-2"} {
		receipt := settled(t, b, *n)
		require.Equal(t, ref, receipt.Ref)
		require.Empty(t, receipt.Note)
		require.NotZero(t, receipt.At)
	}
	require.EqualValues(t, 5, w.Counts().Sent.Load())
	deadLetters(t, b, 0)
}

func TestChangeAfterRestart(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	first := note("a", 1)
	owe(t, b, first)
	_, stop := run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, first)
	stop()
	edit, retract := update(hub.ActEdit, first, 2), update(hub.ActRetract, first, 3)
	owe(t, b, edit)
	_, stop = run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, edit)
	stop()
	require.Equal(t, "2", p.Posts()[0].Message.Text)
	owe(t, b, edit, retract) // the edit again, as after a crash
	run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, retract)
	require.True(t, p.Posts()[0].Gone)
	require.Equal(t, 1, p.Posts()[0].Edits, "what has a receipt is not done again")
}

// TestChangeOfOldMessage edits what was sent so long ago that its receipt has
// faded: the notification brings the platform's id.
func TestChangeOfOldMessage(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	old := note("a", 1)
	receipt, err := p.Send(t.Context(), providers.Post{Key: string(old.ID), To: old.Chat, Message: old.Message})
	require.NoError(t, err)
	edit := update(hub.ActEdit, old, 2)
	edit.Ref = receipt.Ref
	noOf := update(hub.ActEdit, old, 3)
	noOf.Of, noOf.Ref = "", receipt.Ref
	owe(t, b, edit, noOf)
	run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, noOf)
	require.Equal(t, 2, p.Posts()[0].Edits)
	require.Equal(t, "3", p.Posts()[0].Message.Text)
}

// TestReceiptDecidesWhichMessage has a notification bring an id that is not the
// receipt's, such as one from before the thread was begun anew.
func TestReceiptDecidesWhichMessage(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	first, second := note("a", 1), note("a", 2)
	edit := update(hub.ActEdit, second, 3)
	edit.Ref = "fake-1"
	owe(t, b, first, second, edit)
	run(t, deliver.Config{Bus: b, Provider: p})
	require.Equal(t, hub.MessageRef("fake-2"), settled(t, b, edit).Ref)
	require.Zero(t, p.Posts()[0].Edits)
	require.Equal(t, 1, p.Posts()[1].Edits)
}

func TestNothingToChange(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	edit, retract := update(hub.ActEdit, note("a", 1), 2), update(hub.ActRetract, note("a", 1), 3)
	owe(t, b, edit, retract)
	run(t, deliver.Config{Bus: b, Provider: p})
	for _, n := range []hub.Notification{edit, retract} {
		require.Equal(t, "nothing to change: the message was never sent", settled(t, b, n).Note)
	}
	require.Empty(t, p.Attempts(), "there was nothing to ask the platform for")
	deadLetters(t, b, 0)
}

// TestRetractWaitsForItsOriginal owes both while the chat is slow.
func TestRetractWaitsForItsOriginal(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	p.Fail("a", fake.RateLimited(1500*time.Millisecond), fake.LostAnswer())
	original := note("a", 1)
	retract := update(hub.ActRetract, original, 2)
	owe(t, b, original, retract)
	run(t, deliver.Config{Bus: b, Provider: p})
	require.Empty(t, settled(t, b, retract).Note)
	require.Equal(t, hub.MessageRef("fake-2"), settled(t, b, original).Ref, "the fake does not deduplicate: its answer was lost")
	var acts []hub.Act
	for _, a := range p.Attempts() {
		acts = append(acts, a.Act)
	}
	require.Equal(t, []hub.Act{hub.ActSend, hub.ActSend, hub.ActSend, hub.ActRetract}, acts)
	require.True(t, p.Posts()[1].Gone)
}

func TestRetractOfWhatWasRefused(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	p.Fail("a", fake.Fault(hub.FaultRejected))
	original := note("a", 1)
	retract := update(hub.ActRetract, original, 2)
	owe(t, b, original, retract)
	run(t, deliver.Config{Bus: b, Provider: p})
	require.Contains(t, settled(t, b, retract).Note, "never sent")
	require.Equal(t, original.ID, deadLetters(t, b, 1)[0].Notification.ID)
}

func TestPlatformThatCannotChange(t *testing.T) {
	for name, c := range map[string]struct {
		provider func(*fake.Provider) providers.Provider
		opts     []fake.Option
		act      hub.Act
		note     string
		text     string
		gone     bool
	}{
		"edit, only deletes":  {opts: []fake.Option{fake.NoEdits()}, act: hub.ActEdit, note: "not changed: fake cannot change what was sent", text: "1"},
		"edit, neither":       {provider: unchanging, act: hub.ActEdit, note: "not changed: fake cannot change what was sent", text: "1"},
		"retract, neither":    {provider: unchanging, act: hub.ActRetract, note: "not removed: fake cannot take back what was sent", text: "1"},
		"retract, only edits": {opts: []fake.Option{fake.NoDeletes()}, act: hub.ActRetract, note: "not deleted, it says now that it was removed", text: "_This message was removed._"},
		"retract, only deletes": {
			opts: []fake.Option{fake.NoEdits()}, act: hub.ActRetract, text: "1", gone: true,
		},
		"broken promise": {provider: promising, act: hub.ActEdit, note: "not changed: change: the provider says that it can change messages, but has no way to", text: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			b, f := openBus(t), fake.New("fake", c.opts...)
			var p providers.Provider = f
			if c.provider != nil {
				p = c.provider(f)
			}
			original := note("a", 1)
			change, next := update(c.act, original, 2), note("a", 3)
			owe(t, b, original, change, next)
			run(t, deliver.Config{Bus: b, Provider: p})
			settled(t, b, next)
			require.Equal(t, c.note, settled(t, b, change).Note)
			require.Equal(t, c.text, f.Posts()[0].Message.Text)
			require.Equal(t, c.gone, f.Posts()[0].Gone)
			deadLetters(t, b, 0)
		})
	}
}

// hidden is a provider that is no Editor, though it may promise to be one.
type hidden struct {
	providers.Provider
	can hub.Features
}

func (h hidden) Describe() providers.Description {
	d := h.Provider.Describe()
	d.Can = h.can
	return d
}

func unchanging(f *fake.Provider) providers.Provider { return hidden{f, hub.Features{}} }

func promising(f *fake.Provider) providers.Provider { return hidden{f, hub.Features{Edits: true}} }

// TestChangeOfWhatIsGone changes a message that somebody deleted.
func TestChangeOfWhatIsGone(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	owe(t, b, original)
	run(t, deliver.Config{Bus: b, Provider: p})
	require.NoError(t, p.Retract(t.Context(), original.Chat, settled(t, b, original).Ref))
	edit, retract, next := update(hub.ActEdit, original, 2), update(hub.ActRetract, original, 3), note("a", 4)
	owe(t, b, edit, retract, next)
	settled(t, b, next)
	require.Equal(t, "not changed: edit: no message to edit has the ref fake-1", settled(t, b, edit).Note)
	require.Empty(t, settled(t, b, retract).Note, "it is gone, as was wanted")
	deadLetters(t, b, 0)
}

// TestRetractTooLate has a platform that deletes only what is new, but changes
// what is old.
func TestRetractTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		also hub.Fault // what it says of the edit, too
		note string
		text string
	}{
		"edited":     {"", "not deleted, it says now that it was removed", "_This message was removed._"},
		"not at all": {hub.FaultRejected, "not removed: send: told to fail: rejected", "1"},
		"chat gone":  {hub.FaultChatGone, "not removed: send: told to fail: chat_gone", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := openBus(t), fake.New("fake")
			original := note("a", 1)
			retract := update(hub.ActRetract, original, 2)
			p.Fail("a", nil, fake.Fault(hub.FaultRejected))
			if c.also != "" {
				p.Fail("a", fake.Fault(c.also))
			}
			owe(t, b, original, retract)
			run(t, deliver.Config{Bus: b, Provider: p})
			require.Equal(t, c.note, settled(t, b, retract).Note)
			require.Equal(t, c.text, p.Posts()[0].Message.Text)
			deadLetters(t, b, 0)
		})
	}
}

func TestStaleChanges(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	edit, retract := update(hub.ActEdit, original, 2), update(hub.ActRetract, original, 3)
	edit.StaleAt = time.Now().Add(-time.Minute)
	retract.StaleAt = edit.StaleAt
	owe(t, b, original, edit, retract)
	run(t, deliver.Config{Bus: b, Provider: p})
	require.Contains(t, settled(t, b, edit).Note, "not changed: the change waited since")
	require.Empty(t, settled(t, b, retract).Note)
	require.Zero(t, p.Posts()[0].Edits)
	require.True(t, p.Posts()[0].Gone, "what may not be read goes, however late")
	deadLetters(t, b, 0)
}

func TestChangesWaitAndRetry(t *testing.T) {
	const after = 1200 * time.Millisecond
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	edit, next := update(hub.ActEdit, original, 2), note("a", 3)
	p.Fail("a", nil, fake.RateLimited(after), fake.LostAnswer())
	owe(t, b, original, edit, next)
	w, _ := run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, next)
	require.Equal(t, "2", p.Posts()[0].Message.Text)
	require.Len(t, p.Posts(), 2)
	attempts := p.Attempts()
	require.Len(t, attempts, 5)
	require.GreaterOrEqual(t, attempts[2].At.Sub(attempts[1].At), after)
	require.Equal(t, attempts[1].Key, attempts[3].Key, "the same key for each attempt")
	require.Equal(t, string(edit.ID), attempts[3].Key)
	require.EqualValues(t, 1, w.Counts().Waited.Load())
	require.EqualValues(t, 1, w.Counts().Retried.Load())
}

func TestChangeThatNeverGotThrough(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	retract := update(hub.ActRetract, original, 2)
	p.Fail("a", nil, errors.New("connection reset"))
	owe(t, b, original, retract)
	run(t, deliver.Config{Bus: b, Provider: p, Attempts: 1})
	require.Eventually(t, func() bool {
		letters, _, err := b.DeadLetters(t.Context(), hub.Page{Limit: 10})
		return err == nil && len(letters) == 1
	}, 10*time.Second, 5*time.Millisecond)
	letter := deadLetters(t, b, 1)[0]
	require.Equal(t, retract.ID, letter.Notification.ID, "it may be tried again by hand")
	require.Equal(t, hub.FaultTemporary, letter.Fault)
}

func TestRefusedCredentialsPauseChanges(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	edit := update(hub.ActEdit, original, 2)
	owe(t, b, original)
	w, _ := run(t, deliver.Config{Bus: b, Provider: p, Probe: 50 * time.Millisecond})
	settled(t, b, original)
	p.FailChecks(fake.Fault(hub.FaultUnauthorized))
	p.Fail("a", fake.Fault(hub.FaultUnauthorized))
	owe(t, b, edit)
	require.Eventually(t, func() bool { state, _ := w.State(); return state == "paused" }, 10*time.Second, 5*time.Millisecond)
	require.Zero(t, p.Posts()[0].Edits)
	p.FailChecks(nil)
	settled(t, b, edit)
	require.Equal(t, 1, p.Posts()[0].Edits)
	deadLetters(t, b, 0)
}

// TestEditBeginsNoThread edits a message that stands outside a thread so that it
// would stand in one.
func TestEditBeginsNoThread(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	original := note("a", 1)
	edit, reply := update(hub.ActEdit, original, 2), note("a", 3)
	for _, n := range []*hub.Notification{&edit, &reply} {
		n.Message.Thread, n.Message.InThread, n.Message.Broadcast = "meta/topic/1", true, true
	}
	owe(t, b, original, edit, reply)
	run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, reply)
	require.Empty(t, p.Posts()[1].Root)
	require.Equal(t, reply.Message, p.Posts()[1].Message, "a message goes to the provider whole")
}

func TestUnknownActsWaitForANewerWorker(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	odd, other := update("pin", note("a", 1), 2), note("b", 1)
	owe(t, b, odd, other)
	run(t, deliver.Config{Bus: b, Provider: p})
	settled(t, b, other)
	require.Eventually(t, func() bool { return stored(t, b) == 1 }, 10*time.Second, 5*time.Millisecond)
	require.Empty(t, p.PostsTo("a"), "what is not understood is not said")
	deadLetters(t, b, 0)
}

func TestOutcomeOfAChangeTellsItsNote(t *testing.T) {
	b, p := openBus(t), fake.New("fake")
	edit := update(hub.ActEdit, note("a", 1), 2)
	owe(t, b, edit)
	run(t, deliver.Config{Bus: b, Provider: p})
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
	require.Contains(t, string(e.Data), string(edit.ID))
	require.Contains(t, string(e.Data), "nothing to change: the message was never sent")
}
