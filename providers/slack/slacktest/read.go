package slacktest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Read is what Slack's clients make of what was sent.
func Read(s providertest.Sent) (providertest.Reading, error) {
	var (
		r      providertest.Reading
		m      Message
		blocks []Block
	)
	if err := json.Unmarshal(s.Raw, &m); err != nil {
		return r, err
	}
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return r, err
	}
	if err := readMrkdwn(&providertest.Reading{}, m.Text); err != nil {
		return r, err
	}
	r.Plain = len(blocks) == 0
	for _, b := range blocks {
		switch {
		case b.Type == "image" && b.SlackFile != nil:
			r.Images = append(r.Images, b.SlackFile.ID)
		case b.Type == "image":
			r.Images = append(r.Images, b.ImageURL)
		}
		for _, t := range b.texts() {
			if err := readMrkdwn(&r, t.Text); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

const fence = "```"

// readMrkdwn reads a text of Slack's markup: what is between fences is code.
func readMrkdwn(r *providertest.Reading, text string) error {
	pieces := strings.Split(text, fence)
	if len(pieces)%2 == 0 {
		return fmt.Errorf("a block of code does not end")
	}
	for i, piece := range pieces {
		links, err := readText(piece)
		switch {
		case err != nil:
			return err
		case i%2 == 0:
			r.Links = append(r.Links, links...)
		case len(links) > 0:
			return fmt.Errorf("a link within code: %q", links)
		default:
			r.Code = append(r.Code, unescape.Replace(strings.Trim(piece, "\n")))
		}
	}
	return nil
}

var (
	quote    = regexp.MustCompile(`(?m)^([ >]|• |\d+\. )*>`) // within a list as well
	bracket  = regexp.MustCompile(`<[^<>]*>`)
	link     = regexp.MustCompile(`^<((?:https?://|mailto:)[^\s|<>]+)(?:\|([^<>\n]+))?>$`)
	entity   = regexp.MustCompile(`&(amp|lt|gt);`)
	unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// readText finds the links in a text, of which nothing else may stand in angle
// brackets: https://docs.slack.dev/messaging/formatting-message-text
func readText(text string) (links []string, err error) {
	for _, found := range bracket.FindAllString(text, -1) {
		parts := link.FindStringSubmatch(found)
		if parts == nil {
			return nil, fmt.Errorf("%q is no link", found)
		}
		links = append(links, unescape.Replace(parts[1]))
	}
	if rest := quote.ReplaceAllString(bracket.ReplaceAllString(text, ""), ""); strings.ContainsAny(rest, "<>") {
		return nil, fmt.Errorf("an angle bracket by itself: %q", rest)
	}
	if strings.Contains(entity.ReplaceAllString(text, ""), "&") {
		return nil, fmt.Errorf("an ampersand by itself: %q", text)
	}
	return links, nil
}
