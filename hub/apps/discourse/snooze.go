package discourse

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	fieldWhen  = "when"
	fieldTopic = "topic"
)

// shortSnooze is that of the button below a message.
const shortSnooze = 2 * time.Hour

// snooze leaves the chat, or one topic of it, alone for a while.
func (a *App) snooze(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	settings, err := a.Chats.ChatSettings(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	schedule, _ := settings.Schedule(a.Zone) // of one that cannot be read, the zone that is configured
	when, topic := snoozeOf(c.Command.Encoded.Get(fieldWhen))
	until, err := parseWhen(when, a.Now(), schedule.Zone())
	if err != nil {
		reply := hub.Reply{Error: &hub.Refusal{Text: err.Error()}}
		if c.Context.Source.ID == hub.FromDialog {
			reply.Error.Fields = map[string]string{fieldWhen: err.Error()}
		}
		return reply.With(hub.OutcomeError), nil
	}
	if topic || c.Command.Encoded.Get(fieldTopic) == "true" {
		return a.muteTopic(ctx, c, until)
	}
	return a.snoozeUntil(ctx, c, until)
}

// snoozeShortly is the button: no words, two hours.
func (a *App) snoozeShortly(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	return a.snoozeUntil(ctx, c, a.Now().Add(shortSnooze))
}

func (a *App) snoozeUntil(ctx context.Context, c *hub.Command, until time.Time) (hub.Reply, error) {
	now := a.Now().UTC()
	before := time.Time{}
	settings, err := a.Chats.ChangeChat(ctx, c.Context.Chat(), func(s *hub.ChatSettings) error {
		before = s.Snoozed.Until
		return s.Snooze(until.UTC(), now)
	})
	if err != nil {
		return hub.Reply{}, err
	}
	text := here(c) + " is left alone until " + a.clock(&settings, until) + ". What comes in meanwhile is kept and told then."
	if before.After(now) {
		text += " Before, it was snoozed until " + a.clock(&settings, before) + "."
	}
	reply := hub.Reply{
		OK:   &hub.OK{Text: text, Actions: []hub.Action{{Label: "Resume now", Call: call(functionResume, nil)}}},
		Data: map[string]any{"snoozed_until": until.UTC()},
	}
	return reply.With(hub.OutcomeUpdated), nil
}

// resume ends a snooze. Quiet hours go on.
func (a *App) resume(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	now := a.Now().UTC()
	snoozed := false
	settings, err := a.Chats.ChangeChat(ctx, c.Context.Chat(), func(s *hub.ChatSettings) error {
		if snoozed = s.Snoozed.Until.After(now); snoozed {
			s.Resume(now)
		}
		return nil
	})
	if err != nil {
		return hub.Reply{}, err
	}
	text, outcome := here(c)+" is awake again: what waited comes now.", hub.OutcomeUpdated
	if !snoozed {
		text, outcome = here(c)+" was not snoozed: nothing to change.", hub.OutcomeUnchanged
	}
	schedule, _ := settings.Schedule(a.Zone)
	if until := schedule.Silent(now); !until.IsZero() {
		text += " Its quiet hours go on until " + a.clock(&settings, until) + "."
	}
	return hub.Say("%s", text).With(outcome), nil
}
