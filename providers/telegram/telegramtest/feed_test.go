package telegramtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// call calls a method and is the description of its refusal, or its result.
func call(t *testing.T, server, method string, form url.Values) (result json.RawMessage, refused string) {
	t.Helper()
	res, err := http.PostForm(server+"/bot1:a/"+method, form)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var answer struct {
		OK          bool
		Description string
		Result      json.RawMessage
	}
	require.NoError(t, json.Unmarshal(b, &answer))
	return answer.Result, answer.Description
}

func TestMarkupThatTelegramRefuses(t *testing.T) {
	server := httptest.NewServer(telegramtest.New("1:a"))
	defer server.Close()
	button := func(more string) string { return `{"inline_keyboard":[[{"text":"x",` + more + `}]]}` }
	row := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"text":"x","callback_data":"y"},`, n), ",") + "]"
	}
	rows := func(n int) string { return strings.TrimSuffix(strings.Repeat(row(1)+",", n), ",") }
	for markup, why := range map[string]string{
		button(`"callback_data":"` + strings.Repeat("x", 64) + `"`): "",
		button(`"url":"https://x.example/"`):                        "",
		`{"force_reply":true,"selective":true}`:                     "",
		`{"inline_keyboard":[` + row(8) + `]}`:                      "",
		`{"inline_keyboard":[` + rows(100) + `]}`:                   "",
		button(`"callback_data":"` + strings.Repeat("x", 65) + `"`): "BUTTON_DATA_INVALID",
		button(`"callback_data":""`):                                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
		button(`"callback_data":"x","url":"https://x.example/"`):    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
		button(`"url":"http://localhost:8080/"`):                    "inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
		button(`"callback_data":"x","style":"pink"`):                "can't parse inline keyboard button: invalid button style specified",
		`{"inline_keyboard":[[{"text":" ","callback_data":"x"}]]}`:  `can't parse inline keyboard button: field "text" must be non-empty`,
		`{"inline_keyboard":[` + row(9) + `]}`:                      "reply markup is too long",
		`{"inline_keyboard":[` + rows(101) + `]}`:                   "reply markup is too long",
		`{"inline_keyboard":[[]],"force_reply":true}`:               "can't parse reply markup: it is both a keyboard and a forced reply",
		`{}`: "object expected as reply markup",
		`[]`: "object expected as reply markup",
		`{"inline_keyboard":[[{"text":"` + strings.Repeat("x", 11_000) + `","callback_data":"x"}]]}`: "reply markup is too long",
		`{"force_reply":true,"input_field_placeholder":"` + strings.Repeat("x", 65) + `"}`:           "input field placeholder is too long",
	} {
		_, refused := call(t, server.URL, "sendMessage", url.Values{"chat_id": {"-100"}, "text": {"x"}, "reply_markup": {markup}})
		require.Equal(t, why, strings.TrimPrefix(refused, "Bad Request: "), markup)
	}
}

func TestCallsThatTelegramRefuses(t *testing.T) {
	p := telegramtest.New("1:a")
	server := httptest.NewServer(p)
	defer server.Close()
	anna := p.Person("Anna", false)
	for _, c := range []struct {
		method string
		form   url.Values
		why    string
	}{
		{"setMyCommands", url.Values{"commands": {`[{"command":"watch","description":"x"}]`}}, ""},
		{"setMyCommands", url.Values{"commands": {`[{"command":"Watch","description":"x"}]`}}, "BOT_COMMAND_INVALID"},
		{"setMyCommands", url.Values{"commands": {`[{"command":"who-am-i","description":"x"}]`}}, "BOT_COMMAND_INVALID"},
		{"setMyCommands", url.Values{"commands": {`[{"command":"watch","description":""}]`}}, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"setMyCommands", url.Values{"commands": {"[" + strings.TrimSuffix(strings.Repeat(`{"command":"a","description":"x"},`, 101), ",") + "]"}}, "BOT_COMMANDS_TOO_MUCH"},
		{"setMyCommands", url.Values{"commands": {"x"}}, "can't parse commands list JSON object"},
		{"getChatMember", url.Values{"chat_id": {"-100"}, "user_id": {anna}}, ""},
		{"getChatMember", url.Values{"chat_id": {"-100"}, "user_id": {"2"}}, "PARTICIPANT_ID_INVALID"},
		{"getChatMember", url.Values{"chat_id": {"x"}, "user_id": {anna}}, "chat not found"},
		{"answerCallbackQuery", url.Values{"callback_query_id": {"1"}}, "query is too old and response timeout expired or query ID is invalid"},
		{"setWebhook", url.Values{"url": {"http://x.example/"}}, "bad webhook: An HTTPS URL must be provided for webhook"},
		{"setWebhook", url.Values{"url": {"https://x.example:8080/"}}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"},
		{"setWebhook", url.Values{"url": {"https://x.example/"}, "secret_token": {"a b"}}, "secret token contains unallowed characters"},
		{"editMessageReplyMarkup", url.Values{"chat_id": {"-100"}, "message_id": {"7"}}, "message to edit not found"},
		{"sendMessage", url.Values{"chat_id": {p.Group("Support", 45)}, "message_thread_id": {"46"}, "text": {"x"}}, "message thread not found"},
	} {
		_, refused := call(t, server.URL, c.method, c.form)
		require.Equal(t, c.why, strings.TrimPrefix(refused, "Bad Request: "), "%s %v", c.method, c.form)
	}
}

func TestUpdatesAreToldUntilTheyAreConfirmed(t *testing.T) {
	p := telegramtest.New("1:a")
	server := httptest.NewServer(p)
	defer server.Close()
	room, anna := p.Group("Support"), p.Person("Anna", false)
	require.Zero(t, p.React(room, anna, room+"/1", "👍"), "nobody has asked for reactions")
	_, first := p.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
	_, second := p.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/two"})
	_, unseen := p.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "three"})
	require.Zero(t, unseen, "privacy mode")
	told := func(form url.Values) string {
		result, refused := call(t, server.URL, "getUpdates", form)
		require.Empty(t, refused)
		return string(result)
	}
	for range 2 {
		all := told(url.Values{"allowed_updates": {`["message","message_reaction"]`}})
		require.Contains(t, all, "/one")
		require.Contains(t, all, "/two")
	}
	require.NotContains(t, told(url.Values{"limit": {"1"}}), "/two")
	require.NotContains(t, told(url.Values{"offset": {fmt.Sprint(second)}}), "/one")
	require.True(t, p.Settled(first))
	require.False(t, p.Settled(second))
	require.Equal(t, "[]", told(url.Values{"offset": {fmt.Sprint(second + 1)}}))
	require.NotZero(t, p.React(room, anna, room+"/1", "👍"))
}

func TestOneAsksAtATime(t *testing.T) {
	p := telegramtest.New("1:a")
	server := httptest.NewServer(p)
	defer server.Close()
	ended := make(chan string)
	go func() {
		_, refused := call(t, server.URL, "getUpdates", url.Values{"timeout": {"20"}})
		ended <- refused
	}()
	require.Eventually(t, p.Waiting, 20*time.Second, time.Millisecond)
	_, refused := call(t, server.URL, "getUpdates", nil)
	require.Empty(t, refused)
	require.Contains(t, <-ended, "terminated by other getUpdates request")
	p.Hook("https://x.example/")
	_, refused = call(t, server.URL, "getUpdates", nil)
	require.Contains(t, refused, "while webhook is active")
}

func TestTheWebhookIsCalledUntilItAnswers(t *testing.T) {
	p := telegramtest.New("1:a")
	server := httptest.NewServer(p)
	defer server.Close()
	calls := make(chan *http.Request, 10)
	answers := make(chan int, 10)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- r
		w.WriteHeader(<-answers)
	}))
	defer back.Close()
	p.CallToServer(back.URL)
	_, refused := call(t, server.URL, "setWebhook", url.Values{"url": {"https://x.example/chat/telegram/update"}, "secret_token": {"hush"}})
	require.Empty(t, refused)
	answers <- 503
	answers <- 200
	_, update := p.Speak(telegramtest.Words{Chat: p.Group("Support"), Person: p.Person("Anna", false), Text: "/one"})
	for range 2 {
		r := <-calls
		require.Equal(t, "/chat/telegram/update", r.URL.Path)
		require.Equal(t, "hush", r.Header.Get("X-Telegram-Bot-Api-Secret-Token"))
	}
	require.Eventually(t, func() bool { return p.Settled(update) }, 20*time.Second, time.Millisecond)
	info, _ := call(t, server.URL, "getWebhookInfo", nil)
	require.Contains(t, string(info), "503 Service Unavailable")
}
