package slack

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

// signal is something that is no event for the rules.
func (c *Client) signal(d delivery, native, name string, body []byte, note string) *hub.Event {
	e := c.newEvent(d, "signal/"+native, hub.HubSignalUnsupported)
	e.Data = encoded(hub.Signal{Name: clip(name), Body: outline(body), Note: note})
	return e
}

// tell tells the ear. Where that fails Slack is not told that it arrived, and
// tells it again.
func (c *Client) tell(ctx context.Context, d delivery, e *hub.Event) answer {
	if err := c.hear(ctx, d.ear, e); err != nil {
		return answer{status: http.StatusServiceUnavailable}
	}
	return answer{}
}

// encoded is v as JSON: v is one of our own types, which all can be.
func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return raw
}

// Bounds of an outline.
const (
	outlineSize  = 64 << 10
	outlineDepth = 20
)

// outline is the shape of what came, with the ids and kinds in it and without
// what people wrote, their names and addresses, and what would let others answer
// in our place.
func outline(body []byte) json.RawMessage {
	var v any
	if len(body) > 1<<20 || json.Unmarshal(body, &v) != nil {
		return nil
	}
	raw := encoded(outlined("", v, 0))
	if len(raw) > outlineSize {
		return nil
	}
	return raw
}

func outlined(key string, v any, depth int) any {
	if depth > outlineDepth {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = outlined(k, inner, depth+1)
		}
		return v
	case []any:
		for i := range v {
			v[i] = outlined(key, v[i], depth+1)
		}
		return v
	case string:
		if harmless(key) {
			return clip(v)
		}
		return ""
	default:
		return v
	}
}

// harmless reports whether a key holds an id or a kind.
func harmless(key string) bool {
	switch key {
	case "type", "subtype", "id", "user", "user_id", "channel", "channel_id", "channel_type", "team", "team_id", "api_app_id",
		"app_id", "bot_id", "ts", "event_ts", "thread_ts", "message_ts", "action_ts", "event_id", "action_id", "block_id", "callback_id", "view_id":
		return true
	default:
		return false
	}
}
