package config_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// kinds are those of sources and of every provider.
func kinds() []hub.SectionKind {
	list := config.SourceKinds()
	registry := all.Registry(nil)
	for _, name := range registry.Names() {
		kind, _ := registry.Find(name)
		own := kind.Config()
		list = append(list, config.SystemKind(name, own, own.Problems()))
	}
	return list
}

func settingOf(t *testing.T, kind, name string) hub.SectionKey {
	t.Helper()
	for _, k := range kinds() {
		if i := slices.IndexFunc(k.Fields, func(f hub.SectionKey) bool { return f.Name == name }); k.Kind == kind && i >= 0 {
			return k.Fields[i]
		}
	}
	t.Fatalf("%s has no %s", kind, name)
	return hub.SectionKey{}
}

// Every key says what it is for, and its default is one that is taken.
func TestKindsAreDescribed(t *testing.T) {
	require.Len(t, kinds(), 10)
	for _, k := range kinds() {
		settings := map[string]any{"kind": k.Kind}
		for _, f := range k.Fields {
			require.NotEmpty(t, f.About, "%s.%s", k.Kind, f.Name)
			require.Regexp(t, `^[A-Z].*[^ ]\.$`, f.About, "a sentence: %s.%s", k.Kind, f.Name)
			for _, inner := range f.Fields {
				require.NotEmpty(t, inner.About, "%s.%s.%s", k.Kind, f.Name, inner.Name)
			}
			if f.Default != nil {
				settings[f.Name] = f.Default
			}
		}
		refused(t, k, settings, func(f hub.SectionKey) bool { return f.Required })
	}
}

// refused makes a section and requires that those keys are refused which want says.
func refused(t *testing.T, k hub.SectionKind, settings map[string]any, want func(hub.SectionKey) bool) {
	t.Helper()
	var keys, wanted []string
	if k.Part == hub.PartSource {
		_, err := config.MakeSource("x", config.Typed(k.Fields, settings))
		var p *config.Problems
		require.ErrorAs(t, err, &p)
		for key := range p.Fields("sources", "x") {
			keys = append(keys, key)
		}
	} else {
		section, err := config.MakeSection("x", config.Typed(k.Fields, settings))
		require.NoError(t, err)
		kind, _ := all.Registry(nil).Find(k.Kind)
		own := kind.Config()
		var p config.Problems
		section.Decode(own, &p)
		require.NoError(t, p.Err())
		for key := range own.Problems() {
			keys = append(keys, key)
		}
	}
	for _, f := range k.Fields {
		if want(f) {
			wanted = append(wanted, f.Name)
		}
	}
	require.ElementsMatch(t, wanted, keys, k.Kind)
}

func TestWhatKindsSay(t *testing.T) {
	require.Equal(t, hub.SectionKey{
		Name: "delay", Type: hub.SettingDuration, Default: "20s", About: settingOf(t, "discourse", "delay").About,
	}, settingOf(t, "discourse", "delay"))
	require.Equal(t, "15m", settingOf(t, "feed", "every").Default)
	require.True(t, settingOf(t, "discourse", "url").Required)
	require.Equal(t, hub.SettingSecret, settingOf(t, "slack", "token").Type)
	require.Equal(t, []string{"m.notice", "m.text"}, settingOf(t, "matrix", "msgtype").OneOf)
	require.Equal(t, "m.notice", settingOf(t, "matrix", "msgtype").Default)
	require.Equal(t, hub.SettingList, settingOf(t, "matrix", "auto_join").Type)
	require.True(t, settingOf(t, "json", "mapping").Required)
	require.Equal(t, "title", settingOf(t, "json", "mapping").Fields[1].Name)
	require.Equal(t, []string{"auto", "off"}, settingOf(t, "slack", "pace").OneOf)
	for _, k := range kinds() { // what one may be is taken, anything else is not
		for _, f := range k.Fields {
			if len(f.OneOf) > 0 {
				require.Contains(t, f.OneOf, f.Default, "%s.%s", k.Kind, f.Name)
			}
		}
	}
}

// What people fill into forms is text; a section takes numbers and lists.
func TestTyped(t *testing.T) {
	fields := []hub.SectionKey{
		{Name: "n", Type: hub.SettingNumber},
		{Name: "on", Type: hub.SettingSwitch},
		{Name: "list", Type: hub.SettingList},
		{Name: "key", Type: hub.SettingSecret},
		{Name: "url", Type: hub.SettingText},
		{Name: "map", Type: hub.SettingTable, Fields: []hub.SectionKey{{Name: "title", Type: hub.SettingText}}},
	}
	require.Equal(t, map[string]any{
		"n": int64(60), "on": true, "list": []any{"a", "b c"}, "key": " as it is ", "url": "https://x", "map": map[string]any{"title": "t"}, "other": int64(3), "gone": nil,
	}, config.Typed(fields, map[string]any{
		"n": " 60 ", "on": "true", "list": "a, b c\n", "key": " as it is ", "url": " https://x ", "map": map[string]any{"title": " t "}, "other": 3.0, "gone": nil,
	}))
	require.Equal(t, map[string]any{"n": "sixty", "on": "perhaps"}, config.Typed(fields, map[string]any{"n": "sixty", "on": "perhaps"}), "what is wrong is refused where it is read")
}

// A secret that people type is one, and no name of a file of the server's.
func TestMadeSecretsAreLiteral(t *testing.T) {
	s, err := config.MakeSource("meta", map[string]any{"kind": "discourse", "url": "https://forum.example.com", "secret": "file:/etc/passwd", "api_key": "env:HOME"})
	require.NoError(t, err)
	require.Equal(t, secret.New("file:/etc/passwd"), s.Secret)
	require.Equal(t, secret.New("env:HOME"), s.APIKey)
	_, err = config.MakeSource("meta", map[string]any{"kind": "discourse", "url": "https://forum.example.com", "secert": "x"})
	var p *config.Problems
	require.ErrorAs(t, err, &p)
	require.Equal(t, map[string]string{"secert": "unknown key (did you mean secret?)", "secret": "is required: the secret of the forum's webhook"}, p.Fields("sources", "meta"))
	_, err = config.MakeSection("hub", map[string]any{"kind": "slack"})
	require.ErrorAs(t, err, &p)
	require.Equal(t, map[string]string{"name": "is a name that Bellhop uses itself: choose another"}, p.Fields("providers", "hub"))
}

func TestValues(t *testing.T) {
	s := config.DefaultSource(config.KindDiscourse)
	s.URL, s.Secret = "https://forum.example.com", secret.New("one")
	settings, secrets := config.Values(&s)
	require.Equal(t, map[string]any{
		"kind": "discourse", "url": "https://forum.example.com", "delay": "20s", "api_user": "system", "api_per_minute": 60, "visibility": "check", "catch_up": true,
	}, settings)
	require.Equal(t, map[string]secret.Value{"secret": s.Secret}, secrets)
	ci, err := config.MakeSource("ci", map[string]any{"kind": "json", "secret": "x", "mapping": map[string]any{"title": "{a}: {b}"}})
	require.NoError(t, err)
	settings, _ = config.Values(&ci)
	require.Equal(t, map[string]any{"title": "{a}: {b}"}, settings["mapping"])
}
