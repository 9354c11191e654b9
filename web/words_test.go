package web_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/web"
)

// flat are the texts of a file by their whole names.
func flat(prefix string, tree map[string]any, into map[string]string) {
	for name, v := range tree {
		if below, ok := v.(map[string]any); ok {
			flat(prefix+name+".", below, into)
		} else {
			into[prefix+name] = v.(string)
		}
	}
}

// texts are all texts of a language, by their whole names.
func texts(t *testing.T, language string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := filepath.Glob("words/*." + language + ".toml")
	require.NoError(t, err)
	for _, name := range names {
		body, err := os.ReadFile(name)
		require.NoError(t, err)
		var tree map[string]any
		require.NoError(t, toml.Unmarshal(body, &tree), name)
		before := len(all)
		found := map[string]string{}
		flat("", tree, found)
		for k, v := range found {
			all[k] = v
		}
		require.Len(t, all, before+len(found), "%s says again what another file says", name)
	}
	return all
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func TestEveryTextIsInEveryLanguage(t *testing.T) {
	english := texts(t, "en")
	require.Greater(t, len(english), 50)
	for _, language := range web.Languages()[1:] {
		other := texts(t, language)
		for name, text := range english {
			said, ok := other[name]
			require.True(t, ok, "%s lacks %s: %q", language, name, text)
			require.ElementsMatch(t, places(text), places(said), "%s: %s has other places than the English text", language, name)
		}
		for name := range other {
			require.Contains(t, english, name, "only %s has it", language)
		}
	}
}

// places are the places that a text has for values, each once.
func places(text string) (found []string) {
	seen := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !seen[m[1]] {
			seen[m[1]], found = true, append(found, m[1])
		}
	}
	return found
}

var (
	called  = regexp.MustCompile(`\b(?:t|markup) "([\w.]+)"`)
	actions = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	markup  = regexp.MustCompile(`(?s)<(?:script|style).*?</(?:script|style)>|<kbd>.*?</kbd>|<[^>]*>`)
	spoken  = regexp.MustCompile(`\b(?:aria-label|title|placeholder|alt)="([^"]*)"`)
	letters = regexp.MustCompile(`\pL{2,}`)
)

// TestPagesSayOnlyWhatTheCatalogueHas holds that templates call texts
// that exist, and hold no text of their own.
func TestPagesSayOnlyWhatTheCatalogueHas(t *testing.T) {
	english := texts(t, "en")
	names, err := fs.Glob(os.DirFS("templates"), "pane/*.html")
	require.NoError(t, err)
	names = append(names, "problem.html")
	for _, name := range names {
		body, err := os.ReadFile("templates/" + name)
		require.NoError(t, err)
		for _, m := range called.FindAllStringSubmatch(string(body), -1) {
			_, plain := english[m[1]]
			_, plural := english[m[1]+".other"]
			require.True(t, plain || plural, "%s: there is no text %s", name, m[1])
		}
		// Actions become a sign that is no letter, so that attributes stay whole.
		bare := actions.ReplaceAllString(string(body), "·")
		for _, m := range spoken.FindAllStringSubmatch(bare, -1) {
			require.NotRegexp(t, letters, m[1], "%s: a text that is not in the catalogue", name)
		}
		for said := range strings.SplitSeq(markup.ReplaceAllString(bare, "\n"), "\n") {
			said = strings.ReplaceAll(said, "Bellhop", "")
			require.NotRegexp(t, letters, said, "%s: a text that is not in the catalogue", name)
		}
	}
}

func TestWordsFollowTheReader(t *testing.T) {
	for _, c := range []struct{ cookie, header, want string }{
		{"", "", "en"},
		{"", "de-AT,de;q=0.9,en;q=0.5", "de"},
		{"", "fr, en;q=0.1", "en"},
		{"", "fr", "en"},
		{"en", "de", "en"},
		{"de", "en", "de"},
		{"nonsense…", "de", "de"},
		{"", ";;;", "en"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", c.header)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "bellhop_lang", Value: c.cookie})
		}
		require.Equal(t, c.want, web.WordsOf(r).Language(), "%+v", c)
	}
}

func TestWords(t *testing.T) {
	en, de := web.WordsIn("en"), web.WordsIn("de")
	require.Equal(t, "Live, 1 notification waiting", en.Say("shell.waiting", "Count", 1))
	require.Equal(t, "Live, 1,056 notifications waiting", en.Say("shell.waiting", "Count", 1056))
	require.Equal(t, "Live, 1.056 Nachrichten warten", de.Say("shell.waiting", "Count", int64(1056)))
	require.Equal(t, "9. <b>", de.Say("time.day", "Day", 9, "Month", "<b>"), "templates escape it")
	require.Equal(t, "9 &lt;b&gt;", string(en.Mark("time.day", "Day", 9, "Month", "<b>")))
	require.Equal(t, "no.such.text", en.Say("no.such.text"))
}
