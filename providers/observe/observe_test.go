package observe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// platform answers every request with what a test says.
func platform(t *testing.T, answer http.HandlerFunc, secrets ...string) (*http.Client, string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return client(server.Client(), secrets...), server.URL
}

func client(base *http.Client, secrets ...string) *http.Client {
	var values []secret.Value
	for _, s := range secrets {
		values = append(values, secret.New(s))
	}
	c := *base
	c.Transport = observe.Transport(base.Transport, values...)
	return &c
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// echo reads all before it answers: a server stops reading where an answer has
// begun.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(body)
}

// post sends a body and reads the whole answer.
func post(t *testing.T, ctx context.Context, c *http.Client, url, body string) (string, error) { //nolint:revive // t stands first in every helper here
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer header-secret")
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	require.Same(t, req, resp.Request, "a provider gets its own request back")
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(answer), nil
}

func TestExchange(t *testing.T) {
	c, url := platform(t, says(http.StatusTeapot, `{"ok":false}`))
	ctx, trail := observe.Watch(t.Context())
	require.Nil(t, trail.Last(), "nothing was asked yet")
	before := time.Now()
	answer, err := post(t, ctx, c, url+"/send?x=1", `{"text":"hi"}`)
	require.NoError(t, err)
	require.Equal(t, `{"ok":false}`, answer)

	x := trail.Last()
	require.WithinRange(t, x.At, before.UTC(), time.Now().UTC())
	require.Less(t, x.TookMS, int64(60_000))
	x.At, x.TookMS = time.Time{}, 0
	require.Equal(t, &hub.Exchange{
		Method: "POST", URL: url + "/send?x=1", Request: `{"text":"hi"}`, Status: http.StatusTeapot, Answer: `{"ok":false}`,
	}, x)

	_, err = post(t, ctx, c, url+"/second", "again")
	require.NoError(t, err)
	require.Equal(t, url+"/second", trail.Last().URL, "the last one counts")
	_, err = post(t, t.Context(), c, url+"/unwatched", "")
	require.NoError(t, err)
	require.Equal(t, url+"/second", trail.Last().URL, "what is not watched leaves no trace")
}

func TestNoAnswer(t *testing.T) {
	c, url := platform(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	ctx, trail := observe.Watch(t.Context())
	_, err := post(t, ctx, c, url, "hello")
	require.Error(t, err)
	require.Equal(t, "hello", trail.Last().Request)
	require.Zero(t, trail.Last().Status)
	require.Empty(t, trail.Last().Answer)

	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = post(t, ctx, c, url+"/ended", "hello")
	require.ErrorIs(t, err, context.Canceled, "errors pass as they are")
}

// Nothing of a secret may be shown, wherever and however it stands.
func TestSecrets(t *testing.T) {
	const (
		telegram = "123456789:AAtest-secret_of_telegram_0123456789ab"
		odd      = `p"a/s&s<w>ör d%+:;` + "\t=tail"
	)
	c, base := platform(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s", r.URL, body)
	}, telegram, odd, "abc", "abcdef")
	spellings := map[string]string{
		"a token in a path":       "/bot" + telegram + "/sendMessage",
		"an escaped token":        "/bot" + url.QueryEscape(telegram) + "/sendMessage",
		"escaped in small digits": "/bot" + strings.ReplaceAll(telegram, ":", "%3a") + "/x",
		"the key alone":           "/?key=" + telegram[10:],
		"a query":                 "/?p=" + url.QueryEscape(odd) + "&q=1",
		"a path":                  "/" + url.PathEscape(odd),
		"a query with %20":        "/?p=" + strings.ReplaceAll(url.QueryEscape(odd), "+", "%20"),
		"userinfo":                "",
	}
	for name, path := range spellings {
		t.Run(name, func(t *testing.T) {
			ctx, trail := observe.Watch(t.Context())
			to := base + path
			if name == "userinfo" {
				to = strings.Replace(base, "http://", "http://user:"+telegram[10:]+"@", 1)
			}
			_, err := post(t, ctx, c, to, "")
			require.NoError(t, err)
			hides(t, trail.Last(), telegram, odd)
		})
	}
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(odd)
	for name, body := range map[string]string{
		"plain":           "token=" + telegram + ";" + odd,
		"a form":          url.Values{"token": {telegram, odd}, "text": {"hi"}}.Encode(),
		"JSON":            `{"token":"` + escaped + `"}`,
		"JSON for HTML":   `{"token":"` + strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`).Replace(escaped) + `"}`,
		"JSON of others":  `{"token":"` + strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`, "/", `\/`).Replace(escaped) + `"}`,
		"again and again": strings.Repeat(telegram, 1000),
		"one in another":  "abcdefabcabcdef",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, trail := observe.Watch(t.Context())
			_, err := post(t, ctx, c, base, body)
			require.NoError(t, err)
			x := trail.Last()
			hides(t, x, telegram, odd)
			require.Contains(t, x.Request, secret.Mark)
			require.Contains(t, x.Answer, secret.Mark)
			require.NotContains(t, x.Request, "def", "the longer secret goes as a whole")
		})
	}
}

// hides looks for what is telling of each secret.
func hides(t *testing.T, x *hub.Exchange, secrets ...string) {
	t.Helper()
	shown := x.URL + "\n" + x.Request + "\n" + x.Answer
	for _, s := range append(secrets, "header-secret", "AAtest", "telegram_", "tail", "s&s") {
		require.NotContains(t, shown, s)
	}
}

// TestSecretAtTheEnd moves a secret over every place where texts are cut.
func TestSecretAtTheEnd(t *testing.T) {
	const token = "xoxb-1234567890-ABCDEFGHIJKLMNOP"
	c, url := platform(t, echo, token)
	ends := map[int]bool{}
	for _, at := range []int{hub.MaxExchangeText, 2 * hub.MaxExchangeText, 2*hub.MaxExchangeText + len(token)} {
		for n := at - len(token) - 8; n < at+4; n++ {
			ends[n] = true
		}
	}
	for n := range ends {
		ctx, trail := observe.Watch(t.Context())
		_, err := post(t, ctx, c, url, strings.Repeat(".", n)+token+strings.Repeat(".", 40))
		require.NoError(t, err)
		x := trail.Last()
		for _, text := range []string{x.Request, x.Answer} {
			require.NotContains(t, text, "x", "at %d", n)
			require.LessOrEqual(t, len(text), hub.MaxExchangeText)
		}
	}
	// The same where most of what is kept are secrets: the rest moves to the front.
	for n := range len(token) {
		ctx, trail := observe.Watch(t.Context())
		_, err := post(t, ctx, c, url, strings.Repeat(".", n)+strings.Repeat(token, 400))
		require.NoError(t, err)
		require.NotContains(t, trail.Last().Request+trail.Last().Answer, "x", "at %d", n)
	}
	// A provider that stops reading in the middle of one.
	for n := range len(token) {
		ctx, trail := observe.Watch(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("...."+token))
		require.NoError(t, err)
		resp, err := c.Do(req)
		require.NoError(t, err)
		_, err = io.ReadFull(resp.Body, make([]byte, 4+n))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.NotContains(t, trail.Last().Answer, "x")
		require.Contains(t, trail.Last().Answer, "....")
	}
}

func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("日本語 ", 3000)
	c, url := platform(t, says(http.StatusOK, long))
	ctx, trail := observe.Watch(t.Context())
	answer, err := post(t, ctx, c, url+"/"+strings.Repeat("x", 5000), long)
	require.NoError(t, err)
	require.Equal(t, long, answer, "the provider gets all of it")
	x := trail.Last()
	for _, text := range []string{x.URL, x.Request, x.Answer} {
		require.LessOrEqual(t, len(text), hub.MaxExchangeText)
		require.Greater(t, len(text), hub.MaxExchangeText-8)
		require.True(t, strings.HasSuffix(text, "…") && utf8.ValidString(text), text[len(text)-12:])
	}
	ctx, trail = observe.Watch(t.Context())
	_, err = post(t, ctx, c, url, "\xff\xfe\x00binary")
	require.NoError(t, err)
	require.True(t, utf8.ValidString(trail.Last().Request))
	require.Contains(t, trail.Last().Request, "binary")
}

// endless is a body of as many bytes as are asked for.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return int(n), nil
}

// TestHugeBodiesStream sends and reads 256 MiB and expects nothing of that to
// be kept.
func TestHugeBodiesStream(t *testing.T) {
	const size = 256 << 20
	c, url := platform(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != size {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.Copy(w, &endless{size})
	})
	ctx, trail := observe.Watch(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, &endless{size})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	require.Len(t, strings.TrimRight(trail.Last().Answer, "…"), hub.MaxExchangeText-len("…"))
}

// TestAnswersAreReadAsTheyCome reads an answer that has no end yet.
func TestAnswersAreReadAsTheyCome(t *testing.T) {
	more := make(chan struct{})
	c, url := platform(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "second\n")
	})
	ctx, trail := observe.Watch(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Empty(t, trail.Last().Answer, "nothing is read ahead of the provider")
	first := make([]byte, len("first\n"))
	_, err = io.ReadFull(resp.Body, first)
	require.NoError(t, err)
	require.Contains(t, trail.Last().Answer, "first")
	require.NotContains(t, trail.Last().Answer, "second")
	close(more)
	rest, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "second\n", string(rest))
	require.Equal(t, "first\nsecond\n", trail.Last().Answer)
}

func TestForms(t *testing.T) {
	c, base := platform(t, echo, "tok/en")
	send := func(body string) string {
		ctx, trail := observe.Watch(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(got), "what is sent stays as it is")
		return trail.Last().Request
	}
	require.Equal(t, "blocks=[{\"text\":\"a & b\"}]\ntoken=[secret]\nempty=\nflag",
		send("blocks="+url.QueryEscape(`[{"text":"a & b"}]`)+"&token="+url.QueryEscape("tok/en")+"&empty=&flag"))
	require.Equal(t, "a=[secret]", send("a=%74%6fk%2Fen"), "in whatever way it is encoded")
	require.Equal(t, "{%zz}", send("{%zz}"))
	for pad := range 6 {
		long := send("a=" + strings.Repeat("x", pad) + strings.Repeat("%F0%9F%98%84", 3000))
		require.True(t, strings.HasPrefix(long, "a="+strings.Repeat("x", pad)+"😄😄"))
		require.NotContains(t, long, "%")
		require.NotContains(t, long, "\uFFFD…")
	}
}

// TestRefusalsThatNobodyReads has a provider look at the status alone.
func TestRefusalsThatNobodyReads(t *testing.T) {
	gone := make(chan struct{})
	c, url := platform(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/short":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "busy")
		case "/long":
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.Copy(w, &endless{1 << 30})
		case "/never":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "half of ")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			close(gone)
		case "/fine":
			_, _ = io.WriteString(w, "fine")
		}
	})
	for path, want := range map[string]string{
		"/short": "busy", "/long": strings.Repeat("x", hub.MaxExchangeText-len("…")) + "…", "/never": "half of …", "/fine": "",
	} {
		ctx, trail := observe.Watch(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		require.NoError(t, err)
		resp, err := c.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, resp.Body.Close(), "closing twice is fine")
		require.Equal(t, want, trail.Last().Answer, path)
	}
	<-gone
}

func TestConcurrent(t *testing.T) {
	c, url := platform(t, echo, "the-secret")
	shared, common := observe.Watch(t.Context())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			ctx, trail := observe.Watch(t.Context())
			body := fmt.Sprintf("the-secret %d", i)
			for _, ctx := range []context.Context{ctx, shared} {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := c.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = common.Last()
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			if want := fmt.Sprintf("[secret] %d", i); trail.Last().Request != want || trail.Last().Answer != want {
				t.Errorf("%d: %+v", i, trail.Last())
			}
		})
	}
	wg.Wait()
	require.True(t, strings.HasPrefix(common.Last().Answer, "[secret] "))
}

// dropping loses the connection of the first request, as a server does that
// closes one just then.
type dropping struct {
	next  http.RoundTripper
	times int
}

func (d *dropping) RoundTrip(req *http.Request) (*http.Response, error) {
	d.times++
	if d.times == 1 {
		_, _ = io.CopyN(io.Discard, req.Body, 3)
		fresh, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again := req.Clone(req.Context())
		again.Body = fresh
		return d.next.RoundTrip(again)
	}
	return d.next.RoundTrip(req)
}

func TestBodiesThatAreSentTwice(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	c := &http.Client{Transport: observe.Transport(&dropping{next: http.DefaultTransport})}
	ctx, trail := observe.Watch(t.Context())
	answer, err := post(t, ctx, c, server.URL, "hello")
	require.NoError(t, err)
	require.Equal(t, "hello", answer)
	require.Equal(t, "hello", trail.Last().Request)
}

// TestBodyGoesWithTheHead counts what a request takes to be written: to look at its
// body must not cost a packet of its own.
func TestBodyGoesWithTheHead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	var writes atomic.Int64
	base := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return counted{conn, &writes}, err
	}}
	defer base.CloseIdleConnections()
	c := client(&http.Client{Transport: base})
	ctx, trail := observe.Watch(t.Context())
	body := strings.Repeat("x", 2000)
	answer, err := post(t, ctx, c, server.URL, body)
	require.NoError(t, err)
	require.Equal(t, body, answer)
	require.Equal(t, body, trail.Last().Request)
	require.EqualValues(t, 1, writes.Load())
}

// counted is a connection whose writes are counted.
type counted struct {
	net.Conn
	writes *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

var errBroken = errors.New("broken")

func TestErrorsPass(t *testing.T) {
	ctx, trail := observe.Watch(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://x.example/", nil)
	require.NoError(t, err)
	_, err = observe.Transport(broken{}).RoundTrip(req)
	require.Equal(t, errBroken, err)
	require.Equal(t, "https://x.example/", trail.Last().URL)
}

// TestSwitchedProtocols writes to the body of an answer, as a websocket does.
func TestSwitchedProtocols(t *testing.T) {
	c, url := platform(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	})
	ctx, trail := observe.Watch(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	socket, ok := resp.Body.(io.ReadWriteCloser)
	require.True(t, ok)
	_, err = socket.Write([]byte("hello\n"))
	require.NoError(t, err)
	answer, err := io.ReadAll(socket)
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(answer))
	require.Equal(t, http.StatusSwitchingProtocols, trail.Last().Status)
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	c := client(&http.Client{Transport: &http.Transport{}})
	c.CloseIdleConnections() // panics nowhere where nothing is to close either
	(&http.Client{Transport: observe.Transport(broken{})}).CloseIdleConnections()
}

func TestSecretsOfAConfiguration(t *testing.T) {
	type inner struct {
		Key  secret.Value
		more secret.Value
	}
	config := &struct {
		Token  secret.Value
		Empty  secret.Value
		Name   string
		Inner  inner
		Others []*inner
		ByName map[string]inner
		Any    any
		None   *inner
	}{
		Token: secret.New("a"), Name: "not one", Inner: inner{Key: secret.New("b"), more: secret.New("no setting")},
		Others: []*inner{{Key: secret.New("c")}, nil}, ByName: map[string]inner{"x": {Key: secret.New("d")}}, Any: &inner{Key: secret.New("e")},
	}
	require.NotEmpty(t, config.Inner.more.Reveal())
	var got []string
	for _, s := range observe.Secrets(config) {
		got = append(got, s.Reveal())
	}
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, got)
	require.Empty(t, observe.Secrets(nil))
	require.Empty(t, observe.Secrets("text"))
}

// FuzzSecrets puts a secret somewhere into a body and lets platforms echo it.
func FuzzSecrets(f *testing.F) {
	f.Add("123456789:AAtest-secret_0123", "before ", " after", uint16(0))
	f.Add(`a"b\c/d&e`, "", "", uint16(9000))
	f.Add("aaaaaaaa", "aaa", "aaaaaaaaaaaa", uint16(4090))
	f.Add("000[", "000", "D", uint16(4000))
	f.Add("000[", "000", "D", uint16(4088))
	f.Fuzz(func(t *testing.T, token, before, after string, pad uint16) {
		if len(token) < 4 || len(token) > 500 || strings.Contains(secret.Mark, token) || !utf8.ValidString(token) {
			return
		}
		body := strings.Repeat(".", int(pad)) + before + token + after
		repeat := roundTrip(func(req *http.Request) (*http.Response, error) {
			sent, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			require.Equal(t, body, string(sent))
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(sent))}, nil
		})
		ctx, trail := observe.Watch(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://x.example/"+url.PathEscape(token), strings.NewReader(body))
		require.NoError(t, err)
		if pad%2 == 1 {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := observe.Transport(repeat, secret.New(token)).RoundTrip(req)
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(got))
		x := trail.Last()
		for _, text := range []string{x.URL, x.Request, x.Answer} {
			require.True(t, utf8.ValidString(text))
			require.LessOrEqual(t, len(text), hub.MaxExchangeText)
		}
		for _, text := range []string{x.Request, x.Answer} {
			// What ends as the mark begins ("000[") may stand there again across its edge, made of what was no secret.
			for part := range strings.SplitSeq(withoutCutMark(text), secret.Mark) {
				require.NotContains(t, part, token)
			}
		}
	})
}

// withoutCutMark is a text without the beginning of a mark that it was cut in.
func withoutCutMark(text string) string {
	whole, cut := strings.CutSuffix(text, "…")
	for n := len(secret.Mark) - 1; cut && n > 0; n-- {
		if before, found := strings.CutSuffix(whole, secret.Mark[:n]); found {
			return before
		}
	}
	return whole
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestFilesAreNotShown holds that of an image that is uploaded nothing is kept.
func TestFilesAreNotShown(t *testing.T) {
	c, url := platform(t, echo)
	for kind, want := range map[string]string{
		"image/png":                       "[a file: image/png]",
		"application/octet-stream":        "[a file: application/octet-stream]",
		"multipart/form-data; boundary=x": "[a file: multipart/form-data]",
		"application/json":                "\x89PNG",
	} {
		ctx, trail := observe.Watch(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("\x89PNG"))
		require.NoError(t, err)
		req.Header.Set("Content-Type", kind)
		resp, err := c.Do(req)
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "\x89PNG", string(got), "it arrives all the same")
		if strings.HasPrefix(want, "[") {
			require.Equal(t, want, trail.Last().Request)
		} else {
			require.Contains(t, trail.Last().Request, "PNG")
		}
	}
}
