package mattermosttest

import (
	"encoding/json"
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

// Pings lists the mentions of all in what was sent, found as the server does: in
// each run of words between markup, and in what is no Markdown.
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/mention_results.go
func Pings(s providertest.Sent) []string {
	var p model.Post
	if err := json.Unmarshal(s.Raw, &p); err != nil {
		return []string{err.Error()}
	}
	r, err := readPost(&p)
	if err != nil {
		return []string{err.Error()}
	}
	for _, a := range p.Attachments() {
		r.words = append(r.words, a.AuthorName, a.Title, a.Footer, a.Fallback)
	}
	var live []string
	for _, run := range r.words {
		live = append(live, mentions(run)...)
	}
	return live
}

func mentions(run string) (live []string) {
	words := strings.FieldsFunc(run, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("@_", r)
	})
	for _, w := range words {
		switch strings.ToLower(strings.Trim(w, "_")) {
		case "@all", "@channel", "@here":
			live = append(live, w)
		}
	}
	return live
}
