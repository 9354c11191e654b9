package discourse

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// lookForSample is how many events are held against the rules to find one that
// the chat would hear.
const lookForSample = 20

// sample sends the chat what a notification looks like.
func (a *App) sample(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	chat := c.Context.Chat()
	rows, err := a.rows(ctx, chat)
	if err != nil {
		return hub.Reply{}, err
	}
	settings, err := a.Chats.ChatSettings(ctx, chat)
	if err != nil {
		return hub.Reply{}, err
	}
	message, event, err := a.newestHeard(ctx, chat, rows)
	if err != nil {
		return hub.Reply{}, err
	}
	text := "A test message is on its way. It shows the newest post that " + lower(here(c)) + " would hear of."
	by := "**Test**, asked for by " + em(c.Context.User.Called()) + ": this is how a notification looks here."
	if message == nil {
		message = madeUp()
		text = "A test message is on its way. It is made up: of the newest posts none fits a rule of this chat."
		if len(rows) == 0 {
			text = "A test message is on its way. It is made up: this chat has no rules yet. " + a.begin(ctx, c)
		}
		by = "**Test**, asked for by " + em(c.Context.User.Called()) + ": this is made up, to show that messages arrive. Nothing was posted on a forum."
	}
	message.Text = paragraphs(by, message.Text)
	// It belongs to no topic: what is told of the topic later is no answer to it.
	message.Thread, message.InThread, message.Broadcast, message.Actions = "", false, false, nil
	n := hub.Notification{
		Version: hub.ActSend.Version(), ID: hub.NotificationID("n" + hub.Digest("test", string(c.Command.ID), string(chat.System), chat.ID)),
		Chat: chat, Message: *message, QueuedAt: a.Now().UTC(),
	}
	if err := a.Notify(ctx, n); err != nil {
		return hub.Reply{}, err
	}
	schedule, _ := settings.Schedule(a.Zone)
	if until := schedule.Silent(a.Now()); !until.IsZero() {
		text += " This chat is to be left alone until " + a.clock(&settings, until) + ", so it comes then."
	}
	data := map[string]any{"notification": n.ID}
	if event != "" {
		data["event"] = event
	}
	return hub.Reply{OK: &hub.OK{Text: text}, Data: data}.With(hub.OutcomeOK), nil
}

// newestHeard is the message that the newest event would lead to of those that the
// chat would hear, nil if there is none.
func (a *App) newestHeard(ctx context.Context, chat hub.Chat, rows []hub.Subscription) (*hub.Message, hub.EventID, error) {
	if !slices.ContainsFunc(rows, func(s hub.Subscription) bool { return s.Enabled && s.Mode != hub.Mute }) {
		return nil, "", nil
	}
	events, err := a.History.Newest(ctx, "", lookForSample)
	if err != nil {
		return nil, "", err
	}
	for i := range events[:min(len(events), lookForSample)] {
		e := &events[i]
		x, err := a.History.Explain(ctx, e, chat)
		if err != nil {
			return nil, "", err
		}
		for _, expected := range x.Chats {
			if expected.Chat == chat && expected.Result == hub.ResultQueued && expected.Message != nil && a.mayTell(ctx, e, readerOf(rows, expected.Subscription)) {
				return expected.Message, e.ID, nil
			}
		}
	}
	return nil, "", nil
}

// readerOf is as whom a row reads; "" is its source's reader.
func readerOf(rows []hub.Subscription, id hub.SubscriptionID) string {
	for _, row := range rows {
		if row.ID == id {
			return row.Options.ReadAs
		}
	}
	return ""
}

// mayTell reports whether a reader may see the topic of an event. What is not
// known is not told.
func (a *App) mayTell(ctx context.Context, e *hub.Event, reader string) bool {
	topic := aboutOf(e).topic()
	if topic == "" {
		return false
	}
	visible, err := a.Forums.Visible(ctx, e.Source, topic, reader)
	return err == nil && visible
}

// madeUp is a message about nothing.
func madeUp() *hub.Message {
	return &hub.Message{Card: &hub.Card{
		Kind: "New topic", Title: "An example", Author: &hub.Person{Username: "bellhop"},
		Text: "The beginning of the post stands here. The title is a link to it.",
	}}
}

// about is what an event of a forum is about, as far as it says.
type about struct {
	Topic *hub.Topic `json:"topic"`
	Post  *hub.Post  `json:"post"`
}

func aboutOf(e *hub.Event) about {
	var d about
	if json.Unmarshal(e.Data, &d) != nil {
		return about{}
	}
	return d
}

func (d about) topic() string {
	if d.Topic == nil {
		return ""
	}
	return d.Topic.ID
}
