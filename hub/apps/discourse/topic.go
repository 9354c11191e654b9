package discourse

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// Actions are the buttons below a message that told of a topic: they mute it, and
// leave the chat alone for two hours.
func Actions(told Told) []hub.Action {
	mute, snooze := call(functionMuteTopic, nil), call(functionSnooze2h, nil)
	told.Title = shorten(told.Title, 200)
	if state, err := json.Marshal(told); err == nil {
		mute.State = string(state)
	}
	return []hub.Action{{Label: "Mute topic", Call: mute}, {Label: "Snooze 2 h", Call: snooze}}
}

// muteTopicForGood is the button below a message, and what is typed in answer to
// one.
func (a *App) muteTopicForGood(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	return a.muteTopic(ctx, c, time.Time{})
}

// toldOf finds out which topic a command is about: that of its button, else that
// of the message it answers or in whose thread it stands.
func (a *App) toldOf(ctx context.Context, c *hub.Command) (*Told, error) {
	var told Told
	if c.Command.State != "" && json.Unmarshal([]byte(c.Command.State), &told) == nil && a.isTopic(&told) {
		return &told, nil
	}
	at := c.Context
	// Who is quick presses before the log knows which message it was.
	pressed := at.Source.ID == hub.FromButton || at.Source.ID == hub.FromReaction
	for try := 1; ; try++ {
		for _, ref := range []hub.MessageRef{at.RootPost, at.ParentPost, at.Post} {
			if ref == "" {
				continue
			}
			found, err := a.History.Told(ctx, at.Chat(), ref)
			if err != nil {
				return nil, err
			}
			if found != nil && a.isTopic(found) {
				return found, nil
			}
		}
		if !pressed || try == lookForTold {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(lookAgain):
		}
	}
}

// How long is looked for what a message told of that has just been sent.
const (
	lookForTold = 8
	lookAgain   = 150 * time.Millisecond
)

func (a *App) isTopic(t *Told) bool {
	return isNumber(t.Topic) && slices.ContainsFunc(a.Sites(), func(s Site) bool { return s.Source == t.Source })
}

// muteTopic makes a mute of the topic that a command is about, until a time or for
// good.
func (a *App) muteTopic(ctx context.Context, c *hub.Command, until time.Time) (hub.Reply, error) {
	told, err := a.toldOf(ctx, c)
	if err != nil {
		return hub.Reply{}, err
	}
	if told == nil {
		return hub.Refuse("I cannot tell which topic you mean. Press *Mute topic* below one of my messages, or type this in answer to one, in its thread. Of messages that are some days old I do not know any more what they told of.").With(hub.OutcomeError), nil
	}
	a.changes.Lock()
	defer a.changes.Unlock()
	rows, err := a.rows(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	settings, err := a.Chats.ChatSettings(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	m := &topicMute{App: a, ctx: ctx, c: c, told: told, until: until, settings: settings}
	m.row = hub.Subscription{
		Chat: c.Context.Chat(), Source: told.Source, Mode: hub.Mute, Enabled: true, CreatedBy: who(c),
		Filters: []hub.Filter{{Type: hub.FilterTopic, Any: []string{told.Topic}}},
	}
	reply, err := m.apply(rows)
	if err == nil && reply.OK != nil && slices.ContainsFunc(rows, isGroups) {
		reply.OK.Text = paragraphs(reply.OK.Text, "Posts that mention a group which this chat listens for still come: such rules go first.")
	}
	if err == nil && reply.OK != nil && slices.ContainsFunc(rows, isOfKinds) {
		reply.OK.Text = paragraphs(reply.OK.Text, "What this chat hears besides new posts still comes: a mute is about posts.")
	}
	return reply, err
}

// isGroups reports whether a row comes before a mute of a topic.
func isGroups(row hub.Subscription) bool {
	return row.Enabled && row.Mode != hub.Mute && slices.ContainsFunc(row.Filters, func(f hub.Filter) bool { return f.Type == hub.FilterGroup })
}

// isOfKinds reports whether a row hears something else than new posts, which a
// mute without kinds is not about.
func isOfKinds(row hub.Subscription) bool {
	return row.Enabled && row.Mode != hub.Mute && slices.ContainsFunc(row.Filters, func(f hub.Filter) bool {
		return f.Type == hub.FilterKind && slices.ContainsFunc(f.Any, func(kind string) bool {
			return kind != string(hub.ForumPostCreated) && kind != string(hub.ForumTopicCreated)
		})
	})
}

// topicMute is a mute of a topic in the making.
type topicMute struct {
	*App
	ctx      context.Context
	c        *hub.Command
	told     *Told
	until    time.Time // zero: for good
	settings hub.ChatSettings
	row      hub.Subscription
}

// apply makes the row, or makes what is there hold as long as is wished.
func (m *topicMute) apply(rows []hub.Subscription) (hub.Reply, error) {
	i := slices.IndexFunc(rows, func(s hub.Subscription) bool { return rules.Asks(s) == rules.Asks(m.row) })
	if i < 0 {
		return m.create()
	}
	before := rows[i]
	m.row = before
	end, ending := m.settings.Ends[before.ID]
	switch {
	case !before.Enabled:
		m.row.Enabled = true
		if err := m.Subscriptions.UpdateSubscription(m.ctx, &m.row); err != nil {
			return hub.Reply{}, err
		}
		m.Changed(m.row.ID)
		if err := m.endAt(m.ctx, m.row.Chat, m.row.ID, m.until); err != nil {
			return hub.Reply{}, err
		}
		undo := change{Was: []hub.Subscription{before}, Is: []hub.Subscription{m.row}, Ends: map[hub.SubscriptionID]time.Time{before.ID: end}}
		return m.say("", hub.OutcomeUpdated, undo.action()), nil
	case !ending || m.until.Equal(end):
		m.until = end
		return m.say("Nothing to change: ", hub.OutcomeUnchanged, nil), nil
	}
	if err := m.endAt(m.ctx, m.row.Chat, m.row.ID, m.until); err != nil {
		return hub.Reply{}, err
	}
	return m.say("", hub.OutcomeUpdated, nil), nil
}

func (m *topicMute) create() (hub.Reply, error) {
	if err := m.Subscriptions.CreateSubscription(m.ctx, &m.row); err != nil {
		return hub.Reply{}, err
	}
	m.Changed(m.row.ID)
	if !m.until.IsZero() {
		if err := m.endAt(m.ctx, m.row.Chat, m.row.ID, m.until); err != nil {
			// A mute that nobody ends would be for good, which nobody wished for.
			if gone := m.Subscriptions.DeleteSubscription(m.ctx, m.row.ID); gone != nil {
				m.Log.ErrorContext(m.ctx, "a mute that was to end stays for good", "subscription", m.row.ID, "err", gone)
			}
			m.Changed(m.row.ID)
			return hub.Reply{}, err
		}
	}
	undo := change{Made: []hub.Subscription{m.row}}
	return m.say("", hub.OutcomeCreated, undo.action()), nil
}

func (m *topicMute) say(before, outcome string, undo []hub.Action) hub.Reply {
	t := m.teller(m.ctx, m.row.Chat)
	title := t.topic(m.told.Source, m.told.Topic)
	if m.told.Title != "" {
		title = t.topicLink(m.told.Source, m.told.Topic, m.told.Title)
	}
	text := before + here(m.c) + " hears nothing more of " + title
	data := map[string]any{"subscription": m.row}
	if outcome != hub.OutcomeUnchanged {
		data["after"] = m.row
	}
	if !m.until.IsZero() {
		text += " until " + m.clock(&m.settings, m.until)
		data["until"] = m.until.UTC()
	}
	return hub.Reply{OK: &hub.OK{Text: text + ".", Actions: undo}, Data: data}.With(outcome)
}
