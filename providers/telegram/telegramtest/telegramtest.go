// Package telegramtest is a look-alike of Telegram's Bot API for tests: it
// takes messages as the real one does, refuses what that refuses in its words,
// and shows nothing to anyone.
package telegramtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

var _ providertest.Platform = (*Platform)(nil)

// Platform is the Bot API with one bot. Every chat exists, and the bot is in
// it, unless it was told otherwise. What people do there the bot hears by long
// poll or webhook, as it asks: Speak, Press and the other verbs, or a Stage.
type Platform struct {
	providertest.Recorder
	token string
	mux   *http.ServeMux

	mu     sync.Mutex
	last   map[string]int64 // the last message's number per chat
	kicked map[string]bool
	stands map[string]standing // how the bot stands in chats, where that is not as usual
	others map[string]bool     // messages of somebody else, by ref
	old    bool                // all messages are older than a bot may delete

	world
}

// New makes a Platform whose bot has this token.
func New(token string) *Platform {
	p := &Platform{
		token: token, mux: http.NewServeMux(), last: map[string]int64{}, kicked: map[string]bool{}, stands: map[string]standing{}, others: map[string]bool{}, world: newWorld(),
	}
	for method, does := range map[string]http.HandlerFunc{
		"getMe": p.getMe, "sendMessage": p.sendMessage, "editMessageText": p.editMessageText, "deleteMessage": p.deleteMessage,
		"sendPhoto": p.sendPhoto, "editMessageMedia": p.editMessageMedia, "editMessageCaption": p.editMessageCaption,
		"editMessageReplyMarkup": p.editMessageReplyMarkup, "answerCallbackQuery": p.answerCallbackQuery,
		"setMyCommands": p.setMyCommands, "getChatMember": p.getChatMember, "getChat": p.getChat,
		"getUpdates": p.getUpdates, "setWebhook": p.setWebhook, "deleteWebhook": p.deleteWebhook, "getWebhookInfo": p.getWebhookInfo,
	} {
		p.mux.HandleFunc("/{bot}/"+method, p.authorized(does))
	}
	p.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	return p
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// Kick takes the bot out of a chat.
func (p *Platform) Kick(chat string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kicked[chat] = true
}

var tokenShape = regexp.MustCompile(`^bot[0-9]+:[A-Za-z0-9_-]+$`)

func (p *Platform) authorized(then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch bot := r.PathValue("bot"); {
		case !tokenShape.MatchString(bot):
			refuse(w, http.StatusNotFound, "Not Found")
		case bot != "bot"+p.token:
			refuse(w, http.StatusUnauthorized, "Unauthorized")
		default:
			then(w, r)
		}
	}
}

func (p *Platform) getMe(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	grant(w, p.bot())
}

// message is what a caller asked for, with JSON in place of JSON in strings.
type message struct {
	ChatID      string          `json:"chat_id"`
	Thread      int64           `json:"message_thread_id,omitempty"`
	Photo       string          `json:"photo,omitempty"` // a file's id: Text is its caption then
	Text        string          `json:"text"`
	ParseMode   string          `json:"parse_mode,omitempty"`
	LinkPreview json.RawMessage `json:"link_preview_options,omitempty"`
	Reply       *reply          `json:"reply_parameters,omitempty"`
	Markup      json.RawMessage `json:"reply_markup,omitempty"`
}

type reply struct {
	MessageID int64 `json:"message_id"`
	Lenient   bool  `json:"allow_sending_without_reply"`
}

func decode(raw json.RawMessage) message {
	var m message
	_ = json.Unmarshal(raw, &m)
	return m
}

func (p *Platform) sendMessage(w http.ResponseWriter, r *http.Request) {
	step, scripted := p.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	m, err := read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: "+err.Error())
		return
	}
	sent, refusal := p.accept(m)
	switch {
	case refusal != nil:
		refusal.answer(w)
	case scripted:
		step.Answer(w, r)
	default:
		grant(w, sent)
	}
}

func read(r *http.Request) (message, error) {
	m := message{ChatID: r.FormValue("chat_id"), Text: r.FormValue("text"), ParseMode: r.FormValue("parse_mode")}
	m.Thread, _ = strconv.ParseInt(r.FormValue("message_thread_id"), 10, 64)
	if v := r.FormValue("link_preview_options"); v != "" {
		if err := checkPreview([]byte(v)); err != nil {
			return m, err
		}
		m.LinkPreview = json.RawMessage(v)
	}
	if v := r.FormValue("reply_parameters"); v != "" {
		if json.Unmarshal([]byte(v), &m.Reply) != nil {
			return m, fmt.Errorf("can't parse reply parameters JSON object")
		}
	}
	if v := r.FormValue("reply_markup"); v != "" {
		if err := checkMarkup([]byte(v)); err != nil {
			return m, err
		}
		m.Markup = json.RawMessage(v)
	}
	return m, nil
}

// preview is what is to be shown of a link:
// https://core.telegram.org/bots/api#linkpreviewoptions
type preview struct {
	Disabled bool   `json:"is_disabled"`
	URL      string `json:"url"`
	Small    bool   `json:"prefer_small_media"`
	Large    bool   `json:"prefer_large_media"`
	Above    bool   `json:"show_above_text"`
}

func checkPreview(options []byte) error {
	var p preview
	if json.Unmarshal(options, &p) != nil {
		return errors.New("can't parse link preview options JSON object")
	}
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return errors.New("WEBPAGE_URL_INVALID")
	}
	return nil
}

type refusal struct {
	code        int
	description string
	parameters  map[string]any
}

func (r *refusal) answer(w http.ResponseWriter) {
	body := map[string]any{"ok": false, "error_code": r.code, "description": r.description}
	if r.parameters != nil {
		body["parameters"] = r.parameters
	}
	answer(w, r.code, body)
}

func bad(why string) *refusal {
	return &refusal{code: http.StatusBadRequest, description: "Bad Request: " + why}
}

// limit is the longest text, in UTF-16 units after entities were parsed.
const limit = 4096

func (p *Platform) accept(m message) (map[string]any, *refusal) {
	text, why := visible(m)
	if why != nil {
		return nil, why
	}
	id, known := chatID(m.ChatID)
	if !known {
		return nil, bad("chat not found")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if why := p.shut(m.ChatID); why != nil {
		return nil, why
	}
	if p.stands[m.ChatID].mute {
		return nil, bad("not enough rights to send text messages to the chat")
	}
	if why := p.noTopic(id, m.Thread); why != nil {
		return nil, why
	}
	if m.Reply != nil && m.Reply.MessageID > p.last[m.ChatID] {
		if !m.Reply.Lenient {
			return nil, bad("message to be replied not found")
		}
		m.Reply = nil
	}
	return p.record(m, id, text), nil
}

func visible(m message) (string, *refusal) {
	text := m.Text
	switch m.ParseMode {
	case "":
	case "HTML":
		var err error
		if text, _, err = ParseHTML(m.Text); err != nil {
			return "", bad("can't parse entities: " + err.Error())
		}
	default:
		return "", bad("unsupported parse_mode")
	}
	text = strings.TrimSpace(text)
	switch {
	case m.Photo != "" && providers.UTF16.Len(text) > captionLimit:
		return "", bad("message caption is too long")
	case m.Photo != "":
	case text == "":
		return "", bad("message text is empty")
	case providers.UTF16.Len(text) > limit:
		return "", bad("message is too long")
	}
	return text, nil
}

// record keeps an accepted message and is the Message that the caller gets.
func (p *Platform) record(m message, chat int64, text string) map[string]any {
	p.last[m.ChatID]++
	n := p.last[m.ChatID]
	ref := func(n int64) string { return refOf(chat, n) }
	now := time.Now()
	s := providertest.Sent{Chat: m.ChatID, Text: text, Ref: ref(n), Raw: encode(m), At: now}
	if m.Thread != 0 {
		s.Chat += fmt.Sprintf("/%d", m.Thread)
	}
	answer := map[string]any{"message_id": n, "date": now.Unix(), "chat": describe(m.ChatID, chat), "text": text}
	if m.Reply != nil {
		s.Root = ref(m.Reply.MessageID)
		answer["reply_to_message"] = map[string]any{"message_id": m.Reply.MessageID}
	}
	p.Record(s)
	return answer
}

func encode(m message) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(m)
	return bytes.TrimSpace(b.Bytes())
}

// chatID is the number of a chat; one with a name gets one made up from it.
func chatID(chat string) (int64, bool) {
	if n, err := strconv.ParseInt(chat, 10, 64); err == nil && n != 0 {
		return n, true
	}
	name, ok := strings.CutPrefix(chat, "@")
	if !ok || len(name) < 4 {
		return 0, false
	}
	n := int64(0)
	for _, c := range name {
		n = (n*31 + int64(c)) % 1_000_000_000
	}
	return -1_001_000_000_000 - n, true
}

func describe(name string, id int64) map[string]any {
	chat := map[string]any{"id": id, "type": "supergroup"}
	switch {
	case strings.HasPrefix(name, "@"):
		chat["username"] = name[1:]
	case id > 0:
		chat["type"] = "private"
	case id > -1_000_000_000_000:
		chat["type"] = "group"
	}
	return chat
}

func grant(w http.ResponseWriter, result any) {
	answer(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, code int, description string) {
	answer(w, code, map[string]any{"ok": false, "error_code": code, "description": description})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(cmp.Or(code, http.StatusOK))
	_ = json.NewEncoder(w).Encode(body)
}
