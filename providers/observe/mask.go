package observe

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// mask takes secrets out of texts.
type mask struct {
	forms   []secret.Value // the longest first: one may be a part of another
	longest int
}

func newMask(secrets []secret.Value) *mask {
	m := &mask{}
	var all []string
	for _, s := range secrets {
		if !s.Empty() {
			all = append(all, forms(s.Reveal())...)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	for _, form := range slices.Compact(all) {
		m.forms = append(m.forms, secret.New(form))
		m.longest = max(m.longest, len(form))
	}
	return m
}

// shortestKey is how long the part of a secret must be that is taken for one
// itself.
const shortestKey = 8

// forms are the spellings of a secret in URLs, forms and JSON. Of one like
// Telegram's tokens, "number:key", the key alone is as secret as the whole:
// https://core.telegram.org/bots/api#authorizing-your-bot
func forms(s string) []string {
	plain := []string{s}
	if _, key, found := strings.Cut(s, ":"); found && len(key) >= shortestKey {
		plain = append(plain, key)
	}
	var all []string
	for _, p := range plain {
		inJSON := jsonString(p, true)
		all = append(all, p, inJSON, jsonString(p, false), strings.ReplaceAll(inJSON, "/", `\/`), jsonString(inJSON, false))
		for _, escaped := range []string{url.QueryEscape(p), url.PathEscape(p), strings.ReplaceAll(url.QueryEscape(p), "+", "%20")} {
			all = append(all, escaped, lowerHex(escaped))
		}
	}
	return all
}

// jsonString is s as it stands between the quotes of a JSON string.
func jsonString(s string, html bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if enc.Encode(s) != nil { // a string can always be written
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// lowerHex is a percent-encoded text with the other spelling of its digits.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i:i+3], bytes.ToLower(b[i:i+3]))
			i += 2
		}
	}
	return string(b)
}

// room is how many bytes of a text must be kept to show its beginning: what is
// left of secrets that are longer than their mark must still be enough, and a
// secret that the end cuts in two must be known for one.
func (m *mask) room() int { return 2*hub.MaxExchangeText + m.longest }

// text is a text without the secrets. Of one that is not whole the end may be
// the beginning of a secret, which goes, too.
func (m *mask) text(s string, whole bool) string {
	s = secret.Redact(s, m.forms...)
	if whole {
		return s
	}
	cut := 0
	for _, form := range m.forms {
		f := form.Reveal()
		for n := min(len(f)-1, len(s)); n > cut; n-- {
			if strings.HasSuffix(s, f[:n]) {
				cut = n
				break
			}
		}
	}
	return s[:len(s)-cut] + "…"
}

// Secrets are the secret.Value fields of a configuration, however deep.
func Secrets(config any) []secret.Value {
	var found []secret.Value
	gather(reflect.ValueOf(config), &found)
	return found
}

var secretType = reflect.TypeFor[secret.Value]()

func gather(v reflect.Value, found *[]secret.Value) {
	if !v.IsValid() {
		return
	}
	if v.Type() == secretType {
		if s, ok := v.Interface().(secret.Value); ok && !s.Empty() {
			*found = append(*found, s)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		gather(v.Elem(), found)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() { // a configuration is read from a file: what it holds is exported
				gather(v.Field(i), found)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			gather(v.Index(i), found)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			gather(v.MapIndex(key), found)
		}
	}
}
