package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/stretchr/testify/require"
)

// slack is a provider's configuration, as a provider would declare it.
type slack struct {
	Token  secret.Value  `toml:"token"`
	APIURL string        `toml:"api_url"`
	Rooms  []string      `toml:"rooms"`
	Burst  int           `toml:"burst"`
	Quiet  bool          `toml:"quiet"`
	Every  time.Duration `toml:"every"`
	Plain  string
}

func section(t *testing.T, text string, env ...string) (config.Section, string) {
	t.Helper()
	path := write(t, text)
	c, err := config.Load(path, env, nil)
	require.NoError(t, err)
	require.Contains(t, c.Providers, "slack-acme")
	return c.Providers["slack-acme"], filepath.Dir(path)
}

func TestDecodeSection(t *testing.T) {
	s, _ := section(t, `
[providers.slack-acme]
kind = "slack"
token = "xoxb-1"
rooms = ["a", "b"]
burst = 3
quiet = true
every = "1d"
`)
	require.Equal(t, "slack", s.Kind())
	require.Equal(t, "slack-acme", s.Name())
	into := slack{APIURL: "https://slack.com/api/"}
	var p config.Problems
	s.Decode(&into, &p)
	require.NoError(t, p.Err())
	require.Equal(t, slack{
		Token: secret.New("xoxb-1"), APIURL: "https://slack.com/api/", Rooms: []string{"a", "b"},
		Burst: 3, Quiet: true, Every: 24 * time.Hour,
	}, into)
}

func TestKindOfASection(t *testing.T) {
	s, _ := section(t, "[providers.slack-acme]")
	require.Equal(t, "slack-acme", s.Kind(), "the name, where no kind is given")
	s, _ = section(t, "[providers.slack-acme]\nkind = \"slack\"", "BELLHOP_PROVIDERS_SLACK_ACME_KIND=mattermost")
	require.Equal(t, "mattermost", s.Kind())

	bare := config.Bare("console")
	require.Equal(t, "console", bare.Kind())
	var p config.Problems
	into := slack{Burst: 2}
	bare.Decode(&into, &p)
	require.NoError(t, p.Err())
	require.Equal(t, slack{Burst: 2}, into)
}

func TestSectionFromTheEnvironment(t *testing.T) {
	s, _ := section(t, "[providers.slack-acme]\ntoken = \"from-the-file\"\nburst = 1\n",
		"BELLHOP_PROVIDERS_SLACK_ACME_TOKEN=from-the-env", "BELLHOP_PROVIDERS_SLACK_ACME_BURST=7",
		"BELLHOP_PROVIDERS_SLACK_ACME_ROOMS=a, b")
	var into slack
	var p config.Problems
	s.Decode(&into, &p)
	require.NoError(t, p.Err())
	require.Equal(t, slack{Token: secret.New("from-the-env"), Burst: 7, Rooms: []string{"a", "b"}}, into)
}

func TestVariablesBelongToTheLongestName(t *testing.T) {
	path := write(t, "[providers.slack]\n[providers.slack-acme]\n")
	c, err := config.Load(path, []string{"BELLHOP_PROVIDERS_SLACK_ACME_TOKEN=acme", "BELLHOP_PROVIDERS_SLACK_TOKEN=plain"}, nil)
	require.NoError(t, err)
	var p config.Problems
	var plain, acme slack
	c.Providers["slack"].Decode(&plain, &p)
	c.Providers["slack-acme"].Decode(&acme, &p)
	require.NoError(t, p.Err())
	require.Equal(t, "plain", plain.Token.Reveal())
	require.Equal(t, "acme", acme.Token.Reveal())
}

func TestSectionProblems(t *testing.T) {
	s, _ := section(t, `
[providers.slack-acme]
tokn = "xoxb-secret"
rooms = "a"
burst = 1.5
quiet = "yes"
every = "often"
`, "BELLHOP_PROVIDERS_SLACK_ACME_TOKENS=x", "BELLHOP_PROVIDERS_SLACK_ACME_BURST_PORT=kubernetes")
	var p config.Problems
	s.Decode(&slack{}, &p)
	s.Refuse(&p, "token", "is required: the bot token")
	require.EqualError(t, &p, `BELLHOP_PROVIDERS_SLACK_ACME_TOKENS: unknown variable (did you mean BELLHOP_PROVIDERS_SLACK_ACME_TOKEN?)
providers.slack-acme.token: line 2: is required: the bot token
providers.slack-acme.tokn: line 3: unknown key (did you mean token?)
providers.slack-acme.rooms: line 4: is a string, want a list
providers.slack-acme.burst: line 5: is a number, want an integer
providers.slack-acme.quiet: line 6: is a string, want true or false
providers.slack-acme.every: line 7: is "often", want a duration such as "20s", "15m", "72h" or "30d"`)
}

func TestSecrets(t *testing.T) {
	const name = "BELLHOP_PROVIDERS_SLACK_ACME_TOKEN"
	elsewhere := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(elsewhere, []byte("from-a-file\r\n"), 0o600))
	for _, c := range []struct {
		told, value string
		env         []string
		want        string // the secret
		problem     string
	}{
		{told: "in the file", value: "xoxb-1", want: "xoxb-1"},
		{told: "env", value: "env:MY_TOKEN", env: []string{"MY_TOKEN=xoxb-2"}, want: "xoxb-2"},
		{told: "env, unset", value: "env:MY_TOKEN", env: []string{"MY_TOKEN="}, problem: "line 2: the variable MY_TOKEN is not set"},
		{told: "file, absolute", value: "file:" + elsewhere, want: "from-a-file"},
		{told: "file, relative to the configuration", value: "file:secrets/token", want: "nearby"},
		{told: "file, missing", value: "file:secrets/none", problem: "secrets/none cannot be read: no such file or directory"},
		{told: "file, empty", value: "file:empty", problem: "empty is empty"},
		{told: "variable wins", value: "env:UNSET", env: []string{name + "=xoxb-3"}, want: "xoxb-3"},
		{told: "variable is literal", env: []string{name + "=env:HOME"}, want: "env:HOME"},
		{told: "_FILE wins", value: "xoxb-1", env: []string{name + "_FILE=" + elsewhere}, want: "from-a-file"},
		{told: "_FILE, missing", env: []string{name + "_FILE=/no/such"}, problem: "providers.slack-acme.token: /no/such cannot be read"},
		{told: "both variables", env: []string{name + "=a", name + "_FILE=b"}, problem: "both " + name + " and " + name + "_FILE are set"},
	} {
		t.Run(c.told, func(t *testing.T) {
			s, dir := section(t, "[providers.slack-acme]\ntoken = '"+c.value+"'\n", c.env...)
			require.NoError(t, os.Mkdir(filepath.Join(dir, "secrets"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets", "token"), []byte("nearby\n"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), []byte("\n"), 0o600))
			var into slack
			var p config.Problems
			s.Decode(&into, &p)
			require.Equal(t, c.want, into.Token.Reveal())
			if c.problem == "" {
				require.NoError(t, p.Err())
				return
			}
			require.ErrorContains(t, p.Err(), c.problem)
		})
	}
}

func TestPace(t *testing.T) {
	load := func(text string) (*config.Config, error) {
		file := filepath.Join(t.TempDir(), "c.toml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return config.Load(file, nil, nil)
	}
	c, err := load("[providers.slack]\n[providers.telegram]\npace = \"off\"\n")
	require.NoError(t, err)
	require.Equal(t, config.PaceAuto, c.Providers["slack"].Pace())
	require.Equal(t, config.PaceOff, c.Providers["telegram"].Pace())
	_, err = load("[providers.slack]\npace = \"fast\"\n")
	require.ErrorContains(t, err, `providers.slack.pace: line 2: is "fast", want "auto"`)
}
