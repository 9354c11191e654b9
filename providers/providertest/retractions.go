package providertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// retractions takes back what was sent.
func (c Case) retractions(t *testing.T) {
	b := c.open(t)
	if !b.Describe().Can.Deletes {
		if b.editor != nil {
			requireError(t, b.retract(t, b.mustSend(t, "plain", text("hello")).Ref), hub.FaultRejected)
		}
		t.Skip("the platform does not let us take back what we sent")
	}
	t.Run("removes the message", c.retractRemoves)
	t.Run("twice", c.retractTwice)
	t.Run("of a thread's root", c.retractRoot)
	t.Run("of what is gone", c.retractGone)
	t.Run("of what is not ours", c.retractForeign)
	t.Run("before an edit", c.retractThenEdit)
}

// retract makes one attempt at a retraction.
func (b *bench) retract(t *testing.T, ref hub.MessageRef) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return b.editor.Retract(ctx, b.chat, ref)
}

func (c Case) retractRemoves(t *testing.T) {
	b := c.open(t)
	b.mustSend(t, "before", text("before"))
	ref := b.mustSend(t, "said", newTopic()).Ref
	b.mustSend(t, "after", text("after"))
	require.NoError(t, b.retract(t, ref))
	sent := b.changed(t, 3, 1)
	require.True(t, sent[1].Gone)
	require.False(t, sent[0].Gone || sent[2].Gone, "other messages stay")
}

func (c Case) retractTwice(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	for range 3 {
		require.NoError(t, b.retract(t, ref), "what is gone already is no error")
	}
	require.True(t, b.changed(t, 1, 1)[0].Gone)
}

func (c Case) retractRoot(t *testing.T) {
	b := c.open(t)
	root := b.mustSend(t, "root", text("root"))
	reply := b.post("reply", text("reply"))
	reply.Root = root.Ref
	_, err := b.send(t, reply)
	require.NoError(t, err)
	require.NoError(t, b.retract(t, root.Ref))
	require.True(t, b.platform.Sent()[0].Gone)
}

// retractGone takes back what somebody took away on the platform before.
func (c Case) retractGone(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	require.True(t, b.platform.Retract(b.arrived(t, 1)[0].Ref), "the look-alike should know its own message")
	require.NoError(t, b.retract(t, ref), "what is gone already is no error")
	b.changed(t, 1, 1)
}

// retractForeign lets a provider say that a ref is none, or that there is
// nothing to do.
func (c Case) retractForeign(t *testing.T) {
	b := c.open(t)
	b.mustSend(t, "said", text("hello"))
	for _, ref := range foreign() {
		if err := b.retract(t, ref); err != nil {
			requireError(t, err, hub.FaultRejected)
		}
	}
	b.changed(t, 1, 0)
}

func (c Case) retractThenEdit(t *testing.T) {
	b := c.open(t)
	if !b.Describe().Can.Edits {
		t.Skip("the platform does not let us change what we sent")
	}
	ref := b.mustSend(t, "said", text("hello")).Ref
	require.NoError(t, b.retract(t, ref))
	_, err := b.edit(t, "edit", ref, text("changed"))
	if !c.BlindEdits {
		requireError(t, err, hub.FaultRejected)
	}
	require.True(t, b.changed(t, 1, 1)[0].Gone, "what is gone stays gone")
}
