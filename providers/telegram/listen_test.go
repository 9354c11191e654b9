package telegram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
	hookSecret = "a-secret-of-the-webhook_0123456789"
	callback   = "https://bellhop.example.com/chat/telegram-acme/"
)

// hall is a platform with people, and a provider that listens to them.
type hall struct {
	*telegramtest.Platform
	client *telegram.Client
	ear    *providertest.Ear
	url    string
	log    *providertest.Transcript
}

func newHall(t testing.TB, change ...func(*telegram.Config)) *hall {
	t.Helper()
	h := &hall{Platform: telegramtest.New(token), ear: providertest.NewEar(), log: &providertest.Transcript{}}
	server := httptest.NewServer(h.Platform)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	h.url = server.URL
	h.client = h.another(t, change...)
	return h
}

// another is a provider of the same account, as of another process.
func (h *hall) another(t testing.TB, change ...func(*telegram.Config)) *telegram.Client {
	t.Helper()
	cfg := telegram.Kind().Config().(*telegram.Config)
	cfg.Token, cfg.APIURL = secret.New(token), h.url
	for _, c := range change {
		c(cfg)
	}
	require.Empty(t, cfg.Problems())
	return telegram.New(*cfg, providers.Env{
		System: "telegram-acme", HTTP: &http.Client{}, Callback: callback,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func byHook(c *telegram.Config) { c.WebhookSecret = secret.New(hookSecret) }

// listen has the client listen until the test, or stop, ends it.
func (h *hall) listen(t *testing.T, client *telegram.Client, ear providers.Ear) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Listen(ctx, ear) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				require.NoError(t, err)
			case <-time.After(20 * time.Second):
				require.FailNow(t, "Listen goes on after its context has ended")
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// door is how Telegram's calls reach a client.
func door(client *telegram.Client, ear providers.Ear) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		path := strings.TrimPrefix(r.URL.Path, "/chat/telegram-acme/")
		answer := client.Receive(r.Context(), path, &providers.Request{Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body}, ear)
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body)
	})
}

// ways are the two ways to listen.
func ways(t *testing.T, test func(t *testing.T, h *hall)) {
	t.Run("long poll", func(t *testing.T) {
		h := newHall(t)
		h.listen(t, h.client, h.ear)
		test(t, h)
	})
	t.Run("webhook", func(t *testing.T) {
		h := newHall(t, byHook)
		h.CallTo(door(h.client, h.ear))
		h.listen(t, h.client, h.ear)
		test(t, h)
	})
}

// posted are the messages that were heard, by their texts.
func posted(t *testing.T, ear *providertest.Ear) []string {
	var texts []string
	for _, e := range ear.Events() {
		if e.Type == hub.ChatMessagePosted {
			texts = append(texts, chatter(t, e).Text)
		}
	}
	return texts
}

func chatter(t require.TestingT, e hub.Event) hub.Chatter {
	var c hub.Chatter
	require.NoError(t, json.Unmarshal(e.Data, &c))
	return c
}

func TestMessagesAreHeard(t *testing.T) {
	ways(t, func(t *testing.T, h *hall) {
		room, anna := h.Group("Support"), h.Person("Anna", false)
		ref, update := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/discourse watch support"})
		h.ear.Until(t, "the message", func() bool { return len(h.ear.Events()) == 1 })
		e := h.ear.Events()[0]
		require.NoError(t, (&hub.Event{SpecVersion: e.SpecVersion, ID: e.ID, Source: "x", Type: e.Type}).Validate())
		require.WithinDuration(t, time.Now(), e.Time, time.Minute)
		require.Equal(t, hub.Chatter{
			From: hub.User{ID: anna, Name: "anna", Full: "Anna"}, Room: hub.Channel{ID: room, Name: "Support"},
			Ref: hub.MessageRef(ref), Text: "/discourse watch support", Line: "discourse watch support", ForUs: true,
		}, chatter(t, e))
		require.Eventually(t, func() bool { return h.Settled(update) }, 20*time.Second, time.Millisecond)
	})
}

func TestWhatComesWhileNobodyTakesItIsToldAgain(t *testing.T) {
	ways(t, func(t *testing.T, h *hall) {
		room, anna := h.Group("Support"), h.Person("Anna", false)
		h.ear.Deafen(true)
		var want []string
		for i := range 5 {
			want = append(want, fmt.Sprintf("/status %d", i))
			h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: want[i]})
		}
		h.ear.Until(t, "attempts", func() bool { return h.ear.Told() >= 3 })
		require.Empty(t, h.ear.Events())
		require.Equal(t, 5, h.Pending(), "Telegram may not forget what nobody took")
		h.ear.Deafen(false)
		h.ear.Until(t, "all", func() bool { return len(h.ear.Events()) == 5 })
		require.Equal(t, want, posted(t, h.ear), "in their order")
		require.Eventually(t, func() bool { return h.Pending() == 0 }, 20*time.Second, time.Millisecond)
	})
}

func TestConnectionsThatBreak(t *testing.T) {
	ways(t, func(t *testing.T, h *hall) {
		room, anna := h.Group("Support"), h.Person("Anna", false)
		var want []string
		for i := range 20 {
			h.Cut()
			want = append(want, fmt.Sprintf("/status %d", i))
			h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: want[i]})
			if i%3 == 0 {
				h.ear.Until(t, want[i], func() bool { return len(h.ear.Events()) == i+1 })
			}
		}
		h.ear.Until(t, "all", func() bool { return len(h.ear.Events()) >= 20 })
		require.Equal(t, want, posted(t, h.ear))
		require.Eventually(t, func() bool { return h.Pending() == 0 }, 20*time.Second, time.Millisecond)
	})
}

// Telegram calls again where our answer was lost.
func TestAnUpdateThatIsToldAgain(t *testing.T) {
	h := newHall(t, byHook)
	h.CallTo(door(h.client, h.ear))
	h.listen(t, h.client, h.ear)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	ref := h.send(t, room, pressable())
	_, update := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/status"})
	q := h.Press(room, anna, ref, "Mute topic")
	h.ear.Until(t, "both", func() bool { return len(h.ear.Events()) == 1 && len(h.ear.Commands()) == 1 })
	require.Eventually(t, func() bool { return h.Settled(update) && h.Settled(h.Query(q).Update) }, 20*time.Second, time.Millisecond)
	told := h.ear.Told()
	h.Again(raw(update, "message", map[string]any{"message_id": 2, "chat": map[string]any{"id": 1}, "text": "again"}))
	h.Again(raw(h.Query(q).Update, "callback_query", map[string]any{
		"id": q, "from": map[string]any{"id": 1}, "data": h.Buttons(ref)[0][0].Data, "message": map[string]any{"message_id": 1, "chat": map[string]any{"id": json.Number(room)}},
	}))
	h.ear.Until(t, "the second telling", func() bool { return h.ear.Told() > told })
	require.Eventually(t, func() bool { return h.Pending() == 0 }, 20*time.Second, time.Millisecond)
	require.Len(t, h.ear.Events(), 1)
	require.Len(t, h.ear.Commands(), 1)
}

func raw(update int64, kind string, body any) []byte {
	b, _ := json.Marshal(map[string]any{"update_id": update, kind: body})
	return b
}

func TestPlaceIsKept(t *testing.T) {
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	stop := h.listen(t, h.client, h.ear)
	_, update := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
	h.ear.Until(t, "the place", func() bool {
		b, err := h.ear.Place(t.Context(), "updates")
		return err == nil && strings.Contains(string(b), fmt.Sprint(update+1))
	})
	stop()
	told := h.ear.Told()

	// Telegram tells again what a crash kept from being confirmed, unless it is
	// told where to begin.
	h.Again(raw(update, "message", map[string]any{"message_id": 1, "text": "/one"}))
	_, next := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/two"})
	h.listen(t, h.another(t), h.ear)
	h.ear.Until(t, "the second", func() bool { return len(h.ear.Events()) == 2 })
	require.Equal(t, told+1, h.ear.Told(), "what was done with is not heard again")
	require.Eventually(t, func() bool { return h.Settled(next) }, 20*time.Second, time.Millisecond)
}

// After a week without updates Telegram's ids begin anywhere. The place of before
// would make it forget them.
func TestPlaceThatIsTooOld(t *testing.T) {
	h := newHall(t)
	old, _ := json.Marshal(map[string]any{"offset": 900_000_000, "at": time.Now().Add(-7 * 24 * time.Hour)})
	require.NoError(t, h.ear.SetPlace(t.Context(), "updates", old))
	room, anna := h.Group("Support"), h.Person("Anna", false)
	h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
	h.listen(t, h.client, h.ear)
	h.ear.Until(t, "the message", func() bool { return len(h.ear.Events()) == 1 })
}

func TestPlaceThatIsNone(t *testing.T) {
	for _, kept := range []string{"", "x", `{"offset":"x"}`, `[]`} {
		h := newHall(t)
		require.NoError(t, h.ear.SetPlace(t.Context(), "updates", []byte(kept)))
		room, anna := h.Group("Support"), h.Person("Anna", false)
		h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
		h.listen(t, h.client, h.ear)
		h.ear.Until(t, "the message", func() bool { return len(h.ear.Events()) == 1 })
	}
}

// A command that takes long keeps nobody else waiting, and is not confirmed
// before it is done with.
func TestASlowCommandHurtsNobodyElse(t *testing.T) {
	h := newHall(t)
	release := make(chan struct{})
	h.ear.Reply = nil
	slow := &slowEar{Ear: h.ear, release: release}
	h.listen(t, h.client, slow)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	sent, err := h.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: pressable()})
	require.NoError(t, err)
	q := h.Press(room, anna, string(sent.Ref), "Mute topic")
	h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/status"})
	h.ear.Until(t, "the message", func() bool { return len(h.ear.Events()) == 1 })
	require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond, "acknowledged at once")
	require.False(t, h.Settled(h.Query(q).Update))
	close(release)
	require.Eventually(t, func() bool { return h.Settled(h.Query(q).Update) && h.Pending() == 0 }, 20*time.Second, time.Millisecond)
	require.Len(t, h.ear.Commands(), 1)
}

// slowEar keeps commands until it is released.
type slowEar struct {
	*providertest.Ear
	release chan struct{}
}

func (e *slowEar) Do(ctx context.Context, c *hub.Command) (hub.Reply, bool) {
	select {
	case <-e.release:
	case <-ctx.Done():
	}
	return e.Ear.Do(ctx, c)
}

func TestAWebhookIsTakenAwayForTheLongPoll(t *testing.T) {
	h := newHall(t)
	h.Hook("https://elsewhere.example.com/hook")
	h.listen(t, h.client, h.ear)
	require.Eventually(t, func() bool { return h.Waiting() }, 20*time.Second, time.Millisecond)
	require.Empty(t, h.Webhook())
	require.Contains(t, h.log.String(), "the bot had a webhook")

	h.Hook("https://elsewhere.example.com/hook") // while we ask
	h.Platform.Cut()
	require.Eventually(t, func() bool { return h.Webhook() == "" && h.Waiting() }, 20*time.Second, time.Millisecond)
}

func TestAnotherProgramAsks(t *testing.T) {
	h := newHall(t)
	rival, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // as libraries do
		for rival.Err() == nil {
			req, _ := http.NewRequestWithContext(rival, http.MethodPost, h.url+"/bot"+token+"/getUpdates?timeout=20", http.NoBody)
			if res, err := http.DefaultClient.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}
	}()
	err := h.client.Listen(t.Context(), h.ear)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "another program asks Telegram for the news of this bot: stop it")
	require.NotContains(t, err.Error(), token)
}

func TestWebhookIsSet(t *testing.T) {
	h := newHall(t, byHook)
	h.CallTo(door(h.client, h.ear))
	stop := h.listen(t, h.client, h.ear)
	require.Eventually(t, func() bool { return h.Webhook() == callback+"update" }, 20*time.Second, time.Millisecond)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	require.NotZero(t, h.React(room, anna, room+"/1", "👍"), "reactions come only where they are asked for")
	h.ear.Until(t, "the reaction", func() bool { return len(h.ear.Events()) == 1 })
	stop()
	require.Equal(t, callback+"update", h.Webhook(), "another worker may listen")
}

func TestWebhookThatTelegramDoesNotKnowOf(t *testing.T) {
	h := newHall(t, byHook)
	cfg := telegram.Config{Token: secret.New(token), WebhookSecret: secret.New(hookSecret), Listen: true, APIURL: h.url}
	unknown := telegram.New(cfg, providers.Env{System: "telegram-acme"})
	err := unknown.Listen(t.Context(), h.ear)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "set server.public_url")

	h.Hook("https://set.by.hand.example.com/chat/telegram-acme/update")
	h.listen(t, unknown, h.ear)

	plain := telegram.New(cfg, providers.Env{System: "telegram-acme", Callback: "http://127.0.0.1:8080/chat/telegram-acme/"})
	err = plain.Listen(t.Context(), h.ear)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "HTTPS")
	for _, s := range []string{token, hookSecret} {
		require.NotContains(t, err.Error(), s)
	}
}

func TestRefusedToListen(t *testing.T) {
	for name, change := range map[string]func(*telegram.Config){"long poll": func(*telegram.Config) {}, "webhook": byHook} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			err := h.another(t, change, func(c *telegram.Config) { c.Token = secret.New("1:revoked") }).Listen(t.Context(), h.ear)
			require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
			require.NotContains(t, err.Error()+h.log.String(), "1:revoked")
		})
	}
}

// Telegram that is away is asked until it is back, and the log holds no secret.
func TestTelegramIsAwayAtTheStart(t *testing.T) {
	h := newHall(t)
	away := true
	var mu sync.Mutex
	asked := make(chan struct{}, 100)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		gone := away
		mu.Unlock()
		if gone {
			asked <- struct{}{}
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	h.listen(t, h.another(t, func(c *telegram.Config) { c.APIURL = front.URL }), h.ear)
	<-asked
	<-asked
	mu.Lock()
	away = false
	mu.Unlock()
	room, anna := h.Group("Support"), h.Person("Anna", false)
	h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
	h.ear.Until(t, "the message", func() bool { return len(h.ear.Events()) == 1 })
	require.Contains(t, h.log.String(), "Telegram does not answer")
	require.NotContains(t, h.log.String(), token)
}

func TestListeningIsOff(t *testing.T) {
	h := newHall(t, byHook, func(c *telegram.Config) { c.Listen = false })
	can := h.client.Describe().Can
	require.False(t, can.Listens || can.Buttons)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, h.client.Listen(ctx, h.ear))
	require.Zero(t, h.Asks())
	require.Equal(t, 401, h.client.Receive(t.Context(), "update", calling(hookSecret, `{}`), h.ear).Status)
	sent, err := h.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: pressable()})
	require.NoError(t, err)
	require.Equal(t, [][]telegramtest.Button{{{Text: "Forum", URL: "https://forum.example.com/t/1"}}}, h.Buttons(string(sent.Ref)), "only links work")
}

func TestTheWebhookIsLookedAt(t *testing.T) {
	h := newHall(t, byHook)
	h.CallTo(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	h.Hook("https://elsewhere.example.com/hook")
	require.NoError(t, h.client.LookAtHookForTest(t.Context()))
	require.Equal(t, callback+"update", h.Webhook())
	require.Contains(t, h.log.String(), "somebody has taken the webhook away")

	h.Speak(telegramtest.Words{Chat: h.Group("Support"), Person: h.Person("Anna", false), Text: "/one"})
	require.Eventually(t, func() bool {
		require.NoError(t, h.client.LookAtHookForTest(t.Context()))
		return strings.Contains(h.log.String(), "Wrong response from the webhook: 502 Bad Gateway")
	}, 20*time.Second, 10*time.Millisecond)
	require.NotContains(t, h.log.String(), hookSecret)
}

// Workers come and go, and each goes on where the last was.
func TestListeningStartsAndStops(t *testing.T) {
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	for i := range 20 {
		client := h.another(t)
		h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: fmt.Sprintf("/before %d", i)})
		stop := h.listen(t, client, h.ear)
		if i%2 == 0 {
			h.ear.Until(t, "all so far", func() bool { return len(h.ear.Events()) == i+1 })
		}
		stop()
		stop()
	}
	h.listen(t, h.another(t), h.ear)
	h.ear.Until(t, "all", func() bool { return len(h.ear.Events()) == 20 })
	require.Eventually(t, func() bool { return h.Pending() == 0 }, 20*time.Second, time.Millisecond)
}

// What came before we said what we want is of any kind.
func TestUpdatesThatNobodyAskedFor(t *testing.T) {
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	require.NotZero(t, h.Tell("poll_answer", map[string]any{"poll_id": "1"}))
	ref, _ := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "/one"})
	h.listen(t, h.client, h.ear)
	h.ear.Until(t, "both", func() bool { return len(h.ear.Events()) == 2 })
	kinds := []hub.EventType{h.ear.Events()[0].Type, h.ear.Events()[1].Type}
	require.ElementsMatch(t, []hub.EventType{hub.HubSignalUnsupported, hub.ChatMessagePosted}, kinds)
	require.Zero(t, h.Tell("poll_answer", map[string]any{"poll_id": "2"}), "nothing else is asked for")

	h.Revise(ref, "/two")
	h.ear.Until(t, "the edit", func() bool { return len(h.ear.Events()) == 3 })
	e := h.ear.Events()[2]
	require.Equal(t, hub.ChatMessageEdited, e.Type)
	require.Equal(t, "/two", chatter(t, e).Text)
	require.False(t, chatter(t, e).ForUs, "an edit is no new command")
}
