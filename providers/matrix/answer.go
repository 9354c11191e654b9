package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Answerer = (*Client)(nil)

const (
	opAnswer = "send/answer"
	opEvent  = "rooms/event"
)

// Answer implements providers.Answerer: a message that answers the one with the
// command, in its thread. All in the room see it. To tell the asker alone would
// take a room of our two, to which they had to be invited first, and where they
// would not look for it.
//
// A long answer is several messages; the receipt is that of the last, where the
// actions are.
func (c *Client) Answer(ctx context.Context, cmd *hub.Command, r hub.Reply) (hub.Receipt, error) {
	text, actions, err := wordsOf(r)
	if err != nil {
		return hub.Receipt{}, err
	}
	room, err := c.open(ctx, cmd.Context.Channel.ID)
	if err != nil {
		return hub.Receipt{}, err
	}
	at := c.answering(ctx, room, &cmd.Context)
	whole, err := json.Marshal(r)
	if err != nil {
		return hub.Receipt{}, cannot("the reply cannot be written down: " + err.Error())
	}
	var receipt hub.Receipt
	for i, part := range answerParts(text, actions) {
		p := providers.Post{
			Key: "a" + hub.Digest(string(cmd.Command.ID), string(whole), strconv.Itoa(i)),
			To:  hub.Chat{System: c.id, ID: cmd.Context.Channel.ID},
		}
		receipt, err = providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
			return c.post(ctx, p, room, c.answer(part, form, at))
		})
		if err != nil {
			return hub.Receipt{}, err
		}
	}
	c.tapLater(room, receipt.Ref, len(hub.Choices(actions)))
	return receipt, nil
}

func cannot(why string) *providers.Error {
	return &providers.Error{Fault: hub.FaultRejected, Op: opAnswer, Err: errors.New(why)}
}

// wordsOf is a reply as a text, since there are no dialogs.
func wordsOf(r hub.Reply) (text string, actions []hub.Action, err error) {
	switch {
	case r.OK != nil:
		return r.OK.Text, r.OK.Actions, nil
	case r.Error != nil:
		lines := make([]string, 0, len(r.Error.Fields))
		for _, name := range slices.Sorted(maps.Keys(r.Error.Fields)) {
			lines = append(lines, fmt.Sprintf("- **%s**: %s", name, r.Error.Fields[name]))
		}
		return providers.Join("\n\n", r.Error.Text, strings.Join(lines, "\n")), nil, nil
	case r.Navigate != nil:
		link, ok := providers.WebURL(r.Navigate.URL)
		if !ok {
			return "", nil, cannot("the page to go to has no address that can be shown")
		}
		return providers.Join("\n\n", r.Navigate.Text, "<"+link+">"), nil, nil
	}
	return "", nil, cannot("there are no forms here, and nothing else that could be shown")
}

// answer is one message of an answer.
func (c *Client) answer(part said, form providers.Form, at *event.RelatesTo) *event.MessageEventContent {
	content := &event.MessageEventContent{
		MsgType: event.MessageType(c.cfg.MsgType), Body: part.body, Mentions: &event.Mentions{}, RelatesTo: at.Copy(),
	}
	if part.formatted != "" && form != providers.PlainWords {
		content.Format, content.FormattedBody = event.FormatHTML, part.formatted
	}
	return content
}

// answering says what an answer belongs to; nil for nothing, as where a command
// came by the API.
func (c *Client) answering(ctx context.Context, room id.RoomID, from *hub.CommandContext) *event.RelatesTo {
	post, root := eventID(from.Post), eventID(from.RootPost)
	if post != "" && root == "" && from.Source.ID == hub.FromReaction {
		root = c.threadOf(ctx, room, post)
	}
	var at event.RelatesTo
	switch {
	case root != "" && post != "":
		return at.SetThread(root, "").SetReplyTo(post)
	case root != "":
		return at.SetThread(root, root)
	case post != "":
		return at.SetReplyTo(post)
	}
	return nil
}

func eventID(ref hub.MessageRef) id.EventID {
	if at, err := eventAt(opAnswer, ref); err == nil {
		return at
	}
	return ""
}

// threadOf is the root of the thread that an event is in: a reaction does not
// say. Where the homeserver does not either, the answer goes to the room.
func (c *Client) threadOf(ctx context.Context, room id.RoomID, at id.EventID) id.EventID {
	var n native
	if c.get(ctx, opEvent, mautrix.ClientURLPath{"v3", "rooms", room, "event", at}, nil, &n) != nil {
		return ""
	}
	said, err := readContent(n.Content)
	if err != nil || said.Relates.Type != "m.thread" {
		return ""
	}
	return eventID(hub.MessageRef(said.Relates.EventID))
}
