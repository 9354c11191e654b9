package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// table is one table of the file together with what flags and environment say
// of its keys. The zero table is empty.
type table struct {
	path   []string // "providers", "slack-acme"
	values map[string]any
	in     *input
	// keepSealed leaves secrets where they are: this process does not need them.
	keepSealed bool
	// ours is a key that is not the decoded struct's but read before.
	ours string
}

// decode sets the fields of the struct that into points to. Fields carry toml
// tags; what is not set anywhere keeps its value.
func (t table) decode(into any, p *Problems) {
	v := reflect.ValueOf(into).Elem()
	secrets := map[string]bool{} // every key, and whether it is a secret
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("toml"), ",")
		if key == "" || key == "-" {
			continue
		}
		_, secrets[key] = v.Field(i).Addr().Interface().(*secret.Value)
		if err := t.field(key, v.Field(i)); err != nil {
			p.List = append(p.List, *err)
		}
	}
	if t.ours != "" {
		secrets[t.ours] = false
	}
	known := slices.Sorted(maps.Keys(secrets))
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if !slices.Contains(known, key) {
			p.Add(t.name(key), t.line(key), "unknown key%s", suggest(key, known))
		}
	}
	t.strangers(secrets, p)
}

// field sets one field from the first place that says something of it.
func (t table) field(key string, v reflect.Value) *Problem {
	if s, ok := v.Addr().Interface().(*secret.Value); ok {
		return t.secret(key, s)
	}
	if from, text := t.spoken(key); from != "" {
		if err := setText(v, text); err != nil {
			return &Problem{Path: t.name(key), Text: from + " " + err.Error()}
		}
		return nil
	}
	if x, found := t.values[key]; found {
		if err := set(v, x); err != nil {
			return &Problem{Path: t.name(key), Line: t.line(key), Text: err.Error()}
		}
	}
	return nil
}

// spoken is what a flag or else a variable says of key; an empty one says
// nothing.
func (t table) spoken(key string) (from, text string) {
	if t.in == nil {
		return "", ""
	}
	if text = t.in.flags[t.name(key)]; text != "" {
		return "the flag", text
	}
	if text = t.in.env[t.variable(key)]; text != "" {
		return t.variable(key), text
	}
	return "", ""
}

func (t table) name(key string) string { return dotted(append(slices.Clip(t.path), key)...) }

// line is where key stands, or else its table.
func (t table) line(key string) int {
	if t.in == nil {
		return 0
	}
	if n := t.in.lines.of(append(slices.Clip(t.path), key)...); n > 0 {
		return n
	}
	return t.in.lines.of(t.path...)
}

// dotted writes a path as TOML does.
func dotted(path ...string) string {
	parts := make([]string, len(path))
	for i, part := range path {
		if part == "" || strings.ContainsAny(part, ". \"'\n\t=") {
			part = `"` + strings.ReplaceAll(part, `"`, `\"`) + `"`
		}
		parts[i] = part
	}
	return strings.Join(parts, ".")
}
