package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxNames bounds what is remembered of what people are called in a room. The
// homeserver tells it again with each batch.
const maxNames = 2_000

// facts are what is known of a room. They belong to whoever reads the room's
// events, one at a time.
type facts struct {
	id     string
	name   string
	alias  string
	names  map[string]string // of people, by id
	joined int               // members; 0 is not known
	whole  bool              // the rest is known as well, or was asked for
}

// atlas is what is known of all rooms. It is safe for concurrent use.
type atlas struct {
	mu     sync.Mutex
	rooms  map[string]*facts
	direct map[string]bool // by the account's m.direct
}

func newAtlas() *atlas { return &atlas{rooms: map[string]*facts{}, direct: map[string]bool{}} }

func (a *atlas) room(id string) *facts {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.rooms[id]
	if f == nil {
		f = &facts{id: id, names: map[string]string{}}
		a.rooms[id] = f
	}
	return f
}

func (a *atlas) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rooms, id)
}

// setDirect reads the content of m.direct, rooms by person:
// https://spec.matrix.org/latest/client-server-api/#mdirect
func (a *atlas) setDirect(content json.RawMessage) {
	var people map[string][]string
	if json.Unmarshal(content, &people) != nil {
		return
	}
	direct := map[string]bool{}
	for _, rooms := range people {
		for _, room := range rooms {
			direct[room] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.direct = direct
}

// channel is the room as its people see it: between us and one other, it is
// direct.
func (a *atlas) channel(f *facts) hub.Channel {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := firstOf(f.name, strings.TrimPrefix(f.alias, "#"))
	return hub.Channel{ID: f.id, Name: name, Direct: f.joined == 2 || a.direct[f.id]}
}

// learn takes a room's state, from wherever it came.
func (f *facts) learn(n *native) {
	if n.StateKey == nil {
		return
	}
	var c struct {
		Name  string `json:"name"`
		Alias string `json:"alias"`
	}
	switch n.Type {
	case "m.room.name":
		_ = json.Unmarshal(n.Content, &c)
		f.name = strings.TrimSpace(c.Name)
	case "m.room.canonical_alias":
		_ = json.Unmarshal(n.Content, &c)
		f.alias = strings.TrimSpace(c.Alias)
	case "m.room.member":
		now, _ := n.member()
		if len(f.names) >= maxNames {
			clear(f.names)
		}
		if name := strings.TrimSpace(now.Name); name != "" || now.Is == "join" { // who leaves is called as before
			f.names[*n.StateKey] = name
		}
	}
}

// moved counts who comes and goes, where a batch does not say how many there are.
func (f *facts) moved(now, before membership) {
	was, is := before.Is == "join", now.Is == "join"
	switch {
	case f.joined == 0 || was == is:
	case is:
		f.joined++
	default:
		f.joined--
	}
}

// ask fetches what a sync tells only when it changes. A room that we are no
// longer in tells nothing.
func (c *Client) ask(ctx context.Context, f *facts) error {
	if f.whole {
		return nil
	}
	room := id.RoomID(f.id)
	if f.joined == 0 {
		members, err := c.api.JoinedMembers(ctx, room)
		if err := c.untold(ctx, "rooms/joined_members", err); err != nil {
			return err
		}
		if err == nil && members != nil {
			f.joined = len(members.Joined)
		}
	}
	for _, part := range []struct {
		kind event.Type
		into *string
	}{{event.StateRoomName, &f.name}, {event.StateCanonicalAlias, &f.alias}} {
		if f.name != "" || *part.into != "" {
			continue
		}
		var content map[string]any
		if err := c.untold(ctx, "state/"+part.kind.Type, c.api.StateEvent(ctx, room, part.kind, "", &content)); err != nil {
			return err
		}
		*part.into = firstOf(word(content["name"]), word(content["alias"]))
	}
	f.whole = true
	return nil
}

// untold is the fault of a question, nil where the answer is that there is
// nothing, or not for us.
func (c *Client) untold(ctx context.Context, op string, err error) error {
	if err == nil || errors.Is(err, mautrix.MNotFound) || errors.Is(err, mautrix.MForbidden) {
		return nil
	}
	fault := c.fault(ctx, op, err)
	if fault.Fault == hub.FaultRejected {
		return nil
	}
	return fault
}

// ownName is what our account is called where a room does not say otherwise:
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3profileuseriddisplayname
func (c *Client) ownName(ctx context.Context) (string, error) {
	res, err := c.api.GetOwnDisplayName(ctx)
	if err := c.untold(ctx, "profile/displayname", err); err != nil || res == nil {
		return "", err
	}
	return strings.TrimSpace(res.DisplayName), nil
}

// directRooms is the account's m.direct as it is.
func (c *Client) directRooms(ctx context.Context) (json.RawMessage, error) {
	var content json.RawMessage
	err := c.api.GetAccountData(ctx, "m.direct", &content)
	return content, c.untold(ctx, "account_data/m.direct", err)
}
