package providers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Len is the length of s in u. Bytes, the strictest, is what an unknown unit
// counts.
func (u Unit) Len(s string) int {
	switch u {
	case Characters:
		return utf8.RuneCountInString(s)
	case UTF16:
		n := 0
		for _, r := range s {
			n++
			if r > 0xFFFF {
				n++
			}
		}
		return n
	default:
		return len(s)
	}
}

// CutText shortens plain text to limit: between graphemes, after a whole word
// where one ends near, and with an ellipsis at the end. Where there is no room
// for the ellipsis, nothing is left.
func CutText(s string, limit int, u Unit) (string, bool) {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if u.Len(s) <= limit {
		return s, false
	}
	room := limit - u.Len(Ellipsis)
	if room < 0 {
		return "", true
	}
	var fit []string
	for at, rest := 0, s; room > 0 && rest != ""; rest = s[at:] {
		cluster := firstGrapheme(rest)
		if room -= u.Len(cluster); room < 0 {
			break
		}
		fit = append(fit, cluster)
		at += len(cluster)
	}
	return strings.TrimRightFunc(wholeWords(fit, s), unicode.IsSpace) + Ellipsis, true
}

// wholeWords is the graphemes that fit, up to the last border of a word if that
// is near.
func wholeWords(fit []string, s string) string {
	all := strings.Join(fit, "")
	if next := s[len(all):]; strings.TrimSpace(firstGrapheme(next)) == "" {
		return all
	}
	for i := len(fit) - 1; i > 0 && i >= len(fit)-wordSearch; i-- {
		if strings.TrimSpace(fit[i]) == "" {
			return strings.Join(fit[:i], "")
		}
	}
	return all
}
