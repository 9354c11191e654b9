package forum

import (
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Learn takes in what an event tells and completes f's topic with what is
// known. It returns the topic as it was known before, nil if it was not. It asks
// no API. A nil store error means that all was taken in.
func (s *State) Learn(ctx context.Context, e *hub.Event, f *hub.Forum) (before *hub.Topic, err error) {
	switch {
	case f.Category != nil && e.Type == hub.ForumCategoryDeleted:
		return nil, s.dropCategory(ctx, e.Source, f.Category.ID)
	case f.Category != nil:
		return nil, s.putCategory(ctx, e.Source, *f.Category)
	case f.Tag != nil && e.Type == hub.ForumTagDeleted:
		return nil, s.dropTag(ctx, e.Source, f.Tag.Name)
	case f.Tag != nil:
		return nil, s.putTag(ctx, e.Source, *f.Tag)
	case f.Topic != nil:
		return s.learnTopic(ctx, e, f)
	case e.Type.Match("forum.group.*"), e.Type.Match("forum.user.*"):
		return nil, s.learnGroup(ctx, e, f)
	}
	return nil, nil
}

// learnTopic merges: a topic's own event tells all of it, a post's only title
// and category.
func (s *State) learnTopic(ctx context.Context, e *hub.Event, f *hub.Forum) (*hub.Topic, error) {
	key := topicKey{e.Source, f.Topic.ID}
	known, err := s.topic(ctx, key)
	if err != nil {
		return nil, err
	}
	if known != nil && derived(e.Type) { // ours: it was learned from the edit that it follows from
		now := *known
		f.Topic = &now
		return known, nil
	}
	merged := *f.Topic
	if known != nil {
		merged = merge(*known, *f.Topic, tellsAll(f))
	}
	solve(&merged, e, f)
	f.Topic = &merged
	if merged.Archetype == "" { // an id and a title alone teach nothing
		return known, nil
	}
	if known != nil && same(*known, merged) {
		return known, nil
	}
	if known != nil && !sameSight(*known, merged) {
		s.forgetSights(key)
	}
	s.put(key, &merged)
	return known, nil
}

// derived reports whether the hub itself makes events of the type.
func derived(t hub.EventType) bool {
	return t == hub.ForumTopicCategoryChanged || t == hub.ForumTopicTagsChanged
}

// solve notes which post solves the topic.
func solve(t *hub.Topic, e *hub.Event, f *hub.Forum) {
	switch {
	case e.Type == hub.ForumTopicSolved && f.Post != nil:
		t.Solved = f.Post.Number
	case e.Type == hub.ForumTopicUnsolved:
		t.Solved = 0
	}
}

// tellsAll reports whether the event carries the topic itself.
func tellsAll(f *hub.Forum) bool { return f.Post == nil && f.Topic.Archetype != "" }

// Merge is a topic as it is known with what f tells of it.
func Merge(known hub.Topic, f *hub.Forum) hub.Topic { return merge(known, *f.Topic, tellsAll(f)) }

func merge(known, told hub.Topic, all bool) hub.Topic {
	if all {
		if told.Tags == nil {
			told.Tags = known.Tags
		}
		if told.CategorySlug == "" && told.CategoryID == known.CategoryID { // only a post tells it
			told.CategorySlug = known.CategorySlug
		}
		if told.Groups == nil { // only the API tells it
			told.Groups = known.Groups
		}
		if told.Solved == 0 { // only its own events tell it
			told.Solved = known.Solved
		}
		if told.Author == nil {
			told.Author = known.Author
		}
		return told
	}
	out := known
	for _, f := range []struct{ to, from *string }{
		{&out.Title, &told.Title},
		{&out.Slug, &told.Slug},
		{&out.URL, &told.URL},
		{&out.Archetype, &told.Archetype},
		{&out.CategoryID, &told.CategoryID},
		{&out.CategorySlug, &told.CategorySlug},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	return out
}

// same compares what rules and messages read of a topic.
func same(a, b hub.Topic) bool {
	return a.Title == b.Title && a.Slug == b.Slug && a.URL == b.URL && a.CategorySlug == b.CategorySlug &&
		sameSight(a, b) && a.Closed == b.Closed && a.Archived == b.Archived && a.Pinned == b.Pinned && a.Solved == b.Solved &&
		SameNames(a.Tags, b.Tags)
}

// sameSight compares what decides who may see a topic.
func sameSight(a, b hub.Topic) bool {
	return a.Archetype == b.Archetype && a.CategoryID == b.CategoryID && a.Unlisted == b.Unlisted &&
		a.Deleted == b.Deleted && SameNames(a.Groups, b.Groups)
}

// SameNames reports whether two lists say the same; an empty one says more than
// none.
func SameNames(a, b []string) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }
