package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold makes the form in which names are compared: without blanks around them
// and without case. Rows and events go through the same fold, so that what the
// index finds is what a comparison would say. strings.ToLower and
// strings.EqualFold differ (ToLower leaves ſ alone and makes the Kelvin sign a
// k, EqualFold equals ſ and s but not İ and i); two words are the same here if
// either of them says so.
func fold(s string) string {
	if isFolded(s) {
		return s
	}
	return string(appendFold(make([]byte, 0, len(s)), s))
}

// isFolded reports whether s surely folds to itself, as most names do.
func isFolded(s string) bool {
	if s == "" {
		return true
	}
	if s[0] <= ' ' || s[len(s)-1] <= ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// appendFold appends fold(s).
func appendFold(to []byte, s string) []byte {
	if isFolded(s) {
		return append(to, s...)
	}
	s = strings.TrimSpace(s)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			to = append(to, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			to = append(to, c) // not UTF-8: as it is
		} else {
			to = utf8.AppendRune(to, foldRune(r))
		}
		i += size
	}
	return to
}

// foldedRunes are the runes that most text outside ASCII is made of: Latin,
// Greek, Cyrillic and Armenian.
var foldedRunes = func() (table [0x590]rune) {
	for r := range table {
		table[r] = foldSlowly(rune(r))
	}
	return table
}()

func foldRune(r rune) rune {
	if int(r) < len(foldedRunes) {
		return foldedRunes[r]
	}
	return foldSlowly(r)
}

// foldSlowly picks one rune for all that are equal but for their case: the
// smallest that lower case leaves as it is, which is the one people type.
func foldSlowly(r rune) rune {
	r = unicode.ToLower(r)
	best, found := r, isLower(r)
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		if lower := isLower(o); lower && !found || lower == found && o < best {
			best, found = o, lower
		}
	}
	return best
}

func isLower(r rune) bool { return unicode.ToLower(unicode.ToUpper(r)) == r }
