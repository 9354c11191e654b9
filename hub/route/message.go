package route

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// headings are what happened, in the words of a card's first line.
var headings = map[hub.EventType]string{
	hub.ForumTopicCreated:         "New topic",
	hub.ForumTopicEdited:          "Topic edited",
	hub.ForumTopicDeleted:         "Topic deleted",
	hub.ForumTopicRecovered:       "Topic restored",
	hub.ForumTopicClosed:          "Closed",
	hub.ForumTopicOpened:          "Opened again",
	hub.ForumTopicArchived:        "Archived",
	hub.ForumTopicUnarchived:      "No longer archived",
	hub.ForumTopicPinned:          "Pinned",
	hub.ForumTopicUnpinned:        "No longer pinned",
	hub.ForumTopicListed:          "Listed again",
	hub.ForumTopicUnlisted:        "Unlisted",
	hub.ForumTopicStatus:          "Status changed",
	hub.ForumTopicTagsChanged:     "New tags",
	hub.ForumTopicCategoryChanged: "Moved",
	hub.ForumTopicSolved:          "Solved",
	hub.ForumTopicUnsolved:        "No longer solved",
	hub.ForumTopicAssigned:        "Assigned",
	hub.ForumTopicUnassigned:      "No longer assigned",
	hub.ForumTopicVoted:           "Vote",
	hub.ForumTopicUnvoted:         "Vote withdrawn",
	hub.ForumPostCreated:          "Reply",
	hub.ForumPostEdited:           "Edited",
	hub.ForumPostDeleted:          "Post deleted",
	hub.ForumPostRecovered:        "Post restored",
	hub.ForumPostLiked:            "Liked",
	hub.ForumCategoryCreated:      "New category",
	hub.ForumCategoryUpdated:      "Category changed",
	hub.ForumCategoryDeleted:      "Category deleted",
	hub.ForumTagCreated:           "New tag",
	hub.ForumTagUpdated:           "Tag changed",
	hub.ForumTagDeleted:           "Tag deleted",
}

// heading says what happened in words; an event type without its own is read
// out.
func heading(e *hub.Event, f *hub.Forum) string {
	if e.Type == hub.ForumPostCreated && f.Post != nil && f.Post.Number == 1 {
		return headings[hub.ForumTopicCreated]
	}
	if h, ok := headings[e.Type]; ok {
		return h
	}
	return readOut(e.Type)
}

var apart = strings.NewReplacer(".", " ", "_", " ")

// readOut makes words of an event's type: "user.deploy.finished" is "Deploy
// finished".
func readOut(t hub.EventType) string {
	_, rest, _ := strings.Cut(string(t), ".")
	words := apart.Replace(rest)
	return strings.ToUpper(words[:1]) + words[1:]
}

// composer makes messages of one event; what does not depend on the row is
// made once.
type composer struct {
	write *writer
	event *hub.Event
	forum *hub.Forum // nil: thing
	thing *hub.Item
	line  []hub.ForumCategory
	cache map[int]excerpt // by limit
	below []hub.Action    // under what tells of a topic
	cards map[shape]*hub.Card
	about string // the thread, once it is known
}

// shape is what a row's options make of a card.
type shape struct {
	compact bool
	excerpt int
}

type excerpt struct {
	text  string
	cut   bool
	image *hub.Image
}

// fullExcerpt is how much of a post StyleFull takes; platforms cut it further.
const fullExcerpt = 12_000

// message is what the event says to the chat of a row. Its card is that of others,
// too: who changes something changes a copy.
func (c *composer) message(mode hub.Mode, o *hub.Options) hub.Message {
	m := hub.Message{Card: c.shaped(o), Thread: c.thread()}
	switch threading(mode, o) {
	case hub.ThreadReplies:
		m.InThread = m.Thread != ""
	case hub.ThreadBoth:
		m.InThread = m.Thread != ""
		m.Broadcast = m.InThread && c.reply()
	}
	if c.thing == nil && c.forum.Topic != nil && o.Buttons != "off" {
		m.Actions = c.below
	}
	return m
}

// shaped is the card as a row wants it.
func (c *composer) shaped(o *hub.Options) *hub.Card {
	s := shape{compact: o.Style == hub.StyleCompact}
	if !s.compact {
		s.excerpt = excerptOf(o)
	}
	card := c.cards[s]
	if card != nil {
		return card
	}
	if card = c.card(); s.compact {
		card.Compact = true
	} else {
		c.excerpt(card, s.excerpt)
	}
	if c.cards == nil {
		c.cards = map[shape]*hub.Card{}
	}
	c.cards[s] = card
	return card
}

// excerptOf is how many characters of a post a row shows.
func excerptOf(o *hub.Options) int {
	switch {
	case o.Style == hub.StyleFull:
		return fullExcerpt
	case o.Excerpt == 0:
		return hub.DefaultExcerpt
	}
	return o.Excerpt
}

func threading(mode hub.Mode, o *hub.Options) hub.Threading {
	switch {
	case o.Thread != "":
		return o.Thread
	case mode == hub.Thread:
		return hub.ThreadReplies
	}
	return hub.ThreadFlat
}

// thread is the key that messages about one thing share.
func (c *composer) thread() string {
	switch {
	case c.about != "":
	case c.thing != nil && c.thing.Key != "":
		c.about = string(c.event.Source) + "/item/" + c.thing.Key
	case c.thing == nil && c.forum.Topic != nil:
		c.about = string(c.event.Source) + "/topic/" + c.forum.Topic.ID
	}
	return c.about
}

func (c *composer) reply() bool {
	return c.forum != nil && c.forum.Post != nil && c.forum.Post.Number > 1
}

// card holds the facts of the event, without an excerpt.
func (c *composer) card() *hub.Card {
	f := c.forum
	if c.thing != nil {
		return c.thingCard()
	}
	card := &hub.Card{Kind: heading(c.event, f), Site: host(f.Site), Time: c.event.Time}
	if card.Time.IsZero() { // not every event of a forum tells when
		card.Time = c.event.ReceivedTime
	}
	switch {
	case f.Topic != nil:
		c.topicCard(card)
	case f.Category != nil:
		card.Title, card.URL = f.Category.Name, f.Category.URL
	case f.Tag != nil:
		card.Title, card.URL = f.Tag.Name, f.Tag.URL
	default:
		objectCard(card, f)
	}
	return card
}

func (c *composer) topicCard(card *hub.Card) {
	f := c.forum
	card.Title, card.URL, card.Author = or(f.Topic.Title, "Topic "+f.Topic.ID), f.Topic.URL, f.Topic.Author
	if f.Post != nil {
		card.URL, card.Author = or(f.Post.URL, card.URL), &f.Post.Author
	}
	if f.Actor != nil && f.Actor.Username != "" { // who liked or assigned says more here than who wrote
		card.Author = f.Actor
	}
	if to := readObject(f.Object).assignee(); to != "" {
		card.Text = "To " + escapeText(to)
	}
	card.Category = c.category()
	card.Tags = c.tags()
	for _, mark := range topicMarks(f.Topic) {
		if c.first() {
			card.Kind = withMark(card.Kind, mark)
		}
	}
}

// first reports whether the message is about the topic itself, as if it were
// new.
func (c *composer) first() bool {
	return c.forum.Before != nil || c.event.Type == hub.ForumTopicCreated || c.event.Type == hub.ForumPostCreated && !c.reply()
}

func (c *composer) tags() []hub.Label {
	var tags []hub.Label
	for _, t := range c.forum.Topic.Tags {
		tags = append(tags, hub.Label{Name: t, URL: c.forum.Site + "/tag/" + url.PathEscape(t)})
	}
	return tags
}

// category names the whole line of categories; one that the hub has not met
// is told by its slug.
func (c *composer) category() *hub.Label {
	t := c.forum.Topic
	if len(c.line) == 0 {
		if t.CategorySlug == "" {
			return nil
		}
		return &hub.Label{Name: t.CategorySlug, URL: c.forum.Site + "/c/" + url.PathEscape(t.CategorySlug) + "/" + url.PathEscape(t.CategoryID)}
	}
	names := make([]string, len(c.line))
	for i, cat := range c.line {
		names[len(names)-1-i] = cat.Name
	}
	return &hub.Label{Name: strings.Join(names, " › "), URL: c.line[0].URL, Color: c.line[0].Color}
}

// excerpt puts the first limit characters of the post into card. What was
// deleted is not repeated.
func (c *composer) excerpt(card *hub.Card, limit int) {
	html, site := "", ""
	if c.thing != nil {
		html = cmp.Or(c.thing.HTML, asHTML(c.thing.Text))
	} else if p := c.forum.Post; p != nil && c.event.Type != hub.ForumPostDeleted {
		html, site = p.HTML, c.forum.Site
	}
	if html == "" {
		return
	}
	x, ok := c.cache[limit]
	if !ok {
		x = c.write.excerpt(html, site, limit)
		if c.cache == nil {
			c.cache = map[int]excerpt{}
		}
		c.cache[limit] = x
	}
	card.Text, card.Cut, card.Image = x.text, x.cut, x.image
}

func host(site string) string {
	u, err := url.Parse(site)
	if err != nil {
		return ""
	}
	return u.Host
}
