package providertest

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func (c Case) describe(t *testing.T) {
	b := c.open(t)
	d := b.Describe()
	require.True(t, hub.ValidName(d.Kind), "kind %q", d.Kind)
	require.True(t, hub.ValidName(string(d.ID)), "id %q", d.ID)
	require.Positive(t, d.Limits.Text)
	require.Contains(t, []providers.Unit{providers.Bytes, providers.Characters, providers.UTF16}, d.Limits.Unit)
	b.mustSend(t, "describe", text("hello"))
	require.Equal(t, d, b.Describe(), "a description may not change")
}

// can holds promises against what is there. A provider that can listen and is
// not configured for it does not promise it.
func (c Case) can(t *testing.T) {
	b := c.open(t)
	can := b.Describe().Can
	lister, lists := providers.As[providers.ChatLister](b.Provider)
	require.Equal(t, lists, can.Chats, "Can.Chats and being a ChatLister must agree")
	require.Equal(t, b.editor != nil, can.Edits || can.Deletes, "Can.Edits or Can.Deletes and being an Editor must agree")
	if can.Listens {
		_, listens := providers.As[providers.Listener](b.Provider)
		require.True(t, listens, "Can.Listens, but it is no Listener")
	}
	if can.Buttons || can.Dialogs {
		require.True(t, can.Listens, "Can.Buttons and Can.Dialogs take Can.Listens")
	}
	if lists {
		b.lists(t, lister)
	}
}

func (b *bench) lists(t *testing.T, lister providers.ChatLister) {
	all, err := lister.Chats(t.Context(), "")
	require.NoError(t, err)
	require.NotEmpty(t, all, "the look-alike should know chats to list")
	require.LessOrEqual(t, len(all), 100)
	for _, info := range all {
		require.Equal(t, b.chat.System, info.System)
		require.NotEmpty(t, info.ID)
		require.NotEmpty(t, info.Name)
	}
	none, err := lister.Chats(t.Context(), "no-chat-is-called-like-this")
	require.NoError(t, err)
	require.Empty(t, none)
}

func (c Case) check(t *testing.T) {
	b := c.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, b.Check(ctx))
	require.Empty(t, b.platform.Sent(), "Check may not post")
}

func (c Case) send(t *testing.T) {
	b := c.open(t)
	b.mustSend(t, "send", text("Hello, world"))
	sent := b.arrived(t, 1)[0]
	require.Equal(t, c.Chat, sent.Chat)
	require.Contains(t, sent.Text, "Hello, world")
}

// thread also requires that a provider without threads takes a Root and posts
// plainly.
func (c Case) thread(t *testing.T) {
	b := c.open(t)
	root := b.mustSend(t, "root", text("root"))
	reply := b.post("reply", text("reply"))
	reply.Root = root.Ref
	receipt, err := b.send(t, reply)
	require.NoError(t, err)
	require.NotEqual(t, root.Ref, receipt.Ref)
	sent := b.arrived(t, 2)
	require.Empty(t, sent[0].Root)
	if b.Describe().Can.Threads {
		require.Equal(t, sent[0].Ref, sent[1].Root)
	}
}

// again sends one Key twice, as after a crash, and after an answer that was
// lost on the way.
func (c Case) again(t *testing.T) {
	b := c.open(t)
	if !b.Describe().Can.Idempotent {
		t.Skip("the platform does not deduplicate")
	}
	first := b.mustSend(t, "again", text("once"))
	require.Equal(t, first.Ref, b.mustSend(t, "again", text("once")).Ref)
	b.arrived(t, 1)
	if c.Local {
		return
	}
	b.platform.Script(Step{Close: true, AfterAccept: true})
	_, err := b.send(t, b.post("lost", text("once")))
	require.Error(t, err)
	lost := b.arrived(t, 2)[1]
	receipt := b.mustSend(t, "lost", text("once"))
	b.arrived(t, 2)
	require.NotEqual(t, first.Ref, receipt.Ref)
	require.NotEmpty(t, lost.Ref)
}

func (c Case) concurrent(t *testing.T) {
	const n = 50
	b := c.open(t)
	var all sync.WaitGroup
	refs := make([]hub.MessageRef, n)
	for i := range n {
		all.Go(func() {
			receipt, err := b.send(t, b.post(numbered("concurrent", i), text(numbered("message no", i)+"x")))
			assert.NoError(t, err)
			refs[i] = receipt.Ref
		})
	}
	all.Wait()
	sent := b.arrived(t, n)
	unique := map[hub.MessageRef]bool{}
	for i, ref := range refs {
		unique[ref] = true
		requireOne(t, sent, numbered("no", i)+"x")
	}
	require.Len(t, unique, n, "each message has a ref of its own")
}
