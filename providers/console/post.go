package console

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds on a card's facts, in characters. Together with the labels around them
// they stay below factsRoom, which is taken off the room for its text.
const (
	longestTitle = 1000
	longestFact  = 100
	mostTags     = 20
	factsRoom    = 5000
)

// said is a message as post.html shows it.
type said struct {
	Text    template.HTML
	Card    *card
	Actions []action
	cut     bool // there was more than limit
}

func (s said) empty() bool { return s.Text == "" && s.Card == nil && len(s.Actions) == 0 }

type card struct {
	Kind, Site string
	Title, URL string
	Author     *label
	Category   *label
	Tags       []label
	MoreTags   int
	Text       template.HTML
	Image      *hub.Image // to link to, where the text does not
	Cut        bool       // there is more at URL
	Compact    bool
	Struck     bool // the thing is gone
	Time       time.Time
}

// label is a name, with a link where there is a harmless one.
type label struct {
	Name, URL string
	Color     string // "#0088cc" or empty
}

// render makes a message ready to show, at most limit characters of it.
func render(m hub.Message) said {
	room := limit
	if m.Card != nil {
		room -= factsRoom
	}
	text, cut := providers.Fit(providers.Parse(m.Text), markup{}, room, visible)
	s := said{Text: template.HTML(text), cut: cut} //nolint:gosec // markup escapes all it is given
	s.Actions = viewActions(m.Actions)
	if m.Card != nil {
		s.Card = renderCard(m.Card, room-visible(text))
		s.cut = s.cut || s.Card.Cut && !m.Card.Cut
	}
	return s
}

func renderCard(c *hub.Card, room int) *card {
	text, cut := "", false
	if !c.Compact {
		text, cut = providers.Fit(providers.Parse(c.Text), markup{}, room, visible)
	}
	link := webURL(c.URL)
	return &card{
		Kind: fact(c.Kind, longestFact), Site: fact(c.Site, longestFact),
		Title:    cmp.Or(fact(c.Title, longestTitle), fact(link, longestTitle)),
		URL:      link,
		Author:   person(c.Author),
		Category: labelled(c.Category),
		Tags:     labels(c.Tags),
		MoreTags: max(0, len(c.Tags)-mostTags),
		Text:     template.HTML(text), //nolint:gosec // markup escapes all it is given
		Image:    linked(c, text),
		Cut:      cut || c.Cut,
		Compact:  c.Compact,
		Struck:   c.Struck,
		Time:     c.Time.UTC(),
	}
}

// linked is the card's image, for a link: showing it would tell its host who
// reads, and the pages' policy forbids it. A text that links to it as well is
// enough.
func linked(c *hub.Card, text string) *hub.Image {
	image := providers.Picture(c)
	if image == nil || strings.Contains(text, html.EscapeString(image.URL)) {
		return nil
	}
	return image
}

func person(p *hub.Person) *label {
	if p == nil {
		return nil
	}
	return labelled(&hub.Label{Name: cmp.Or(p.Name, p.Username), URL: p.URL})
}

func labels(from []hub.Label) []label {
	var tags []label
	for _, l := range from[:min(len(from), mostTags)] {
		if tag := labelled(&l); tag != nil {
			tags = append(tags, *tag)
		}
	}
	return tags
}

func labelled(l *hub.Label) *label {
	if l == nil || fact(l.Name, longestFact) == "" {
		return nil
	}
	return &label{Name: fact(l.Name, longestFact), URL: webURL(l.URL), Color: color(l.Color)}
}

// fact is s on one line of at most n characters. The template escapes it.
func fact(s string, n int) string {
	s, _ = providers.CutText(strings.Join(strings.Fields(s), " "), n, providers.Characters)
	return s
}

// webURL is s if it is an absolute http or https address, else nothing.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// color is s if it is six hex digits after a #, else nothing: it comes from a
// forum and goes into an attribute.
func color(s string) string {
	if len(s) != 7 || s[0] != '#' || strings.Trim(s[1:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return s
}

// post is a ConsolePost as post.html shows it.
type post struct {
	said
	Seq     int64
	Rev     int64
	At      time.Time
	Edited  time.Time // or removed; zero for never
	Gone    bool
	Root    int64  // the post it answers, 0 for none
	RootURL string // where that one is shown
	Stray   bool   // it answers one that is not on this page
	Replies []post
	Author  *author // nil for Bellhop
	Mine    bool    // the reader said it
	Private bool    // the reader alone sees it
}

// Answerable is that a thread may begin there.
func (p post) Answerable() bool { return p.Root == 0 && !p.Private && !p.Gone }

// shown is what render makes of a message: each look at a room shows its last
// messages, which mostly are those of the look before.
var shown = providers.Remember(func(m hub.Message, _ providers.Form) said { return render(m) })

// viewPost is p as me sees it.
func viewPost(p hub.ConsolePost, me hub.User) post {
	m := p.Message
	if p.Author != nil {
		m.Text = asTyped(m.Text)
	}
	v := post{
		said: shown(m, providers.Whole), Seq: p.Seq, Rev: p.Rev, At: p.At.UTC(), Edited: p.Edited.UTC(), Gone: p.Gone, Root: seqOf(p.Root),
		Author: viewAuthor(p.Author), Mine: p.Author != nil && p.Author.ID == me.ID, Private: p.Reader != "",
	}
	if v.Root > 0 {
		v.Stray = true
		v.RootURL = fmt.Sprintf("%s?before=%d#m%d", roomURL(p.Chat.ID), v.Root+1, v.Root)
	}
	return v
}

// threaded puts each reply below its root, where the root is among the posts.
func threaded(posts []hub.ConsolePost, me hub.User) []post {
	var top []post
	at := map[int64]int{} // place in top, by Seq
	for _, p := range posts {
		v := viewPost(p, me)
		if i, ok := at[v.Root]; ok {
			v.Stray = false
			top[i].Replies = append(top[i].Replies, v)
			continue
		}
		if v.Root == 0 {
			at[v.Seq] = len(top)
		}
		top = append(top, v)
	}
	return top
}

// before reads the ?before= of a page: a Seq, or 0 for the newest.
func before(query url.Values) int64 {
	seq, err := strconv.ParseInt(query.Get("before"), 10, 64)
	if err != nil {
		return 0
	}
	return max(seq, 0)
}
