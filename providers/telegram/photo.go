package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"strings"
	"sync"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

const (
	opPhoto   = "sendPhoto"
	opCaption = "editMessageCaption"
	opMedia   = "editMessageMedia"

	// maxCaption is the longest text below a photo, counted after its markup has
	// become entities, and the rest what a photo may be:
	// https://core.telegram.org/bots/api#sendphoto
	maxCaption = 1024
	maxPhoto   = 10_000_000 // bytes
	maxSides   = 10_000     // pixels, of both sides together
	maxRatio   = 20
)

func terms() upload.Terms {
	return upload.Terms{Most: maxPhoto, Fits: func(f providers.File) error {
		long, short := max(f.Width, f.Height), min(f.Width, f.Height)
		if long+short > maxSides || long > maxRatio*short {
			return fmt.Errorf("telegram takes no photo of %d × %d pixels", f.Width, f.Height)
		}
		return nil
	}}
}

// photo is a message as a photo with a caption. Bots can upload a photo only by
// sending it, or by putting it in place of another; the id that it has then can
// be sent on.
type photo struct {
	key    string // of the upload
	image  *hub.Image
	method string
	params tgbotapi.Params
	// field is where the photo goes: a parameter, or what a medium of the call
	// refers to.
	field string
}

// outcome is how a call with a photo ended, if one was made.
type outcome struct {
	receipt hub.Receipt
	failed  *providers.Failed
	made    bool
}

// illustrate makes one attempt to post or to edit with a photo. Where that cannot
// be, made is false or failed says why, and note is what to say of the message
// without it.
func (c *Client) illustrate(ctx context.Context, p photo, say func(*sent) hub.Receipt) (o outcome, note string) {
	call := func(ctx context.Context, f *providers.File, id string) (string, *providers.Error) {
		var m sent
		o.made, o.failed = true, c.callPhoto(ctx, p, f, id, &m)
		if o.failed != nil {
			return "", o.failed.Err
		}
		if m.ID == 0 || len(m.Photo) == 0 {
			o.failed = c.unreadable(p.method, http.StatusOK)
			return "", o.failed.Err
		}
		o.receipt = say(&m)
		return m.Photo[len(m.Photo)-1].FileID, nil
	}
	id, err := c.album.Upload(ctx, p.key, p.image, func(ctx context.Context, f providers.File) (string, error) {
		id, failed := call(ctx, &f, "")
		switch {
		case failed == nil:
			return id, nil
		case ofChat(o.failed):
			return "", &upload.OwnError{Err: failed}
		}
		return "", failed
	})
	if err == nil && !o.made { // it was uploaded before, or for somebody else meanwhile
		if _, failed := call(ctx, nil, id); failed != nil && photoRefused(o.failed) && !ofChat(o.failed) {
			c.album.Spoiled(p.key, failed)
		}
	}
	switch {
	case o.made && o.failed == nil:
		return o, ""
	case o.made && !photoRefused(o.failed):
		return o, ""
	case o.made:
		return outcome{}, upload.Note(errors.New("telegram refuses it: " + o.failed.Said))
	case err != nil:
		return o, upload.Note(err)
	}
	return o, ""
}

// callPhoto makes a call with a photo: a new one, or one that Telegram has.
func (c *Client) callPhoto(ctx context.Context, p photo, f *providers.File, id string, m *sent) *providers.Failed {
	params := tgbotapi.Params{}
	for k, v := range p.params {
		params[k] = v
	}
	where := id
	if f != nil {
		where = "attach://" + p.field
	}
	if p.method == opMedia {
		medium := map[string]any{"type": "photo", "media": where, "caption": params["caption"]}
		if mode := params["parse_mode"]; mode != "" {
			medium["parse_mode"] = mode
		}
		delete(params, "caption")
		delete(params, "parse_mode")
		params["media"] = object(medium)
	} else if f == nil {
		params[p.field] = id
	}
	if f == nil {
		return c.call(ctx, p.method, params, m)
	}
	return c.uploadCall(ctx, p.method, params, p.field, f, m)
}

// uploadCall is call with a file: https://core.telegram.org/bots/api#sending-files
func (c *Client) uploadCall(ctx context.Context, method string, params tgbotapi.Params, field string, f *providers.File, result any) *providers.Failed {
	t := &transport{ctx: ctx, client: c.http, most: maxAnswer}
	bot := &tgbotapi.BotAPI{Token: c.cfg.Token.Reveal(), Client: t}
	bot.SetAPIEndpoint(endpoint(c.cfg.APIURL))
	answer, err := bot.UploadFiles(method, params, []tgbotapi.RequestFile{{Name: field, Data: tgbotapi.FileBytes{Name: f.Name, Bytes: f.Data}}})
	if err != nil {
		return c.failed(method, t, err)
	}
	if json.Unmarshal(answer.Result, result) != nil {
		return c.unreadable(method, t.status)
	}
	return nil
}

// photoRefused reports whether Telegram refused a photo, and not the message that
// it is in: of that the form without it says more.
func photoRefused(f *providers.Failed) bool {
	return f != nil && (f.Instead != providers.Whole || f.Err.Fault == hub.FaultRejected)
}

// ofChat reports whether a call with a photo failed for what its chat is, or how
// often it was called for: other chats may take the photo.
func ofChat(f *providers.Failed) bool {
	return f.Err.Fault == hub.FaultChatGone || f.Err.Fault == hub.FaultRateLimited || noPhotos(strings.ToLower(f.Said))
}

// noPhotos reports whether Telegram says that a chat takes no photos from us. It
// may take texts.
func noPhotos(said string) bool {
	for _, part := range []string{"not enough rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden"} {
		if strings.Contains(said, part) {
			return true
		}
	}
	return false
}

// sendPhoto makes one attempt to post m as a photo. done is false where it has to
// go there otherwise.
func (c *Client) sendPhoto(ctx context.Context, to address, p providers.Post, m hub.Message, image *hub.Image) (o outcome, note string) {
	params := to.params(p.Root)
	if !c.caption(params, m) {
		return outcome{}, ""
	}
	asked := params["reply_parameters"]
	return c.illustrate(ctx, photo{key: image.URL, image: image, method: opPhoto, params: params, field: "photo"}, func(s *sent) hub.Receipt {
		r := c.receipt(s, asked)
		c.photos.shows(r.Ref, image.URL)
		return r
	})
}

// caption puts a message into the parameters of a call with a photo. It is false
// if there is nothing to say.
func (c *Client) caption(params tgbotapi.Params, m hub.Message) bool {
	params["caption"] = c.captions(m, providers.Whole)
	params["parse_mode"] = "HTML"
	if k := c.keyboard(m.Actions, true); k != nil {
		params["reply_markup"] = object(k)
	}
	return strings.TrimSpace(params["caption"]) != ""
}

// writeCaption is the text of a message below a photo.
func writeCaption(m hub.Message, form providers.Form) string {
	if form == providers.PlainWords {
		return renderWithin(m, bare(), maxCaption)
	}
	return renderWithin(m, markup(), maxCaption)
}

// editPhoto makes one attempt to make the message at ref a photo with a caption.
func (c *Client) editPhoto(ctx context.Context, m hub.Message, image *hub.Image, ref hub.MessageRef) (o outcome, note string) {
	params, err := messageAt(opMedia, ref)
	if err != nil || !c.caption(params, m) {
		return outcome{}, ""
	}
	if c.photos.of(ref) == image.URL {
		r, failed := c.edited(ctx, opCaption, params, ref)
		if failed == nil || !strings.Contains(strings.ToLower(failed.Said), noCaption) {
			return outcome{receipt: r, failed: failed, made: true}, ""
		}
	}
	o, note = c.illustrate(ctx, photo{key: image.URL, image: image, method: opMedia, params: params, field: "photo"}, func(s *sent) hub.Receipt {
		c.photos.shows(ref, image.URL)
		return changed(s, ref)
	})
	if o.failed != nil && unmodified(o.failed) {
		c.photos.shows(ref, image.URL)
		return outcome{receipt: hub.Receipt{Ref: ref}, made: true}, ""
	}
	return o, note
}

// What Telegram says to an edit of a text in a photo, and of a caption in a text.
const (
	noText    = "there is no text in the message to edit"
	noCaption = "there is no caption in the message to edit"
)

// isPhoto reports whether an edit of a text failed because it is one of a photo.
func isPhoto(f *providers.Failed) bool {
	return f != nil && strings.Contains(strings.ToLower(f.Said), noText)
}

// unmodified reports whether an edit was refused because the message says so
// already.
func unmodified(f *providers.Failed) bool {
	return f != nil && strings.Contains(strings.ToLower(f.Said), "message is not modified")
}

// editBelow makes one attempt at an edit of a photo's words. keep is that the
// photo may stay: a photo cannot become a text again, and what may not be seen any
// more gives way to an empty one.
func (c *Client) editBelow(ctx context.Context, m hub.Message, form providers.Form, ref hub.MessageRef, keep bool) (hub.Receipt, *providers.Failed) {
	params, err := messageAt(opMedia, ref)
	if err != nil {
		return hub.Receipt{}, &providers.Failed{Err: err}
	}
	c.caption(params, m)
	if form == providers.PlainWords {
		params["caption"] = c.captions(m, form)
		delete(params, "parse_mode")
	}
	if keep {
		return c.edited(ctx, opCaption, params, ref)
	}
	var s sent
	p := photo{method: opMedia, params: params, field: "photo"}
	f := &providers.File{Name: "empty.png", Type: "image/png", Data: emptyPhoto()}
	if failed := c.callPhoto(ctx, p, f, "", &s); failed != nil {
		if unmodified(failed) {
			return hub.Receipt{Ref: ref}, nil
		}
		return hub.Receipt{}, failed
	}
	if s.ID == 0 {
		return hub.Receipt{}, c.unreadable(opMedia, http.StatusOK)
	}
	c.photos.shows(ref, "")
	return changed(&s, ref), nil
}

// emptyPhoto is a small picture of nothing.
var emptyPhoto = sync.OnceValue(func() []byte {
	pic := image.NewGray(image.Rect(0, 0, 160, 32))
	draw.Draw(pic, pic.Bounds(), &image.Uniform{color.Gray{Y: 0xe0}}, image.Point{}, draw.Src)
	var b bytes.Buffer
	_ = png.Encode(&b, pic) // into memory, of a picture that is one
	return b.Bytes()
})

// photos knows which message shows which image. It forgets those that were posted
// longest ago, and everything when the worker stops: then an edit puts the image
// there again.
type photos struct {
	mu    sync.Mutex
	known map[hub.MessageRef]string
	order []hub.MessageRef
}

// remembered is how many photos are known.
const remembered = 4096

func (p *photos) shows(ref hub.MessageRef, image string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[hub.MessageRef]string{}
	}
	if _, known := p.known[ref]; !known {
		p.order = append(p.order, ref)
	}
	p.known[ref] = image
	for len(p.order) > remembered {
		delete(p.known, p.order[0])
		p.order = p.order[1:]
	}
}

func (p *photos) of(ref hub.MessageRef) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[ref]
}
