package pane

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	// homeLength is how many events Home shows.
	homeLength = 20
	// homeLook is how often Home looks for what is new, while somebody watches.
	homeLook = time.Second
	// homeHops are the marks of one row; what is more is counted.
	homeHops = 4
)

// homeEvent is an event with what became of it.
type homeEvent struct {
	event      hub.Event
	trace      *hub.Trace
	deliveries map[hub.NotificationID]hub.Delivery
}

// lately are the newest events, the newest first, with what became of them: one
// query of each store, however many there are.
func (p *Pane) lately(ctx context.Context) ([]homeEvent, error) {
	var events []hub.Event
	for _, family := range []string{"forum.*", "user.*"} {
		some, err := p.newest(ctx, family)
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
	}
	slices.SortStableFunc(events, func(a, b hub.Event) int { return b.ReceivedTime.Compare(a.ReceivedTime) })
	ids := make([]hub.EventID, len(events))
	for i := range events {
		ids[i] = events[i].ID
	}
	traces, err := p.Admin.Activity.FindTraces(ctx, ids)
	if err != nil {
		return nil, err
	}
	var notifications []hub.NotificationID
	for _, trace := range traces {
		for _, c := range trace.Chats {
			if c.Notification != "" {
				notifications = append(notifications, c.Notification)
			}
		}
	}
	sent, err := p.Admin.Deliveries.FindDeliveries(ctx, notifications)
	if err != nil {
		return nil, err
	}
	deliveries := map[hub.NotificationID]hub.Delivery{}
	for _, d := range sent {
		deliveries[d.ID] = d
	}
	var list []homeEvent
	for _, e := range events {
		var decided *hub.Trace
		if trace, kept := traces[e.ID]; kept {
			decided = &trace
		}
		if len(list) < homeLength && p.isShown(&e, decided) {
			list = append(list, homeEvent{e, decided, deliveries})
		}
	}
	return list, nil
}

// undecided is for how long Home waits for what is decided about an event.
const undecided = 5 * time.Second

// isShown leaves out what is announced by another event: a new topic comes as two.
// Which of them, is known when they are decided.
func (p *Pane) isShown(e *hub.Event, t *hub.Trace) bool {
	if t == nil {
		return p.Now().Sub(e.ReceivedTime) > undecided
	}
	return t.Verdict != hub.VerdictLearned
}

// newest are the newest events of a family. What Bellhop tells of its own
// messages lies between, so it may look at several pages for them.
func (p *Pane) newest(ctx context.Context, family string) (events []hub.Event, err error) {
	page := hub.Page{Limit: 2 * homeLength}
	for range 3 {
		some, next, err := p.Admin.Events.Events(ctx, "", family, page)
		if err != nil {
			return nil, err
		}
		if events = append(events, some...); next == "" || len(events) >= 2*homeLength {
			break
		}
		page.Cursor = next
	}
	return events, nil
}

// homeRow is an event as Home lists it.
type homeRow struct {
	ID       string
	URL      string
	Time     template.HTML
	Title    string
	Verb     string // what the author did, opened or replied; empty: Kind says it
	Author   string
	Kind     hub.EventType
	Source   hub.Source
	Category *homeCategory
	Tags     []string
	Hops     []homeHop
	More     int // of them
	State    string
	Icon     string
	Says     string
	Whole    string // of what Says is the beginning, if it is
}

// homeCategory is a category as template cat takes it.
type homeCategory struct{ Name, Color, ParentColor string }

// homeHop is a chat that an event went to.
type homeHop struct{ Kind, Class, Label string }

// homeData is what rows show of the data of an event, whatever its source.
type homeData struct {
	Topic *hub.Topic  `json:"topic"`
	Post  *hub.Post   `json:"post"`
	Actor *hub.Person `json:"actor"`
	Title string      `json:"title"`
	Name  string      `json:"name"`
}

func (p *Pane) homeRow(ctx context.Context, words *web.Words, c Clock, h *homeEvent) homeRow {
	e := &h.event
	row := homeRow{
		ID: "event-" + string(e.ID), URL: "/activity/events/" + url.PathEscape(string(e.ID)), Time: c.Time(cmp.Or(e.ReceivedTime, e.Time)),
		Kind: e.Type, Source: e.Source,
	}
	var d homeData
	_ = json.Unmarshal(e.Data, &d) // data of another shape are the sender's own affair
	row.describe(words, e, &d)
	if t := d.Topic; t != nil {
		row.Tags, row.Category = t.Tags, p.homeShelves.category(ctx, p, e.Source, t.CategoryID)
	}
	row.decided(words, h, p.homeNames.kinds(ctx, p))
	return row
}

// describe says what happened.
func (row *homeRow) describe(words *web.Words, e *hub.Event, d *homeData) {
	row.Title = cmp.Or(d.Title, d.Name, string(e.Type))
	isFirst := e.Type == hub.ForumTopicCreated
	if t := d.Topic; t != nil {
		row.Title = cmp.Or(t.Title, row.Title)
		if t.Author != nil {
			row.Author = t.Author.Username
		}
		if t.Archetype == hub.ArchetypePM { // its title is for those whom it is for
			row.Title = words.Say("home.private", "Groups", "@"+strings.Join(t.Groups, ", @"))
			if len(t.Groups) == 0 {
				row.Title = words.Say("home.privateTo")
			}
		}
	}
	if post := d.Post; post != nil {
		row.Author = cmp.Or(post.Author.Username, row.Author)
		isFirst = isFirst || post.Number == 1
	}
	if d.Actor != nil {
		row.Author = cmp.Or(d.Actor.Username, row.Author)
	}
	switch {
	case row.Author == "":
	case e.Type == hub.ForumTopicCreated, e.Type == hub.ForumPostCreated && isFirst:
		row.Verb = "opened"
	case e.Type == hub.ForumPostCreated:
		row.Verb, row.Title = "replied", words.Say("home.re", "Title", row.Title)
	}
}

// decided says what became of it.
func (row *homeRow) decided(words *web.Words, h *homeEvent, kinds map[hub.System]string) {
	t := h.trace
	if t == nil {
		row.State, row.Icon, row.Says = "queued", "i-clock", words.Say("home.outcome.undecided")
		return
	}
	count := map[hub.Status]int{}
	muted := 0
	for _, c := range t.Chats {
		if c.Result == hub.ResultMuted {
			muted++
		}
		d, known := h.deliveries[c.Notification]
		if !known {
			if c.Result != hub.ResultQueued || c.Notification == "" {
				continue
			}
			d.Status = hub.StatusQueued // the log comes a moment behind the decision
		}
		count[d.Status]++
		if len(row.Hops) == homeHops {
			row.More++
			continue
		}
		row.Hops = append(row.Hops, homeHop{
			cmp.Or(kinds[c.System], string(c.System)), homeHopClasses[d.Status], words.Say("home.hop."+string(d.Status), "Chat", c.Chat.ID, "System", c.System),
		})
	}
	row.outcome(words, t, count, muted)
}

// homeHopClasses mark a chat by how its delivery stands; what was sent needs none.
var homeHopClasses = map[hub.Status]string{hub.StatusQueued: "is-queued", hub.StatusFailed: "is-failed", hub.StatusDead: "is-dead"}

// outcome says it in words: the worst gives the colour.
func (row *homeRow) outcome(words *web.Words, t *hub.Trace, count map[hub.Status]int, muted int) {
	var says []string
	row.State, row.Icon = "none", "i-minus"
	for _, o := range []struct {
		status      hub.Status
		state, icon string
	}{
		{hub.StatusSent, "sent", "i-check"}, {hub.StatusQueued, "queued", "i-clock"}, {hub.StatusFailed, "failed", "i-replay"}, {hub.StatusDead, "dead", "i-x"},
	} {
		if n := count[o.status]; n > 0 {
			says = append(says, words.Say("home.outcome."+o.state, "Count", n))
			row.State, row.Icon = o.state, o.icon
		}
	}
	switch {
	case len(says) > 0:
	case t.Verdict == hub.VerdictWaiting:
		row.State, row.Icon, says = "queued", "i-clock", []string{words.Say("home.outcome.waits")}
	case muted > 0:
		says = []string{words.Say("home.outcome.muted")}
	case t.Why != "":
		says = []string{capitalized(t.Why)}
		row.Whole = t.Why
	default:
		says = []string{words.Say("home.outcome.nobody")}
	}
	row.Says = strings.Join(says, ", ")
	if runes := []rune(row.Says); len(runes) > longestOutcome {
		row.Says = string(runes[:longestOutcome]) + "…"
	}
}

// longestOutcome is how many characters of an outcome stand in a row.
const longestOutcome = 60

// capitalized is a sentence that begins with a capital letter.
func capitalized(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// homeRows are the rows of events, and a digest of how they look.
func (p *Pane) homeRows(ctx context.Context, words *web.Words, c Clock, list []homeEvent) (rows []homeRow, seen string, err error) {
	var all bytes.Buffer
	for i := range list {
		row := p.homeRow(ctx, words, c, &list[i])
		if err := web.Fragment(&all, words, "home-row", row); err != nil {
			return nil, "", err
		}
		rows = append(rows, row)
	}
	return rows, hub.Digest(all.String()), nil
}

// watchHome tells of the newest events and what became of them, again and again.
func (p *Pane) watchHome(ctx context.Context, tell func([]homeEvent)) error {
	look := time.NewTicker(homeLook)
	defer look.Stop()
	for {
		list, err := p.lately(ctx)
		if err != nil {
			return err
		}
		tell(list)
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// homeLive streams the rows that are new or have changed. The page says with seen
// what it shows.
func (p *Pane) homeLive(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	shown, begun := map[string]string{}, false
	return p.homeTail.Serve(w, r, View[[]homeEvent]{Rows: func(list []homeEvent) ([]string, error) {
		// Times are told as of now: a stream may outlast the day.
		rows, digest, err := p.homeRows(r.Context(), words, p.clock(r, words), list)
		if err != nil {
			return nil, err
		}
		known := !begun && digest == r.FormValue("seen")
		begun = true
		var news []string
		now := make(map[string]string, len(rows))
		for _, row := range slices.Backward(rows) { // the page puts each above the others
			var b bytes.Buffer
			if err := web.Fragment(&b, words, "home-row", row); err != nil {
				return nil, err
			}
			html := b.String()
			if now[row.ID] = html; !known && shown[row.ID] != html {
				news = append(news, html)
			}
		}
		shown = now
		return news, nil
	}})
}

// homeNamesLast is for how long names and colours are told again.
const homeNamesLast = time.Minute

// homeNames are which platform each system is of.
type homeNames struct {
	mu      sync.Mutex
	at      time.Time
	systems map[hub.System]string
}

func (n *homeNames) kinds(ctx context.Context, p *Pane) map[hub.System]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := p.Now(); now.Sub(n.at) > homeNamesLast {
		if systems, err := p.Admin.Systems(ctx); err == nil {
			n.at, n.systems = now, map[hub.System]string{}
			for _, s := range systems {
				n.systems[s.System] = s.Kind
			}
		}
	}
	return n.systems
}

// homeShelves are the categories of forums.
type homeShelves struct {
	mu     sync.Mutex
	at     map[hub.Source]time.Time
	forums map[hub.Source]map[string]hub.ForumCategory
}

// shelfPatience is how long a page waits for the names of categories.
const shelfPatience = 300 * time.Millisecond

// category is one by its id, nil if it is not known.
func (s *homeShelves) category(ctx context.Context, p *Pane, source hub.Source, id string) *homeCategory {
	if id == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at, s.forums = map[hub.Source]time.Time{}, map[hub.Source]map[string]hub.ForumCategory{}
	}
	if now := p.Now(); now.Sub(s.at[source]) > homeNamesLast {
		s.at[source] = now
		s.ask(ctx, p, source)
	}
	c, known := s.forums[source][id]
	if !known {
		return nil
	}
	shown := &homeCategory{Name: c.Name, Color: colourDigits(c.Color)}
	if parent, known := s.forums[source][c.ParentID]; known && shown.Color != "" {
		shown.ParentColor = colourDigits(parent.Color)
	}
	return shown
}

func (s *homeShelves) ask(ctx context.Context, p *Pane, source hub.Source) {
	ctx, cancel := context.WithTimeout(ctx, shelfPatience)
	defer cancel()
	t, err := p.Admin.Taxonomy(ctx, source)
	if err != nil || t == nil {
		return // then rows go without
	}
	s.forums[source] = map[string]hub.ForumCategory{}
	for _, c := range t.Categories {
		s.forums[source][c.ID] = c
	}
}

var sixHex = regexp.MustCompile(`^#?([0-9A-Fa-f]{6})$`)

// colourDigits are those of a colour, "" for what is none: they become a part of the
// page.
func colourDigits(c string) string {
	if m := sixHex.FindStringSubmatch(c); m != nil {
		return m[1]
	}
	return ""
}
