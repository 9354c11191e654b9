package apps_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

var (
	withButtons = hub.Features{Listens: true, Buttons: true} // as Telegram
	withWords   = hub.Features{Listens: true}                // as Matrix
)

// answer is what is shown after something was said in the chat.
func (w *world) answer(t *testing.T, who, text string) hub.Reply {
	t.Helper()
	w.message(t, who, text, false)
	return w.shown(t)
}

func TestConversation(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, withButtons, k)
	r := w.says(t, "bob", "menu")
	require.Equal(t, hub.OutcomeForm, r.Outcome())
	require.Contains(t, r.OK.Text, "**Course**")
	require.Equal(t, []string{"Starter", "Main", "Cancel"}, labels(r))

	w.message(t, "anna", "1", false) // it is not hers
	r = w.answer(t, "bob", "nonsense")
	require.Contains(t, r.OK.Text, "nonsense")
	w.stop()
	w.serve(t, k) // what was asked outlives a restart
	r = w.press(t, "bob", r.OK.Actions[1].Token)
	require.Contains(t, r.OK.Text, "**Dish**")
	require.Contains(t, labels(r), "A soup", "what there is to choose is looked up")
	r = w.answer(t, "bob", "st")
	require.Equal(t, []string{"A steak", "A stew"}, labels(r)[:2])
	require.Equal(t, hub.OutcomeRefused, w.press(t, "anna", r.OK.Actions[1].Token).Outcome())
	r = w.press(t, "bob", r.OK.Actions[1].Token)
	require.Contains(t, r.OK.Text, "**Day**", "the form has changed with the course")
	r = w.answer(t, "bob", "someday")
	require.Contains(t, r.OK.Text, "date")
	r = w.answer(t, "bob", "tomorrow")
	require.Contains(t, r.OK.Text, "2026-03-05", "all is said again before it is done")
	require.Zero(t, k.ran.Load())
	send := r.OK.Actions[0].Token
	require.Equal(t, "m stew 2026-03-05", w.press(t, "bob", send).OK.Text)
	require.Equal(t, "m stew 2026-03-05", w.press(t, "bob", send).OK.Text, "what it led to, and not once more")
	require.EqualValues(t, 1, k.ran.Load())
	w.message(t, "bob", "just talking", false)
	require.Empty(t, w.wire.shown)
	log := w.audited()
	require.Len(t, log, 1)
	require.Equal(t, "kitchen.menu", log[0].Action)
}

// TestAnswersAtOnce presses the last button of a conversation several times at
// once, as hasty people and platforms that repeat themselves do.
func TestAnswersAtOnce(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, withButtons, k)
	w.says(t, "bob", "menu")
	w.answer(t, "bob", "main")
	w.answer(t, "bob", "stew")
	r := w.answer(t, "bob", "tomorrow")
	replies := make([]hub.Reply, 5)
	var all sync.WaitGroup
	for i := range replies {
		c := w.command("bob", "")
		c.Context.Source.ID, c.Security.Token = hub.FromButton, r.OK.Actions[0].Token
		all.Go(func() { replies[i], _, _ = w.Do(t.Context(), c) })
	}
	all.Wait()
	for _, got := range replies {
		require.NotNil(t, got.OK, "%+v", got)
		require.Equal(t, "m stew 2026-03-05", got.OK.Text)
	}
	require.EqualValues(t, 1, k.ran.Load())
	require.Len(t, w.audited(), 1)
}

// TestMessagesThatAreToldTwice are answered once, also while the answer is on its
// way.
func TestMessagesThatAreToldTwice(t *testing.T) {
	t.Parallel()
	w := start(t, withWords, newKitchen())
	w.wire.slow = make(chan struct{})
	c := w.command("bob", "cook soup 2")
	c.Context.Source.ID = hub.FromMessage
	heard := hub.Heard{Command: *c, ForUs: true, Text: "!kitchen cook soup 2"}
	again := heard
	require.NoError(t, w.Heard(t.Context(), &heard))
	require.Equal(t, "soup × 2", w.shown(t).OK.Text)
	require.NoError(t, w.Heard(t.Context(), &again))
	close(w.wire.slow)
	w.stop()
	require.Empty(t, w.wire.shown)
}

func TestConversationIsCancelled(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, withWords, k)
	require.Contains(t, w.says(t, "bob", "cook").OK.Text, "**Dish**")
	require.Contains(t, w.answer(t, "bob", "cancel").OK.Text, "Cancelled")
	w.message(t, "bob", "soup", false)
	require.Empty(t, w.wire.shown)
	require.Zero(t, k.ran.Load())

	// Only what is missing is asked for.
	require.Contains(t, w.says(t, "bob", "cook --portions 3").OK.Text, "**Dish**")
	require.Equal(t, "soup × 3", w.answer(t, "bob", "soup").OK.Text)

	// Another command, given as one, is no answer.
	w.says(t, "bob", "cook")
	c := w.command("bob", "cook stew 1")
	c.Context.Source.ID = hub.FromMessage
	require.NoError(t, w.Heard(t.Context(), &hub.Heard{Command: *c, ForUs: true, Text: "!kitchen cook stew 1"}))
	require.Equal(t, "stew × 1", w.shown(t).OK.Text)
	// The app finds fault with what was said.
	w.says(t, "bob", "cook")
	again := w.answer(t, "bob", "stone")
	require.Equal(t, hub.OutcomeError, again.Outcome())
	require.Contains(t, again.OK.Text, "No. Dish: cannot be eaten.")
	require.Contains(t, again.OK.Text, "**Dish**")
	w.stop()
	w.serve(t, k)
	require.Equal(t, "soup × ", w.answer(t, "bob", "soup").OK.Text)
}

// TestWords has neither buttons nor dialogs: people react, or type a number or
// a label.
func TestWords(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, withWords, k)
	w.message(t, "anna", "clean", true)
	r := w.shown(t)
	require.Equal(t, []string{"Yes", "Which", "Read"}, labels(r))
	w.message(t, "bob", "1", false) // was shown nothing to choose
	require.Equal(t, "burnt pot", w.answer(t, "anna", "3").OK.Text)
	require.Equal(t, "burnt pan", w.answer(t, "anna", "pan").OK.Text)
	w.message(t, "anna", "4", false)
	w.message(t, "anna", "I said yes", false)
	require.Empty(t, w.wire.shown)

	react := func(who, ref, emoji string) {
		c := w.command(who, "")
		c.Context.Source.ID, c.Context.Post, c.Security.TriggerID = hub.FromReaction, hub.MessageRef(ref), ""
		c.Command.Encoded = hub.Values{hub.ChosenValue: {emoji}}
		require.NoError(t, w.Heard(t.Context(), &hub.Heard{Command: *c}))
	}
	react("anna", "ref1", "\U0001f44d")
	react("anna", "other", hub.Keycap(1))
	require.Empty(t, w.wire.shown)
	before := k.ran.Load()
	react("anna", "ref1", "1\u20e3")
	require.Equal(t, "burnt all", w.shown(t).OK.Text)
	react("anna", "ref1", hub.Keycap(1)) // taken back, and given again
	require.Equal(t, "burnt all", w.shown(t).OK.Text)
	require.EqualValues(t, before+1, k.ran.Load())
	react("bob", "ref1", hub.Keycap(1))
	require.Equal(t, hub.OutcomeRefused, w.shown(t).Outcome())
}

func labels(r hub.Reply) []string {
	var all []string
	for _, a := range r.OK.Actions {
		all = append(all, a.Label)
	}
	return all
}
