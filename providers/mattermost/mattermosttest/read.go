package mattermosttest

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// visible is what people read of a post, from top to bottom.
func visible(p *model.Post) string {
	lines := []string{p.Message}
	for _, a := range p.Attachments() {
		lines = append(lines, a.Pretext, a.AuthorName, a.Title, a.Text)
		for _, f := range a.Fields {
			value, _ := f.Value.(string)
			lines = append(lines, f.Title, value)
		}
		lines = append(lines, a.Footer)
	}
	var kept []string
	for _, line := range lines {
		if line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// unread is what the server does not look for mentions in: code and addresses.
var unread = regexp.MustCompile("(?s)(?m:^[ >]*(```+)[^\n]*\n.*?^[ >]*```+$)|(`+[^`]+`+)|\\]\\([^)]*\\)")

// Pings lists the mentions of all in what was sent, found as the server
// does.
func Pings(s providertest.Sent) []string {
	var p model.Post
	if err := json.Unmarshal(s.Raw, &p); err != nil {
		return []string{err.Error()}
	}
	text := visible(&p)
	for _, a := range p.Attachments() {
		text += "\n" + a.Fallback
	}
	words := strings.FieldsFunc(unread.ReplaceAllString(text, " "), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("@_", r)
	})
	var live []string
	for _, w := range words {
		switch strings.ToLower(strings.Trim(w, "_")) {
		case "@all", "@channel", "@here":
			live = append(live, w)
		}
	}
	return live
}
