package server_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scene is a case of testdata/commands.txt, which says how it is written.
type scene struct {
	name  string
	turns []turn
}

// turn is what somebody does, and what is to be seen then.
type turn struct {
	said    string // as it stands in the file
	who     string
	how     string // "", "!", "@" or "." before the colon
	line    string
	press   string // the label of a button
	twice   bool
	parts   []string
	not     []string
	buttons []string
	rows    *string
	audit   string
	snoozed string
}

var (
	typedTurn   = regexp.MustCompile(`^([a-z]+)([!@.]?): ?(.*)$`)
	pressedTurn = regexp.MustCompile(`^([a-z]+) \[(\[?)(.+?)\]?\]$`)
	buttonsSeen = regexp.MustCompile(`^(\[[^\]]+\] ?)+$`)
	buttonSeen  = regexp.MustCompile(`\[([^\]]+)\]`)
)

// readScenes reads the cases of a file. Each checks what is stored in the end.
func readScenes(t *testing.T, file string) (all []scene) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	names := map[string]bool{}
	for block := range strings.SplitSeq("\n"+string(text), "\n== ") {
		name, rest, _ := strings.Cut(block, "\n")
		if strings.TrimSpace(name) == "" {
			continue // what stands before the first
		}
		require.False(t, names[name], "there are two cases %q", name)
		names[name] = true
		s := scene{name: name}
		for line := range strings.SplitSeq(strings.TrimSpace(rest), "\n") {
			s.read(t, line)
		}
		last := s.turns[len(s.turns)-1]
		require.True(t, last.rows != nil && last.audit != "", "the case %q does not say what is stored in the end", name)
		all = append(all, s)
	}
	return all
}

func (s *scene) read(t *testing.T, line string) {
	t.Helper()
	seen, indented := strings.CutPrefix(line, "  ")
	switch {
	case indented:
		require.NotEmpty(t, s.turns, "in %q something is seen before anything is done", s.name)
		s.turns[len(s.turns)-1].expect(seen)
	case pressedTurn.MatchString(line):
		m := pressedTurn.FindStringSubmatch(line)
		s.turns = append(s.turns, turn{said: line, who: m[1], press: m[3], twice: m[2] != ""})
	default:
		m := typedTurn.FindStringSubmatch(line)
		require.NotNil(t, m, "in %q nobody can do this: %s", s.name, line)
		s.turns = append(s.turns, turn{said: line, who: m[1], how: m[2], line: m[3]})
	}
}

func (t *turn) expect(seen string) {
	key, rest, _ := strings.Cut(seen, ":")
	rest = strings.TrimSpace(rest)
	switch {
	case buttonsSeen.MatchString(seen):
		for _, m := range buttonSeen.FindAllStringSubmatch(seen, -1) {
			t.buttons = append(t.buttons, m[1])
		}
	case key == "rows":
		t.rows = &rest
	case key == "audit":
		t.audit = rest
	case key == "snoozed":
		t.snoozed = rest
	case key == "not":
		t.not = append(t.not, rest)
	default:
		t.parts = append(t.parts, seen)
	}
}
