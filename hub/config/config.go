package config

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Config is everything that can be set. Printing it shows no secret.
type Config struct {
	Server    Server
	NATS      NATS
	Database  Database
	Admin     Admin
	Deliver   Deliver
	Outbound  Outbound
	Alerts    Alerts
	Sources   map[string]Source  // by name
	Providers map[string]Section // by system name
}

// Server is how Bellhop listens, logs and where it keeps its data.
type Server struct {
	Listen    string     `toml:"listen"`
	PublicURL string     `toml:"public_url"` // no trailing slash
	DataDir   string     `toml:"data_dir"`
	LogLevel  slog.Level `toml:"log_level"`
	LogFormat string     `toml:"log_format"` // text or json
	MaxBody   Size       `toml:"max_body"`
	// SecretKey seals the secrets of sources and systems that are made while Bellhop
	// runs. Without one it is made, and kept in the data directory.
	SecretKey         secret.Value `toml:"secret_key"`
	PreviousSecretKey secret.Value `toml:"previous_secret_key"` // opens what was sealed before the key was changed
}

// NATS is the bus. Without a URL it runs inside the process.
type NATS struct {
	URL         secret.Value `toml:"url"` // may hold a password or token
	Credentials string       `toml:"credentials"`
	Sync        string       `toml:"sync"` // always or interval
	Replicas    int          `toml:"replicas"`
}

// Database is where subscriptions and the delivery log are kept. Without a URL
// it is SQLite in the data directory.
type Database struct {
	URL secret.Value `toml:"url"` // may hold a password
}

// Admin is who may use the admin pane and the API.
type Admin struct {
	Token          secret.Value  `toml:"token"`
	AuditRetention time.Duration `toml:"audit_retention"` // 0: kept for ever
	OIDC           OIDC          `toml:"oidc"`
}

// OIDC is an OpenID provider at which people sign in. Without an issuer there is
// none.
type OIDC struct {
	Issuer       string       `toml:"issuer"`
	ClientID     string       `toml:"client_id"`
	ClientSecret secret.Value `toml:"client_secret"`
	Name         string       `toml:"name"` // for the button
	GroupsClaim  string       `toml:"groups_claim"`
	AdminGroups  []string     `toml:"admin_groups"`
	EditorGroups []string     `toml:"editor_groups"`
	ViewerGroups []string     `toml:"viewer_groups"`
	DefaultRole  string       `toml:"default_role"` // of who is in no such group; empty: they may not come in
}

// Deliver is how notifications are sent.
type Deliver struct {
	Attempts int `toml:"attempts"`
	// Backoff is how long to wait after each failed attempt; the last repeats.
	Backoff    []time.Duration `toml:"backoff"`
	MaxAge     time.Duration   `toml:"max_age"` // 0: no limit
	Storm      int             `toml:"storm"`   // messages of a chat that wait; 0: never
	Partitions int             `toml:"partitions"`
	Timezone   string          `toml:"timezone"`  // of chats that have none of their own
	Retention  time.Duration   `toml:"retention"` // 0: kept for ever
}

// Outbound is where Bellhop's own requests may go, besides the base URLs that
// the configuration names.
type Outbound struct {
	Allow []netip.Prefix `toml:"allow"`
	Proxy bool           `toml:"proxy"`
}

// Alerts is the chat where the operators hear what needs them. Without one it is
// only logged.
type Alerts struct {
	System string `toml:"system"`
	Chat   string `toml:"chat"`
	// QuietAfter is how much of the time in which a source usually sends may pass
	// without anything from it; 0: for ever.
	QuietAfter time.Duration `toml:"quiet_after"`
	DiskFree   int           `toml:"disk_free"` // percent; 0: nothing is told of the disk
}

// Default is what holds when nothing is set.
func Default() *Config {
	return &Config{
		Server: Server{
			Listen:    "127.0.0.1:8080",
			DataDir:   "./data",
			LogLevel:  slog.LevelInfo,
			LogFormat: "text",
			MaxBody:   1 << 20,
		},
		NATS:      NATS{Sync: "always", Replicas: 1},
		Admin:     Admin{AuditRetention: 365 * day, OIDC: OIDC{GroupsClaim: "groups"}},
		Deliver:   Deliver{Attempts: 8, Backoff: backoff(), MaxAge: 72 * time.Hour, Storm: 30, Partitions: 8, Timezone: "UTC", Retention: 30 * day},
		Outbound:  Outbound{Allow: []netip.Prefix{}},
		Alerts:    Alerts{QuietAfter: time.Hour, DiskFree: 10},
		Sources:   map[string]Source{},
		Providers: map[string]Section{},
	}
}

// backoff lets eight attempts cover three and a half hours, which outlasts most
// outages of a platform.
func backoff() []time.Duration {
	return []time.Duration{
		2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour, 2 * time.Hour,
	}
}
