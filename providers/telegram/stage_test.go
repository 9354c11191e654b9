package telegram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// talker is an Ear that talks: as the hub it answers what is for us, and what
// answers a question of its own.
type talker struct {
	*providertest.Ear
	client *telegram.Client
	reply  func(line string) hub.Reply

	mu    sync.Mutex
	heard map[hub.EventID]bool
	asked map[hub.MessageRef]bool
}

func newTalker(h *hall, reply func(line string) hub.Reply) *talker {
	return &talker{Ear: h.ear, client: h.client, reply: reply, heard: map[hub.EventID]bool{}, asked: map[hub.MessageRef]bool{}}
}

func (e *talker) Hear(ctx context.Context, ev *hub.Event) error {
	if err := e.Ear.Hear(ctx, ev); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heard[ev.ID] || ev.Type != hub.ChatMessagePosted {
		return nil
	}
	e.heard[ev.ID] = true
	var what hub.Chatter
	if err := json.Unmarshal(ev.Data, &what); err != nil {
		return err
	}
	line := what.Line
	if e.asked[what.ReplyTo] {
		line = "answer " + what.Text
	} else if !what.ForUs {
		return nil
	}
	c := given(what.Room.ID, what.From.ID, what.Ref)
	reply := e.reply(line)
	receipt, err := e.client.Answer(ctx, c, reply)
	if err == nil && reply.OK != nil && reply.OK.Ask {
		e.asked[receipt.Ref] = true
	}
	return nil
}

func TestStage(t *testing.T) {
	ways := map[string][]func(*telegram.Config){"long poll": nil, "webhook": {byHook}}
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, change...)
			h.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
				return hub.Say("%s %s", c.Security.Token, strings.Join(c.Command.Encoded["value"], "")), false
			}
			ear := newTalker(h, func(line string) hub.Reply {
				switch line {
				case "ask":
					return hub.Reply{OK: &hub.OK{Text: "Which?", Ask: true}}
				case "choose":
					m := selecting(20, short)
					return hub.Reply{OK: &hub.OK{Text: m.Text, Actions: m.Actions}}
				case "link":
					return hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/", Text: "Sign in"}}
				}
				return hub.Say("you said %s", line)
			})
			h.CallTo(door(h.client, ear))
			h.listen(t, h.client, ear)
			play(t, telegramtest.NewStage(h.Platform), h)
		})
	}
}

func play(t *testing.T, s providertest.Stage, h *hall) {
	room, anna, bob := s.Chat(t, "support"), s.Person(t, "Anna", true), s.Person(t, "Bob", false)
	require.Equal(t, room, s.Chat(t, "support"))
	require.Equal(t, anna, s.Person(t, "Anna", true))
	require.Equal(t, "you said discourse status", s.Command(t, room, anna, "discourse status").Text)
	bare, ok := s.Bare(t, room, anna, "status")
	require.True(t, ok)
	require.Equal(t, "you said status", bare.Text)
	require.False(t, bare.Private)
	require.Equal(t, "you said watch “x y”", s.Mention(t, room, bob, "watch “x y”").Text)
	s.Say(t, room, bob, "nobody is meant")

	require.Equal(t, "Which?", s.Command(t, room, anna, "ask").Text)
	require.Equal(t, "you said answer Ünïcode 😀", s.Answer(t, room, anna, "Ünïcode 😀").Text, "privacy mode lets replies through")

	choice := s.Command(t, room, anna, "choose")
	require.Contains(t, choice.Buttons, "Option 7")
	require.Equal(t, bindingToken+" c:19", s.Press(t, room, anna, choice, "Option 19").Text)
	require.Equal(t, "cancel", s.PressTwice(t, room, anna, choice, "Cancel").Text)
	require.Equal(t, "https://forum.example.com/", s.Press(t, room, anna, s.Command(t, room, anna, "link"), "Sign in").Text)

	alone := s.Mention(t, anna, anna, "status")
	require.Equal(t, "you said status", alone.Text)
	require.True(t, alone.Private)

	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { s.Say(t, room, bob, fmt.Sprintf("/echo %d", i)) })
		s.Cut(t)
	}
	all.Wait()
	require.Equal(t, "you said last", s.Command(t, room, anna, "last").Text)
	h.ear.Until(t, "all that was said", func() bool {
		n := 0
		for _, text := range posted(t, h.ear) {
			if strings.HasPrefix(text, "/echo ") {
				n++
			}
		}
		return n == 10
	})
	for _, text := range posted(t, h.ear) {
		require.NotEqual(t, "nobody is meant", text, "the bot is in privacy mode")
	}
}
