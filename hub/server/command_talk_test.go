package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// talk is a hub with a forum and every platform, and people who give commands.
type talk struct {
	b       *testing.B
	hub     *contender
	base    string // of the hub
	sees    sightings
	slack   *slacktest.Workspace
	sockets slacktest.Stage
	telly   *telegramtest.Platform // asked by long poll
	calls   *telegramtest.Platform // calls the hub
	matter  *mattermosttest.Server
	matrix  *matrixtest.Stage
}

// way is one way in which commands reach the hub.
type way struct {
	name  string
	pid   int // of whoever answers
	chats [talkers]string
	own   [talkers]string // chats of one person each
	// give gives a line and says how long its answer took.
	give func(person int, chat, line string) (time.Duration, error)
}

const (
	slackSecret        = "8f742231b10e8888abcd99yyyzzz85a5"
	socketToken        = "xapp-bench"
	mattermostKey      = "bench-bench-bench-bench-be"
	benchTelegramToken = "123456:bench-bench-bench-bench-bench-bench"
	benchToken         = "bench-token-bench-token"
	benchCategory      = "support"
	// answeredBy is in every answer: the category's name in the rows and changes.
	answeredBy = "upport"
)

const talkConfig = `
[server]
listen = "127.0.0.1:0"
public_url = "https://bellhop.example.com"
data_dir = %q
log_level = "error"
[sources.meta]
kind = "discourse"
url = %q
secret = "a secret of the benchmark"
api_key = "key"
visibility = "trust_webhook"
[providers.slack]
token = "xoxb-bench"
signing_secret = %q
api_url = "%s/api/"
[providers.socket]
kind = "slack"
token = "xoxb-bench"
app_token = %q
api_url = "%s/api/"
[providers.telegram]
token = %q
api_url = %q
pace = "off"
[providers.telegram-hook]
kind = "telegram"
token = %q
webhook_secret = "bench-bench-bench-bench"
api_url = %q
pace = "off"
[providers.mattermost]
url = %q
token = %q
command_token = %q
[providers.matrix]
homeserver_url = %q
token = "bench"
user_id = "@bench:example.org"
pace = "off"
`

func newTalk(b *testing.B) *talk {
	b.Helper()
	binary := os.Getenv("BELLHOP_BENCH")
	if binary == "" {
		b.Skip("BELLHOP_BENCH names no binary: run make bench")
	}
	t := &talk{
		b: b, slack: slacktest.New("xoxb-bench"), telly: telegramtest.New(benchTelegramToken), calls: telegramtest.New(benchTelegramToken),
		matter: mattermosttest.New(mattermostKey), matrix: matrixtest.NewStage(matrixtest.New("bench", "@bench:example.org")),
	}
	forum := forumtest.New(forumtest.Options{Key: "key"})
	forum.URL = t.serve(forum)
	for _, slug := range []string{benchCategory, "dev", "news", "market"} {
		forum.AddCategory(forumtest.Category{Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:]})
	}
	forum.AddTag("bug")
	slack, socket := t.serve(t.slack), slacktest.New("xoxb-bench")
	sockets := t.serve(socket)
	t.sockets = slacktest.NewStage(socket, slacktest.App{URL: sockets, AppToken: socketToken})
	dir := b.TempDir()
	file := filepath.Join(dir, "config.toml")
	must(os.WriteFile(file, fmt.Appendf(nil, talkConfig, dir, forum.URL, slackSecret, slack, socketToken, sockets,
		benchTelegramToken, t.serve(t.sees.telegram("telegram", t.telly)), benchTelegramToken, t.serve(t.sees.telegram("telegram-hook", t.calls)),
		t.serve(t.matter), mattermostKey, mattermostKey, t.serve(t.sees.matrix(t.matrix))), 0o600))
	t.hub = launch(b, binary, file)
	t.base = strings.TrimSuffix(t.hub.url, "/in/meta")
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		known := t.api(b, http.MethodGet, "/api/v1/sources/meta/taxonomy", "")
		if strings.Contains(known, `"market"`) && strings.Contains(known, `"bug"`) {
			return t
		}
		if time.Now().After(until) {
			b.Fatalf("the hub does not learn what the forum has: %s", known)
		}
	}
}

func (t *talk) serve(h http.Handler) string {
	s := httptest.NewServer(h)
	t.b.Cleanup(s.CloseClientConnections)
	return s.URL
}

// api asks the hub as its admin.
func (t *talk) api(b *testing.B, method, path, body string) string {
	b.Helper()
	req, err := http.NewRequest(method, t.base+path, strings.NewReader(body))
	must(err)
	req.Header.Set("Authorization", "Bearer "+benchToken)
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "format=table") {
		req.Header.Set("Content-Type", "text/plain")
	}
	resp, err := http.DefaultClient.Do(req)
	must(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(err)
	if resp.StatusCode >= 300 {
		b.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	return string(answer)
}

// settle gives people their level and a chat its rows.
func (t *talk) settle(w *way, system string, person func(int) string, chat func(string) string, rooms int) {
	rows := map[string]bool{}
	for i := range talkers {
		w.chats[i], w.own[i] = chat(fmt.Sprintf("room%d", i%rooms)), chat(fmt.Sprintf("own%d", i))
		t.api(t.b, http.MethodPut, "/api/v1/people/"+system+"/"+url.PathEscape(person(i)), `{"level":"operator"}`)
		if rows[w.chats[i]] {
			continue
		}
		rows[w.chats[i]] = true
		for _, row := range []string{"c/support", "follow:c/news", "thread:c/market", "c/dev+t/bug", "mute:k/forum.topic.closed"} {
			t.api(t.b, http.MethodPost, "/api/v1/subscriptions?format=table", system+" | "+w.chats[i]+" | "+row)
		}
	}
}

// warm waits until commands are answered, of everybody.
func (t *talk) warm(b *testing.B, w *way) {
	b.Helper()
	for person := range talkers {
		for until := time.Now().Add(30 * time.Second); ; {
			_, err := w.give(person, w.chats[person], "discourse status")
			if err == nil {
				break
			}
			if time.Now().After(until) {
				b.Fatalf("%s does not answer: %v", w.name, err)
			}
		}
	}
}

// ways are all ways in. Of those whose events come in a row for each room there
// are two: everybody in one room, and each in their own.
func (t *talk) ways() []*way {
	slack := t.slackOver(t.base+"/chat/slack", "slack")
	slack.name, slack.pid = "slack, HTTP", t.hub.pid
	all := []*way{slack, t.slackSocket(), t.mattermost()}
	for _, rooms := range []int{1, talkers} {
		all = append(all, t.telegramPoll(rooms), t.matrixSync(rooms))
	}
	return append(all, t.telegramCalls(), t.commandsAPI())
}

func inRooms(name string, rooms int) string {
	if rooms == 1 {
		return name + ", all in one room"
	}
	return fmt.Sprintf("%s, %d rooms", name, rooms)
}

// answers checks that an answer is one.
func answers(text string) error {
	if !strings.Contains(text, answeredBy) {
		return fmt.Errorf("an odd answer: %s", text)
	}
	return nil
}

// slackOver is a slash command as Slack sends it to base.
func (t *talk) slackOver(base, system string) *way {
	w, to := &way{}, hostOf(base)
	if strings.HasPrefix(base, t.base) {
		t.settle(w, system, func(i int) string { return fmt.Sprintf("U0BENCH%02d", i) }, func(name string) string { return "C0" + strings.ToUpper(name) }, 1)
	}
	var serial sync.Map
	w.give = func(person int, chat, line string) (time.Duration, error) {
		name, rest, _ := strings.Cut(line, " ")
		n, _ := serial.LoadOrStore(person, new(int))
		*n.(*int)++
		body := []byte(url.Values{
			"team_id": {slacktest.Team}, "channel_id": {chat}, "channel_name": {"bench"}, "user_id": {fmt.Sprintf("U0BENCH%02d", person)}, "user_name": {"bench"},
			"command": {"/" + name}, "text": {rest}, "response_url": {"https://hooks.slack.invalid/commands/1"}, "trigger_id": {fmt.Sprintf("%d.%d.%p", person, *n.(*int), w)},
		}.Encode())
		r, err := http.NewRequest(http.MethodPost, base+"/commands", bytes.NewReader(body))
		must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		slacktest.Sign(r.Header, slackSecret, time.Now(), body)
		took, answer, err := to.exchange(person, r)
		return took, errors.Join(err, answers(string(answer)))
	}
	return w
}

func hostOf(base string) *asks {
	u, err := url.Parse(base)
	must(err)
	return &asks{to: u.Host}
}

func (t *talk) slackSocket() *way {
	w := &way{name: "slack, Socket Mode", pid: t.hub.pid}
	person := func(i int) string { return t.sockets.Person(t.b, fmt.Sprintf("bench%d", i), false) }
	t.settle(w, "socket", person, func(name string) string { return t.sockets.Chat(t.b, name) }, 1)
	w.give = func(i int, chat, line string) (time.Duration, error) {
		who, began := person(i), time.Now()
		seen := t.sockets.Command(t.b, chat, who, line)
		return time.Since(began), answers(seen.Text)
	}
	return w
}

func (t *talk) mattermost() *way {
	w, to := &way{name: "mattermost, slash command", pid: t.hub.pid}, hostOf(t.base)
	person := func(i int) string { return t.matter.Person(fmt.Sprintf("bench%d", i), false) }
	t.settle(w, "mattermost", person, t.matter.Channel, 1)
	calls := &mattermosttest.Callbacks{CommandToken: mattermostKey}
	w.give = func(i int, chat, line string) (time.Duration, error) {
		form := t.matter.SlashForm(calls, chat, person(i), "", line).Encode()
		r, err := http.NewRequest(http.MethodPost, t.base+"/chat/mattermost/command", strings.NewReader(form))
		must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Token "+mattermostKey)
		took, answer, err := to.exchange(i, r)
		return took, errors.Join(err, answers(string(answer)))
	}
	return w
}

func (t *talk) commandsAPI() *way {
	w, to := &way{name: "POST /api/v1/commands", pid: t.hub.pid}, hostOf(t.base)
	for i := range talkers { // beside those of the slash command
		w.chats[i], w.own[i] = "C0ROOM0", fmt.Sprintf("C0API%d", i)
	}
	w.give = func(i int, chat, line string) (time.Duration, error) {
		body, err := json.Marshal(map[string]string{"line": line, "system": "slack", "chat": chat})
		must(err)
		r, err := http.NewRequest(http.MethodPost, t.base+"/api/v1/commands", bytes.NewReader(body))
		must(err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+benchToken)
		took, answer, err := to.exchange(i, r)
		return took, errors.Join(err, answers(string(answer)))
	}
	return w
}

func (t *talk) telegramPoll(rooms int) *way {
	w := &way{name: inRooms("telegram, long poll", rooms), pid: t.hub.pid}
	person := func(i int) string { return t.telly.Person(fmt.Sprintf("Bench%d", i), false) }
	t.settle(w, "telegram", person, func(name string) string { return t.telly.Group(fmt.Sprintf("%s of %d", name, rooms)) }, rooms)
	w.give = func(i int, chat, line string) (time.Duration, error) {
		began := time.Now()
		ref, _ := t.telly.Speak(telegramtest.Words{Chat: chat, Person: person(i), Text: "/" + line})
		return t.sees.await("telegram/"+ref, began)
	}
	return w
}

// telegramCalls counts from when Telegram calls: it tells of a chat's messages one
// after the other, so that everybody is in their own.
func (t *talk) telegramCalls() *way {
	w := &way{name: inRooms("telegram, webhook", talkers), pid: t.hub.pid}
	person := func(i int) string { return t.calls.Person(fmt.Sprintf("Bench%d", i), false) }
	t.settle(w, "telegram-hook", person, func(name string) string { return t.calls.Group(name) }, talkers)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: talkers}}
	var called sync.Map // when, by message
	t.calls.CallTo(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var u struct {
			Message struct {
				ID   int64 `json:"message_id"`
				Chat struct{ ID int64 }
			}
		}
		_ = json.Unmarshal(body, &u)
		req, err := http.NewRequest(http.MethodPost, t.base+r.URL.RequestURI(), bytes.NewReader(body))
		must(err)
		req.Header = r.Header.Clone()
		called.Store(fmt.Sprintf("%d/%d", u.Message.Chat.ID, u.Message.ID), time.Now())
		resp, err := client.Do(req)
		if err != nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		rw.WriteHeader(resp.StatusCode)
	}))
	w.give = func(i int, chat, line string) (time.Duration, error) {
		began := time.Now()
		ref, _ := t.calls.Speak(telegramtest.Words{Chat: chat, Person: person(i), Text: "/" + line})
		took, err := t.sees.await("telegram-hook/"+ref, began)
		if at, ok := called.Load(ref); ok {
			took -= at.(time.Time).Sub(began)
		}
		return took, err
	}
	return w
}

func (t *talk) matrixSync(rooms int) *way {
	w := &way{name: inRooms("matrix, sync", rooms), pid: t.hub.pid}
	person := func(i int) string { return t.matrix.Person(t.b, fmt.Sprintf("bench%d", i), false) }
	t.settle(w, "matrix", person, func(name string) string { return t.matrix.Chat(t.b, fmt.Sprintf("%sof%d", name, rooms)) }, rooms)
	w.give = func(i int, chat, line string) (time.Duration, error) {
		began := time.Now()
		ref := t.matrix.Post(chat, person(i), "m.room.message", map[string]any{"msgtype": "m.text", "body": "!" + line, "m.mentions": map[string]any{}})
		return t.sees.await("matrix/"+ref, began)
	}
	return w
}

// sightings are when answers came to platforms, by what they answer.
type sightings struct{ all sync.Map }

type sighting struct {
	at   time.Time
	text string
}

func (s *sightings) of(key string) chan sighting {
	c, _ := s.all.LoadOrStore(key, make(chan sighting, 1))
	return c.(chan sighting)
}

// await waits for the answer to something.
func (s *sightings) await(key string, began time.Time) (time.Duration, error) {
	defer s.all.Delete(key)
	select {
	case seen := <-s.of(key):
		return seen.at.Sub(began), answers(seen.text)
	case <-time.After(5 * time.Second):
		return 0, errors.New("no answer came in 5 s")
	}
}

// note passes a request on, once it came whole.
func (s *sightings) note(platform http.Handler, answered func(r *http.Request, body []byte) (key, text string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		at := time.Now()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if key, text := answered(r, body); err == nil && key != "" {
			select {
			case s.of(key) <- sighting{at, text}:
			default: // a long answer's next part
			}
		}
		platform.ServeHTTP(w, r)
	})
}

func (s *sightings) telegram(system string, platform http.Handler) http.Handler {
	return s.note(platform, func(r *http.Request, body []byte) (key, text string) {
		if !strings.HasSuffix(r.URL.Path, "/sendMessage") {
			return "", ""
		}
		form, _ := url.ParseQuery(string(body))
		var to struct {
			Message int64 `json:"message_id"`
		}
		_ = json.Unmarshal([]byte(form.Get("reply_parameters")), &to)
		return fmt.Sprintf("%s/%s/%d", system, form.Get("chat_id"), to.Message), form.Get("text")
	})
}

func (s *sightings) matrix(platform http.Handler) http.Handler {
	return s.note(platform, func(r *http.Request, body []byte) (key, text string) {
		var c struct {
			Body    string
			Relates struct {
				To struct {
					Event string `json:"event_id"`
				} `json:"m.in_reply_to"`
			} `json:"m.relates_to"`
		}
		if !strings.Contains(r.URL.Path, "/send/m.room.message/") || json.Unmarshal(body, &c) != nil || c.Relates.To.Event == "" {
			return "", ""
		}
		return "matrix/" + c.Relates.To.Event, c.Body
	})
}

func newConn(raw net.Conn) *conn { return &conn{raw, bufio.NewReader(raw)} }

func firstLine(r io.Reader) string {
	line, err := bufio.NewReader(r).ReadString('\n')
	must(err)
	return strings.TrimSpace(line)
}
