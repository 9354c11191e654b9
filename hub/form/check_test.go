package form_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

func TestCheck(t *testing.T) {
	for name, f := range forms() {
		require.NoError(t, form.Check(f), name)
	}
	for _, f := range functions() {
		require.NoError(t, form.Check(f.Form), f.Name)
	}
}

func TestCheckRefuses(t *testing.T) {
	text := func(name string) hub.Field { return hub.Field{Name: name, Type: hub.FieldText} }
	with := func(change func(*hub.Field)) hub.Field {
		f := text("x")
		change(&f)
		return f
	}
	many := make([]hub.Field, form.MaxFields+1)
	for i := range many {
		many[i] = text("x" + strconv.Itoa(i))
	}
	options := make([]hub.Option, form.MaxOptions+1)
	for i := range options {
		options[i] = hub.Option{Value: strconv.Itoa(i)}
	}
	for _, c := range []struct {
		want   string
		fields []hub.Field
	}{
		{"the form has 51 fields: at most 50 are allowed", many},
		{`field "X y": a name is 1 to 32 of a-z, 0-9, _ and -, and begins with a letter or digit`, []hub.Field{text("X y")}},
		{`field "_query": a name is 1 to 32 of a-z, 0-9, _ and -, and begins with a letter or digit`, []hub.Field{text("_query")}},
		{`field "json": the name is taken: --json gives all fields at once`, []hub.Field{text("json")}},
		{`field "a-b": there are two of that name (_ and - are the same in names)`, []hub.Field{text("a_b"), text("a-b")}},
		{`field "x": unknown type "colour"`, []hub.Field{with(func(f *hub.Field) { f.Type = "colour" })}},
		{`field "x": unknown subtype "zip"`, []hub.Field{with(func(f *hub.Field) { f.Subtype = "zip" })}},
		{`field "x": only a text has a subtype`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Subtype = hub.FieldDate, hub.TextURL })}},
		{`field "x": a bool has one value`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Multi = hub.FieldBool, true })}},
		{`field "x": prefix "tag": want a name and a colon, such as "tag:", or "-tag:"`, []hub.Field{with(func(f *hub.Field) { f.Prefix = "tag" })}},
		{`field "y": prefix "TAG:": there are two of it`, []hub.Field{with(func(f *hub.Field) { f.Prefix = "tag:" }), {Name: "y", Type: hub.FieldText, Prefix: "TAG:"}}},
		{`field "x": only a select is dynamic`, []hub.Field{with(func(f *hub.Field) { f.Dynamic = true })}},
		{`field "x": only a select has options`, []hub.Field{with(func(f *hub.Field) { f.Options = options[:1] })}},
		{`field "x": a select that is not dynamic needs options`, []hub.Field{with(func(f *hub.Field) { f.Type = hub.FieldSelect })}},
		{`field "x": 101 options: at most 100 are allowed, make it dynamic`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Options = hub.FieldSelect, options })}},
		{`field "x": option "A": a value must not be empty`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Options = hub.FieldSelect, []hub.Option{{Label: "A"}} })}},
		{`field "x": option "a ": a value has no space around it and is one line`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Options = hub.FieldSelect, []hub.Option{{Value: "a "}} })}},
		{`field "x": option "a": there are two of that value`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Options = hub.FieldSelect, []hub.Option{{Value: "a"}, {Value: "a"}} })}},
		{`field "x": only a text has min, max and a pattern`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Max = hub.FieldDate, 1 })}},
		{`field "x": min 3 and max 2: no text is so long`, []hub.Field{with(func(f *hub.Field) { f.Min, f.Max = 3, 2 })}},
		{"field \"x\": pattern: error parsing regexp: missing closing ): `(`", []hub.Field{with(func(f *hub.Field) { f.Pattern = "(" })}},
		{"field \"x\": pattern: error parsing regexp: unexpected ): `a)|(b`", []hub.Field{with(func(f *hub.Field) { f.Pattern = "a)|(b" })}},
		{`field "x": value: "soon" is no date, such as 2026-11-21, today or tomorrow.`, []hub.Field{with(func(f *hub.Field) { f.Type, f.Value = hub.FieldDate, []string{"soon"} })}},
		{`field "x": value: One value is enough: you gave 2.`, []hub.Field{with(func(f *hub.Field) { f.Value = []string{"a", "b"} })}},
		{`field "x": place 2: places count from 1, without gaps and none twice`, []hub.Field{with(func(f *hub.Field) { f.Place = 2 })}},
		{`field "y": place 1: places count from 1, without gaps and none twice`, []hub.Field{with(func(f *hub.Field) { f.Place = 1 }), {Name: "y", Type: hub.FieldText, Place: 1}}},
		{`field "x": place -1 is none`, []hub.Field{with(func(f *hub.Field) { f.Place = -1 })}},
		{`field "x": with several values it takes every word: no place and no rest may follow`, []hub.Field{with(func(f *hub.Field) { f.Place, f.Multi = 1, true }), {Name: "y", Type: hub.FieldText, Rest: true}}},
		{`field "y": place 2 is required, and 1 is not: nobody could leave that out`, []hub.Field{with(func(f *hub.Field) { f.Place = 1 }), {Name: "y", Type: hub.FieldText, Place: 2, Required: true}}},
		{`field "y": "x" takes the rest already`, []hub.Field{with(func(f *hub.Field) { f.Rest = true }), {Name: "y", Type: hub.FieldText, Rest: true}}},
		{`field "x": the rest is one text`, []hub.Field{with(func(f *hub.Field) { f.Rest, f.Multi = true, true })}},
		{`field "x": the rest has the last place, 1`, []hub.Field{with(func(f *hub.Field) { f.Rest, f.Place = true, 2 })}},
		{`field "y": the rest is required, and the place before it is not: nobody could leave that out`, []hub.Field{with(func(f *hub.Field) { f.Place = 1 }), {Name: "y", Type: hub.FieldText, Rest: true, Required: true}}},
	} {
		t.Run(c.want, func(t *testing.T) {
			require.EqualError(t, form.Check(hub.Form{Fields: c.fields}), c.want)
		})
	}
	err := form.Check(hub.Form{Fields: []hub.Field{text("json"), with(func(f *hub.Field) { f.Pattern = "[" })}})
	require.ErrorContains(t, err, "json")
	require.ErrorContains(t, err, "pattern", "all that is wrong is said at once")
}
