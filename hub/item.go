package hub

import "encoding/json"

// Item is the data of user.* events: a thing that happened somewhere else, such
// as a deploy, an alarm or an article, in the words that rules and messages
// read. It comes from a CloudEvent, a signed webhook, any JSON with a mapping,
// or a feed.
type Item struct {
	// Key is the sender's own id of the thing. Events about one thing share a
	// thread.
	Key      string   `json:"key,omitempty"`
	Title    string   `json:"title,omitempty"` // plain text
	URL      string   `json:"url,omitempty"`   // absolute
	Author   *Person  `json:"author,omitempty"`
	Category string   `json:"category,omitempty"` // by name
	Tags     []string `json:"tags,omitzero"`      // nil: not told
	Text     string   `json:"text,omitempty"`     // plain text
	HTML     string   `json:"html,omitempty"`     // in place of Text; not to be trusted
	// Object is what came, as it came.
	Object json.RawMessage `json:"object,omitempty"`
}
