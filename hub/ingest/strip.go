package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Bounds of an object that is kept as it came.
const (
	maxObject = 256 << 10 // bytes, encoded
	maxText   = 32 << 10  // bytes of one string
	maxList   = 500       // elements of one list
)

// removed stands where personal data was.
const removed = "[removed]"

// stripped is value without personal data: without the keys that hold it, and
// in what describes a person also without addresses inside of texts. strict
// treats all of it so.
func stripped(value []byte, strict bool) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	out, err := encode(strip(v, strict), len(value))
	if err != nil || len(out) <= maxObject {
		return out, err
	}
	return encode(map[string]string{"omitted": fmt.Sprintf("larger than %d bytes", maxObject)}, 64)
}

func strip(v any, strict bool) any {
	switch v := v.(type) {
	case map[string]any:
		_, person := v["username"]
		for key, inner := range v {
			if personal(key) {
				delete(v, key)
			} else {
				v[key] = strip(inner, strict || person)
			}
		}
	case []any:
		v = v[:min(len(v), maxList)]
		for i := range v {
			v[i] = strip(v[i], strict)
		}
		return v
	case string:
		if strict {
			v = withoutAddresses(v)
		}
		return cut(v, maxText)
	}
	return v
}

// personal reports whether a key holds what is nobody's business here. Keys of
// plugins are unknown, so it goes by their words.
func personal(key string) bool {
	words := keyWords(key)
	for _, w := range words {
		switch strings.TrimSuffix(w, "s") {
		case "email", "ip", "token", "password", "secret", "session", "location", "birthday", "birthdate", "phone", "timezone":
			return true
		}
	}
	joined := strings.Join(words, "_")
	return slices.ContainsFunc([]string{
		"e_mail", "api_key", "apikey", "ipaddress", "date_of_birth", "user_option", "user_field", "custom_field",
		"associated_account", "user_auth", "second_factor",
	}, func(part string) bool { return strings.Contains(joined, part) })
}

// keyWords splits client_ip, client-ip and clientIp into client and ip.
func keyWords(key string) []string {
	var b strings.Builder
	lower := false
	for _, r := range key {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r) || unicode.IsDigit(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var (
	emailForm = regexp.MustCompile(`[^\s@<>"'(),:;\[\]]+@[^\s@<>"'(),:;\[\]]+\.[\pL\pN-]+`)
	ipForm    = regexp.MustCompile(`[0-9A-Fa-f:.]*[0-9A-Fa-f][:.][0-9A-Fa-f:.]*|::[0-9A-Fa-f:.]*`)
)

// withoutAddresses removes e-mail and IP addresses from a text.
func withoutAddresses(s string) string {
	if strings.Contains(s, "@") {
		s = emailForm.ReplaceAllString(s, removed)
	}
	if !strings.ContainsAny(s, ".:") {
		return s
	}
	return ipForm.ReplaceAllStringFunc(s, func(found string) string {
		if isAddress(strings.TrimRight(found, ".:")) || isAddress(found) {
			return removed
		}
		return found
	})
}

// isAddress reports whether s is an IP address, maybe with a port.
func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}
