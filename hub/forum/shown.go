package forum

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// shownFor is how long what a forum told of a reader's view is not asked again. A
// change of a category ends it at once.
const shownFor = 5 * time.Minute

// shown is how a forum is ordered as its reader sees it.
type shown struct {
	told  hub.Taxonomy
	at    time.Time // when it was told; zero: never
	tried time.Time // when it was asked for last
}

// Shown is how a forum is ordered as far as its reader may see it, for people who
// may know no more than that. Where the reader's view cannot be had it is what
// nobody needs a right to see, and not Complete. A source that is no forum is
// nil.
func (s *State) Shown(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	src := s.Source(source)
	if src == nil {
		return nil, nil
	}
	if src.Check && src.API != nil {
		if told, ok := s.shownTo(ctx, src); ok {
			return &told, nil
		}
	}
	t, err := s.Taxonomy(ctx, source)
	if err != nil {
		return nil, err
	}
	public := *t
	public.Categories = slices.DeleteFunc(slices.Clone(t.Categories), func(c hub.ForumCategory) bool { return c.Restricted })
	public.Complete = t.Complete && !src.Check
	if src.Check { // what the hub knows of these it may have seen with an administrator's eyes
		public.Tags, public.Groups = nil, nil
	}
	return &public, nil
}

// shownTo is what the forum's reader sees; ok is false if that is not known.
func (s *State) shownTo(ctx context.Context, src *Source) (told hub.Taxonomy, ok bool) {
	s.mu.Lock()
	kept := s.shown[src.Name]
	if kept == nil {
		kept = &shown{}
		s.shown[src.Name] = kept
	}
	now := s.now()
	fresh := !kept.at.IsZero() && now.Sub(kept.at) < shownFor
	down := s.lately(kept.tried) && kept.tried.After(kept.at)
	told, ok = kept.told, !kept.at.IsZero()
	s.mu.Unlock()
	if fresh || down {
		return told, ok
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Who asks after a change must not be given the answer to an older question.
	v, err := s.flight.do(soon, fmt.Sprintf("shown %q %p", src.Name, kept), func() (any, error) {
		asked, err := src.API.SiteFor(soon, src.ReadAs)
		s.answered(soon, src.Name, err)
		return asked, s.judgeReader(readerKey{src.Name, src.ReadAs}, err)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	kept.tried = s.now()
	if err != nil {
		return told, ok && s.shown[src.Name] == kept
	}
	told = v.(hub.Taxonomy)
	told.Source = src.Name
	if s.shown[src.Name] != kept { // a permission has changed meanwhile: it is worth nothing
		return hub.Taxonomy{}, false
	}
	kept.told, kept.at = told, kept.tried
	return told, true
}

// Named finds a tag or a group by its name, as the forum spells it, whoever may
// see it.
func (s *State) Named(ctx context.Context, source hub.Source, kind hub.FilterType, name string) (spelled string, known bool, err error) {
	t, err := s.Taxonomy(ctx, source)
	if err != nil || t == nil {
		return name, false, err
	}
	spelled, known = NewDirectory(t).Spelled(kind, name)
	return spelled, known, nil
}

// Visible reports whether a reader may see a topic; "" is the source's reader. It
// asks nobody where the source trusts its webhook: then private messages alone,
// and what stands in a restricted category, are not for everyone. *Waits says
// that it is not known, since the forum does not answer.
func (s *State) Visible(ctx context.Context, source hub.Source, topic, reader string) (bool, error) {
	src := s.Source(source)
	if src == nil {
		return false, nil
	}
	if src.Check {
		if reader == "" {
			reader = src.ReadAs
		}
		return s.Look(ctx, source, topic, reader)
	}
	t, err := s.Topic(ctx, source, topic)
	if err != nil || t == nil || t.Archetype != hub.ArchetypeRegular || t.Deleted {
		return false, err
	}
	line, err := s.Lineage(ctx, source, t.CategoryID)
	known := t.CategoryID == "" || len(line) > 0
	return known && !slices.ContainsFunc(line, func(c hub.ForumCategory) bool { return c.Restricted }), err
}
