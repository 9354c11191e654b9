package listen

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// ear is where a provider tells what it hears.
type ear struct {
	bus    *bus.Bus
	system hub.System
	log    *slog.Logger
}

// Hear implements providers.Ear.
func (e *ear) Hear(ctx context.Context, ev *hub.Event) error {
	told := *ev
	told.SpecVersion, told.Source = hub.SpecVersion, hub.Source(e.system)
	if told.ReceivedTime.IsZero() {
		told.ReceivedTime = time.Now().UTC()
	}
	// The one waits for the disk, the other for a hub: neither for the other. Both
	// know what they were told before, should only one of them succeed.
	var stored, taken error
	var storing sync.WaitGroup
	storing.Go(func() {
		stored = e.insist(ctx, "an event of a chat", func(ctx context.Context) error {
			_, err := e.bus.Publish(ctx, &told)
			return err
		})
	})
	taken = e.handOn(ctx, &told)
	storing.Wait()
	return errors.Join(stored, taken)
}

// handOn gives a hub what it has to know of an event.
func (e *ear) handOn(ctx context.Context, told *hub.Event) error {
	heard, ok := heardIn(e.system, told)
	if !ok {
		return nil
	}
	body, err := json.Marshal(heard)
	if err != nil {
		return err
	}
	return e.insist(ctx, "a command", func(ctx context.Context) error {
		answer, err := e.bus.AskHub(ctx, hub.AskHeard, body)
		if err != nil {
			return err
		}
		var taken hub.Taken
		if err := json.Unmarshal(answer, &taken); err != nil {
			return err
		}
		return taken.Err()
	})
}

// askPatience bounds one request to a hub.
const askPatience = 5 * time.Second

// insist tries until it is done, cannot be done, or ctx ends.
func (e *ear) insist(ctx context.Context, what string, try func(context.Context) error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		one, cancel := context.WithTimeout(ctx, askPatience)
		err := try(one)
		cancel()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if hub.CodeOf(err) == hub.CodeInvalid { // trying again would not help
			e.log.Warn("something that was heard is left out", "what", what, "err", err)
			return nil
		}
		e.log.Warn("what was heard cannot be handed on yet", "what", what, "err", err)
		if !hub.Wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

// heardIn is what a hub has to know of an event: a message or a reaction by a
// person. Any message may be an answer to a question that somebody was asked.
func heardIn(system hub.System, ev *hub.Event) (hub.Heard, bool) {
	if ev.Type != hub.ChatMessagePosted && ev.Type != hub.ChatReactionAdded {
		return hub.Heard{}, false
	}
	var said hub.Chatter
	if err := json.Unmarshal(ev.Data, &said); err != nil || said.From.Bot || said.From.ID == "" || said.Room.ID == "" {
		return hub.Heard{}, false
	}
	c := hub.Command{
		Command: hub.Call{ID: hub.CommandID(ev.ID), Kind: hub.KindSubmit, Raw: said.Text},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromMessage}, System: system, User: said.From, Channel: said.Room, Team: said.Team,
			Post: said.Ref, ParentPost: said.ReplyTo, RootPost: said.Thread, Event: ev.ID,
		},
	}
	if said.ForUs {
		c.Command.Raw = said.Line
	}
	if ev.Type == hub.ChatReactionAdded {
		c.Context.Source.ID = hub.FromReaction
		c.Command.Raw, c.Command.Encoded = "", hub.Values{hub.ChosenValue: {said.Reaction}}
	}
	return hub.Heard{Command: c, ForUs: said.ForUs, Text: said.Text}, true
}

// Do implements providers.Ear.
func (e *ear) Do(ctx context.Context, c *hub.Command) (r hub.Reply, later bool) {
	ctx, cancel := context.WithTimeout(ctx, hub.CommandPatience)
	defer cancel()
	given := *c
	given.Context.System = e.system
	body, err := json.Marshal(given)
	if err != nil {
		return hub.Refuse("This cannot be understood: %s.", err), false
	}
	answer, err := e.bus.AskHub(ctx, hub.AskDo, body)
	var done hub.Done
	if err == nil {
		err = json.Unmarshal(answer, &done)
	}
	if err != nil {
		e.log.Warn("a command had no answer", "command", c.Command.ID, "err", err)
		if errors.Is(err, bus.ErrNobody) {
			return hub.Refuse("Bellhop's hub is away at the moment, so nothing was done. Try again in a minute."), false
		}
		return hub.Refuse("Bellhop's hub has not answered in time. Look whether it was done before you try again."), false
	}
	return done.Reply, done.Later
}

// Place implements providers.Ear.
func (e *ear) Place(ctx context.Context, name string) ([]byte, error) {
	return e.bus.Place(ctx, e.system, name)
}

// SetPlace implements providers.Ear.
func (e *ear) SetPlace(ctx context.Context, name string, value []byte) error {
	return e.bus.PutPlace(ctx, e.system, name, value)
}
