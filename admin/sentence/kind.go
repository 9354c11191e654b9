package sentence

import "github.com/bellhop-chat/bellhop/hub"

// kinds are the names of texts about event types that people ask for.
var kinds = map[string]string{
	"forum.*":                             "all",
	"forum.topic.*":                       "topics",
	"forum.post.*":                        "posts",
	string(hub.ForumTopicCreated):         "topicCreated",
	string(hub.ForumTopicEdited):          "topicEdited",
	string(hub.ForumTopicDeleted):         "topicDeleted",
	string(hub.ForumTopicRecovered):       "topicRecovered",
	string(hub.ForumTopicClosed):          "topicClosed",
	string(hub.ForumTopicOpened):          "topicOpened",
	string(hub.ForumTopicArchived):        "topicArchived",
	string(hub.ForumTopicUnarchived):      "topicUnarchived",
	string(hub.ForumTopicPinned):          "topicPinned",
	string(hub.ForumTopicUnpinned):        "topicUnpinned",
	string(hub.ForumTopicListed):          "topicListed",
	string(hub.ForumTopicUnlisted):        "topicUnlisted",
	string(hub.ForumTopicTagsChanged):     "tagsChanged",
	string(hub.ForumTopicCategoryChanged): "categoryChanged",
	string(hub.ForumTopicSolved):          "topicSolved",
	string(hub.ForumTopicUnsolved):        "topicUnsolved",
	string(hub.ForumTopicAssigned):        "topicAssigned",
	string(hub.ForumTopicUnassigned):      "topicUnassigned",
	string(hub.ForumTopicVoted):           "topicVoted",
	string(hub.ForumPostCreated):          "postCreated",
	string(hub.ForumPostEdited):           "postEdited",
	string(hub.ForumPostDeleted):          "postDeleted",
	string(hub.ForumPostRecovered):        "postRecovered",
	string(hub.ForumPostLiked):            "postLiked",
}

// Kinds lists the event types that have a name of their own, as people would ask
// for them.
func Kinds() []string {
	list := []string{"forum.*", "forum.topic.*", "forum.post.*"}
	for _, t := range []hub.EventType{
		hub.ForumPostCreated, hub.ForumPostEdited, hub.ForumPostDeleted, hub.ForumPostRecovered, hub.ForumPostLiked,
		hub.ForumTopicCreated, hub.ForumTopicSolved, hub.ForumTopicUnsolved, hub.ForumTopicClosed, hub.ForumTopicOpened,
		hub.ForumTopicCategoryChanged, hub.ForumTopicTagsChanged, hub.ForumTopicEdited, hub.ForumTopicDeleted, hub.ForumTopicRecovered,
		hub.ForumTopicArchived, hub.ForumTopicUnarchived, hub.ForumTopicPinned, hub.ForumTopicUnpinned, hub.ForumTopicListed,
		hub.ForumTopicUnlisted, hub.ForumTopicAssigned, hub.ForumTopicUnassigned, hub.ForumTopicVoted,
	} {
		list = append(list, string(t))
	}
	return list
}

// Kind is what events of a type, or of a pattern of types, are called.
func (t Teller) Kind(pattern string) string { return (&pen{Teller: t}).kind(pattern) }

func (p *pen) kind(pattern string) string {
	if name, known := kinds[pattern]; known {
		return p.say("sentence.kind." + name)
	}
	return p.say("sentence.kind.unnamed", "Type", p.mark("code", "", pattern))
}
