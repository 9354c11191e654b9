package discourse

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Forums of many ages and plugins answer in many shapes. The types here read
// what can be read and take the rest for not told; none ever fails.

// decode reads an answer. What has an unexpected type is left out; only what is
// no JSON object at all is an error.
func decode(body []byte, v any) error {
	if body = bytes.TrimSpace(body); len(body) == 0 || body[0] != '{' {
		return errors.New("it is no JSON object")
	}
	err := json.Unmarshal(body, v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}

// ident is an id: a whole number or a string.
type ident string

// UnmarshalJSON reads a number or a string.
func (i *ident) UnmarshalJSON(b []byte) error {
	*i = ""
	if b[0] != '"' {
		if len(b) <= 20 && len(bytes.Trim(b, "-0123456789")) == 0 {
			*i = ident(b)
		}
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) == nil && len(s) <= 100 && !strings.ContainsFunc(s, unprintable) {
		*i = ident(s)
	}
	return nil
}

func unprintable(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}

// number is the id as a number, 0 if it is none.
func (i ident) number() int64 {
	n, _ := strconv.ParseInt(string(i), 10, 64)
	return n
}

// whole is a whole number, also if it stands in a string.
type whole int

// UnmarshalJSON reads a number or a string that holds one.
func (w *whole) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(b, `"`)))
	if err != nil {
		n = 0
	}
	*w = whole(n)
	return nil
}

// moment is a point in time, zero if none was told.
type moment struct{ time.Time }

// UnmarshalJSON reads a time of RFC 3339.
func (m *moment) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(bytes.Trim(b, `"`)))
	t = t.UTC()
	// In UTC it may lie in a year that JSON cannot tell.
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		t = time.Time{}
	}
	m.Time = t
	return nil
}

// given is whether there is anything at all: deleted_at counts even if it is no
// time that we can read.
type given bool

// UnmarshalJSON never fails.
func (g *given) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null", "false", `""`:
		*g = false
	default:
		*g = true
	}
	return nil
}

// label is a tag: a name, or since 2026 an object that has one.
type label struct {
	ID   ident
	Name string
}

// UnmarshalJSON reads either. In the lists of older forums the id of a tag is
// its name, which also stands in text.
func (l *label) UnmarshalJSON(b []byte) error {
	*l = label{}
	if b[0] == '"' {
		return json.Unmarshal(b, &l.Name)
	}
	var o struct {
		ID   json.RawMessage `json:"id"`
		Name string          `json:"name"`
		Text string          `json:"text"`
	}
	_ = decode(b, &o) // what cannot be read has no name
	l.Name = o.Name
	switch {
	case len(o.ID) == 0:
	case o.ID[0] != '"':
		_ = l.ID.UnmarshalJSON(o.ID)
	case l.Name == "":
		_ = json.Unmarshal(o.ID, &l.Name)
	}
	if l.Name == "" {
		l.Name = o.Text
	}
	return nil
}

// listOf reads a list of T; what is no list is empty, and an item that cannot
// be read is left out.
type listOf[T any] []T

// UnmarshalJSON never fails.
func (l *listOf[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil //nolint:nilerr // what cannot be read is not told
	}
	for _, item := range raw {
		var v T
		err := json.Unmarshal(item, &v)
		if _, odd := errors.AsType[*json.UnmarshalTypeError](err); (err != nil && !odd) || string(item) == "null" {
			continue
		}
		*l = append(*l, v)
	}
	return nil
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
