package matrix

import (
	"context"
	"errors"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var (
	_ providers.Inspector = (*Client)(nil)
	_ providers.Named     = (*Client)(nil)
)

// inspectPace asks six small questions a chat; a homeserver says when it is too
// much: https://spec.matrix.org/latest/client-server-api/#rate-limiting
func inspectPace() []providers.Rate {
	return []providers.Rate{{Calls: 1, Per: time.Second, Burst: 5}}
}

// Account implements providers.Named.
func (c *Client) Account() string { return c.cfg.UserID }

// Inspect implements providers.Inspector, by the room's state: our membership,
// the power that events take, and whether the room is encrypted or was replaced.
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey
func (c *Client) Inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	room, err := c.find(ctx, chat.ID)
	if err != nil {
		return c.outside(chat, err)
	}
	var own struct {
		Is string `json:"membership"`
	}
	if _, err := c.stateOf(ctx, room, "m.room.member", c.cfg.UserID, &own); err != nil {
		return c.outside(chat, err)
	}
	p := hub.Preflight{Chat: chat, Member: hub.Found(true), Archived: hub.Found(false), Encrypted: hub.Found(false)}
	if own.Is != "join" {
		p = c.invitedOnly(chat, own.Is)
	}
	if p.Name, err = c.roomName(ctx, room); err != nil || own.Is != "join" {
		return p, err
	}
	if err := c.inspectLevels(ctx, room, &p); err != nil {
		return p, err
	}
	return p, c.inspectEnds(ctx, room, &p)
}

// stateOf reads a part of a room's state; there is none where found is false.
func (c *Client) stateOf(ctx context.Context, room id.RoomID, kind, key string, into any) (found bool, err error) {
	err = c.fetch(ctx, mautrix.ClientURLPath{"v3", "rooms", room, "state", kind, key}, nil, into)
	if errors.Is(err, mautrix.MNotFound) {
		return false, nil
	}
	if err != nil {
		return false, c.fault(ctx, "state/"+kind, err)
	}
	return true, nil
}

// outside is about a room that tells us nothing. Anything but that is an error.
func (c *Client) outside(chat hub.Chat, err error) (hub.Preflight, error) {
	if providers.FaultOf(err) != hub.FaultChatGone {
		return hub.Preflight{}, err
	}
	return hub.NotIn(chat, "there is no such room, or the account is not in it", c.inviteStep()), nil
}

// inviteStep is how people get the account into a room, which joins by itself
// where auto_join names who invites it.
func (c *Client) inviteStep() string {
	return "In that room type /invite " + c.cfg.UserID + "; if auto_join does not name who does so, log in as the account once and accept"
}

func (c *Client) invitedOnly(chat hub.Chat, is string) hub.Preflight {
	switch is {
	case "invite":
		return hub.NotIn(chat, "the account is invited and has not joined", "Let auto_join name who invited it, and have it invited again; or log in as the account and accept")
	case "ban":
		return hub.NotIn(chat, "the account is banned from the room", "In that room type /unban "+c.cfg.UserID+", then /invite "+c.cfg.UserID)
	}
	return hub.NotIn(chat, "the account is not in the room", c.inviteStep())
}

func (c *Client) roomName(ctx context.Context, room id.RoomID) (string, error) {
	var called struct{ Name, Alias string }
	if _, err := c.stateOf(ctx, room, "m.room.name", "", &called); err != nil || called.Name != "" {
		return word(called.Name), err
	}
	_, err := c.stateOf(ctx, room, "m.room.canonical_alias", "", &called)
	return firstOf(word(called.Alias), string(room)), err
}

// levels is what of m.room.power_levels says who may write:
// https://spec.matrix.org/latest/client-server-api/#mroompower_levels
type levels struct {
	powerLevels
	Events  map[string]level `json:"events"`
	Message level            `json:"events_default"`
}

func (l levels) may(user, kind string) bool {
	has, named := l.Users[user]
	if !named {
		has = l.Default
	}
	need, set := l.Events[kind]
	if !set {
		need = l.Message
	}
	return has >= need
}

func (c *Client) inspectLevels(ctx context.Context, room id.RoomID, p *hub.Preflight) error {
	var l levels
	told, err := c.stateOf(ctx, room, "m.room.power_levels", "", &l)
	if err != nil {
		return err
	}
	above, err := c.created(ctx, room, c.cfg.UserID, !told)
	if err != nil {
		return err
	}
	// Without levels everybody may send messages.
	may := func(kind string) bool { return above || !told || l.may(c.cfg.UserID, kind) }
	p.Post = hub.Found(true)
	if !may("m.room.message") {
		p.Post = hub.Finding{
			Is: hub.No, Reason: "the account's power level is too low for messages",
			Step: "In Element open Room settings, Roles & Permissions: lower Send messages, or give " + c.cfg.UserID + " a higher role",
		}
	}
	p.Thread, p.Edit, p.Delete = p.Post, p.Post, hub.Found(true)
	if !may("m.room.redaction") {
		p.Delete = hub.Finding{
			Is: hub.No, Reason: "the account's power level is too low to remove its own messages",
			Step: "In Element open Room settings, Roles & Permissions: lower Remove messages sent by me, or give " + c.cfg.UserID + " a higher role",
		}
	}
	return nil
}

// inspectEnds looks at what ends our writing in a room: encryption, which cannot
// be turned off, and a replacement.
// https://spec.matrix.org/latest/client-server-api/#mroomencryption
// https://spec.matrix.org/latest/client-server-api/#mroomtombstone
func (c *Client) inspectEnds(ctx context.Context, room id.RoomID, p *hub.Preflight) error {
	encrypted, err := c.isEncrypted(ctx, room)
	if err != nil {
		return err
	}
	c.rooms.learn(room, encrypted)
	if encrypted {
		const step = "Encryption cannot be turned off: make a room without it, invite the account there, and give its subscriptions that room"
		p.Encrypted = hub.Finding{Is: hub.Yes, Reason: "the room is encrypted, and Bellhop cannot encrypt", Step: step}
		p.Post = hub.Finding{Is: hub.No, Reason: p.Encrypted.Reason, Step: step}
		p.Thread, p.Edit = p.Post, p.Post
	}
	var grave struct {
		Next string `json:"replacement_room"`
	}
	replaced, err := c.stateOf(ctx, room, "m.room.tombstone", "", &grave)
	if replaced {
		p.Archived = hub.Finding{
			Is: hub.Yes, Reason: "the room was replaced by " + firstOf(grave.Next, "another"),
			Step: "Invite the account to the new room, and give its subscriptions that one",
		}
	}
	return err
}
