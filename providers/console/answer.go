package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Answer implements providers.Answerer. A form becomes a button that opens it:
// the page that asked may be closed by now.
func (c *Client) Answer(ctx context.Context, cmd *hub.Command, r hub.Reply) (hub.Receipt, error) {
	p, err := c.postAnswer(ctx, cmd, r)
	if p == nil || err != nil {
		return hub.Receipt{}, err
	}
	return hub.Receipt{Ref: refOf(p.Seq), At: p.At, Note: note(shown(p.Message, providers.Whole).cut, true)}, nil
}

// postAnswer stores what a reply says, once for each command, for whoever gave it
// alone unless it is public. It is nil for a reply that says nothing.
func (c *Client) postAnswer(ctx context.Context, cmd *hub.Command, r hub.Reply) (*hub.ConsolePost, error) {
	const op = "console answer"
	if err := ctx.Err(); err != nil {
		return nil, fault(op, err)
	}
	room, err := c.room(op, hub.Chat{ID: cmd.Context.Channel.ID})
	if err != nil {
		return nil, err
	}
	m := answerOf(r)
	if shown(m, providers.Whole).empty() {
		return nil, nil
	}
	root, _ := rootOf(cmd.Context.RootPost)
	p := &hub.ConsolePost{Chat: room, Root: root, Reader: cmd.Context.User.ID, Message: m}
	if id := cmd.Command.ID; id != "" {
		p.Key = "a" + hub.Digest(string(id))
	}
	switch {
	case r.OK != nil && r.OK.Public:
		p.Reader = ""
	case p.Reader == "":
		return nil, &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errors.New("the answer is for one person, and the command names none")}
	}
	if err := c.store.AppendConsolePost(ctx, p); err != nil {
		return nil, fault(op, err)
	}
	c.news.ring()
	return p, nil
}

// answerOf is a reply as a message.
func answerOf(r hub.Reply) hub.Message {
	switch {
	case r.OK != nil:
		return hub.Message{Text: r.OK.Text, Actions: r.OK.Actions}
	case r.Error != nil:
		return hub.Message{Text: refusalText(r.Error)}
	case r.Navigate != nil:
		return hub.Message{Text: r.Navigate.Text, Actions: []hub.Action{{Label: "Open the page", Style: "primary", URL: r.Navigate.URL}}}
	case r.Form != nil:
		return hub.Message{Text: fmt.Sprintf("**%s**: there is more to say.", escape(r.Form.Title)), Actions: []hub.Action{formOpener(r.Form)}}
	}
	return hub.Message{}
}

// refusalText is an error with what is wrong with each field.
func refusalText(e *hub.Refusal) string {
	lines := []string{}
	if e.Text != "" {
		lines = append(lines, e.Text, "")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		lines = append(lines, fmt.Sprintf("- %s: %s", verbatim(name), e.Fields[name]))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// escape is plain text as CommonMark.
func escape(s string) string {
	return markupChars.Replace(fact(s, longestFact))
}

var markupChars = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, "~", `\~`)
