package config

import (
	"encoding"
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
	// literal is that the values come from people and not from the file: a secret
	// that begins with "file:" names no file.
	literal bool
	// ours are keys that are not the decoded struct's but read before.
	ours []string
}

// decode sets the fields of the struct that into points to. Fields carry toml
// tags; what is not set anywhere keeps its value. A field that is a struct is a
// table inside of this one. It returns every key that may be set.
func (t table) decode(into any, p *Problems) []key {
	keys := t.fields(reflect.ValueOf(into).Elem(), p)
	for _, name := range t.ours {
		keys = append(keys, key{table: t, name: name})
	}
	t.strangers(keys, p)
	return keys
}

// key is a key that a table may have.
type key struct {
	table  table
	name   string
	secret bool
}

// under is the name of k in t, or that of the table in t that k stands in.
func (k key) under(t table) string {
	if len(k.table.path) > len(t.path) {
		return k.table.path[len(t.path)]
	}
	return k.name
}

// isSet reports whether anything is said of k, be it the default.
func (k key) isSet() bool {
	if _, written := k.table.values[k.name]; written {
		return true
	}
	from, _ := k.table.spoken(k.name)
	return from != "" || k.secret && k.table.in != nil && k.table.in.env[k.table.variable(k.name)+"_FILE"] != ""
}

// fields sets the fields of v and notes the keys of the file that are none.
func (t table) fields(v reflect.Value, p *Problems) []key {
	var keys []key
	known := slices.Clone(t.ours)
	for i := range v.NumField() {
		name := keyOf(v.Type().Field(i))
		if name == "" || name == "-" {
			continue
		}
		known = append(known, name)
		if isTable(v.Field(i)) {
			keys = append(keys, t.inside(name, p).fields(v.Field(i), p)...)
			continue
		}
		_, isSecret := v.Field(i).Addr().Interface().(*secret.Value)
		keys = append(keys, key{table: t, name: name, secret: isSecret})
		if err := t.field(name, v.Field(i)); err != nil {
			p.List = append(p.List, *err)
		}
	}
	slices.Sort(known)
	for _, name := range slices.Sorted(maps.Keys(t.values)) {
		if !slices.Contains(known, name) {
			p.Add(t.name(name), t.line(name), "unknown key%s", suggest(name, known))
		}
	}
	return keys
}

// keyOf is the key that a field is set by.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return name
}

// isTable reports whether v is made of keys of its own.
func isTable(v reflect.Value) bool {
	_, isText := v.Addr().Interface().(encoding.TextUnmarshaler)
	return v.Kind() == reflect.Struct && !isText
}

// inside is the table of a name in this one.
func (t table) inside(name string, p *Problems) table {
	path := append(slices.Clone(t.path), name)
	in := table{path: path, in: t.in, keepSealed: t.keepSealed, literal: t.literal}
	x, found := t.values[name]
	if in.values, _ = x.(map[string]any); found && in.values == nil {
		p.Add(t.name(name), t.line(name), "is %s, want a table [%s]", kindOf(x), dotted(path...))
	}
	return in
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
