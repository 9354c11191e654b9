package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Path string // "providers.slack-acme.tokn", or the name of a variable
	Line int    // in the file; 0 if it is not about the file
	Text string // "unknown key (did you mean token?)"
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Text
	}
	return fmt.Sprintf("%s: line %d: %s", p.Path, p.Line, p.Text)
}

// Problems is all that is wrong with the configuration. The zero Problems is
// empty.
type Problems struct{ List []Problem }

// Add notes a problem.
func (p *Problems) Add(path string, line int, format string, args ...any) {
	p.List = append(p.List, Problem{Path: path, Line: line, Text: fmt.Sprintf(format, args...)})
}

// also adds a problem of a path that has none yet: a value that could not be
// read is not judged a second time.
func (p *Problems) also(path string, line int, text string) {
	if !slices.ContainsFunc(p.List, func(known Problem) bool { return known.Path == path }) {
		p.Add(path, line, "%s", text)
	}
}

// Error lists the problems one per line, in the order of the file.
func (p *Problems) Error() string {
	sorted := slices.Clone(p.List)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
	lines := make([]string, len(sorted))
	for i, problem := range sorted {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Err is p as an error, nil if nothing is wrong.
func (p *Problems) Err() error {
	if len(p.List) == 0 {
		return nil
	}
	return p
}
