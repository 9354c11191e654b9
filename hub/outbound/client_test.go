package outbound_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/stretchr/testify/require"
)

// get calls url and returns the answer's body.
func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// serve answers with the User-Agent it was called with, and counts.
func serve(t *testing.T) (at string, calls func() int) {
	t.Helper()
	n := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n <- struct{}{}
		_, _ = io.WriteString(w, r.UserAgent())
	}))
	t.Cleanup(s.Close)
	return s.URL, func() int { return len(n) }
}

func TestLoopbackIsRefused(t *testing.T) {
	at, calls := serve(t)
	port := at[strings.LastIndex(at, ":"):]
	var log bytes.Buffer
	c := outbound.Client(outbound.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "127.1"} {
		_, err := get(t, c, "http://"+host+port+"/bot123:token/getMe?key=secret")
		require.Error(t, err, host)
		require.NotContains(t, outbound.Clean(err).Error(), "token", host)
	}
	require.Zero(t, calls())

	_, err := get(t, c, at+"/bot123:token/getMe")
	var refused *outbound.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, netip.MustParseAddr("127.0.0.1"), refused.Addr)
	require.EqualError(t, refused, "127.0.0.1 is 127.0.0.1, a loopback address, which is not called: if it is yours, "+
		"write its address into the configuration of the provider that needs it, or add 127.0.0.1/32 to outbound.allow")
	require.Contains(t, log.String(), "address refused")
	require.NotContains(t, log.String(), "token")
}

func TestWhatIsAllowed(t *testing.T) {
	at, _ := serve(t)
	elsewhere, _ := serve(t)
	trusting := outbound.Options{UserAgent: "Bellhop/1.2.3"}
	require.NoError(t, trusting.Trust(at+"/api/v4", "https://chat.example.com"))

	for _, o := range []outbound.Options{
		{AllowPrivate: true},
		{AllowNets: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	} {
		_, err := get(t, outbound.Client(o), at)
		require.NoError(t, err)
	}
	agent, err := get(t, outbound.Client(trusting), at)
	require.NoError(t, err)
	require.Equal(t, "Bellhop/1.2.3", agent)
	_, err = get(t, outbound.Client(trusting), elsewhere)
	require.ErrorContains(t, err, "a loopback address", "another port of a trusted host")
}

func TestTrustLeavesCopiesAlone(t *testing.T) {
	at, _ := serve(t)
	var base outbound.Options
	require.NoError(t, base.Trust("https://example.com"))
	other := base
	require.NoError(t, other.Trust(at))
	_, err := get(t, outbound.Client(base), at)
	require.Error(t, err)

	err = base.Trust("/only/a/secret-path")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestRedirectsAreRefused(t *testing.T) {
	target, calls := serve(t)
	s := httptest.NewServer(http.RedirectHandler(target+"/meta?token=secret", http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	_, err := get(t, outbound.Client(outbound.Options{AllowPrivate: true}), s.URL+"/secret")
	require.ErrorContains(t, err, s.URL+" redirects to "+target+": redirects are not followed")
	require.NotContains(t, outbound.Clean(err).Error(), "secret")
	require.Zero(t, calls())
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // that is the point
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	_, err := get(t, outbound.Client(outbound.Options{AllowPrivate: true, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}}), s.URL)
	require.ErrorContains(t, err, "protocol version not supported")
}

func TestHTTP2AndTLSConfig(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	proto, err := get(t, outbound.Client(outbound.Options{AllowPrivate: true, TLS: &tls.Config{RootCAs: roots}}), s.URL)
	require.NoError(t, err)
	require.Equal(t, "HTTP/2.0", proto)
}

func TestHugeHeadersAreRefused(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bomb", strings.Repeat("x", 100<<10))
	}))
	t.Cleanup(s.Close)
	_, err := get(t, outbound.Client(outbound.Options{AllowPrivate: true}), s.URL)
	require.ErrorContains(t, err, "exceeded 65536 bytes")
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(done) })
	_, err := get(t, outbound.Client(outbound.Options{AllowPrivate: true, Timeout: 20 * time.Millisecond}), s.URL+"/secret")
	cleaned := outbound.Clean(err)
	require.ErrorIs(t, cleaned, context.DeadlineExceeded)
	require.NotContains(t, cleaned.Error(), "secret")
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](cleaned)
	require.True(t, ok && timeout.Timeout())
}

func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "for "+r.URL.String())
	}))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	got, err := get(t, outbound.Client(outbound.Options{Proxy: true}), "http://example.invalid/x")
	require.NoError(t, err)
	require.Equal(t, "for http://example.invalid/x", got)

	off := outbound.Client(outbound.Options{Resolver: answering("127.0.0.1")})
	_, err = get(t, off, "http://example.invalid/x")
	require.ErrorContains(t, err, "a loopback address", "the environment counts only when asked for")
}

func TestCleanKeepsWhatErrorsFind(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "https://hooks.example.com/T1/secret?q=secret", Err: io.ErrUnexpectedEOF}
	for name, err := range map[string]error{
		"plain":   inner,
		"wrapped": errors.Join(errors.New("first"), errors.Join(inner, context.Canceled)),
		"nested":  &url.Error{Op: "Get", URL: "https://u:secret@other.example.com/secret", Err: inner},
	} {
		got := outbound.Clean(err)
		require.NotContains(t, got.Error(), "secret", name)
		require.Contains(t, got.Error(), "https://hooks.example.com", name)
		require.ErrorIs(t, got, io.ErrUnexpectedEOF, name)
		var u *url.Error
		require.ErrorAs(t, got, &u)
		require.NotContains(t, u.Error(), "secret", name)
	}
	require.NoError(t, outbound.Clean(nil))
	require.Equal(t, io.EOF, outbound.Clean(io.EOF))
}
