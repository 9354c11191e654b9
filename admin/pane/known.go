package pane

import (
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// How long names are believed, and how long a page waits for them.
const (
	namesLast    = 2 * time.Minute
	namePatience = 400 * time.Millisecond
)

// forumShelf is how forums are ordered, asked for now and then.
type forumShelf struct {
	mu     sync.Mutex
	at     map[hub.Source]time.Time
	forums map[hub.Source]map[string]hub.ForumCategory
}

// category is a category of a forum with its parent, nil for what is not known.
func (f *forumShelf) category(ctx context.Context, p *Pane, source hub.Source, id string) (own, parent *hub.ForumCategory) {
	if id == "" {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forums == nil {
		f.forums, f.at = map[hub.Source]map[string]hub.ForumCategory{}, map[hub.Source]time.Time{}
	}
	if now := p.Now(); now.Sub(f.at[source]) > namesLast {
		f.at[source] = now
		ctx, cancel := context.WithTimeout(ctx, namePatience)
		defer cancel()
		t, err := p.Admin.Taxonomy(ctx, source)
		if err != nil {
			p.Log.DebugContext(ctx, "the categories of a forum are not known", "source", source, "err", err)
		}
		if t != nil {
			f.forums[source] = map[string]hub.ForumCategory{}
			for _, c := range t.Categories {
				f.forums[source][c.ID] = c
			}
		}
	}
	c, known := f.forums[source][id]
	if !known {
		return nil, nil
	}
	if up, known := f.forums[source][c.ParentID]; known {
		parent = &up
	}
	return &c, parent
}
