package matrix

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// content is what is read of m.room.message:
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
type content struct {
	MsgType   string `json:"msgtype"`
	Body      string `json:"body"`
	Formatted string `json:"formatted_body"`
	Filename  string `json:"filename"`
	URL       string `json:"url"`
	File      struct {
		URL string `json:"url"`
	} `json:"file"` // encrypted
	Info struct {
		Type string  `json:"mimetype"`
		Size float64 `json:"size"`
	} `json:"info"`
	Mentions struct {
		Users []string `json:"user_ids"`
	} `json:"m.mentions"`
	Relates relation        `json:"m.relates_to"`
	New     json.RawMessage `json:"m.new_content"`
}

// message is something that was said, or an edit of it.
func (v *visit) message(n *native) *hub.Event {
	said, err := readContent(n.Content)
	if err != nil || said.MsgType == "" {
		return v.unsupported(n, n.Type, "it is no message as the specification has it")
	}
	c := &hub.Chatter{Ref: hub.MessageRef(n.ID)}
	kind := hub.ChatMessagePosted
	if said.Relates.Type == "m.replace" {
		// https://spec.matrix.org/latest/client-server-api/#event-replacements
		now, err := readContent(said.New)
		if err != nil || said.Relates.EventID == "" {
			return v.unsupported(n, n.Type, "it replaces a message without saying which, or by what")
		}
		kind = hub.ChatMessageEdited
		c.Ref, c.EditedAt = hub.MessageRef(said.Relates.EventID), n.at(time.Now().UTC())
		said = now
	} else {
		v.related(c, said.Relates)
	}
	if !v.say(c, n, &said) {
		return v.unsupported(n, n.Type+"/"+said.MsgType, "no message of this type is known")
	}
	if kind == hub.ChatMessageEdited {
		c.Line, c.ForUs = "", false // what was said once is not said again
	}
	return v.chatter(n, kind, c)
}

func readContent(raw json.RawMessage) (content, error) {
	var c content
	err := json.Unmarshal(raw, &c)
	return c, err
}

// related says what a message belongs to. In a thread, clients that know none
// show it as an answer to the message before, which it is not:
// https://spec.matrix.org/latest/client-server-api/#fallback-for-unthreaded-clients
func (v *visit) related(c *hub.Chatter, r relation) {
	if r.Type == "m.thread" {
		c.Thread = hub.MessageRef(r.EventID)
	}
	if r.Type != "m.thread" || !r.Fallback {
		c.ReplyTo = hub.MessageRef(r.InReplyTo.EventID)
	}
}

// say reads what was said. It is false for a kind of message that is not known.
func (v *visit) say(c *hub.Chatter, n *native, said *content) bool {
	switch said.MsgType {
	case "m.text":
		v.words(c, n, said)
	case "m.notice":
		// What bots say, and never to be answered:
		// https://spec.matrix.org/latest/client-server-api/#mnotice
		c.From.Bot = true
		v.words(c, n, said)
	case "m.emote":
		v.words(c, n, said)
		c.Line, c.ForUs = "", false // "/me watches support" tells of somebody
	case "m.image", "m.file", "m.video", "m.audio":
		v.file(c, n, said)
	default:
		return false
	}
	return true
}

// words reads a text, and whether it is for us.
func (v *visit) words(c *hub.Chatter, n *native, said *content) {
	answers := said.Relates.InReplyTo.EventID != ""
	spoken := listenTo(said, answers)
	c.Text, c.To = spoken.text, spoken.to
	if c.From.Bot || n.Sender == v.l.c.cfg.UserID {
		return
	}
	us := ourselves{user: v.l.c.cfg.UserID, names: []string{v.f.names[v.l.c.cfg.UserID], v.l.name}}
	c.Line, c.ForUs = us.addressed(spoken)
	if !c.ForUs && v.l.atlas.channel(v.f).Direct && c.Text != "" {
		c.Line, c.ForUs = c.Text, true
	}
}

// file reads a file. Where it has a name of its own, the body is what was said
// with it: https://spec.matrix.org/latest/client-server-api/#media-captions
func (v *visit) file(c *hub.Chatter, n *native, said *content) {
	name, caption := said.Filename, said.Body
	if name == "" || name == said.Body {
		name, caption = firstOf(name, said.Body), ""
	}
	c.Files = []hub.File{{
		ID: firstOf(said.URL, said.File.URL), Name: short(name), Type: short(said.Info.Type), Size: sizeOf(said.Info.Size), URL: v.link(n.ID),
	}}
	if strings.TrimSpace(caption) != "" {
		text := *said
		text.Body = caption
		v.words(c, n, &text)
	}
}

func sizeOf(bytes float64) int64 {
	if bytes < 0 || bytes > 1<<53 {
		return 0
	}
	return int64(bytes)
}
