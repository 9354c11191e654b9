package admin_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// commands answers what it is given.
type commands struct {
	reply hub.Reply
	err   error
	got   []hub.Command
}

func (c *commands) Run(_ context.Context, given *hub.Command) (hub.Reply, error) {
	c.got = append(c.got, *given)
	return c.reply, c.err
}

func (c *commands) Complete(_ context.Context, given *hub.Command) ([]hub.Completion, error) {
	c.got = append(c.got, *given)
	return []hub.Completion{{Insert: "watch ", Label: "watch", Note: "Tell it here.", Start: len("discourse ")}}, c.err
}

func TestRunACommand(t *testing.T) {
	w := newWorld()
	const path = "/api/v1/commands"
	w.commands.reply = hub.Say("Done.").With(hub.OutcomeCreated)
	w.call(t, "POST", path, `{"line":" /discourse watch support","system":"slack","chat":"C1"}`, "Idempotency-Key", "k").
		is(http.StatusOK, `{"ok":{"text":"Done."},"data":{"outcome":"created"}}`)
	got := w.commands.got[0]
	require.Equal(t, "discourse watch support", got.Command.Raw)
	require.Equal(t, hub.CommandContext{
		Source: hub.CommandSource{ID: hub.FromAPI}, System: "slack", Channel: hub.Channel{ID: "C1"}, User: hub.User{ID: "admin", Name: "admin"}, Role: hub.Administrator,
	}, got.Context)
	w.call(t, "POST", path, `{"line":"discourse watch support","system":"slack","chat":"C1"}`, "Idempotency-Key", "k")
	require.Equal(t, got.Command.ID, w.commands.got[1].Command.ID)
	w.call(t, "POST", path, `{"line":"discourse watch support","system":"slack","chat":"C1"}`)
	require.NotEqual(t, got.Command.ID, w.commands.got[2].Command.ID)

	w.commands.reply = hub.Reply{Form: &hub.Form{Title: "Watch", Token: "t", Fields: []hub.Field{{
		Name: "category", Label: "Category", Type: hub.FieldSelect, Required: true, Dynamic: true, Place: 1, Options: []hub.Option{{Label: "Support", Value: "7"}},
	}}}}
	w.call(t, "POST", path, `{"app":"discourse","function":"watch","system":"slack","chat":"C1"}`).is(http.StatusOK, `{"form":{"title":"Watch","token":"t","fields":[
		{"name":"category","label":"Category","type":"select","required":true,"dynamic":true,"place":1,"options":[{"label":"Support","value":"7"}]}]},"data":{"outcome":"form"}}`)
	w.commands.reply = hub.Reply{Error: &hub.Refusal{Text: "No.", Fields: map[string]string{"category": "is none"}}}
	w.call(t, "POST", path, `{"token":"t","kind":"submit","values":{"category":["x"]},"system":"slack","chat":"C1"}`).
		is(http.StatusOK, `{"error":{"text":"No.","fields":{"category":"is none"}},"data":{"outcome":"error"}}`)
	last := w.commands.got[len(w.commands.got)-1]
	require.Equal(t, "t", last.Security.Token)
	require.Equal(t, hub.Values{"category": {"x"}}, last.Command.Encoded)

	for body, field := range map[string]string{
		`{"system":"slack","chat":"C1"}`:                                   "line",
		`{"line":"x","system":"irc","chat":"C1"}`:                          "system",
		`{"line":"x","system":"slack"}`:                                    "chat",
		`{"line":"x","system":"slack","chat":"C1","kind":"shout"}`:         "kind",
		`{"line":"x","system":"slack","chat":"C1","function":"watch"}`:     "function",
		`{"line":"x","system":"slack","chat":"C1","user":"somebody else"}`: "user",
	} {
		w.call(t, "POST", path, body).refused(http.StatusUnprocessableEntity, field, "")
	}
	w.commands.err = hub.Errorf(hub.CodeUnavailable, "the bus is away")
	w.call(t, "POST", path, `{"line":"x","system":"slack","chat":"C1"}`).refused(http.StatusServiceUnavailable)
}

func TestComplete(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/autocomplete?q=/discourse+wa&chat=slack:C1", "").
		is(http.StatusOK, `{"items":[{"insert":"watch ","label":"watch","note":"Tell it here.","start":11}]}`)
	got := w.commands.got[0]
	require.Equal(t, "discourse wa", got.Command.Raw)
	require.Equal(t, hub.Chat{System: "slack", ID: "C1"}, got.Context.Chat())
}
