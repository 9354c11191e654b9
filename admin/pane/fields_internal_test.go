package pane

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/providers/all"
	"github.com/bellhop-chat/bellhop/web"
)

// sectionKinds are those of sources and of every provider.
func sectionKinds() []hub.SectionKind {
	list := config.SourceKinds()
	registry := all.Registry(nil)
	for _, name := range registry.Names() {
		if name == "console" {
			continue
		}
		kind, _ := registry.Find(name)
		own := kind.Config()
		list = append(list, config.SystemKind(name, own, own.Problems()))
	}
	return list
}

func kindNamed(t *testing.T, name string) hub.SectionKind {
	t.Helper()
	list := sectionKinds()
	i := slices.IndexFunc(list, func(k hub.SectionKind) bool { return k.Kind == name })
	require.GreaterOrEqual(t, i, 0, name)
	return list[i]
}

func formHTML(t *testing.T, f *sectionForm) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, web.Fragment(&b, f.words, "section-name", f))
	require.NoError(t, web.Fragment(&b, f.words, "section-fields", f))
	return b.String()
}

// Every key that there is has words in every language, and what must be set comes
// first.
func TestEveryKeyHasWords(t *testing.T) {
	for _, language := range web.Languages() {
		words := web.WordsIn(language)
		for _, kind := range sectionKinds() {
			f := formOf(words, kind, nil)
			var hold func(list []sectionField)
			hold = func(list []sectionField) {
				for _, field := range list {
					name := strings.ReplaceAll(strings.TrimPrefix(field.Input, inputs), ".", "_")
					require.True(t, words.Has("fields."+kind.Kind+"."+name) || words.Has("fields.any."+name), "%s: there are no words for %s.%s", language, kind.Kind, name)
					require.True(t, field.Hint != "" || field.As == "switch", "%s: nothing says what %s.%s is for", language, kind.Kind, name)
					require.True(t, field.As != "secret" || field.Where != "" || kind.Kind == "json", "%s: nothing says where %s.%s is found", language, kind.Kind, name)
					for _, o := range field.Options {
						require.NotEqual(t, o.Value, o.Label, "%s: %s.%s", language, kind.Kind, name)
					}
					hold(field.Fields)
				}
			}
			hold(f.First)
			hold(f.More)
			require.NotEmpty(t, f.First)
			for _, field := range f.More {
				require.False(t, field.Required, "%s.%s", kind.Kind, field.Input)
			}
			formHTML(t, f)
		}
	}
}

func TestSectionFormHoldsWhatIsSet(t *testing.T) {
	const hostile = `"><script>alert(1)</script>`
	f := formOf(web.English(), kindNamed(t, "matrix"), &hub.SectionShown{
		Name: "mx", Version: 7, Settings: map[string]any{"homeserver_url": hostile, "user_id": "@b:example.org", "auto_join": []any{"@a:example.org", ":example.org"}, "reactions": false},
		Secrets: map[string]hub.SecretShown{"token": {Set: true, Ends: "9f3c"}},
	})
	html := formHTML(t, f)
	require.NotContains(t, html, "<script>")
	require.Contains(t, html, "ends in …9f3c")
	require.Contains(t, html, "@a:example.org\n:example.org</textarea>")
	require.Contains(t, html, `name="version" value="7"`)
	require.NotContains(t, html, `id="s-reactions" name="s.reactions" value="1" checked`)
	require.NotContains(t, html, `name="clear.token"`, "what must be set cannot be taken away")
}

func TestSectionFormIsRead(t *testing.T) {
	kind := kindNamed(t, "discourse")
	shown := &hub.SectionShown{
		Name: "meta", Version: 3, Settings: map[string]any{"url": "https://forum.example.com", "read_as": "anna"},
		Secrets: map[string]hub.SecretShown{"secret": {Set: true}, "api_key": {Set: true}},
	}
	f := formFrom(web.English(), kind, shown, url.Values{
		"version": {"3"}, "s.url": {" https://new.example.com "}, "s.secret": {""}, "clear.api_key": {"1"}, "s.read_as": {""}, "s.delay": {"20s"},
		"s.api_per_minute": {"many"}, "s.catch_up": {"0"}, "s.unlisted": {"0", "1"}, "s.visibility": {"trust_webhook"},
	})
	require.Equal(t, hub.SectionChange{Kind: "discourse", Version: 3, Settings: map[string]any{
		"url": "https://new.example.com", "api_key": nil, "read_as": nil, "delay": nil, "api_per_minute": "many", "catch_up": false, "unlisted": true, "visibility": "trust_webhook",
	}}, f.change())
	require.True(t, f.refuse(&hub.Error{Code: hub.CodeInvalid, Message: "not right", Fields: map[string]string{"api_per_minute": "is no number", "moon": "is full"}}))
	html := formHTML(t, f)
	require.Contains(t, html, "is no number")
	require.Contains(t, html, "moon is full", "what has no field is said above all")
	require.Contains(t, html, "<details class=\"fold field more-fields\" open>")
	require.Contains(t, html, `value="many"`)
	require.Contains(t, html, `href="https://forum.example.com/admin/api/keys"`, "the forum that is stored")

	// A new one is named, and a table comes together.
	f = formFrom(web.English(), kindNamed(t, "json"), nil, url.Values{"name": {" ci "}, "s.mapping.title": {"alert.name"}, "s.mapping.id": {""}, "s.secret": {"hush-hush-hush"}})
	require.Equal(t, hub.SectionChange{Name: "ci", Kind: "json", Settings: map[string]any{"secret": "hush-hush-hush", "mapping": map[string]any{"title": "alert.name"}}}, f.change())
	require.True(t, f.refuse(&hub.Error{Code: hub.CodeInvalid, Fields: map[string]string{"name": "is taken", "mapping": "needs a title"}}))
	html = formHTML(t, f)
	require.NotContains(t, html, "hush-hush-hush", "no secret comes back")
	require.Contains(t, html, "is taken")
	require.Contains(t, html, "needs a title")
	require.False(t, f.refuse(hub.Errorf(hub.CodeInternal, "a disk is full")))
}
