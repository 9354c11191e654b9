package telegram_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// given is a command that somebody gave with a message.
func given(room, person string, post hub.MessageRef) *hub.Command {
	return &hub.Command{
		Command: hub.Call{ID: "c1", Kind: hub.KindSubmit, Raw: "discourse status"},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromMessage}, System: "telegram-acme", User: hub.User{ID: person, Full: "Anna <&>"},
			Channel: hub.Channel{ID: room, Direct: room == person}, Post: post,
		},
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply hub.Reply
		text  string // as people read it
		below string // the buttons
		html  string // a part of what is sent
	}{
		{"ok", hub.Say("**3** rows < 4"), "3 rows < 4", "", "<b>3</b> rows &lt; 4"},
		{"public", hub.Reply{OK: &hub.OK{Text: "for all", Public: true}}, "for all", "", ""},
		{"buttons", hub.Reply{OK: &hub.OK{Text: "Sure?", Actions: []hub.Action{{Label: "Yes", Token: "y"}, {Label: "No", Token: "n"}}}}, "Sure?", "Yes | No", ""},
		{"error", hub.Refuse("There is no category *x*."), "There is no category x.", "", "<i>x</i>"},
		{"fields", hub.Reply{Error: &hub.Refusal{Text: "Mend this:", Fields: map[string]string{"tag": "is none", "date": "is over"}}}, "Mend this:\n\n• date: is over\n• tag: is none", "", ""},
		{"fields alone", hub.Reply{Error: &hub.Refusal{Fields: map[string]string{"tag": "is none"}}}, "• tag: is none", "", ""},
		{"page", hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/x?a=1&b=2", Text: "Sign in"}}, "Sign in\nhttps://forum.example.com/x?a=1&b=2", "Sign in", ""},
		{"page without words", hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/"}}, "https://forum.example.com/", "Open", ""},
		{"page that Telegram takes for none", hub.Reply{Navigate: &hub.Navigate{URL: "http://localhost:8080/x", Text: "Sign in"}}, "Sign in\nhttp://localhost:8080/x", "", ""},
		{"mentions", hub.Say("@all, see /status"), "@\u2060all, see /\u2060status", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			room, anna := h.Group("Support", 45), h.Person("Anna", false)
			asked, _ := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/status", Topic: 45})
			receipt, err := h.client.Answer(t.Context(), given(room+"/45", anna, hub.MessageRef(asked)), c.reply)
			require.NoError(t, err)
			require.Empty(t, receipt.Note)
			require.Len(t, h.Sent(), 1)
			said := h.Sent()[0]
			require.Equal(t, string(receipt.Ref), said.Ref)
			require.Equal(t, room+"/45", said.Chat, "in the topic")
			require.Equal(t, asked, said.Root, "as a reply to the command")
			require.Equal(t, c.text, said.Text)
			require.Equal(t, c.below, labels(h.Buttons(said.Ref)))
			var sent struct{ Text string }
			require.NoError(t, json.Unmarshal(said.Raw, &sent))
			require.Contains(t, sent.Text, c.html)
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	h := newHall(t)
	_, err := h.client.Answer(t.Context(), given(chat, "5", ""), hub.Reply{Form: &hub.Form{Title: "x"}})
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "no dialogs")
	_, err = h.client.Answer(t.Context(), given(chat, "5", ""), hub.Reply{})
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	_, err = h.client.Answer(t.Context(), given("general", "5", ""), hub.Say("x"))
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	receipt, err := h.client.Answer(t.Context(), given(chat, "5", ""), hub.Say(""))
	require.NoError(t, err)
	require.Empty(t, receipt.Ref, "there is nothing to say")
	require.Empty(t, h.Sent())
}

func TestAnswersWhereNobodyElseIs(t *testing.T) {
	h := newHall(t)
	anna := h.Person("Anna", false)
	asked, _ := h.Speak(telegramtest.Words{Chat: anna, Person: anna, Text: "status"})
	_, err := h.client.Answer(t.Context(), given(anna, anna, hub.MessageRef(asked)), hub.Reply{OK: &hub.OK{Text: "Which?", Ask: true}})
	require.NoError(t, err)
	require.Empty(t, h.Sent()[0].Root, "what it answers is plain")
	require.False(t, h.ForcesReply(h.Sent()[0].Ref), "the bot hears everything here")
}

// In a group the bot hears an answer that replies to its question, and Telegram
// begins that reply: for the one who is asked.
func TestQuestionsInGroups(t *testing.T) {
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	asked, _ := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/watch"})
	c := given(room, anna, hub.MessageRef(asked))
	first, err := h.client.Answer(t.Context(), c, hub.Reply{OK: &hub.OK{Text: "Which?", Ask: true}})
	require.NoError(t, err)
	require.True(t, h.ForcesReply(string(first.Ref)))
	require.Equal(t, "Which?", h.Sent()[0].Text)

	buttons, err := h.client.Answer(t.Context(), c, hub.Reply{OK: &hub.OK{Text: "Which?", Ask: true, Actions: []hub.Action{{Label: "Cancel", Token: "c"}}}})
	require.NoError(t, err)
	require.Equal(t, "Cancel", labels(h.Buttons(string(buttons.Ref))), "Telegram takes one of the two")

	c.Context.Source.ID, c.Context.Post = hub.FromSelect, buttons.Ref
	pressed, err := h.client.Answer(t.Context(), c, hub.Reply{OK: &hub.OK{Text: "And which tag?", Ask: true}})
	require.NoError(t, err)
	require.True(t, h.ForcesReply(string(pressed.Ref)))
	said := h.Sent()[2]
	require.Equal(t, "Anna <&>: And which tag?", said.Text)
	require.Contains(t, string(said.Raw), `tg://user?id=`+anna)
}

func TestLongAnswers(t *testing.T) {
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	asked, _ := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/help"})
	var lines []string
	for i := range 1_600 {
		lines = append(lines, fmt.Sprintf("- row **%04d** of <many>", i))
	}
	text := strings.Join(lines, "\n")
	require.Greater(t, len(text), 35_000)
	receipt, err := h.client.Answer(t.Context(), given(room, anna, hub.MessageRef(asked)), hub.Reply{OK: &hub.OK{Text: text, Actions: []hub.Action{{Label: "More", Token: "m"}}}})
	require.NoError(t, err)
	sent := h.Sent()
	require.Greater(t, len(sent), 5)
	var all strings.Builder
	for i, s := range sent {
		require.LessOrEqual(t, providers.UTF16.Len(s.Text), 4096)
		require.Equal(t, i == len(sent)-1, len(h.Buttons(s.Ref)) > 0)
		require.Equal(t, i == 0, s.Root == asked)
		all.WriteString(s.Text + "\n")
	}
	require.Equal(t, string(receipt.Ref), sent[len(sent)-1].Ref)
	for i := range 1_600 {
		require.Contains(t, all.String(), fmt.Sprintf("row %04d of <many>", i))
	}

	h = newHall(t)
	_, err = h.client.Answer(t.Context(), given(chat, anna, ""), hub.Say("%s", strings.Repeat("word ", 40_000)))
	require.NoError(t, err)
	require.Len(t, h.Sent(), 13)
	require.Contains(t, h.Sent()[12].Text, "longer than Telegram shows")
}

func TestAnswersThatFail(t *testing.T) {
	h := newHall(t)
	long := strings.Repeat("word ", 2_000)
	h.Script(answer(429, "Too Many Requests: retry after 3", `{"retry_after":3}`))
	_, err := h.client.Answer(t.Context(), given(chat, "5", ""), hub.Say("%s", long))
	require.Equal(t, hub.FaultRateLimited, providers.FaultOf(err), "nobody has seen anything")
	h.Script(providertest.Step{Status: 200, Body: `{"ok":true,"result":{"message_id":77,"date":1,"chat":{"id":-1001234567890}}}`}, answer(502, "Bad Gateway", ""))
	receipt, err := h.client.Answer(t.Context(), given(chat, "5", ""), hub.Say("%s", long))
	require.NoError(t, err, "it would be told twice")
	require.Equal(t, hub.MessageRef("-1001234567890/77"), receipt.Ref)
	require.Contains(t, receipt.Note, "only 1 of 3 parts")
}

func TestAnswersWhoseMarkupIsRefused(t *testing.T) {
	h := newHall(t)
	h.Script(answer(400, "Bad Request: can't parse entities: x", ""))
	receipt, err := h.client.Answer(t.Context(), given(chat, "5", ""), hub.Say("**a** < `b` & [c](https://x.example)"))
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "plain text")
	require.Equal(t, "a < b & c", h.Sent()[0].Text)

	m := pressable()
	h.Script(answer(400, "Bad Request: inline keyboard button URL 'https://forum.example.com/t/1' is invalid: Wrong HTTP URL", ""))
	sent, err := h.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: m})
	require.NoError(t, err)
	require.Equal(t, "Mute topic | Snooze 2 h", labels(h.Buttons(string(sent.Ref))), "without the link that it refuses")
}

func TestTheMessageThatIsAnsweredIsGone(t *testing.T) {
	h := newHall(t)
	receipt, err := h.client.Answer(t.Context(), given(chat, "5", "-1001234567890/99"), hub.Say("x"))
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "not sent as a reply")
}
