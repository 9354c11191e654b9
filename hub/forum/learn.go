package forum

import (
	"cmp"
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
	case f.Tag != nil:
		return nil, s.learnTag(ctx, e, *f.Tag)
	case f.Topic != nil:
		return s.learnTopic(ctx, e, f)
	case aboutGroups(e.Type):
		return nil, s.learnGroup(ctx, e, f)
	}
	return nil, nil
}

// learnTopic merges: a topic's own event tells all of it, a post's only title
// and category.
func (s *State) learnTopic(ctx context.Context, e *hub.Event, f *hub.Forum) (*hub.Topic, error) {
	key := topicKey{e.Source, f.Topic.ID}
	told := f.Topic
	for {
		known, err := s.topic(ctx, key)
		if err != nil {
			return nil, err
		}
		if derived(e.Type) { // ours: it was learned from the edit that it follows from
			if known != nil {
				f.Topic = copied(known)
			}
			return copied(known), nil
		}
		merged := *told
		if known != nil {
			merged = merge(*known, *told, tellsAll(f))
		}
		solve(&merged, e, f)
		share(&merged, f)
		f.Topic = &merged
		// An id and a title alone teach nothing.
		if merged.Archetype != "" && (known == nil || !same(*known, merged)) && !s.replace(key, known, copied(&merged)) {
			f.Topic = told
			continue
		}
		if f.Post != nil && f.Post.Kind == hub.PostSmallAction && guests[f.Post.ActionCode] {
			s.forgetTopic(key)
		}
		return copied(known), nil
	}
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

// guests are the small actions that change who takes part in a private message,
// of which nothing else tells; guestGroups are those about groups.
// https://github.com/discourse/discourse/blob/main/app/models/topic.rb
var (
	guests = map[string]bool{
		"invited_group": true, "removed_group": true, "invited_user": true, "removed_user": true, "user_left": true,
	}
	guestGroups = map[string]bool{"invited_group": true, "removed_group": true}
)

// share notes that it is not known any more which groups a message is shared
// with.
func share(t *hub.Topic, f *hub.Forum) {
	if f.Post != nil && f.Post.Kind == hub.PostSmallAction && guestGroups[f.Post.ActionCode] {
		t.Groups = nil
	}
}

// tellsAll reports whether the event carries the topic itself.
func tellsAll(f *hub.Forum) bool { return f.Post == nil && f.Topic.Archetype != "" }

// Merge is a topic as it is known with what f tells of it.
func Merge(known hub.Topic, f *hub.Forum) hub.Topic { return merge(known, *f.Topic, tellsAll(f)) }

func merge(known, told hub.Topic, all bool) hub.Topic {
	if told.Archetype != "" && told.Archetype != known.Archetype { // it became another thing
		known.Groups, known.CategoryID, known.CategorySlug = nil, "", ""
	}
	if all {
		return mergeAll(known, told)
	}
	out := known
	if told.CategoryID != "" && told.CategoryID != known.CategoryID {
		out.CategorySlug = ""
	}
	for _, f := range []struct{ to, from *string }{
		{&out.Title, &told.Title},
		{&out.Slug, &told.Slug},
		{&out.URL, &told.URL},
		{&out.Archetype, &told.Archetype},
		{&out.CategoryID, &told.CategoryID},
		{&out.CategorySlug, &told.CategorySlug},
	} {
		*f.to = cmp.Or(*f.from, *f.to)
	}
	out.Posts = max(out.Posts, told.Posts)
	return out
}

// mergeAll is told, which says all that its source ever does, with what only
// others tell.
func mergeAll(known, told hub.Topic) hub.Topic {
	told.Title, told.Slug = cmp.Or(told.Title, known.Title), cmp.Or(told.Slug, known.Slug)
	told.URL, told.CategoryID = cmp.Or(told.URL, known.URL), cmp.Or(told.CategoryID, known.CategoryID)
	if told.CategoryID == known.CategoryID { // only a post tells the slug
		told.CategorySlug = cmp.Or(told.CategorySlug, known.CategorySlug)
	}
	if told.Tags == nil {
		told.Tags = known.Tags
	}
	if told.Groups == nil { // only the API tells them
		told.Groups = known.Groups
	}
	told.Solved = cmp.Or(told.Solved, known.Solved) // only events of their own tell it
	told.Author = cmp.Or(told.Author, known.Author)
	if told.CreatedAt.IsZero() {
		told.CreatedAt = known.CreatedAt
	}
	told.Posts = max(told.Posts, known.Posts)
	return told
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

// SameNames reports whether two lists hold the same, in any order: a forum lists
// tags by how often they are used. An empty list says more than none.
func SameNames(a, b []string) bool {
	if (a == nil) != (b == nil) || len(a) != len(b) {
		return false
	}
	return slices.Equal(a, b) || slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
