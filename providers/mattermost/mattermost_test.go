package mattermost_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const token = "q7mattermosttestsecret9999"

func open(t *testing.T, url string) providers.Provider {
	t.Helper()
	kind := mattermost.Kind()
	config := kind.Config().(*mattermost.Config)
	config.Token, config.URL = secret.New(token), url+"/"
	require.Empty(t, config.Problems())
	p, err := kind.Open(config, providers.Env{
		System: "mattermost-acme", Log: slog.Default(), Callback: "https://bellhop.example.com/chat/mattermost-acme/",
	})
	require.NoError(t, err)
	return p
}

func uploading(t *testing.T, url, images string, pictures providers.Pictures) providers.Provider {
	t.Helper()
	config := mattermost.Default()
	config.Token, config.URL, config.Images = secret.New(token), url, images
	require.Empty(t, config.Problems())
	return mattermost.New(config, providers.Env{System: "mattermost-acme", Log: slog.Default(), Pictures: pictures})
}

func TestContract(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Rooms: func(_ *testing.T, p providertest.Platform) providertest.Rooms {
			server := p.(*mattermosttest.Server)
			server.Moderate(mattermosttest.TownSquare, true)
			return providertest.Rooms{
				Strange: mattermosttest.Elsewhere, Silent: mattermosttest.TownSquare, Archived: mattermosttest.Archived, Unknown: "nosuchchannelnosuchchannel",
			}
		},
		Open:      open,
		Uploading: uploading,
		Platform:  func(*testing.T) providertest.Platform { return mattermosttest.New(token) },
		Chat:      mattermosttest.Support,
		Secrets:   []string{token},
		Faults:    faults(),
		Pings:     mattermosttest.Pings,
		Read:      mattermosttest.Read,
		RefusedMarkup: []providertest.RefusalCase{
			{Name: "length", Step: said(400, "model.post.is_valid.message_length.app_error"), Said: "Words for people. (model.post.is_valid.message_length.app_error)"},
			{Name: "length, as older servers say", Step: said(400, "model.post.is_valid.msg.app_error"), Said: "Words for people."},
			{Name: "props", Step: said(400, "model.post.is_valid.props.app_error"), Said: "Words for people."},
			{Name: "attachments", Step: said(400, "api.post.attachment.app_error"), Said: "Words for people."},
			{Name: "too large", Step: said(413, "api.context.request_body_too_large.app_error"), Said: "Words for people."},
			{Name: "too large for a proxy", Step: providertest.Step{Status: 413}, Said: "Request Entity Too Large"},
		},
	})
}

func said(status int, id string) providertest.Step {
	return providertest.Step{
		Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: fmt.Sprintf(`{"id":%q,"message":"Words for people.","detailed_error":"","status_code":%d}`, id, status),
	}
}

func faults() []providertest.FaultCase {
	limited := func(name string, h http.Header, after time.Duration) providertest.FaultCase {
		step := providertest.Step{Status: 429, Header: h, Body: "limit exceeded"}
		return providertest.FaultCase{Name: "429 " + name, Step: step, Want: hub.FaultRateLimited, After: after}
	}
	return []providertest.FaultCase{
		{Name: "session expired", Step: said(401, "api.context.session_expired.app_error"), Want: hub.FaultUnauthorized},
		{Name: "not a member", Step: said(403, "api.context.permissions.app_error"), Want: hub.FaultChatGone},
		{Name: "403 of a proxy", Step: providertest.Step{Status: 403, Body: "<html>no</html>"}, Want: hub.FaultUnauthorized},
		{Name: "no such channel", Step: said(404, "app.channel.get.existing.app_error"), Want: hub.FaultChatGone},
		{Name: "archived", Step: said(400, "api.post.create_post.can_not_post_to_deleted.error"), Want: hub.FaultChatGone},
		{Name: "no api there", Step: said(404, "api.context.404.app_error"), Want: hub.FaultTemporary},
		{Name: "404 of a proxy", Step: providertest.Step{Status: 404, Body: "<html>no</html>"}, Want: hub.FaultTemporary},
		{Name: "bad thread", Step: said(400, "api.post.create_post.root_id.app_error"), Want: hub.FaultRejected},
		{Name: "the same post is being made", Step: said(500, "api.post.deduplicate_create_post.pending"), Want: hub.FaultTemporary},
		{Name: "not implemented", Step: said(501, "api.context.not_implemented.app_error"), Want: hub.FaultTemporary},
		{Name: "made nothing", Step: providertest.Step{Status: 201, Body: `{}`}, Want: hub.FaultTemporary},
		{Name: "redirect", Step: providertest.Step{
			Status: 301, Header: http.Header{"Location": {"https://elsewhere.example.com/"}},
		}, Want: hub.FaultTemporary},
		limited("with the seconds left", http.Header{"X-Ratelimit-Reset": {"3"}}, 3*time.Second),
		limited("with both", http.Header{"Retry-After": {"2"}, "X-Ratelimit-Reset": {"9"}}, 2*time.Second),
		limited("without a word", nil, 0),
		limited("absurd", http.Header{"X-Ratelimit-Reset": {"999999"}}, time.Hour),
	}
}

func start(t *testing.T) (*mattermosttest.Server, providers.Provider) {
	t.Helper()
	platform := mattermosttest.New(token)
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	return platform, open(t, server.URL)
}

func post(channel, text string) providers.Post {
	return providers.Post{Key: "n1", To: hub.Chat{System: "mattermost-acme", ID: channel}, Message: hub.Message{Text: text}}
}

// TestErrorsTellHowToMend holds that an operator who reads an error needs no
// manual of Mattermost's.
func TestErrorsTellHowToMend(t *testing.T) {
	for want, step := range map[string]providertest.Step{
		"posts: mattermost answered 401: Words for people. (api.context.session_expired.app_error): set token to a valid access token of an active bot account":    said(401, "api.context.session_expired.app_error"),
		"posts: mattermost answered 403: Words for people. (api.context.permissions.app_error): the bot may not post there: add it to the team and to the channel": said(403, "api.context.permissions.app_error"),
		"posts: mattermost, or a proxy before it, answered 301 Moved Permanently: set url to the address that people open":                                         {Status: 301, Body: "<html>moved</html>"},
		"posts: mattermost, or a proxy before it, answered 502 Bad Gateway":                                                                                        {Status: 502, Body: "<html>" + token},
	} {
		platform, p := start(t)
		platform.Script(step)
		_, err := p.Send(t.Context(), post(mattermosttest.Support, "hello"))
		require.EqualError(t, err, want)
	}
}

func TestSendToUnusableChannels(t *testing.T) {
	_, p := start(t)
	for _, channel := range []string{mattermosttest.Archived, mattermosttest.Elsewhere, ""} {
		_, err := p.Send(t.Context(), post(channel, "hello"))
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%v", err)
	}
}

func TestReceipt(t *testing.T) {
	platform, p := start(t)
	receipt, err := p.Send(t.Context(), post(mattermosttest.Support, "hello"))
	require.NoError(t, err)
	sent := platform.Sent()[0]
	require.Equal(t, sent.Ref, string(receipt.Ref))
	require.Regexp(t, "^http://127.0.0.1:[0-9]+/_redirect/pl/"+sent.Ref+"$", receipt.URL)
	require.Equal(t, time.Date(2026, 3, 14, 9, 26, 53, 1_000_000, time.UTC), receipt.At)
}

// TestSystemsOnOneServerDoNotShareKeys holds since the server's list of pending
// ids is one for all users.
func TestSystemsOnOneServerDoNotShareKeys(t *testing.T) {
	platform := mattermosttest.New(token)
	server := httptest.NewServer(platform)
	defer server.Close()
	for _, system := range []hub.System{"one", "two"} {
		p := mattermost.New(&mattermost.Config{URL: server.URL, Token: secret.New(token)}, providers.Env{System: system})
		_, err := p.Send(t.Context(), post(mattermosttest.Support, "hello"))
		require.NoError(t, err)
	}
	require.Len(t, platform.Sent(), 2)
}

func TestEmptyMessageIsRejected(t *testing.T) {
	platform, p := start(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{}}, {Card: &hub.Card{Compact: true}}} {
		_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: mattermosttest.Support}, Message: m})
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "%+v", m)
	}
	require.Empty(t, platform.Sent())
}

func TestCheckRefusesAWrongToken(t *testing.T) {
	server := httptest.NewServer(mattermosttest.New("another"))
	defer server.Close()
	err := open(t, server.URL).Check(t.Context())
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "set token")
}

func TestCheckRefusesAWrongURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>Welcome to nginx!</html>"))
	}))
	defer server.Close()
	require.ErrorContains(t, open(t, server.URL).Check(t.Context()), "does url lead to Mattermost?")
}

func TestChats(t *testing.T) {
	_, p := start(t)
	chats, err := p.(providers.ChatLister).Chats(t.Context(), "")
	require.NoError(t, err)
	chat := func(id, name, note string) providers.ChatInfo {
		return providers.ChatInfo{Chat: hub.Chat{System: "mattermost-acme", ID: id}, Name: name, Note: note}
	}
	require.Equal(t, []providers.ChatInfo{
		chat(mattermosttest.Staff, "Staff", "Acme, private"),
		chat(mattermosttest.Support, "Support", "Acme"),
		chat(mattermosttest.TownSquare, "Town Square", "Acme"),
	}, chats)
}

func TestConfigProblems(t *testing.T) {
	for name, c := range map[string]struct {
		config mattermost.Config
		keys   []string
	}{
		"nothing":       {mattermost.Config{}, []string{"token", "url"}},
		"no scheme":     {mattermost.Config{Token: secret.New(token), URL: "chat.example.com"}, []string{"url"}},
		"other scheme":  {mattermost.Config{Token: secret.New(token), URL: "ftp://chat.example.com"}, []string{"url"}},
		"secret in url": {mattermost.Config{Token: secret.New(token), URL: "https://u:p@chat.example.com"}, []string{"url"}},
		"api address":   {mattermost.Config{Token: secret.New(token), URL: "https://chat.example.com/api/v4"}, []string{"url"}},
		"line break":    {mattermost.Config{Token: secret.New(token + "\n"), URL: "https://chat.example.com"}, []string{"token"}},
		"short token":   {mattermost.Config{Token: secret.New(token), URL: "https://chat.example.com", CommandToken: secret.New("abc")}, []string{"command_token"}},
		"two, one bad":  {mattermost.Config{Token: secret.New(token), URL: "https://chat.example.com", OutgoingToken: secret.New(commandToken + " é" + outgoingToken)}, []string{"outgoing_token"}},
		"two tokens":    {mattermost.Config{Token: secret.New(token), URL: "https://chat.example.com", CommandToken: secret.New(commandToken + "\n" + outgoingToken)}, nil},
		"fine":          {mattermost.Config{Token: secret.New(token), URL: "https://example.com/chat/"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var keys []string
			for key, problem := range c.config.Problems() {
				keys = append(keys, key)
				require.NotContains(t, problem, token)
			}
			require.ElementsMatch(t, c.keys, keys)
		})
	}
}

func TestGolden(t *testing.T) {
	for name, m := range providertest.Messages() {
		t.Run(name, func(t *testing.T) {
			platform, p := start(t)
			_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: mattermosttest.Support}, Message: m})
			require.NoError(t, err)
			providertest.Golden(t, name+".json", pretty(t, platform.Sent()[0].Raw))
		})
	}
}

func pretty(t *testing.T, raw []byte) []byte {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(v))
	return out.Bytes()
}
