package admin

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/web"
)

// forumsLast is for how long how a forum is ordered is told again.
const forumsLast = 5 * time.Second

// forumCache are the forums' directories, for pages.
type forumCache struct {
	mu    sync.Mutex
	at    time.Time
	known map[hub.Source]*forum.Directory
}

// Directory is how a forum is ordered, as it was told in the last seconds; nil for
// a source that is none, and for one that cannot be asked.
func (s *Server) Directory(ctx context.Context, source hub.Source) *forum.Directory {
	if !slices.Contains(s.Sources(), source) {
		return nil
	}
	c := &s.forums
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := s.Now(); c.known == nil || now.Sub(c.at) > forumsLast {
		c.at, c.known = now, map[hub.Source]*forum.Directory{}
	}
	d, asked := c.known[source]
	if asked {
		return d
	}
	t, err := s.Taxonomy(ctx, source)
	if err != nil {
		s.Log.WarnContext(ctx, "how a forum is ordered cannot be told", "source", source, "err", err)
	} else if t != nil {
		d = forum.NewDirectory(t)
	}
	c.known[source] = d
	return d
}

// Directories are those of the forums that a row with a source hears.
func (s *Server) Directories(ctx context.Context, source hub.Source) (list []*forum.Directory) {
	sources := s.Sources()
	if source != "" {
		sources = []hub.Source{source}
	}
	for _, name := range sources {
		if d := s.Directory(ctx, name); d != nil {
			list = append(list, d)
		}
	}
	return list
}

// Teller says in words what rows do.
func (s *Server) Teller(ctx context.Context, words *web.Words) sentence.Teller {
	return sentence.Teller{
		Words: words, Sources: len(s.Sources()),
		Category: func(source hub.Source, value string) sentence.Category {
			for _, d := range s.Directories(ctx, source) {
				if at := d.Find(value); len(at) > 0 {
					return CategoryOf(d, at[0])
				}
			}
			return sentence.Category{Name: value, Gone: s.lacks(ctx, source)}
		},
		Gone: func(source hub.Source, kind hub.FilterType, value string) bool {
			if !forum.IsName(kind, value) || !s.lacks(ctx, source) {
				return false
			}
			return !slices.ContainsFunc(s.Directories(ctx, source), func(d *forum.Directory) bool { return d.Has(kind, value) })
		},
	}
}

// lacks reports whether all that a row may hear has told all its names, so that one
// that is not among them is nowhere.
func (s *Server) lacks(ctx context.Context, source hub.Source) bool {
	heard := s.Directories(ctx, source)
	return len(heard) > 0 && !slices.ContainsFunc(heard, func(d *forum.Directory) bool { return !d.Complete })
}

// CategoryOf is the category at a place of a directory, as people know it.
func CategoryOf(d *forum.Directory, i int) sentence.Category {
	c := d.Categories[i]
	said := sentence.Category{Name: c.Name, Color: strings.TrimPrefix(c.Color, "#")}
	if said.Name == "" {
		said.Name = c.Slug
	}
	if parent, ok := d.ByID(c.ParentID); ok && c.ParentID != "" {
		said.ParentColor = strings.TrimPrefix(d.Categories[parent].Color, "#")
	}
	return said
}

// Problems are by field what keeps a row from doing what it says: in itself, and
// names that no forum has. Nothing is nil.
func (s *Server) Problems(ctx context.Context, row *hub.Subscription) (map[string]string, error) {
	systems, err := s.Systems(ctx)
	if err != nil {
		return nil, err
	}
	if bad := s.rowProblems(systems, *row); len(bad) > 0 {
		return bad, nil
	}
	return s.names(ctx).problems(row)
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// Missing are the names of a row that no forum that it hears has, as far as that is
// known.
func (s *Server) Missing(ctx context.Context, row *hub.Subscription) (gone []string) {
	if !slices.ContainsFunc(row.Filters, namesSomething) || !s.lacks(ctx, row.Source) {
		return nil
	}
	heard := s.Directories(ctx, row.Source)
	for _, f := range row.Filters {
		for _, v := range slices.Concat(f.Any, f.All, f.None) {
			if forum.IsName(f.Type, v) && !slices.ContainsFunc(heard, func(d *forum.Directory) bool { return d.Has(f.Type, v) }) {
				gone = append(gone, v)
			}
		}
	}
	return gone
}
