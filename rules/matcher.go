package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// matcher is a value that is no word to look up: a text, an expression, or a
// kind with a wildcard in its middle. Matchers are shared by indexes.
type matcher struct {
	raw  string // as it stands in the row
	text []byte // folded
	re   *regexp.Regexp
	kind string
}

// holds reports whether the event of s has it.
func (m *matcher) holds(s *scratch) bool {
	switch {
	case m.kind != "":
		return s.facts.takenBy(m.kind)
	case m.re != nil:
		return m.re.MatchString(s.facts.Title) || m.re.MatchString(s.facts.Text)
	}
	s.foldText()
	return bytes.Contains(s.title, m.text) || bytes.Contains(s.text, m.text)
}

// readText takes words, or an RE2 expression between slashes.
func readText(v string, seen map[string]*matcher) (word, error) {
	w := word{space: noSpace}
	if w.slow = seen["text "+v]; w.slow != nil {
		return w, nil
	}
	v = strings.Clone(v)
	if len(v) > 2 && v[0] == '/' && v[len(v)-1] == '/' {
		expr := v[1 : len(v)-1]
		re, err := compileText(expr)
		if err != nil {
			return w, fmt.Errorf("the text filter's expression /%s/ cannot be read: %w", expr, err)
		}
		w.slow = remember(seen, "text ", &matcher{raw: v, re: re})
		return w, nil
	}
	text := fold(v)
	if text == "" {
		return w, fmt.Errorf("the text filter holds an empty value")
	}
	w.slow = remember(seen, "text ", &matcher{raw: v, text: []byte(text)})
	return w, nil
}

// remember gives the matcher that is written alike, if there is one.
func remember(seen map[string]*matcher, what string, m *matcher) *matcher {
	if known := seen[what+m.raw]; known != nil {
		return known
	}
	if seen != nil {
		seen[what+m.raw] = m
	}
	return m
}

// maxSteps bounds how much an expression may do with each character. People's
// have some dozens; "(x{1000})" again and again would keep every event waiting.
const maxSteps = 1000

// compileText compiles an expression that knows no case.
func compileText(expr string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, located(expr, err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, located(expr, err)
	}
	if n := len(program.Inst); n > maxSteps {
		return nil, fmt.Errorf("it makes %d steps of each character, at most %d: repeat less", n, maxSteps)
	}
	return regexp.Compile("(?i)" + expr)
}

// located says where an expression is wrong.
func located(expr string, err error) error {
	var bad *syntax.Error
	if !errors.As(err, &bad) {
		return err
	}
	at := offset(expr, bad)
	part := bad.Expr
	if !strings.HasPrefix(expr[at:], part) {
		part = expr[at:]
	}
	return fmt.Errorf("%s at byte %d, %q", bad.Code, at, part)
}

// offset finds the byte of expr that an error is about. The parser names the
// offending part and not where it stands, and of a parenthesis that is not
// closed it names the whole expression.
func offset(expr string, bad *syntax.Error) int {
	fails := func(prefix string, code syntax.ErrorCode) bool {
		_, err := syntax.Parse(prefix, syntax.Perl)
		var e *syntax.Error
		return errors.As(err, &e) && e.Code == code
	}
	switch bad.Code {
	case syntax.ErrMissingParen:
		// The outermost that stays open: before it, all is closed.
		for i := len(expr) - 1; i >= 0; i-- {
			if _, err := syntax.Parse(expr[:i], syntax.Perl); expr[i] == '(' && err == nil {
				return i
			}
		}
		return 0
	case syntax.ErrUnexpectedParen:
		for i := range len(expr) {
			if expr[i] == ')' && fails(expr[:i+1], bad.Code) {
				return i
			}
		}
		return 0
	}
	// The part may stand there several times: the first that the parser minds.
	for i := 0; i+len(bad.Expr) <= len(expr); i++ {
		if strings.HasPrefix(expr[i:], bad.Expr) && fails(expr[:i+len(bad.Expr)], bad.Code) {
			return i
		}
	}
	return max(strings.Index(expr, bad.Expr), 0)
}
