package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers/all"
	"github.com/stretchr/testify/require"
)

const examplePath = "../../config.example.toml"

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	return string(text)
}

func TestExampleHoldsTheDefaults(t *testing.T) {
	c, err := config.Load(examplePath, nil, nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), c)
}

// commented is a key or a table that stands behind a "#".
var commented = regexp.MustCompile(`(?m)^# (\[[a-z.-]+\]$|[a-z_]+ = )`)

func TestExamplesInTheExampleLoad(t *testing.T) {
	path := write(t, commented.ReplaceAllString(example(t), "$1"))
	secrets := filepath.Join(filepath.Dir(path), "secrets")
	require.NoError(t, os.Mkdir(secrets, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "slack-acme"), []byte("xoxb-acme\n"), 0o600))
	for _, name := range []string{"seal", "older"} {
		require.NoError(t, os.WriteFile(filepath.Join(secrets, name), []byte(strings.Repeat(name, 10)), 0o600))
	}
	c, err := config.Load(path, []string{
		"MY_FORUM_SECRET=one", "MY_OLD_SECRET=two", "MY_FORUM_KEY=key", "MY_CI_SECRET=ci", "MY_OLD_CI_SECRET=old",
		"MY_DEPLOY_SECRET=deploy", "MY_SHOP_SECRET=whsec_c2hvcA==", "MY_SLACK_TOKEN=xoxb-3",
		"MY_SLACK_SIGNING=0123456789abcdef0123456789abcdef", "MY_SLACK_APP_TOKEN=xapp-4",
		"MY_TELEGRAM_SECRET=0123456789abcdef",
		"MY_TELEGRAM_TOKEN=4:four", "MY_MATTERMOST_TOKEN=five", "MY_MATTERMOST_COMMAND_TOKEN=fivefivefivefivefive", "MY_MATTERMOST_HOOK_TOKEN=hookhookhookhookhook", "MY_MATRIX_TOKEN=six", "MY_OIDC_SECRET=seven",
	}, nil)
	require.NoError(t, err)

	meta := config.DefaultSource(config.KindDiscourse)
	meta.URL, meta.Secret, meta.PreviousSecret = "https://forum.example.com", secret.New("one"), secret.New("two")
	meta.APIKey = secret.New("key")
	require.Equal(t, meta, c.Sources["meta"], "what is shown is the default")
	ci := config.DefaultSource(config.KindJSON)
	ci.Secret, ci.PreviousSecret, ci.SignatureHeader = secret.New("ci"), secret.New("old"), "X-Hub-Signature-256"
	ci.Mapping = c.Sources["ci"].Mapping
	require.Equal(t, ci, c.Sources["ci"])
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Mapping]()) {
		require.False(t, reflect.ValueOf(ci.Mapping).FieldByIndex(f.Index).IsZero(), f.Name)
	}
	blog := config.DefaultSource(config.KindFeed)
	blog.URL = "https://blog.example.com/feed.xml"
	require.Equal(t, blog, c.Sources["blog"])
	require.Equal(t, "Order {data.number} was paid", c.Sources["shop"].Mapping.Title.String())
	require.Equal(t, config.OIDC{
		Issuer: "https://id.example.com", ClientID: "bellhop", ClientSecret: secret.New("seven"), Name: "Example ID", GroupsClaim: "groups",
		AdminGroups: []string{"ops"}, EditorGroups: []string{"team"}, ViewerGroups: []string{"staff"},
	}, c.Admin.OIDC)
	kinds := map[string]bool{}
	for _, s := range c.Sources {
		kinds[s.Kind] = true
	}
	require.Len(t, kinds, 5, "every kind of source has an example")

	registry := all.Registry(nil)
	clear(kinds)
	for name, section := range c.Providers {
		kind, known := registry.Find(section.Kind())
		require.True(t, known, name)
		kinds[kind.Name] = true
		own := kind.Config()
		var p config.Problems
		section.Decode(own, &p)
		require.NoError(t, p.Err())
		require.Empty(t, own.Problems(), name)
	}
	require.Len(t, kinds, len(registry.Names()), "every kind of provider has an example")
}

// Every key stands in the example, so that nobody has to read code to find one.
func TestExampleShowsEveryKey(t *testing.T) {
	text := example(t)
	for section, of := range map[string]any{
		"server": config.Server{}, "nats": config.NATS{}, "database": config.Database{}, "admin": config.Admin{},
		"deliver": config.Deliver{}, "outbound": config.Outbound{}, "alerts": config.Alerts{},
	} {
		requireKeys(t, text, section, of)
	}
	requireKeys(t, text, "sources.ci.mapping", config.Mapping{})
	// A source's keys are of its kind, so that they stand in several tables.
	begin, end := strings.Index(text, "# [sources.meta]"), strings.Index(text, "# [providers.slack]")
	requireKeys(t, "[sources]\n"+text[begin:end], "sources", config.Source{})
}

// requireKeys requires that the table of a section shows every key of a struct.
func requireKeys(t *testing.T, text, section string, of any) {
	t.Helper()
	_, after, found := strings.Cut(text, "["+section+"]\n")
	require.True(t, found, section)
	table, _, _ := strings.Cut(after, "\n[")
	for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
		require.Regexp(t, `(?m)^(# )?`+f.Tag.Get("toml")+` = `, table, section)
	}
}
