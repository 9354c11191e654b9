package pane

import (
	"cmp"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// The kinds of event that can be built: what a forum tells, and what anything else
// would.
const (
	buildTopic = "topic"
	buildReply = "reply"
	buildOther = "user"
)

// built kinds of a forum that are about a topic that is there.
var builtTypes = map[string]hub.EventType{
	"solved": hub.ForumTopicSolved, "closed": hub.ForumTopicClosed, "edited": hub.ForumPostEdited, "liked": hub.ForumPostLiked, "deleted": hub.ForumPostDeleted,
}

// Who may see what is built.
const (
	seenByAll     = ""
	seenByStaff   = "staff"
	seenUnlisted  = "unlisted"
	seenInPrivate = "private"
)

// buildForm is an event that is put together, and what there is to choose from.
type buildForm struct {
	Sources    []hub.Source // forums
	Source     hub.Source
	Kinds      []string
	Categories []builtCategory
	Tags       []string // that the forum has
	Groups     []string
	Staff, Bot bool
}

type builtCategory struct {
	ID, Name string
	Chosen   bool
}

// built is the event that the form makes, nil if it has not been sent yet.
func (v *viewer) built() (*admin.Simulation, error) {
	page, form := v.page, &v.page.Build
	status, err := v.p.Admin.SourceList(v.ctx)
	if err != nil {
		return nil, err
	}
	site := ""
	for _, s := range status {
		if s.Kind == "discourse" {
			form.Sources = append(form.Sources, s.Source)
		}
	}
	form.Source = hub.Source(page.Value("source"))
	if !slices.Contains(form.Sources, form.Source) {
		form.Source = ""
		if len(form.Sources) > 0 {
			form.Source = form.Sources[0]
		}
	}
	for _, s := range status {
		if s.Source == form.Source {
			site = strings.TrimRight(s.URL, "/")
		}
	}
	form.Kinds = []string{buildOther}
	if form.Source != "" {
		form.Kinds = []string{buildTopic, buildReply, "edited", "deleted", "solved", "closed", "liked", buildOther}
	}
	form.Staff, form.Bot = page.Query.Has("staff"), page.Query.Has("bot")
	if err := v.choices(); err != nil {
		return nil, err
	}
	if !page.Query.Has("title") {
		return nil, nil
	}
	e, err := v.madeUp(site)
	if err != nil {
		return nil, err
	}
	in := &admin.Simulation{Event: e, Sight: string(hub.SightEveryone)}
	if page.Value("seen") == seenByStaff {
		in.Sight = string(hub.SightNobody)
	}
	return in, nil
}

// choices are what the forum has to choose from.
func (v *viewer) choices() error {
	form := &v.page.Build
	if form.Source == "" {
		return nil
	}
	t, err := v.taxonomy(form.Source)
	if err != nil || t == nil {
		return err
	}
	by := map[string]hub.ForumCategory{}
	for _, c := range t.Categories {
		by[c.ID] = c
	}
	for _, c := range t.Categories {
		form.Categories = append(form.Categories, builtCategory{c.ID, viewCategory(c, by).Name, c.ID == v.page.Value("category")})
	}
	slices.SortFunc(form.Categories, func(a, b builtCategory) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	for _, tag := range t.Tags {
		form.Tags = append(form.Tags, tag.Name)
	}
	for _, g := range t.Groups {
		form.Groups = append(form.Groups, g.Name)
	}
	return nil
}

// madeUp is the event as its source would tell it.
func (v *viewer) madeUp(site string) (*hub.Event, error) {
	page := v.page
	kind := cmp.Or(page.Value("kind"), buildTopic)
	if !slices.Contains(page.Build.Kinds, kind) {
		kind = page.Build.Kinds[0]
	}
	author := hub.Person{Username: strings.TrimPrefix(strings.TrimSpace(page.Value("author")), "@"), Staff: page.Build.Staff, Bot: page.Build.Bot}
	tags := listed(page.Value("tags"))
	e := &hub.Event{SpecVersion: hub.SpecVersion, ID: "simulated", Time: v.p.Now().UTC()}
	var data any
	if kind == buildOther {
		e.Source, e.Type = admin.API, "user.example"
		item := hub.Item{Title: page.Value("title"), Text: page.Value("text"), Category: page.Value("category"), Tags: tags}
		if author.Username != "" {
			item.Author = &author
		}
		data = item
	} else {
		e.Source = page.Build.Source
		e.Type = cmp.Or(builtTypes[kind], hub.ForumPostCreated)
		data = v.forum(kind, site, author, tags)
	}
	var err error
	e.Data, err = json.Marshal(data)
	return e, err
}

// forum is what a forum would tell. Its topic has no id: there is none.
func (v *viewer) forum(kind, site string, author hub.Person, tags []string) hub.Forum {
	page := v.page
	topic := &hub.Topic{
		Title: page.Value("title"), URL: site, Archetype: hub.ArchetypeRegular, CategoryID: page.Value("category"), Tags: tags,
		Unlisted: page.Value("seen") == seenUnlisted, Author: &author, Closed: kind == "closed",
	}
	for _, c := range page.Build.Categories {
		if c.Chosen {
			topic.CategorySlug = c.Name
		}
	}
	if page.Value("seen") == seenInPrivate {
		topic.Archetype, topic.CategoryID, topic.Groups = hub.ArchetypePM, "", listed(page.Value("group"))
	}
	f := hub.Forum{Site: site, Event: "simulated", Topic: topic}
	if kind == "solved" || kind == "closed" {
		f.Actor = &author
		return f
	}
	post := &hub.Post{
		ID: "0", Number: 1, Kind: hub.PostRegular, Author: author, URL: site, Deleted: kind == "deleted",
		HTML: "<p>" + strings.ReplaceAll(html.EscapeString(page.Value("text")), "\n", "<br>") + "</p>",
	}
	if kind == buildReply {
		post.Number = 2
	}
	if page.Value("seen") != seenInPrivate {
		post.Groups = listed(page.Value("group")) // mentioned
	}
	f.Post = post
	return f
}

// listed are the values of a list with commas. None is that there are none, not
// that they are not known.
func listed(s string) []string {
	list := []string{}
	for one := range strings.SplitSeq(s, ",") {
		if one = strings.TrimLeft(strings.TrimSpace(one), "#@"); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// changeURL leads to the form with what an event says in it.
func changeURL(e *hub.Event, c content) string {
	q := url.Values{"from": {fromBuild}, "title": {c.Title}, "tags": {strings.Join(c.Tags, ", ")}, "source": {string(e.Source)}}
	kind := buildOther
	switch {
	case e.Type.Family() != "forum":
	case c.Post != nil && c.Post.Number > 1 && e.Type == hub.ForumPostCreated:
		kind = buildReply
	default:
		kind = buildTopic
		for name, t := range builtTypes {
			if t == e.Type {
				kind = name
			}
		}
	}
	q.Set("kind", kind)
	if c.Author != nil {
		q.Set("author", c.Author.Username)
		if c.Author.Staff {
			q.Set("staff", "1")
		}
		if c.Author.Bot {
			q.Set("bot", "1")
		}
	}
	if c.Topic != nil {
		q.Set("category", c.Topic.CategoryID)
		switch {
		case c.Topic.Archetype == hub.ArchetypePM:
			q.Set("seen", seenInPrivate)
			q.Set("group", strings.Join(c.Topic.Groups, ", "))
		case c.Topic.Unlisted:
			q.Set("seen", seenUnlisted)
		}
	}
	return "/simulator?" + q.Encode()
}
