package discourse

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// DefaultPerMinute is how many requests of administrators' keys a forum takes
// in a minute, max_admin_api_reqs_per_minute:
// https://github.com/discourse/discourse/blob/main/config/discourse_defaults.conf
const DefaultPerMinute = 60

// DefaultUser is whose eyes the hub learns with: the user every forum has and
// who sees everything.
const DefaultUser = "system"

// Config is what a Client needs.
type Config struct {
	URL string // base URL of the forum; it may have a folder
	// Key is the Api-Key; empty: the forum is read as an anonymous visitor. Of
	// the things that a key can be limited to, global read is enough:
	// https://github.com/discourse/discourse/blob/main/app/models/api_key_scope.rb
	Key  secret.Value
	User string // Api-Username; DefaultUser if empty
	// HTTP makes the requests; http.DefaultClient if nil. Whatever it does with
	// redirects, none is followed: it would carry the key along.
	HTTP      *http.Client
	Log       *slog.Logger     // slog.Default() if nil
	Now       func() time.Time // time.Now if nil
	PerMinute int              // requests; DefaultPerMinute if 0
}

// Client asks one forum. It is safe for concurrent use; all calls share the
// rate of requests, and one that would have to wait long fails with an
// *AwayError instead.
type Client struct {
	site site
	bad  string // what is wrong with the URL or the key, so that nothing can be asked
	key  secret.Value
	user string
	http *http.Client
	log  *slog.Logger
	now  func() time.Time
	pace *pace

	mu     sync.Mutex
	blamed map[asker]blame // why the forum refuses
}

// New makes a Client. It does no I/O; a URL that is none shows with the first
// request.
func New(c Config) *Client {
	client := &Client{
		key: c.Key, user: cmp.Or(c.User, DefaultUser),
		log: cmp.Or(c.Log, slog.Default()), now: time.Now,
		http: &http.Client{}, blamed: map[asker]blame{},
	}
	if c.Now != nil {
		client.now = c.Now
	}
	if c.HTTP != nil {
		*client.http = *c.HTTP
	}
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.pace = newPace(cmp.Or(c.PerMinute, DefaultPerMinute), client.now)
	base := strings.TrimRight(c.URL, "/")
	client.site = newSite(base)
	if u, err := url.Parse(base); err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		client.bad = "it is no address of the form https://forum.example.com"
	}
	return client
}

// HasKey reports whether the client may ask for what not everyone sees.
func (c *Client) HasKey() bool { return !c.key.Empty() }

// asker is as whom a request is made. The zero asker is an anonymous visitor.
type asker struct {
	key  bool
	user string // "": whom the key belongs to
}

// self is as whom the client learns.
func (c *Client) self() asker {
	if !c.HasKey() {
		return asker{}
	}
	return asker{key: true, user: c.user}
}

// Check proves the URL and the key and says which user the key speaks as, ""
// for an anonymous visitor.
func (c *Client) Check(ctx context.Context) (who string, err error) {
	c.answered(c.self()) // the setting may have been mended
	return c.prove(ctx, c.self())
}

// CheckReader proves that the forum can be asked what a reader sees; "" is an
// anonymous visitor.
func (c *Client) CheckReader(ctx context.Context, reader string) error {
	who := asker{}
	if reader != "" {
		if !c.HasKey() {
			return keyless(reader)
		}
		who = asker{key: true, user: reader}
	}
	c.answered(who)
	_, err := c.prove(ctx, who)
	return err
}

func keyless(reader string) error {
	return &RefusedError{Setting: "read_as", Reason: "to ask what " + strconv.Quote(reader) + " may see takes an api_key"}
}
