package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

func chatterOf(t *testing.T, e hub.Event) hub.Chatter {
	t.Helper()
	var said hub.Chatter
	require.NoError(t, json.Unmarshal(e.Data, &said))
	return said
}

func TestMessagesAreTold(t *testing.T) {
	s := newScene(t)
	root := send(t, s.client, "dev", "n1", "by Bellhop, which is not told")
	s.Say(t, s.dev, s.anna, "  hello\nall ")
	_, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {"below"}, "root": {string(root.Ref)}})
	require.Equal(t, 200, status)
	_, status = post(t, s.client, "/console/dev/messages", url.Values{"text": {"below that"}, "root": {"3"}})
	require.Equal(t, 200, status)
	s.ear.Until(t, "three messages", func() bool { return len(s.ear.Events()) == 3 })

	events := s.ear.Events()
	first := events[0]
	require.Equal(t, hub.ChatMessagePosted, first.Type)
	require.Equal(t, hub.ChatterEvent("console", "2"), first.ID)
	require.Equal(t, hub.Source("console"), first.Source)
	require.False(t, first.Time.IsZero())
	require.Equal(t, hub.Chatter{
		From: hub.User{ID: "anna", Name: "anna", Full: "anna"}, Room: hub.Channel{ID: "dev", Name: "dev"}, Ref: "2", Text: "hello\nall",
	}, chatterOf(t, first))
	for i, ref := range []hub.MessageRef{"3", "4"} {
		reply := chatterOf(t, events[i+1])
		require.Equal(t, ref, reply.Ref)
		require.Equal(t, root.Ref, reply.Thread, "a reply to a reply is of the same thread")
		require.Equal(t, anna, reply.From)
	}
	require.Contains(t, s.page(t, s.bob), "hello<br>all", "people's lines stay lines")
}

func TestWhoIsAddressed(t *testing.T) {
	for text, line := range map[string]string{
		"@bellhop watch support": "watch support", "@Bellhop: status": "status", "@bellhop, status": "status", " @bellhop\nhelp": "help", "@bellhop": "",
		"@bellhopper hi": "-", "@bellhop-two hi": "-", "hi @bellhop": "-", "@bell": "-", "bellhop status": "-", " /discourse status": "-", "//discourse": "-", "/ x": "x as command",
	} {
		t.Run(text, func(t *testing.T) {
			s := newScene(t)
			s.Say(t, s.dev, s.anna, text)
			if line == "x as command" {
				require.Equal(t, "x", s.lastCommand(t).Command.Raw)
				return
			}
			s.ear.Until(t, text, func() bool { return len(s.ear.Events()) == 1 })
			require.Empty(t, s.ear.Commands())
			said := chatterOf(t, s.ear.Events()[0])
			require.Equal(t, line != "-", said.ForUs)
			if said.ForUs {
				require.Equal(t, line, said.Line)
				require.Equal(t, []string{"bellhop"}, said.To)
			}
		})
	}
}

func TestMentionIsAnsweredToTheAsker(t *testing.T) {
	s := newScene(t)
	seen := make(chan providertest.Seen, 1)
	go func() { seen <- s.Mention(t, s.dev, s.anna, "status") }()
	s.ear.Until(t, "the mention", func() bool { return len(s.ear.Events()) == 1 })
	said := chatterOf(t, s.ear.Events()[0])
	require.True(t, said.ForUs)
	s.Cut(t)
	_, err := s.client.Answer(t.Context(), &hub.Command{
		Command: hub.Call{ID: "c1"}, Context: hub.CommandContext{User: said.From, Channel: said.Room, Post: said.Ref},
	}, hub.Say("nothing is watched"))
	require.NoError(t, err)
	got := <-seen
	require.Equal(t, "nothing is watched", got.Text)
	require.True(t, got.Private)
	require.Contains(t, s.page(t, s.bob), "@bellhop status")
	require.NotContains(t, s.page(t, s.bob), "nothing is watched")
}

func TestDeafEarIsToldAgain(t *testing.T) {
	s := newScene(t)
	s.ear.Deafen(true)
	for i := range 3 {
		s.Say(t, s.dev, s.anna, fmt.Sprint("message ", i))
	}
	s.ear.Until(t, "some tries", func() bool { return s.ear.Told() > 2 })
	require.Empty(t, s.ear.Events())
	s.ear.Deafen(false)
	s.ear.Until(t, "all of them", func() bool { return len(s.ear.Events()) == 3 })
	for i, e := range s.ear.Events() {
		require.Equal(t, fmt.Sprint("message ", i), chatterOf(t, e).Text, "in order")
	}
}

// TestListenersTakeOver stops and starts listening while people talk.
func TestListenersTakeOver(t *testing.T) {
	s := &scene{store: &memory{now: time.Now}, ear: providertest.NewEar()}
	s.client = open(s.store, "dev")
	for i := range 20 {
		text := fmt.Sprint("message ", i)
		_, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {text}})
		require.Equal(t, 200, status)
		stop := listen(t, s.client, s.ear)
		s.ear.Until(t, text, func() bool { return len(s.ear.Events()) == i+1 })
		stop()
	}
	require.Equal(t, 20, s.ear.Told(), "what the place is past is not told again")
	value, err := s.ear.Place(t.Context(), "posts")
	require.NoError(t, err)
	require.Equal(t, "20", string(value))
}

// TestFirstListener begins where no place is kept, and cannot find that out at
// first.
func TestFirstListener(t *testing.T) {
	store := &memory{now: func() time.Time { return time.Now().Add(-2 * time.Hour) }}
	c := open(store, "dev")
	_, status := post(t, c, "/console/dev/messages", url.Values{"text": {"@bellhop mute all"}})
	require.Equal(t, 200, status)
	store.now = time.Now
	_, status = post(t, c, "/console/dev/messages", url.Values{"text": {"just now"}})
	require.Equal(t, 200, status)
	ear := &forgetful{Ear: providertest.NewEar()}
	ear.fails.Store(2)
	listen(t, c, ear)
	ear.Until(t, "the newer one", func() bool { return len(ear.Events()) > 0 })
	require.Equal(t, "just now", chatterOf(t, ear.Events()[0]).Text, "nobody wants what they said hours ago to be done now")
	require.Negative(t, ear.fails.Load())
}

// forgetful fails to say where it was, a few times.
type forgetful struct {
	*providertest.Ear
	fails atomic.Int64
}

func (e *forgetful) Place(ctx context.Context, name string) ([]byte, error) {
	if e.fails.Add(-1) >= 0 {
		return nil, errors.New("the bus is away")
	}
	return e.Ear.Place(ctx, name)
}

func TestOldWhispersAreForgotten(t *testing.T) {
	store := &memory{now: func() time.Time { return time.Now().Add(-25 * time.Hour) }}
	c := open(store, "dev")
	say := func(id hub.CommandID) {
		_, err := c.Answer(t.Context(), &hub.Command{Command: hub.Call{ID: id}, Context: hub.CommandContext{User: anna, Channel: hub.Channel{ID: "dev"}}}, hub.Say("for anna"))
		require.NoError(t, err)
	}
	say("c1")
	send(t, c, "dev", "n1", "for all")
	store.now = time.Now
	say("c2")
	ear := providertest.NewEar()
	listen(t, c, ear)
	require.Eventually(t, func() bool { return len(store.where(func(hub.ConsolePost) bool { return true })) == 2 }, 20*time.Second, time.Millisecond)
	require.Len(t, store.where(func(p hub.ConsolePost) bool { return p.Reader == "anna" }), 1)
}
