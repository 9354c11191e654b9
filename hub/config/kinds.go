package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// SourceKinds describes the keys of each kind of source. It is read off the same
// struct, tables and checks as the file is.
func SourceKinds() []hub.SectionKind {
	var kinds []hub.SectionKind
	for _, kind := range []string{KindDiscourse, KindJSON, KindCloudEvents, KindStandardWebhooks, KindFeed} {
		s := DefaultSource(kind)
		all := describe(reflect.ValueOf(&s).Elem())
		var own []hub.SectionKey
		for _, name := range sourceKeys[kind] {
			i := slices.IndexFunc(all, func(f hub.SectionKey) bool { return f.Name == name })
			own = append(own, all[i])
		}
		_, err := MakeSource("x", map[string]any{"kind": kind})
		if p, ok := errors.AsType[*Problems](err); ok {
			require(own, p.Fields("sources", "x"))
		}
		kinds = append(kinds, hub.SectionKind{Part: hub.PartSource, Kind: kind, Fields: own})
	}
	return kinds
}

// SystemKind describes the keys of a kind of provider, whose configuration with
// nothing set is at config, and what is wrong with that by key.
func SystemKind(kind string, config any, problems map[string]string) hub.SectionKind {
	fields := describe(reflect.ValueOf(config).Elem())
	require(fields, problems)
	shared := common{Kind: kind, Pace: PaceAuto}
	for _, f := range describe(reflect.ValueOf(&shared).Elem()) {
		if f.Name != "kind" {
			fields = append(fields, f)
		}
	}
	return hub.SectionKind{Part: hub.PartSystem, Kind: kind, Fields: fields}
}

// require marks what is wrong if nothing is set.
func require(fields []hub.SectionKey, problems map[string]string) {
	for i, f := range fields {
		_, fields[i].Required = problems[f.Name]
	}
}

// describe are the keys that set the fields of a struct, with its values as the
// defaults.
func describe(v reflect.Value) []hub.SectionKey {
	var out []hub.SectionKey
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := keyOf(field)
		if name == "" || name == "-" {
			continue
		}
		s := hub.SectionKey{Name: name, About: field.Tag.Get("about")}
		if words := field.Tag.Get("one"); words != "" {
			s.OneOf = strings.Split(words, ",")
		}
		s.Type, s.Default = typeOf(v.Field(i))
		if s.Type == hub.SettingTable {
			s.Fields = describe(v.Field(i))
		}
		out = append(out, s)
	}
	return out
}

// typeOf is how a value is written, and the value itself unless it is nothing.
func typeOf(v reflect.Value) (hub.SettingType, any) {
	switch x := v.Interface().(type) {
	case secret.Value:
		return hub.SettingSecret, nil
	case time.Duration:
		if x == 0 {
			return hub.SettingDuration, nil
		}
		return hub.SettingDuration, shortDuration(x)
	}
	if _, isText := v.Addr().Interface().(encoding.TextUnmarshaler); isText {
		return hub.SettingText, nil
	}
	typ := hub.SettingText
	switch v.Kind() {
	case reflect.Bool:
		typ = hub.SettingSwitch
	case reflect.Int, reflect.Int64:
		typ = hub.SettingNumber
	case reflect.Slice:
		return hub.SettingList, nil
	case reflect.Struct:
		return hub.SettingTable, nil
	}
	if v.IsZero() {
		return typ, nil
	}
	return typ, v.Interface()
}

// shortDuration writes "15m" where Go writes "15m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Typed makes what people wrote into forms into what a section takes: the text
// "60" of a number into the number. What cannot be made into what is wanted stays
// as it is, and is refused where it is read.
func Typed(fields []hub.SectionKey, values map[string]any) map[string]any {
	out := map[string]any{}
	for name, x := range values {
		i := slices.IndexFunc(fields, func(f hub.SectionKey) bool { return f.Name == name })
		if i < 0 {
			out[name] = whole(x)
			continue
		}
		out[name] = typed(fields[i], x)
	}
	return out
}

func typed(f hub.SectionKey, x any) any {
	switch text, isText := x.(string); {
	case f.Type == hub.SettingTable:
		if inner, ok := x.(map[string]any); ok {
			return Typed(f.Fields, inner)
		}
	case !isText:
	case f.Type == hub.SettingSwitch:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case f.Type == hub.SettingNumber:
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return n
		}
	case f.Type == hub.SettingList:
		list := []any{}
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list
	case f.Type != hub.SettingSecret:
		return strings.TrimSpace(text)
	}
	return whole(x)
}

// whole makes integers of JSON's numbers, as the file has them.
func whole(x any) any {
	switch x := x.(type) {
	case float64:
		if n := int64(x); float64(n) == x {
			return n
		}
	case int:
		return int64(x)
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = whole(x[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k := range x {
			out[k] = whole(x[k])
		}
		return out
	}
	return x
}

// Values are what a struct of settings holds, as JSON has it, its secrets apart.
// What is nothing is left out.
func Values(of any) (settings map[string]any, secrets map[string]secret.Value) {
	settings, secrets = map[string]any{}, map[string]secret.Value{}
	v := reflect.ValueOf(of).Elem()
	for i := range v.NumField() {
		name, field := keyOf(v.Type().Field(i)), v.Field(i)
		if name == "" || name == "-" || field.IsZero() {
			continue
		}
		if value, is := field.Interface().(secret.Value); is {
			secrets[name] = value
			continue
		}
		typ, value := typeOf(field)
		switch text := field.Interface().(type) {
		case interface{ String() string }:
			if typ != hub.SettingDuration {
				value = text.String()
			}
		default:
			if typ == hub.SettingTable {
				value, _ = Values(field.Addr().Interface())
			} else {
				value = field.Interface()
			}
		}
		settings[name] = value
	}
	return settings, secrets
}

// Values are what a section says that is not its provider's own.
func (s Section) Values() map[string]any {
	settings, _ := Values(&s.ours)
	return settings
}
