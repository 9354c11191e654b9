package ingest

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// eventID makes the same id of the same event. A forum that tries again gives a
// new X-Discourse-Event-Id, so that does not count: an id and a version do where
// the body has them, else all of the body. Ids begin with the number of the post or
// topic, which grows; when it was written would not do, as an admin can change that.
//
// A category, a tag or a group is the exception. Its body shows how things are,
// without a time or a version: a category that is made private, public and
// private again within a day sends the same body twice, and were the second one
// dropped as a duplicate, its topics would stay public here. There the number of
// the attempt counts, too; nobody is told twice, as these are for us to learn
// from.
func (w *webhook) eventID(t *told) hub.EventID {
	parts := append([]string{string(w.Source), w.name}, t.key...)
	if t.key == nil {
		sum := sha256.Sum256(w.Body)
		parts = append(parts, string(sum[:]))
		if w.showsState() {
			parts = append(parts, cut(w.Header.Get(headerEventID), 64))
		}
	}
	return hub.EventID("e" + hub.OrderedDigest(t.number(), parts...))
}

// lines are what events tell the state of in turns: the same event may come again
// because what it tells is so again.
var lines = map[hub.EventType]string{
	hub.ForumTopicEdited:     "edited",
	hub.ForumTopicDeleted:    "deleted",
	hub.ForumTopicRecovered:  "deleted",
	hub.ForumTopicClosed:     "closed",
	hub.ForumTopicOpened:     "closed",
	hub.ForumTopicArchived:   "archived",
	hub.ForumTopicUnarchived: "archived",
	hub.ForumTopicPinned:     "pinned",
	hub.ForumTopicUnpinned:   "pinned",
	hub.ForumTopicListed:     "listed",
	hub.ForumTopicUnlisted:   "listed",
	hub.ForumTopicSolved:     "solved",
	hub.ForumTopicUnsolved:   "solved",
	hub.ForumTopicAssigned:   "assigned",
	hub.ForumTopicUnassigned: "assigned",
	hub.ForumTopicVoted:      "voted",
	hub.ForumTopicUnvoted:    "voted",
	hub.ForumPostDeleted:     "deleted",
	hub.ForumPostRecovered:   "deleted",
	hub.ForumPostEdited:      "edited", // of a forum that does not tell when

	"forum.chat.message_edited":   "edited",
	"forum.chat.message_trashed":  "deleted",
	"forum.chat.message_restored": "deleted",
	"forum.user.suspended":        "suspended",
	"forum.user.unsuspended":      "suspended",
	"forum.user.logged_in":        "logged in",
	"forum.user.logged_out":       "logged in",
}

// line is the Line of an event whose id is made of all its body. A forum counts
// its webhooks, so that one sent again by hand keeps its number and its place. One
// that the forum itself tries again gets a new number: if it had come in although
// we answered otherwise than 2xx, and another event of its line since, it counts as
// a third. That takes a disk that fails, and to lose a true third is worse.
func (w *webhook) line(t *told) hub.Line {
	name := lines[t.kind]
	number, err := strconv.ParseUint(w.Header.Get(headerEventID), 10, 64)
	if name == "" || t.subject == "" || t.key != nil || err != nil {
		return hub.Line{}
	}
	of, by := t.subject, ""
	switch {
	case name == "solved": // by whichever of its posts
		of = "topic/" + t.forum.Topic.ID
	case name == "voted" && t.forum.Actor != nil:
		by = t.forum.Actor.ID
	}
	return hub.Line{Name: hub.Digest(string(w.Source), name, of, by), Number: number}
}

// number is what the forum numbers the post or topic with, or 0.
func (t *told) number() uint64 {
	var id string
	switch {
	case t.forum.Post != nil:
		id = t.forum.Post.ID
	case t.forum.Topic != nil:
		id = t.forum.Topic.ID
	}
	n, _ := strconv.ParseUint(id, 10, 64) // of what is no number, 0; of a larger one, the largest
	return n
}

// showsState reports whether two different events may have the same body, and
// the later one must be heard.
func (w *webhook) showsState() bool {
	switch w.root {
	case "category", "tag", "group", "ping":
		return true
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
