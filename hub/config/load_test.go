package config_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/stretchr/testify/require"
)

const token = "correct-horse-battery"

// write makes a configuration file and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestNothingIsSet(t *testing.T) {
	c, err := config.Load("", nil, nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), c)
	require.Equal(t, 72*time.Hour, c.Deliver.MaxAge)
	require.Equal(t, 720*time.Hour, c.Deliver.Retention)
	require.Equal(t, 365*24*time.Hour, c.Admin.AuditRetention)
}

func TestEverythingIsSet(t *testing.T) {
	c, err := config.Load(write(t, `
[server]
listen = ":9"
public_url = "https://bellhop.example.com/"
data_dir = "/var/lib/bellhop"
log_level = "debug"
log_format = "json"
max_body = 4096
[nats]
url = "nats://one:4222,nats://two:4222"
credentials = "nats.creds"
sync = "interval"
replicas = 3
[database]
url = "postgres://bellhop@one:1,two:2/bellhop"
[admin]
token = "`+token+`"
audit_retention = "90d"
[admin.oidc]
issuer = "https://id.example.com"
client_id = "bellhop"
client_secret = "d"
name = "Example ID"
groups_claim = "roles"
admin_groups = ["ops"]
editor_groups = ["team", "staff"]
viewer_groups = ["all"]
default_role = "viewer"
[deliver]
attempts = 3
backoff = ["1s", "1m30s"]
max_age = 0
partitions = 64
timezone = "Europe/Berlin"
retention = "1d12h"
[outbound]
allow = ["10.1.0.0/16", "fd00::/8"]
proxy = true
[alerts]
system = "console"
chat = "ops"
quiet_after = "2h"
disk_free = 5
[sources.meta]
url = "https://forum.example.com/"
secret = "a"
previous_secret = "b"
visibility = "trust_webhook"
api_key = "c"
api_user = "hub"
api_per_minute = 30
read_as = "alice"
delay = "1m"
unlisted = true
catch_up = false
`), nil, nil)
	require.NoError(t, err)
	require.Equal(t, &config.Config{
		Server: config.Server{
			Listen: ":9", PublicURL: "https://bellhop.example.com", DataDir: "/var/lib/bellhop",
			LogLevel: slog.LevelDebug, LogFormat: "json", MaxBody: 4096,
		},
		NATS: config.NATS{
			URL: secret.New("nats://one:4222,nats://two:4222"), Credentials: "nats.creds", Sync: "interval", Replicas: 3,
		},
		Database: config.Database{URL: secret.New("postgres://bellhop@one:1,two:2/bellhop")},
		Admin: config.Admin{Token: secret.New(token), AuditRetention: 90 * 24 * time.Hour, OIDC: config.OIDC{
			Issuer: "https://id.example.com", ClientID: "bellhop", ClientSecret: secret.New("d"), Name: "Example ID", GroupsClaim: "roles",
			AdminGroups: []string{"ops"}, EditorGroups: []string{"team", "staff"}, ViewerGroups: []string{"all"}, DefaultRole: "viewer",
		}},
		Deliver: config.Deliver{Attempts: 3, Backoff: []time.Duration{time.Second, 90 * time.Second}, Storm: 30, Partitions: 64, Timezone: "Europe/Berlin", Retention: 36 * time.Hour},
		Outbound: config.Outbound{
			Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}, Proxy: true,
		},
		Alerts: config.Alerts{System: "console", Chat: "ops", QuietAfter: 2 * time.Hour, DiskFree: 5},
		Sources: map[string]config.Source{"meta": {
			Kind: "discourse", URL: "https://forum.example.com", Visibility: config.TrustWebhook,
			Secret: secret.New("a"), PreviousSecret: secret.New("b"), APIKey: secret.New("c"), APIUser: "hub",
			APIPerMinute: 30, ReadAs: "alice", Delay: time.Minute, Unlisted: true,
		}},
		Providers: map[string]config.Section{},
	}, c)
}

func TestPrecedence(t *testing.T) {
	path := write(t, "[server]\nlisten = \"file:1\"\n[deliver]\nattempts = 5\n")
	env := []string{"BELLHOP_SERVER_LISTEN=env:2", "BELLHOP_DELIVER_ATTEMPTS=6"}
	flags := map[string]string{"server.listen": "flag:3"}

	listen := func(env []string, flags map[string]string) string {
		c, err := config.Load(path, env, flags)
		require.NoError(t, err)
		return c.Server.Listen
	}
	require.Equal(t, "file:1", listen(nil, nil))
	require.Equal(t, "env:2", listen(env, nil))
	require.Equal(t, "flag:3", listen(env, flags))
	require.Equal(t, "file:1", listen([]string{"BELLHOP_SERVER_LISTEN="}, map[string]string{"server.listen": ""}), "empty is unset")

	c, err := config.Load(path, env, nil)
	require.NoError(t, err)
	require.Equal(t, 6, c.Deliver.Attempts)
}

func TestVariablesOfEveryType(t *testing.T) {
	c, err := config.Load("", []string{
		"BELLHOP_SERVER_MAX_BODY=2 MiB",
		"BELLHOP_SERVER_LOG_LEVEL=warn",
		"BELLHOP_DELIVER_MAX_AGE=2d",
		"BELLHOP_OUTBOUND_ALLOW=10.0.0.0/8, 192.168.1.0/24",
		"BELLHOP_OUTBOUND_PROXY=true",
		"BELLHOP_NATS_URL=nats://s3cr3t@nats:4222",
		"BELLHOP_NATS_SERVICE_HOST=10.0.0.1", // Kubernetes sets these two
		"BELLHOP_NATS_PORT_4222_TCP_ADDR=10.0.0.1",
		"BELLHOP_CONFIG=not-of-a-section",
		"UNRELATED",
	}, nil)
	require.NoError(t, err)
	require.Equal(t, config.Size(2<<20), c.Server.MaxBody)
	require.Equal(t, slog.LevelWarn, c.Server.LogLevel)
	require.Equal(t, 48*time.Hour, c.Deliver.MaxAge)
	require.Len(t, c.Outbound.Allow, 2)
	require.True(t, c.Outbound.Proxy)
	require.Equal(t, "nats://s3cr3t@nats:4222", c.NATS.URL.Reveal())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", c, c.NATS, c.NATS), "s3cr3t")
}

func TestEveryProblemAtOnce(t *testing.T) {
	_, err := config.Load(write(t, `# a comment
title = "Bellhop"
[sever]
[server]
listn = ":8080"
public_url = "bellhop.example.com"
log_level = "loud"
max_body = "1 lot"
[deliver]
attempts = "eight"
partitions = 65
max_age = "soon"
retention = -1
[nats]
replicas = 3
[admin]
token = "short"
[sources.meta]
url = "https://forum.example.com"
secret = 1
visibility = "trust"
mapping = "title"
[sources.Meta]
[providers]
slack = { kind = "slack", tokn = "xoxb" }
`), []string{"BELLHOP_SERVER_LISTN=:1", "BELLHOP_SOURCES_BETA_SECRET=x", "BELLHOP_NATS_REPLICAS=many"},
		map[string]string{"server.lisden": ":2", "srv.listen": ":3"})

	require.Equal(t, strings.Split(strings.TrimSpace(`
BELLHOP_SERVER_LISTN: unknown variable (did you mean BELLHOP_SERVER_LISTEN?)
BELLHOP_SOURCES_BETA_SECRET: names no [sources.NAME] of the file: add the section, then the variable can set its keys
nats.replicas: BELLHOP_NATS_REPLICAS is "many", want an integer
server.lisden: unknown flag (did you mean server.listen?)
srv.listen: unknown flag
title: line 2: unknown section
sever: line 3: unknown section (did you mean server?)
server.listn: line 5: unknown key (did you mean listen?)
server.public_url: line 6: is not an address such as "https://bellhop.example.com"
server.log_level: line 7: is "loud", want debug, info, warn or error
server.max_body: line 8: is "1 lot", want a number of bytes such as 1048576 or "1MiB"
deliver.attempts: line 10: is a string, want an integer
deliver.partitions: line 11: is 65, want 1 to 64
deliver.max_age: line 12: is "soon", want a duration such as "20s", "15m", "72h" or "30d"
deliver.retention: line 13: is an integer, want a string
admin.token: line 17: has 5 characters, at least 16 are needed: it opens everything
sources.meta.secret: line 20: is an integer, want a string
sources.meta.visibility: line 21: is "trust", want check or trust_webhook
sources.meta.mapping: line 22: is a string, want a table [sources.meta.mapping]
sources.Meta: line 23: is no name: 1 to 32 of a-z, 0-9, _ and -, with a letter or digit first`), "\n"),
		strings.Split(err.Error(), "\n"))
}

func TestRefused(t *testing.T) {
	const source = "[sources.meta]\nurl = \"https://f.example.com\"\nsecret = \"x\"\n"
	for _, c := range []struct{ text, want string }{
		{"[server\n", `config.toml: line 1: toml: expected ']' to close table name`},
		{"[server]\nlisten = \"a:1\"\nlisten = \"b:1\"\n", `line 3`},
		{"server = 3", `server: line 1: is an integer, want a table [server]`},
		{"[[sources.meta]]", `sources.meta: line 1: is a list, want a table [sources.meta]`},
		{"providers.slack = \"xoxb-1\"", `providers.slack: line 1: is a string, want a table [providers.slack]`},
		{"[server]\nlisten = \"8080\"", `server.listen: line 2: is "8080", want host:port`},
		{"[server]\ndata_dir = \"\"", `server.data_dir: line 2: is empty`},
		{"[server]\nmax_body = -1", `server.max_body: line 2: is -1 bytes`},
		{"[server]\nlog_format = 1979-05-27", `server.log_format: line 2: is a date, want a string`},
		{"[nats]\nurl = \"http://h\"", `nats.url: line 2: is not an address`},
		{"[nats]\nreplicas = 3", `nats.replicas: line 2: is more than 1, but the embedded server is one`},
		{"[nats]\ncredentials = \"x\"", `nats.credentials: line 2: is set, but`},
		{"[database]\nurl = \"mysql://h\"", `database.url: line 2: is not an address`},
		{"[outbound]\nallow = [\"10.0.0.0/8\", \"10.1\"]", `outbound.allow: line 2: item 2 is "10.1", which cannot be read`},
		{"[deliver]\nattempts = 9999999999999999999", `line 2`},
		{"[deliver]\nbackoff = []", `deliver.backoff: line 2: names 1 to 100 times`},
		{"[deliver]\nbackoff = [\"1s\", \"2d\"]", `deliver.backoff: line 2: holds 48h0m0s, want 1s to 24h each`},
		{"[deliver]\ntimezone = \"Nowhere\"", `deliver.timezone: line 2: "Nowhere" is no time zone`},
		{"[deliver]\nbackoff = [\"soon\"]", `deliver.backoff: line 2: item 1 is "soon"`},
		{"[sources.meta]", `sources.meta.secret: line 1: is required: the secret of the forum's webhook`},
		{"[sources.meta]", `sources.meta.url: line 1: is required`},
		{source + "previous_secret = \"x\"", `sources.meta.previous_secret: line 4: is the same as secret`},
		{source + "[providers.meta]", `sources.meta: line 1: is also the name of a system`},
		{"[sources.console]", `sources.console: line 1: is also the name of a system`},
		{"[sources.api]", `sources.api: line 1: is a name that Bellhop uses itself`},
		{"[providers.hub]", `providers.hub: line 1: is a name that Bellhop uses itself`},
		{"[providers.a-b]\n[providers.a_b]", `providers.a_b: line 2: has the same variables BELLHOP_PROVIDERS_A_B_… as another one`},
		{"[providers.\"a.b\"]", `providers."a.b": line 1: is no name`},
		{"[providers.slack]\nkind = 3", `providers.slack.kind: line 2: is an integer, want a string`},
		{"[alerts]\nsystm = \"slack\"", `alerts.systm: line 2: unknown key (did you mean system?)`},
		{"[alerts]\nsystem = \"console\"", `alerts.chat: line 1: is empty, but alerts.system is set`},
		{"[alerts]\nchat = \"ops\"", `alerts.system: line 1: is empty, but alerts.chat is set`},
		{"[alerts]\nsystem = \"slak\"\nchat = \"C1\"\n[providers.slack]", `alerts.system: line 2: is "slak", which is no system (did you mean slack?): it needs a section [providers.slak]`},
		{"[alerts]\nsystem = \"console\"\nchat = \"a\\nb\"", `alerts.chat: line 3: is no chat`},
		{"[alerts]\nquiet_after = \"10m\"", `alerts.quiet_after: line 2: is 10m0s, want 15m0s to 12h0m0s, or 0`},
		{"[alerts]\ndisk_free = 91", `alerts.disk_free: line 2: is 91, want 0 to 90`},
	} {
		_, err := config.Load(write(t, c.text), nil, nil)
		var problems *config.Problems
		require.ErrorAs(t, err, &problems, c.text)
		require.Contains(t, err.Error(), c.want, c.text)
	}
}

func TestMissingFile(t *testing.T) {
	_, err := config.Load("/no/such/config.toml", nil, nil)
	require.EqualError(t, err, "/no/such/config.toml: cannot be read: no such file or directory")
	_, err = config.Load(t.TempDir(), nil, nil)
	require.ErrorContains(t, err, "cannot be read: is a directory")
}

func TestWorkerNeedsNoSecretOfTheHub(t *testing.T) {
	path := write(t, `
[nats]
url = "env:NATS"
[database]
url = "env:DATABASE"
[admin]
token = "file:admin-token"
[sources.meta]
url = "https://forum.example.com"
secret = "env:FORUM"
visibility = "trust_webhook"
[alerts]
system = "slack"
chat = "C1"
`)
	_, err := config.Load(path, []string{"NATS=nats://nats:4222"}, nil)
	require.ErrorContains(t, err, "database.url: line 5: the variable DATABASE is not set")
	require.ErrorContains(t, err, "admin.token: line 7: ")
	require.ErrorContains(t, err, "sources.meta.secret: line 10: the variable FORUM is not set")
	require.ErrorContains(t, err, "alerts.system: line 13: is \"slack\", which is no system")

	c, err := config.LoadWorker(path, []string{"NATS=nats://nats:4222", "BELLHOP_ADMIN_TOKEN=" + token}, nil)
	require.NoError(t, err)
	require.Equal(t, "nats://nats:4222", c.NATS.URL.Reveal())
	require.True(t, c.Admin.Token.Empty())
	require.Contains(t, c.Sources, "meta")

	_, err = config.LoadWorker(path, nil, nil)
	require.EqualError(t, err, "nats.url: line 3: the variable NATS is not set", "what a worker needs is missed")
}

func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../../config.example.toml")
	require.NoError(f, err)
	f.Add(string(example), "BELLHOP_SERVER_MAX_BODY", "1MiB")
	f.Add("[providers.slack-acme]\ntokn = {a.b = [1, {c = 2}]}", "BELLHOP_PROVIDERS_SLACK_ACME_TOKEN_FILE", "/dev/null")
	f.Add("a.\"b\\u0000\".c = 1979-05-27T07:32:00Z\n[[x]]\n[x.y]", "BELLHOP_DELIVER_MAX_AGE", "9999999d")
	f.Add("[server]\nmax_body = 9223372036854775807", "BELLHOP_SERVER_MAX_BODY", "9223372036854775807GiB")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		path := write(t, text)
		env := []string{name + "=" + value}
		c, err := config.Load(path, env, nil)
		if err != nil {
			require.Nil(t, c)
			require.NotEmpty(t, err.Error())
			return
		}
		var p config.Problems
		for _, s := range c.Providers {
			s.Decode(&slack{}, &p)
		}
		require.GreaterOrEqual(t, c.Server.MaxBody, config.Size(1<<10))
		require.GreaterOrEqual(t, c.Deliver.MaxAge, time.Duration(0))
	})
}

func TestSignInElsewhereIsWholeOrNotThere(t *testing.T) {
	const whole = "issuer = 'https://id.example.com', client_id = 'b', client_secret = 's', admin_groups = ['ops']"
	for text, want := range map[string]string{
		whole: "",
		"issuer = 'http://127.0.0.1:5556', client_id = 'b', client_secret = 's', default_role = 'viewer'": "",
		"client_id = 'b'":                "admin.oidc.issuer: line 2: is empty",
		"issuer = 'id.example.com'":      "admin.oidc.issuer: line 2: is not an address",
		"issuer = 'http://example.com'":  "admin.oidc.issuer: line 2: has http",
		"issuer = 'https://example.com'": "admin.oidc.client_id: line 2: is required",
		"issuer = 'https://id.example.com', client_id = 'b', admin_groups = ['ops']": "admin.oidc.client_secret: line 2: is required",
		"issuer = 'https://id.example.com', client_id = 'b', client_secret = 's'":    "nobody could come in",
		whole + ", default_role = 'boss'":                                            `admin.oidc.default_role: line 2: is "boss"`,
		whole + ", groups_claim = ''":                                                "admin.oidc.groups_claim: line 2: is empty",
		whole + ", editor_groups = ['']":                                             "a group has a name",
		whole + ", editors = ['a']":                                                  "admin.oidc.editors: line 2: unknown key",
	} {
		_, err := config.Load(write(t, "[admin]\noidc = { "+text+" }\n"), nil, nil)
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, want, text)
		}
	}
	c, err := config.Load(write(t, "[admin]\noidc = { issuer = 'https://id.example.com', client_id = 'b', viewer_groups = ['x'] }\n"), []string{"BELLHOP_ADMIN_OIDC_CLIENT_SECRET=s3"}, nil)
	require.NoError(t, err)
	require.Equal(t, "s3", c.Admin.OIDC.ClientSecret.Reveal())
}
