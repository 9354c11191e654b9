package config

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// The kinds of source.
const (
	KindDiscourse        = "discourse"
	KindCloudEvents      = "cloudevents"
	KindStandardWebhooks = "standard_webhooks"
	KindJSON             = "json"
	KindFeed             = "feed"
)

// The visibilities of a forum's topics.
const (
	// Check asks the forum who may see a topic before anything of it is sent.
	Check = "check"
	// TrustWebhook sends what the webhook delivers, without asking.
	TrustWebhook = "trust_webhook"
)

// leastEvery is how often a feed may be asked for at most.
const leastEvery = time.Minute

// Source is where events come from, [sources.NAME]. Which keys a kind has,
// sourceKeys says.
type Source struct {
	Kind           string        `toml:"kind" about:"What kind of source it is."`
	URL            string        `toml:"url" about:"The address of the forum or of the feed."` // of the forum, without a slash at its end, or of the feed
	Secret         secret.Value  `toml:"secret" about:"What the sender signs its webhooks with, or shows: the same text on both sides."`
	PreviousSecret secret.Value  `toml:"previous_secret" about:"The secret before this one, which is still accepted while you change it."`
	Delay          time.Duration `toml:"delay" about:"How long to wait before sending, so that edits and deletions merge into the one message: 0s to 1h."` // of rows that name none

	// Of a forum.
	APIKey       secret.Value `toml:"api_key" about:"A key of the forum's API for all users: with it the hub learns what webhooks do not say, and catches up after it was down."`
	APIUser      string       `toml:"api_user" about:"The user whom the API key is used as."`
	APIPerMinute int          `toml:"api_per_minute" about:"How many requests the forum may be asked in a minute."`
	ReadAs       string       `toml:"read_as" about:"The reader, a user of the forum, who must be able to see what is sent; empty is an anonymous visitor."`                                 // empty: an anonymous visitor
	Visibility   string       `toml:"visibility" about:"Whether the forum is asked who may see a topic before anything of it is sent, or the webhook is trusted." one:"check,trust_webhook"` // Check or TrustWebhook
	Unlisted     bool         `toml:"unlisted" about:"Send unlisted topics, too."`                                                                                                           // of rows that do not say
	CatchUp      bool         `toml:"catch_up" about:"Ask for what was posted while webhooks could not come in; needs an API key."`                                                          // of no effect without an APIKey

	// Of a sender of CloudEvents or JSON: the header that holds the signature of
	// the body, where the sender signs it.
	SignatureHeader string  `toml:"signature_header" about:"The header that holds the signature of the body, HMAC-SHA256 in hex or base64; empty if the sender does not sign."`
	Mapping         Mapping `toml:"mapping" about:"Where the parts of an event stand in what the sender sends."`

	Every time.Duration `toml:"every" about:"How often to look at the feed: 1m or more."` // between two looks at a feed
}

// sourceKeys are the keys of each kind besides kind itself.
var sourceKeys = map[string][]string{
	KindDiscourse: {
		"url", "secret", "previous_secret", "api_key", "api_user", "api_per_minute", "read_as", "visibility", "delay", "unlisted", "catch_up",
	},
	KindCloudEvents:      {"secret", "previous_secret", "signature_header", "mapping", "delay"},
	KindStandardWebhooks: {"secret", "previous_secret", "mapping", "delay"},
	KindJSON:             {"secret", "previous_secret", "signature_header", "mapping", "delay"},
	KindFeed:             {"url", "every", "delay"},
}

// DefaultSource is a source of a kind that nothing else is set of.
func DefaultSource(kind string) Source {
	switch kind {
	case KindDiscourse:
		return Source{
			Kind: kind, APIUser: "system", APIPerMinute: 60, Visibility: Check, Delay: 20 * time.Second, CatchUp: true,
		}
	case KindFeed:
		return Source{Kind: kind, Every: 15 * time.Minute}
	}
	return Source{Kind: kind}
}

// sourceCheck judges one source.
type sourceCheck struct {
	*Source
	table    table
	problems *Problems
}

func (c sourceCheck) refuse(key, format string, args ...any) {
	c.problems.also(c.table.name(key), c.table.line(key), fmt.Sprintf(format, args...))
}

// check judges s; keys are all that a source may have.
func (s *Source) check(t table, keys []key, p *Problems) {
	c := sourceCheck{s, t, p}
	own, known := sourceKeys[s.Kind]
	if !known {
		c.refuse("kind", `is "%s", want %s or %s`, s.Kind,
			strings.Join([]string{KindDiscourse, KindCloudEvents, KindStandardWebhooks, KindJSON}, ", "), KindFeed)
		return
	}
	c.strangers(own, keys)
	if s.Delay > hub.MaxDelay {
		c.refuse("delay", "is %s, want 0s to %s", s.Delay, hub.MaxDelay)
	}
	switch s.Kind {
	case KindDiscourse:
		c.forum()
		c.secrets("the secret of the forum's webhook")
	case KindFeed:
		c.feed()
	default:
		c.sender()
		c.secrets("what the sender signs with or shows")
	}
}

// strangers refuses keys that are of another kind of source: they would do
// nothing.
func (c sourceCheck) strangers(own []string, keys []key) {
	for _, k := range keys {
		name := k.under(c.table)
		if name == "kind" || slices.Contains(own, name) || !k.isSet() {
			continue
		}
		last := len(own) - 1
		c.refuse(name, "does not belong to a source of kind %s, which has %s and %s", c.Kind, strings.Join(own[:last], ", "), own[last])
	}
}

func (c sourceCheck) forum() {
	c.URL = strings.TrimRight(c.URL, "/")
	switch {
	case c.URL == "":
		c.refuse("url", `is required: the address of the forum, such as "https://forum.example.com"`)
	case !isHTTP(c.URL):
		c.refuse("url", `is not an address such as "https://forum.example.com"`)
	}
	if c.Visibility != Check && c.Visibility != TrustWebhook {
		c.refuse("visibility", `is "%s", want %s or %s`, c.Visibility, Check, TrustWebhook)
	}
	if c.APIUser == "" {
		c.refuse("api_user", `is empty: name the user of the API key, or leave it out for "system"`)
	}
	if c.APIPerMinute < 1 || c.APIPerMinute > 10_000 {
		c.refuse("api_per_minute", "is %d, want 1 to 10000", c.APIPerMinute)
	}
	if c.ReadAs != "" && c.APIKey.Empty() && !c.table.keepSealed {
		c.refuse("read_as", `is "%s", but what a user may see can only be asked with an api_key: set one, or remove read_as to ask as an anonymous visitor`, c.ReadAs)
	}
}

func (c sourceCheck) feed() {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		c.refuse("url", `is required: the address of the feed, such as "https://blog.example.com/feed.xml"`)
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		c.refuse("url", `is not an address such as "https://blog.example.com/feed.xml"`)
	case u.User != nil:
		c.refuse("url", "holds a user or a password, which would be seen in logs and pages: use the address without them")
	}
	if c.Every < leastEvery {
		c.refuse("every", "is %s, want at least 1m: who publishes the feed would not like more", c.Every)
	}
}

// sender judges what is particular to senders of JSON.
func (c sourceCheck) sender() {
	if c.Kind == KindJSON && c.Mapping.Title.IsZero() {
		c.refuse("mapping", `needs a title: the path of what is announced, such as { title = "alert.name" }`)
	}
	if c.SignatureHeader != "" && !isHeaderName(c.SignatureHeader) {
		c.refuse("signature_header", `is "%s", want the name of a header such as "X-Hub-Signature-256"`, c.SignatureHeader)
	}
	if c.Kind != KindStandardWebhooks {
		return
	}
	for key, v := range map[string]secret.Value{"secret": c.Secret, "previous_secret": c.PreviousSecret} {
		if problem := standardSecret(v); problem != "" {
			c.refuse(key, "%s", problem)
		}
	}
}

// isHeaderName reports whether a header may have the name. Authorization may
// not: it is where a sender that does not sign shows the secret.
func isHeaderName(name string) bool {
	for _, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(name) <= 100 && http.CanonicalHeaderKey(name) != "Authorization"
}

// standardSecret says what is wrong with a secret that looks like one of
// Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
func standardSecret(v secret.Value) string {
	text := v.Reveal()
	if strings.HasPrefix(text, "whpk_") || strings.HasPrefix(text, "whsk_") {
		return "is half of a key pair, but only shared secrets are known here: ask the sender for one that begins with whsec_"
	}
	encoded, prefixed := strings.CutPrefix(text, "whsec_")
	if _, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "=")); prefixed && (err != nil || encoded == "") {
		return "begins with whsec_, but what follows is no base64: copy it once more, whole"
	}
	return ""
}

// secrets insists on a secret: without one anybody could send events.
func (c sourceCheck) secrets(what string) {
	if c.table.keepSealed {
		return
	}
	if c.Secret.Empty() && c.table.literal {
		c.refuse("secret", "is required: %s", what)
	}
	if c.Secret.Empty() {
		c.refuse("secret", "is required: %s, here as env:NAME or file:PATH, or in %s", what, c.table.variable("secret"))
	}
	if !c.PreviousSecret.Empty() && c.PreviousSecret.Reveal() == c.Secret.Reveal() {
		c.refuse("previous_secret", "is the same as secret: remove it, or put the older one there")
	}
}
