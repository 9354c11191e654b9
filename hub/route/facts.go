package route

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// facts puts an event into the words of the rules.
func facts(e *hub.Event, f *hub.Forum, line []hub.ForumCategory, text bool) *rules.Facts {
	r := &rules.Facts{Source: e.Source, Type: e.Type, Sensitive: sensitive(e.Type)}
	if t := f.Topic; t != nil {
		r.SharedWith = t.Groups
		r.Topic, r.Title, r.Tags, r.Unlisted = t.ID, t.Title, t.Tags, t.Unlisted
		r.Private = t.Archetype == hub.ArchetypePM
		r.Categories = categories(t, line)
		setAuthor(r, t.Author)
	}
	if p := f.Post; p != nil {
		r.Reply, r.Mentions = p.Number > 1, p.Groups
		setAuthor(r, &p.Author)
		if text {
			r.Text = plainText(p.HTML)
		}
	}
	return r
}

func setAuthor(r *rules.Facts, p *hub.Person) {
	if p != nil {
		r.Author, r.Staff, r.Bot = p.Username, p.Staff, p.Bot
	}
}

// categories names the topic's category and its ancestors; a category that the
// hub has not met is known by what the topic says of it alone.
func categories(t *hub.Topic, line []hub.ForumCategory) []rules.Category {
	if t.CategoryID == "" {
		return nil
	}
	if len(line) == 0 {
		return []rules.Category{{ID: t.CategoryID, Slug: t.CategorySlug, Path: t.CategorySlug}}
	}
	out := make([]rules.Category, len(line))
	path := ""
	for i := len(line) - 1; i >= 0; i-- {
		c := line[i]
		path = strings.TrimPrefix(path+"/"+c.Slug, "/")
		out[i] = rules.Category{ID: c.ID, Slug: c.Slug, Path: path, Restricted: c.Restricted}
	}
	return out
}

// sensitive reports whether events of the type are about people or moderation.
func sensitive(t hub.EventType) bool {
	for _, family := range []string{"forum.user.*", "forum.group.*", "forum.review.*", "forum.notification.*"} {
		if t.Match(family) {
			return true
		}
	}
	return false
}

// thingFacts puts an event from somewhere else into the words of the rules.
func thingFacts(e *hub.Event, t *hub.Item) *rules.Facts {
	r := &rules.Facts{Source: e.Source, Type: e.Type, Title: t.Title, Text: t.Text, Tags: t.Tags}
	if r.Text == "" {
		r.Text = plainText(t.HTML)
	}
	if t.Category != "" {
		r.Categories = []rules.Category{{ID: t.Category, Slug: t.Category, Path: t.Category}}
	}
	setAuthor(r, t.Author)
	return r
}
