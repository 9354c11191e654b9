package matrixtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Event is an event of a room, as clients get it.
type Event struct {
	Type     string          `json:"type"`
	ID       string          `json:"event_id"`
	Sender   string          `json:"sender"`
	StateKey *string         `json:"state_key,omitempty"`
	Stamp    int64           `json:"origin_server_ts"`
	Content  json.RawMessage `json:"content"`
	Redacts  string          `json:"redacts,omitempty"`
	Unsigned map[string]any  `json:"unsigned,omitempty"`
}

// entry is an event at its place in the stream of all rooms. What is broken is
// told in its stead.
type entry struct {
	room   string
	ev     Event
	broken json.RawMessage
}

func (e entry) raw() json.RawMessage {
	if e.broken != nil {
		return e.broken
	}
	raw, _ := json.Marshal(e.ev)
	return raw
}

// Post adds an event of somebody to a room and returns its id. It panics where
// a homeserver would refuse it.
func (p *Platform) Post(room, sender, kind string, content any) string {
	return p.PostAt(room, sender, kind, content, time.Now().UnixMilli())
}

// PostAt is Post at a time, in milliseconds, that the sender's server says.
func (p *Platform) PostAt(room, sender, kind string, content any, stamp int64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw := mustJSON(content)
	if code := p.duplicate(room, sender, kind, raw); code != "" {
		panic(code)
	}
	return p.add(room, Event{Type: kind, Sender: sender, Content: raw, Stamp: stamp})
}

// PostBroken adds something that is no event as the specification has it.
func (p *Platform) PostBroken(room, raw string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, entry{room: room, broken: json.RawMessage(raw), ev: Event{Type: "m.room.message"}})
	p.change()
}

// SetState changes a room's state.
func (p *Platform) SetState(room, sender, kind, key string, content any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.setState(room, sender, kind, key, mustJSON(content))
}

func (p *Platform) setState(room, sender, kind, key string, content json.RawMessage) string {
	ev := Event{Type: kind, Sender: sender, StateKey: &key, Content: content, Stamp: time.Now().UnixMilli()}
	if was, ok := p.stateOf(room, kind, key); ok {
		ev.Unsigned = map[string]any{"prev_content": was.Content}
	}
	return p.add(room, ev)
}

// Redact takes an event back.
func (p *Platform) Redact(room, sender, target string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.redacted(room, sender, target)
}

func (p *Platform) redacted(room, sender, target string) string {
	id := p.add(room, Event{
		Type: "m.room.redaction", Sender: sender, Stamp: time.Now().UnixMilli(), Redacts: target,
		Content: mustJSON(map[string]any{"redacts": target}),
	})
	for i := range p.log {
		if p.log[i].ev.ID == target {
			p.log[i].ev.Content = json.RawMessage(`{}`)
			p.log[i].ev.Unsigned = map[string]any{"redacted_because": map[string]any{"event_id": id}}
		}
	}
	return id
}

// Member makes somebody's membership of a room what it says: "join", "leave",
// "invite" or "ban".
func (p *Platform) Member(room, sender, user, is string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.member(room, sender, user, is)
}

func (p *Platform) member(room, sender, user, is string) string {
	content := map[string]any{"membership": is}
	if name := p.names[user]; name != "" {
		content["displayname"] = name
	}
	if user == p.userID {
		p.left[room] = is != "join"
	}
	return p.setState(room, sender, "m.room.member", user, mustJSON(content))
}

// Invite invites the account to a room, which it is not in before.
func (p *Platform) Invite(room, by string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.rooms[room]; !ok {
		p.rooms[room] = Room{ID: room}
		p.left[room] = true
		p.setState(room, by, "m.room.create", "", json.RawMessage(`{"room_version":"11"}`))
		p.member(room, by, by, "join")
	}
	p.member(room, by, p.userID, "invite")
}

// Call gives a user a name. Rooms show it from their next change of membership.
func (p *Platform) Call(user, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[user] = name
}

// SetDirect makes rooms direct in the account's own view, by person.
func (p *Platform) SetDirect(rooms map[string][]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, entry{})
	p.direct, p.directAt = rooms, len(p.log)
	p.change()
}

// Forget makes every token of /sync until now one that the homeserver does not
// know.
func (p *Platform) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, entry{})
	p.oldest = len(p.log)
	p.change()
}

// Now is the token of a sync that has told everything so far.
func (p *Platform) Now() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("s%d", len(p.log))
}

// Joined reports whether the account is in a room.
func (p *Platform) Joined(room string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in(room)
}

func (p *Platform) in(room string) bool {
	_, ok := p.rooms[room]
	return ok && !p.left[room]
}

// add appends to the stream. p.mu is held.
func (p *Platform) add(room string, ev Event) string {
	if ev.ID == "" {
		ev.ID = fmt.Sprintf("$said%d", len(p.log)+1)
	}
	p.log = append(p.log, entry{room: room, ev: ev})
	p.change()
	return ev.ID
}

// change wakes who waits. p.mu is held.
func (p *Platform) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// duplicate says why a reaction is refused, as homeservers do with a second one
// of the same person:
// https://spec.matrix.org/latest/client-server-api/#event-annotations-and-reactions
func (p *Platform) duplicate(room, sender, kind string, raw json.RawMessage) string {
	if kind != "m.reaction" {
		return ""
	}
	key := relatesTo(raw)
	if key.Type != "m.annotation" || key.EventID == "" || key.Key == "" {
		return "M_BAD_JSON"
	}
	if slices.ContainsFunc(p.log, func(e entry) bool {
		return e.room == room && e.ev.Sender == sender && e.ev.Type == kind && relatesTo(e.ev.Content) == key
	}) {
		return "M_DUPLICATE_ANNOTATION"
	}
	return ""
}

type relates struct {
	Type      string `json:"rel_type"`
	EventID   string `json:"event_id"`
	Key       string `json:"key"`
	InReplyTo struct {
		EventID string `json:"event_id"`
	} `json:"m.in_reply_to"`
}

func relatesTo(raw json.RawMessage) relates {
	var c struct {
		Relates relates `json:"m.relates_to"`
	}
	_ = json.Unmarshal(raw, &c)
	return c.Relates
}

// stateOf is the newest state event of its kind. p.mu is held.
func (p *Platform) stateOf(room, kind, key string) (Event, bool) {
	for _, e := range slices.Backward(p.log) {
		if e.room == room && e.ev.Type == kind && e.ev.StateKey != nil && *e.ev.StateKey == key {
			return e.ev, true
		}
	}
	for _, s := range p.rooms[room].state() {
		if s.Type == kind && s.StateKey == key {
			return Event{Type: kind, StateKey: &key, ID: "$state", Sender: "@founder:example.org", Content: mustJSON(s.Content)}, true
		}
	}
	return Event{}, false
}

// members are those who have joined. p.mu is held.
func (p *Platform) members(room string) []string {
	is := map[string]string{}
	for _, e := range p.log {
		if e.room == room && e.ev.Type == "m.room.member" && e.ev.StateKey != nil {
			var c struct{ Membership string }
			_ = json.Unmarshal(e.ev.Content, &c)
			is[*e.ev.StateKey] = c.Membership
		}
	}
	joined := slices.Clone(p.rooms[room].Members)
	for user, membership := range is {
		if membership == "join" && user != p.userID {
			joined = append(joined, user)
		}
	}
	if p.in(room) {
		joined = append(joined, p.userID)
	}
	slices.Sort(joined)
	return slices.Compact(joined)
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
