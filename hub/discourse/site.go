package discourse

import (
	"context"
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

type category struct {
	ID         ident  `json:"id"`
	Name       string `json:"name"`
	Slug       string `json:"slug"`
	Color      string `json:"color"`
	ParentID   ident  `json:"parent_category_id"`
	Restricted *bool  `json:"read_restricted"`
}

// everyone is the id of the group that holds every visitor. It has no members
// to ask for, and cannot be mentioned.
const everyone = "0"

// Site asks how the forum is ordered. Complete is that the user who asks sees
// all of it: without a key that is never known.
func (c *Client) Site(ctx context.Context) (hub.Taxonomy, error) {
	who := c.self()
	t, err := c.siteAs(ctx, who, "")
	t.Complete = t.Complete && who.key
	return t, err
}

// SiteFor asks how the forum is ordered as far as a reader may see it; "" is a
// visitor who is not logged in, and asked for without the key. Complete is that
// it is all the reader may see.
func (c *Client) SiteFor(ctx context.Context, reader string) (hub.Taxonomy, error) {
	who, query, err := c.reader(reader)
	if err != nil {
		return hub.Taxonomy{}, err
	}
	return c.siteAs(ctx, who, query)
}

// siteAs asks as somebody. Complete is that nothing was left out.
func (c *Client) siteAs(ctx context.Context, who asker, query string) (hub.Taxonomy, error) {
	var said struct {
		Categories listOf[category] `json:"categories"`
		Groups     listOf[member]   `json:"groups"`
		Lazy       bool             `json:"lazy_load_categories"`
	}
	if err := c.must(ctx, who, "/site.json"+query, &said); err != nil {
		return hub.Taxonomy{}, err
	}
	out := hub.Taxonomy{Categories: []hub.ForumCategory{}, Tags: []hub.ForumTag{}, Groups: []hub.ForumGroup{}, Complete: true}
	if said.Lazy {
		more, all, err := c.searchCategories(ctx, who)
		if err != nil {
			return hub.Taxonomy{}, err
		}
		said.Categories, out.Complete = append(said.Categories, more...), out.Complete && all
	}
	out.Categories = c.categories(said.Categories)
	for _, g := range said.Groups {
		if g.Name != "" && g.ID != everyone {
			out.Groups = append(out.Groups, hub.ForumGroup{ID: string(g.ID), Name: g.Name})
		}
	}
	var err error
	if out.Tags, err = c.tags(ctx, who, query); err != nil {
		return hub.Taxonomy{}, err
	}
	out.At = c.now()
	return out, nil
}

// categories makes each one once.
func (c *Client) categories(told []category) []hub.ForumCategory {
	out, seen := make([]hub.ForumCategory, 0, len(told)), map[ident]bool{}
	for _, t := range told {
		if t.ID == "" || seen[t.ID] {
			continue
		}
		seen[t.ID] = true
		out = append(out, hub.ForumCategory{
			ID: string(t.ID), Name: t.Name, Slug: t.Slug, ParentID: string(t.ParentID), Color: color(t.Color),
			URL: c.site.category(t.Slug, string(t.ID)),
			// One that does not tell counts as restricted: nothing may leave by mistake.
			Restricted: t.Restricted == nil || *t.Restricted,
		})
	}
	return out
}

// color makes "#0088cc" of "0088CC", and nothing of what is no colour.
func color(hex string) string {
	hex = strings.ToLower(hex)
	if (len(hex) != 6 && len(hex) != 3) || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return "#" + hex
}

// maxPages bounds what a list is asked for.
const maxPages = 400

// searchCategories lists the categories of a forum that has so many that
// /site.json leaves most of them out (the setting lazy_load_categories_groups):
// https://github.com/discourse/discourse/blob/main/app/controllers/categories_controller.rb
func (c *Client) searchCategories(ctx context.Context, who asker) (found []category, all bool, err error) {
	seen := map[ident]bool{}
	for page := 1; page <= maxPages; page++ {
		var said struct {
			Categories listOf[category] `json:"categories"`
		}
		err := c.get(ctx, who, fmt.Sprintf("/categories/hierarchical_search.json?limit=25&page=%d", page), &said)
		if isAbsent(err) { // it came after the setting did
			return found, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		grown := false
		for _, t := range said.Categories {
			if t.ID != "" && !seen[t.ID] {
				seen[t.ID], grown = true, true
				found = append(found, t)
			}
		}
		if !grown {
			return found, true, nil
		}
	}
	return found, false, nil
}

// tags lists the tags that the asker may use, also those that the forum lists
// by category or by group of tags:
// https://github.com/discourse/discourse/blob/main/app/controllers/tags_controller.rb
func (c *Client) tags(ctx context.Context, who asker, query string) ([]hub.ForumTag, error) {
	type list struct {
		Tags listOf[label] `json:"tags"`
	}
	var said struct {
		list
		Extras struct {
			Categories listOf[list] `json:"categories"`
			Groups     listOf[list] `json:"tag_groups"`
		} `json:"extras"`
	}
	out := []hub.ForumTag{}
	if err := c.get(ctx, who, "/tags.json"+query, &said); isAbsent(err) { // tagging is off
		return out, nil
	} else if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, l := range append(append([]list{said.list}, said.Extras.Categories...), said.Extras.Groups...) {
		for _, t := range l.Tags {
			if t.Name == "" || seen[t.Name] {
				continue
			}
			seen[t.Name] = true
			out = append(out, hub.ForumTag{ID: string(t.ID), Name: t.Name, URL: c.site.tag(t.Name)})
		}
	}
	return out, nil
}
