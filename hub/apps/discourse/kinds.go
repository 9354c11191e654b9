package discourse

import (
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// kinds are the events that people ask for, in words that go on with "in
// Support".
var kinds = []struct {
	kind  hub.EventType
	words string
}{
	{hub.ForumPostCreated, "new posts"},
	{hub.ForumTopicCreated, "new topics"},
	{hub.ForumPostEdited, "edited posts"},
	{hub.ForumPostDeleted, "deleted posts"},
	{hub.ForumPostRecovered, "restored posts"},
	{hub.ForumPostLiked, "likes"},
	{hub.ForumTopicEdited, "edited topics"},
	{hub.ForumTopicDeleted, "deleted topics"},
	{hub.ForumTopicRecovered, "restored topics"},
	{hub.ForumTopicClosed, "closed topics"},
	{hub.ForumTopicOpened, "reopened topics"},
	{hub.ForumTopicArchived, "archived topics"},
	{hub.ForumTopicUnarchived, "topics that are no longer archived"},
	{hub.ForumTopicPinned, "pinned topics"},
	{hub.ForumTopicUnpinned, "topics that are no longer pinned"},
	{hub.ForumTopicListed, "topics that are listed again"},
	{hub.ForumTopicUnlisted, "unlisted topics"},
	{hub.ForumTopicStatus, "topics with another status"},
	{hub.ForumTopicTagsChanged, "topics with new tags"},
	{hub.ForumTopicCategoryChanged, "moved topics"},
	{hub.ForumTopicSolved, "solved topics"},
	{hub.ForumTopicUnsolved, "topics that are no longer solved"},
	{hub.ForumTopicAssigned, "assigned topics"},
	{hub.ForumTopicUnassigned, "topics that are no longer assigned"},
	{hub.ForumTopicVoted, "votes for topics"},
	{hub.ForumTopicUnvoted, "votes for topics that are taken back"},
	{hub.ForumCategoryCreated, "new categories"},
	{hub.ForumCategoryUpdated, "changed categories"},
	{hub.ForumCategoryDeleted, "deleted categories"},
	{hub.ForumTagCreated, "new tags"},
	{hub.ForumTagUpdated, "changed tags"},
	{hub.ForumTagDeleted, "deleted tags"},
	{hub.ForumGroupCreated, "new groups"},
	{hub.ForumGroupUpdated, "changed groups"},
	{hub.ForumGroupDeleted, "deleted groups"},
}

// kindWords are the events that a pattern stands for, in words.
func kindWords(pattern string) string {
	for _, k := range kinds {
		if string(k.kind) == pattern {
			return k.words
		}
	}
	switch pattern {
	case "*", "forum.*":
		return "everything that happens"
	case "forum.post.*":
		return "everything that happens to posts"
	case "forum.topic.*":
		return "everything that happens to topics"
	}
	return "events of the kind " + typed(pattern)
}

// knownKind reports whether a pattern stands for something that is known.
func knownKind(pattern string) bool {
	if pattern == "*" {
		return true
	}
	for _, k := range kinds {
		if k.kind.Match(pattern) {
			return true
		}
	}
	return false
}

// nearKinds are those that a kind may have been meant for. People leave out that
// it happens on a forum, and the rest of a word.
func nearKinds(kind string) []string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k.kind))
	}
	// Long names that share their beginning are never far from each other: only the
	// nearest is worth saying.
	near := hub.Nearest(kind, names, 1)
	if len(near) > 0 {
		return near
	}
	last := kind[strings.LastIndexByte(kind, '.')+1:]
	for _, name := range names {
		if last != "" && strings.Contains(name[len("forum."):], last) && !slices.Contains(near, name) {
			near = append(near, name)
		}
	}
	return near[:min(maxSuggested, len(near))]
}
