package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// secret sets a secret: a flag or a variable holds it, the variable with _FILE
// names a file that does, and the file holds it or says env:NAME or file:PATH.
func (t table) secret(key string, v *secret.Value) *Problem {
	if t.keepSealed {
		return t.sealed(key)
	}
	from, text := t.spoken(key)
	path := ""
	if t.in != nil {
		path = t.in.env[t.variable(key)+"_FILE"]
	}
	switch {
	case path != "" && from == t.variable(key):
		return &Problem{Path: t.name(key), Text: fmt.Sprintf("both %s and %[1]s_FILE are set: unset one", from)}
	case from != "":
		*v = secret.New(text)
		return nil
	case path != "":
		return t.fromFile(key, path, 0, v)
	}
	return t.reference(key, v)
}

// reference reads the secret that the file holds or points to.
func (t table) reference(key string, v *secret.Value) *Problem {
	if problem := t.sealed(key); problem != nil {
		return problem
	}
	text, _ := t.values[key].(string)
	if t.literal {
		*v = secret.New(text)
		return nil
	}
	if name, found := strings.CutPrefix(text, "env:"); found {
		return t.fromEnv(key, name, v)
	}
	if path, found := strings.CutPrefix(text, "file:"); found {
		if !filepath.IsAbs(path) {
			path = filepath.Join(t.in.dir, path)
		}
		return t.fromFile(key, path, t.line(key), v)
	}
	if text != "" {
		*v = secret.New(text)
	}
	return nil
}

// sealed checks what can be checked without looking at the secret.
func (t table) sealed(key string) *Problem {
	x, found := t.values[key]
	if _, isText := x.(string); found && !isText {
		return &Problem{Path: t.name(key), Line: t.line(key), Text: fmt.Sprintf("is %s, want a string", kindOf(x))}
	}
	return nil
}

func (t table) fromEnv(key, name string, v *secret.Value) *Problem {
	text := t.in.all[name]
	if text == "" {
		return &Problem{Path: t.name(key), Line: t.line(key), Text: fmt.Sprintf("the variable %s is not set", name)}
	}
	*v = secret.New(text)
	return nil
}

func (t table) fromFile(key, path string, line int, v *secret.Value) *Problem {
	data, err := readAtMost(path, maxSecret)
	if err != nil {
		return &Problem{Path: t.name(key), Line: line, Text: fmt.Sprintf("%s %s", path, err)}
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		return &Problem{Path: t.name(key), Line: line, Text: path + " is empty"}
	}
	*v = secret.New(text)
	return nil
}
