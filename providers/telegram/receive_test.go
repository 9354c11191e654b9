package telegram_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram"
)

// calling is a call as Telegram makes it.
func calling(proof, body string) *providers.Request {
	r := &providers.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	if proof != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", proof)
	}
	return r
}

const update = `{"update_id":1,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup"},"from":{"id":5,"first_name":"Eve"},"text":"/discourse status","entities":[{"type":"bot_command","offset":0,"length":10}]}}`

func TestCallsThatAreNotTelegrams(t *testing.T) {
	h := newHall(t, byHook)
	twice := calling(hookSecret, update)
	twice.Header.Add("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	get := calling(hookSecret, update)
	get.Method = http.MethodGet
	for _, c := range []struct {
		name, path string
		call       *providers.Request
		status     int
	}{
		{"without a secret", "update", calling("", update), 401},
		{"another secret", "update", calling("a-secret-of-the-webhook_0123456788", update), 401},
		{"a longer one", "update", calling(hookSecret+"x", update), 401},
		{"a shorter one", "update", calling(hookSecret[1:], update), 401},
		{"two", "update", twice, 401},
		{"another path without a secret", "commands", calling("", update), 401},
		{"another path", "commands", calling(hookSecret, update), 404},
		{"no path", "", calling(hookSecret, update), 404},
		{"a look", "update", get, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := h.client.Receive(t.Context(), c.path, c.call, h.ear)
			require.Equal(t, c.status, answer.Status)
			require.NotContains(t, string(answer.Body), hookSecret)
			require.Zero(t, h.ear.Told())
		})
	}
	poll := newHall(t)
	require.Equal(t, 401, poll.client.Receive(t.Context(), "update", calling("", update), poll.ear).Status, "nobody calls who was not asked to")
}

func TestCallsThatAreRepeated(t *testing.T) {
	h := newHall(t, byHook)
	for range 3 {
		require.Equal(t, 200, h.client.Receive(t.Context(), "update", calling(hookSecret, update), h.ear).Status)
	}
	require.Len(t, h.ear.Events(), 1)
	h.ear.Deafen(true)
	answer := h.client.Receive(t.Context(), "update", calling(hookSecret, `{"update_id":2,"message":{"message_id":8,"chat":{"id":5,"type":"private"},"text":"x"}}`), h.ear)
	require.Equal(t, 503, answer.Status, "Telegram is to call again")
}

// What Telegram signs and nobody understands is a signal. An error would have it
// called for a day.
func TestCallsThatNobodyUnderstands(t *testing.T) {
	for _, body := range []string{
		"", "{", "[]", "null", `"x"`, `{}`, `{"update_id":"x"}`, `{"update_id":3,"message":7}`, `{"update_id":3,"message":{"chat":"x"}}`,
		`{"update_id":3,"poll":{"id":"1"}}`, `{"update_id":3,"message":{"message_id":1,"chat":{"id":1,"type":"private"},"dice":{"value":6}}}`,
		`{"update_id":3,"callback_query":{"id":"1","from":{"id":"x"}}}`,
	} {
		h := newHall(t, byHook)
		require.Equal(t, 200, h.client.Receive(t.Context(), "update", calling(hookSecret, body), h.ear).Status, body)
		require.Len(t, h.ear.Events(), 1, body)
		require.Equal(t, hub.HubSignalUnsupported, h.ear.Events()[0].Type, body)
	}
}

func TestTelegramIsAwayWhileItCalls(t *testing.T) {
	h := newHall(t, byHook)
	closed := h.another(t, byHook, func(c *telegram.Config) { c.APIURL = "http://127.0.0.1:1" })
	require.Equal(t, 503, closed.Receive(t.Context(), "update", calling(hookSecret, update), h.ear).Status)
	require.Zero(t, h.ear.Told(), "who we are is not known")
	require.NotContains(t, h.log.String(), token)
}

func FuzzUpdate(f *testing.F) {
	f.Add(update)
	f.Add(`{"update_id":9,"callback_query":{"id":"4","from":{"id":5},"data":"bAAAAAAAAtoken:x","message":{"message_id":1,"chat":{"id":1,"type":"group"},"reply_markup":{"inline_keyboard":[[{"text":"x","callback_data":"y"}]]}}}}`)
	f.Add(`{"update_id":9,"message":{"text":"😀@bellhop_bot x","entities":[{"type":"mention","offset":2,"length":12},{"type":"bot_command","offset":-1,"length":99999}],"chat":{"type":"group"}}}`)
	f.Add(`{"update_id":9,"message_reaction":{"new_reaction":[{"type":"emoji","emoji":"x"},{"type":"paid"}],"old_reaction":[{}]}}`)
	f.Add(`{"update_id":9,"chat_member":{"old_chat_member":{"status":"left"},"new_chat_member":{"status":"restricted","is_member":true}}}`)
	f.Add(`{"update_id":9,"message":{"migrate_to_chat_id":-5,"reply_to_message":{"reply_to_message":{}},"photo":[{}]}}`)
	f.Add(`{"a":{"b":{"c":{"d":[1,"x",null,true]}}}}`)
	h := newHall(f, byHook)
	f.Fuzz(func(t *testing.T, body string) {
		ear := providertest.NewEar()
		require.Equal(t, 200, h.client.Receive(t.Context(), "update", calling(hookSecret, body), ear).Status)
		if len(ear.Events()) == 0 {
			require.Contains(t, strings.ToLower(body), "callback_query", "all else is heard, if only as a signal")
		}
		require.Empty(t, ear.Commands(), "nobody but us can make what a button gives back")
		for _, e := range ear.Events() {
			e.Source = "telegram-acme"
			require.NoError(t, e.Validate())
			require.True(t, json.Valid(e.Data))
		}
	})
}
