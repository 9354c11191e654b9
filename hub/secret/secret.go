// Package secret holds values that must never be printed: tokens, signing
// keys, passwords. A Value shows itself as "[secret]" to fmt, slog, JSON and
// TOML; only Reveal gives it away, so that a search for Reveal finds every
// place where a secret leaves its box.
package secret

import (
	"log/slog"
	"strings"
)

// Mark is what a Value prints as.
const Mark = "[secret]"

// Value is a secret string. The zero Value is empty.
//
// The string is kept behind a pointer: fmt calls no method on a field that is
// not exported, so %+v of a struct with a Value in one prints what the Value
// holds. This way that is an address.
type Value struct{ p *string }

// New makes a Value.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{&s}
}

// Reveal returns the secret itself.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Empty reports whether there is no secret.
func (v Value) Empty() bool { return v.p == nil }

func (v Value) String() string {
	if v.Empty() {
		return ""
	}
	return Mark
}

// GoString keeps %#v from printing the field.
func (v Value) GoString() string { return v.String() }

// LogValue keeps slog from printing the field.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText keeps JSON and TOML from printing the field.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a secret from a configuration file.
func (v *Value) UnmarshalText(text []byte) error {
	*v = New(string(text))
	return nil
}

// Redact replaces every secret in text with Mark: for words that came from a
// library or a platform and may quote what they were given.
func Redact(text string, secrets ...Value) string {
	for _, s := range secrets {
		if !s.Empty() {
			text = strings.ReplaceAll(text, s.Reveal(), Mark)
		}
	}
	return text
}
