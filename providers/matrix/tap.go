package matrix

import (
	"context"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	opTap    = "send/m.reaction"
	tapQueue = 64
	// tapPatience is how long a message waits for its keycaps. They are a comfort,
	// and count as messages where a homeserver limits us.
	tapPatience = time.Minute
)

// taps is a message of ours below which keycaps are wanted.
type taps struct {
	room  id.RoomID
	event id.EventID
	n     int
	until time.Time
}

// tapLater has keycaps added below a message while somebody listens. The answer
// does not wait for them, and goes without where there is too much to do.
func (c *Client) tapLater(room id.RoomID, at hub.MessageRef, n int) {
	if !c.cfg.Reactions || n == 0 || at == "" {
		return
	}
	select {
	case c.taps <- taps{room, id.EventID(at), min(n, hub.Keycaps), time.Now().Add(tapPatience)}:
	default:
	}
}

// tapAll adds keycaps until ctx ends.
func (c *Client) tapAll(ctx context.Context) {
	for {
		select {
		case t := <-c.taps:
			c.tapOne(ctx, t)
		case <-ctx.Done():
			return
		}
	}
}

func (c *Client) tapOne(ctx context.Context, t taps) {
	for i := 1; i <= t.n && time.Now().Before(t.until); {
		err := c.annotate(ctx, t, i)
		switch providers.FaultOf(err) {
		case hub.FaultRateLimited:
			wait := max(providers.AfterOf(err), firstPause)
			if time.Now().Add(wait).After(t.until) || !hub.Wait(ctx, wait) {
				return
			}
			continue // the same again
		case hub.FaultUnauthorized, hub.FaultChatGone, hub.FaultTemporary:
			if err != nil {
				c.log.DebugContext(ctx, "keycaps are left out below an answer", "chat", t.room, "err", err)
				return
			}
		}
		i++
	}
}

// annotate adds one keycap. One that is there already is refused, which is fine:
// https://spec.matrix.org/latest/client-server-api/#event-annotations-and-reactions
func (c *Client) annotate(ctx context.Context, t taps, i int) error {
	_, err := c.api.SendMessageEvent(ctx, t.room, event.EventReaction, &event.ReactionEventContent{
		RelatesTo: *(&event.RelatesTo{}).SetAnnotation(t.event, hub.Keycap(i)),
	}, mautrix.ReqSendEvent{TransactionID: "k" + hub.Digest(string(t.event), hub.Keycap(i)), DontEncrypt: true})
	if err != nil {
		return c.fault(ctx, opTap, err)
	}
	return nil
}
