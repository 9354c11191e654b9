package matrix_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const (
	token  = "syt_YmVsbGhvcA_MTIzNDU2Nzg5MGFiY2Rl_2Fzx"
	userID = "@bellhop:example.org"
	room   = "!general:example.org"
	alias  = "#general:example.org"
)

func config(url string) *matrix.Config {
	cfg := matrix.Kind().Config().(*matrix.Config)
	cfg.HomeserverURL, cfg.Token, cfg.UserID = url, secret.New(token), userID
	return cfg
}

func open(t *testing.T, url string) providers.Provider {
	t.Helper()
	return openWith(t, url, &http.Client{})
}

func uploading(t *testing.T, url, images string, pictures providers.Pictures) providers.Provider {
	t.Helper()
	cfg := config(url)
	cfg.Images = images
	require.Empty(t, cfg.Problems())
	p, err := matrix.Kind().Open(cfg, providers.Env{System: "matrix-acme", HTTP: &http.Client{}, Log: slog.Default(), Pictures: pictures})
	require.NoError(t, err)
	return p
}

func openWith(t *testing.T, url string, client *http.Client) providers.Provider {
	t.Helper()
	cfg := config(url)
	cfg.Images = providers.ImagesLink
	require.Empty(t, cfg.Problems())
	p, err := matrix.Kind().Open(cfg, providers.Env{System: "matrix-acme", HTTP: client, Log: slog.Default()})
	require.NoError(t, err)
	return p
}

// answer is an answer of a homeserver that is an error.
func answer(status int, code, more string) providertest.Step {
	return providertest.Step{
		Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: fmt.Sprintf(`{"errcode":%q,"error":"because"%s}`, code, more),
	}
}

func TestContract(t *testing.T) {
	limited := answer(429, "M_LIMIT_EXCEEDED", `,"retry_after_ms":99000`)
	limited.Header.Set("Retry-After", "3")
	proxied := providertest.Step{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: "slow down"}
	providertest.Run(t, providertest.Case{
		Rooms: func(_ *testing.T, p providertest.Platform) providertest.Rooms {
			server := p.(*matrixtest.Platform)
			server.AddRoom(matrixtest.Room{ID: "!left:example.org", Name: "Left"})
			server.Kick("!left:example.org")
			server.AddRoom(matrixtest.Room{ID: "!news:example.org", Name: "News"})
			server.Hush("!news:example.org", true)
			server.AddRoom(matrixtest.Room{ID: "!old:example.org", Name: "Old", Replaced: "!new:example.org"})
			server.AddRoom(matrixtest.Room{ID: "!secret:example.org", Name: "Secret", Encrypted: true})
			server.AddRoom(matrixtest.Room{ID: "!tidy:example.org", Name: "Tidy"})
			server.SetState("!tidy:example.org", "@founder:example.org", "m.room.power_levels", "", map[string]any{"events": map[string]int{"m.room.redaction": 50}})
			return providertest.Rooms{
				Strange: "!left:example.org", Silent: "!news:example.org", Archived: "!old:example.org", Encrypted: "!secret:example.org",
				Unknown: "!nowhere:example.org", Limited: "!tidy:example.org", Limit: func(p hub.Preflight) hub.Finding { return p.Delete },
			}
		},
		Open:     open,
		Platform: func(*testing.T) providertest.Platform { return matrixtest.New(token, userID) },
		Chat:     room,
		Secrets:  []string{token},
		Pings:    matrixtest.Pings,
		Faults: []providertest.FaultCase{
			{Name: "token revoked", Step: answer(401, "M_UNKNOWN_TOKEN", ""), Want: hub.FaultUnauthorized},
			{Name: "session expired", Step: answer(401, "M_UNKNOWN_TOKEN", `,"soft_logout":true`), Want: hub.FaultUnauthorized},
			{Name: "token lost on the way", Step: answer(401, "M_MISSING_TOKEN", ""), Want: hub.FaultUnauthorized},
			{Name: "deactivated", Step: answer(403, "M_USER_DEACTIVATED", ""), Want: hub.FaultUnauthorized},
			{Name: "suspended", Step: answer(403, "M_USER_SUSPENDED", ""), Want: hub.FaultUnauthorized},
			{Name: "not in the room", Step: answer(403, "M_FORBIDDEN", ""), Want: hub.FaultChatGone},
			{Name: "no such room", Step: answer(404, "M_NOT_FOUND", ""), Want: hub.FaultChatGone},
			{Name: "too large", Step: answer(413, "M_TOO_LARGE", ""), Want: hub.FaultRejected},
			{Name: "too large for a proxy", Step: providertest.Step{Status: 413, Body: "<html>"}, Want: hub.FaultRejected},
			{Name: "bad", Step: answer(400, "M_BAD_JSON", ""), Want: hub.FaultRejected},
			{Name: "bad in a new way", Step: answer(400, "ORG.EXAMPLE_NEW", ""), Want: hub.FaultRejected},
			{Name: "limited", Step: answer(429, "M_LIMIT_EXCEEDED", `,"retry_after_ms":2500`), Want: hub.FaultRateLimited, After: 2500 * time.Millisecond},
			{Name: "limited, both ways", Step: limited, Want: hub.FaultRateLimited, After: 3 * time.Second},
			{Name: "limited, who knows", Step: answer(429, "M_LIMIT_EXCEEDED", ""), Want: hub.FaultRateLimited},
			{Name: "limited at a proxy", Step: proxied, Want: hub.FaultRateLimited, After: 7 * time.Second},
			{Name: "full", Step: answer(403, "M_RESOURCE_LIMIT_EXCEEDED", ""), Want: hub.FaultTemporary},
			{Name: "broken inside", Step: answer(500, "M_UNKNOWN", ""), Want: hub.FaultTemporary},
			{Name: "not a homeserver", Step: answer(404, "M_UNRECOGNIZED", ""), Want: hub.FaultTemporary},
			{Name: "no event in it", Step: providertest.Step{Status: 200, Body: `{}`}, Want: hub.FaultTemporary},
		},
		RetractFaults: []providertest.FaultCase{
			{Name: "not allowed", Step: answer(403, "M_FORBIDDEN", ""), Want: hub.FaultRejected},
		},
		BlindEdits: true,
		Uploading:  uploading,
		Read:       matrixtest.Read,
		RefusedMarkup: []providertest.RefusalCase{
			{Name: "bad", Step: answer(400, "M_BAD_JSON", ""), Said: "M_BAD_JSON"},
			{Name: "too large", Step: answer(413, "M_TOO_LARGE", ""), Said: "M_TOO_LARGE"},
			{Name: "too large for a proxy", Step: providertest.Step{Status: 413, Body: "<html>"}, Said: "Request Entity Too Large"},
		},
	})
}

// scene is a provider and its look-alike, with a log of requests.
type scene struct {
	providers.Provider
	*matrixtest.Platform
	asked chan string
}

func newScene(t *testing.T) scene {
	s := scene{Platform: matrixtest.New(token, userID), asked: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked <- r.Method + " " + r.URL.Path
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.Provider = open(t, server.URL)
	return s
}

func (s scene) say(t *testing.T, to, text string, root hub.MessageRef) (hub.Receipt, error) {
	t.Helper()
	return s.Send(t.Context(), providers.Post{
		Key: "n" + hub.Digest(text), To: hub.Chat{System: "matrix-acme", ID: to}, Message: hub.Message{Text: text}, Root: root,
	})
}

// requests empties the log.
func (s scene) requests() []string {
	var all []string
	for {
		select {
		case r := <-s.asked:
			all = append(all, r)
		default:
			return all
		}
	}
}

func TestReceipt(t *testing.T) {
	for _, to := range []string{room, alias} {
		s := newScene(t)
		receipt, err := s.say(t, to, "hello", "")
		require.NoError(t, err)
		require.Equal(t, hub.MessageRef("$event1"), receipt.Ref)
		require.Equal(t, "https://matrix.to/#/%21general:example.org/$event1?via=example.org", receipt.URL)
		require.WithinDuration(t, time.Now(), receipt.At, time.Minute)
		require.Equal(t, room, s.Sent()[0].Chat)
	}
}

func TestThread(t *testing.T) {
	s := newScene(t)
	root, err := s.say(t, alias, "root", "")
	require.NoError(t, err)
	_, err = s.say(t, room, "reply", root.Ref)
	require.NoError(t, err)
	var raw struct {
		Relates json.RawMessage `json:"m.relates_to"`
	}
	require.NoError(t, json.Unmarshal(s.Sent()[1].Raw, &raw))
	require.JSONEq(t, `{"rel_type":"m.thread","event_id":"$event1","is_falling_back":true,"m.in_reply_to":{"event_id":"$event1"}}`, string(raw.Relates))
}

func TestRefThatIsNotOurs(t *testing.T) {
	s := newScene(t)
	_, err := s.say(t, room, "hello", "-1001/45")
	require.NoError(t, err)
	require.NotContains(t, string(s.Sent()[0].Raw), "m.relates_to")
}

func TestAsksOncePerRoom(t *testing.T) {
	s := newScene(t)
	for _, text := range []string{"one", "two"} {
		_, err := s.say(t, alias, text, "")
		require.NoError(t, err)
	}
	require.Len(t, s.requests(), 4, "alias, encryption, two messages")
}

// A room can come to be encrypted while we are in it.
func TestAsksAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := matrixtest.New(token, userID)
		p := openWith(t, "http://matrix.example", &http.Client{Transport: direct{platform}})
		post := providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "hello"}}
		_, err := p.Send(t.Context(), post)
		require.NoError(t, err)

		platform.AddRoom(matrixtest.Room{ID: room, Encrypted: true})
		time.Sleep(11 * time.Minute) // of the bubble's clock
		_, err = p.Send(t.Context(), post)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	})
}

// direct answers requests without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil { // as clients send nothing
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestEncryptedRoom(t *testing.T) {
	s := newScene(t)
	s.AddRoom(matrixtest.Room{ID: "!secret:example.org", Name: "Secret", Encrypted: true})
	for range 2 {
		_, err := s.say(t, "!secret:example.org", "hello", "")
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
		require.ErrorContains(t, err, "encrypted")
	}
	require.Empty(t, s.Sent())
	require.Len(t, s.requests(), 1, "once encrypted, always encrypted")
}

func TestRoomThatIsNone(t *testing.T) {
	s := newScene(t)
	for _, id := range []string{"", "general", "!", "#general", "@alice:example.org"} {
		_, err := s.say(t, id, "hello", "")
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%q", id)
	}
	require.Empty(t, s.requests())
	for _, id := range []string{"!other:example.org", "#other:example.org"} {
		_, err := s.say(t, id, "hello", "")
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%q", id)
	}
}

func TestKicked(t *testing.T) {
	s := newScene(t)
	_, err := s.say(t, room, "before", "")
	require.NoError(t, err)
	s.Kick(room)
	_, err = s.say(t, room, "after", "")
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	require.ErrorContains(t, err, "invite the bot")
}

func TestAliasThatMoved(t *testing.T) {
	s := newScene(t)
	_, err := s.say(t, alias, "before", "")
	require.NoError(t, err)
	s.Kick(room)
	s.AddRoom(matrixtest.Room{ID: "!next:example.org", Alias: alias})
	_, err = s.say(t, alias, "lost", "")
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	_, err = s.say(t, alias, "after", "")
	require.NoError(t, err)
	require.Equal(t, "!next:example.org", s.Sent()[1].Chat)
}

func TestNothingToSay(t *testing.T) {
	s := newScene(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{}}} {
		_, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: m})
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	}
}

func TestCheckComparesTheUser(t *testing.T) {
	server := httptest.NewServer(matrixtest.New(token, "@other:example.org"))
	defer server.Close()
	err := open(t, server.URL).Check(t.Context())
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "@other:example.org")
	require.ErrorContains(t, err, "user_id")
}

func TestSoftLogoutIsTold(t *testing.T) {
	s := newScene(t)
	s.Script(answer(401, "M_UNKNOWN_TOKEN", `,"soft_logout":true`))
	_, err := s.say(t, room, "hello", "")
	require.ErrorContains(t, err, "session has expired")
}

func TestMsgType(t *testing.T) {
	for _, kind := range []string{"m.notice", "m.text"} {
		platform := matrixtest.New(token, userID)
		server := httptest.NewServer(platform)
		cfg := config(server.URL + "/")
		cfg.MsgType = kind
		p, err := matrix.Kind().Open(cfg, providers.Env{System: "matrix"})
		require.NoError(t, err)
		_, err = p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "x"}})
		require.NoError(t, err)
		require.Contains(t, string(platform.Sent()[0].Raw), `"msgtype":"`+kind+`"`)
		server.Close()
	}
}

func TestChats(t *testing.T) {
	s := newScene(t)
	for _, r := range []matrixtest.Room{
		{ID: "!a:example.org", Name: "Support", Encrypted: true},
		{ID: "!b:example.org", Alias: "#supporters:example.org"},
		{ID: "!c:example.org", Members: []string{"@alice:example.org", "@bob:example.org"}},
		{ID: "!d:example.org"},
		{ID: "!e:example.org", Name: "Support space", Space: true},
		{ID: "!f:example.org", Name: "Support of old", Replaced: "!a:example.org"},
		{ID: "!g:example.org", Name: "Left"},
	} {
		s.AddRoom(r)
	}
	s.Kick("!g:example.org")
	lister, ok := providers.As[providers.ChatLister](s.Provider)
	require.True(t, ok)

	all, err := lister.Chats(t.Context(), "")
	require.NoError(t, err)
	names := map[string]string{}
	for _, c := range all {
		require.Equal(t, hub.System("matrix-acme"), c.System)
		names[c.ID] = c.Name
	}
	require.Equal(t, map[string]string{
		room: "General", "!a:example.org": "Support", "!b:example.org": "#supporters:example.org",
		"!c:example.org": "@alice:example.org, @bob:example.org", "!d:example.org": "!d:example.org",
	}, names)

	some, err := lister.Chats(t.Context(), "support")
	require.NoError(t, err)
	require.Len(t, some, 2)
	require.Equal(t, "!a:example.org", some[0].ID)
	require.Contains(t, some[0].Note, "encrypted")
	require.Empty(t, some[1].Note)
}

func TestProblems(t *testing.T) {
	const url = "https://matrix.example.org"
	good := config(url)
	good.AutoJoin = []string{"@anna:example.org", ":example.org", ":matrix.example.org:8448"}
	require.Empty(t, good.Problems())
	for _, c := range []struct {
		key   string
		spoil func(*matrix.Config)
	}{
		{"homeserver_url", func(c *matrix.Config) { c.HomeserverURL = "" }},
		{"homeserver_url", func(c *matrix.Config) { c.HomeserverURL = "matrix.example.org" }},
		{"token", func(c *matrix.Config) { c.Token = secret.Value{} }},
		{"user_id", func(c *matrix.Config) { c.UserID = "bellhop" }},
		{"user_id", func(c *matrix.Config) { c.UserID = "@bellhop" }},
		{"msgtype", func(c *matrix.Config) { c.MsgType = "m.emote" }},
		{"auto_join", func(c *matrix.Config) { c.AutoJoin = []string{"@anna:example.org", "example.org"} }},
		{"auto_join", func(c *matrix.Config) { c.AutoJoin = []string{"*"} }},
		{"auto_join", func(c *matrix.Config) { c.AutoJoin = []string{"@anna"} }},
		{"auto_join", func(c *matrix.Config) { c.AutoJoin = []string{":"} }},
	} {
		cfg := config(url)
		c.spoil(cfg)
		problems := cfg.Problems()
		require.Len(t, problems, 1, "%s: %v", c.key, problems)
		require.Contains(t, problems, c.key)
	}
}

// TestAliasThatMovedQuietly is about an alias that comes to lead elsewhere while
// the old room still takes messages, as after an upgrade where the bot is a
// moderator.
func TestAliasThatMovedQuietly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := matrixtest.New(token, userID)
		p := openWith(t, "http://matrix.example", &http.Client{Transport: direct{platform}})
		post := providers.Post{Key: "n1", To: hub.Chat{ID: alias}, Message: hub.Message{Text: "hello"}}
		_, err := p.Send(t.Context(), post)
		require.NoError(t, err)
		platform.AddRoom(matrixtest.Room{ID: room, Replaced: "!next:example.org"})
		platform.AddRoom(matrixtest.Room{ID: "!next:example.org", Alias: alias})
		<-time.After(24 * time.Hour) // of the bubble's clock
		post.Key = "n2"
		_, err = p.Send(t.Context(), post)
		require.NoError(t, err)
		require.Equal(t, "!next:example.org", platform.Sent()[1].Chat)
	})
}
