// Package outbound makes the one HTTP client that Bellhop's own requests go
// through. It calls public addresses and what the operator has named, and
// nothing else: an address is judged when it is dialed, after the name was
// resolved, so that no answer of a name server leads into the private network.
//
// What it refuses to do: follow redirects, talk TLS below 1.2, and retry.
package outbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// DefaultTimeout is how long a request may take, from dialing to the end of
// the answer's body.
const DefaultTimeout = 30 * time.Second

// maxIdle is as many connections as a worker has posts in flight: what speaks
// HTTP/1 would be dialed again for each post beyond those kept.
const maxIdle = 1024

// Options say what a client may do. The zero Options reach the public Internet.
type Options struct {
	Timeout   time.Duration // of a request as a whole; 0 is DefaultTimeout
	UserAgent string        // "Bellhop/1.2.0", where a request names none

	AllowPrivate bool           // any address at all
	AllowNets    []netip.Prefix // networks besides the public ones

	// Also reports whether a host and port may be called whatever address they have,
	// as those that Trust knows may; asked at each dial, for what changes while the
	// program runs. May be nil.
	Also func(hostPort string) bool

	// Proxy uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY. The guard then sees the
	// proxy's address only: what lies behind is the proxy's to judge.
	Proxy bool

	TLS      *tls.Config   // nil: the system's roots
	Resolver *net.Resolver // nil: the system's
	Log      *slog.Logger  // nil: silent

	trusted map[string]bool // host:port
}

// Trust lets the client call the host and port of each URL, whatever address
// they have: for the base URLs that an operator wrote into the configuration.
// Options that were copied before do not change.
func (o *Options) Trust(urls ...string) error {
	trusted := maps.Clone(o.trusted)
	if trusted == nil {
		trusted = map[string]bool{}
	}
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Hostname() == "" {
			return errors.New("outbound: a trusted address is no URL with a host")
		}
		trusted[hostPort(u)] = true
	}
	o.trusted = trusted
	return nil
}

func (o *Options) trusts(hostPort string) bool {
	return o.trusted[hostPort] || o.Also != nil && o.Also(hostPort)
}

// HostPort is the host and port that a URL leads to, as Also is asked for them;
// empty if it is none with a host.
func HostPort(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	return hostPort(u)
}

func hostPort(u *url.URL) string {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "ws": "80", "socks5": "1080", "socks5h": "1080"}[u.Scheme], "443")
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Client makes a client. Its connections are shared: make one for the process.
func Client(o Options) *http.Client {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	proxy := o.proxy()
	tlsConfig := &tls.Config{}
	if o.TLS != nil {
		tlsConfig = o.TLS.Clone()
	}
	tlsConfig.MinVersion = max(tlsConfig.MinVersion, tls.VersionTLS12)
	transport := &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&guard{o: o}).dial,
		TLSClientConfig:        tlsConfig,
		ForceAttemptHTTP2:      true, // a custom dialer turns it off otherwise
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     &agent{next: transport, name: o.UserAgent, log: o.Log},
		Timeout:       cmp.Or(o.Timeout, DefaultTimeout),
		CheckRedirect: refuseRedirect,
	}
}

// proxy reads the environment and trusts the proxies it names.
func (o *Options) proxy() func(*http.Request) (*url.URL, error) {
	if !o.Proxy {
		return nil
	}
	env := httpproxy.FromEnvironment()
	for _, p := range []string{env.HTTPProxy, env.HTTPSProxy} {
		if p != "" && !strings.Contains(p, "://") {
			p = "http://" + p
		}
		if p != "" {
			_ = o.Trust(p) // one that is no URL fails when it is used
		}
	}
	find := env.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return find(r.URL) }
}

// refuseRedirect is where http.Client asks whether to follow. A redirect would
// carry a token to whoever the answer names.
func refuseRedirect(next *http.Request, via []*http.Request) error {
	from, to := origin(via[len(via)-1].URL), origin(next.URL)
	return fmt.Errorf("%s redirects to %s: redirects are not followed, set the address it leads to", from, to)
}

// agent is the client's outermost transport.
type agent struct {
	next http.RoundTripper
	name string
	log  *slog.Logger
}

func (a *agent) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, named := r.Header["User-Agent"]; !named && a.name != "" {
		named := *r
		if named.Header = maps.Clone(r.Header); named.Header == nil {
			named.Header = http.Header{}
		}
		named.Header["User-Agent"] = []string{a.name}
		r = &named
	}
	if !a.log.Enabled(r.Context(), slog.LevelDebug) {
		return a.next.RoundTrip(r)
	}
	began := time.Now()
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		a.log.DebugContext(r.Context(), "request failed", "host", r.URL.Host, "took", time.Since(began), "err", Clean(err))
		return nil, err
	}
	a.log.DebugContext(r.Context(), "request answered", "host", r.URL.Host, "status", resp.StatusCode, "took", time.Since(began))
	return resp, nil
}

// CloseIdleConnections makes http.Client.CloseIdleConnections reach the pool.
func (a *agent) CloseIdleConnections() {
	if c, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// guard dials what the options allow.
type guard struct{ o Options }

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: g.o.Resolver}
	if !g.o.AllowPrivate && !g.o.trusts(strings.ToLower(address)) {
		d.ControlContext = g.control(address)
	}
	return d.DialContext(ctx, network, address)
}
