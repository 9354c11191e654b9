package telegramtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif"  // for image.DecodeConfig
	_ "image/jpeg" // likewise
	_ "image/png"  // likewise
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// captionLimit is the longest text below a photo, in UTF-16 units after entities
// were parsed, and the others what a photo may be:
// https://core.telegram.org/bots/api#sendphoto
const (
	captionLimit = 1024
	photoLimit   = 10_000_000
	sidesLimit   = 10_000
	ratioLimit   = 20
)

func (p *Platform) sendPhoto(w http.ResponseWriter, r *http.Request) {
	m, err := read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
		return
	}
	m.Text, m.LinkPreview = r.FormValue("caption"), nil
	p.withPhoto(w, r, "photo", r.FormValue("photo"), func(id string) (any, *refusal) {
		m.Photo = id
		return p.accept(m)
	})
}

// editMessageMedia replaces what a message shows, and gives a text something to
// show: https://core.telegram.org/bots/api#editmessagemedia
func (p *Platform) editMessageMedia(w http.ResponseWriter, r *http.Request) {
	m, err := read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
		return
	}
	var medium struct {
		Type, Media, Caption string
		ParseMode            string `json:"parse_mode"`
	}
	if json.Unmarshal([]byte(r.FormValue("media")), &medium) != nil || medium.Type != "photo" {
		refuse(w, http.StatusBadRequest, "Bad Request: can't parse InputMedia JSON object")
		return
	}
	field, attached := strings.CutPrefix(medium.Media, "attach://")
	id := medium.Media
	if attached {
		id = ""
	}
	m.Text, m.ParseMode, m.LinkPreview = medium.Caption, medium.ParseMode, nil
	p.withPhoto(w, r, field, id, func(id string) (any, *refusal) {
		m.Photo = id
		return p.edit(m, r.FormValue("message_id"))
	})
}

// withPhoto plays both scripts around a call with a photo: a new one, in a field,
// or one that is here.
func (p *Platform) withPhoto(w http.ResponseWriter, r *http.Request, field, id string, do func(id string) (any, *refusal)) {
	step, scripted := p.Next()
	if id == "" && !scripted {
		step, scripted = p.NextUpload()
	}
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	if id == "" {
		var why *refusal
		if id, why = p.keepPhoto(r, field); why != nil {
			why.answer(w)
			return
		}
	} else if !p.hasPhoto(id) {
		refuse(w, http.StatusBadRequest, "Bad Request: wrong file identifier/HTTP URL specified")
		return
	}
	result, refused := do(id)
	switch {
	case refused != nil:
		refused.answer(w)
	case scripted:
		step.Answer(w, r)
	default:
		if m, ok := result.(map[string]any); ok {
			m["caption"] = m["text"]
			delete(m, "text")
			m["photo"] = []map[string]any{{"file_id": id + "-small", "width": 32, "height": 24}, {"file_id": id, "width": 64, "height": 48}}
		}
		grant(w, result)
	}
}

func (p *Platform) hasPhoto(id string) bool {
	return slices.ContainsFunc(p.Uploads(), func(u providertest.Upload) bool { return u.ID == id })
}

func (p *Platform) keepPhoto(r *http.Request, field string) (string, *refusal) {
	f, head, err := r.FormFile(field)
	if err != nil {
		return "", bad("there is no photo in the request")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, photoLimit+1))
	if err != nil || len(data) > photoLimit {
		return "", &refusal{code: http.StatusRequestEntityTooLarge, description: "Request Entity Too Large"}
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", bad("IMAGE_PROCESS_FAILED")
	}
	long, short := max(size.Width, size.Height), min(size.Width, size.Height)
	if long+short > sidesLimit || long > ratioLimit*short {
		return "", bad("PHOTO_INVALID_DIMENSIONS")
	}
	id := fmt.Sprintf("AgACAgIAAxk-%d", len(p.Uploads())+1)
	p.Keep(providertest.Upload{ID: id, Name: head.Filename, Type: http.DetectContentType(data), Data: data})
	return id, nil
}

func (p *Platform) editMessageCaption(w http.ResponseWriter, r *http.Request) {
	m, err := read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
		return
	}
	m.Text, m.LinkPreview = r.FormValue("caption"), nil
	p.changing(w, r, func() (any, *refusal) {
		old, why := p.find(m.ChatID, r.FormValue("message_id"), "edit")
		if why != nil {
			return nil, why
		}
		if m.Photo = decode(old.Raw).Photo; m.Photo == "" {
			return nil, bad("there is no caption in the message to edit")
		}
		return p.edit(m, r.FormValue("message_id"))
	})
}
