package ingest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// attributePrefix is how the headers of attributes begin.
const attributePrefix = "Ce-"

// inHeaders reports whether an event's attributes stand in headers.
func inHeaders(h http.Header) bool {
	for _, name := range required {
		if h.Get(attributePrefix+name) != "" {
			return true
		}
	}
	return false
}

// cloudHeaders is the event of a request in binary mode, as JSON.
func cloudHeaders(h http.Header, body []byte) ([]byte, error) {
	all := map[string]any{}
	for key, values := range h {
		name, found := strings.CutPrefix(key, attributePrefix)
		if !found || len(values) == 0 {
			continue
		}
		value, ok := headerValue(values[0])
		if !ok {
			return nil, wrong(fmt.Sprintf("the header %s is not encoded as CloudEvents want it: percent-encoded UTF-8", cut(key, 60)))
		}
		all[strings.ToLower(name)] = value
	}
	var missing []string
	for _, name := range required {
		if all[name] == nil || all[name] == "" {
			missing = append(missing, "ce-"+name)
		}
	}
	if len(missing) > 0 {
		return nil, wrong("headers are missing: " + strings.Join(missing, ", "))
	}
	delete(all, "data")
	delete(all, "data_base64")
	if contentType := h.Get("Content-Type"); contentType != "" {
		all["datacontenttype"] = contentType
	}
	if len(body) > 0 {
		data, err := dataJSON(mediaType(h), body)
		if err != nil {
			return nil, err
		}
		all["data"] = data
	}
	return encode(all, len(body)+512)
}

// headerValue decodes an attribute's value. It is percent-encoded; older senders
// put it between quotes:
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
func headerValue(s string) (string, bool) {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		var b strings.Builder
		inner := s[1 : len(s)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '\\' && i+1 < len(inner) {
				i++
			}
			b.WriteByte(inner[i])
		}
		s = b.String()
	}
	decoded, err := url.PathUnescape(s)
	return decoded, err == nil && utf8.ValidString(decoded)
}

// handshake answers a sender of CloudEvents that asks whether it may send. It
// may: what it sends has to prove itself all the same.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
func (s *source) handshake(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("WebHook-Request-Origin")
	if s == nil || r.Method != http.MethodOptions || origin == "" {
		return false
	}
	if _, ok := s.decode.(*CloudEvents); !ok {
		return false
	}
	w.Header().Set("Allow", http.MethodPost)
	w.Header().Set("WebHook-Allowed-Origin", "*")
	w.Header().Set("WebHook-Allowed-Rate", "*")
	w.WriteHeader(http.StatusOK)
	return true
}
