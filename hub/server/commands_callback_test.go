package server_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// all is what was done so far.
func (k *kiosk) all() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.done)
}

// send makes a request as a platform would.
func (w *town) send(t *testing.T, c call) (status int, said string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+c.path, bytes.NewReader(c.body))
	require.NoError(t, err)
	r.Header = c.header.Clone()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// TestReplayedAndForgedCallbacks lets people do what makes each kind of callback,
// and sends these again: as they were, which has no second effect, and changed,
// stale, unsigned or signed by another, which is 401 and has none.
func TestReplayedAndForgedCallbacks(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", slackPlace(false), mattermostPlace)
	w.called()
	byPath := map[string][]call{}
	for _, p := range w.places {
		chat, anna := p.Chat(t, "calls"), p.people["anna"]
		p.Command(t, chat, anna, "kiosk count one")
		p.Command(t, chat, anna, "discourse watch support")
		p.Press(t, chat, anna, p.Command(t, chat, anna, "kiosk bell"), "Ring")
		d := p.Command(t, chat, anna, "kiosk order")
		d = p.Change(t, chat, anna, d, "way", "bike")
		p.Fill(t, chat, anna, d, map[string][]string{"item": {"Banana"}, "day": {holiday}, "phone": {"+49 170 1"}})
		p.Close(t, chat, anna, p.Command(t, chat, anna, "kiosk order"))
		if p.system == "slack" {
			p.Mention(t, chat, anna, "kiosk count two")
		}
	}
	for _, c := range w.called() {
		byPath[c.path] = append(byPath[c.path], c)
	}
	require.Equal(t, []string{
		"/chat/mattermost/action", "/chat/mattermost/command", "/chat/mattermost/dialog",
		"/chat/slack/commands", "/chat/slack/events", "/chat/slack/interactive", "/chat/slack/options",
	}, slices.Sorted(maps.Keys(byPath)))
	done, rows := k.all(), w.table(t)
	for path, calls := range byPath {
		t.Run(path, func(t *testing.T) {
			for _, c := range calls {
				status, said := w.send(t, c)
				require.Equal(t, http.StatusOK, status, "the same again: %s", said)
			}
			for how, forge := range forgeries(path) {
				for _, c := range calls {
					status, said := w.send(t, forge(c))
					require.Equal(t, http.StatusUnauthorized, status, "%s: %s\n%s", how, said, c.body)
					require.NotContains(t, said, "Counted")
				}
			}
			require.Equal(t, done, k.all(), "nothing was done once more")
			require.Equal(t, rows, w.table(t))
		})
	}
}

// table are all rows, as text.
func (w *town) table(t *testing.T) string {
	t.Helper()
	status, body := w.ask(http.MethodGet, "/api/v1/subscriptions?format=table", "")
	require.Equal(t, http.StatusOK, status, body)
	return body
}

// forgeries are ways to make another request of one, by what is wrong with it.
func forgeries(path string) map[string]func(call) call {
	swapped := func(from *regexp.Regexp, to string) func(call) call {
		return func(c call) call {
			c.body = from.ReplaceAll(c.body, []byte(to))
			return c
		}
	}
	without := func(names ...string) func(call) call {
		return func(c call) call {
			c.header = c.header.Clone()
			for _, name := range names {
				c.header.Del(name)
			}
			return c
		}
	}
	if strings.HasPrefix(path, "/chat/slack/") {
		signed := func(secret string, ago time.Duration) func(call) call {
			return func(c call) call {
				c.header = c.header.Clone()
				slacktest.Sign(c.header, secret, time.Now().Add(-ago), c.body)
				return c
			}
		}
		return map[string]func(call) call{
			"changed":              func(c call) call { c.body = append(slices.Clone(c.body), ' '); return c },
			"unsigned":             without("X-Slack-Signature"),
			"no time":              without("X-Slack-Request-Timestamp"),
			"six minutes old":      signed(signingSecret, 6*time.Minute),
			"six minutes early":    signed(signingSecret, -6*time.Minute),
			"signed by who knows":  signed("00000000000000000000000000000000", 0),
			"signed with an empty": signed("", 0),
		}
	}
	switch path {
	case "/chat/mattermost/command":
		other := swapped(regexp.MustCompile(`token=`+commandToken), "token=another-token-of-nobody")
		return map[string]func(call) call{
			"no token": func(c call) call {
				return without("Authorization")(swapped(regexp.MustCompile(`token=`+commandToken), "token=")(c))
			},
			"another token": func(c call) call { return without("Authorization")(other(c)) },
		}
	case "/chat/mattermost/action":
		return map[string]func(call) call{
			"another chat":   swapped(regexp.MustCompile(`"channel_id":"....`), `"channel_id":"aaaa`),
			"another person": swapped(regexp.MustCompile(`"user_id":"....`), `"user_id":"aaaa`),
			"another button": swapped(regexp.MustCompile(`"token":"....`), `"token":"AAAA`),
			"no context":     swapped(regexp.MustCompile(`"context":\{[^}]*\}`), `"context":{}`),
			"no trigger":     swapped(regexp.MustCompile(`"trigger_id":"[^"]*"`), `"trigger_id":""`),
			"no JSON":        func(c call) call { c.body = []byte("{"); return c },
		}
	}
	return map[string]func(call) call{
		"another person": swapped(regexp.MustCompile(`"user_id":"....`), `"user_id":"aaaa`),
		"no state":       swapped(regexp.MustCompile(`"state":"[^"]*"`), `"state":""`),
		"no JSON":        func(c call) call { c.body = []byte("{"); return c },
	}
}

// TestForgedWebhooks is for Telegram, which proves itself by a secret.
func TestForgedWebhooks(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", telegramHookPlace)
	p := w.places[0]
	chat, anna := p.Chat(t, "calls"), p.people["anna"]
	w.called()
	p.Command(t, chat, anna, "kiosk count one")
	p.Press(t, chat, anna, p.Command(t, chat, anna, "kiosk bell"), "Ring")
	calls := w.called()
	require.Len(t, calls, 3)
	done := k.all()
	for _, c := range calls {
		require.Equal(t, "/chat/telegram/update", c.path)
		status, said := w.send(t, c)
		require.Equal(t, http.StatusOK, status, said)
		for _, secret := range []string{"", "another_secret_of_somebody", webhookSecret + "x"} {
			forged := c
			forged.header = c.header.Clone()
			forged.header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
			// What is in it would be new.
			forged.body = regexp.MustCompile(`"update_id":[0-9]+`).ReplaceAll(c.body, []byte(`"update_id":900000`))
			status, said := w.send(t, forged)
			require.Equal(t, http.StatusUnauthorized, status, said)
		}
	}
	require.Equal(t, done, k.all())
}

// TestForeignTokens presses what was made up, and what was made for another
// system.
func TestForeignTokens(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", slackPlace(false))
	p := w.places[0]
	chat, anna := p.Chat(t, "tokens"), p.people["anna"]
	bell := p.Command(t, chat, anna, "kiosk bell")
	w.called()
	p.Press(t, chat, anna, bell, "Leave it")
	press := w.called()[0]
	form, err := url.ParseQuery(string(press.body))
	require.NoError(t, err)
	token := regexp.MustCompile(`"value":"([A-Za-z0-9_-]{22})"`)
	require.Regexp(t, token, form.Get("payload"))
	done := k.all()
	for _, foreign := range []string{"AAAAAAAAAAAAAAAAAAAAAA", "", strings.Repeat("x", 2000), "../../../etc/passwd", "🔇"} {
		payload := token.ReplaceAllString(form.Get("payload"), `"value":"`+foreign+`"`)
		payload = regexp.MustCompile(`"trigger_id":"[0-9]+`).ReplaceAllString(payload, `"trigger_id":"99`+foreign[:min(3, len(foreign))])
		c := press
		c.body = []byte(url.Values{"payload": {payload}}.Encode())
		c.header = press.header.Clone()
		slacktest.Sign(c.header, signingSecret, time.Now(), c.body)
		status, said := w.send(t, c)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, status, said)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(p.Shown(t, chat, anna).Text, "This button or form is not known here any more, so nothing was done.")
	}, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, done, k.all())
	require.Contains(t, p.Press(t, chat, anna, bell, "Ring").Text, "It has rung.", "the real one works all the same")
}

// TestCallbacksThatNobodyTakes are to no system, too large, or for a worker that
// is away.
func TestCallbacksThatNobodyTakes(t *testing.T) {
	w := &town{t: t}
	settings := fmt.Sprintf("[nats]\nurl = %q\n[providers.slack]\ntoken = %q\nsigning_secret = %q\napi_url = \"%s/api/\"\n",
		startNATS(t), slackToken, signingSecret, w.serve(slacktest.New(slackToken)))
	w.running = startAs(t, t.TempDir(), settings, server.HubOnly, "")

	status, _ := w.send(t, call{path: "/chat/nosuch/commands"})
	require.Equal(t, http.StatusNotFound, status)
	status, _ = w.send(t, call{path: "/chat/slack/commands", body: make([]byte, 1<<20+1)})
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	status, _ = w.ask(http.MethodGet, "/chat/slack/commands", "")
	require.Equal(t, http.StatusNotFound, status, "platforms post")

	resp, err := http.Post(w.url+"/chat/slack/commands", "application/x-www-form-urlencoded", strings.NewReader("command=%2Fdiscourse"))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.NotEmpty(t, resp.Header.Get("Retry-After"))

	startAs(t, t.TempDir(), settings, server.WorkerOnly, hub.System("slack"))
	require.Eventually(t, func() bool {
		status, _ := w.send(t, call{path: "/chat/slack/commands", body: []byte("command=%2Fdiscourse")})
		return status == http.StatusUnauthorized // says the worker, who knows the secret
	}, 20*time.Second, 20*time.Millisecond)
}
