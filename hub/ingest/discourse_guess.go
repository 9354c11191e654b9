package ingest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// usual is the most telling event of each root key.
var usual = map[string]string{
	"post": "post_created", "topic": "topic_created", "user": "user_created", "group": "group_created",
	"category": "category_created", "tag": "tag_created", "reviewable": "reviewable_created",
	"notification": "notification_created", "solved": "accepted_solution", "assign": "assigned",
	"user_badge": "user_badge_granted", "group_user": "user_added_to_group", "like": "post_liked",
	"user_promoted": "user_promoted", "topic_voting": "topic_upvote", "chat_message": "chat_message_created",
	"ping": "ping",
}

// Guess completes headers that do not say which event a body tells of, as when
// somebody pastes a body alone: its root key shows what it is about, and that it
// was created is the likeliest.
func (Discourse) Guess(h http.Header, body []byte) (http.Header, error) {
	if h.Get(headerEvent) != "" && h.Get(headerEventType) != "" {
		return h, nil
	}
	name := h.Get(headerEventType)
	if name == "" {
		var err error
		if name, err = rootOf(body); err != nil {
			return nil, err
		}
	}
	event := h.Get(headerEvent)
	if event == "" {
		event = usual[name]
	}
	h = h.Clone()
	h.Set(headerEventType, name)
	if event != "" {
		h.Set(headerEvent, event)
	}
	return h, nil
}

// rootOf is the root key of a body that a forum sends.
func rootOf(body []byte) (string, error) {
	c := &cursor{in: body}
	var found string
	c.object(func(key []byte) {
		if usual[string(key)] != "" && found == "" {
			found = string(key)
		}
		c.skip()
	})
	c.end()
	if c.err == nil && found == "" {
		known := strings.Join(slices.Sorted(maps.Keys(usual)), ", ")
		return "", wrong("the body has none of the root keys that a forum sends: " + known)
	}
	return found, c.problem()
}
