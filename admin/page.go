package admin

import (
	"strings"
	"time"
	"unicode"
)

// moment is a time as people read it.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04:05 UTC") }

// oneLine keeps what strangers wrote from breaking the page or the terminal, also
// by writing from right to left.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s))
}
