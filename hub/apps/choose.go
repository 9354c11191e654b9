package apps

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Where a platform has no buttons people react to a message with a keycap, or
// type a number or a label. What these stand for is kept by the message and, for
// as long as a conversation, by whoever was answered.

func reactionKey(c *hub.CommandContext, ref hub.MessageRef) string {
	return hub.Digest("message", string(c.System), c.Channel.ID, string(ref))
}

func choiceKey(c *hub.CommandContext) string {
	return hub.Digest("choice", string(c.System), c.Channel.ID, c.User.ID)
}

// choicesOf are what is to be chosen under a reply where there are no buttons,
// written down; nil if nothing is.
func (h *Host) choicesOf(ctx context.Context, c *hub.Command, r hub.Reply) []byte {
	if r.OK == nil || h.Features(ctx, c.Context.System).Buttons {
		return nil
	}
	choices := hub.Choices(r.OK.Actions)
	if len(choices) == 0 {
		return nil
	}
	value, err := json.Marshal(choices)
	if err != nil {
		return nil
	}
	return value
}

// offered remembers what somebody may choose by word under a reply that is about
// to be shown.
func (h *Host) offered(ctx context.Context, c *hub.Command, r hub.Reply) {
	value := h.choicesOf(ctx, c, r)
	if value == nil {
		return
	}
	if err := h.Talks.Put(ctx, choiceKey(&c.Context), value); err != nil {
		h.Log.Warn("what can be chosen under a reply could not be kept", "command", c.Command.ID, "err", err)
	}
}

// placed remembers what is to be chosen by a reaction to a reply that was shown.
func (h *Host) placed(ctx context.Context, c *hub.Command, r hub.Reply, ref hub.MessageRef) {
	value := h.choicesOf(ctx, c, r)
	if value == nil || ref == "" {
		return
	}
	if err := h.Bindings.Put(ctx, reactionKey(&c.Context, ref), value); err != nil {
		h.Log.Warn("what can be chosen under a reply could not be kept", "command", c.Command.ID, "err", err)
	}
}

// reacted finds out what a reaction to a message chooses.
func (h *Host) reacted(ctx context.Context, c *hub.Command) (concern, error) {
	emoji := hub.Emoji(c.Command.Encoded.Get(hub.ChosenValue))
	choices, err := h.choicesUnder(ctx, c, isKeycap(emoji))
	if err != nil {
		return nothing, err
	}
	for _, one := range choices {
		if hub.Keycap(one.Number) == emoji {
			take(c, one)
			return aCommand, nil
		}
	}
	if h.Press != nil {
		if _, ok := h.Press(ctx, c); ok {
			c.Security.Token = emoji
			return aCommand, nil
		}
	}
	return nothing, nil
}

// choicesUnder are those under a message. A reply may be seen a moment before it
// is known here what is under it: hasty is that it is worth waiting for that.
func (h *Host) choicesUnder(ctx context.Context, c *hub.Command, hasty bool) ([]hub.Choice, error) {
	for try := 0; ; try++ {
		value, revision, err := h.Bindings.Get(ctx, reactionKey(&c.Context, c.Context.Post))
		if err != nil {
			return nil, err
		}
		if revision > 0 {
			var choices []hub.Choice
			_ = json.Unmarshal(value, &choices) // of an older version: there is nothing to choose any more
			return choices, nil
		}
		if !hasty || try == 10 || !hub.Wait(ctx, 50*time.Millisecond) {
			return nil, nil
		}
	}
}

func isKeycap(emoji string) bool {
	for n := range hub.Keycaps {
		if hub.Keycap(n+1) == emoji {
			return true
		}
	}
	return false
}

// chosen finds out whether a message is the number or label of something to
// choose that its author was shown last.
func (h *Host) chosen(ctx context.Context, c *hub.Command) (bool, error) {
	value, revision, err := h.Talks.Get(ctx, choiceKey(&c.Context))
	if err != nil || revision == 0 {
		return false, err
	}
	var choices []hub.Choice
	_ = json.Unmarshal(value, &choices) // of an older version: there is nothing to choose any more
	said := strings.TrimSpace(c.Command.Raw)
	for _, one := range choices {
		if said == strconv.Itoa(one.Number) || strings.EqualFold(said, one.Label) {
			take(c, one)
			return true, nil
		}
	}
	return false, nil
}

// take makes a command of what was chosen, as a press of the button would.
func take(c *hub.Command, one hub.Choice) {
	c.Security.Token = one.Token
	c.Command.Raw, c.Command.Encoded = "", nil
	if one.Option {
		c.Command.Encoded = hub.Values{hub.ChosenValue: {one.Value}}
	}
}
