package matrix

import "strings"

// joiner is an invisible character that keeps @room from being the word that
// push rules look for.
const joiner = "\u2060"

const ping = "@room"

// calm breaks up @room, in any case, and an @ that the next run of words might
// make one of.
func calm(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "@")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('@')
		if mayPing(rest) {
			b.WriteString(joiner)
		}
		s = rest
	}
}

// mayPing tells whether what comes after an @ is the word, or as much of it as
// there is before the run of words ends.
func mayPing(rest string) bool {
	n := min(len(rest), len(ping)-1)
	return strings.EqualFold(rest[:n], ping[1:1+n])
}

// calmURL encodes the @ of an address that holds @room.
func calmURL(url string) string {
	if !strings.Contains(strings.ToLower(url), ping) {
		return url
	}
	return strings.ReplaceAll(url, "@", "%40")
}
