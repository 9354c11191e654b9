package route

import (
	"strings"

	"github.com/yuin/goldmark-emoji/definition"
)

// emoji finds the character that a forum's ":name:" stands for. Names are
// GitHub's, which Discourse uses for all but a few; those and a forum's own
// pictures stay as they are written. A skin tone (":wave:t4:") is left out.
func emoji(written string) string {
	name, _, _ := strings.Cut(strings.Trim(written, ":"), ":")
	found, ok := definition.Github().Get(name)
	if !ok || !found.IsUnicode() {
		return written
	}
	return string(found.Unicode)
}
