package hub

import "strings"

// Completion is something that may stand at the end of a line that is being
// typed.
type Completion struct {
	Insert string `json:"insert"` // in the place of what stands from Start on
	Label  string `json:"label"`
	Note   string `json:"note,omitempty"`
	Start  int    `json:"start"` // bytes into the line
}

// BareLine is a line without the "/" or "!" that people put before commands.
func BareLine(line string) string {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "/") || strings.HasPrefix(line, "!") {
		line = line[1:]
	}
	return line
}
