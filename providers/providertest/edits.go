package providertest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// edits changes what was sent.
func (c Case) edits(t *testing.T) {
	b := c.open(t)
	if !b.Describe().Can.Edits {
		if b.editor != nil {
			_, err := b.edit(t, "edit", b.mustSend(t, "plain", text("hello")).Ref, text("changed"))
			requireError(t, err, hub.FaultRejected)
		}
		t.Skip("the platform does not let us change what we sent")
	}
	t.Run("changes the message", c.editChanges)
	t.Run("keeps its place and its thread", c.editKeepsPlace)
	t.Run("again", c.editAgain)
	t.Run("concurrent", c.editConcurrently)
	t.Run("messages", c.editMessages)
	t.Run("limits", c.editLimits)
	t.Run("mentions", c.editMentions)
	t.Run("of what is gone", c.editGone)
	t.Run("of what is not ours", c.editForeign)
}

// edit makes one attempt at an edit.
func (b *bench) edit(t *testing.T, key string, ref hub.MessageRef, m hub.Message) (hub.Receipt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return b.editor.Edit(ctx, b.post(key, m), ref)
}

func (b *bench) mustEdit(t *testing.T, key string, ref hub.MessageRef, m hub.Message) {
	t.Helper()
	receipt, err := b.edit(t, key, ref, m)
	require.NoError(t, err)
	require.Equal(t, ref, receipt.Ref, "the receipt of an edit names the message: it can be edited again")
}

// changed requires that n edits and retractions were accepted, no more, and
// that none of them sent anything anew.
func (b *bench) changed(t *testing.T, sent, n int) []Sent {
	t.Helper()
	all := b.platform.Sent()
	require.Len(t, all, sent, "a change is no new message")
	require.Equal(t, n, changes(all), "edits and retractions: a provider makes one attempt, retrying is package deliver's")
	return all
}

// changes counts the edits and retractions of messages.
func changes(sent []Sent) (n int) {
	for _, s := range sent {
		n += s.Edits
		if s.Gone {
			n++
		}
	}
	return n
}

func (c Case) editChanges(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("Hello, world")).Ref
	b.mustEdit(t, "edit one", ref, text("Goodbye, world"))
	sent := b.changed(t, 1, 1)[0]
	require.Contains(t, sent.Text, "Goodbye, world")
	require.NotContains(t, sent.Text, "Hello")
	require.Equal(t, c.Chat, sent.Chat)

	b.mustEdit(t, "edit two", ref, newTopic())
	require.Contains(t, b.changed(t, 1, 2)[0].Text, newTopic().Card.Title)
	b.mustEdit(t, "edit three", ref, text("Hello again"))
	sent = b.changed(t, 1, 3)[0]
	require.Contains(t, sent.Text, "Hello again")
	require.NotContains(t, string(sent.Raw), newTopic().Card.Title, "an edit leaves nothing of what stood there")
}

// editKeepsPlace edits a reply and its root while others stand below, with a
// Root that is not theirs.
func (c Case) editKeepsPlace(t *testing.T) {
	b := c.open(t)
	root := b.mustSend(t, "root", text("root"))
	reply := b.post("reply", text("reply"))
	reply.Root = root.Ref
	answered, err := b.send(t, reply)
	require.NoError(t, err)
	last := b.mustSend(t, "last", text("last"))
	before := b.arrived(t, 3)

	for i, ref := range []hub.MessageRef{answered.Ref, root.Ref} {
		edit := b.post(numbered("edit", i), text(numbered("changed", i)))
		edit.Root = last.Ref
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := b.editor.Edit(ctx, edit, ref)
		require.NoError(t, err)
	}
	after := b.changed(t, 3, 2)
	for i := range before {
		require.Equal(t, before[i].Ref, after[i].Ref, "a message keeps its place")
		require.Equal(t, before[i].Root, after[i].Root, "a message stays in its thread")
		require.Equal(t, before[i].Chat, after[i].Chat)
	}
	require.Contains(t, after[0].Text, "changed1")
	require.Contains(t, after[1].Text, "changed0")
	require.Equal(t, before[2], after[2], "other messages stay as they are")
}

// editAgain repeats an edit, as after a crash or an answer that was lost.
func (c Case) editAgain(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("first")).Ref
	for range 3 {
		b.mustEdit(t, "edit", ref, text("second"))
	}
	requireSays(t, b, "second")
	b.mustEdit(t, "another edit", ref, text("third"))
	b.mustEdit(t, "another key, nothing to change", ref, text("third"))
	requireSays(t, b, "third")
}

// requireSays requires that there is one message and that it says want.
func requireSays(t *testing.T, b *bench, want string) {
	t.Helper()
	sent := b.arrived(t, 1)[0]
	require.Contains(t, sent.Text, want)
	require.Positive(t, sent.Edits)
	require.False(t, sent.Gone)
}

func (c Case) editConcurrently(t *testing.T) {
	const n = 20
	b := c.open(t)
	refs := make([]hub.MessageRef, n)
	for i := range n {
		refs[i] = b.mustSend(t, numbered("said", i), text("before")).Ref
	}
	var all sync.WaitGroup
	for i, ref := range refs {
		all.Go(func() {
			_, err := b.edit(t, numbered("edit", i), ref, text(numbered("message no", i)+"x"))
			assert.NoError(t, err)
		})
	}
	all.Wait()
	for i, s := range b.changed(t, n, n) {
		require.Contains(t, s.Text, numbered("no", i)+"x")
	}
}

// editMessages requires that an edited message reads as one that was sent so.
func (c Case) editMessages(t *testing.T) {
	all := Messages()
	struck := newTopic()
	struck.Card.Struck, struck.Card.Kind = true, "Deleted"
	all["struck"] = struck
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) { c.open(t).editedAsSent(t, all[name], "") })
	}
}

func (b *bench) editedAsSent(t *testing.T, m hub.Message, whole string) {
	t.Helper()
	before := len(b.platform.Sent())
	key := numbered("as sent", before)
	ref := b.mustSend(t, key+" at first", text("something short")).Ref
	b.mustSend(t, key, m)
	b.mustEdit(t, key+" edit", ref, m)
	sent := b.platform.Sent()[before:]
	requireWithin(t, b.Describe().Limits, sent, whole)
	require.Equal(t, 1, sent[0].Edits)
	require.Equal(t, sent[1].Text, sent[0].Text, "an edited message reads as one that was sent so")
}

func (c Case) editLimits(t *testing.T) {
	for _, m := range materials() {
		t.Run(m.name, func(t *testing.T) {
			b := c.open(t)
			limit := b.Describe().Limits
			for _, n := range []int{limit.Text, limit.Text + limit.Unit.Len(m.piece), 3 * limit.Text} {
				b.editedAsSent(t, text(m.of(n, limit.Unit)), m.whole)
			}
		})
	}
	t.Run("a card of too much of everything", func(t *testing.T) {
		b := c.open(t)
		b.editedAsSent(t, overfull(b.Describe().Limits.Text), "👩‍👩‍👧‍👦")
	})
}

func (c Case) editMentions(t *testing.T) {
	if c.Pings == nil {
		t.Skip("the platform has none")
	}
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	all := mentioning()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.mustEdit(t, "edit "+name, ref, all[name])
		for _, s := range b.platform.Sent() {
			require.Empty(t, c.Pings(s), "%s: %s", name, s.Raw)
		}
	}
}

// editGone edits a message that somebody took away on the platform.
func (c Case) editGone(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	require.True(t, b.platform.Retract(b.arrived(t, 1)[0].Ref), "the look-alike should know its own message")
	_, err := b.edit(t, "edit", ref, text("changed"))
	if c.BlindEdits {
		require.NoError(t, err)
	} else {
		requireError(t, err, hub.FaultRejected)
	}
	sent := b.changed(t, 1, 1)[0]
	require.True(t, sent.Gone, "what is gone stays gone")
	require.NotContains(t, sent.Text, "changed")
}

// editForeign edits with refs that no platform of this kind gave: the system may
// have been another platform's before.
func (c Case) editForeign(t *testing.T) {
	b := c.open(t)
	b.mustSend(t, "said", text("hello"))
	for _, ref := range foreign() {
		_, err := b.edit(t, "edit", ref, text("changed"))
		requireError(t, err, hub.FaultRejected)
	}
	b.changed(t, 1, 0)
}

func foreign() []hub.MessageRef {
	return []hub.MessageRef{"", "not a ref of this platform", "../../elsewhere", "a/b/c?d=e#f", "☃\n"}
}

// editorOf finds the provider's way to change messages, nil if it has none.
func editorOf(p providers.Provider) providers.Editor {
	editor, ok := providers.As[providers.Editor](p)
	if !ok {
		return nil
	}
	return editor
}
