package telegramtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Say posts a message as somebody else than the bot and returns its ref.
func (p *Platform) Say(chat string) string {
	id, _ := chatID(chat)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[chat]++
	ref := refOf(id, p.last[chat])
	p.others[ref] = true
	return ref
}

// Age makes all messages older than the 48 hours for which a bot may delete
// its own.
func (p *Platform) Age() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.old = true
}

// changing plays a step of the script around a change.
func (p *Platform) changing(w http.ResponseWriter, r *http.Request, change func() (any, *refusal)) {
	step, scripted := p.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	result, refused := change()
	switch {
	case refused != nil:
		refuse(w, refused.code, refused.description)
	case scripted:
		step.Answer(w, r)
	default:
		grant(w, result)
	}
}

func (p *Platform) editMessageText(w http.ResponseWriter, r *http.Request) {
	m, err := read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
		return
	}
	p.changing(w, r, func() (any, *refusal) { return p.edit(m, r.FormValue("message_id")) })
}

func (p *Platform) edit(m message, number string) (any, *refusal) {
	text, why := visible(m)
	if why != nil {
		return nil, why
	}
	old, why := p.find(m.ChatID, number, "edit")
	if why != nil {
		return nil, why
	}
	was := decode(old.Raw)
	if was.Photo != "" && m.Photo == "" {
		return nil, bad("there is no text in the message to edit")
	}
	if was.Photo == m.Photo && was.Text == m.Text && was.ParseMode == m.ParseMode && bytes.Equal(was.LinkPreview, m.LinkPreview) &&
		bytes.Equal(was.Markup, m.Markup) {
		return nil, bad(unmodified)
	}
	m.Thread, m.Reply = was.Thread, was.Reply
	p.Edit(old.Ref, text, encode(m))
	id, _ := chatID(m.ChatID)
	_, n, _ := strings.Cut(old.Ref, "/")
	return map[string]any{
		"message_id": numberOf(n), "date": old.At.Unix(), "edit_date": time.Now().Unix(), "chat": describe(m.ChatID, id), "text": text,
	}, nil
}

func (p *Platform) deleteMessage(w http.ResponseWriter, r *http.Request) {
	p.changing(w, r, func() (any, *refusal) {
		old, why := p.find(r.FormValue("chat_id"), r.FormValue("message_id"), "delete")
		if why != nil {
			return nil, why
		}
		p.Retract(old.Ref)
		return true, nil
	})
}

// find is the bot's own message that may be changed.
func (p *Platform) find(chat, number, verb string) (providertest.Sent, *refusal) {
	id, known := chatID(chat)
	if !known {
		return providertest.Sent{}, bad("chat not found")
	}
	ref := refOf(id, numberOf(number))
	p.mu.Lock()
	kicked, theirs, old := p.kicked[chat], p.others[ref], p.old
	p.mu.Unlock()
	sent := p.Sent()
	i := slices.IndexFunc(sent, func(s providertest.Sent) bool { return s.Ref == ref && !s.Gone })
	switch {
	case kicked:
		return providertest.Sent{}, &refusal{code: http.StatusForbidden, description: "Forbidden: bot was kicked from the supergroup chat"}
	case theirs, verb == "delete" && old && i >= 0:
		return providertest.Sent{}, bad("message can't be " + map[string]string{"edit": "edited", "delete": "deleted for everyone"}[verb])
	case i < 0:
		return providertest.Sent{}, bad("message to " + verb + " not found")
	}
	return sent[i], nil
}

const unmodified = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"

// editMessageReplyMarkup changes only what is below a message:
// https://core.telegram.org/bots/api#editmessagereplymarkup
func (p *Platform) editMessageReplyMarkup(w http.ResponseWriter, r *http.Request) {
	markup := r.FormValue("reply_markup")
	if markup != "" {
		if err := checkMarkup([]byte(markup)); err != nil {
			refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
			return
		}
	}
	old, why := p.find(r.FormValue("chat_id"), r.FormValue("message_id"), "edit")
	if why != nil {
		refuse(w, why.code, why.description)
		return
	}
	m := decode(old.Raw)
	if string(m.Markup) == markup {
		refuse(w, http.StatusBadRequest, "Bad Request: "+unmodified)
		return
	}
	m.Markup = json.RawMessage(markup)
	p.Edit(old.Ref, old.Text, encode(m))
	id, _ := chatID(m.ChatID)
	_, n, _ := strings.Cut(old.Ref, "/")
	grant(w, map[string]any{
		"message_id": numberOf(n), "date": old.At.Unix(), "edit_date": time.Now().Unix(), "chat": describe(m.ChatID, id), "text": old.Text,
	})
}

func refOf(chat, number int64) string { return fmt.Sprintf("%d/%d", chat, number) }

func numberOf(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
