package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// namesOnly asks /sync for what rooms are called and nothing else. That is one
// request, where asking each room would be hundreds.
var namesOnly = compact(`{
	"presence": {"not_types": ["*"]},
	"account_data": {"not_types": ["*"]},
	"room": {
		"account_data": {"not_types": ["*"]},
		"ephemeral": {"not_types": ["*"]},
		"timeline": {"limit": 1, "not_types": ["*"]},
		"state": {
			"lazy_load_members": true,
			"types": ["m.room.name", "m.room.canonical_alias", "m.room.create", "m.room.encryption", "m.room.tombstone"]
		}
	}
}`)

func compact(filter string) string {
	var v any
	if err := json.Unmarshal([]byte(filter), &v); err != nil {
		panic(err) // a slip in the text above
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// Chats implements providers.ChatLister: the rooms that the account has joined,
// without spaces and rooms that were replaced.
func (c *Client) Chats(ctx context.Context, query string) ([]providers.ChatInfo, error) {
	res, err := c.api.FullSyncRequest(ctx, mautrix.ReqSync{FilterID: namesOnly, SetPresence: event.PresenceOffline})
	if err != nil {
		return nil, c.fault(ctx, "sync", err)
	}
	if res == nil {
		return nil, unreadable("sync", http.StatusOK)
	}
	var all []providers.ChatInfo
	for room, joined := range res.Rooms.Join {
		if info, ok := c.describe(room, joined); ok {
			all = append(all, info)
		}
	}
	return providers.BestChats(all, query), nil
}

func (c *Client) describe(room id.RoomID, joined *mautrix.SyncJoinedRoom) (providers.ChatInfo, bool) {
	info := providers.ChatInfo{Chat: hub.Chat{System: c.id, ID: string(room)}}
	name, alias := "", ""
	for _, e := range joined.State.Events {
		raw := e.Content.Raw
		switch e.Type.Type {
		case event.StateRoomName.Type:
			name = word(raw["name"])
		case event.StateCanonicalAlias.Type:
			alias = word(raw["alias"])
		case event.StateCreate.Type:
			if word(raw["type"]) == string(event.RoomTypeSpace) {
				return info, false
			}
		case event.StateTombstone.Type:
			if word(raw["replacement_room"]) != "" {
				return info, false
			}
		case event.StateEncryption.Type:
			info.Note = "encrypted: Bellhop cannot write there"
		}
	}
	info.Name = firstOf(name, alias, heroes(joined.Summary.Heroes), string(room))
	return info, true
}

// heroes names a room without a name after the people in it.
func heroes(users []id.UserID) string {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = string(u)
	}
	return strings.Join(names, ", ")
}

func word(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}
