package ingest

import (
	"crypto/sha256"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// eventID makes the same id of the same event. A forum that tries again gives a
// new X-Discourse-Event-Id, so that does not count where the body can tell: by
// an id and a version, or by being different.
//
// Some bodies cannot: they show how things are, without a time or a version. A
// category that is made private, public and private again sends the same body
// twice; were the second one dropped as a duplicate, its topics would stay
// public here. There the id of the attempt counts: an event that comes twice is
// the lesser evil, and it takes an attempt that was stored but not answered.
func (w *webhook) eventID(t *told) hub.EventID {
	parts := append([]string{string(w.Source), w.name}, t.key...)
	if t.key == nil {
		sum := sha256.Sum256(w.Body)
		parts = append(parts, string(sum[:]))
		if w.timeless(t) {
			parts = append(parts, cut(w.Header.Get(headerEventID), 64))
		}
	}
	return hub.EventID("e" + hub.Digest(parts...))
}

// timeless reports whether two different events may have the same body. The
// status of a topic is not among them: each change leaves a post behind, which
// counts in the body.
func (w *webhook) timeless(t *told) bool {
	switch w.root {
	case "category", "tag", "group", "assign", "topic_voting", "solved", "ping":
		return true
	}
	switch w.name {
	case "topic_edited", "topic_destroyed", "topic_recovered", "post_destroyed", "post_recovered":
		return t.at.IsZero()
	}
	return false
}

// family maps the last word of a name to an event type: "post_destroyed" to
// forum.post.deleted. A word that is not in words gives "".
func family(name, prefix string, words ...string) hub.EventType {
	verb, ok := strings.CutPrefix(name, prefix+"_")
	if !ok {
		return ""
	}
	for _, w := range words {
		if w == verb {
			return hub.EventType("forum." + prefix + "." + past(verb))
		}
	}
	return ""
}

// past is our word for what a forum calls destroyed.
func past(verb string) string {
	if verb == "destroyed" {
		return "deleted"
	}
	return verb
}
