package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Files larger than these are not what an operator meant.
const (
	maxFile   = 1 << 20
	maxSecret = 64 << 10
)

// file is a configuration file: its values, and on which line each key stands.
type file struct {
	values map[string]any
	lines  lines
}

// readFile reads the file at path; no path is an empty file.
func readFile(path string) (file, *Problem) {
	if path == "" {
		return file{}, nil
	}
	data, err := readAtMost(path, maxFile)
	if err != nil {
		return file{}, &Problem{Path: path, Text: err.Error()}
	}
	f, problem := parse(data)
	if problem != nil {
		problem.Path = path
	}
	return f, problem
}

func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("is larger than %d bytes", limit)
	}
	return data, nil
}

// cause is err without the path, which the caller names.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func parse(data []byte) (file, *Problem) {
	f := file{values: map[string]any{}}
	if err := toml.Unmarshal(data, &f.values); err != nil {
		return file{}, syntaxProblem(err)
	}
	f.lines = findLines(data)
	return f, nil
}

func syntaxProblem(err error) *Problem {
	problem := &Problem{Text: err.Error()}
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		problem.Line, _ = e.Position()
	}
	return problem
}

// lines tells where keys stand, by joined path.
type lines map[string]int

func (l lines) of(path ...string) int { return l[strings.Join(path, "\x00")] }

// finder walks the syntax tree, which alone knows positions.
type finder struct {
	breaks []int // offsets of line feeds
	found  lines
}

func findLines(data []byte) lines {
	f := finder{found: lines{}}
	for i, c := range data {
		if c == '\n' {
			f.breaks = append(f.breaks, i)
		}
	}
	var p unstable.Parser
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		switch n := p.Expression(); n.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = f.keys(nil, n)
		case unstable.KeyValue:
			f.keyValue(table, n)
		}
	}
	return f.found
}

func (f *finder) keyValue(table []string, n *unstable.Node) {
	path := f.keys(table, n)
	if n.Value().Kind != unstable.InlineTable {
		return
	}
	for it := n.Value().Children(); it.Next(); {
		if it.Node().Kind == unstable.KeyValue {
			f.keyValue(path, it.Node())
		}
	}
}

// keys notes the line of each part of n's key and returns its full path.
func (f *finder) keys(table []string, n *unstable.Node) []string {
	path := slices.Clip(table)
	for it := n.Key(); it.Next(); {
		path = append(path, string(it.Node().Data))
		key := strings.Join(path, "\x00")
		if _, known := f.found[key]; !known {
			f.found[key] = 1 + sort.SearchInts(f.breaks, int(it.Node().Raw.Offset))
		}
	}
	return path
}
