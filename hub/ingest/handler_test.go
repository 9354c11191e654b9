package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// stream is a Publisher that keeps events, each id once.
type stream struct {
	fail error // what to answer instead
	// failAfter, if set, is how many events are taken before all fail.
	failAfter int
	hold      chan struct{} // if set, Publish waits for it
	busy      chan struct{} // if set, hears when Publish has begun

	mu     sync.Mutex
	events []*hub.Event
}

func (s *stream) Publish(ctx context.Context, e *hub.Event) (uint64, bool, error) {
	if s.busy != nil {
		s.busy <- struct{}{}
	}
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return 0, false, ctx.Err()
		}
	}
	if s.fail != nil {
		return 0, false, s.fail
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failAfter > 0 && len(s.events) >= s.failAfter {
		return 0, false, errors.New("no more room")
	}
	for i, known := range s.events {
		if known.ID == e.ID {
			return uint64(i), true, nil
		}
	}
	s.events = append(s.events, e)
	return uint64(len(s.events)), false, nil
}

func (s *stream) stored() []*hub.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// config is of one forum, "meta", as the fixtures come from.
func config(s *stream) ingest.Config {
	return ingest.Config{
		Publish: s,
		Log:     slog.New(slog.DiscardHandler),
		Now:     func() time.Time { return arrival },
		Sources: []ingest.Source{{
			Name: "meta", Kind: "discourse", URL: discoursetest.Instance, Secrets: []secret.Value{secret.New(discoursetest.Secret)},
		}},
	}
}

func serve(t testing.TB, c ingest.Config) http.Handler {
	t.Helper()
	h, err := ingest.New(c)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/in/{source}", h)
	return mux
}

func webhook(f discoursetest.Fixture) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/in/meta", bytes.NewReader(f.Body))
	r.Header = f.Header.Clone()
	return r
}

// with is a fixture that has another body, signed.
func with(f discoursetest.Fixture, body string) discoursetest.Fixture {
	f.Body, f.Header = []byte(body), f.Header.Clone()
	f.Header.Set("X-Discourse-Event-Signature", discoursetest.Sign(f.Body))
	return f
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type answer struct {
	Type, Title, Detail string
	Status              int
	Offset              *int64
}

func problem(t *testing.T, w *httptest.ResponseRecorder, status int) answer {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body.String())
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a))
	require.Equal(t, answer{"about:blank", http.StatusText(status), a.Detail, status, a.Offset}, a)
	require.NotEmpty(t, a.Detail)
	return a
}

func first() discoursetest.Fixture { return discoursetest.Get("post_created_first.json") }

func TestEveryFixtureIsAccepted(t *testing.T) {
	s := &stream{}
	h := serve(t, config(s))
	for _, f := range discoursetest.All() {
		before := len(s.stored())
		w := do(h, webhook(f))
		require.Equal(t, http.StatusAccepted, w.Code, "%s: %s", f.File, w.Body)
		var got struct {
			ID        hub.EventID
			Duplicate bool
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		if got.Duplicate { // fixtures show some posts in several forms
			require.Len(t, s.stored(), before, f.File)
			continue
		}
		e := s.stored()[before]
		require.Equal(t, e.ID, got.ID, f.File)
		require.NoError(t, e.Validate(), f.File)
		require.Equal(t, arrival, e.ReceivedTime)
		require.Equal(t, hub.Source("meta"), e.Source)
	}
}

func TestRetryIsADuplicate(t *testing.T) {
	s := &stream{}
	h := serve(t, config(s))
	one := do(h, webhook(first()))
	require.Equal(t, fmt.Sprintf(`{"id":%q}`, s.stored()[0].ID), one.Body.String())

	again := webhook(first())
	again.Header.Set("X-Discourse-Event-Id", "999999") // a forum that tries again counts on
	two := do(h, again)
	require.Equal(t, http.StatusAccepted, two.Code)
	require.Equal(t, fmt.Sprintf(`{"id":%q,"duplicate":true}`, s.stored()[0].ID), two.Body.String())
	require.Len(t, s.stored(), 1)
}

func TestOnlyPostTriggers(t *testing.T) {
	s := &stream{}
	h := serve(t, config(s))
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		r := webhook(first())
		r.Method = method
		w := do(h, r)
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "POST", w.Header().Get("Allow"))
	}
	require.Empty(t, s.stored())
}

func TestUnknownSource(t *testing.T) {
	r := webhook(first())
	r.URL.Path = "/in/other"
	problem(t, do(serve(t, config(&stream{})), r), http.StatusNotFound)
}

func TestContentType(t *testing.T) {
	h := serve(t, config(&stream{}))
	for value, status := range map[string]int{
		"":                                  http.StatusAccepted,
		"application/json":                  http.StatusAccepted,
		"Application/JSON; charset=utf-8":   http.StatusAccepted,
		"application/x-www-form-urlencoded": http.StatusAccepted,
		"text/plain":                        http.StatusUnsupportedMediaType,
		"application/jsonx":                 http.StatusUnsupportedMediaType,
		"multipart/form-data; boundary=x":   http.StatusUnsupportedMediaType,
	} {
		r := webhook(first())
		r.Header.Set("Content-Type", value)
		require.Equal(t, status, do(h, r).Code, value)
	}
}

// unreadable fails the test when a byte of it is asked for.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestTooLargeIsRefusedUnread(t *testing.T) {
	c := config(&stream{})
	c.MaxBody = 1000
	r := webhook(first())
	r.Body, r.ContentLength = io.NopCloser(unreadable{t}), 1001
	w := do(serve(t, c), r)
	problem(t, w, http.StatusRequestEntityTooLarge)
	require.Equal(t, "close", w.Header().Get("Connection"))
}

func TestChunkedBodyIsLimited(t *testing.T) {
	f := first()
	for _, size := range []int{len(f.Body), len(f.Body) - 1} {
		c := config(&stream{})
		c.MaxBody = int64(size)
		server := httptest.NewServer(serve(t, c))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/in/meta", iotest.OneByteReader(bytes.NewReader(f.Body)))
		require.NoError(t, err)
		r.Header = f.Header
		require.Zero(t, r.ContentLength)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		server.Close()
		if size == len(f.Body) {
			require.Equal(t, http.StatusAccepted, res.StatusCode)
		} else {
			require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
		}
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	r := webhook(first())
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"po`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	problem(t, do(serve(t, config(&stream{})), r), http.StatusBadRequest)
}

func TestBodyThatTrickles(t *testing.T) {
	r := webhook(first())
	r.Body = io.NopCloser(iotest.ErrReader(fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded)))
	w := do(serve(t, config(&stream{})), r)
	problem(t, w, http.StatusRequestTimeout)
	require.Equal(t, "close", w.Header().Get("Connection"))
}

func TestWrongSignaturesAreAnsweredAlike(t *testing.T) {
	s := &stream{}
	h := serve(t, config(s))
	right := first().Header.Get("X-Discourse-Event-Signature")
	var want *httptest.ResponseRecorder
	for _, signature := range []string{
		"", "sha256", "sha256=", "sha256=00", right[:len(right)-1], right + "0", right[len("sha256="):],
		"sha1=" + right[len("sha256="):], "sha256=" + strings.Repeat("0", 64), "sha256=" + strings.Repeat("z", 64),
		" " + right, "SHA256=" + right[len("sha256="):], discoursetest.SignWith("another secret", first().Body),
		strings.Repeat("sha256=", 1000),
	} {
		for _, body := range []string{string(first().Body), "", "not JSON", `{"post":`} {
			if signature != "" && body != string(first().Body) {
				continue
			}
			r := webhook(first())
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("X-Discourse-Event-Signature", signature)
			if signature == "" {
				r.Header.Del("X-Discourse-Event-Signature")
			}
			w := do(h, r)
			problem(t, w, http.StatusUnauthorized)
			if want == nil {
				want = w
			}
			require.Equal(t, want.Body.String(), w.Body.String(), signature)
			require.Equal(t, want.Header(), w.Header(), signature)
		}
	}
	require.Empty(t, s.stored())
}

// A signature of zeros must not fit what cannot be decoded: that is zeros too.
func TestSignatureOfASingleBitOff(t *testing.T) {
	right := []byte(first().Header.Get("X-Discourse-Event-Signature"))
	h := serve(t, config(&stream{}))
	for i := len("sha256="); i < len(right); i++ {
		bad := bytes.Clone(right)
		bad[i] = "0123456789abcdef"[strings.IndexByte("0123456789abcdef", bad[i])^1]
		r := webhook(first())
		r.Header.Set("X-Discourse-Event-Signature", string(bad))
		require.Equal(t, http.StatusUnauthorized, do(h, r).Code, i)
	}
}

func TestSecretsRotate(t *testing.T) {
	c := config(&stream{})
	c.Sources[0].Secrets = []secret.Value{secret.New("the new secret"), {}, secret.New("the old secret")}
	h := serve(t, c)
	for key, status := range map[string]int{
		"the new secret": http.StatusAccepted, "the old secret": http.StatusAccepted,
		"": http.StatusUnauthorized, discoursetest.Secret: http.StatusUnauthorized,
	} {
		r := webhook(first())
		r.Header.Set("X-Discourse-Event-Signature", discoursetest.SignWith(key, first().Body))
		require.Equal(t, status, do(h, r).Code, key)
	}
}

func TestBrokenBodies(t *testing.T) {
	s := &stream{}
	h := serve(t, config(s))
	for name, c := range map[string]struct {
		body   string
		offset int64
		detail string
	}{
		"empty":         {``, 0, "not JSON"},
		"cut":           {`{"post":{"id":1`, 15, "not JSON"},
		"comma":         {`{"post":{"id":1,}}`, 16, "not JSON"},
		"no quotes":     {`{"post":{id:1}}`, 9, "not JSON"},
		"two values":    {`{"post":{}} {}`, 12, "not JSON"},
		"number":        {`{"post":{"id":01}}`, 15, "not JSON"},
		"control":       {"{\"post\":{\"name\":\"a\nb\"}}", 18, "not JSON"},
		"escape":        {`{"post":{"name":"\x"}}`, 17, "not JSON"},
		"form":          {`post=1`, 0, "not JSON"},
		"list":          {`[{"post":{}}]`, 0, "not a JSON object"},
		"string":        {`"post"`, 0, "not a JSON object"},
		"twice":         {`{"post":{"id":1},"post":{"id":2}}`, 24, "twice"},
		"twice escaped": {`{"post":{"id":1},"\u0070ost":{"id":2}}`, 29, "twice"},
		"deep":          {`{"post":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 71, "deep"},
		"deep unclosed": {`{"post":` + strings.Repeat(`{"a":`, 100_000), 8 + 5*63, "deep"},
		"roots":         {`{"a0":1` + manyKeys(300) + `}`, -1, "more than 256 root keys"},
		"other root":    {`{"topic":{"id":301}}`, -1, `no root key "post"`},
		"case":          {`{"Post":{"id":301}}`, -1, `no root key "post"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem(t, do(h, webhook(with(first(), c.body))), http.StatusBadRequest)
			require.Contains(t, p.Detail, c.detail)
			if c.offset >= 0 {
				require.NotNil(t, p.Offset)
				require.Equal(t, c.offset, *p.Offset)
			}
		})
	}
	require.Empty(t, s.stored())
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"a%d":1`, i+1)
	}
	return b.String()
}

func TestMissingHeaders(t *testing.T) {
	c := config(&stream{})
	c.Sources[0].URL = ""
	h := serve(t, c)
	for _, key := range []string{"X-Discourse-Event", "X-Discourse-Event-Type", "X-Discourse-Instance"} {
		r := webhook(first())
		r.Header.Del(key)
		require.Contains(t, problem(t, do(h, r), http.StatusBadRequest).Detail, key)
	}
}

func TestSite(t *testing.T) {
	for name, c := range map[string]struct {
		url, header string
		want        string // "" is a 400
	}{
		"header":           {"", "https://forum.example.com", "https://forum.example.com"},
		"header with path": {"", "https://Example.com/forum/", "https://example.com/forum"},
		"configured":       {"https://forum.example.com/", "https://evil.example", "https://forum.example.com"},
		"none claimed":     {"https://forum.example.com", "", "https://forum.example.com"},
		"script":           {"", "javascript:alert(1)", ""},
		"user":             {"", "https://forum.example.com@evil.example", ""},
		"query":            {"", "https://forum.example.com/?a=b", ""},
		"file":             {"", "file:///etc/passwd", ""},
		"markup":           {"", "https://forum.example.com/<b>", ""},
		"relative":         {"", "forum.example.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			cfg := config(s)
			cfg.Sources[0].URL = c.url
			r := webhook(first())
			r.Header.Set("X-Discourse-Instance", c.header)
			w := do(serve(t, cfg), r)
			if c.want == "" {
				problem(t, w, http.StatusBadRequest)
				return
			}
			require.Equal(t, http.StatusAccepted, w.Code, w.Body)
			require.Equal(t, c.want, forum(t, s.stored()[0]).Site)
		})
	}
}

func TestOtherSiteIsLoggedOnceEach(t *testing.T) {
	var log bytes.Buffer
	c := config(&stream{})
	c.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h := serve(t, c)
	send := func(site string) {
		r := webhook(first())
		r.Header.Set("X-Discourse-Instance", site)
		require.Equal(t, http.StatusAccepted, do(h, r).Code)
	}
	send(discoursetest.Instance + "/") // the same site
	require.Empty(t, log.String())
	for range 3 {
		send("https://old.example.com")
	}
	require.Equal(t, 1, strings.Count(log.String(), "\n"))
	require.Contains(t, log.String(), "https://old.example.com")
	for i := range 1000 {
		send(fmt.Sprintf("https://%d.example.com", i))
	}
	require.Equal(t, 16, strings.Count(log.String(), "\n"))
}

func TestTooManyAtOnce(t *testing.T) {
	s := &stream{hold: make(chan struct{}), busy: make(chan struct{}, 2)}
	c := config(s)
	c.MaxInFlight = 2
	h := serve(t, c)
	var wg sync.WaitGroup
	for _, file := range []string{"post_created_first.json", "post_created_reply.json"} {
		wg.Go(func() {
			if w := do(h, webhook(discoursetest.Get(file))); w.Code != http.StatusAccepted {
				t.Errorf("%s: %d", file, w.Code)
			}
		})
	}
	<-s.busy
	<-s.busy
	r := webhook(first())
	r.Body = io.NopCloser(unreadable{t})
	w := do(h, r)
	problem(t, w, http.StatusServiceUnavailable)
	require.Equal(t, "1", w.Header().Get("Retry-After"))

	close(s.hold)
	wg.Wait()
	require.Equal(t, http.StatusAccepted, do(h, webhook(discoursetest.Get("topic_created.json"))).Code, "the slots are not given back")
	require.Len(t, s.stored(), 3)
}

// Slots are given back by requests that fail as well.
func TestRefusalsGiveTheirSlotBack(t *testing.T) {
	c := config(&stream{})
	c.MaxInFlight = 1
	h := serve(t, c)
	for range 3 {
		unsigned := webhook(first())
		unsigned.Header.Del("X-Discourse-Event-Signature")
		require.Equal(t, http.StatusUnauthorized, do(h, unsigned).Code)
		require.Equal(t, http.StatusBadRequest, do(h, webhook(with(first(), `{}`))).Code)
	}
	require.Equal(t, http.StatusAccepted, do(h, webhook(first())).Code)
}

func TestPublishFails(t *testing.T) {
	w := do(serve(t, config(&stream{fail: errors.New("disk full at nats://user:hunter2@localhost")})), webhook(first()))
	p := problem(t, w, http.StatusServiceUnavailable)
	require.Equal(t, "5", w.Header().Get("Retry-After"))
	require.NotContains(t, p.Detail, "hunter2")
	require.NotContains(t, w.Body.String(), `"id"`)

	w = do(serve(t, config(&stream{fail: fmt.Errorf("publish: %w", ingest.ErrTooLarge)})), webhook(first()))
	require.Contains(t, problem(t, w, http.StatusRequestEntityTooLarge).Detail, "larger than the hub stores")
	require.Empty(t, w.Header().Get("Retry-After"))
}

// A forum that hangs up does not send the event again.
func TestHangUpDoesNotLoseTheEvent(t *testing.T) {
	s := &stream{hold: make(chan struct{}), busy: make(chan struct{}, 1)}
	h := serve(t, config(s))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { do(h, webhook(first()).WithContext(ctx)) })
	<-s.busy
	cancel()
	close(s.hold)
	wg.Wait()
	require.Len(t, s.stored(), 1)
}

func TestConcurrentDuplicates(t *testing.T) {
	s := &stream{}
	server := httptest.NewServer(serve(t, config(s)))
	defer server.Close()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, f := range discoursetest.All() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/in/meta", bytes.NewReader(f.Body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header = f.Header.Clone()
				res, err := server.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != http.StatusAccepted {
					t.Errorf("%s: %s", f.File, res.Status)
				}
			}
		})
	}
	wg.Wait()
	ids := map[hub.EventID]bool{}
	for _, f := range discoursetest.All() {
		ids[decode(t, f).ID] = true
	}
	require.Len(t, s.stored(), len(ids))
}

func TestObserve(t *testing.T) {
	type seen struct {
		source hub.Source
		status int
	}
	var got []seen
	c := config(&stream{})
	c.Observe = func(source hub.Source, status int, took time.Duration) {
		require.Positive(t, took)
		got = append(got, seen{source, status})
	}
	h := serve(t, c)
	do(h, webhook(first()))
	do(h, webhook(with(first(), "{")))
	r := webhook(first())
	r.URL.Path = "/in/a-name-that-a-stranger-made-up"
	do(h, r)
	require.Equal(t, []seen{{"meta", 202}, {"meta", 400}, {"", 404}}, got)
}

func TestNewRefuses(t *testing.T) {
	key := []secret.Value{secret.New("0123456789ab")}
	_, err := ingest.New(ingest.Config{Sources: []ingest.Source{
		{Name: "open", Kind: "discourse"},
		{Name: "empty", Kind: "discourse", Secrets: []secret.Value{{}}},
		{Name: "odd", Kind: "carrier-pigeon", Secrets: key},
		{Name: "mute", Kind: "json", Secrets: key},
		{Name: "link", Kind: "discourse", URL: "forum.example.com", Secrets: key},
		{Name: "Upper", Kind: "discourse", Secrets: key},
		{Name: "twice", Kind: "discourse", Secrets: key},
		{Name: "twice", Kind: "discourse", Secrets: key},
	}})
	for _, want := range []string{
		"no Publisher", "sources.open: secret", "sources.empty: secret", `sources.odd: kind: "carrier-pigeon"`,
		"sources.mute: mapping.title", "sources.link: url", "sources.Upper: the name", "sources.twice: there are two",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = ingest.New(ingest.Config{Publish: &stream{}, MaxInFlight: -1})
	require.ErrorContains(t, err, "MaxInFlight")
	require.Equal(t, []string{"cloudevents", "discourse", "json", "standard_webhooks"}, ingest.Kinds())
}
