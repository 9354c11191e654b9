package listen_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/providers"
)

// scout is a provider that knows chats, two of which can be asked about in a
// quarter of an hour.
type scout struct{ *parrot }

func (s scout) Describe() providers.Description {
	d := s.parrot.Describe()
	d.Limits.Inspect = []providers.Rate{{Calls: 4, Per: time.Hour, Burst: 2}}
	return d
}

func (scout) Chats(_ context.Context, query string) ([]providers.ChatInfo, error) {
	return []providers.ChatInfo{{Chat: hub.Chat{System: "parrot", ID: "C1"}, Name: "#" + query}}, nil
}

func (scout) Inspect(_ context.Context, chat hub.Chat) (hub.Preflight, error) {
	if chat.ID == "gone" {
		return hub.Preflight{}, &providers.Error{Fault: hub.FaultUnauthorized, Op: "look", Err: errors.New("the token is refused")}
	}
	return hub.NotIn(chat, "not there", "invite it"), nil
}

func TestChatsAreAskedAbout(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := scout{newParrot()}
	start(t, b, p)
	wait(t, p.listening)
	ask := func(what string, question, answer any) {
		t.Helper()
		body, err := json.Marshal(question)
		require.NoError(t, err)
		said, err := b.AskSystem(t.Context(), "parrot", what, body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(said, answer))
	}
	var listed listen.Listed
	ask(hub.AskChats, hub.ChatQuery{Text: "general"}, &listed)
	require.NoError(t, listed.Err())
	require.Equal(t, "#general", listed.Chats[0].Name)

	var got hub.Inspected
	ask(hub.AskInspect, hub.Chat{System: "another", ID: "C1"}, &got)
	require.Equal(t, hub.Chat{System: "parrot", ID: "C1"}, got.Preflight.Chat, "a worker looks at its own system alone")
	require.Equal(t, hub.PreflightBlocked, got.Preflight.State)
	require.WithinDuration(t, time.Now(), got.Preflight.At, time.Minute)
	got = hub.Inspected{}
	ask(hub.AskInspect, hub.Chat{ID: "gone"}, &got)
	require.Equal(t, hub.FaultUnauthorized, got.Fault)
	require.Contains(t, got.Message, "the token is refused")

	// The platform's pace holds, whoever asks.
	got = hub.Inspected{}
	ask(hub.AskInspect, hub.Chat{ID: "C2"}, &got)
	require.Equal(t, hub.FaultRateLimited, got.Fault)
	require.Greater(t, got.AfterMS, time.Minute.Milliseconds())
}
