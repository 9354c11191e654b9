package forum

import (
	"context"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// askAgain is how long a forum that told its taxonomy is not asked about a name
// that it did not tell of.
const askAgain = time.Minute

// places are the categories of a source and, once asked for, its tags and
// groups.
type places struct {
	categories map[string]hub.ForumCategory
	complete   bool      // the API told them all
	asked      time.Time // when it did
}

// Lineage is a category and its ancestors, the nearest first, as far as known.
func (s *State) Lineage(ctx context.Context, source hub.Source, id string) ([]hub.ForumCategory, error) {
	if id == "" {
		return nil, nil
	}
	p, err := s.known(ctx, source)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var line []hub.ForumCategory
	for id != "" && len(line) < 8 { // Discourse nests three deep; a circle must end
		c, ok := p.categories[id]
		if !ok {
			break
		}
		line = append(line, c)
		id = c.ParentID
	}
	return line, nil
}

func (s *State) known(ctx context.Context, source hub.Source) (*places, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.places[source]; ok {
		return p, nil
	}
	list, err := s.store.Categories(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("categories of %s: %w", source, err)
	}
	p := &places{categories: map[string]hub.ForumCategory{}}
	for _, c := range list {
		p.categories[c.ID] = c
	}
	s.places[source] = p
	return p, nil
}

func (s *State) putCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	p, err := s.known(ctx, source)
	if err != nil {
		return err
	}
	s.mu.Lock()
	old, known := p.categories[c.ID]
	s.mu.Unlock()
	if known && old == c {
		// Its groups may have changed, which the category itself does not show.
		s.forgetSource(source)
		return nil
	}
	if err := s.store.PutCategory(ctx, source, c); err != nil {
		return fmt.Errorf("category %s of %s: %w", c.ID, source, err)
	}
	s.mu.Lock()
	p.categories[c.ID] = c
	s.mu.Unlock()
	s.forgetSource(source)
	return nil
}

func (s *State) dropCategory(ctx context.Context, source hub.Source, id string) error {
	p, err := s.known(ctx, source)
	if err != nil {
		return err
	}
	if err := s.store.DeleteCategory(ctx, source, id); err != nil {
		return fmt.Errorf("category %s of %s: %w", id, source, err)
	}
	s.mu.Lock()
	delete(p.categories, id)
	s.mu.Unlock()
	s.forgetSource(source)
	return nil
}

func (s *State) putTag(ctx context.Context, source hub.Source, t hub.ForumTag) error {
	if t.Name == "" {
		return nil
	}
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

// Taxonomy is how a forum is ordered: asked of its API where that is possible
// and not done lately, else what is stored. A source that is no forum is nil.
func (s *State) Taxonomy(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	src := s.sources[source]
	if src == nil {
		return nil, nil
	}
	if src.API != nil {
		if err := s.ask(ctx, src, askAgain); err == nil {
			return s.stock(ctx, source, true)
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return s.stock(ctx, source, false)
}

// stock is what is stored of a forum's taxonomy.
func (s *State) stock(ctx context.Context, source hub.Source, complete bool) (*hub.Taxonomy, error) {
	t := &hub.Taxonomy{Source: source, Complete: complete}
	p, err := s.known(ctx, source)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	t.At = p.asked
	s.mu.Unlock()
	if t.Categories, err = s.store.Categories(ctx, source); err != nil {
		return nil, fmt.Errorf("categories of %s: %w", source, err)
	}
	if t.Tags, err = s.store.Tags(ctx, source); err != nil {
		return nil, fmt.Errorf("tags of %s: %w", source, err)
	}
	if t.Groups, err = s.store.Groups(ctx, source); err != nil {
		return nil, fmt.Errorf("groups of %s: %w", source, err)
	}
	return t, nil
}

// ask reads the whole taxonomy from the forum, unless it did so within fresh.
func (s *State) ask(ctx context.Context, src *Source, fresh time.Duration) error {
	p, err := s.known(ctx, src.Name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	recent := p.complete && s.now().Sub(p.asked) < fresh
	s.mu.Unlock()
	if recent {
		return nil
	}
	_, err, _ = s.flight.Do("site "+string(src.Name), func() (any, error) {
		t, err := src.API.Site(ctx)
		s.answered(src.Name, err)
		if err != nil {
			return nil, waits(err)
		}
		return nil, s.replace(ctx, src.Name, p, t)
	})
	return err
}

// replace stores a taxonomy that the forum told in place of what was known.
func (s *State) replace(ctx context.Context, source hub.Source, p *places, t hub.Taxonomy) error {
	told := map[string]hub.ForumCategory{}
	for _, c := range t.Categories {
		told[c.ID] = c
		if s.category(p, c.ID) != c {
			if err := s.store.PutCategory(ctx, source, c); err != nil {
				return fmt.Errorf("category %s of %s: %w", c.ID, source, err)
			}
		}
	}
	s.mu.Lock()
	var lost []string
	for id := range p.categories {
		if _, ok := told[id]; !ok {
			lost = append(lost, id)
		}
	}
	p.categories, p.complete, p.asked = told, true, s.now()
	s.mu.Unlock()
	for _, id := range lost {
		if err := s.store.DeleteCategory(ctx, source, id); err != nil {
			return fmt.Errorf("category %s of %s: %w", id, source, err)
		}
	}
	if err := s.replaceTags(ctx, source, t.Tags); err != nil {
		return err
	}
	return s.replaceGroups(ctx, source, t.Groups)
}

func (s *State) category(p *places, id string) hub.ForumCategory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.categories[id]
}

func (s *State) replaceTags(ctx context.Context, source hub.Source, told []hub.ForumTag) error {
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
		if err := s.dropTag(ctx, source, name); err != nil {
			return err
		}
	}
	return nil
}
