package telegramtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// world is what is on Telegram besides the bot's messages. Platform.mu guards it.
type world struct {
	people   map[int64]*human
	rooms    map[int64]*place
	said     map[string]map[string]any // people's messages, by ref
	privacy  bool                      // the bot sees in groups only what is for it
	commands []Command
	asked    map[string]*Query

	feed
}

// human is somebody on Telegram.
type human struct {
	id    int64
	name  string
	admin bool
}

func (h *human) body() map[string]any {
	return map[string]any{"id": h.id, "is_bot": false, "first_name": h.name, "username": strings.ToLower(h.name)}
}

// place is a chat that somebody made.
type place struct {
	id     int64
	title  string
	kind   string
	topics map[int64]bool // nil: it has none
}

func (c *place) body() map[string]any {
	b := map[string]any{"id": c.id, "type": c.kind, "title": c.title}
	if c.kind == "private" {
		delete(b, "title")
		b["first_name"] = c.title
	}
	if c.topics != nil {
		b["is_forum"] = true
	}
	return b
}

func newWorld() world {
	return world{
		people: map[int64]*human{}, rooms: map[int64]*place{}, said: map[string]map[string]any{}, privacy: true,
		asked: map[string]*Query{}, feed: newFeed(),
	}
}

// bot is our account.
func (p *Platform) bot() map[string]any {
	id, _, _ := strings.Cut(p.token, ":")
	n, _ := strconv.ParseInt(id, 10, 64)
	return map[string]any{
		"id": n, "is_bot": true, "first_name": "Bellhop", "username": BotName, "can_join_groups": true, "can_read_all_group_messages": !p.privacy,
	}
}

// BotName is what people call the bot by.
const BotName = "bellhop_bot"

// Person makes somebody, and is their id. They are in every chat; an admin runs
// all of them.
func (p *Platform) Person(name string, admin bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.people {
		if h.name == name {
			h.admin = admin
			return strconv.FormatInt(h.id, 10)
		}
	}
	h := &human{id: 7_000_000_001 + int64(len(p.people)), name: name, admin: admin}
	p.people[h.id] = h
	return strconv.FormatInt(h.id, 10)
}

// Group makes a supergroup, and is its id. Topics make it a forum.
func (p *Platform) Group(title string, topics ...int64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.rooms {
		if c.title == title && c.kind == "supergroup" {
			return strconv.FormatInt(c.id, 10)
		}
	}
	c := &place{id: -1_002_000_000_001 - int64(len(p.rooms)), title: title, kind: "supergroup"}
	for _, t := range topics {
		if c.topics == nil {
			c.topics = map[int64]bool{}
		}
		c.topics[t] = true
	}
	p.rooms[c.id] = c
	return strconv.FormatInt(c.id, 10)
}

// Privacy turns the bot's privacy mode, which is on at first, on or off:
// https://core.telegram.org/bots/features#privacy-mode
func (p *Platform) Privacy(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.privacy = on
}

// room is the chat with an id: one that was made, that of a person, or one that
// exists like all others. p.mu is held.
func (p *Platform) room(id int64) *place {
	if c, made := p.rooms[id]; made {
		return c
	}
	c := &place{id: id, title: "a chat", kind: fmt.Sprint(describe("", id)["type"])}
	if h, known := p.people[id]; known {
		c.title = h.name
	}
	p.rooms[id] = c
	return c
}

// noTopic is why nothing can be sent to a topic. p.mu is held.
func (p *Platform) noTopic(chat, topic int64) *refusal {
	if c, made := p.rooms[chat]; made && topic != 0 && !c.topics[topic] {
		return bad("message thread not found")
	}
	return nil
}

// Command is one that the bot's menu offers.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// Commands are those that the menu offers.
func (p *Platform) Commands() []Command {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.commands)
}

// setMyCommands is https://core.telegram.org/bots/api#setmycommands.
func (p *Platform) setMyCommands(w http.ResponseWriter, r *http.Request) {
	var all []Command
	if json.Unmarshal([]byte(r.FormValue("commands")), &all) != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: can't parse commands list JSON object")
		return
	}
	if why := checkCommands(all); why != "" {
		refuse(w, http.StatusBadRequest, "Bad Request: "+why)
		return
	}
	p.mu.Lock()
	p.commands = all
	p.mu.Unlock()
	grant(w, true)
}

// checkCommands is https://core.telegram.org/bots/api#botcommand.
func checkCommands(all []Command) string {
	if len(all) > 100 {
		return "BOT_COMMANDS_TOO_MUCH"
	}
	for _, c := range all {
		if n := len(c.Command); n < 1 || n > 32 || strings.Trim(c.Command, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return "BOT_COMMAND_INVALID"
		}
		if n := len([]rune(c.Description)); n < 1 || n > 256 {
			return "BOT_COMMAND_DESCRIPTION_INVALID"
		}
	}
	return ""
}

// getChatMember is https://core.telegram.org/bots/api#getchatmember.
func (p *Platform) getChatMember(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chat := r.FormValue("chat_id")
	if why := p.shut(chat); why != nil {
		why.answer(w)
		return
	}
	if id, _ := p.bot()["id"].(int64); numberOf(r.FormValue("user_id")) == id {
		grant(w, p.stands[chat].member(p.bot()))
		return
	}
	h, known := p.people[numberOf(r.FormValue("user_id"))]
	if !known {
		refuse(w, http.StatusBadRequest, "Bad Request: PARTICIPANT_ID_INVALID")
		return
	}
	status := "member"
	if h.admin {
		status = "administrator"
	}
	grant(w, map[string]any{"status": status, "user": h.body()})
}

// Query is a button that was pressed.
type Query struct {
	ID       string
	Update   int64
	Answered bool
	Text     string // shown to who pressed, and to nobody else
	Alert    bool
}

// Query is what became of a press.
func (p *Platform) Query(id string) Query {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *cmp.Or(p.asked[id], &Query{})
}

// answerCallbackQuery is https://core.telegram.org/bots/api#answercallbackquery.
func (p *Platform) answerCallbackQuery(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, known := p.asked[r.FormValue("callback_query_id")]
	text := r.FormValue("text")
	switch {
	case !known || q.Answered:
		refuse(w, http.StatusBadRequest, "Bad Request: query is too old and response timeout expired or query ID is invalid")
	case len([]rune(text)) > 200:
		refuse(w, http.StatusBadRequest, "Bad Request: MESSAGE_TOO_LONG")
	default:
		q.Answered, q.Text, q.Alert = true, text, r.FormValue("show_alert") == "true"
		grant(w, true)
	}
}

// merged is a message's body with more in it.
func merged(body, more map[string]any) map[string]any {
	out := maps.Clone(body)
	maps.Copy(out, more)
	return out
}

func now() int64 { return time.Now().Unix() }
