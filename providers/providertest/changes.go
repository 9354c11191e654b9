package providertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// change is a call that changes what was sent.
type change struct {
	name   string
	faults []FaultCase
	do     func(ctx context.Context, p providers.Editor, to hub.Chat, ref hub.MessageRef) error
}

func edit(ctx context.Context, p providers.Editor, to hub.Chat, ref hub.MessageRef) error {
	_, err := p.Edit(ctx, providers.Post{Key: "n" + hub.Digest("change"), To: to, Message: text("changed")}, ref)
	return err
}

func retract(ctx context.Context, p providers.Editor, to hub.Chat, ref hub.MessageRef) error {
	return p.Retract(ctx, to, ref)
}

// changes are the calls that a provider promises, with the faults of each: what
// says of a send that it is limited, refused or failing for now says the same of
// a change.
func (c Case) changes(can hub.Features) []change {
	var common []FaultCase
	for _, f := range c.allFaults() {
		switch f.Want {
		case hub.FaultTemporary, hub.FaultRateLimited, hub.FaultUnauthorized:
			if !f.SendOnly {
				common = append(common, f)
			}
		}
	}
	var all []change
	if can.Edits {
		all = append(all, change{"edit", append(common[:len(common):len(common)], c.EditFaults...), edit})
	}
	if can.Deletes {
		all = append(all, change{"retract", append(common[:len(common):len(common)], c.RetractFaults...), retract})
	}
	return all
}

// change makes one attempt.
func (b *bench) change(t *testing.T, ch change, ref hub.MessageRef) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return ch.do(ctx, b.editor, b.chat, ref)
}

func (c Case) changeFaults(t *testing.T) {
	all := c.changes(c.open(t).Describe().Can)
	if len(all) == 0 {
		t.Skip("the platform does not let us change what we sent")
	}
	for _, ch := range all {
		t.Run(ch.name, func(t *testing.T) {
			for _, f := range ch.faults {
				t.Run(f.Name, func(t *testing.T) { c.changeFault(t, ch, f) })
			}
			if !c.Local {
				t.Run("nobody there", func(t *testing.T) { c.changeNobody(t, ch) })
			}
		})
	}
}

func (c Case) changeFault(t *testing.T, ch change, f FaultCase) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	b.platform.Script(f.Step)
	e := requireError(t, b.change(t, ch, ref), f.Want)
	require.Equal(t, f.After, e.After)
	accepted := 0
	if f.Step.AfterAccept {
		accepted = 1
	}
	b.changed(t, 1, accepted)
	require.NoError(t, b.change(t, ch, ref), "the next attempt goes through")
	requireChanged(t, b, ch)
}

func requireChanged(t *testing.T, b *bench, ch change) {
	t.Helper()
	sent := b.arrived(t, 1)[0]
	if ch.name == "retract" {
		require.True(t, sent.Gone)
	} else {
		require.Contains(t, sent.Text, "changed")
	}
}

func (c Case) changeNobody(t *testing.T, ch change) {
	ref := c.open(t).mustSend(t, "said", text("hello")).Ref
	p := c.Open(t, closedURL(c.Platform(t)))
	to := hub.Chat{System: p.Describe().ID, ID: c.Chat}
	requireError(t, ch.do(t.Context(), editorOf(p), to, ref), hub.FaultTemporary)
}

// changeCancel is what happens when Bellhop stops in the middle of a change.
func (c Case) changeCancel(t *testing.T) {
	all := c.changes(c.open(t).Describe().Can)
	if len(all) == 0 {
		t.Skip("the platform does not let us change what we sent")
	}
	for _, ch := range all {
		t.Run(ch.name, func(t *testing.T) {
			c.cancels(t, func(t *testing.T, b *bench) func(context.Context) error {
				ref := b.mustSend(t, "said", text("hello")).Ref
				return func(ctx context.Context) error { return ch.do(ctx, b.editor, b.chat, ref) }
			})
		})
	}
}
