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
	c, err := config.Load(path, []string{
		"MY_FORUM_SECRET=one", "MY_OLD_SECRET=two", "MY_SLACK_TOKEN=xoxb-3",
		"MY_TELEGRAM_TOKEN=4:four", "MY_MATTERMOST_TOKEN=five", "MY_MATRIX_TOKEN=six",
	}, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]config.Source{"meta": {
		Kind: "discourse", URL: "https://forum.example.com", Visibility: config.TrustWebhook,
		Secret: secret.New("one"), PreviousSecret: secret.New("two"),
	}}, c.Sources)

	registry := all.Registry(nil)
	kinds := map[string]bool{}
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
		"deliver": config.Deliver{}, "outbound": config.Outbound{}, "sources.meta": config.Source{},
	} {
		_, after, found := strings.Cut(text, "["+section+"]\n")
		require.True(t, found, section)
		table, _, _ := strings.Cut(after, "\n[")
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			require.Regexp(t, `(?m)^(# )?`+f.Tag.Get("toml")+` = `, table, section)
		}
	}
}
