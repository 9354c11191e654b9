package observe

import (
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// isFile reports whether a body of a Content-Type is a file, or holds one, of
// which nothing is shown.
func isFile(contentType string) bool {
	kind := mediaType(contentType)
	return strings.HasPrefix(kind, "image/") || kind == "multipart/form-data" || kind == "application/octet-stream"
}

func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return kind
}

// isForm reports whether a body of a Content-Type is an HTML form.
func isForm(contentType string) bool {
	return mediaType(contentType) == "application/x-www-form-urlencoded"
}

// readable is a form for people: a line for each field, as it was before it was
// encoded. What is no form, or no whole one, stays where it cannot be read.
func readable(form string) string {
	var lines []string
	for field := range strings.SplitSeq(form, "&") {
		name, value, found := strings.Cut(field, "=")
		line := unescape(name)
		if found {
			line += "=" + unescape(value)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil && !strings.HasSuffix(s, "…") {
		return plain
	}
	// The end may be cut within an escape, or within a character of several, and
	// has a mark then.
	whole, cut := strings.CutSuffix(s, "…")
	if at := strings.LastIndexByte(whole, '%'); cut && at >= 0 && len(whole)-at < len("%00") {
		whole = whole[:at]
	}
	plain, err := url.QueryUnescape(whole)
	if !cut || err != nil {
		return s
	}
	for len(plain) > 0 {
		if r, size := utf8.DecodeLastRuneInString(plain); r != utf8.RuneError || size > 1 {
			break
		}
		plain = plain[:len(plain)-1]
	}
	return plain + "…"
}
