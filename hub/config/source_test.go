package config_test

import (
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/stretchr/testify/require"
)

// source loads the table of one source, "it".
func source(t *testing.T, text string, env ...string) (config.Source, error) {
	t.Helper()
	c, err := config.Load(write(t, "[sources.it]\n"+text), env, nil)
	if err != nil {
		return config.Source{}, err
	}
	return c.Sources["it"], nil
}

const forumKeys = "url = \"https://f.example.com\"\nsecret = \"x\"\n"

func TestForumsAreCheckedUnlessTold(t *testing.T) {
	s, err := source(t, forumKeys)
	require.NoError(t, err)
	require.Equal(t, config.Source{
		Kind: "discourse", URL: "https://f.example.com", Secret: secret.New("x"), Visibility: config.Check,
		APIUser: "system", APIPerMinute: 60, Delay: 20 * time.Second, CatchUp: true,
	}, s)
	s, err = source(t, forumKeys+`visibility = "trust_webhook"`)
	require.NoError(t, err)
	require.Equal(t, config.TrustWebhook, s.Visibility)
	s, err = source(t, forumKeys+"api_key = \"k\"\nread_as = \"alice\"\ndelay = 0")
	require.NoError(t, err)
	require.Equal(t, "alice", s.ReadAs)
	require.Equal(t, "k", s.APIKey.Reveal())
	require.Zero(t, s.Delay)
}

func TestKindsOfSource(t *testing.T) {
	for _, kind := range []string{"cloudevents", "standard_webhooks"} {
		s, err := source(t, "kind = \""+kind+"\"\nsecret = \"x\"")
		require.NoError(t, err)
		require.Equal(t, config.Source{Kind: kind, Secret: secret.New("x")}, s, "a mapping is not needed")
	}
	s, err := source(t, "kind = \"feed\"\nurl = \"http://blog.example.com/?feed=rss2\"")
	require.NoError(t, err)
	require.Equal(t, config.Source{Kind: "feed", URL: "http://blog.example.com/?feed=rss2", Every: 15 * time.Minute}, s)

	s, err = source(t, `kind = "json"
secret = "x"
signature_header = "X-Hub-Signature-256"
[sources.it.mapping]
title = "{repository.name}: {action}"
tags = "'ci'"
`, "BELLHOP_SOURCES_IT_MAPPING_URL=link", "BELLHOP_SOURCES_IT_DELAY=5s")
	require.NoError(t, err)
	require.Equal(t, []config.Part{
		{Text: "repository.name", IsPath: true}, {Text: ": "}, {Text: "action", IsPath: true},
	}, s.Mapping.Title.Parts())
	require.Equal(t, []config.Part{{Text: "ci"}}, s.Mapping.Tags.Parts())
	require.Equal(t, "link", s.Mapping.URL.String())
	require.Equal(t, 5*time.Second, s.Delay)
	require.True(t, s.Mapping.ID.IsZero())
}

func TestSourcesRefused(t *testing.T) {
	const json = "kind = \"json\"\nsecret = \"x\"\nmapping = { title = \"a\" }\n"
	for _, c := range []struct{ text, want string }{
		{`kind = "rss"`, `sources.it.kind: line 2: is "rss", want discourse, cloudevents, standard_webhooks, json or feed`},
		{`kind = 3`, `sources.it.kind: line 2: is an integer, want a string`},
		{forumKeys + `delay = "2h"`, `sources.it.delay: line 4: is 2h0m0s, want 0s to 1h0m0s`},
		{forumKeys + `visibility = "trust"`, `sources.it.visibility: line 4: is "trust", want check or trust_webhook`},
		{forumKeys + `visibility = ""`, `sources.it.visibility: line 4: is "", want check or trust_webhook`},
		{forumKeys + `read_as = "alice"`, `sources.it.read_as: line 4: is "alice", but what a user may see can only be asked with an api_key`},
		{forumKeys + `api_per_minute = 0`, `sources.it.api_per_minute: line 4: is 0, want 1 to 10000`},
		{forumKeys + `api_user = ""`, `sources.it.api_user: line 4: is empty`},
		{forumKeys + `every = "15m"`, `sources.it.every: line 4: does not belong to a source of kind discourse, which has url, secret,`},
		{forumKeys + `mapping = {}`, ""},
		{forumKeys + `mapping = { title = "a" }`, `sources.it.mapping: line 4: does not belong to a source of kind discourse`},
		{forumKeys + `mapping = { titl = "a" }`, `sources.it.mapping.titl: line 4: unknown key (did you mean title?)`},
		{json, ""},
		{json + `url = "https://x.example.com"`, `sources.it.url: line 5: does not belong to a source of kind json, which has secret, previous_secret, signature_header, mapping and delay`},
		{json + `catch_up = true`, `sources.it.catch_up: line 5: does not belong`},
		{json + `signature_header = "X Y"`, `sources.it.signature_header: line 5: is "X Y", want the name of a header`},
		{json + `signature_header = "authorization"`, `sources.it.signature_header: line 5: is "authorization", want the name`},
		{`kind = "json"` + "\nsecret = \"x\"", `sources.it.mapping: line 1: needs a title`},
		{`kind = "json"` + "\nmapping = { title = \"a\" }", `sources.it.secret: line 1: is required: what the sender signs with or shows, here as env:NAME or file:PATH, or in BELLHOP_SOURCES_IT_SECRET`},
		{`kind = "cloudevents"` + "\nsecret = \"x\"\nmapping = { url = 3 }", `sources.it.mapping.url: line 4: is an integer, want a string`},
		{`kind = "cloudevents"` + "\nsecret = \"x\"\nmapping = { url = \"a b\" }", `sources.it.mapping.url: line 4: is "a b", which is no path: it has a blank`},
		{`kind = "standard_webhooks"` + "\nsecret = \"whsec_?\"", `sources.it.secret: line 3: begins with whsec_, but what follows is no base64`},
		{`kind = "standard_webhooks"` + "\nsecret = \"x\"\nprevious_secret = \"whpk_AAAA\"", `sources.it.previous_secret: line 4: is half of a key pair`},
		{`kind = "standard_webhooks"` + "\nsecret = \"whsec_c2VjcmV0\"", ""},
		{`kind = "standard_webhooks"` + "\nsecret = \"x\"\nsignature_header = \"X-Y\"", `sources.it.signature_header: line 4: does not belong`},
		{`kind = "feed"`, `sources.it.url: line 1: is required: the address of the feed`},
		{`kind = "feed"` + "\nurl = \"ftp://x\"", `sources.it.url: line 3: is not an address`},
		{`kind = "feed"` + "\nurl = \"https://me:pass@x.example.com\"", `sources.it.url: line 3: holds a user or a password`},
		{`kind = "feed"` + "\nurl = \"https://x.example.com\"\nevery = \"59s\"", `sources.it.every: line 4: is 59s, want at least 1m`},
		{`kind = "feed"` + "\nurl = \"https://x.example.com\"\nsecret = \"x\"", `sources.it.secret: line 4: does not belong to a source of kind feed, which has url, every and delay`},
	} {
		_, err := source(t, c.text)
		if c.want == "" {
			require.NoError(t, err, c.text)
			continue
		}
		require.ErrorContains(t, err, c.want, c.text)
		require.NotContains(t, err.Error(), "me:pass")
	}
	_, err := source(t, "kind = \"feed\"\nurl = \"https://x.example.com\"", "BELLHOP_SOURCES_IT_SECRET=x")
	require.ErrorContains(t, err, "sources.it.secret: line 1: does not belong", "a variable is as good as the file")
	_, err = source(t, json, "BELLHOP_SOURCES_IT_MAPPING_TITEL=x")
	require.ErrorContains(t, err, "unknown variable (did you mean BELLHOP_SOURCES_IT_MAPPING_TITLE?)")
	_, err = config.Load("", nil, map[string]string{"sources.it.mapping.title": "x"})
	require.ErrorContains(t, err, "unknown flag")
}

// A worker takes the hub's file without its secrets, so it cannot miss them.
func TestWorkerDoesNotMissAKey(t *testing.T) {
	path := write(t, "[sources.meta]\n"+forumKeys+"api_key = \"env:UNSET\"\nread_as = \"alice\"\n"+
		"[sources.shop]\nkind = \"standard_webhooks\"\nsecret = \"env:UNSET\"\n")
	c, err := config.LoadWorker(path, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "alice", c.Sources["meta"].ReadAs)
}

func TestTemplates(t *testing.T) {
	path := func(s string) config.Part { return config.Part{Text: s, IsPath: true} }
	text := func(s string) config.Part { return config.Part{Text: s} }
	for given, want := range map[string][]config.Part{
		"":                           nil,
		"a":                          {path("a")},
		"repository.full_name":       {path("repository.full_name")},
		"a.#.b":                      {path("a.#.b")},
		`a.#(b=="c d").e`:            {path(`a.#(b=="c d").e`)},
		`a.#(b==")").e`:              {path(`a.#(b==")").e`)},
		`commit\ message.fav\.movie`: {path(`commit\ message.fav\.movie`)},
		"@timestamp":                 {path("@timestamp")},
		"a|@reverse":                 {path("a|@reverse")},
		"[a,b]":                      {path("[a,b]")},
		"été":                        {path("été")},
		"'ci'":                       {text("ci")},
		"'it's {so}'":                {text("it's {so}")},
		"{a}":                        {path("a")},
		"{a.b}: {c}!":                {path("a.b"), text(": "), path("c"), text("!")},
		"{{a}} {a}":                  {text("{a} "), path("a")},
		"{{":                         {text("{")},
	} {
		got, err := config.ParseTemplate(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got.Parts(), given)
		again, err := config.ParseTemplate(got.String())
		require.NoError(t, err, got.String())
		require.Equal(t, got, again, given)
	}
	for given, want := range map[string]string{
		"Deploy done": "has a blank", "a..b": "a name is missing before a .", ".a": "a name is missing", "a.": "a name is missing at its end",
		"a|": "a name is missing", "..#": "a name is missing", `a\`: "nothing follows", "a.#(b": "is not closed", "a)": "no bracket before it",
		`a.#(b=="c).d`: "is not closed", "'": "must end", "''": "hold something", "'a": "must end", "{": "is not closed", "{}": "a name is missing",
		"a}": "no { before it", "{a} }": "no { before it", "{a b}": "has a blank", "{a{b}": "a { inside", "\t": "has a blank",
	} {
		_, err := config.ParseTemplate(given)
		require.ErrorContains(t, err, want, given)
		require.ErrorContains(t, err, "is \""+given+"\"")
	}
	_, err := config.ParseTemplate(string(make([]byte, 1001)))
	require.ErrorContains(t, err, "is longer than 1000 characters")
}

// Whatever is taken means the same when it is written again.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"a.b", "{a}: {b.#(c==\"d e\").f}", "'x'", "{{", `a\`, "{a}}}", "'{'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := config.ParseTemplate(text)
		if err != nil || len(text) > 900 { // a quoted one may be longer than it was
			return
		}
		again, err := config.ParseTemplate(parsed.String())
		require.NoError(t, err, parsed.String())
		require.Equal(t, parsed, again)
	})
}
