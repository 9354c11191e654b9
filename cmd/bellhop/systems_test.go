package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestSystems(t *testing.T) {
	h := newFakeHub(t)
	since := time.Date(2026, 3, 14, 9, 26, 53, 0, time.Local)
	list := map[string]any{"items": []hub.SystemStatus{
		{System: "slack", Kind: "slack", State: "ok", PausedChats: []hub.PausedChat{
			{Chat: "C1", Reason: "we are not in the channel: /invite the bot", Since: since, NextAt: since.Add(5 * time.Minute)},
		}},
		{System: "matrix", Kind: "matrix", State: "paused", Reason: "the platform does not answer: 502"},
	}}
	h.answers("GET /api/v1/systems", "application/json", asJSON(t, list))
	got := h.run("", "systems")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, `SYSTEM  CHAT  STATE   SINCE                NEXT TRY             REASON
slack         ok                                                -
slack   C1    paused  2026-03-14 09:26:53  2026-03-14 09:31:53  we are not in the channel: /invite the bot
matrix        paused                                            the platform does not answer: 502
`, got.stdout)
	require.JSONEq(t, asJSON(t, list), h.run("", "systems", "--json").stdout)
}

func TestResume(t *testing.T) {
	h := newFakeHub(t)
	h.answers("POST /api/v1/systems/slack/resume", "", "")
	for _, args := range [][]string{{"resume", "slack"}, {"resume", "slack", "C1 & more"}} {
		got := h.run("", args...)
		require.Zero(t, got.code, got.stderr)
		require.Equal(t, "Its worker tries it now.\n", got.stdout)
	}
	require.Contains(t, h.lines()[1], "chat=C1+%26+more")
	require.Contains(t, h.run("", "resume").stderr, "<system>")
}

func TestSystemsPreflight(t *testing.T) {
	h := newFakeHub(t)
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	chat := hub.Chat{System: "slack", ID: "C1"}
	blocked := hub.NotIn(chat, "the app is not in the channel", "In that channel type /invite @bellhop")
	blocked.Name, blocked.At = "#docs", at
	h.answers("POST /api/v1/systems/slack/preflight", "application/json", asJSON(t, hub.Check{System: "slack", Total: 2, StartedAt: at, At: at}))
	h.answers("GET /api/v1/systems/slack/preflight", "application/json", asJSON(t, hub.Check{System: "slack", Total: 2, Done: 2, Blocked: 1, StartedAt: at, At: at, EndedAt: at}))
	h.answers("GET /api/v1/systems/slack/rooms", "application/json", asJSON(t, map[string]any{"items": []hub.Room{
		{Chat: chat, Name: "#docs", Rows: 1, Preflight: &blocked}, {Chat: hub.Chat{System: "slack", ID: "C2"}, Rows: 3},
	}}))
	got := h.run("", "systems", "preflight", "slack")
	require.NotZero(t, got.code)
	require.Equal(t, `CHAT  NAME   STATE    IN       POST     THREAD   EDIT     DELETE   WHAT TO DO
C1    #docs  blocked  no       unknown  unknown  unknown  unknown  In that channel type /invite @bellhop
C2    -      unknown  unknown  unknown  unknown  unknown  unknown  -
`, got.stdout)
	require.Contains(t, got.stderr, "in 1 chat nothing may be posted")
}
