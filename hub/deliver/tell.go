package deliver

import (
	"context"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
)

// ended is how an attempt at n ended, whole.
func (w *Worker) ended(n *hub.Notification, o hub.Outcome) hub.Outcome {
	o.Notification, o.Chat, o.Event, o.Again, o.At = n.ID, n.Chat, n.Event, n.Again, w.Now().UTC()
	if w.Observe != nil {
		w.Observe(n, o)
	}
	return o
}

// tell publishes how an attempt ended, for the delivery log.
func (w *Worker) tell(ctx context.Context, n *hub.Notification, o hub.Outcome) {
	w.publish(ctx, w.ended(n, o))
}

// mostTold is how many outcomes one event tells: with the longest notes and links
// they are far from what the bus takes.
const mostTold = 64

// publish tells outcomes of one kind, each by itself or many in a list. It reports
// whether it could before ctx ended.
func (w *Worker) publish(ctx context.Context, outcomes ...hub.Outcome) bool {
	for len(outcomes) > 0 {
		some := outcomes[:min(len(outcomes), mostTold)]
		outcomes = outcomes[len(some):]
		e, err := w.telling(some)
		if err != nil {
			w.Log.Error("outcomes cannot be written", "first", some[0].Notification, "err", err)
			continue
		}
		if !w.persist(ctx, "tell outcomes", func() error { return w.Bus.Tell(ctx, e) }) {
			return false
		}
	}
	return true
}

// telling is the event that tells outcomes.
func (w *Worker) telling(outcomes []hub.Outcome) (*hub.Event, error) {
	first, last := outcomes[0], outcomes[len(outcomes)-1]
	e := &hub.Event{
		SpecVersion: hub.SpecVersion, Source: hub.Source(w.system), Type: hub.HubMessageFailed, Time: last.At, ReceivedTime: last.At,
		ID: hub.EventID("o" + hub.Digest(string(first.Notification), fmt.Sprint(first.Again), string(first.Status), fmt.Sprint(first.Attempt), first.RetryAt.String(),
			string(last.Notification), fmt.Sprint(len(outcomes)))),
		DataContentType: "application/json",
	}
	if first.Status == hub.StatusSent {
		e.Type = hub.HubMessageSent
	}
	if len(outcomes) == 1 {
		e.Subject, e.ReplyTo = "notification/"+string(first.Notification), first.Event
	}
	var err error
	e.Data, err = hub.AppendOutcomes(nil, outcomes)
	return e, err
}
