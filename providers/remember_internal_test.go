package providers

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestKeyTellsMessagesApart holds that no field of a message is forgotten: one that
// differs in a single one is another message.
func TestKeyTellsMessagesApart(t *testing.T) {
	full := func() *hub.Message {
		label := hub.Label{Name: "n", URL: "u", Color: "c"}
		return &hub.Message{
			Actions: []hub.Action{{Options: []hub.Option{{Label: "a"}}}},
			Card:    &hub.Card{Author: &hub.Person{}, Category: &label, Tags: []hub.Label{label}, Image: &hub.Image{}},
		}
	}
	keys := map[string]string{string(appendKey(nil, full(), Whole)): "nothing"}
	note := func(what string, m *hub.Message, form Form) {
		key := string(appendKey(nil, m, form))
		require.NotContains(t, keys, key, "%s is as %s", what, keys[key])
		keys[key] = what
	}
	note("another form", full(), PlainWords)
	note("no message", &hub.Message{}, Whole)
	paths := leaves(reflect.TypeFor[hub.Message]())
	require.Greater(t, len(paths), 30)
	for what, of := range paths {
		m := full()
		change(t, of(reflect.ValueOf(m).Elem()))
		note(what, m, Whole)
	}
	require.Equal(t, appendKey(nil, full(), Whole), appendKey(nil, full(), Whole))
}

// leaves are the ways to the plain values within a type, by name: through pointers,
// and to the first of each list. What an action calls is seen by no provider.
func leaves(t reflect.Type) map[string]func(reflect.Value) reflect.Value {
	all := map[string]func(reflect.Value) reflect.Value{}
	for f := range t.Fields() {
		if t == reflect.TypeFor[hub.Action]() && f.Name == "Call" {
			continue
		}
		inner, at := f.Type, func(v reflect.Value) reflect.Value { return v.FieldByIndex(f.Index) }
		switch inner.Kind() {
		case reflect.Pointer:
			inner, at = inner.Elem(), func(v reflect.Value) reflect.Value { return v.FieldByIndex(f.Index).Elem() }
		case reflect.Slice:
			inner, at = inner.Elem(), func(v reflect.Value) reflect.Value { return v.FieldByIndex(f.Index).Index(0) }
		}
		if inner.Kind() != reflect.Struct || inner == reflect.TypeFor[time.Time]() {
			all[f.Name] = at
			continue
		}
		for name, of := range leaves(inner) {
			all[f.Name+"."+name] = func(v reflect.Value) reflect.Value { return of(at(v)) }
		}
	}
	return all
}

func change(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(1, 2)
	default:
		switch v.Kind() {
		case reflect.String:
			v.SetString("changed")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int:
			v.SetInt(7)
		default:
			require.Fail(t, "a field of a kind that appendKey does not know", "%s", v.Type())
		}
	}
}
