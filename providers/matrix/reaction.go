package matrix

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// reaction is what an annotation said. A redaction names only the annotation,
// and its content is gone by then.
type reaction struct {
	ref, key, by string
}

// maxReactions is how many of them are remembered.
const maxReactions = 10_000

// reactions are the last that were heard, by event. They are safe for
// concurrent use.
type reactions struct {
	mu    sync.Mutex
	known map[string]reaction
	order []string // oldest first
}

func newReactions() *reactions { return &reactions{known: map[string]reaction{}} }

func (r *reactions) remember(event string, what reaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, had := r.known[event]; had {
		return
	}
	r.known[event], r.order = what, append(r.order, event)
	if len(r.order) > maxReactions {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *reactions) find(event string) (reaction, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what, ok := r.known[event]
	return what, ok
}

// reaction is an annotation: https://spec.matrix.org/latest/client-server-api/#event-annotations-and-reactions
func (v *visit) reaction(n *native) *hub.Event {
	var content struct {
		Relates   relation `json:"m.relates_to"`
		Shortcode string   `json:"shortcode"`
	}
	if err := json.Unmarshal(n.Content, &content); err != nil || content.Relates.Type != "m.annotation" ||
		content.Relates.EventID == "" || content.Relates.Key == "" {
		return v.unsupported(n, n.Type, "it does not say what it is a reaction to")
	}
	key := hub.Emoji(content.Relates.Key)
	if strings.HasPrefix(key, "mxc://") { // a picture
		key = firstOf(strings.TrimSpace(content.Shortcode), key)
	}
	what := reaction{ref: content.Relates.EventID, key: capped(key, longest), by: n.Sender}
	v.l.reactions.remember(n.ID, what)
	return v.chatter(n, hub.ChatReactionAdded, &hub.Chatter{Ref: hub.MessageRef(what.ref), Reaction: what.key})
}

// redaction takes back a reaction, or a message: what is not known to be a
// reaction is told as a message. https://spec.matrix.org/latest/client-server-api/#redactions
func (v *visit) redaction(n *native) *hub.Event {
	var content struct {
		Redacts string `json:"redacts"` // where it is since room version 11
	}
	_ = json.Unmarshal(n.Content, &content)
	target := firstOf(content.Redacts, n.Redacts)
	if target == "" {
		return v.unsupported(n, n.Type, "it does not say what was redacted")
	}
	was, isReaction := v.l.reactions.find(target)
	switch {
	case !isReaction:
		return v.chatter(n, hub.ChatMessageDeleted, &hub.Chatter{Ref: hub.MessageRef(target)})
	case was.ref == "":
		return nil // it was gone before we heard of it
	}
	c := &hub.Chatter{Ref: hub.MessageRef(was.ref), Reaction: was.key}
	if was.by != n.Sender {
		u := v.user(was.by, false)
		c.Whom = &u
	}
	return v.chatter(n, hub.ChatReactionGone, c)
}
