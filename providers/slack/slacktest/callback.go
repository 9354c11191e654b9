package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"time"
)

// Team is the workspace's id.
const Team = "T0ACME0001"

// App is how the app is installed.
type App struct {
	URL           string // where the look-alike itself is served
	SigningSecret string
	// Callbacks takes the requests that Slack makes: ToURL or ToHandler. Without it
	// the app uses Socket Mode.
	Callbacks func(*http.Request) (*http.Response, error)
	AppToken  string // of Socket Mode
	// Retries are the pauses before an event is told again, "immediately, after one
	// minute and after five": https://docs.slack.dev/apis/events-api/#retries
	// None is these, ten thousand times as fast.
	Retries []time.Duration
	// AckWithin is how long an app has to answer; 0 is three seconds.
	AckWithin time.Duration
}

// Install lets people use the app. It is called once, before they do.
func (s *Workspace) Install(a App) {
	if a.Retries == nil {
		a.Retries = []time.Duration{0, 6 * time.Millisecond, 30 * time.Millisecond}
	}
	if a.AckWithin == 0 {
		a.AckWithin = 3 * time.Second
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app = a
}

// ToURL sends callbacks to base plus "commands", "interactive", "options" or
// "events".
func ToURL(base string) func(*http.Request) (*http.Response, error) {
	to, err := url.Parse(base)
	return func(r *http.Request) (*http.Response, error) {
		if err != nil {
			return nil, err
		}
		r.URL = to.JoinPath(r.URL.Path)
		return http.DefaultClient.Do(r)
	}
}

// ToHandler hands callbacks to h, whose paths are "/commands" and so on.
func ToHandler(h http.Handler) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// Sign puts Slack's signature of a body into a header:
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func Sign(h http.Header, secret string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// install is how the app is installed.
func (s *Workspace) install() App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app
}

// next makes an id.
func (s *Workspace) next(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextID(kind)
}

// nextID is next with s.mu held.
func (s *Workspace) nextID(kind string) string {
	s.serial++
	return fmt.Sprintf("%s%08d", kind, s.serial)
}

// deed is one thing that a person did, with which the app may answer.
type deed struct {
	cause, trigger, url string
}

// do makes the trigger and the response_url of something that a person did.
func (s *Workspace) do(person, chat string) deed {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := deed{cause: s.nextID("i"), trigger: s.nextID("") + ".123.abc"}
	s.triggers[d.trigger] = &trigger{person: person, chat: chat, cause: d.cause, made: time.Now()}
	if chat != "" {
		id := s.nextID("h")
		s.hooks[id] = &hook{person: person, chat: chat, cause: d.cause, made: time.Now()}
		d.url = s.app.URL + hookPath + id
	}
	return d
}

var errRefused = errors.New("the app did not take it")

// ask tells the app what a person did, who waits: of a slash command as a form,
// of all else as JSON. It returns what the app says.
func (s *Workspace) ask(ctx context.Context, path string, payload any) ([]byte, error) {
	app := s.install()
	ctx, cancel := context.WithTimeout(ctx, app.AckWithin)
	defer cancel()
	if app.Callbacks == nil {
		kind := "interactive"
		if path == "commands" {
			kind = "slash_commands"
		}
		return s.line.ask(ctx, kind, payload)
	}
	body, contentType, err := encode(path, payload)
	if err != nil {
		return nil, err
	}
	return s.call(ctx, path, contentType, body, nil)
}

// encode is a payload as Slack sends it over HTTP.
func encode(path string, payload any) (body []byte, contentType string, err error) {
	raw, err := json.Marshal(payload)
	if err != nil || path == "events" {
		return raw, "application/json", err
	}
	form := url.Values{"payload": {string(raw)}}
	if path == "commands" {
		var fields map[string]string
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, "", err
		}
		form = url.Values{}
		for k, v := range fields {
			form.Set(k, v)
		}
	}
	return []byte(form.Encode()), "application/x-www-form-urlencoded", nil
}

// call makes one signed request.
func (s *Workspace) call(ctx context.Context, path, contentType string, body []byte, header http.Header) ([]byte, error) {
	app := s.install()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://app.invalid/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	Sign(req.Header, app.SigningSecret, time.Now(), body)
	resp, err := app.Callbacks(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %d", errRefused, resp.StatusCode)
	}
	return said, nil
}

// Tell tells the app of an event, and again as Slack does where it is not taken.
// It returns when it was taken, or Slack has given it up, which is false. Over the
// socket it returns at once.
func (s *Workspace) Tell(ctx context.Context, event map[string]any) bool {
	payload := map[string]any{
		"type": "event_callback", "token": "legacy", "team_id": Team, "api_app_id": "A0BELLHOP1",
		"event_id": s.next("Ev"), "event_time": time.Now().Unix(), "event": event,
		"authorizations": []map[string]any{{"team_id": Team, "user_id": Self, "is_bot": true}},
	}
	return s.TellRaw(ctx, payload)
}

// TellRaw tells the app of an event with an envelope of the test's own.
func (s *Workspace) TellRaw(ctx context.Context, payload map[string]any) bool {
	app := s.install()
	if app.Callbacks == nil {
		s.line.tell(payload)
		return true
	}
	body, contentType, err := encode("events", payload)
	if err != nil {
		return false
	}
	header := http.Header{}
	for attempt := 0; ; attempt++ {
		once, cancel := context.WithTimeout(ctx, app.AckWithin)
		_, err := s.call(once, "events", contentType, body, header)
		cancel()
		if err == nil {
			return true
		}
		if attempt == len(app.Retries) {
			return false
		}
		header.Set("X-Slack-Retry-Num", strconv.Itoa(attempt+1))
		header.Set("X-Slack-Retry-Reason", "http_error")
		select {
		case <-time.After(app.Retries[attempt]):
		case <-ctx.Done():
			return false
		}
	}
}
