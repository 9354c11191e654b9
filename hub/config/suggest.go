package config

import "github.com/bellhop-chat/bellhop/hub"

// suggest is the nearest of known to word, as "(did you mean x?)" with a blank
// before it, or nothing if none is near.
func suggest(word string, known []string) string {
	for _, k := range hub.Nearest(word, known, 1) {
		return " (did you mean " + k + "?)"
	}
	return ""
}
