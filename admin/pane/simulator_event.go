package pane

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	mostPast  = 12  // events to choose from
	lookedAt  = 300 // of each family, for a search
	mostShown = 20_000
)

// pastEvent is an event to choose.
type pastEvent struct {
	ID      hub.EventID
	Title   string
	Type    hub.EventType
	By      string
	At      time.Time
	URL     string
	Current bool
}

// eventFacts are what an event says, for people.
type eventFacts struct {
	ID       hub.EventID // empty: made up
	Title    string
	URL      string // where it is seen
	Type     hub.EventType
	Source   hub.Source
	Author   string
	Staff    bool
	Bot      bool
	Category *categoryView
	Tags     []string
	NoTags   bool // that it has none is known
	Reply    int  // the number of the post, 0 for the first or none
	IsPost   bool
	Private  bool
	Groups   []string
	At       time.Time
	Body     string // as Bellhop keeps it
	Change   string // where it can be built anew and changed
}

// categoryView is a category as the template cat shows it.
type categoryView struct{ Name, Color, ParentColor string }

// content is what of an event's data people know.
type content struct {
	Title  string      `json:"title"`
	Author *hub.Person `json:"author"`
	URL    string      `json:"url"`
	Topic  *hub.Topic  `json:"topic"`
	Post   *hub.Post   `json:"post"`
	Tags   []string    `json:"tags"`
}

func contentOf(e *hub.Event) (c content) {
	_ = json.Unmarshal(e.Data, &c) // what cannot be read has no title
	if c.Topic != nil {
		c.Title, c.URL, c.Tags = c.Topic.Title, c.Topic.URL, c.Topic.Tags
		c.Author = c.Topic.Author
	}
	if c.Post != nil {
		c.URL, c.Author = cmp.Or(c.Post.URL, c.URL), &c.Post.Author
	}
	return c
}

// pastEvents lists the newest events that something could come of, or those that
// are searched for.
func (v *viewer) pastEvents() error {
	q := strings.ToLower(strings.TrimSpace(v.page.Value("q")))
	limit := mostPast
	if q != "" {
		limit = lookedAt
	}
	var found []pastEvent
	for _, family := range []string{"forum.*", "user.*"} {
		events, _, err := v.p.Admin.Events.Events(v.ctx, "", family, hub.Page{Limit: limit})
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			c := contentOf(e)
			past := pastEvent{
				ID: e.ID, Title: c.Title, Type: e.Type, At: cmp.Or(e.ReceivedTime, e.Time), Current: string(e.ID) == v.page.Value("event"),
				URL: v.page.With("event", string(e.ID), "from", "", "row", "", "n", "", "sight", "") + "#outcome",
			}
			if c.Author != nil {
				past.By = c.Author.Username
			}
			if q == "" || strings.Contains(strings.ToLower(strings.Join([]string{past.Title, past.By, string(e.Type), string(e.ID), string(e.Source)}, "\n")), q) {
				found = append(found, past)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b pastEvent) int { return b.At.Compare(a.At) })
	v.page.Past = found[:min(len(found), mostPast)]
	return nil
}

// facts makes an event ready to be shown.
func (v *viewer) facts(e *hub.Event) (*eventFacts, error) {
	c := contentOf(e)
	f := &eventFacts{
		ID: e.ID, Title: c.Title, URL: c.URL, Type: e.Type, Source: e.Source, Tags: c.Tags, NoTags: c.Tags != nil && len(c.Tags) == 0,
		At: cmp.Or(e.Time, e.ReceivedTime),
	}
	if v.page.From != fromPast {
		f.ID = ""
	}
	if c.Author != nil {
		f.Author, f.Staff, f.Bot = c.Author.Username, c.Author.Staff, c.Author.Bot
	}
	if c.Post != nil {
		f.IsPost = true
		if c.Post.Number > 1 {
			f.Reply = c.Post.Number
		}
	}
	if c.Topic != nil {
		f.Private, f.Groups = c.Topic.Archetype == hub.ArchetypePM, c.Topic.Groups
		var err error
		if f.Category, err = v.category(e.Source, c.Topic); err != nil {
			return nil, err
		}
	}
	if v.page.From != fromBuild {
		f.Body = indented(e.Data)
		f.Change = changeURL(e, c)
	}
	return f, nil
}

// category is a topic's category as it is called by now.
func (v *viewer) category(source hub.Source, topic *hub.Topic) (*categoryView, error) {
	if topic.CategoryID == "" {
		return nil, nil
	}
	t, err := v.taxonomy(source)
	if err != nil {
		return nil, err
	}
	if t != nil {
		by := map[string]hub.ForumCategory{}
		for _, c := range t.Categories {
			by[c.ID] = c
		}
		if c, known := by[topic.CategoryID]; known {
			return viewCategory(c, by), nil
		}
	}
	return &categoryView{Name: cmp.Or(topic.CategorySlug, topic.CategoryID)}, nil
}

func viewCategory(c hub.ForumCategory, by map[string]hub.ForumCategory) *categoryView {
	view := &categoryView{Name: c.Name, Color: web.HexColor(c.Color)}
	if parent, below := by[c.ParentID]; below {
		view.Name, view.ParentColor = parent.Name+" › "+c.Name, web.HexColor(parent.Color)
	}
	return view
}

// indented is JSON as people read it, the beginning of what is long.
func indented(data json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return string(data)
	}
	s := b.String()
	if len(s) <= mostShown {
		return s
	}
	s = s[:mostShown]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "\n…"
}

// pack makes a text short enough for an address, as a rule.
func pack(s string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil { // the level is a constant
		return ""
	}
	_, _ = w.Write([]byte(s)) // to memory
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// unpack is what pack has packed. An address may come from anybody: what would be
// longer than a body may be is refused.
func unpack(s string, most int64) (string, error) {
	packed, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), most+1))
	if err != nil {
		return "", err
	}
	if int64(len(body)) > most {
		return "", errors.New("the body is too long")
	}
	return string(body), nil
}
