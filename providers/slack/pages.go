package slack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds of an answer of several messages. Of a response_url Slack takes five.
const (
	mostAnswers = 5
	largestRun  = 50_000 // characters of text that are looked at
)

const cutNote = "_The answer is longer than Slack shows: the rest was left out._"

// page is one message of an answer.
type page struct {
	text   string // for where no blocks are shown
	plain  string // in place of blocks that Slack refused
	blocks []slack.Block
}

// pages is a reply in as many messages as it takes, its actions under the last;
// none if there is nothing to say.
func (c *Client) pages(r hub.Reply) []page {
	text, actions := worded(r)
	text, cut := bounded(text)
	doc := providers.Parse(text)
	var pages []page
	room := 0
	for _, part := range providers.Split(doc, mrkdwn{}, sectionLimit, unit.Len) {
		size := unit.Len(part) + 1
		if room -= size; room < 0 || len(pages[len(pages)-1].blocks) == mostSections {
			if len(pages) == mostAnswers {
				cut = true
				break
			}
			pages, room = append(pages, page{}), textLimit-len(cutNote)-size
		}
		last := &pages[len(pages)-1]
		last.blocks = append(last.blocks, slack.NewSectionBlock(verbatim(part), nil, nil))
		last.plain = providers.Join("\n", last.plain, part)
	}
	buttons := actionBlocks(actions, c.listens())
	if len(pages) == 0 && len(buttons) > 0 {
		pages = []page{{plain: "…"}}
	}
	for i := range pages {
		pages[i].text = fmt.Sprintf("(%d of %d)", i+1, len(pages))
	}
	if len(pages) > 0 {
		pages[0].text = cmp.Or(fallback(hub.Message{Text: text}), providers.Ellipsis)
		last := &pages[len(pages)-1]
		if cut {
			last.blocks = append(last.blocks, slack.NewSectionBlock(verbatim(cutNote), nil, nil))
			last.plain += "\n" + cutNote
		}
		last.blocks = append(last.blocks, buttons...)
	}
	return pages
}

// bounded keeps an answer of megabytes from being taken apart whole, which would
// take longer than Slack waits.
func bounded(text string) (string, bool) {
	cut := len(text) > 4*largestRun
	if cut {
		text = strings.ToValidUTF8(text[:4*largestRun], "")
	}
	text, shortened := providers.CutText(text, largestRun, unit)
	return text, cut || shortened
}

// worded is a reply in words, and what can be pressed below them.
func worded(r hub.Reply) (string, []hub.Action) {
	switch {
	case r.OK != nil:
		return r.OK.Text, r.OK.Actions
	case r.Error != nil:
		return complaint(r.Error, r.Error.Fields), nil
	case r.Navigate != nil:
		text := cmp.Or(r.Navigate.Text, "This goes on elsewhere:")
		if to, ok := providers.WebURL(r.Navigate.URL); ok {
			return text + "\n\n<" + to + ">", []hub.Action{{Label: "Open", URL: r.Navigate.URL}}
		}
		return text, nil
	default:
		return "", nil
	}
}

// complaint is what is wrong, with some of the fields in a list.
func complaint(e *hub.Refusal, fields map[string]string) string {
	text := e.Text
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		sep := "\n"
		if i == 0 && text != "" {
			sep = "\n\n"
		}
		text += sep + "- **" + name + "**: " + fields[name]
	}
	return text
}

// said is a message in the body of an answer, or sent to a response_url:
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
type said struct {
	ResponseType    string        `json:"response_type"`
	Text            string        `json:"text"`
	Blocks          []slack.Block `json:"blocks,omitempty"`
	ReplaceOriginal bool          `json:"replace_original"`
	ThreadTS        string        `json:"thread_ts,omitempty"`
}

func (p page) response(public bool, thread string) said {
	s := said{ResponseType: "ephemeral", Text: p.text, Blocks: p.blocks, ThreadTS: thread}
	if public {
		s.ResponseType = "in_channel"
	}
	return s
}
