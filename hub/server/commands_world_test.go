package server_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/console/consoletest"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// Secrets of the look-alikes.
const (
	slackToken      = "xoxb-0000-test-secret"
	slackAppToken   = "xapp-1-A0BELLHOP1-17-test"
	signingSecret   = "8f742231b10e8888abcd99yyyzzz85a5"
	telegramToken   = "123456:ABC-DEF_test"
	webhookSecret   = "webhook_secret_of_telegram"
	mattermostToken = "bot-token-of-mattermost-test"
	commandToken    = "command-token-of-mattermost-test"
	outgoingToken   = "outgoing-token-of-mattermost"
	matrixToken     = "syt_test_secret"
	matrixUser      = "@bellhop:example.org"
	forumKey        = "api-key-of-the-forum-0123456789"
	forumSecret     = "webhook-secret-of-the-forum"
)

// place is a chat system with people on it.
type place struct {
	providertest.Stage
	system   hub.System
	settings string // its section of the configuration
	prefix   string // before a line that is typed
	whispers bool   // only the asker sees the answer
	dialogs  bool
	ranks    bool              // it has people of every level
	people   map[string]string // ids by name
}

// town is Bellhop, running, with a forum and people on every platform.
type town struct {
	*running
	t        *testing.T
	dir      string
	forum    *forumtest.Forum
	forumURL string
	ids      map[string]string // of the forum's categories, by path
	places   []*place
	apps     []apps.App
	relay    *httptest.Server // where the outside finds Bellhop, wherever it runs
	now      atomic.Pointer[url.URL]
	public   string // server.public_url; empty: the relay's
	more     string // configuration

	mu    sync.Mutex
	calls []call
}

// call is a request that a platform has made.
type call struct {
	path   string // with /chat/
	header http.Header
	body   []byte
}

// newTown founds a town with the systems that make makes, and starts Bellhop.
func newTown(t *testing.T, own []apps.App, more string, makes ...func(*town) *place) *town {
	t.Helper()
	town := &town{t: t, dir: t.TempDir(), apps: own, more: more}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(town.now.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	town.relay = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		town.note(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(town.relay.Close)
	town.foundForum()
	for _, found := range makes {
		p := found(town)
		p.people = map[string]string{}
		for name, admin := range map[string]bool{"anna": false, "bob": false, "gail": false, "carl": true} {
			p.people[name] = p.Person(t, name, admin)
		}
		town.places = append(town.places, p)
	}
	town.start()
	town.forum.Hook(town.relay.URL+"/in/meta", forumSecret)
	for _, p := range town.places {
		town.rank(p, "anna", hub.Operator)
		town.rank(p, "gail", hub.Guest)
	}
	return town
}

// note keeps what a platform asks of Bellhop.
func (w *town) note(r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/chat/") {
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call{r.URL.Path, r.Header.Clone(), body})
}

// called are the requests that platforms have made so far, and forgets them.
func (w *town) called() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.calls
	w.calls = nil
	return all
}

// start starts Bellhop on the data that are there, and waits until it hears.
func (w *town) start() {
	w.t.Helper()
	text := fmt.Sprintf("[sources.meta]\nkind = \"discourse\"\nurl = %q\nsecret = %q\napi_key = %q\napi_per_minute = 6000\ndelay = \"0s\"\n",
		w.forumURL, forumSecret, forumKey)
	for _, p := range w.places {
		text += p.settings
	}
	w.running = startAs(w.t, w.dir, text+w.more, server.Everything, "", func(o *server.Options) {
		o.Config.Server.PublicURL, o.Apps = cmp.Or(w.public, w.relay.URL), w.apps
	})
	at, err := url.Parse(w.url)
	require.NoError(w.t, err)
	w.now.Store(at)
	for _, p := range w.places {
		w.awaitEar(p)
	}
}

// restart stops Bellhop and starts it anew.
func (w *town) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

// awaitEar waits until a system is heard. What is said on some before they are
// listened to for the first time is history.
func (w *town) awaitEar(p *place) {
	w.t.Helper()
	word := "ready"
	if p.system == "telegram" {
		word = "/ready" // a bot in privacy mode hears commands
	}
	chat, before := p.Chat(w.t, "ready"), len(w.heard(p.system, word))
	require.Eventually(w.t, func() bool {
		p.Say(w.t, chat, p.people["bob"], word)
		return len(w.heard(p.system, word)) > before
	}, 30*time.Second, 50*time.Millisecond, "%s is not heard", p.system)
}

// heard are the messages by people on the bus whose text begins so, oldest first.
func (w *town) heard(system hub.System, begin string) (said []hub.Chatter) {
	w.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []hub.Event
			Next  string
		}
		w.get("/api/v1/events?limit=500&type="+string(hub.ChatMessagePosted)+"&source="+string(system)+"&cursor="+url.QueryEscape(cursor), &page)
		for _, e := range page.Items {
			var c hub.Chatter
			require.NoError(w.t, json.Unmarshal(e.Data, &c))
			if !c.From.Bot && strings.HasPrefix(c.Text, begin) {
				said = append(said, c)
			}
		}
		if cursor = page.Next; cursor == "" {
			slices.Reverse(said)
			return said
		}
	}
}

// get reads JSON from the API.
func (w *town) get(path string, into any) {
	w.t.Helper()
	status, body := w.ask(http.MethodGet, path, "")
	require.Equal(w.t, http.StatusOK, status, body)
	require.NoError(w.t, json.Unmarshal([]byte(body), into))
}

// rank gives somebody a level.
func (w *town) rank(p *place, name string, level hub.Level) {
	w.t.Helper()
	path := "/api/v1/people/" + string(p.system) + "/" + url.PathEscape(p.people[name])
	status, body := w.ask(http.MethodPut, path, `{"level":"`+string(level)+`"}`, "Content-Type", "application/json")
	require.Equal(w.t, http.StatusOK, status, body)
}

func (w *town) foundForum() {
	f := forumtest.New(forumtest.Options{Key: forumKey})
	site := httptest.NewServer(f)
	w.t.Cleanup(site.Close)
	f.URL, w.forumURL, w.forum = site.URL, site.URL, f
	f.AddUser("alice", forumtest.User{Name: "Alice Moreau"})
	f.AddUser("ben", forumtest.User{Name: "Ben"})
	f.AddUser("carol", forumtest.User{Name: "Carol", Moderator: true})
	f.AddGroup("helpers", "ben")
	w.ids = map[string]string{}
	for _, c := range []forumtest.Category{
		{Slug: "support", Name: "Support"},
		{Slug: "printers", Name: "Printers", Parent: "support"},
		{Slug: "market", Name: "Market"},
		{Slug: "printers", Name: "Printers for sale", Parent: "market"},
		{Slug: "site-feedback", Name: "Site Feedback"},
		{Slug: "café", Name: "Café *Crème*"},
		{Slug: "backstage", Name: "Backstage", Readers: []string{"staff"}},
	} {
		name := c.Slug
		if c.Parent != "" {
			name = c.Parent + "/" + c.Slug
		}
		w.ids[name] = f.AddCategory(c)
	}
	for _, tag := range []string{"bug", "urgent", "wip", "größe"} {
		f.AddTag(tag)
		f.Topic("alice", "support", "About "+tag, "It has a tag.", tag)
	}
}

func (w *town) serve(h http.Handler) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return s.URL
}

func slackPlace(socket bool) func(*town) *place {
	return func(w *town) *place {
		workspace := slacktest.New(slackToken)
		at := w.serve(workspace)
		settings := fmt.Sprintf("[providers.slack]\nkind = \"slack\"\ntoken = %q\napi_url = \"%s/api/\"\nchat_admins = true\n", slackToken, at)
		app := slacktest.App{URL: at, SigningSecret: signingSecret, AppToken: slackAppToken}
		if socket {
			settings += fmt.Sprintf("app_token = %q\n", slackAppToken)
		} else {
			settings += fmt.Sprintf("signing_secret = %q\n", signingSecret)
			app.Callbacks = slacktest.ToURL(w.relay.URL + "/chat/slack/")
		}
		return &place{
			Stage: slacktest.NewStage(workspace, app), system: "slack", settings: settings, prefix: "/", whispers: true, dialogs: true, ranks: true,
		}
	}
}

func telegramPlace(w *town) *place {
	platform := telegramtest.New(telegramToken)
	settings := fmt.Sprintf("[providers.telegram]\nkind = \"telegram\"\ntoken = %q\napi_url = %q\nchat_admins = true\n", telegramToken, w.serve(platform))
	w.t.Cleanup(platform.Cut)
	return &place{Stage: telegramtest.NewStage(platform), system: "telegram", settings: settings, prefix: "/", ranks: true}
}

// telegramHookPlace is called by Telegram, which insists on an address of https.
func telegramHookPlace(w *town) *place {
	platform := telegramtest.New(telegramToken)
	settings := fmt.Sprintf("[providers.telegram]\nkind = \"telegram\"\ntoken = %q\nwebhook_secret = %q\napi_url = %q\n",
		telegramToken, webhookSecret, w.serve(platform))
	w.public = "https://bellhop.example.com"
	platform.CallToServer(w.relay.URL)
	return &place{Stage: telegramtest.NewStage(platform), system: "telegram", settings: settings, prefix: "/", ranks: true}
}

func mattermostPlace(w *town) *place {
	platform := mattermosttest.New(mattermostToken)
	settings := fmt.Sprintf("[providers.mattermost]\nkind = \"mattermost\"\nurl = %q\ntoken = %q\ncommand_token = %q\noutgoing_token = %q\nchat_admins = true\n",
		w.serve(platform), mattermostToken, commandToken, outgoingToken)
	stage := mattermosttest.NewStage(platform, mattermosttest.Callbacks{
		Prefix: w.relay.URL + "/chat/mattermost/", CommandToken: commandToken, OutgoingToken: outgoingToken,
	})
	return &place{Stage: stage, system: "mattermost", settings: settings, prefix: "/", whispers: true, dialogs: true, ranks: true}
}

func matrixPlace(w *town) *place {
	platform := matrixtest.New(matrixToken, matrixUser)
	settings := fmt.Sprintf("[providers.matrix]\nkind = \"matrix\"\nhomeserver_url = %q\ntoken = %q\nuser_id = %q\nchat_admins = true\n",
		w.serve(platform), matrixToken, matrixUser)
	w.t.Cleanup(platform.Break)
	return &place{Stage: matrixtest.NewStage(platform), system: "matrix", settings: settings, prefix: "!", ranks: true}
}

// consolePlace is the console's pages, whose people have one login.
func consolePlace(w *town) *place {
	return &place{
		Stage: consoletest.At(w.relay.URL, testToken, "admin"), system: "console", settings: "[providers.console]\nkind = \"console\"\n",
		prefix: "/", whispers: true, dialogs: true,
	}
}

// everywhere are all systems.
func everywhere() []func(*town) *place {
	return []func(*town) *place{slackPlace(false), telegramPlace, mattermostPlace, matrixPlace, consolePlace}
}
