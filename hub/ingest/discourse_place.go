package ingest

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

// tellCategory reads what the hub has to know of a category.
func (w *webhook) tellCategory() (*told, error) {
	var c category
	if err := decode(w.value, &c); err != nil {
		return nil, err
	}
	kind := family(w.name, "category", "created", "updated", "destroyed")
	if kind == "" || c.ID == "" {
		return &told{note: "no event of this name is known for a category, or it has no id"}, nil
	}
	return &told{kind: kind, subject: "category/" + string(c.ID), forum: hub.Forum{Category: &hub.ForumCategory{
		ID: string(c.ID), Name: c.Name, Slug: c.Slug, ParentID: string(c.ParentID), Color: color(c.Color),
		URL:        w.site.base + "/c/" + segment(cmp.Or(c.Slug, "-")) + "/" + segment(string(c.ID)),
		Restricted: c.restricted(),
	}}}, nil
}

type category struct {
	ID          ident  `json:"id"`
	Name        string `json:"name"`
	Slug        string `json:"slug"`
	Color       string `json:"color"`
	ParentID    ident  `json:"parent_category_id"`
	Restricted  *bool  `json:"read_restricted"`
	Permissions []struct {
		GroupID ident `json:"group_id"`
	} `json:"group_permissions"`
}

// everyone is the id of the group that holds every visitor.
const everyone = "0"

// restricted reports whether not everyone may read the category. One that does
// not tell counts as restricted: nothing may leave by mistake.
func (c *category) restricted() bool {
	if c.Restricted != nil {
		return *c.Restricted
	}
	for _, p := range c.Permissions {
		if p.GroupID == everyone {
			return false
		}
	}
	return true
}

// color makes "#0088cc" of "0088CC", and nothing of what is no colour.
func color(hex string) string {
	hex = strings.ToLower(hex)
	if (len(hex) != 6 && len(hex) != 3) || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return "#" + hex
}

func (w *webhook) tellTag() (*told, error) {
	var tag struct {
		ID   ident  `json:"id"`
		Name string `json:"name"`
	}
	if err := decode(w.value, &tag); err != nil {
		return nil, err
	}
	kind := family(w.name, "tag", "created", "updated", "destroyed")
	if kind == "" || oneWord(tag.Name) == "" {
		return &told{note: "no event of this name is known for a tag, or it has no name"}, nil
	}
	id := cmp.Or(string(tag.ID), oneWord(tag.Name)) // older forums know a tag by its name alone
	return &told{kind: kind, subject: "tag/" + id, forum: hub.Forum{Tag: &hub.ForumTag{
		ID: string(tag.ID), Name: tag.Name, URL: w.site.base + "/tag/" + url.PathEscape(tag.Name),
	}}}, nil
}

// oneWord is a name without spaces, as forums write those of tags, and without what
// cannot be seen.
func oneWord(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '-'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.TrimSpace(name))
}
