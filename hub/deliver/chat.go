package deliver

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers"
)

// pauseChat parks the lane of a chat that does not take messages. They wait; one
// of them tries again now and then, and each that is past its use is given up as
// stale.
func (w *Worker) pauseChat(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, err error) {
	after := rests[min(l.refused, len(rests)-1)]
	now := w.Now().UTC()
	if l.refused == 0 {
		l.since = now
		w.Log.Error("a chat does not take messages: it is paused, its messages wait", "system", w.system, "chat", n.Chat.ID, "err", err)
	}
	l.refused++
	l.chat = n.Chat.ID
	stored := bus.Wait{Until: now.Add(after), Attempt: l.attempt, Seq: seq, Reason: err.Error(), Chat: l.chat, Since: l.since, Digest: l.digest}
	w.health.pauseChat(pausedChat(stored))
	if l.begun == nil { // one wait is kept of a lane: that of what was begun
		l.stored = true
		w.persist(ctx, "store the pause", func() error { return w.Bus.PutWait(ctx, w.system, pt.n, l.name, stored) })
	}
	w.tell(ctx, n, hub.Outcome{
		Status: hub.StatusFailed, Attempt: l.attempt + 1, Fault: hub.FaultChatGone, Reason: "the chat is paused: " + stored.Reason, RetryAt: stored.Until, Exchange: l.seen,
	})
	l.seen = nil
	pt.later(l, after)
}

func pausedChat(s bus.Wait) hub.PausedChat {
	return hub.PausedChat{Chat: s.Chat, Reason: s.Reason, Since: s.Since, NextAt: s.Until}
}

// tookOne notes that a paused chat takes messages again, if an attempt shows that.
func (w *Worker) tookOne(l *lane, n *hub.Notification, err error) {
	if l.refused == 0 || n.Act != hub.ActSend || err != nil && providers.FaultOf(err) != hub.FaultRejected {
		return
	}
	w.Log.Info("a paused chat takes messages again", "system", w.system, "chat", n.Chat.ID)
	l.refused = 0
	w.health.resumeChat(l.chat)
}

// silent takes in how an attempt ended, and reports whether the platform answers
// nobody: then the message waits like all others, and nothing is counted.
func (w *Worker) silent(err error) bool {
	failed, reason := err != nil && providers.FaultOf(err) == hub.FaultTemporary, ""
	if failed {
		reason = "the platform does not answer: " + err.Error()
	}
	if !w.health.ended(w.Now(), failed, reason) {
		return false
	}
	w.Log.Error("the platform does not answer: the system is paused, its messages wait", "system", w.system, "err", err)
	return true
}

// Resume is what hubs tell workers when somebody wants a paused system, or some
// of its chats, tried now: the system's name and those of the chats.
const Resume = "resume"

// onResume takes in who is to be tried now.
func (w *Worker) onResume(ids []string) {
	if len(ids) == 0 || hub.System(ids[0]) != w.system {
		return
	}
	if len(ids) == 1 {
		select {
		case w.now <- struct{}{}:
		default:
		}
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids[1:] {
		lane := bus.Lane(hub.Chat{System: w.system, ID: id})
		for pt := range w.owned {
			pt.hurry(lane)
		}
	}
}
