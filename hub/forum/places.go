package forum

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// askAgain is how long a forum that told its taxonomy is not asked about a name
// that it did not tell of.
const askAgain = time.Minute

// patience is how long somebody who wants to see a taxonomy waits for the forum.
const patience = 5 * time.Second

// deepest is more categories than any forum nests: Discourse has three.
const deepest = 8

// places is how a forum is ordered, as far as routing needs it at hand.
type places struct {
	categories map[string]hub.ForumCategory
	complete   bool      // the API told them all, and all tags and groups
	asked      time.Time // when the API told
	failed     time.Time // when it did not
	at         time.Time // when anything was told
	version    int       // another one after each change that an event tells of
}

// inPlaces looks at, or changes, what is kept of a source. It holds mu.
func (s *State) inPlaces(ctx context.Context, source hub.Source, do func(*places)) error {
	for {
		s.mu.Lock()
		if p := s.places[source]; p != nil {
			do(p)
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		list, err := s.store.Categories(ctx, source)
		if err != nil {
			return fmt.Errorf("categories of %s: %w", source, err)
		}
		p := &places{categories: byID(list)}
		s.mu.Lock()
		if s.places[source] == nil { // else it has been read, and perhaps changed, meanwhile
			s.renew(p)
			s.places[source] = p
		}
		s.mu.Unlock()
	}
}

// renew makes what a forum was asked about its places before too old. mu is held.
func (s *State) renew(p *places) {
	s.versions++
	p.version = s.versions
}

func byID(list []hub.ForumCategory) map[string]hub.ForumCategory {
	all := make(map[string]hub.ForumCategory, len(list))
	for _, c := range list {
		all[c.ID] = c
	}
	return all
}

// Lineage is a category and its ancestors, the nearest first, as far as known.
func (s *State) Lineage(ctx context.Context, source hub.Source, id string) ([]hub.ForumCategory, error) {
	if id == "" {
		return nil, nil
	}
	var line []hub.ForumCategory
	err := s.inPlaces(ctx, source, func(p *places) {
		for id != "" && len(line) < deepest {
			c, ok := p.categories[id]
			if !ok || slices.Contains(line, c) {
				return
			}
			line = append(line, c)
			id = c.ParentID
		}
	})
	return line, err
}

// order makes a change of a source's taxonomy that an event tells of, one after
// the other. What the API answers to an earlier question is older.
func (s *State) order(ctx context.Context, source hub.Source, change func() error) error {
	s.ordering.Lock()
	defer s.ordering.Unlock()
	// What is read now, and not after the change, cannot miss it.
	if err := s.inPlaces(ctx, source, s.renew); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return s.inPlaces(ctx, source, func(p *places) { p.at = s.now() })
}

// putCategory takes in a category. Its groups may have changed even if the
// category itself does not show it.
func (s *State) putCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	return s.order(ctx, source, func() error {
		known := false
		if err := s.inPlaces(ctx, source, func(p *places) { known = p.categories[c.ID] == c }); err != nil {
			return err
		}
		if !known {
			if err := s.storeCategory(ctx, source, c); err != nil {
				return err
			}
		}
		err := s.inPlaces(ctx, source, func(p *places) { p.categories[c.ID] = c })
		s.forgetSource(source)
		return err
	})
}

func (s *State) storeCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	if err := s.store.PutCategory(ctx, source, c); err != nil {
		return fmt.Errorf("category %s of %s: %w", c.ID, source, err)
	}
	return nil
}

func (s *State) dropCategory(ctx context.Context, source hub.Source, id string) error {
	return s.order(ctx, source, func() error {
		if err := s.store.DeleteCategory(ctx, source, id); err != nil {
			return fmt.Errorf("category %s of %s: %w", id, source, err)
		}
		err := s.inPlaces(ctx, source, func(p *places) { delete(p.categories, id) })
		s.forgetSource(source)
		return err
	})
}

// learnTag takes in a tag, under another name than before if it has one.
func (s *State) learnTag(ctx context.Context, e *hub.Event, t hub.ForumTag) error {
	if t.Name == "" {
		return nil
	}
	return s.order(ctx, e.Source, func() error {
		switch e.Type {
		case hub.ForumTagDeleted:
			return s.dropTag(ctx, e.Source, t.Name)
		case hub.ForumTagUpdated:
			if err := s.renameTag(ctx, e.Source, t); err != nil {
				return err
			}
		}
		return s.putTag(ctx, e.Source, t)
	})
}

// renameTag forgets the name that a tag had before.
func (s *State) renameTag(ctx context.Context, source hub.Source, t hub.ForumTag) error {
	stored, err := s.store.Tags(ctx, source)
	if err != nil {
		return fmt.Errorf("tags of %s: %w", source, err)
	}
	for _, old := range stored {
		if old.ID == t.ID && t.ID != "" && old.Name != t.Name {
			if err := s.dropTag(ctx, source, old.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *State) putTag(ctx context.Context, source hub.Source, t hub.ForumTag) error {
	if err := s.store.PutTag(ctx, source, t); err != nil {
		return fmt.Errorf("tag %s of %s: %w", t.Name, source, err)
	}
	return nil
}

func (s *State) dropTag(ctx context.Context, source hub.Source, name string) error {
	if err := s.store.DeleteTag(ctx, source, name); err != nil {
		return fmt.Errorf("tag %s of %s: %w", name, source, err)
	}
	return nil
}

// lately reports whether something was done within askAgain. mu is held.
func (s *State) lately(at time.Time) bool { return !at.IsZero() && s.now().Sub(at) < askAgain }

// askPlaces reads the whole taxonomy from the forum, unless it told it lately.
// What the forum says replaces what was known, unless that has changed while
// the forum was asked.
func (s *State) askPlaces(ctx context.Context, src *Source) error {
	_, err := s.flight.do(ctx, fmt.Sprintf("site %q", src.Name), func() (any, error) {
		for range tries {
			version, recent := 0, false
			err := s.inPlaces(ctx, src.Name, func(p *places) { version, recent = p.version, s.lately(p.asked) })
			if err != nil || recent {
				return nil, err
			}
			t, err := src.API.Site(ctx)
			s.answered(ctx, src.Name, err)
			if err != nil {
				if !errors.Is(ctx.Err(), context.Canceled) { // who gave up knows nothing of the forum
					_ = s.inPlaces(ctx, src.Name, func(p *places) { p.failed = s.now() }) // it is there: it was just looked at
				}
				return nil, waits(err)
			}
			if fits, err := s.replacePlaces(ctx, src.Name, t, version); fits || err != nil {
				return nil, err
			}
		}
		return nil, waits(errUnsteady)
	})
	return err
}

// replacePlaces stores a taxonomy that the forum told in place of what was
// known; one that is not complete is added to it. It reports false, and does
// nothing, if there have been changes since the forum was asked.
func (s *State) replacePlaces(ctx context.Context, source hub.Source, t hub.Taxonomy, version int) (fits bool, err error) {
	s.ordering.Lock()
	defer s.ordering.Unlock()
	if err := s.inPlaces(ctx, source, func(p *places) { fits = p.version == version }); err != nil || !fits {
		return false, err
	}
	categories, err := s.replaceCategories(ctx, source, t.Categories, t.Complete)
	if err != nil {
		return false, err
	}
	if err := s.replaceTags(ctx, source, t.Tags, t.Complete); err != nil {
		return false, err
	}
	if err := s.replaceGroups(ctx, source, t.Groups, t.Complete); err != nil {
		return false, err
	}
	return true, s.inPlaces(ctx, source, func(p *places) {
		if !maps.Equal(p.categories, categories) { // a permission may have changed
			s.forgetSights(func(k sightKey) bool { return k.source == source })
		}
		p.categories, p.complete, p.asked, p.at = categories, t.Complete, s.now(), s.now()
	})
}

// replaceCategories stores categories and returns all that are known then; all
// is that there are no others.
func (s *State) replaceCategories(ctx context.Context, source hub.Source, told []hub.ForumCategory, all bool) (map[string]hub.ForumCategory, error) {
	stored, err := s.store.Categories(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("categories of %s: %w", source, err)
	}
	have, now := byID(stored), byID(told)
	for id, c := range now {
		if have[id] != c {
			if err := s.storeCategory(ctx, source, c); err != nil {
				return nil, err
			}
		}
	}
	for id, c := range have {
		if _, ok := now[id]; ok {
			continue
		}
		if !all {
			now[id] = c
		} else if err := s.store.DeleteCategory(ctx, source, id); err != nil {
			return nil, fmt.Errorf("category %s of %s: %w", id, source, err)
		}
	}
	return now, nil
}

// replaceTags stores tags; all is that there are no others.
func (s *State) replaceTags(ctx context.Context, source hub.Source, told []hub.ForumTag, all bool) error {
	stored, err := s.store.Tags(ctx, source)
	if err != nil {
		return fmt.Errorf("tags of %s: %w", source, err)
	}
	have := map[string]hub.ForumTag{}
	for _, t := range stored {
		have[t.Name] = t
	}
	for _, t := range told {
		if have[t.Name] != t {
			if err := s.putTag(ctx, source, t); err != nil {
				return err
			}
		}
		delete(have, t.Name)
	}
	for name := range have {
		if !all {
			break
		}
		if err := s.dropTag(ctx, source, name); err != nil {
			return err
		}
	}
	return nil
}
