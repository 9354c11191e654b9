package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// shortestToken is how long an admin token must be: a shorter one is guessed.
const shortestToken = 16

// reserved are names that events carry which Bellhop itself publishes.
var reserved = []string{"api", "hub"}

func (l *loader) check() {
	c := l.config
	l.checkServer(&c.Server)
	l.checkNATS(&c.NATS)
	if !isPostgres(c.Database.URL) {
		l.refuse("database", "url", `is not an address such as "postgres://user@host/name"; leave it out for SQLite`)
	}
	if n := len(c.Admin.Token.Reveal()); n > 0 && n < shortestToken {
		l.refuse("admin", "token", fmt.Sprintf("has %d characters, at least %d are needed: it opens everything", n, shortestToken))
	}
	l.checkOIDC(&c.Admin.OIDC)
	l.between("deliver", "attempts", c.Deliver.Attempts, 1, 100)
	l.checkBackoff(c.Deliver.Backoff)
	l.between("deliver", "storm", c.Deliver.Storm, 0, 10_000)
	l.between("deliver", "partitions", c.Deliver.Partitions, 1, 64)
	if _, err := hub.FindZone(c.Deliver.Timezone); err != nil {
		l.refuse("deliver", "timezone", err.Error())
	}
	l.checkNames()
	l.checkAlerts(&c.Alerts)
}

// checkOIDC wants a provider whole or not at all.
func (l *loader) checkOIDC(o *OIDC) {
	refuse := func(key, text string) {
		t := table{path: []string{"admin", "oidc"}, in: l.in}
		l.problems.also(t.name(key), t.line(key), text)
	}
	roles := []string{"", string(hub.Viewer), string(hub.Editor), string(hub.Administrator)}
	if !slices.Contains(roles, o.DefaultRole) {
		refuse("default_role", fmt.Sprintf(`is %q, want viewer, editor or admin, or "" to let in only who is in one of the groups`, o.DefaultRole))
	}
	groups := slices.Concat(o.AdminGroups, o.EditorGroups, o.ViewerGroups)
	if slices.Contains(groups, "") {
		refuse("admin_groups", "and the others: a group has a name")
	}
	if o.Issuer == "" {
		if o.ClientID != "" || !o.ClientSecret.Empty() || o.Name != "" || o.DefaultRole != "" || len(groups) > 0 {
			refuse("issuer", "is empty, but other keys of admin.oidc are set: name the provider, or remove them all")
		}
		return
	}
	switch u, err := url.Parse(o.Issuer); {
	case !isHTTP(o.Issuer):
		refuse("issuer", `is not an address such as "https://id.example.com"`)
	case err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()):
		refuse("issuer", "has http, but what it says of people must not be changed on the way: want https")
	}
	if o.ClientID == "" {
		refuse("client_id", "is required: the provider's name for Bellhop")
	}
	if o.ClientSecret.Empty() && !l.worker {
		refuse("client_secret", "is required: the provider shows it beside the client id")
	}
	if o.GroupsClaim == "" {
		refuse("groups_claim", `is empty: most providers say "groups"`)
	}
	if len(groups) == 0 && o.DefaultRole == "" {
		refuse("admin_groups", "is empty, as are the others and default_role: nobody could come in")
	}
}

func isLoopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// longestBackoff is less than the time for which a wait is remembered.
const longestBackoff = day

func (l *loader) checkBackoff(all []time.Duration) {
	if len(all) == 0 || len(all) > 100 {
		l.refuse("deliver", "backoff", `names 1 to 100 times, such as ["2s", "1m", "1h"]`)
	}
	for _, d := range all {
		if d < time.Second || d > longestBackoff {
			l.refuse("deliver", "backoff", fmt.Sprintf("holds %s, want 1s to 24h each", d))
			return
		}
	}
}

func (l *loader) refuse(section, key, text string) {
	t := table{path: []string{section}, in: l.in}
	l.problems.also(t.name(key), t.line(key), text)
}

func (l *loader) between(section, key string, n, least, most int) {
	if n < least || n > most {
		l.refuse(section, key, fmt.Sprintf("is %d, want %d to %d", n, least, most))
	}
}

func (l *loader) oneOf(section, key, value string, words ...string) {
	if !slices.Contains(words, value) {
		l.refuse(section, key, fmt.Sprintf("is %q, want %s", value, strings.Join(words, " or ")))
	}
}

func (l *loader) checkServer(s *Server) {
	_, port, err := net.SplitHostPort(s.Listen)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		l.refuse("server", "listen", fmt.Sprintf(`is %q, want host:port such as "127.0.0.1:8080" or ":8080"`, s.Listen))
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	if s.PublicURL != "" && !isHTTP(s.PublicURL) {
		l.refuse("server", "public_url", `is not an address such as "https://bellhop.example.com"`)
	}
	if s.DataDir == "" {
		l.refuse("server", "data_dir", "is empty: name a directory")
	}
	l.oneOf("server", "log_format", s.LogFormat, "text", "json")
	for key, v := range map[string]secret.Value{"secret_key": s.SecretKey, "previous_secret_key": s.PreviousSecretKey} {
		if n := len(v.Reveal()); n > 0 && n < secret.ShortestKey {
			l.refuse("server", key, fmt.Sprintf("has %d characters, at least %d are needed; `openssl rand -base64 32` makes one", n, secret.ShortestKey))
		}
	}
	if s.MaxBody < 1<<10 || s.MaxBody > 64<<20 {
		l.refuse("server", "max_body", fmt.Sprintf("is %d bytes, want 1KiB to 64MiB", s.MaxBody))
	}
}

func (l *loader) checkNATS(n *NATS) {
	l.oneOf("nats", "sync", n.Sync, "always", "interval")
	l.between("nats", "replicas", n.Replicas, 1, 5)
	if n.URL.Empty() {
		if n.Replicas > 1 {
			l.refuse("nats", "replicas", "is more than 1, but the embedded server is one: set nats.url")
		}
		if n.Credentials != "" {
			l.refuse("nats", "credentials", "is set, but the embedded server needs none: set nats.url or remove it")
		}
		return
	}
	if !hasScheme(n.URL, "nats", "tls", "ws", "wss") {
		l.refuse("nats", "url", `is not an address such as "nats://host:4222", nor several with commas between`)
	}
}

// checkNames keeps sources and systems apart: their names share the subjects of
// events.
func (l *loader) checkNames() {
	for _, name := range slices.Sorted(maps.Keys(l.config.Sources)) {
		if _, taken := l.config.Providers[name]; taken || name == "console" {
			l.refuse("sources", name, "is also the name of a system: rename one of them")
		}
		l.checkReserved("sources", name)
	}
	for name := range l.config.Providers {
		l.checkReserved("providers", name)
	}
}

func (l *loader) checkReserved(section, name string) {
	if slices.Contains(reserved, name) {
		l.refuse(section, name, "is a name that Bellhop uses itself: choose another")
	}
}

// Bounds of what a source's silence is measured by: less is no silence yet, and
// more would not fit into the week that is looked at.
const (
	leastQuiet = 15 * time.Minute
	mostQuiet  = 12 * time.Hour
)

func (l *loader) checkAlerts(a *Alerts) {
	switch {
	case a.System != "" && a.Chat == "":
		l.refuse("alerts", "chat", "is empty, but alerts.system is set: name the chat, or remove both")
	case a.System == "" && a.Chat != "":
		l.refuse("alerts", "system", "is empty, but alerts.chat is set: name the system of that chat, or remove both")
	case len(a.Chat) > 255 || strings.ContainsFunc(a.Chat, unicode.IsControl):
		l.refuse("alerts", "chat", "is no chat: up to 255 bytes without line breaks")
	}
	systems := append(slices.Sorted(maps.Keys(l.config.Providers)), "console")
	if a.System != "" && !l.worker && !slices.Contains(systems, a.System) { // a worker may know no system but its own
		l.refuse("alerts", "system", fmt.Sprintf("is %q, which is no system%s: it needs a section [providers.%s]", a.System, suggest(a.System, systems), a.System))
	}
	if a.QuietAfter != 0 && (a.QuietAfter < leastQuiet || a.QuietAfter > mostQuiet) {
		l.refuse("alerts", "quiet_after", fmt.Sprintf("is %s, want %s to %s, or 0 to hear nothing of quiet sources", a.QuietAfter, leastQuiet, mostQuiet))
	}
	l.between("alerts", "disk_free", a.DiskFree, 0, 90)
}

// isPostgres looks at the beginning alone: an address may name several hosts,
// which is no URL to net/url.
func isPostgres(v secret.Value) bool {
	url := v.Reveal()
	return url == "" || strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// hasScheme reports whether each of the addresses, between commas, has one of
// the schemes and a host.
func hasScheme(v secret.Value, schemes ...string) bool {
	for address := range strings.SplitSeq(v.Reveal(), ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
			return false
		}
	}
	return true
}
