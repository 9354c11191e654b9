package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// uses are the names of texts that pages and code call: whole ones, and such of
// which a part becomes known when they are called.
type uses struct {
	names map[string]bool
	like  map[string]bool // regular expressions
}

var (
	quotedName = regexp.MustCompile(`"([\w.%]+)"`)
	verb       = regexp.MustCompile(`%[a-z]`)
	// A name begins with its page, or has a part in its middle that says enough. What
	// is put together from less could be any.
	looksLikeAName = regexp.MustCompile(`^[a-z]\w*\.|\x00\.[a-z]\w+\.`)
)

// note notes a name that is made of pieces; an empty one is not known before.
func (u *uses) note(pieces ...string) {
	var like strings.Builder
	whole := strings.Join(pieces, "\x00")
	if !looksLikeAName.MatchString(whole) {
		return
	}
	for _, piece := range pieces {
		if piece == "" {
			like.WriteString(`[\w.:]+`)
			continue
		}
		for i, literal := range verb.Split(piece, -1) {
			if i > 0 {
				like.WriteString(`[\w.:]+`)
			}
			like.WriteString(regexp.QuoteMeta(literal))
		}
	}
	if len(pieces) == 1 && !verb.MatchString(whole) {
		u.names[whole] = true
		return
	}
	u.like["^"+like.String()+"$"] = true
}

// pieces are those that an expression joins, literals as they are.
func pieces(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return append(pieces(e.X), pieces(e.Y)...)
		}
	case *ast.ParenExpr:
		return pieces(e.X)
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return []string{s}
		}
	}
	return []string{""}
}

func (u *uses) code(t *testing.T, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			u.note(pieces(n)...)
			for _, side := range []ast.Expr{n.X, n.Y} { // what is called inside of it
				if _, literal := side.(*ast.BasicLit); !literal {
					ast.Inspect(side, func(n ast.Node) bool {
						if call, ok := n.(*ast.CallExpr); ok {
							for _, arg := range call.Args {
								u.note(pieces(arg)...)
							}
						}
						return true
					})
				}
			}
			return n.Op != token.ADD
		case *ast.BasicLit:
			u.note(pieces(n)...)
		}
		return true
	})
}

func usesOfTexts(t *testing.T) *uses {
	t.Helper()
	u := &uses{map[string]bool{}, map[string]bool{}}
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".html"):
			body, err := os.ReadFile(path)
			for _, action := range actions.FindAllString(string(body), -1) {
				for _, m := range quotedName.FindAllStringSubmatch(action, -1) {
					u.note(m[1])
				}
			}
			return err
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			u.code(t, path)
		}
		return nil
	}))
	return u
}

// TestEveryTextIsUsed finds texts that nothing says any more. Of those whose name
// is put together, all that could be meant count as used.
func TestEveryTextIsUsed(t *testing.T) {
	u := usesOfTexts(t)
	var like []*regexp.Regexp
	for _, pattern := range slices.Sorted(maps.Keys(u.like)) {
		like = append(like, regexp.MustCompile(pattern))
	}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(texts(t, "en"))) {
		called := name
		if of, plural := strings.CutSuffix(name, ".one"); plural {
			called = of
		} else if of, plural := strings.CutSuffix(name, ".other"); plural {
			called = of
		}
		if !u.names[called] && !u.names[name] && !slices.ContainsFunc(like, func(r *regexp.Regexp) bool { return r.MatchString(called) }) {
			lost = append(lost, name)
		}
	}
	require.Empty(t, lost, "nothing says these: %s", strings.Join(lost, " "))
}

// TestPluralsAreWhole holds that what is said of a count is said of one and of
// many.
func TestPluralsAreWhole(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		all := texts(t, language)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			text := all[name]
			base, isOne := strings.CutSuffix(name, ".one")
			of, isMany := strings.CutSuffix(name, ".other")
			switch {
			case isOne:
				assert.Contains(t, all, base+".other", "%s: %s", language, name)
			case isMany:
				assert.Contains(t, all, of+".one", "%s: %s", language, name)
			default:
				assert.NotContains(t, text, "{{.Count}}", "%s: %s counts, and does not differ for one", language, name)
			}
		}
	}
}

var (
	defined = regexp.MustCompile(`\{\{-? *define "([^"]+)"`)
	taken   = regexp.MustCompile(`\{\{-? *template "([^"]+)"`)
)

// TestEveryTemplateIsUsed finds templates that no template takes and no code names.
func TestEveryTemplateIsUsed(t *testing.T) {
	where, called := map[string]string{}, map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".html"):
			body, err := os.ReadFile(path)
			for _, m := range defined.FindAllStringSubmatch(string(body), -1) {
				where[m[1]] = path
			}
			for _, m := range taken.FindAllStringSubmatch(string(body), -1) {
				called[m[1]] = true
			}
			return err
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			body, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`"([\w-]+)"`).FindAllStringSubmatch(string(body), -1) {
				called[m[1]] = true
			}
			return err
		}
		return nil
	}))
	require.Greater(t, len(where), 50)
	for _, name := range slices.Sorted(maps.Keys(where)) {
		assert.True(t, called[name], "%s: nothing takes the template %s", where[name], name)
	}
}
