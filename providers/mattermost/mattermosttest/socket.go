package mattermosttest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

// The server's queues of a connection, for one that comes back:
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/platform/web_conn.go
const (
	deadQueue   = 128 // of what was sent
	activeQueue = 256 // of what was not yet
)

// conn is a connection as the server remembers it, with a client or without.
type conn struct {
	id   string
	next int64    // number of the next event
	sent []sentTo // the last of them
	ws   *websocket.Conn
	left int // events since there was a client
}

type sentTo struct {
	seq int64
	raw []byte
}

// websocket serves one. It is strict as the server is: without a session nothing
// is told, and a connection's id comes with a number.
func (s *Server) websocket(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	known := s.authorized(r)
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	seq, err := strconv.ParseInt(q.Get("sequence_number"), 10, 64)
	asked := q.Get("connection_id")
	if !known || asked != "" && (err != nil || !model.IsValidId(asked)) {
		return
	}
	s.mu.Lock()
	s.dials++
	c := s.resume(asked, seq)
	if c == nil {
		c = &conn{id: model.NewId(), ws: ws}
		s.conns[c.id] = c
		s.push(c, "hello", map[string]any{"server_version": s.version, "connection_id": c.id}, nil)
	} else {
		if c.ws != nil {
			c.ws.Close()
		}
		c.ws, c.left = ws, 0
		for _, m := range c.sent {
			if m.seq >= seq {
				_ = ws.WriteMessage(websocket.TextMessage, m.raw)
			}
		}
	}
	s.mu.Unlock()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}
	s.mu.Lock()
	if c.ws == ws {
		c.ws = nil
	}
	s.mu.Unlock()
}

// resume is the connection that can go on at seq, nil if there is none. s.mu is
// held.
func (s *Server) resume(id string, seq int64) *conn {
	c := s.conns[id]
	if c == nil || seq > c.next || seq < c.next && (len(c.sent) == 0 || c.sent[0].seq > seq) {
		return nil
	}
	return c
}

// push tells a connection of an event. s.mu is held.
func (s *Server) push(c *conn, event string, data, broadcast map[string]any) {
	if broadcast == nil {
		broadcast = map[string]any{}
	}
	raw, err := json.Marshal(map[string]any{"event": event, "data": data, "broadcast": broadcast, "seq": c.next})
	if err != nil {
		panic(err)
	}
	c.sent = append(c.sent, sentTo{c.next, raw})
	c.next++
	if c.ws == nil {
		if c.left++; c.left > activeQueue {
			delete(s.conns, c.id)
		}
		return
	}
	c.sent = c.sent[max(0, len(c.sent)-deadQueue):]
	_ = c.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_ = c.ws.WriteMessage(websocket.TextMessage, raw)
}

// Publish tells all connections of an event.
func (s *Server) Publish(event string, data, broadcast map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		s.push(c, event, data, broadcast)
	}
}

// Raw sends text over all connections as it is, outside the numbers.
func (s *Server) Raw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		if c.ws != nil {
			_ = c.ws.WriteMessage(websocket.TextMessage, []byte(text))
		}
	}
}

// Ping pings all connections; each that answers is sent to pongs.
func (s *Server) Ping(pongs chan<- string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		if c.ws != nil {
			c.ws.SetPongHandler(func(data string) error {
				pongs <- data
				return nil
			})
			_ = c.ws.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(time.Second))
		}
	}
}

// CutAll breaks all connections. The server remembers them, until Forget.
func (s *Server) CutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		if c.ws != nil {
			c.ws.Close()
			c.ws = nil
		}
	}
}

// Forget breaks all connections and knows none of them any more, as after a
// restart.
func (s *Server) Forget() {
	s.CutAll()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = map[string]*conn{}
}

// Listeners is how many clients are connected.
func (s *Server) Listeners() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.conns {
		if c.ws != nil {
			n++
		}
	}
	return n
}

// Dials is how often a websocket was opened.
func (s *Server) Dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// Post makes a post of somebody else than the bot, and tells of it.
func (s *Server) Post(p *model.Post) *model.Post {
	at := s.tick()
	s.mu.Lock()
	if p.Id == "" {
		p.Id = model.NewId()
	}
	p.CreateAt, p.UpdateAt = at, at
	s.others[p.Id] = p
	name := ""
	if u := s.user(p.UserId); u != nil {
		name = "@" + u.Username
	}
	s.mu.Unlock()
	s.told(p, name)
	return p
}

// told tells of a new post as the server does, JSON in a string.
func (s *Server) told(p *model.Post, sender string) {
	c := s.channel(p.ChannelId)
	if c == nil {
		return // the bot is not there
	}
	shown := p.Clone()
	shown.StripActionIntegrations()
	data := map[string]any{
		"post": asText(shown), "channel_type": string(c.Type), "channel_name": c.Name, "channel_display_name": c.DisplayName,
		"sender_name": sender, "team_id": c.TeamId, "set_online": true,
	}
	if strings.Contains(strings.ToLower(p.Message), "@bellhop") {
		data["mentions"] = asText([]string{bot})
	}
	s.Publish("posted", data, map[string]any{"channel_id": c.Id})
}

// ChangePost edits a post of somebody's.
func (s *Server) ChangePost(id, text string) {
	at := s.tick()
	s.mu.Lock()
	p := s.others[id].Clone()
	p.Message, p.EditAt, p.UpdateAt = text, at, at
	s.others[id] = p
	s.mu.Unlock()
	s.Publish("post_edited", map[string]any{"post": asText(p)}, map[string]any{"channel_id": p.ChannelId})
}

// DeletePost deletes a post of somebody's.
func (s *Server) DeletePost(id string) {
	at := s.tick()
	s.mu.Lock()
	p := s.others[id].Clone()
	p.DeleteAt, p.UpdateAt = at, at
	s.others[id] = p
	s.mu.Unlock()
	s.Publish("post_deleted", map[string]any{"post": asText(p)}, map[string]any{"channel_id": p.ChannelId})
}

// React lets somebody react to a post, or take that back.
func (s *Server) React(channel, post, user, emoji string, gone bool) {
	at := s.tick()
	r := &model.Reaction{UserId: user, PostId: post, EmojiName: emoji, CreateAt: at, ChannelId: channel}
	event := "reaction_added"
	s.mu.Lock()
	if gone {
		event = "reaction_removed"
		for _, had := range s.reactions[post] {
			if had.UserId == user && had.EmojiName == emoji {
				r = had
			}
		}
		s.reactions[post] = nil
	} else {
		s.reactions[post] = append(s.reactions[post], r)
	}
	s.mu.Unlock()
	s.Publish(event, map[string]any{"reaction": asText(r)}, map[string]any{"channel_id": channel})
}

func asText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
