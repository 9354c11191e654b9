package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/console/consoletest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// listen lets c tell ear until the test ends, or stop is called.
func listen(t *testing.T, c *console.Client, ear providers.Ear) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	failed := errors.New("not ended")
	listening.Go(func() { failed = c.Listen(ctx, ear) })
	require.Eventually(t, func() bool { return !strings.Contains(get(t, c, "/console/dev").Body.String(), "not ready") }, 20*time.Second, time.Millisecond)
	stop = sync.OnceFunc(func() {
		cancel()
		listening.Wait()
		require.NoError(t, failed)
	})
	t.Cleanup(stop)
	return stop
}

// scene is a console that somebody listens to, with people at it.
type scene struct {
	*consoletest.Stage
	store  *memory
	client *console.Client
	ear    *providertest.Ear
	anna   string
	bob    string
	dev    string
	reply  atomic.Pointer[func(*hub.Command) (hub.Reply, bool)]
}

// does makes the ear answer as f does.
func (s *scene) does(f func(*hub.Command) (hub.Reply, bool)) { s.reply.Store(&f) }

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{store: &memory{now: time.Now}, ear: providertest.NewEar()}
	s.does(func(c *hub.Command) (hub.Reply, bool) { return hub.Say("%s", c.Command.Raw), false })
	s.ear.Reply = func(c *hub.Command) (hub.Reply, bool) { return (*s.reply.Load())(c) }
	s.client = open(s.store, "dev")
	listen(t, s.client, s.ear)
	s.Stage = consoletest.New(t, s.client)
	s.anna, s.bob, s.dev = s.Person(t, "Anna", false), s.Person(t, "Bob", false), s.Chat(t, "dev")
	return s
}

// page is the room as somebody sees it, in words.
func (s *scene) page(t *testing.T, me string) string {
	t.Helper()
	mux := http.NewServeMux()
	s.client.Routes(mux, func(next http.Handler) http.Handler { return next }, func(context.Context) hub.User { return hub.User{ID: me} }, nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/console/dev", nil))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

// says makes the ear answer with one reply.
func (s *scene) says(r hub.Reply) {
	s.does(func(*hub.Command) (hub.Reply, bool) { return r, false })
}

func (s *scene) lastCommand(t *testing.T) hub.Command {
	t.Helper()
	all := s.ear.Commands()
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

func TestCommandIsBetweenTwo(t *testing.T) {
	s := newScene(t)
	s.says(hub.Say("1. **watch** support\n2. mute `wip`"))
	seen := s.Command(t, s.dev, s.anna, "discourse status *all*")
	require.Equal(t, "1. watch support\n2. mute wip", seen.Text)
	require.True(t, seen.Private)
	require.Empty(t, s.ear.Events(), "a command is no message")

	c := s.lastCommand(t)
	require.Equal(t, hub.KindSubmit, c.Command.Kind)
	require.Equal(t, "discourse status *all*", c.Command.Raw)
	require.NotEmpty(t, c.Security.TriggerID, "a form may open")
	require.Equal(t, hub.FromSlash, c.Context.Source.ID)
	require.Equal(t, hub.System("console"), c.Context.System)
	require.Equal(t, hub.User{ID: "anna", Name: "anna", Full: "anna"}, c.Context.User)
	require.Equal(t, hub.Channel{ID: "dev", Name: "dev"}, c.Context.Channel)

	require.Contains(t, s.page(t, s.anna), "<code>/discourse status *all*</code>", "the line stands above its answer, as it was typed")
	require.Contains(t, s.page(t, s.anna), "Only you see this")
	require.Contains(t, s.page(t, s.anna), "<strong>watch</strong> support", "a reload keeps it")
	require.NotContains(t, s.page(t, s.bob), "watch</strong>")
	require.NotContains(t, s.page(t, s.bob), "status *all*")
	require.Contains(t, s.page(t, s.bob), "0 messages")
	require.NotContains(t, sentTo(t, s.client, "/console/dev/events?after=0", s.bob), "watch</strong>")
	require.Contains(t, sentTo(t, s.client, "/console/dev/events?after=0", s.anna), "watch</strong>")
	require.NotContains(t, sentTo(t, s.client, "/console/ops/events?after=0", s.anna), "support", "nor in her other rooms")
}

// sentTo is what a reader who comes late is sent at once.
func sentTo(t *testing.T, c *console.Client, path, me string) string {
	t.Helper()
	mux := http.NewServeMux()
	c.Routes(mux, func(next http.Handler) http.Handler { return next }, func(context.Context) hub.User { return hub.User{ID: me} }, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return w.Body.String()
}

func TestPublicAnswer(t *testing.T) {
	s := newScene(t)
	s.says(hub.Reply{OK: &hub.OK{Text: "for all", Public: true}})
	require.False(t, s.Command(t, s.dev, s.anna, "faq printer").Private)
	require.Contains(t, s.page(t, s.bob), "for all")
}

func TestAnswersOfEachKind(t *testing.T) {
	field := hub.Reply{Error: &hub.Refusal{Text: "This cannot be read.", Fields: map[string]string{"tag": "There is no such tag.", "category": "Name one."}}}
	link := hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/t/1", Text: "It is over there."}}
	for name, c := range map[string]struct {
		reply   hub.Reply
		text    string
		buttons []string
	}{
		"ok":       {hub.Say("Done."), "Done.", nil},
		"error":    {field, "This cannot be read.\ncategory: Name one.\ntag: There is no such tag.", nil},
		"fields":   {hub.Reply{Error: &hub.Refusal{Fields: map[string]string{"tag": "No."}}}, "tag: No.", nil},
		"navigate": {link, "It is over there.", []string{"Open the page"}},
		"buttons only": {hub.Reply{OK: &hub.OK{Actions: []hub.Action{
			{Label: "Mute", Token: "t1"}, {Label: "Snooze", Token: "t2", Options: []hub.Option{{Label: "2 h", Value: "2h"}}}, {Label: "Look", URL: "https://forum.example.com"},
		}}}, "", []string{"Mute", "2 h", "Look"}},
		"silent": {hub.Reply{OK: &hub.OK{}}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.says(c.reply)
			seen := s.Command(t, s.dev, s.anna, "x")
			require.Equal(t, c.text, seen.Text)
			require.Equal(t, c.buttons, seen.Buttons)

			if name == "silent" {
				return
			}
			s.does(func(cmd *hub.Command) (hub.Reply, bool) {
				go func() { // after whoever waits was told to wait
					_, err := s.client.Answer(context.Background(), cmd, c.reply)
					if err != nil {
						t.Error(err)
					}
				}()
				return hub.Reply{}, true
			})
			late := s.Command(t, s.dev, s.anna, "y")
			require.Equal(t, c.text, late.Text)
			require.Equal(t, c.buttons, late.Buttons)
			require.True(t, late.Private)
		})
	}
}

func TestAnswerIsShownOnce(t *testing.T) {
	s := newScene(t)
	cmd := &hub.Command{Command: hub.Call{ID: "c1"}, Context: hub.CommandContext{User: hub.User{ID: "anna"}, Channel: hub.Channel{ID: "dev"}}}
	first, err := s.client.Answer(t.Context(), cmd, hub.Say("done"))
	require.NoError(t, err)
	again, err := s.client.Answer(t.Context(), cmd, hub.Say("done"))
	require.NoError(t, err)
	require.Equal(t, first.Ref, again.Ref)
	require.NotEmpty(t, first.Ref)
	require.Equal(t, 1, strings.Count(s.page(t, s.anna), "done</p>"))

	for name, bad := range map[string]*hub.Command{
		"nobody":  {Context: hub.CommandContext{Channel: hub.Channel{ID: "dev"}}},
		"nowhere": {Context: hub.CommandContext{User: hub.User{ID: "anna"}, Channel: hub.Channel{ID: "a/b"}}},
	} {
		_, err := s.client.Answer(t.Context(), bad, hub.Say("done"))
		require.ErrorAs(t, err, new(*providers.Error), name)
	}
	s.store.fails(func() error { return errors.New("disk full") })
	cmd.Command.ID = "c2"
	_, err = s.client.Answer(t.Context(), cmd, hub.Say("done"))
	require.Equal(t, hub.FaultTemporary, providers.FaultOf(err))
}

func TestAnswerFollowsIntoTheThread(t *testing.T) {
	s := newScene(t)
	root := send(t, s.client, "dev", "n1", "a topic")
	told, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {"/discourse status"}, "root": {string(root.Ref)}})
	require.Equal(t, http.StatusOK, status)
	require.Len(t, told.Posts, 2)
	for _, p := range told.Posts {
		require.Contains(t, p, `data-root="1"`)
	}
	c := s.lastCommand(t)
	require.Equal(t, root.Ref, c.Context.RootPost)
	require.Equal(t, hub.MessageRef("2"), c.Context.Post)
}

func TestButtonsAndSelects(t *testing.T) {
	s := newScene(t)
	m := hub.Message{Text: "A topic", Actions: []hub.Action{
		{Label: "Mute topic", Token: "tok-1", Style: "danger"},
		{Label: "Snooze", Token: "tok-2", Options: []hub.Option{{Label: "2 hours", Value: "2h"}, {Label: "A day", Value: "24h"}}},
		{Label: "Site", URL: "https://forum.example.com/"},
		{Label: "Trap", URL: "javascript:alert(1)"},
		{Label: "Nothing"},
	}}
	receipt, err := s.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{System: "console", ID: "dev"}, Message: m})
	require.NoError(t, err)
	require.Contains(t, s.page(t, s.bob), `class="btn-sm btn-danger" data-press="tok-1"`)
	require.NotContains(t, s.page(t, s.bob), "Trap")
	told, status := post(t, s.client, "/console/dev/actions", url.Values{"post": {string(receipt.Ref)}, "token": {"tok-1"}})
	require.Equal(t, http.StatusOK, status)
	require.Len(t, told.Posts, 0, "the fake ear repeats the line, and a button has none")
	c := s.lastCommand(t)
	require.Equal(t, hub.FromButton, c.Context.Source.ID)
	require.Equal(t, "tok-1", c.Security.Token)
	require.NotEmpty(t, c.Security.TriggerID)
	require.Equal(t, receipt.Ref, c.Context.Post)
	require.Empty(t, c.Command.Encoded)

	s.says(hub.Reply{OK: &hub.OK{Text: "Which?", Actions: m.Actions}})
	under := s.Command(t, s.dev, s.anna, "choose")
	s.says(hub.Say("Muted."))
	require.Equal(t, "Muted.", s.Press(t, s.dev, s.anna, under, "A day").Text)
	c = s.lastCommand(t)
	require.Equal(t, hub.FromSelect, c.Context.Source.ID)
	require.Equal(t, hub.Values{"value": {"24h"}}, c.Command.Encoded)
	require.Equal(t, "Muted.", s.PressTwice(t, s.dev, s.anna, under, "Mute topic").Text)

	n := len(s.ear.Commands())
	require.Contains(t, s.Press(t, s.dev, s.bob, under, "Mute topic").Text, "no longer there", "only anna sees that button")
	for _, bad := range []url.Values{
		{"post": {string(receipt.Ref)}, "token": {"tok-3"}},
		{"post": {string(receipt.Ref)}, "token": {""}},
		{"post": {"99"}, "token": {"tok-1"}},
		{"post": {"x"}, "token": {"tok-1"}},
		{"token": {"tok-1"}},
	} {
		_, status := post(t, s.client, "/console/dev/actions", bad)
		require.Equal(t, http.StatusNotFound, status, "%v", bad)
	}
	_, status = post(t, s.client, "/console/ops/actions", url.Values{"post": {string(receipt.Ref)}, "token": {"tok-1"}})
	require.Equal(t, http.StatusNotFound, status, "the message is in another room")
	require.Len(t, s.ear.Commands(), n)
}

// answered is what a page is told.
type answered struct {
	Posts         []string
	Later         bool
	Dialog, Error string
	Fields        map[string]string
	Options       []hub.Option
}

func post(t *testing.T, c *console.Client, path string, fields url.Values) (answered, int) {
	t.Helper()
	if !fields.Has("id") {
		fields.Set("id", "id-"+path+fields.Encode())
	}
	w := postBody(t, c, path, fields.Encode())
	var a answered
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), "%s", w.Body)
	require.Equal(t, w.Code != http.StatusOK, a.Error != "" && a.Fields == nil && a.Dialog == "", "%s", w.Body)
	return a, w.Code
}

func postBody(t testing.TB, c *console.Client, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	pagesOf(c).ServeHTTP(w, r)
	return w
}

func TestSendingAgainDoesNothingTwice(t *testing.T) {
	s := newScene(t)
	for range 2 {
		for _, text := range []string{"hello", "/discourse status"} {
			told, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {text}, "id": {"id of " + text}})
			require.Equal(t, http.StatusOK, status)
			require.NotEmpty(t, told.Posts)
		}
	}
	s.ear.Until(t, "hello", func() bool { return len(s.ear.Events()) == 1 })
	require.Len(t, s.ear.Commands(), 1)
	require.Len(t, s.store.where(func(hub.ConsolePost) bool { return true }), 3)
}

func TestWhatCannotBeTaken(t *testing.T) {
	s := newScene(t)
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"no id":           {"/console/dev/messages", "text=hi", 400},
		"long id":         {"/console/dev/messages", "text=hi&id=" + strings.Repeat("x", 65), 400},
		"no room":         {"/console/a%2Fb/messages", "text=hi&id=1", 404},
		"nothing":         {"/console/dev/messages", "text=+%0A&id=1", 422},
		"too long":        {"/console/dev/messages", "id=1&text=" + strings.Repeat("x", 40_001), 422},
		"too much":        {"/console/dev/messages", "id=1&text=" + strings.Repeat("x", 1<<20), 413},
		"broken":          {"/console/dev/messages", "id=1&text=%zz", 400},
		"no such thread":  {"/console/dev/messages", "id=1&text=hi&root=77", 404},
		"no kind":         {"/console/dev/forms", "id=1&token=t", 400},
		"unknown kind":    {"/console/dev/forms", "id=1&token=t&kind=delete", 400},
		"no token":        {"/console/dev/forms", "id=1&kind=submit", 400},
		"get is no write": {"/console/dev/forms?id=1&token=t&kind=submit", "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := postBody(t, s.client, c.path, c.body)
			require.Equal(t, c.status, w.Code, w.Body.String())
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.Equal(t, policy, w.Header().Get("Content-Security-Policy"))
			require.Contains(t, w.Body.String(), `{"error":"`)
		})
	}
	require.Empty(t, s.ear.Commands())
	require.Empty(t, s.store.where(func(hub.ConsolePost) bool { return true }))

	whisper, err := s.client.Answer(t.Context(), &hub.Command{Context: hub.CommandContext{User: anna, Channel: hub.Channel{ID: "dev"}}}, hub.Say("x"))
	require.NoError(t, err)
	_, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {"hi"}, "root": {string(whisper.Ref)}})
	require.Equal(t, http.StatusNotFound, status, "no thread begins where one person looks")
}

func TestNobodyListens(t *testing.T) {
	store := &memory{now: time.Now}
	c := open(store, "dev")
	require.Contains(t, get(t, c, "/console/dev").Body.String(), "Bellhop is not ready to answer yet")
	send(t, c, "dev", "n1", "x")
	for path, fields := range map[string]url.Values{
		"messages": {"text": {"/discourse status"}}, "forms": {"kind": {"submit"}, "token": {"t"}},
	} {
		told, status := post(t, c, "/console/dev/"+path, fields)
		require.Equal(t, http.StatusServiceUnavailable, status, path)
		require.Contains(t, told.Error, "not ready")
	}
	told, status := post(t, c, "/console/dev/messages", url.Values{"text": {"I say it anyway"}})
	require.Equal(t, http.StatusOK, status)
	require.Len(t, told.Posts, 1)
	ear := providertest.NewEar()
	stop := listen(t, c, ear)
	ear.Until(t, "what was said before", func() bool { return len(ear.Events()) == 1 })
	stop()
	_, status = post(t, c, "/console/dev/messages", url.Values{"text": {"/discourse status"}})
	require.Equal(t, http.StatusServiceUnavailable, status)
}

func TestDatabaseDownWhileTalking(t *testing.T) {
	s := newScene(t)
	s.store.fails(func() error { return errors.New("disk full") })
	for _, text := range []string{"hello", "/discourse status"} {
		told, status := post(t, s.client, "/console/dev/messages", url.Values{"text": {text}})
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, told.Error, "database did not answer")
	}
	require.Empty(t, s.ear.Commands(), "nothing was done that cannot be answered")
}

func TestWithoutScriptTheBrowserGoesBackToTheRoom(t *testing.T) {
	s := newScene(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/console/dev/messages", strings.NewReader("id=1&text=hello"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html,*/*")
	w := httptest.NewRecorder()
	pagesOf(s.client).ServeHTTP(w, r)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/console/dev", w.Header().Get("Location"))
	require.Contains(t, s.page(t, s.bob), "hello")
}

func FuzzWhatAPageSends(f *testing.F) {
	f.Add("messages", "id=1&text=hello&root=1")
	f.Add("messages", "id=1&text=/x+%00%ff&root=-1")
	f.Add("actions", "id=1&post=1&token=t&value=%F0%9F")
	f.Add("forms", "id=1&token=t&kind=submit&f-a=1&f-a=2&lines=a&bool=b&f-=x&lines=&bool=")
	f.Add("forms", "id=1&token=t&kind=lookup&field=a&query=b")
	c := open(&memory{}, "dev")
	ctx, cancel := context.WithCancel(context.Background())
	ear, ended := providertest.NewEar(), make(chan struct{})
	go func() { defer close(ended); _ = c.Listen(ctx, ear) }()
	f.Cleanup(func() { cancel(); <-ended })
	f.Fuzz(func(t *testing.T, what, body string) {
		if what != "messages" && what != "actions" {
			what = "forms"
		}
		w := postBody(t, c, "/console/dev/"+what, body)
		require.Contains(t, []int{200, 400, 404, 413, 422, 503}, w.Code)
		require.True(t, json.Valid(w.Body.Bytes()))
	})
}
