package discourse_test

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
	"github.com/bellhop-chat/bellhop/rules"
)

var update = flag.Bool("update", false, "rewrite testdata")

var room = hub.CommandContext{
	Source: hub.CommandSource{ID: hub.FromSlash}, System: "slack",
	User: hub.User{ID: "U1", Name: "anna", Full: "Anna Bauer"}, Channel: hub.Channel{ID: "C1", Name: "support"},
}

// stage is where a play is played: lines are typed and buttons are pressed, and
// what comes back is written down.
type stage struct {
	*world
	t       *testing.T
	app     *discourse.App
	context hub.CommandContext
	last    hub.Reply
	table   string // as last written down
	script  strings.Builder
	given   int
}

func newStage(t *testing.T, w *world) *stage {
	return &stage{t: t, world: w, app: w.app(), context: room}
}

// function finds a function by a name of it.
func (s *stage) function(name string) apps.Function {
	for _, f := range s.app.Functions() {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return f
		}
	}
	require.FailNow(s.t, "there is no function "+name)
	return apps.Function{}
}

// do runs a command as the host would.
func (s *stage) do(c hub.Call) hub.Reply {
	s.given++
	f := s.function(c.Function)
	c.ID, c.Namespace, c.Function = hub.CommandID(fmt.Sprint("c", s.given)), discourse.Name, f.Name
	if c.Encoded == nil {
		c.Encoded = hub.Values{}
	}
	before := maps.Clone(c.Encoded)
	s.last = f.Answer(s.t.Context(), &hub.Command{Command: c, Context: s.context}, slog.New(slog.DiscardHandler))
	require.NoError(s.t, s.last.Validate())
	require.Equal(s.t, before, c.Encoded, "what was given stays as it is")
	return s.last
}

// line types a line.
func (s *stage) line(line string) hub.Reply {
	words := split(line)
	f := s.function(words[0])
	return s.do(hub.Call{Function: f.Name, Raw: "discourse " + line, Encoded: parse(f.Form, words[1:])})
}

// press presses a button below the last reply.
func (s *stage) press(label string) hub.Reply {
	require.NotNil(s.t, s.last.OK, "there is nothing to press")
	i := slices.IndexFunc(s.last.OK.Actions, func(a hub.Action) bool { return a.Label == label })
	require.GreaterOrEqual(s.t, i, 0, "there is no button %q below\n%s", label, s.last.OK.Text)
	return s.do(*s.last.OK.Actions[i].Call)
}

// play plays steps: what is typed, "[a button]", or what happens.
func (s *stage) play(steps []any) string {
	for _, step := range steps {
		switch step := step.(type) {
		case func(*stage):
			step(s)
			s.writeTable()
			continue
		case string:
			fmt.Fprintf(&s.script, "> %.100s\n", step)
			if label, button := strings.CutPrefix(step, "["); button {
				s.press(strings.TrimSuffix(label, "]"))
			} else {
				s.line(step)
			}
		default:
			require.FailNow(s.t, "a step is a line or a function")
		}
		s.writeReply()
		s.writeTable()
		s.script.WriteString("\n")
	}
	return strings.TrimSpace(s.script.String()) + "\n"
}

func (s *stage) writeReply() {
	r := s.last
	fmt.Fprintf(&s.script, "(%s)\n", r.Outcome())
	switch {
	case r.OK != nil:
		fmt.Fprintln(&s.script, r.OK.Text)
		for _, a := range r.OK.Actions {
			fmt.Fprintf(&s.script, "  [%s] → %s\n", a.Label, written(a.Call))
		}
	case r.Error != nil:
		fmt.Fprintln(&s.script, r.Error.Text)
		for _, field := range slices.Sorted(maps.Keys(r.Error.Fields)) {
			fmt.Fprintf(&s.script, "  %s: %s\n", field, r.Error.Fields[field])
		}
	case r.Form != nil:
		fmt.Fprintf(&s.script, "form %q → %s\n", r.Form.Title, written(r.Form.Call))
		for _, f := range r.Form.Fields {
			fmt.Fprintf(&s.script, "  %s (%s) %q\n", f.Name, f.Label, f.Value)
		}
	}
	for _, n := range s.sent {
		fmt.Fprintf(&s.script, "  sent: %s | %s: %s\n", strings.ReplaceAll(n.Message.Text, "\n", " "), n.Message.Card.Kind, n.Message.Card.Title)
		require.Empty(s.t, n.Message.Thread)
	}
	s.sent = nil
}

// written is a call as a line would be.
func written(c *hub.Call) string {
	words := []string{c.Function}
	for _, field := range slices.Sorted(maps.Keys(c.Encoded)) {
		words = append(words, fmt.Sprintf("%s=%s", field, strings.Join(c.Encoded[field], ",")))
	}
	if c.State != "" {
		words = append(words, "(state)")
	}
	return strings.Join(words, " ")
}

func (s *stage) writeTable() {
	if now := s.lines(); now != s.table {
		s.table = now
		fmt.Fprintf(&s.script, "  table:\n%s", now)
	}
}

// golden holds a text against testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update and read what it writes")
	require.Equal(t, string(want), got)
}

// split parts a line into words as people write them: what is in quotes is one.
func split(line string) (words []string) {
	var b strings.Builder
	quoted, begun := false, false
	for _, r := range line + " " {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				words = append(words, b.String())
			}
			b.Reset()
			begun = false
		default:
			b.WriteRune(r)
			begun = true
		}
	}
	return words
}

// parse reads words for a form: by prefix, by --name, by place, and the rest.
func parse(f hub.Form, words []string) hub.Values {
	v := hub.Values{}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if field := prefixed(f, word); field != nil {
			v[field.Name] = append(v[field.Name], word[len(field.Prefix):])
			continue
		}
		if name, named := strings.CutPrefix(word, "--"); named && f.Field(name) != nil {
			if f.Field(name).Type == hub.FieldBool {
				v.Set(name, "true")
				continue
			}
			i++
			v.Set(name, words[i])
			continue
		}
		for _, field := range f.Fields {
			if field.Place == 1 && !v.Has(field.Name) {
				v.Set(field.Name, word)
				break
			}
			if field.Rest {
				v.Set(field.Name, strings.Join(words[i:], " "))
				return v
			}
		}
	}
	return v
}

func prefixed(f hub.Form, word string) *hub.Field {
	for i, field := range f.Fields {
		if field.Prefix != "" && strings.HasPrefix(strings.ToLower(word), field.Prefix) {
			return &f.Fields[i]
		}
	}
	return nil
}

// rowsOf puts rows into the table, as the pane would.
func rowsOf(lines ...string) func(*stage) {
	return func(s *stage) {
		for _, line := range lines {
			parsed, err := rules.ParseLine(line)
			require.NoError(s.t, err)
			for i := range parsed {
				require.NoError(s.t, s.CreateSubscription(s.t.Context(), &parsed[i]))
			}
		}
	}
}
