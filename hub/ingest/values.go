package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Forums of many ages and plugins send many shapes of the same thing. The types
// here read what can be read and take the rest for not told; none ever fails.

// decode reads value into v. What has an unexpected type is left out; only what
// is no JSON at all is an error.
func decode(value []byte, v any) error {
	err := json.Unmarshal(value, v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}

// encode is json.Marshal without the escapes for <, > and &: they would double
// the size of a post's HTML.
func encode(v any, size int) (json.RawMessage, error) {
	buf := bytes.NewBuffer(make([]byte, 0, size))
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// ident is an id: a whole number or a string.
type ident string

// UnmarshalJSON reads a number or a string.
func (i *ident) UnmarshalJSON(b []byte) error {
	*i = ""
	if b[0] == '"' {
		var s string
		if json.Unmarshal(b, &s) == nil && validID(s) {
			*i = ident(s)
		}
	} else {
		*i = numberID(b)
	}
	return nil
}

// numberID is the id that a whole number makes, "" for what is none.
func numberID(b []byte) ident {
	if len(b) > 20 || len(bytes.Trim(b, "-0123456789")) > 0 {
		return ""
	}
	return ident(b)
}

// validID says whether s may stand in a subject, a key and a link.
func validID(s string) bool {
	return len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
	})
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
	m.Time = parseTime(bytes.Trim(b, `"`))
	return nil
}

// parseTime reads a time of RFC 3339; what is none is zero.
func parseTime(b []byte) time.Time {
	if len(b) == 0 {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, string(b))
	t = t.UTC()
	// In UTC it may lie in a year that JSON cannot tell.
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// labels are the names of tags: strings, or since 2026 objects that have a name.
type labels []string

// maxLabels is more tags than a forum allows on a topic.
const maxLabels = 256

// UnmarshalJSON reads a list of either; anything else is nil, which is not told.
func (l *labels) UnmarshalJSON(b []byte) error {
	*l = nil
	var items []label
	if b[0] != '[' || json.Unmarshal(b, &items) != nil {
		return nil //nolint:nilerr // what cannot be read is not told
	}
	*l = make(labels, 0, min(len(items), maxLabels))
	for _, item := range items {
		if item != "" && len(*l) < maxLabels {
			*l = append(*l, string(item))
		}
	}
	return nil
}

type label string

// UnmarshalJSON reads a name, or an object that has one.
func (l *label) UnmarshalJSON(b []byte) error {
	var named struct {
		Name string `json:"name"`
	}
	if b[0] == '"' {
		_ = json.Unmarshal(b, &named.Name) // it is a valid string, the caller has checked
	} else {
		_ = decode(b, &named)
	}
	*l = label(named.Name)
	return nil
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
