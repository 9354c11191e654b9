package ingest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	bellhop "github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

const senderSecret = "an entirely secret word"

// gate is a source that is no forum, and what came through.
type gate struct {
	*ingest.Handler
	web    http.Handler
	stream *stream
	now    time.Time
}

// open makes a gate of the source "it".
func open(t testing.TB, s ingest.Source) *gate {
	t.Helper()
	s.Name = "it"
	if s.Secrets == nil {
		s.Secrets = []secret.Value{secret.New(senderSecret)}
	}
	g := &gate{stream: &stream{}, now: arrival}
	var err error
	g.Handler, err = ingest.New(ingest.Config{
		Sources: []ingest.Source{s}, Publish: g.stream, Log: slog.New(slog.DiscardHandler), MaxBody: 1 << 20,
		Now: func() time.Time { return g.now },
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/in/{source}", g.Handler)
	g.web = mux
	return g
}

// post sends a body with pairs of headers, and the secret unless they show one.
func (g *gate) post(body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/in/it", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+senderSecret)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return do(g.web, r)
}

// accepts sends a body and returns its events.
func (g *gate) accepts(t *testing.T, body string, headers ...string) []*hub.Event {
	t.Helper()
	before := len(g.stream.stored())
	w := g.post(body, headers...)
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	events := g.stream.stored()[before:]
	for _, e := range events {
		require.NoError(t, e.Validate())
		require.Equal(t, hub.Source("it"), e.Source)
		require.Equal(t, g.now, e.ReceivedTime)
	}
	return events
}

// one is what an accepted body tells.
func (g *gate) one(t *testing.T, body string, headers ...string) (*hub.Event, hub.Item) {
	t.Helper()
	events := g.accepts(t, body, headers...)
	require.Len(t, events, 1)
	return events[0], item(t, events[0])
}

func item(t testing.TB, e *hub.Event) hub.Item {
	t.Helper()
	var i hub.Item
	require.NoError(t, json.Unmarshal(e.Data, &i))
	return i
}

// mapping makes a mapping of pairs of a part and its template.
func mapping(t testing.TB, pairs ...string) bellhop.Mapping {
	t.Helper()
	var m bellhop.Mapping
	parts := map[string]*bellhop.Template{
		"type": &m.Type, "title": &m.Title, "url": &m.URL, "author": &m.Author, "category": &m.Category,
		"tags": &m.Tags, "text": &m.Text, "key": &m.Key, "id": &m.ID,
	}
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, parts[pairs[i]].UnmarshalText([]byte(pairs[i+1])))
	}
	return m
}

func hmacOf(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func TestSecretsOfSenders(t *testing.T) {
	const body, header = `{"title":"x"}`, "X-Hub-Signature-256"
	m := mapping(t, "title", "title")
	sum := hmacOf(senderSecret, body)
	hexed, other := hex.EncodeToString(sum), hex.EncodeToString(hmacOf("another", body))
	for _, kind := range []string{"json", "cloudevents"} {
		signed := open(t, ingest.Source{Kind: kind, Mapping: m, SignatureHeader: header})
		plain := open(t, ingest.Source{Kind: kind, Mapping: m})
		for _, c := range []struct {
			authorization, signature string
			plain, signed            bool // whether it is let in
		}{
			{"Bearer " + senderSecret, "", true, true},
			{"bearer  " + senderSecret, "", true, true},
			{"", "sha256=" + hexed, false, true},
			{"", strings.ToUpper("sha256=" + hexed), false, true},
			{"", hexed, false, true},
			{"", base64.StdEncoding.EncodeToString(sum), false, true},
			{"", base64.RawURLEncoding.EncodeToString(sum), false, true},
			{"", "sha256=" + base64.StdEncoding.EncodeToString(sum), false, true},
			{"", "", false, false},
			{"Bearer", "", false, false},
			{"Bearer ", "", false, false},
			{"Basic " + senderSecret, "", false, false},
			{senderSecret, "", false, false},
			{"Bearer another", "sha256=" + other, false, false},
			{"", "sha256=" + strings.Repeat("0", 64), false, false},
			{"", "sha256=" + strings.Repeat("z", 64), false, false},
			{"", "sha1=" + hexed[:40], false, false},
			{"", hexed[:63], false, false},
			{"", senderSecret, false, false},
		} {
			for g, want := range map[*gate]bool{plain: c.plain, signed: c.signed} {
				w := g.post(body, "Authorization", c.authorization, header, c.signature)
				if want { // a CloudEvent would be more than this
					require.NotEqual(t, http.StatusUnauthorized, w.Code, "%s %+v", kind, c)
					continue
				}
				p := problem(t, w, http.StatusUnauthorized)
				require.Contains(t, p.Detail, "Authorization: Bearer")
				require.Equal(t, g == signed, strings.Contains(p.Detail, header))
				require.Equal(t, `Bearer realm="webhooks"`, w.Header().Get("WWW-Authenticate"))
				require.NotContains(t, w.Body.String(), senderSecret)
			}
		}
	}
}

func TestSecretsOfSendersRotate(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "title"), Secrets: []secret.Value{secret.New("new"), secret.New("old")}})
	for key, status := range map[string]int{"new": 202, "old": 202, senderSecret: 401} {
		require.Equal(t, status, g.post(`{"title":"x"}`, "Authorization", "Bearer "+key).Code)
	}
}

// What comes from elsewhere is as bounded as what comes from a forum.
func TestBrokenBodiesOfSenders(t *testing.T) {
	for _, kind := range []string{"json", "cloudevents"} {
		g := open(t, ingest.Source{Kind: kind, Mapping: mapping(t, "title", "title")})
		for name, c := range map[string]struct{ body, detail string }{
			"empty":    {``, "not JSON"},
			"cut":      {`{"title":"x"`, "not JSON"},
			"two":      {`{"title":"x"} {}`, "not JSON"},
			"string":   {`"title"`, "neither a JSON object nor an array of them"},
			"scalars":  {`[1,2]`, "neither a JSON object nor an array of them"},
			"twice":    {`{"title":"x","title":"y"}`, "twice"},
			"twice in": {`[{"title":"x","title":"y"}]`, "twice"},
			"deep":     {`{"title":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "deep"},
			"roots":    {`{"title":"x"` + manyKeys(300) + `}`, "more than 256 root keys"},
			"many":     {`[{}` + strings.Repeat(`,{}`, 100) + `]`, "more than 100 events"},
		} {
			p := problem(t, g.post(c.body, "Content-Type", "application/json"), http.StatusBadRequest)
			require.Contains(t, p.Detail, c.detail, "%s: %s", kind, name)
			require.NotNil(t, p.Offset)
		}
		require.Empty(t, g.stream.stored())
	}
}

func TestMediaOfSenders(t *testing.T) {
	for _, c := range []struct {
		kind, media string
		status      int
	}{
		{"json", "", 202},
		{"json", "application/json; charset=utf-8", 202},
		{"json", "application/vnd.github+json", 202},
		{"json", "text/json", 202},
		{"json", "application/x-www-form-urlencoded", 202},
		{"json", "text/plain", 415},
		{"json", "application/xml", 415},
		{"json", ";", 415},
		{"standard_webhooks", "text/plain", 415},
		{"cloudevents", "text/plain", 415},
		{"cloudevents", "application/cloudevents+avro", 415},
		{"cloudevents", "application/cloudevents-batch+xml", 415},
		{"cloudevents", "application/octet-stream", 415},
	} {
		g := open(t, ingest.Source{Kind: c.kind, Mapping: mapping(t, "title", "title")})
		require.Equal(t, c.status, g.post(`{"title":"x"}`, "Content-Type", c.media).Code, "%s %s", c.kind, c.media)
	}
}

// Types of other senders are their own words, in our alphabet.
func TestUserTypes(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "'x'", "type", "type")})
	for word, want := range map[string]hub.EventType{
		"com.example.deploy.finished":    "user.com.example.deploy.finished",
		"com.example.Deploy-Done":        "user.com.example.deploy_done",
		"push":                           "user.push",
		"user.created":                   "user.created",
		"user":                           "user.user",
		"a/b:c d":                        "user.a_b_c_d",
		"..a...b.":                       "user.a.b",
		"a.b.c.d.e.f.g":                  "user.a.b.c.d.e_f_g",
		"été":                            "user._t_",
		"...":                            "user.event",
		strings.Repeat("x", 300):         hub.EventType("user." + strings.Repeat("x", 95)),
		strings.Repeat("x", 94) + ".abc": hub.EventType("user." + strings.Repeat("x", 94)),
	} {
		body, err := json.Marshal(map[string]string{"type": word})
		require.NoError(t, err)
		e, _ := g.one(t, string(body))
		require.Equal(t, want, e.Type, word)
	}
}

func TestHandshake(t *testing.T) {
	ask := func(kind, origin string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodOptions, "/in/it", nil)
		r.Header.Set("WebHook-Request-Origin", origin)
		r.Header.Set("WebHook-Request-Rate", "120")
		return do(open(t, ingest.Source{Kind: kind, Mapping: mapping(t, "title", "title")}).web, r)
	}
	w := ask("cloudevents", "eventgrid.example.com")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, []string{"POST", "*", "*"}, []string{
		w.Header().Get("Allow"), w.Header().Get("WebHook-Allowed-Origin"), w.Header().Get("WebHook-Allowed-Rate"),
	})
	require.Equal(t, http.StatusMethodNotAllowed, ask("cloudevents", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask("json", "x").Code)

	r := httptest.NewRequest(http.MethodOptions, "/in/none", bytes.NewReader(nil))
	r.Header.Set("WebHook-Request-Origin", "x")
	require.Equal(t, http.StatusMethodNotAllowed, do(open(t, ingest.Source{Kind: "cloudevents"}).web, r).Code)
}
