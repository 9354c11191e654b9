package mattermost

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/mattermost/mattermost/server/public/model"
)

// frame is one message of the websocket: an event, or an answer to something
// that we said, which has a status.
// https://developers.mattermost.com/api-documentation/#/#websocket
type frame struct {
	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data"`
	Broadcast struct {
		User    string `json:"user_id"`
		Channel string `json:"channel_id"`
		Team    string `json:"team_id"`
	} `json:"broadcast"`
	Seq    int64  `json:"seq"`
	Status string `json:"status"`
}

// native is the data of an event, of all kinds that are known. Some of it is JSON
// in a string.
type native struct {
	Post         inner[model.Post]     `json:"post"`
	Reaction     inner[model.Reaction] `json:"reaction"`
	Mentions     inner[[]string]       `json:"mentions"`
	User         inner[model.User]     `json:"user"`
	ChannelType  string                `json:"channel_type"`
	ChannelName  string                `json:"channel_name"`
	ChannelShown string                `json:"channel_display_name"`
	SenderName   string                `json:"sender_name"`
	TeamID       string                `json:"team_id"`
	ChannelID    string                `json:"channel_id"`
	UserID       string                `json:"user_id"`
	RemoverID    string                `json:"remover_id"`
	Status       string                `json:"status"`
	ConnectionID string                `json:"connection_id"`
	Version      string                `json:"server_version"`
}

// inner is a value that is there as JSON, or as a string of JSON.
type inner[T any] struct{ of *T }

// UnmarshalJSON implements json.Unmarshaler.
func (i *inner[T]) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	i.of = new(T)
	return json.Unmarshal(raw, i.of)
}

func parseFrame(raw []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return frame{}, err
	}
	if f.Event == "" && f.Status == "" {
		return frame{}, errors.New("it is neither an event nor an answer")
	}
	return f, nil
}

func (f *frame) native() (native, error) {
	var n native
	if len(f.Data) == 0 {
		return n, nil
	}
	err := json.Unmarshal(f.Data, &n)
	return n, err
}

// withoutPeople is an event's data less what people wrote and are called: ids,
// numbers and what is true or false.
func withoutPeople(data json.RawMessage) json.RawMessage {
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	kept := map[string]any{}
	for k, v := range all {
		switch v := v.(type) {
		case bool, float64:
			kept[k] = v
		case string:
			if model.IsValidId(v) {
				kept[k] = v
			}
		}
	}
	if len(kept) == 0 {
		return nil
	}
	out, err := json.Marshal(kept)
	if err != nil { // which it was read from
		return nil
	}
	return out
}

// quietly lists events that tell us of nothing but what one client has to show:
// our own account's windows and drafts, and that somebody is typing.
var quietly = map[string]bool{
	"typing": true, "channel_viewed": true, "multiple_channels_viewed": true, "post_unread": true,
	"preference_changed": true, "preferences_changed": true, "preferences_deleted": true, "ephemeral_message": true,
	"draft_created": true, "draft_updated": true, "draft_deleted": true, "posted_notify_ack": true, "presence": true,
	"sidebar_category_created": true, "sidebar_category_updated": true, "sidebar_category_deleted": true, "sidebar_category_order_updated": true,
	"thread_updated": true, "thread_follow_changed": true, "thread_read_changed": true,
	"response": true, "authentication_challenge": true,
}

// millis writes a time as the server does, for ids.
func millis(at int64) string { return strconv.FormatInt(at, 10) }
