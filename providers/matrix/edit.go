package matrix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Editor = (*Client)(nil)

const (
	opEdit    = "send/m.replace"
	opRetract = "redact"

	fallbackLimit = 300 // what clients show that know no edits
)

// Edit implements providers.Editor: an event that replaces the content of the
// original one, which stays where it is, in its thread as well:
// https://spec.matrix.org/latest/client-server-api/#event-replacements. A
// homeserver takes it for whatever event, also for one that is redacted; clients
// then show nothing of it.
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	original, err := eventAt(opEdit, ref)
	if err != nil {
		return hub.Receipt{}, err
	}
	p.Root = ""
	room, err := c.open(ctx, p.To.ID)
	if err != nil {
		return hub.Receipt{}, err
	}
	note := ""
	if p.Message, note, err = c.illustrate(ctx, opEdit, p.Message); err != nil {
		return hub.Receipt{}, err
	}
	return noted(note)(providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		content := c.content(p, form)
		if strings.TrimSpace(content.Body) == "" {
			return hub.Receipt{}, empty(opEdit)
		}
		return c.replace(ctx, p, room, original, content)
	}))
}

// replace makes one attempt. The message itself stands in the new content alone:
// twice, it might not fit an event.
func (c *Client) replace(ctx context.Context, p providers.Post, room id.RoomID, original id.EventID, content *event.MessageEventContent) (hub.Receipt, *providers.Failed) {
	replacement := &event.MessageEventContent{
		MsgType: content.MsgType, Body: "* " + calm(providers.Fallback(providers.MarkStruck(p.Message), fallbackLimit, unit)),
		Mentions: &event.Mentions{}, NewContent: content, RelatesTo: (&event.RelatesTo{}).SetReplace(original),
	}
	res, err := c.api.SendMessageEvent(ctx, room, event.EventMessage, replacement,
		mautrix.ReqSendEvent{TransactionID: p.Key, DontEncrypt: true})
	if err != nil {
		failed := c.failed(ctx, opEdit, err, content)
		c.doubt(p.To.ID, room, failed.Err)
		return hub.Receipt{}, failed
	}
	if res == nil || !strings.HasPrefix(string(res.EventID), "$") {
		return hub.Receipt{}, &providers.Failed{Err: unreadable(opEdit, http.StatusOK)}
	}
	return hub.Receipt{
		Ref: hub.MessageRef(original), URL: room.EventURI(original, c.api.UserID.Homeserver()).MatrixToURL(), At: time.Now().UTC(),
	}, nil
}

// Retract implements providers.Editor:
// https://spec.matrix.org/latest/client-server-api/#redactions. The transaction
// is named after the message, so that a repetition is the same redaction. It
// goes to rooms that came to be encrypted, too: redactions never are, and they
// hold nothing that anybody said.
func (c *Client) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	original, err := eventAt(opRetract, ref)
	if err != nil {
		return err
	}
	room, _, err := c.enter(ctx, at.ID)
	if err != nil {
		return err
	}
	res, err := c.api.RedactEvent(ctx, room, original, mautrix.ReqRedact{TxnID: hub.Digest(opRetract, string(ref))})
	switch {
	case err == nil && (res == nil || !strings.HasPrefix(string(res.EventID), "$")):
		return unreadable(opRetract, http.StatusOK)
	case err == nil, errors.Is(err, mautrix.MNotFound): // there is no such event any more
		return nil
	}
	fault := c.fault(ctx, opRetract, err)
	if errors.Is(err, mautrix.MForbidden) { // enter has found the room
		fault.Fault = hub.FaultRejected
		fault.Err = fmt.Errorf("%w; to take back what others wrote the bot needs the power level of the room's redact", fault.Err)
	}
	return fault
}

func eventAt(op string, ref hub.MessageRef) (id.EventID, error) {
	if !strings.HasPrefix(string(ref), "$") || len(ref) < 2 || len(ref) > 255 {
		return "", &providers.Error{Fault: hub.FaultRejected, Op: op, Err: fmt.Errorf("%.40q is no event's id", string(ref))}
	}
	return id.EventID(ref), nil
}

// preview is m as Send would post it, with an image that stands for the uploaded
// one. What has no HTML goes out as its words.
func preview(m hub.Message) hub.Rendered {
	m, image := providers.Illustrated(m, providers.ImagesUpload)
	if m.Card != nil {
		m = providers.WithImage(m, nil)
	}
	body, formatted := render(m)
	r := hub.Rendered{Kind: "matrix", Plain: body}
	if text := cmp.Or(formatted, html.EscapeString(body)); text != "" {
		r.Parts = []hub.Part{{As: hub.PartText, Text: text}}
	}
	if image != nil {
		_, formatted = render(uploaded(m, image, previewed))
		r.Parts = append(r.Parts, hub.Part{As: hub.PartImage, Text: image.Alt, URL: image.URL})
	}
	r.Markup = cmp.Or(formatted, body)
	return r
}
