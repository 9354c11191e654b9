package matrix

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	labelLimit   = 200
	actionsLimit = 3_000
	// inLine is how many actions a message has that nobody asked for: more would
	// be longer than itself.
	inLine = 5

	partLimit = 12_000 // of one message of a long answer, as JSON
	mostParts = 8
	// longestAnswer is more than these parts have room for. What is beyond need not
	// be looked at.
	longestAnswer = 2 * mostParts * partLimit
)

// actions writes what there is to choose, with the keycap to react with or the
// number to type: in one line, or each in its own.
func (s style) actions(actions []hub.Action, listed bool) string {
	choices := hub.Choices(actions)
	var items []string
	for _, c := range choices {
		number := firstOf(hub.Keycap(c.Number), strconv.Itoa(c.Number)+".")
		items = append(items, number+" "+s.words(providers.Label(c.Label, labelLimit, unit)))
	}
	for _, a := range actions {
		if url, ok := providers.WebURL(a.URL); ok && len(url) <= urlLimit {
			items = append(items, s.dialect.Link(s.words(providers.Label(a.Label, labelLimit, unit)), url))
		}
	}
	if !listed {
		if len(items) > inLine {
			return ""
		}
		return s.block(strings.Join(items, " · "))
	}
	for i, size := 0, 0; i < len(items); i++ {
		if size += s.measure(items[i]) + 1; size > actionsLimit {
			return s.block(append(items[:i], providers.Ellipsis)...)
		}
	}
	return s.block(items...)
}

// answerParts is an answer as the messages that it takes.
func answerParts(text string, actions []hub.Action) []said {
	text, _ = providers.CutText(text, longestAnswer, unit)
	whole := providers.Split(providers.Parse(text), markup{}, partLimit, quoted)
	rich, plain := rich().actions(actions, true), words().actions(actions, true)
	if len(whole) <= 1 {
		return onePart(text, rich, plain)
	}
	parts := make([]said, 0, mostParts)
	for i, part := range whole {
		if i == mostParts-1 && len(whole) > mostParts {
			part = tag("p", tag("em", "The rest is too long for a chat."))
		}
		parts = append(parts, said{unmarked(part), part})
		if len(parts) == mostParts {
			break
		}
	}
	last := &parts[len(parts)-1]
	last.body, last.formatted = providers.Join("\n\n", last.body, plain), last.formatted+rich
	return parts
}

// onePart is an answer that fits a message; none says nothing.
func onePart(text, rich, plain string) []said {
	body, formatted := render(hub.Message{Text: text})
	if body == "" && plain == "" {
		return nil
	}
	if rich != "" {
		if formatted == "" && body != "" {
			formatted = strings.ReplaceAll(html.EscapeString(body), "\n", "<br>")
		}
		if formatted != "" && !isBlock(formatted) && !strings.HasPrefix(formatted, "<p>") {
			formatted = tag("p", formatted)
		}
		formatted += rich
	}
	return []said{{providers.Join("\n\n", body, plain), formatted}}
}

var (
	spaceAfter = regexp.MustCompile(`</(?:p|pre|ul|ol|blockquote|table|h[1-6])>|<hr>`)
	lineAfter  = regexp.MustCompile(`<br>|</li>|</tr>`)
	cellAfter  = regexp.MustCompile(`</t[dh]>`)
	manyLines  = regexp.MustCompile(`\n{3,}`)
)

// unmarked is the words of HTML that markup wrote, where only a part of a text
// is at hand.
func unmarked(s string) string {
	s = anchor.ReplaceAllStringFunc(s, func(a string) string {
		parts := anchor.FindStringSubmatch(a)
		if parts[1] == parts[2] {
			return parts[2]
		}
		return parts[2] + " (" + parts[1] + ")"
	})
	s = strings.ReplaceAll(s, "<li>", "• ")
	s = cellAfter.ReplaceAllString(s, " ")
	s = lineAfter.ReplaceAllString(s, "\n")
	s = spaceAfter.ReplaceAllString(s, "\n\n")
	s = html.UnescapeString(anyTag.ReplaceAllString(s, ""))
	return strings.TrimSpace(manyLines.ReplaceAllString(s, "\n\n"))
}
