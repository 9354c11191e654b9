package house

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Problem is one thing that is wrong with a document.
type Problem struct{ Path, Text string }

// Problems is all that is wrong with it.
type Problems struct{ List []Problem }

func (p *Problems) add(path, text string) { p.List = append(p.List, Problem{path, text}) }

// also notes what is wrong at a path of which nothing was said yet.
func (p *Problems) also(path, text string) {
	if !slices.ContainsFunc(p.List, func(known Problem) bool { return known.Path == path }) {
		p.add(path, text)
	}
}

// Error lists the problems, one in a line.
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, problem := range p.List {
		lines[i] = problem.Path + ": " + problem.Text
	}
	return strings.Join(lines, "\n")
}

// Err is p as an error, nil if nothing is wrong.
func (p *Problems) Err() error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return p
}

func join(path, field string) string {
	switch {
	case field == "":
		return path
	case field[0] == '[':
		return path + field
	}
	return path + "." + field
}

// decode sets into to what a document says, which is what JSON or TOML become.
func decode(path string, from any, into reflect.Value, bad *Problems) {
	switch into.Kind() {
	case reflect.Struct:
		decodeTable(path, from, into, bad)
	case reflect.Slice:
		list, ok := from.([]any)
		if !ok {
			bad.add(path, "is "+called(from)+", want a list")
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, one := range list {
			decode(fmt.Sprintf("%s[%d]", path, i+1), one, into.Index(i), bad)
		}
	case reflect.Map:
		table, ok := from.(map[string]any)
		if !ok {
			bad.add(path, "is "+called(from)+", want a table")
			return
		}
		into.Set(reflect.MakeMap(into.Type()))
		for _, key := range slices.Sorted(maps.Keys(table)) {
			value := reflect.New(into.Type().Elem()).Elem()
			decode(join(path, key), table[key], value, bad)
			into.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), value)
		}
	case reflect.Pointer:
		value := reflect.New(into.Type().Elem())
		decode(path, from, value.Elem(), bad)
		into.Set(value)
	default:
		decodeScalar(path, from, into, bad)
	}
}

func decodeTable(path string, from any, into reflect.Value, bad *Problems) {
	table, ok := from.(map[string]any)
	if !ok {
		bad.add(path, "is "+called(from)+", want a table")
		return
	}
	fields := map[string]reflect.Value{}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = into.Field(i)
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		field, known := fields[key]
		if !known {
			bad.add(join(path, key), "unknown key"+suggest(key, slices.Sorted(maps.Keys(fields))))
			continue
		}
		decode(join(path, key), table[key], field, bad)
	}
}

func decodeScalar(path string, from any, into reflect.Value, bad *Problems) {
	if at, ok := from.(time.Time); ok && into.Kind() == reflect.String {
		from = at.UTC().Format(time.RFC3339Nano) // TOML knows times
	}
	switch into.Kind() {
	case reflect.String:
		if s, ok := from.(string); ok {
			into.SetString(s)
			return
		}
		bad.add(path, "is "+called(from)+", want a text")
	case reflect.Bool:
		if b, ok := from.(bool); ok {
			into.SetBool(b)
			return
		}
		bad.add(path, "is "+called(from)+", want true or false")
	case reflect.Int, reflect.Int64:
		if n, ok := number(from); ok {
			into.SetInt(n)
			return
		}
		bad.add(path, "is "+called(from)+", want a whole number")
	default:
		panic("house: a thing has a field of type " + into.Type().String()) // nobody has taught decode to read it
	}
}

// number is a whole number, as either format tells it.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), n == float64(int64(n)) && n > -1e15 && n < 1e15
	}
	return 0, false
}

// called is what kind of value v is, for people.
func called(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a time"
}

// suggest is the nearest of known to a word, with a blank before it.
func suggest(word string, known []string) string {
	for _, k := range hub.Nearest(word, known, 1) {
		return " (did you mean " + k + "?)"
	}
	return ""
}
