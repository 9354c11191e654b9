package slack_test

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
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const token = "xoxb-17-test-secret"

func open(t *testing.T, url string) providers.Provider {
	t.Helper()
	kind := slack.Kind()
	config := kind.Config().(*slack.Config)
	config.Token = secret.New(token)
	config.APIURL = url + "/api"
	require.Empty(t, config.Problems())
	p, err := kind.Open(config, providers.Env{System: "slack-acme", Log: slog.Default()})
	require.NoError(t, err)
	return p
}

func uploading(t *testing.T, url, images string, pictures providers.Pictures) providers.Provider {
	t.Helper()
	config := slack.Kind().Config().(*slack.Config)
	config.Token, config.APIURL, config.Images = secret.New(token), url+"/api", images
	require.Empty(t, config.Problems())
	return slack.New(config, providers.Env{System: "slack-acme", Log: slog.Default(), Pictures: pictures})
}

// openListening is open with all that it takes to listen.
func openListening(t *testing.T, url string) providers.Provider {
	t.Helper()
	config := &slack.Config{
		Token: secret.New(token), SigningSecret: secret.New(signingSecret), AppToken: secret.New(appToken), APIURL: url + "/api",
	}
	require.Empty(t, config.Problems())
	return slack.New(config, providers.Env{System: "slack-acme", Log: slog.Default()})
}

func TestContract(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Rooms: func(_ *testing.T, p providertest.Platform) providertest.Rooms {
			p.(*slacktest.Workspace).Put(slacktest.Channel{ID: "C0NEWSROOM", Name: "news", IsMember: true, IsReadOnly: true})
			return providertest.Rooms{Strange: slacktest.Random, Silent: "C0NEWSROOM", Archived: slacktest.Archived, Unknown: "C0NOSUCHCH"}
		},
		Open:      openListening,
		Uploading: uploading,
		Platform: func(*testing.T) providertest.Platform {
			workspace := slacktest.New(token)
			workspace.Install(slacktest.App{AppToken: appToken})
			return workspace
		},
		Chat:    slacktest.Support,
		Secrets: []string{token, signingSecret, appToken},
		Faults:  faults(),
		Pings:   slacktest.Pings,
		Read:    slacktest.Read,
		RefusedMarkup: []providertest.RefusalCase{
			{Name: "blocks", Step: said("invalid_blocks"), Said: "invalid_blocks"},
			{Name: "blocks in detail", Step: detailed("must be less than 3001 characters [json-pointer:/blocks/0]"), Said: "invalid_blocks (must be less"},
			{Name: "format", Step: said("invalid_blocks_format"), Said: "invalid_blocks_format"},
			{Name: "attachments", Step: said("invalid_attachments"), Said: "invalid_attachments"},
			{Name: "too long", Step: said("msg_too_long"), Said: "msg_too_long"},
			{Name: "too long blocks", Step: said("msg_blocks_too_long"), Said: "msg_blocks_too_long"},
		},
		RefusedImages: []providertest.RefusalCase{
			{Name: "not found", Step: detailed("[ERROR] downloading image failed [json-pointer:/blocks/3/image_url]"), Said: "invalid_blocks ([ERROR] downloading image failed"},
			{Name: "address", Step: said("invalid_image_url"), Said: "invalid_image_url"},
		},
	})
}

// detailed is a refusal that says what of the blocks is wrong.
func detailed(why string) providertest.Step {
	step := said("invalid_blocks")
	step.Body = fmt.Sprintf(`{"ok":false,"error":"invalid_blocks","errors":[%[1]q],"response_metadata":{"messages":[%[1]q]}}`, why)
	return step
}

func said(code string) providertest.Step {
	return providertest.Step{
		Status: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: fmt.Sprintf(`{"ok":false,"error":%q}`, code),
	}
}

func faults() []providertest.FaultCase {
	var all []providertest.FaultCase
	for fault, codes := range map[hub.Fault][]string{
		hub.FaultChatGone: {"channel_not_found", "is_archived", "not_in_channel", "restricted_action"},
		hub.FaultUnauthorized: {
			"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope", "ekm_access_denied",
		},
		hub.FaultRejected:    {"no_text", "invalid_arguments"},
		hub.FaultRateLimited: {"ratelimited", "rate_limited", "message_limit_exceeded"},
		hub.FaultTemporary:   {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "never_heard_of"},
	} {
		for _, code := range codes {
			all = append(all, providertest.FaultCase{Name: code, Step: said(code), Want: fault})
		}
	}
	limited := func(name, retryAfter string, after time.Duration) providertest.FaultCase {
		step := providertest.Step{Status: 429, Header: http.Header{}}
		if retryAfter != "" {
			step.Header.Set("Retry-After", retryAfter)
		}
		return providertest.FaultCase{Name: "429 " + name, Step: step, Want: hub.FaultRateLimited, After: after}
	}
	return append(all,
		limited("with seconds", "30", 30*time.Second),
		limited("with a date gone by", "Sat, 14 Mar 2020 08:00:00 GMT", 0),
		limited("without a word", "", 0),
		limited("absurd", "864000", time.Hour),
		providertest.FaultCase{Name: "ok but no ts", Step: providertest.Step{Status: 200, Body: `{"ok":true}`}, Want: hub.FaultTemporary},
		providertest.FaultCase{Name: "not ok and no word why", Step: providertest.Step{Status: 200, Body: `{"ok":false}`}, Want: hub.FaultTemporary},
		providertest.FaultCase{Name: "413", Step: providertest.Step{Status: 413}, Want: hub.FaultRejected},
		providertest.FaultCase{Name: "403 of a proxy", Step: providertest.Step{Status: 403}, Want: hub.FaultUnauthorized},
		providertest.FaultCase{Name: "redirect", Step: providertest.Step{
			Status: 307, Header: http.Header{"Location": {"https://elsewhere.example.com/"}},
		}, Want: hub.FaultTemporary},
	)
}

// TestErrorsTellHowToMend holds that an operator who reads an error needs no
// manual of Slack's.
func TestErrorsTellHowToMend(t *testing.T) {
	for body, want := range map[string]string{
		`{"ok":false,"error":"not_in_channel"}`:                                                 "chat.postMessage: slack said not_in_channel: the app is not in the channel: invite it there",
		`{"ok":false,"error":"token_revoked"}`:                                                  "chat.postMessage: slack said token_revoked: set token to the app's current Bot User OAuth Token",
		`{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"channels:read"}`: "chat.postMessage: slack said missing_scope: give the Slack app the scope and install it again (needed: chat:write)",
		`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["must be less than 3001 characters [json-pointer:/blocks/0]"]}}`: "chat.postMessage: slack said invalid_blocks (must be less than 3001 characters [json-pointer:/blocks/0])",
	} {
		workspace, p := start(t)
		step := providertest.Step{Status: 200, Body: body}
		workspace.Script(step, step) // of the markup, and of the words
		_, err := p.Send(t.Context(), post(slacktest.Support, "hello"))
		require.EqualError(t, err, want)
	}
}

func start(t *testing.T) (*slacktest.Workspace, providers.Provider) {
	t.Helper()
	workspace := slacktest.New(token)
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	return workspace, open(t, server.URL)
}

func post(channel, text string) providers.Post {
	return providers.Post{Key: "n1", To: hub.Chat{System: "slack-acme", ID: channel}, Message: hub.Message{Text: text}}
}

func TestSendToUnusableChannels(t *testing.T) {
	_, p := start(t)
	for _, channel := range []string{slacktest.Archived, slacktest.Random, "C0NOWHERE1"} {
		_, err := p.Send(t.Context(), post(channel, "hello"))
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%v", err)
	}
}

func TestSendByName(t *testing.T) {
	_, p := start(t)
	receipt, err := p.Send(t.Context(), post("#general", "hello"))
	require.NoError(t, err)
	require.Equal(t, hub.MessageRef(slacktest.General+"/1773480413.001000"), receipt.Ref, "the ref names the channel's id, which a rename keeps")
	require.Equal(t, time.Unix(1773480413, 1_000_000).UTC(), receipt.At)
}

func TestReceiptLinksToTheMessageOnceTheTeamIsKnown(t *testing.T) {
	_, p := start(t)
	require.NoError(t, p.Check(t.Context()))
	receipt, err := p.Send(t.Context(), post(slacktest.General, "hello"))
	require.NoError(t, err)
	require.Equal(t, "https://acme.slack.com/archives/"+slacktest.General+"/p1773480413001000", receipt.URL)
}

func TestReplyToADeletedRootIsNoted(t *testing.T) {
	workspace, p := start(t)
	root, err := p.Send(t.Context(), post(slacktest.General, "root"))
	require.NoError(t, err)
	reply := post(slacktest.General, "reply")
	reply.Root = root.Ref
	within, err := p.Send(t.Context(), reply)
	require.NoError(t, err)
	require.Empty(t, within.Note)
	require.True(t, workspace.Retract(string(root.Ref)))
	astray, err := p.Send(t.Context(), reply)
	require.NoError(t, err)
	require.Equal(t, "posted outside of its thread, whose first message is gone", astray.Note)
}

func TestEmptyMessageIsRejected(t *testing.T) {
	workspace, p := start(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{}}, {Card: &hub.Card{Compact: true}}} {
		_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: slacktest.General}, Message: m})
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "%+v", m)
	}
	require.Empty(t, workspace.Sent())
}

func TestCheck(t *testing.T) {
	workspace, p := start(t)
	workspace.Grant("channels:read,chat:write.public")
	err := p.Check(t.Context())
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "chat:write")

	server := httptest.NewServer(slacktest.New("xoxb-another"))
	defer server.Close()
	err = open(t, server.URL).Check(t.Context())
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "set token")
}

func TestChats(t *testing.T) {
	_, p := start(t)
	chats, err := p.(providers.ChatLister).Chats(t.Context(), "")
	require.NoError(t, err)
	chat := func(id, name, note string) providers.ChatInfo {
		return providers.ChatInfo{Chat: hub.Chat{System: "slack-acme", ID: id}, Name: name, Note: note}
	}
	require.Equal(t, []providers.ChatInfo{
		chat(slacktest.General, "#general", ""),
		chat(slacktest.Random, "#random", "not a member"),
		chat(slacktest.Staff, "#staff", "private"),
		chat(slacktest.Support, "#support", ""),
	}, chats)
}

func TestConfigProblems(t *testing.T) {
	for name, c := range map[string]struct {
		config slack.Config
		keys   []string
	}{
		"nothing":           {slack.Config{}, []string{"token", "api_url"}},
		"user's token":      {slack.Config{Token: secret.New("xoxp-1"), APIURL: "https://slack.com/api/"}, []string{"token"}},
		"line break":        {slack.Config{Token: secret.New("xoxb-1\n"), APIURL: "https://slack.com/api/"}, []string{"token"}},
		"app's token":       {slack.Config{Token: secret.New("xapp-1"), APIURL: "https://slack.com/api/"}, []string{"token"}},
		"no scheme":         {slack.Config{Token: secret.New(token), APIURL: "slack.com/api"}, []string{"api_url"}},
		"secret in url":     {slack.Config{Token: secret.New(token), APIURL: "https://u:p@slack.com/api"}, []string{"api_url"}},
		"a token as secret": {slack.Config{Token: secret.New(token), SigningSecret: secret.New("xoxb-17-test-secret"), APIURL: "https://slack.com/api/"}, []string{"signing_secret"}},
		"short secret":      {slack.Config{Token: secret.New(token), SigningSecret: secret.New("abc"), APIURL: "https://slack.com/api/"}, []string{"signing_secret"}},
		"bot's token":       {slack.Config{Token: secret.New(token), AppToken: secret.New(token), APIURL: "https://slack.com/api/"}, []string{"app_token"}},
		"listening":         {slack.Config{Token: secret.New(token), AppToken: secret.New(appToken), SigningSecret: secret.New(signingSecret), APIURL: "https://slack.com/api/"}, nil},
		"fine":              {slack.Config{Token: secret.New(token), APIURL: "https://slack.com/api/"}, nil},
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
			workspace, p := start(t)
			_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: slacktest.Support}, Message: m})
			require.NoError(t, err)
			providertest.Golden(t, name+".json", pretty(t, workspace.Sent()[0].Raw))
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
