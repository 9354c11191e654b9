package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Answer implements providers.Answerer. An answer for one person goes to the
// address that Slack gave with the command, where it needs no membership, or is
// posted so that only they see it. A modal opens within three seconds of what
// the person did; after that a message with a button opens it.
func (c *Client) Answer(ctx context.Context, command *hub.Command, r hub.Reply) (hub.Receipt, error) {
	if r.Form != nil {
		return c.openForm(ctx, command, r.Form)
	}
	return c.publish(ctx, command, c.pages(r), isPublic(r))
}

func isPublic(r hub.Reply) bool { return r.OK != nil && r.OK.Public }

// openForm shows a form: in place of the modal that is to be refreshed, as a
// modal, or behind a button.
func (c *Client) openForm(ctx context.Context, command *hub.Command, f *hub.Form) (hub.Receipt, error) {
	props := command.Context.Source.Props
	if id := props[propView]; id != "" {
		return hub.Receipt{}, c.updateView(ctx, c.nextView(command, f), id, props[propHash])
	}
	trigger := command.Security.TriggerID
	if trigger == "" || since(props[propTrigger], time.Millisecond) > triggerLasts {
		return c.offerForm(ctx, command, f)
	}
	w, api := c.open()
	_, err := api.OpenViewContext(ctx, trigger, sheetOf(f, memoOf(command, f.Token), nil, nil))
	switch code := refusedWith(err); {
	case err == nil:
		return hub.Receipt{}, nil
	case strings.Contains(code, "trigger"):
		return c.offerForm(ctx, command, f)
	}
	return hub.Receipt{}, c.judge("views.open", w, err)
}

// offerForm is a message with a button that opens a form: pressing it gives a
// trigger of its own, and the hub is asked for the form by its token.
func (c *Client) offerForm(ctx context.Context, command *hub.Command, f *hub.Form) (hub.Receipt, error) {
	title := providers.Label(f.Title, providers.TitleLimit, unit)
	pages := c.pages(hub.Reply{OK: &hub.OK{Text: "There is something to fill in."}})
	open := hub.Action{Label: cmp.Or(title, "Open the form"), Style: "primary"}
	pages[0].blocks = append(pages[0].blocks, slack.NewActionBlock("", button(open, actionForm, f.Token)))
	return c.publish(ctx, command, pages, false)
}

// since is how long ago a time was that is written in a unit, long if there is
// none.
func since(at string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return time.Duration(1<<63 - 1)
	}
	return time.Since(time.Unix(0, n*int64(unit)))
}

// refusedWith is Slack's word for why it refused a call.
func refusedWith(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return refused.Err
	}
	return ""
}

// way is one way to bring a message to where a command was given.
type way func(ctx context.Context, p page, form providers.Form) (hub.Receipt, *providers.Failed)

// ways are those that there are, the best first.
func (c *Client) ways(command *hub.Command, public bool) []way {
	in := &command.Context
	thread := threadOf(in.RootPost)
	post := func(channel, thread string) way {
		return func(ctx context.Context, p page, form providers.Form) (hub.Receipt, *providers.Failed) {
			return c.postPage(ctx, channel, thread, p, form)
		}
	}
	whisper := func(ctx context.Context, p page, form providers.Form) (hub.Receipt, *providers.Failed) {
		return c.whisper(ctx, in.Channel.ID, in.User.ID, thread, p, form)
	}
	var respond []way
	if to := in.Source.Props[propURL]; to != "" && since(in.Source.Props[propURLAt], time.Second) < urlLasts {
		respond = []way{func(ctx context.Context, p page, form providers.Form) (hub.Receipt, *providers.Failed) {
			return c.respond(ctx, to, p, public, thread, form)
		}}
	}
	switch {
	case in.Channel.ID == "":
		return append(respond, post(in.User.ID, ""))
	case public:
		return append([]way{post(in.Channel.ID, thread)}, respond...)
	case in.Channel.Direct:
		return append(respond, post(in.Channel.ID, thread), post(in.User.ID, ""))
	case thread != "":
		return append(append([]way{whisper}, respond...), post(in.User.ID, ""))
	default:
		return append(respond, whisper, post(in.User.ID, ""))
	}
}

// publish shows pages, each the first way that is open. The receipt is of the
// last, which has the actions. Once people have seen some of them, it is not tried
// again.
func (c *Client) publish(ctx context.Context, command *hub.Command, pages []page, public bool) (hub.Receipt, error) {
	var receipt hub.Receipt
	open := c.ways(command, public)
	for i, p := range pages {
		next, left, err := bring(ctx, p, open)
		switch {
		case err != nil && i == 0:
			return hub.Receipt{}, err
		case err != nil:
			receipt.Note = fmt.Sprintf("only %d of %d parts were posted: %s", i, len(pages), err)
			c.log.WarnContext(ctx, "answer cut short", "system", c.system, "chat", command.Context.Channel.ID, "err", err)
			return receipt, nil
		}
		receipt, open = next, left
	}
	return receipt, nil
}

// bring shows a page the first way that is open, and tells which are left. The
// error is that of the best way, which is the one to mend.
func bring(ctx context.Context, p page, open []way) (hub.Receipt, []way, error) {
	var first error
	for i, w := range open {
		receipt, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) { return w(ctx, p, form) })
		if err == nil {
			return receipt, open[i:], nil
		}
		first = cmp.Or(first, err)
		if fault := providers.FaultOf(err); fault == hub.FaultTemporary || fault == hub.FaultRateLimited {
			return hub.Receipt{}, open[i:], err
		}
	}
	return hub.Receipt{}, nil, first
}

func (p page) options(form providers.Form, thread string) []slack.MsgOption {
	options := []slack.MsgOption{slack.MsgOptionText(p.text, false), slack.MsgOptionBlocks(p.blocks...)}
	if form == providers.PlainWords || len(p.blocks) == 0 {
		options = []slack.MsgOption{slack.MsgOptionText(p.plain, false)}
	}
	options = append(options, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if thread != "" {
		options = append(options, slack.MsgOptionTS(thread))
	}
	return options
}

// postPage posts for all who are in the channel.
func (c *Client) postPage(ctx context.Context, channel, thread string, p page, form providers.Form) (hub.Receipt, *providers.Failed) {
	w, api := c.open()
	channel, ts, err := api.PostMessageContext(ctx, channel, p.options(form, thread)...)
	if err == nil && ts == "" {
		err = errNoAnswer
	}
	if err != nil {
		return hub.Receipt{}, c.failed("chat.postMessage", w, err)
	}
	r := c.receipt(channel, ts)
	r.At = timeOf(ts)
	return r, nil
}

// whisper posts for one person: https://docs.slack.dev/reference/methods/chat.postEphemeral
func (c *Client) whisper(ctx context.Context, channel, user, thread string, p page, form providers.Form) (hub.Receipt, *providers.Failed) {
	w, api := c.open()
	ts, err := api.PostEphemeralContext(ctx, channel, user, p.options(form, thread)...)
	if err == nil && ts == "" {
		err = errNoAnswer
	}
	if err != nil {
		return hub.Receipt{}, c.failed("chat.postEphemeral", w, err)
	}
	return hub.Receipt{Ref: refOf(channel, ts), At: timeOf(ts)}, nil
}

// respond posts to the address that Slack gave with a command. Slack does not
// say which message that makes.
func (c *Client) respond(ctx context.Context, to string, p page, public bool, thread string, form providers.Form) (hub.Receipt, *providers.Failed) {
	const op = "response_url"
	if !c.mayCall(to) {
		return hub.Receipt{}, &providers.Failed{Err: &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errors.New("it does not lead to Slack")}}
	}
	message := p.response(public, thread)
	if form == providers.PlainWords || len(p.blocks) == 0 {
		message.Text, message.Blocks = p.plain, nil
	}
	w := &wire{http: c.http}
	if err := w.deliver(ctx, to, message); err != nil {
		return hub.Receipt{}, c.failed(op, w, err)
	}
	return hub.Receipt{At: time.Now().UTC()}, nil
}

// mayCall reports whether an address is Slack's: a command has come a long way
// before it is answered.
func (c *Client) mayCall(to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return false
	}
	if api, err := url.Parse(c.api); err == nil && u.Scheme == api.Scheme && u.Host == api.Host {
		return true
	}
	host := u.Hostname()
	return u.Scheme == "https" && (strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
}

// deliver posts JSON to an address of Slack's. Its errors do not name the
// address, which lets anyone answer.
func (w *wire) deliver(ctx context.Context, to string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return bare(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := w.Do(req)
	if err != nil {
		return bare(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var r slack.SlackResponse
	if json.NewDecoder(resp.Body).Decode(&r) == nil && r.Error != "" {
		return slack.SlackErrorResponse{Err: r.Error, ResponseMetadata: r.ResponseMetadata}
	}
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return slack.SlackErrorResponse{Err: "expired_url"}
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New("it was not taken")
	}
	return nil
}
