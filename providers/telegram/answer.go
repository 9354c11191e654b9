package telegram

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Answerer = (*Client)(nil)

const (
	partRoom  = maxText - 96 // of a part: beside it stands who is asked
	mostParts = 12
	goesOn    = "… The answer is longer than Telegram shows."
)

var errForm = errors.New("telegram has no dialogs: a form is asked for field by field")

// Answer implements providers.Answerer. In a group the answer is a reply to the
// command, in its topic. A long one is several messages, of which the receipt
// names the last: it has the buttons.
func (c *Client) Answer(ctx context.Context, cmd *hub.Command, r hub.Reply) (hub.Receipt, error) {
	to, err := parseAddress(cmd.Context.Channel.ID)
	if err != nil {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultChatGone, Op: opSend, Err: err}
	}
	said, err := answerOf(r)
	if err != nil {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultRejected, Op: opSend, Err: err}
	}
	parts := split(said.text)
	if len(parts) == 0 {
		return hub.Receipt{}, nil
	}
	if !to.direct() && said.ask && pressedBy(cmd) {
		parts[0] = mention(cmd.Context.User) + ": " + parts[0]
	}
	return c.speak(ctx, to, cmd, said, parts)
}

// speak posts the parts of an answer. Once people have seen some of it, it is not
// tried again.
func (c *Client) speak(ctx context.Context, to address, cmd *hub.Command, said answer, parts []string) (hub.Receipt, error) {
	var receipt hub.Receipt
	for i, part := range parts {
		root := hub.MessageRef("")
		if i == 0 && !to.direct() {
			root = cmd.Context.Post
		}
		next, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
			params := to.params(root)
			params["text"], params["link_preview_options"] = part, object(map[string]any{"is_disabled": true})
			if form == providers.PlainWords {
				params["text"] = unmarked(part)
			} else {
				params["parse_mode"] = "HTML"
			}
			if i == len(parts)-1 {
				c.markUp(params, to, said, form)
			}
			return c.post(ctx, params)
		})
		switch {
		case err != nil && i == 0:
			return hub.Receipt{}, err
		case err != nil:
			receipt.Note = fmt.Sprintf("only %d of %d parts were posted: %s", i, len(parts), err)
			c.log.WarnContext(ctx, "answer cut short", "chat", cmd.Context.Channel.ID, "err", err)
			return receipt, nil
		}
		receipt = next
	}
	return receipt, nil
}

// markUp adds what is below an answer: its buttons, or, in a group, that
// Telegram begins a reply to the question. Bots see there only what is a command
// or a reply to them, unless an administrator lets them:
// https://core.telegram.org/bots/features#privacy-mode
func (c *Client) markUp(params tgbotapi.Params, to address, said answer, form providers.Form) {
	if k := c.keyboard(said.actions, form == providers.Whole); k != nil {
		params["reply_markup"] = object(k)
		return
	}
	if said.ask && !to.direct() {
		params["reply_markup"] = object(map[string]any{"force_reply": true, "selective": true})
	}
}

// answer is what a reply says.
type answer struct {
	text    string // CommonMark
	actions []hub.Action
	ask     bool
}

func answerOf(r hub.Reply) (answer, error) {
	switch {
	case r.OK != nil:
		return answer{text: r.OK.Text, actions: r.OK.Actions, ask: r.OK.Ask}, nil
	case r.Error != nil:
		return answer{text: refusalText(r.Error)}, nil
	case r.Navigate != nil:
		return navigation(r.Navigate), nil
	case r.Form != nil:
		return answer{}, errForm
	}
	return answer{}, errNothing
}

// refusalText is what is wrong, and below it what is wrong with each field.
func refusalText(r *hub.Refusal) string {
	lines := []string{}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		lines = append(lines, "- "+name+": "+r.Fields[name])
	}
	return providers.Join("\n\n", r.Text, strings.Join(lines, "\n"))
}

// navigation is a button, and the address in words for where Telegram takes it
// for none.
func navigation(n *hub.Navigate) answer {
	label := providers.Label(n.Text, labelLimit, unit)
	if label == "" {
		label = "Open"
	}
	return answer{text: providers.Join("\n", n.Text, "<"+n.URL+">"), actions: []hub.Action{{Label: label, URL: n.URL}}}
}

// split writes CommonMark as messages, the first of at most mostParts.
func split(text string) []string {
	parts := providers.Split(providers.Parse(text), html{}, partRoom, visible)
	parts = slices.DeleteFunc(parts, func(p string) bool { return strings.TrimSpace(unmarked(p)) == "" })
	if len(parts) > mostParts {
		parts = append(parts[:mostParts:mostParts], goesOn)
	}
	return parts
}

// pressedBy reports whether a command came from a button: the answer is no reply
// to anything that the person said.
func pressedBy(cmd *hub.Command) bool {
	return cmd.Context.Source.ID == hub.FromButton || cmd.Context.Source.ID == hub.FromSelect
}

// mention calls a person, so that a question is theirs:
// https://core.telegram.org/bots/api#forcereply
func mention(u hub.User) string {
	return `<a href="tg://user?id=` + escapes.Replace(u.ID) + `">` + escapes.Replace(providers.Label(u.Called(), 64, unit)) + "</a>"
}

// unmarked is HTML of ours without its markup.
func unmarked(s string) string {
	var out strings.Builder
	for s != "" {
		words, rest, tag := strings.Cut(s, "<")
		out.WriteString(words)
		if !tag {
			break
		}
		_, s, _ = strings.Cut(rest, ">")
	}
	return unescapes.Replace(out.String())
}

var unescapes = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`)
