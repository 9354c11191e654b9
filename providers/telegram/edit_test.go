package telegram_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/telegram"
)

func (s scene) editor(t *testing.T) providers.Editor {
	t.Helper()
	e, ok := providers.As[providers.Editor](s.Provider)
	require.True(t, ok)
	return e
}

func gone() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind: "New topic · deleted", Title: "Printer <does> not start", URL: "https://forum.example.com/t/301", Struck: true,
		Author: &hub.Person{Username: "alice"}, Text: "it must not be shown",
	}}
}

func TestWhatIsGoneIsStruckThrough(t *testing.T) {
	s := newScene(t)
	receipt, err := s.say(t, chat, "hello", "")
	require.NoError(t, err)
	p := providers.Post{Key: "n2", To: hub.Chat{System: "telegram-acme", ID: chat}, Message: gone()}
	edited, err := s.editor(t).Edit(t.Context(), p, receipt.Ref)
	require.NoError(t, err)
	require.Equal(t, receipt.Ref, edited.Ref)
	require.False(t, edited.At.IsZero())
	again, err := s.editor(t).Edit(t.Context(), p, receipt.Ref)
	require.NoError(t, err, "Telegram says that it is not modified")
	require.Equal(t, receipt.Ref, again.Ref)
	require.Contains(t, string(s.Sent()[0].Raw), `<b>New topic · deleted: <s><a href=\"https://forum.example.com/t/301\">Printer &lt;does&gt; not start</a></s></b>\nalice`)
	require.Equal(t, "New topic · deleted: Printer <does> not start\nalice", s.Sent()[0].Text)
}

func TestChangesThatTelegramRefuses(t *testing.T) {
	s := newScene(t)
	receipt, err := s.say(t, chat, "hello", "")
	require.NoError(t, err)
	at := hub.Chat{System: "telegram-acme", ID: chat}
	theirs := hub.MessageRef(s.Say(chat))
	post := providers.Post{Key: "n2", To: at, Message: hub.Message{Text: "changed"}}
	for _, ref := range []hub.MessageRef{theirs, "-1001234567890/99", "", "x", "-100/x", "-100/-1", "x/1"} {
		_, err := s.editor(t).Edit(t.Context(), post, ref)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), ref)
	}
	require.Equal(t, hub.FaultRejected, providers.FaultOf(s.editor(t).Retract(t.Context(), at, theirs)))
	s.Age()
	err = s.editor(t).Retract(t.Context(), at, receipt.Ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "48 hours")
	require.False(t, s.Sent()[0].Gone)
	s.Kick(chat)
	_, err = s.editor(t).Edit(t.Context(), post, receipt.Ref)
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
}

func TestPreview(t *testing.T) {
	r := telegram.Kind().Preview(gone())
	require.Equal(t, "telegram", r.Kind)
	require.Equal(t, "<b>New topic · deleted: <s><a href=\"https://forum.example.com/t/301\">Printer &lt;does&gt; not start</a></s></b>\nalice", r.Markup)
	require.Contains(t, r.Plain, "~Printer <does> not start~")
}

func TestPreviewShowsTheButtons(t *testing.T) {
	r := telegram.Kind().Preview(hub.Message{Text: "**x**", Actions: []hub.Action{{Label: "Mute <topic>", Token: "m"}, {Label: "Forum", URL: "https://x.example/"}}})
	require.Equal(t, "<b>x</b>\n\n[Mute &lt;topic&gt;] [Forum]", r.Markup)
	require.Equal(t, "x\n\n[Mute <topic>] [Forum]", r.Plain)
}
