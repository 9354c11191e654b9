package house_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/house"
)

// lamp is a thing with a field of each type.
type lamp struct {
	Name   string            `json:"name" toml:"name"`
	Watts  int               `json:"watts,omitempty" toml:"watts,omitempty"`
	On     bool              `json:"on,omitempty" toml:"on,omitempty"`
	Rooms  []string          `json:"rooms,omitempty" toml:"rooms,omitempty"`
	Shades []shade           `json:"shades,omitempty" toml:"shades,inline,omitempty"`
	Notes  map[string]string `json:"notes,omitempty" toml:"notes,inline,omitempty"`
	Made   string            `json:"made,omitempty" toml:"made,omitempty"`
}

type shade struct {
	Color string `json:"color" toml:"color"`
}

// shelf keeps lamps.
type shelf struct {
	lamps []lamp
	fails error
	asked int
}

func (s *shelf) kind() house.Kind[lamp] {
	return house.Kind[lamp]{
		Name: "lamps",
		Key:  func(l lamp) string { return l.Name },
		Line: func(l lamp) string { return "lamp " + l.Name },
		Read: func(context.Context) ([]lamp, error) { return append([]lamp{}, s.lamps...), s.fails },
		Check: func(_ context.Context, things, _ []lamp, bad func(int, string, string)) error {
			for i, l := range things {
				if l.Name == "" {
					bad(i, "name", "is required")
				}
			}
			return nil
		},
		Fill: func(before lamp, after *lamp) {
			if after.Made == "" {
				after.Made = before.Made
			}
		},
		Apply: func(_ context.Context, changes []house.Change[lamp]) error {
			s.asked++
			if s.fails != nil {
				return s.fails
			}
			for _, c := range changes {
				var left []lamp
				for _, l := range s.lamps {
					if c.Before == nil || l.Name != c.Before.Name {
						left = append(left, l)
					}
				}
				if s.lamps = left; c.After != nil {
					s.lamps = append(s.lamps, *c.After)
				}
			}
			return nil
		},
	}
}

func plan(t *testing.T, s *shelf, prune bool, text string) (*house.Plan, error) {
	t.Helper()
	doc, err := house.Parse(house.FormatOf([]byte(text)), []byte(text))
	require.NoError(t, err)
	return house.New(s.kind()).Plan(t.Context(), doc, prune)
}

const written = `bellhop = 1

[[lamps]]
name = 'desk "1"'
watts = 40
on = true
rooms = ['a', "b\n"]
shades = [{color = 'red'}, {color = "größe"}]
notes = {'odd key' = 'x', y = 'z'}
made = 2026-03-01T12:00:00+01:00

[[lamps]]
name = 'hall'
`

func TestFormatsSayTheSame(t *testing.T) {
	s := &shelf{}
	p, err := plan(t, s, false, written)
	require.NoError(t, err)
	require.NoError(t, p.Apply(t.Context()))
	require.Equal(t, lamp{
		Name: `desk "1"`, Watts: 40, On: true, Rooms: []string{"a", "b\n"}, Shades: []shade{{"red"}, {"größe"}},
		Notes: map[string]string{"odd key": "x", "y": "z"}, Made: "2026-03-01T11:00:00Z",
	}, s.lamps[0])
	for _, format := range []string{house.TOML, house.JSON} {
		text, err := house.New(s.kind()).Export(t.Context(), format)
		require.NoError(t, err)
		require.Equal(t, format, house.FormatOf(text))
		other := &shelf{}
		p, err := plan(t, other, false, string(text))
		require.NoError(t, err, string(text))
		require.NoError(t, p.Apply(t.Context()))
		require.Equal(t, s.lamps, other.lamps, string(text))
	}
}

func TestPlanInWords(t *testing.T) {
	s := &shelf{lamps: []lamp{{Name: "hall", Watts: 60, Made: "before"}, {Name: "cellar"}, {Name: "attic"}}}
	const wants = "bellhop = 1\n[[lamps]]\nname = 'hall'\nwatts = 40\n[[lamps]]\nname = 'desk'\n"
	p, err := plan(t, s, false, wants)
	require.NoError(t, err)
	require.Equal(t, "# lamps\n~ lamp hall\n    - watts = 60\n    + watts = 40\n+ lamp desk\n"+
		"2 that the file does not name stay as they are; prune removes them.\n", p.Text())
	require.Equal(t, "1 added, 1 changed, none removed", p.Summary())
	pruned, err := plan(t, s, true, wants)
	require.NoError(t, err)
	require.Contains(t, pruned.Text(), "- lamp cellar\n- lamp attic\n")
	require.NotEqual(t, p.Digest, pruned.Digest)
	require.NoError(t, pruned.Apply(t.Context()))
	require.Equal(t, []lamp{{Name: "hall", Watts: 40, Made: "before"}, {Name: "desk"}}, s.lamps)
	again, err := plan(t, s, true, wants)
	require.NoError(t, err)
	require.Equal(t, "Nothing changes.\n", again.Text())
	require.NoError(t, again.Apply(t.Context()))
	require.Equal(t, 1, s.asked)
}

func TestEveryMistakeIsTold(t *testing.T) {
	_, err := plan(t, &shelf{}, false, `
bellhop = "1"
lamp = []
[[lamps]]
nam = "x"
watts = 1.5
on = "yes"
rooms = "a"
shades = [1, {colour = "red"}]
notes = []
made = 3
[[lamps]]
name = "a"
[[lamps]]
name = "a"
`)
	wrong, ok := errors.AsType[*house.Problems](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, strings.Join([]string{
		"bellhop: is no version of such a document, want 1",
		"lamp: unknown key (did you mean lamps?)",
		"lamps[1].made: is a number, want a text",
		"lamps[1].nam: unknown key (did you mean name?)",
		"lamps[1].name: is required",
		"lamps[1].notes: is a list, want a table",
		"lamps[1].on: is a text, want true or false",
		"lamps[1].rooms: is a text, want a list",
		"lamps[1].shades[1]: is a number, want a table",
		"lamps[1].shades[2].colour: unknown key (did you mean color?)",
		"lamps[1].watts: is a number, want a whole number",
		"lamps[3]: is the same as lamps[2]",
	}, "\n"), wrong.Error())
	_, err = plan(t, &shelf{}, false, `{"bellhop":1,"lamps":{"name":"a"}}`)
	require.ErrorContains(t, err, "lamps: is a table, want a list")
	for _, text := range []string{"{", "bellhop = ", `{"bellhop":1,"bellhop":1}`} {
		_, err := house.Parse(house.FormatOf([]byte(text)), []byte(text))
		require.ErrorContains(t, err, "this is no ")
	}
}

func TestWhatCannotBeReadOrDone(t *testing.T) {
	away := errors.New("the store is away")
	s := &shelf{fails: away}
	_, err := plan(t, s, false, written)
	require.ErrorIs(t, err, away)
	_, err = house.New(s.kind()).Export(t.Context(), house.TOML)
	require.ErrorIs(t, err, away)
	s.fails = nil
	p, err := plan(t, s, false, written)
	require.NoError(t, err)
	s.fails = away
	require.ErrorIs(t, p.Apply(t.Context()), away)
	require.Panics(t, func() { house.New(s.kind(), s.kind()) })
}

func TestDiff(t *testing.T) {
	text := func(lines []house.Line) string {
		var b strings.Builder
		for _, l := range lines {
			b.WriteString(l.Sign + l.Text + "\n")
		}
		return b.String()
	}
	before := json.RawMessage(`{"mode":"watch","filters":[{"type":"category","any":["support/*"]},{"type":"tag","any":["b, [ug"]}],"options":{"delay":"5m"},"n":12345678901234567890}`)
	after := json.RawMessage(`{"mode":"thread","filters":[{"type":"category","any":["support/*"]},{"type":"tag","any":["b, [ug","x"]}],"options":{"delay":"5m"},"n":12345678901234567890}`)
	require.Equal(t, `-mode = "watch"
+mode = "thread"
 filters = [
   { type = "category", any = ["support/*"] },
-  { type = "tag", any = ["b, [ug"] },
+  { type = "tag", any = ["b, [ug", "x"] },
 ]
 options = { delay = "5m" }
 n = 12345678901234567890
`, text(house.Diff(before, after)))
	require.Equal(t, "+a = null\n", text(house.Diff(nil, json.RawMessage(`{"a":null}`))))
	require.Equal(t, "-{ a = 1 },\n-2,\n", text(house.Diff(json.RawMessage(`[{"a":1},2]`), json.RawMessage("null"))))
	require.Equal(t, "-\"<b>\"\n+true\n", text(house.Diff(json.RawMessage(`"<b>"`), json.RawMessage("true"))))
	require.Empty(t, house.Diff(nil, nil))
	long := json.RawMessage(`[` + strings.Repeat("1,", 4000) + `1]`)
	require.Len(t, house.Diff(long, json.RawMessage(`[`+strings.Repeat("2,", 4000)+`2]`)), 8002)
}

// FuzzParse reads what anybody may write: it is judged, not trusted.
func FuzzParse(f *testing.F) {
	f.Add(written)
	f.Add(`{"bellhop":1,"lamps":[{"name":"a","shades":[{"color":"red"}]}]}`)
	f.Add("bellhop = 1e400\nlamps = [[[]]]")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := house.Parse(house.FormatOf([]byte(text)), []byte(text))
		if err != nil {
			return
		}
		s := &shelf{}
		p, err := house.New(s.kind()).Plan(t.Context(), doc, true)
		if err != nil {
			return
		}
		if err := p.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{house.TOML, house.JSON} {
			out, err := house.New(s.kind()).Export(t.Context(), format)
			if err != nil {
				t.Fatal(err)
			}
			again, err := house.Parse(format, out)
			if err != nil {
				t.Fatalf("what was exported cannot be read: %v\n%s", err, out)
			}
			left, err := house.New(s.kind()).Plan(t.Context(), again, true)
			if err != nil || len(left.Changes) > 0 {
				t.Fatalf("what was exported says another thing: %v %v\n%s", err, left, out)
			}
		}
	})
}

// FuzzDiff compares what the audit log may hold.
func FuzzDiff(f *testing.F) {
	f.Add(`{"a":[{"b":"}]\\\""}]}`, `[1,{"x":[]}]`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, l := range house.Diff(json.RawMessage(a), json.RawMessage(b)) {
			if l.Sign != "+" && l.Sign != "-" && l.Sign != " " {
				t.Fatalf("%q", l)
			}
		}
	})
}
