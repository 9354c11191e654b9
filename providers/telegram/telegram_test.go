package telegram_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

const (
	token = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcg"
	chat  = "-1001234567890"
)

func open(t *testing.T, apiURL string) providers.Provider {
	t.Helper()
	kind := telegram.Kind()
	cfg := kind.Config().(*telegram.Config)
	cfg.Token, cfg.APIURL = secret.New(token), apiURL
	require.Empty(t, cfg.Problems())
	p, err := kind.Open(cfg, providers.Env{System: "telegram-acme", HTTP: &http.Client{}, Log: slog.Default()})
	require.NoError(t, err)
	return p
}

func uploading(t *testing.T, apiURL, images string, pictures providers.Pictures) providers.Provider {
	t.Helper()
	cfg := telegram.Kind().Config().(*telegram.Config)
	cfg.Token, cfg.APIURL, cfg.Images = secret.New(token), apiURL, images
	require.Empty(t, cfg.Problems())
	return telegram.New(*cfg, providers.Env{System: "telegram-acme", Log: slog.Default(), Pictures: pictures})
}

// answer is an answer of the Bot API that is not ok.
func answer(status int, description, parameters string) providertest.Step {
	body := map[string]any{"ok": false, "error_code": status, "description": description}
	if parameters != "" {
		body["parameters"] = json.RawMessage(parameters)
	}
	b, _ := json.Marshal(body)
	return providertest.Step{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(b)}
}

func TestContract(t *testing.T) {
	proxied := providertest.Step{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: "slow down"}
	providertest.Run(t, providertest.Case{
		Uploading:  uploading,
		PhotoPosts: true,
		Rooms: func(_ *testing.T, p providertest.Platform) providertest.Rooms {
			platform := p.(*telegramtest.Platform)
			r := providertest.Rooms{
				Strange: "-1001111111111", Silent: "-1002222222222", Archived: "-333333333", Unknown: "-1004444444444", Limited: "-1005555555555",
				Limit: func(p hub.Preflight) hub.Finding { return p.Delete },
			}
			platform.Kick(r.Strange)
			platform.Restrict(r.Silent)
			platform.Upgrade(r.Archived, -1003333333333)
			platform.Lose(r.Unknown)
			return r
		},
		Open:     open,
		Platform: func(*testing.T) providertest.Platform { return telegramtest.New(token) },
		Chat:     chat,
		Secrets:  []string{token},
		Pings:    telegramtest.Live,
		Faults: []providertest.FaultCase{
			{Name: "token revoked", Step: answer(401, "Unauthorized", ""), Want: hub.FaultUnauthorized},
			{Name: "token never was", Step: answer(404, "Not Found", ""), Want: hub.FaultUnauthorized},
			{Name: "kicked", Step: answer(403, "Forbidden: bot was kicked from the group chat", ""), Want: hub.FaultChatGone},
			{Name: "blocked", Step: answer(403, "Forbidden: bot was blocked by the user", ""), Want: hub.FaultChatGone},
			{Name: "no such chat", Step: answer(400, "Bad Request: chat not found", ""), Want: hub.FaultChatGone},
			{Name: "may not post", Step: answer(400, "Bad Request: not enough rights to send text messages to the chat", ""), Want: hub.FaultChatGone},
			{Name: "topic gone", Step: answer(400, "Bad Request: message thread not found", ""), Want: hub.FaultChatGone},
			{Name: "supergroup", Step: answer(400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1009876543210}`), Want: hub.FaultChatGone},
			{Name: "any other 400", Step: answer(400, "Bad Request: message text is empty", ""), Want: hub.FaultRejected},
			{Name: "too large", Step: answer(413, "Request Entity Too Large", ""), Want: hub.FaultRejected},
			{Name: "flood", Step: answer(429, "Too Many Requests: retry after 14", `{"retry_after":14}`), Want: hub.FaultRateLimited, After: 14 * time.Second},
			{Name: "absurd flood", Step: answer(429, "Too Many Requests: retry after 99999999", `{"retry_after":99999999}`), Want: hub.FaultRateLimited, After: time.Hour},
			{Name: "flood at a proxy", Step: proxied, Want: hub.FaultRateLimited, After: 7 * time.Second},
			{Name: "broken inside", Step: answer(502, "Bad Gateway", ""), Want: hub.FaultTemporary},
			{Name: "not ok for no reason", Step: providertest.Step{Status: 200, Body: `{"ok":false}`}, Want: hub.FaultTemporary},
			{Name: "no message in it", Step: providertest.Step{Status: 200, Body: `{"ok":true,"result":{}}`}, Want: hub.FaultTemporary, SendOnly: true},
		},
		Read: telegramtest.Read,
		RefusedMarkup: []providertest.RefusalCase{
			{Name: "entities", Step: answer(400, "Bad Request: can't parse entities: Unclosed start tag at byte offset 3", ""), Said: "Bad Request: can't parse entities"},
			{Name: "too many", Step: answer(400, "Bad Request: ENTITIES_TOO_LONG", ""), Said: "Bad Request: ENTITIES_TOO_LONG"},
			{Name: "bounds", Step: answer(400, "Bad Request: ENTITY_BOUNDS_INVALID", ""), Said: "Bad Request: ENTITY_BOUNDS_INVALID"},
		},
		RefusedImages: []providertest.RefusalCase{
			{Name: "no page", Step: answer(400, "Bad Request: WEBPAGE_MEDIA_EMPTY", ""), Said: "Bad Request: WEBPAGE_MEDIA_EMPTY"},
			{Name: "address", Step: answer(400, "Bad Request: WEBPAGE_URL_INVALID", ""), Said: "Bad Request: WEBPAGE_URL_INVALID"},
			{Name: "type", Step: answer(400, "Bad Request: wrong type of the web page content", ""), Said: "Bad Request: wrong type of the web page content"},
			{Name: "not found", Step: answer(400, "Bad Request: failed to get HTTP URL content", ""), Said: "Bad Request: failed to get HTTP URL content"},
		},
		EditFaults: []providertest.FaultCase{
			{Name: "gone", Step: answer(400, "Bad Request: message to edit not found", ""), Want: hub.FaultRejected},
			{Name: "not ours", Step: answer(400, "Bad Request: message can't be edited", ""), Want: hub.FaultRejected},
			{Name: "no message in it", Step: providertest.Step{Status: 200, Body: `{"ok":true,"result":{}}`}, Want: hub.FaultTemporary},
		},
		RetractFaults: []providertest.FaultCase{
			{Name: "too old", Step: answer(400, "Bad Request: message can't be deleted for everyone", ""), Want: hub.FaultRejected},
			{Name: "not done", Step: providertest.Step{Status: 200, Body: `{"ok":true,"result":false}`}, Want: hub.FaultTemporary},
		},
	})
}

// scene is a provider and its look-alike.
type scene struct {
	providers.Provider
	*telegramtest.Platform
}

func newScene(t *testing.T) scene {
	platform := telegramtest.New(token)
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	return scene{open(t, server.URL), platform}
}

func (s scene) say(t *testing.T, to, text string, root hub.MessageRef) (hub.Receipt, error) {
	t.Helper()
	return s.Send(t.Context(), providers.Post{
		Key: "n1", To: hub.Chat{System: "telegram-acme", ID: to}, Message: hub.Message{Text: text}, Root: root,
	})
}

func TestReceipt(t *testing.T) {
	for _, c := range []struct {
		name, chat string
		ref        hub.MessageRef
		url        string
	}{
		{"supergroup", "-1001234567890", "-1001234567890/1", "https://t.me/c/1234567890/1"},
		{"public", "@bellhop_news", "", "https://t.me/bellhop_news/1"},
		{"topic", "-1001234567890/45", "-1001234567890/1", "https://t.me/c/1234567890/1"},
		{"group", "-4321", "-4321/1", ""},
		{"person", "4321", "4321/1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			receipt, err := s.say(t, c.chat, "hello", "")
			require.NoError(t, err)
			if c.ref != "" {
				require.Equal(t, c.ref, receipt.Ref)
			}
			require.Equal(t, c.url, receipt.URL)
			require.WithinDuration(t, time.Now(), receipt.At, time.Minute)
			require.Empty(t, receipt.Note)
			require.Equal(t, c.chat, s.Sent()[0].Chat)
		})
	}
}

func TestChatThatIsNone(t *testing.T) {
	s := newScene(t)
	for _, id := range []string{"", "general", "0", "@", "@a b", "-100123/", "-100123/x", "-100123/0", "-100123/-4", "12 34"} {
		_, err := s.say(t, id, "hello", "")
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%q", id)
	}
	require.Empty(t, s.Sent())
}

func TestKicked(t *testing.T) {
	s := newScene(t)
	s.Kick(chat)
	_, err := s.say(t, chat, "hello", "")
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	require.ErrorContains(t, err, "add the bot")
}

func TestReplyToAMessageThatIsGone(t *testing.T) {
	s := newScene(t)
	receipt, err := s.say(t, chat, "hello", "-1001234567890/99")
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "not sent as a reply")
	require.Len(t, s.Sent(), 1)
}

func TestRefThatIsNotOurs(t *testing.T) {
	for _, ref := range []hub.MessageRef{"$event", "1700000000.123", "/", "-1001/-4"} {
		s := newScene(t)
		receipt, err := s.say(t, chat, "hello", ref)
		require.NoError(t, err, "%q", ref)
		require.Empty(t, receipt.Note)
		require.Empty(t, s.Sent()[0].Root)
	}
}

func TestNothingToSay(t *testing.T) {
	s := newScene(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{}}, {Text: "```\n```"}} {
		_, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: m})
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	}
}

func TestMarkupRefused(t *testing.T) {
	refused := answer(400, "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 3", "")

	t.Run("is sent again as plain text", func(t *testing.T) {
		s := newScene(t)
		s.Script(refused)
		receipt, err := s.say(t, chat, "**bold** [link](https://medium.com/@name) @all `@all` /stop", "")
		require.NoError(t, err)
		require.Contains(t, receipt.Note, "sent as plain text: Bad Request: can't parse entities")
		require.Len(t, s.Sent(), 1)
		require.Equal(t, "bold link (https://medium.com/%40name) @\u2060all @\u2060all /\u2060stop", s.Sent()[0].Text)
		require.Empty(t, telegramtest.Live(s.Sent()[0]))
	})
	t.Run("once", func(t *testing.T) {
		s := newScene(t)
		s.Script(refused, answer(429, "Too Many Requests", `{"retry_after":3}`))
		_, err := s.say(t, chat, "**bold**", "")
		require.Equal(t, hub.FaultRateLimited, providers.FaultOf(err))
		require.Equal(t, 3*time.Second, providers.AfterOf(err))
		require.Empty(t, s.Sent())
	})
	t.Run("messages without markup are within the limit and ping nobody", func(t *testing.T) {
		for name, m := range providertest.Messages() {
			s := newScene(t)
			s.Script(refused)
			_, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: m})
			require.NoError(t, err, name)
			require.Empty(t, telegramtest.Live(s.Sent()[0]), name)
		}
	})
}

func TestSupergroupNamesItsNewID(t *testing.T) {
	s := newScene(t)
	s.Script(answer(400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1009876543210}`))
	_, err := s.say(t, "-4321", "hello", "")
	require.ErrorContains(t, err, "-1009876543210")
}

func TestCheckNamesTheKey(t *testing.T) {
	server := httptest.NewServer(telegramtest.New("1:another"))
	defer server.Close()
	err := open(t, server.URL).Check(t.Context())
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "mend token")
}

func TestAPIURL(t *testing.T) {
	platform := telegramtest.New(token)
	server := httptest.NewServer(http.StripPrefix("/100%/api", platform))
	defer server.Close()
	base, err := url.JoinPath(server.URL, "/100%25/api/")
	require.NoError(t, err)
	require.NoError(t, open(t, base).Check(t.Context()))
}

func TestProblems(t *testing.T) {
	good := func() *telegram.Config {
		c := telegram.Kind().Config().(*telegram.Config)
		c.Token = secret.New(token)
		return c
	}
	require.Empty(t, good().Problems())
	for _, c := range []struct {
		key   string
		spoil func(*telegram.Config)
	}{
		{"token", func(c *telegram.Config) { c.Token = secret.Value{} }},
		{"token", func(c *telegram.Config) { c.Token = secret.New("bot" + token) }},
		{"token", func(c *telegram.Config) { c.Token = secret.New("4839574812") }},
		{"token", func(c *telegram.Config) { c.Token = secret.New(token + "\n") }},
		{"api_url", func(c *telegram.Config) { c.APIURL = "" }},
		{"api_url", func(c *telegram.Config) { c.APIURL = "api.telegram.org" }},
		{"api_url", func(c *telegram.Config) { c.APIURL = "ftp://api.telegram.org" }},
	} {
		cfg := good()
		c.spoil(cfg)
		problems := cfg.Problems()
		require.Len(t, problems, 1, "%s: %v", c.key, problems)
		require.Contains(t, problems, c.key)
	}
}

func TestWebhookSecretProblems(t *testing.T) {
	for said, good := range map[string]bool{
		"": true, hookSecret: true, strings.Repeat("x", 256): true,
		"short": false, strings.Repeat("x", 257): false, "with a space and more": false, "0123456789012345\n": false,
	} {
		c := telegram.Kind().Config().(*telegram.Config)
		c.Token, c.WebhookSecret = secret.New(token), secret.New(said)
		problems := c.Problems()
		require.Equal(t, good, len(problems) == 0, "%q", said)
		if !good {
			require.Contains(t, problems, "webhook_secret")
			require.NotContains(t, problems["webhook_secret"], said)
		}
	}
}
