package matrix

import (
	"encoding/json"
	"strings"
	"time"

	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
)

// longest is how much of a name or a reaction is told.
const longest = 200

// translate is a native event as an event of ours, nil for one that says nothing
// new: what a room is called, and what was redacted before we heard of it.
func (v *visit) translate(n *native) *hub.Event {
	if n.gone() && n.StateKey == nil {
		if n.Type == "m.reaction" {
			v.l.reactions.remember(n.ID, reaction{})
		}
		return nil
	}
	switch {
	case n.Type == "m.room.message" && n.StateKey == nil:
		return v.message(n)
	case n.Type == "m.reaction" && n.StateKey == nil:
		return v.reaction(n)
	case n.Type == "m.room.redaction" && n.StateKey == nil:
		return v.redaction(n)
	case n.Type == "m.room.encrypted" && n.StateKey == nil:
		return v.unsupported(n, n.Type, "it is encrypted, and Bellhop cannot decrypt")
	case n.Type == "m.room.member" && n.StateKey != nil:
		return v.moved(n)
	case n.Type == "m.room.create" && n.StateKey != nil:
		return v.chatter(n, hub.ChatChannelCreated, &hub.Chatter{})
	case n.Type == "m.room.tombstone" && n.StateKey != nil:
		return v.unsupported(n, n.Type, "the room was replaced: invite the account to the new one, and move what is told there")
	case n.StateKey != nil && (n.Type == "m.room.name" || n.Type == "m.room.canonical_alias" || n.Type == "m.room.encryption"):
		return nil
	}
	return v.unsupported(n, n.Type, "no event of this type is known")
}

// chatter is an event with what all have: who did it, where and when.
func (v *visit) chatter(n *native, kind hub.EventType, c *hub.Chatter) *hub.Event {
	c.From = v.user(n.Sender, c.From.Bot)
	c.Room = v.l.atlas.channel(v.f)
	data, err := json.Marshal(c)
	if err != nil {
		return v.unsupported(n, n.Type, "it cannot be written down: "+err.Error())
	}
	e := v.envelope(n, kind, data)
	if c.ReplyTo != "" {
		e.ReplyTo = hub.ChatterEvent(v.l.c.id, string(c.ReplyTo))
	}
	return e
}

func (v *visit) envelope(n *native, kind hub.EventType, data []byte) *hub.Event {
	now := time.Now().UTC()
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.ChatterEvent(v.l.c.id, n.ID), Type: kind, Subject: v.f.id,
		Time: n.at(now), ReceivedTime: now, DataContentType: "application/json", Data: data,
	}
}

// user is somebody as this room knows them. Bots say so by what they send; our
// own account is one.
func (v *visit) user(user string, bot bool) hub.User {
	return hub.User{
		ID: user, Name: localpart(user), Full: short(v.f.names[user]),
		Bot: bot || user == v.l.c.cfg.UserID,
	}
}

// localpart is "anna" of "@anna:example.org".
func localpart(user string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(user, "@"), ":")
	return name
}

func short(s string) string { return capped(strings.TrimSpace(s), longest) }

// unsupported tells of something that Bellhop does not know. What it says stays
// where it is.
func (v *visit) unsupported(n *native, name, note string) *hub.Event {
	body, _ := json.Marshal(map[string]any{"type": n.Type, "event_id": n.ID, "room_id": v.f.id, "origin_server_ts": n.Stamp})
	data, _ := json.Marshal(hub.Signal{Name: capped(name, longest), Body: body, Note: note})
	return v.envelope(n, hub.HubSignalUnsupported, data)
}

// unreadable tells of something that is no event at all.
func (v *visit) unreadable(raw json.RawMessage, err error) *hub.Event {
	n := native{Type: "unknown", ID: "unreadable/" + hub.Digest(v.f.id, string(raw))}
	return v.unsupported(&n, n.Type, "it is not an event as the specification has it: "+capped(err.Error(), longest))
}

// link is where a signed-in person finds an event.
func (v *visit) link(event string) string {
	return id.RoomID(v.f.id).EventURI(id.EventID(event), v.l.c.api.UserID.Homeserver()).MatrixToURL()
}

// moved is that somebody came, went, or is called differently.
func (v *visit) moved(n *native) *hub.Event {
	now, before := n.member()
	whom := *n.StateKey
	c := &hub.Chatter{}
	if whom != n.Sender {
		u := v.user(whom, false)
		c.Whom = &u
	}
	switch {
	case now.Is == "join" && before.Is == "join":
		return v.chatter(n, hub.ChatUserUpdated, c)
	case now.Is == "join":
		return v.chatter(n, hub.ChatMemberJoined, c)
	case (now.Is == "leave" || now.Is == "ban") && (before.Is == "join" || before.Is == ""):
		return v.chatter(n, hub.ChatMemberLeft, c)
	}
	return v.unsupported(n, n.Type+"/"+capped(now.Is, longest), "an invitation or the like, of which no event tells")
}
