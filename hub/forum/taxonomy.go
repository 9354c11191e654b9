package forum

import (
	"context"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Taxonomy is how a forum is ordered: asked of its API where that is possible
// and not done lately, else what is stored. It blocks for some seconds at most.
// A source that is no forum is nil.
func (s *State) Taxonomy(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	src := s.Source(source)
	if src == nil {
		return nil, nil
	}
	told := false
	if src.API != nil {
		recent, down := false, false
		err := s.inPlaces(ctx, source, func(p *places) { recent, down = s.lately(p.asked), s.lately(p.failed) })
		if err != nil {
			return nil, err
		}
		if told = recent; !recent && !down {
			soon, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			told = s.askPlaces(soon, src) == nil
		}
	}
	return s.stock(ctx, source, told)
}

// Known is how a forum is ordered as far as that is known, without asking it. A
// source that is no forum is nil.
func (s *State) Known(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	if s.Source(source) == nil {
		return nil, nil
	}
	return s.stock(ctx, source, true)
}

// Refresh asks a forum's API anew how it is ordered, and waits for the answer. A
// source that is no forum is nil.
func (s *State) Refresh(ctx context.Context, source hub.Source) (*hub.Taxonomy, error) {
	src := s.Source(source)
	if src == nil {
		return nil, nil
	}
	if src.API == nil {
		return nil, hub.Errorf(hub.CodeInvalid, "%s cannot be asked how it is ordered: set its api_key", source)
	}
	if err := s.inPlaces(ctx, source, func(p *places) { p.asked, p.failed = time.Time{}, time.Time{} }); err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	if err := s.askPlaces(soon, src); err != nil {
		return nil, hub.Errorf(hub.CodeUnavailable, "%s", err)
	}
	return s.stock(ctx, source, true)
}

// stock is what is stored of a forum's taxonomy; told is that the API told just
// now.
func (s *State) stock(ctx context.Context, source hub.Source, told bool) (*hub.Taxonomy, error) {
	t := &hub.Taxonomy{Source: source}
	err := s.inPlaces(ctx, source, func(p *places) { t.At, t.Complete = p.at, told && p.complete })
	if err != nil {
		return nil, err
	}
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
