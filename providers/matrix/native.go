package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

// native is an event as clients get it:
// https://spec.matrix.org/latest/client-server-api/#room-event-format
type native struct {
	Type     string          `json:"type"`
	ID       string          `json:"event_id"`
	Sender   string          `json:"sender"`
	StateKey *string         `json:"state_key"`
	Stamp    float64         `json:"origin_server_ts"` // milliseconds; old rooms take any number
	Content  json.RawMessage `json:"content"`
	Redacts  string          `json:"redacts"`
	Unsigned struct {
		Previous json.RawMessage `json:"prev_content"`
		Redacted json.RawMessage `json:"redacted_because"`
	} `json:"unsigned"`
}

var errNoEvent = errors.New("it has no type, id or sender")

func decode(raw json.RawMessage) (native, error) {
	var n native
	if err := json.Unmarshal(raw, &n); err != nil {
		return native{Type: n.Type, ID: n.ID}, err
	}
	if n.Type == "" || n.ID == "" || n.Sender == "" {
		return n, errNoEvent
	}
	return n, nil
}

// stripped is an event of an invitation, which has no id:
// https://spec.matrix.org/latest/client-server-api/#stripped-state
func stripped(raw json.RawMessage) (native, bool) {
	var n native
	err := json.Unmarshal(raw, &n)
	return n, err == nil
}

// at is when the event happened by its server's clock, or now where that cannot
// be: servers stamp their events as they like.
func (n *native) at(now time.Time) time.Time {
	if n.Stamp < 1 || n.Stamp > float64(now.Add(24*time.Hour).UnixMilli()) {
		return now
	}
	return time.UnixMilli(int64(n.Stamp)).UTC()
}

// gone reports whether the event was redacted before we heard of it.
func (n *native) gone() bool {
	return len(n.Unsigned.Redacted) > 0 && !bytes.Equal(n.Unsigned.Redacted, []byte("null"))
}

// relation is m.relates_to of a content.
type relation struct {
	Type      string `json:"rel_type"`
	EventID   string `json:"event_id"`
	Key       string `json:"key"`
	Fallback  bool   `json:"is_falling_back"`
	InReplyTo struct {
		EventID string `json:"event_id"`
	} `json:"m.in_reply_to"`
}

// membership is the content of m.room.member.
type membership struct {
	Is   string `json:"membership"`
	Name string `json:"displayname"`
}

// member reads a change of membership: what it is now and what it was.
func (n *native) member() (now, before membership) {
	_ = json.Unmarshal(n.Content, &now)
	if len(n.Unsigned.Previous) > 0 {
		_ = json.Unmarshal(n.Unsigned.Previous, &before)
	}
	return now, before
}

// of reports whether the event is a membership of user.
func (n *native) of(user string) bool {
	return n.Type == "m.room.member" && n.StateKey != nil && *n.StateKey == user
}
