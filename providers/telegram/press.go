package telegram

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// press is https://core.telegram.org/bots/api#callbackquery.
type press struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"` // one too old to be looked at has a chat and a number only
	Data    string   `json:"data"`
}

const (
	opAcknowledge = "answerCallbackQuery"
	opMarkup      = "editMessageReplyMarkup"

	notOurs = "This button is not one of Bellhop's, or older than the bot's token. Give the command again."
	tooOld  = "This list is too old. Give the command again."
)

// press does what a button is for. It is acknowledged at once, while that is
// done: until then Telegram shows that the bot is at work, and once it has waited
// too long that it does not answer. An error is that its answer was not shown.
func (c *Client) press(ctx context.Context, ear providers.Ear, p *press) error {
	kind, token, rest, ours := c.pressed(p.Data)
	if !ours || p.Message == nil {
		c.log.WarnContext(ctx, "button refused: its data is not ours", "person", p.From.ID)
		c.acknowledge(ctx, p.ID, notOurs)
		return nil
	}
	at := pressing{c: c, ear: ear, p: p, token: token}
	switch kind {
	case isButton:
		return at.run(ctx, hub.FromButton, nil)
	case isValue:
		return at.run(ctx, hub.FromSelect, hub.Values{hub.ChosenValue: {rest}})
	case isDigest:
		return at.choose(ctx, rest)
	case isPage:
		return at.turn(ctx, rest)
	}
	c.acknowledge(ctx, p.ID, "")
	return nil
}

// acknowledge ends the waiting of who pressed, with words to be read if there
// are any. What goes wrong with it harms nothing but that.
func (c *Client) acknowledge(ctx context.Context, id, words string) {
	params := tgbotapi.Params{"callback_query_id": id}
	if words != "" {
		params["text"], params["show_alert"] = words, "true"
	}
	var done bool
	failed := c.call(ctx, opAcknowledge, params, &done)
	if failed != nil && failed.Err.Fault == hub.FaultTemporary && ctx.Err() == nil {
		failed = c.call(ctx, opAcknowledge, params, &done)
	}
	if failed != nil {
		c.log.DebugContext(ctx, "button not acknowledged", "err", failed.Err)
	}
}

// pressing is a button of ours that is being pressed.
type pressing struct {
	c     *Client
	ear   providers.Ear
	p     *press
	token string
}

// command is what is pressed, as a command.
func (p pressing) command(source string, values hub.Values) *hub.Command {
	m := p.p.Message
	cmd := &hub.Command{
		Command: hub.Call{
			ID: hub.CommandFor(p.c.id, "press/"+p.p.ID), Kind: hub.KindSubmit, Encoded: values,
		},
		Security: hub.Security{Token: p.token},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: source}, System: p.c.id, User: p.p.From.hub(), Channel: m.room(), Post: m.ref(),
		},
	}
	if to := m.replyTo(); to != nil {
		cmd.Context.ParentPost = refOf(m.Chat.ID, to.ID)
	}
	return cmd
}

func (p pressing) run(ctx context.Context, source string, values hub.Values) error {
	return p.meanwhile(ctx, func() error {
		cmd := p.command(source, values)
		reply, later := p.ear.Do(ctx, cmd)
		if later {
			return nil
		}
		_, err := p.c.Answer(ctx, cmd, reply)
		return err
	})
}

// meanwhile does something while the press is acknowledged.
func (p pressing) meanwhile(ctx context.Context, do func() error) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.c.acknowledge(ctx, p.p.ID, "")
	}()
	err := do()
	<-done
	return err
}

// choose is run with a value of which the button has only the digest.
func (p pressing) choose(ctx context.Context, digest string) error {
	for _, o := range p.options(ctx) {
		if hub.Digest(o.Value) == digest {
			return p.run(ctx, hub.FromSelect, hub.Values{hub.ChosenValue: {o.Value}})
		}
	}
	p.c.acknowledge(ctx, p.p.ID, tooOld)
	return nil
}

// options are those of the select. The hub keeps them where we do not any more.
func (p pressing) options(ctx context.Context) []hub.Option {
	if known := p.c.selects.find(p.token); known != nil {
		return known
	}
	cmd := p.command(hub.FromSelect, hub.Values{hub.LookupField: {hub.ChosenValue}, hub.LookupQuery: {""}})
	cmd.Command.ID, cmd.Command.Kind = hub.CommandFor(p.c.id, "options/"+p.p.ID), hub.KindLookup
	reply, later := p.ear.Do(ctx, cmd)
	if later || reply.OK == nil || len(reply.OK.Options) == 0 {
		return nil
	}
	p.c.selects.keep(p.token, reply.OK.Options)
	return reply.OK.Options
}

// turn shows another page of a select's options.
func (p pressing) turn(ctx context.Context, to string) error {
	page, _ := strconv.Atoi(to) // which we wrote
	options := p.options(ctx)
	turned, ok := p.c.turned(p.p.Message.ReplyMarkup, p.token, p.c.page(p.token, options, page))
	if options == nil || !ok {
		p.c.acknowledge(ctx, p.p.ID, tooOld)
		return nil
	}
	return p.meanwhile(ctx, func() error {
		m := p.p.Message
		var edited json.RawMessage // the message
		failed := p.c.call(ctx, opMarkup, tgbotapi.Params{
			"chat_id": strconv.FormatInt(m.Chat.ID, 10), "message_id": strconv.FormatInt(m.ID, 10), "reply_markup": object(turned),
		}, &edited)
		if failed != nil && !strings.Contains(strings.ToLower(failed.Said), "message is not modified") {
			return failed.Err
		}
		return nil
	})
}
