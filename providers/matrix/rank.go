package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Ranker = (*Client)(nil)

const (
	opPower  = "state/m.room.power_levels"
	opCreate = "state/m.room.create"

	// moderator is the level from which clients call somebody that, and that state
	// takes where a room does not say otherwise.
	moderator = 50
)

// RunsChat implements providers.Ranker: whoever may change the room's state, and
// is a moderator at least.
// https://spec.matrix.org/latest/client-server-api/#mroompower_levels
func (c *Client) RunsChat(ctx context.Context, chat hub.Chat, user string) (bool, error) {
	room, err := c.find(ctx, chat.ID)
	if err != nil {
		return false, err
	}
	var levels powerLevels
	err = c.fetch(ctx, mautrix.ClientURLPath{"v3", "rooms", room, "state", "m.room.power_levels", ""}, nil, &levels)
	none := errors.Is(err, mautrix.MNotFound)
	switch {
	case err == nil && levels.runs(user):
		return true, nil
	case err != nil && !none:
		return false, c.fault(ctx, opPower, err)
	}
	return c.created(ctx, room, user, none)
}

// created reports whether a user made the room and so is above all levels, as
// since version 12, or where there are no levels:
// https://spec.matrix.org/latest/rooms/v12/#authorization-rules
func (c *Client) created(ctx context.Context, room id.RoomID, user string, unlevelled bool) (bool, error) {
	var create native
	err := c.fetch(ctx, mautrix.ClientURLPath{"v3", "rooms", room, "state", "m.room.create", ""},
		map[string]string{"format": "event"}, &create)
	if err != nil {
		return false, c.fault(ctx, opCreate, err)
	}
	var content struct {
		Version string   `json:"room_version"`
		Others  []string `json:"additional_creators"`
	}
	_ = json.Unmarshal(create.Content, &content)
	version, _ := strconv.Atoi(content.Version) // an experiment's is none
	above := unlevelled || version >= 12
	return above && (create.Sender == user || slices.Contains(content.Others, user)), nil
}

// powerLevels is the content of m.room.power_levels.
type powerLevels struct {
	Users   map[string]level `json:"users"`
	Default level            `json:"users_default"`
	State   *level           `json:"state_default"`
}

func (p powerLevels) runs(user string) bool {
	has, named := p.Users[user]
	if !named {
		has = p.Default
	}
	need := level(moderator)
	if p.State != nil {
		need = max(need, *p.State)
	}
	return has >= need
}

// level is a number, which old rooms may write as a text.
type level float64

// UnmarshalJSON implements json.Unmarshaler. What is no number is nothing.
func (l *level) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.Trim(string(b), `"`)), 64)
	if err == nil {
		*l = level(v)
	}
	return nil
}
