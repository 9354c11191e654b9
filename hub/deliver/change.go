package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// removed is what a message says that was taken back where it cannot be deleted.
const removed = "_This message was removed._"

// knows reports whether this worker can do what a notification asks for.
func knows(act hub.Act) bool {
	return act == hub.ActSend || act == hub.ActEdit || act == hub.ActRetract
}

// target is the platform's id of the message that n changes, empty if nothing
// was ever sent. The original stands before n in the lane: if it went out, its
// receipt is there, or it has faded and n brings the id along.
func (w *Worker) target(ctx context.Context, n *hub.Notification) (aim, error) {
	if n.Of == "" {
		return aim{ref: n.Ref}, nil
	}
	receipt, err := w.Bus.Receipt(ctx, w.system, n.Of)
	switch {
	case err != nil || receipt == nil:
		return aim{ref: n.Ref}, err
	case receipt.Ref == "":
		return aim{ref: n.Ref, digest: receipt.Digest}, nil
	}
	return aim{ref: receipt.Ref}, nil
}

// change makes the one attempt at an edit or a retraction. One that can never
// be made is settled like one that was: there is nothing to send later, so it is
// no dead letter. The note of its receipt says what stays as it was, and why.
func (w *Worker) change(ctx context.Context, n *hub.Notification, ref hub.MessageRef) (hub.Receipt, error) {
	if note := w.unchanged(n, ref); note != "" {
		return hub.Receipt{Ref: ref, Note: note}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	do := w.edit
	if n.Act == hub.ActRetract {
		do = w.retract
	}
	receipt, err := do(ctx, n, ref)
	if hopeless(err) {
		w.Log.Warn("a message cannot be changed any more", "system", w.system, "chat", n.Chat.ID, "notification", n.ID, "err", err)
		return hub.Receipt{Ref: ref, Note: fmt.Sprintf("%s: %s", stays(n.Act), err)}, nil
	}
	if err == nil {
		receipt.Ref = ref
	}
	return receipt, err
}

// hopeless reports whether a platform will never make a change.
func hopeless(err error) bool {
	e, ok := errors.AsType[*providers.Error](err)
	return ok && (e.Fault == hub.FaultRejected || e.Fault == hub.FaultChatGone)
}

// stays is what became of a message that was not changed.
func stays(act hub.Act) string {
	if act == hub.ActRetract {
		return "not removed"
	}
	return "not changed"
}

// unchanged says why no call is worth making, and is empty if one is. A
// retraction never grows stale: what may not be read should go, however late.
func (w *Worker) unchanged(n *hub.Notification, ref hub.MessageRef) string {
	d := w.Provider.Describe()
	switch {
	case ref == "":
		return "nothing to change: the message was never sent"
	case n.Act == hub.ActEdit && !d.Can.Edits:
		return fmt.Sprintf("%s: %s cannot change what was sent", stays(n.Act), d.Kind)
	case !d.Can.Edits && !d.Can.Deletes:
		return fmt.Sprintf("%s: %s cannot take back what was sent", stays(n.Act), d.Kind)
	case n.Act == hub.ActEdit && w.stale(n):
		return fmt.Sprintf("%s: the change waited since %s, past its use", stays(n.Act), n.QueuedAt.Format(time.RFC3339))
	}
	return ""
}

func (w *Worker) edit(ctx context.Context, n *hub.Notification, ref hub.MessageRef) (hub.Receipt, error) {
	editor, ok := providers.As[providers.Editor](w.Provider)
	if !ok {
		return hub.Receipt{}, errNoEditor
	}
	return editor.Edit(ctx, providers.Post{Key: string(n.ID), To: n.Chat, Message: w.carried(n.Message)}, ref)
}

// carried is a message as the platform can carry it: without buttons where there
// are none. To type a number under each message is too much to ask.
func (w *Worker) carried(m hub.Message) hub.Message {
	if len(m.Actions) > 0 && !w.Provider.Describe().Can.Buttons {
		m.Actions = nil
	}
	return m
}

// retract deletes the message. Where that cannot be, or not any more, it is made
// to say that it was removed.
func (w *Worker) retract(ctx context.Context, n *hub.Notification, ref hub.MessageRef) (hub.Receipt, error) {
	editor, ok := providers.As[providers.Editor](w.Provider)
	if !ok {
		return hub.Receipt{}, errNoEditor
	}
	can := w.Provider.Describe().Can
	if can.Deletes {
		err := editor.Retract(ctx, n.Chat, ref)
		if !can.Edits || !hopeless(err) {
			return hub.Receipt{}, err
		}
	}
	said := *n
	said.Message = hub.Message{Text: removed}
	receipt, err := w.edit(ctx, &said, ref)
	receipt.Note = providers.Join("; ", "not deleted, it says now that it was removed", receipt.Note)
	return receipt, err
}

// errNoEditor is of a provider that promises what it has no method for.
var errNoEditor = &providers.Error{
	Fault: hub.FaultRejected, Op: "change", Err: errors.New("the provider says that it can change messages, but has no way to"),
}
