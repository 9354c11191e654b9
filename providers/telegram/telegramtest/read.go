package telegramtest

import (
	"encoding/json"
	"fmt"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Read is what Telegram's clients make of a sent message.
func Read(s providertest.Sent) (providertest.Reading, error) {
	m := decode(s.Raw)
	r := providertest.Reading{Plain: m.ParseMode == ""}
	if m.Photo != "" {
		r.Images, r.Plain = []string{m.Photo}, false
		return readText(r, m)
	}
	var p preview
	if err := json.Unmarshal(m.LinkPreview, &p); err != nil {
		return r, fmt.Errorf("link_preview_options: %w", err)
	}
	switch {
	case p.Disabled && p.URL != "":
		return r, fmt.Errorf("a preview that is disabled, of %q", p.URL)
	case !p.Disabled && p.URL == "":
		return r, fmt.Errorf("a preview of whatever link comes first")
	case !p.Disabled:
		r.Images, r.Plain = []string{p.URL}, false
	}
	return readText(r, m)
}

// readText reads what is written in a message.
func readText(r providertest.Reading, m message) (providertest.Reading, error) {
	if m.ParseMode == "" {
		return r, nil
	}
	text, entities, err := ParseHTML(m.Text)
	for _, e := range entities {
		switch e.Type {
		case "text_link":
			r.Links = append(r.Links, e.URL)
		case "pre":
			r.Code = append(r.Code, text[e.Start:e.End])
		}
	}
	return r, err
}
