package pane

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// eventView is an event as people know it.
type eventView struct {
	ID       hub.EventID
	Title    string
	Author   string // a username
	Verb     string // what they did, in words; empty: Kind says it
	Category *catView
	Tags     []string
	URL      string // where it is to be seen
	Site     string
	Kind     hub.EventType
	Source   hub.Source
}

// catView is a category with its colours.
type catView struct{ Name, Color, ParentColor string }

// eventData is all that events tell of what they are about.
type eventData struct {
	Site     string          `json:"site"`
	Topic    *hub.Topic      `json:"topic"`
	Post     *hub.Post       `json:"post"`
	Actor    *hub.Person     `json:"actor"`
	Category json.RawMessage `json:"category"` // a forum's, or the name of an item's
	Tag      *hub.ForumTag   `json:"tag"`
	Title    string          `json:"title"`
	URL      string          `json:"url"`
	Author   *hub.Person     `json:"author"`
	Tags     []string        `json:"tags"`
	Text     string          `json:"text"`
	Name     string          `json:"name"` // of a signal
	From     *hub.User       `json:"from"` // of what was said in a chat
}

// verbs are what somebody did, by type.
var verbs = map[hub.EventType]string{
	hub.ForumTopicCreated: "opened", hub.ForumTopicEdited: "edited", hub.ForumTopicDeleted: "deleted", hub.ForumTopicRecovered: "recovered",
	hub.ForumTopicClosed: "closed", hub.ForumTopicOpened: "reopened", hub.ForumTopicArchived: "archived",
	hub.ForumTopicTagsChanged: "tagged", hub.ForumTopicCategoryChanged: "moved", hub.ForumTopicSolved: "solved",
	hub.ForumPostCreated: "replied", hub.ForumPostEdited: "edited", hub.ForumPostDeleted: "deleted", hub.ForumPostRecovered: "recovered", hub.ForumPostLiked: "liked",
	"chat.message.posted": "said",
}

func (p *Pane) viewOf(ctx context.Context, words *web.Words, e *hub.Event) eventView {
	v := eventView{ID: e.ID, Kind: e.Type, Source: e.Source}
	var d eventData
	if json.Unmarshal(e.Data, &d) != nil { // what it is about is not for us to know
		v.Title = string(e.Type)
		return v
	}
	if e.Type == hub.HubSignalReplay {
		return p.replayView(ctx, words, e)
	}
	verb := verbs[e.Type]
	v.Site, v.Title, v.URL, v.Tags = d.Site, d.Title, d.URL, d.Tags
	if d.Author != nil {
		v.Author = d.Author.Username
	}
	if d.From != nil {
		v.Author, v.Title = cmp.Or(d.From.Name, d.From.ID), d.Text
	}
	if t := d.Topic; t != nil {
		if v.Title, v.URL, v.Tags = t.Title, t.URL, t.Tags; t.Archetype == hub.ArchetypePM {
			v.Title = privateTitle(words, t)
		}
		v.Category = p.catOf(ctx, e.Source, t.CategoryID, t.CategorySlug)
		if t.Author != nil {
			v.Author = t.Author.Username
		}
	}
	if post := d.Post; post != nil {
		v.Author, v.URL = cmp.Or(post.Author.Username, v.Author), cmp.Or(post.URL, v.URL)
		if post.Number == 1 && e.Type == hub.ForumPostCreated {
			verb = "opened"
		}
	}
	if d.Actor != nil && d.Actor.Username != "" {
		v.Author = d.Actor.Username
	}
	v.Title = firstOf(v.Title, d.about(), d.Name, string(e.Type))
	v.Title, v.URL = clipped(v.Title), webAddress(v.URL)
	switch {
	case verb == "" || v.Author == "":
	case v.Category != nil: // which stands behind it
		v.Verb = words.Say("activity.verb." + verb)
	default:
		v.Verb = words.Say("activity.did." + verb)
	}
	return v
}

// Path is the event's own page.
func (v eventView) Path() string { return "/activity/events/" + url.PathEscape(string(v.ID)) }

// privateTitle is what stands for the title of a private message, which is for
// those whom it is for.
func privateTitle(words *web.Words, t *hub.Topic) string {
	if len(t.Groups) == 0 {
		return words.Say("activity.private")
	}
	return words.Say("activity.privateTo", "Groups", "@"+strings.Join(t.Groups, ", @"))
}

// replayView is a replay, by the event that it is of.
func (p *Pane) replayView(ctx context.Context, words *web.Words, e *hub.Event) eventView {
	v := eventView{ID: e.ID, Kind: e.Type, Source: e.Source, Title: string(e.Type)}
	var r hub.ReplayRequest
	if json.Unmarshal(e.Data, &r) != nil || r.Event == nil || r.Event.Type == hub.HubSignalReplay {
		return v
	}
	of := p.viewOf(ctx, words, r.Event)
	v.Title, v.Category, v.URL = of.Title, of.Category, of.URL
	if v.Author = r.By; v.Author != "" {
		v.Verb = words.Say("activity.did.replayed")
	}
	return v
}

// about is the name of a category or tag that an event is about, or the beginning
// of a text.
func (d *eventData) about() string {
	var c hub.ForumCategory
	if json.Unmarshal(d.Category, &c) == nil && c.Name != "" {
		return c.Name
	}
	if d.Tag != nil {
		return d.Tag.Name
	}
	return d.Text
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text = plainLine(text); text != "" {
			return text
		}
	}
	return ""
}

// plainLine is a text on one line, without signs that turn the direction of
// writing: who wrote it is a stranger.
func plainLine(text string) string { return strings.Join(strings.Fields(unturned(text)), " ") }

// unturned is a text without signs that turn the direction of writing.
func unturned(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

// longestTitle is how many characters of a title a page holds.
const longestTitle = 300

// clipped is a text of bounded length: a list holds many.
func clipped(text string) string {
	if runes := []rune(text); len(runes) > longestTitle {
		return string(runes[:longestTitle]) + "…"
	}
	return text
}

func (p *Pane) catOf(ctx context.Context, source hub.Source, id, slug string) *catView {
	own, parent := p.shelf.category(ctx, p, source, id)
	if own == nil {
		if slug == "" {
			return nil
		}
		return &catView{Name: slug}
	}
	c := &catView{Name: own.Name, Color: web.HexColor(own.Color)}
	if parent != nil && c.Color != "" {
		c.ParentColor = web.HexColor(parent.Color)
	}
	return c
}

// webAddress is an address that may stand in a link, "" if it may not.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}
