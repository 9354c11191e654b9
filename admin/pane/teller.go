package pane

import (
	"context"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/web"
)

// teller says in words what rows do, for one page: each forum is asked once how it
// is ordered.
func (p *Pane) teller(ctx context.Context, words *web.Words) sentence.Teller {
	known := map[hub.Source]*forum.Directory{}
	directory := func(source hub.Source) *forum.Directory {
		d, asked := known[source]
		if asked {
			return d
		}
		if t, err := p.Admin.Taxonomy(ctx, source); err != nil {
			p.Log.WarnContext(ctx, "how a forum is ordered cannot be told", "source", source, "err", err)
		} else if t != nil {
			d = forum.NewDirectory(t)
		}
		known[source] = d
		return d
	}
	return sentence.Teller{Words: words, Sources: len(p.Admin.Sources()), Category: func(source hub.Source, value string) sentence.Category {
		for _, name := range p.Admin.Sources() {
			if source != "" && name != source {
				continue
			}
			d := directory(name)
			if d == nil {
				continue
			}
			if at := d.Find(value); len(at) > 0 {
				return sentenceCategory(d, at[0])
			}
		}
		return sentence.Category{Name: value}
	}}
}

func sentenceCategory(d *forum.Directory, i int) sentence.Category {
	c := d.Categories[i]
	said := sentence.Category{Name: c.Name, Color: web.HexColor(c.Color)}
	if said.Name == "" {
		said.Name = c.Slug
	}
	parent := slices.IndexFunc(d.Categories, func(other hub.ForumCategory) bool { return c.ParentID != "" && other.ID == c.ParentID })
	if parent >= 0 {
		said.ParentColor = web.HexColor(strings.TrimSpace(d.Categories[parent].Color))
	}
	return said
}
