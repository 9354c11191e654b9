package slack_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestSlashCommand(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.answers(hub.Reply{OK: &hub.OK{Text: "**Done**: a < b"}})
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		seen := w.Command(t, chat, anna, "discourse watch support author:@anna kind:x&y #support https://forum.example.com/t/1?a=1&b=2")
		require.Equal(t, "Done: a < b", seen.Text)
		require.True(t, seen.Private)

		c := w.command(t)
		require.Equal(t, "discourse watch support author:@anna kind:x&y #support https://forum.example.com/t/1?a=1&b=2", c.Command.Raw)
		require.Equal(t, hub.KindSubmit, c.Command.Kind)
		require.Empty(t, c.Command.Namespace, "the hub reads the line")
		require.Equal(t, hub.FromSlash, c.Context.Source.ID)
		require.Equal(t, hub.System("slack-acme"), c.Context.System)
		require.Equal(t, hub.User{ID: anna, Name: "anna"}, c.Context.User)
		require.Equal(t, hub.Channel{ID: chat, Name: "support"}, c.Context.Channel)
		require.NotEmpty(t, c.Security.TriggerID)
	})
}

func TestSlashCommandInDirectChat(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		anna := w.Person(t, "anna", false)
		seen := w.Command(t, w.Direct(anna), anna, "bellhop help")
		require.Equal(t, "bellhop help", seen.Text)
		require.True(t, w.command(t).Context.Channel.Direct)
	})
}

func TestPublicAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.answers(hub.Reply{OK: &hub.OK{Text: "For all", Public: true}})
		seen := w.Command(t, w.Chat(t, "support"), w.Person(t, "anna", false), "discourse test")
		require.Equal(t, "For all", seen.Text)
		require.False(t, seen.Private)
	})
}

func TestErrorListsFields(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.answers(hub.Reply{Error: &hub.Refusal{Text: "Not so.", Fields: map[string]string{"tag": "no such tag", "category": "unknown"}}})
		seen := w.Command(t, w.Chat(t, "support"), w.Person(t, "anna", false), "discourse watch x")
		require.Equal(t, "Not so.\n\n• category: unknown\n• tag: no such tag", seen.Text)
	})
}

func TestNavigate(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.answers(hub.Reply{Navigate: &hub.Navigate{URL: "https://hub.example.com/link/1", Text: "Sign in"}})
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		seen := w.Command(t, chat, anna, "discourse link")
		require.Contains(t, seen.Text, "Sign in")
		require.Contains(t, seen.Text, "https://hub.example.com/link/1")
		require.Equal(t, []string{"Open"}, seen.Buttons)
	})
}

// TestLongAnswer holds that 40,000 characters arrive whole, in several messages.
func TestLongAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		text := strings.TrimSpace(strings.Repeat("nine chars\n\n", 3300)) + " the end"
		w.answers(hub.Reply{OK: &hub.OK{Text: text, Public: true, Actions: []hub.Action{{Label: "More", Token: "t1"}}}})
		w.Command(t, w.Chat(t, "support"), w.Person(t, "anna", false), "discourse status")
		require.Eventually(t, func() bool {
			var all strings.Builder
			for _, s := range w.Sent() {
				all.WriteString(s.Text + "\n")
			}
			return strings.Count(all.String(), "nine chars") == 3300 && strings.Contains(all.String(), "the end")
		}, 20*time.Second, 10*time.Millisecond)
		require.LessOrEqual(t, len(w.Sent()), 5)
	})
}

func TestEndlessAnswerIsCutWithANote(t *testing.T) {
	w := listening(t, false)
	w.answers(hub.Reply{OK: &hub.OK{Text: strings.Repeat("many words ", 500_000), Public: true}})
	w.Command(t, w.Chat(t, "support"), w.Person(t, "anna", false), "discourse status")
	require.Eventually(t, func() bool {
		sent := w.Sent()
		return len(sent) == 5 && strings.Contains(sent[4].Text, "longer than Slack shows")
	}, 20*time.Second, 10*time.Millisecond)
}

// TestLateAnswer holds that Slack gets its answer in time, and the person theirs
// when it comes: from an ear that says so, and from one that keeps to nothing.
func TestLateAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		var slow hub.Command
		asked := make(chan struct{})
		w.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
			slow = *c
			close(asked)
			return hub.Reply{}, true
		}
		go func() {
			<-asked
			_, _ = w.client.Answer(t.Context(), &slow, hub.Say("here it is"))
		}()
		seen := w.Command(t, chat, anna, "discourse status")
		require.Equal(t, "here it is", seen.Text)
		require.True(t, seen.Private)
	})
}

func TestEarThatHangs(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.ear.Reply = func(*hub.Command) (hub.Reply, bool) {
			<-release
			return hub.Say("at last"), false
		}
		time.AfterFunc(3200*time.Millisecond, func() { close(release) })
		began := time.Now()
		seen := w.Command(t, w.Chat(t, "support"), w.Person(t, "anna", false), "discourse status")
		require.Equal(t, "at last", seen.Text)
		require.Greater(t, time.Since(began), 3*time.Second)
	})
}

func TestMention(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			w.ear.Until(t, "the mention", func() bool { return len(w.ear.Events()) > 0 })
			e := w.ear.Events()[0]
			data := chatter(t, e)
			_, err := w.client.Answer(t.Context(), fromMessage(e, data), hub.Say("%s", data.Line))
			require.NoError(t, err)
		}()
		seen := w.Mention(t, chat, anna, "watch support in #support")
		<-answered
		require.Equal(t, "watch support in #support", seen.Text)
		require.True(t, seen.Private)
		e := w.heard(t, 1)[0]
		require.Equal(t, hub.ChatMessagePosted, e.Type)
		data := chatter(t, e)
		require.True(t, data.ForUs)
		require.Equal(t, "@bellhop watch support in #support", data.Text)
		require.Equal(t, hub.User{ID: anna, Name: "anna", Full: "anna"}, data.From)
		require.Equal(t, hub.Channel{ID: chat, Name: "support"}, data.Room)
	})
}

// fromMessage is the command that the worker makes of a message.
func fromMessage(e hub.Event, data hub.Chatter) *hub.Command {
	return &hub.Command{
		Command: hub.Call{ID: hub.CommandFor("slack-acme", string(e.ID)), Kind: hub.KindSubmit, Raw: data.Line},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromMessage}, System: "slack-acme", User: data.From, Channel: data.Room,
			Post: data.Ref, RootPost: data.Thread, Event: e.ID,
		},
	}
}

func TestDirectMessage(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		anna := w.Person(t, "anna", false)
		w.Say(t, w.Direct(anna), anna, "status")
		data := chatter(t, w.heard(t, 1)[0])
		require.True(t, data.ForUs)
		require.Equal(t, "status", data.Line)
		require.True(t, data.Room.Direct)
		receipt, err := w.client.Answer(t.Context(), fromMessage(w.ear.Events()[0], data), hub.Say("nothing here"))
		require.NoError(t, err)
		require.NotEmpty(t, receipt.Ref)
		require.Equal(t, "nothing here", w.Sent()[0].Text)
		require.Equal(t, w.Direct(anna), w.Sent()[0].Chat)
	})
}

// TestAnswerFindsAWay holds that an answer arrives where the best way is closed:
// a mention has no response_url, and in a channel without us nothing is whispered.
func TestAnswerFindsAWay(t *testing.T) {
	w := listening(t, false)
	anna := w.Person(t, "anna", false)
	c := &hub.Command{Context: hub.CommandContext{
		System: "slack-acme", User: hub.User{ID: anna}, Channel: hub.Channel{ID: "C0RANDOM01"},
		Source: hub.CommandSource{ID: hub.FromSlash, Props: map[string]string{"response_url": "https://evil.example.com/x", "response_url_at": "99999999999"}},
	}}
	receipt, err := w.client.Answer(t.Context(), c, hub.Say("hello"))
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Ref)
	require.Equal(t, w.Direct(anna), w.Sent()[0].Chat, "told to the person alone")

	c.Context.User.ID = "U0NOBODY"
	_, err = w.client.Answer(t.Context(), c, hub.Say("hello"))
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "does not lead to Slack")
	require.NotContains(t, err.Error(), "evil")
}

func TestConcurrentCommands(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat := w.Chat(t, "support")
		var all sync.WaitGroup
		for i := range 20 {
			person := w.Person(t, "p"+string(rune('a'+i)), false)
			all.Go(func() {
				seen := w.Command(t, chat, person, "discourse status "+person)
				if seen.Text != "discourse status "+person {
					t.Errorf("%s saw %q", person, seen.Text)
				}
			})
		}
		all.Wait()
		require.Len(t, w.ear.Commands(), 20)
	})
}
