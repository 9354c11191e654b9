package pane

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/pane/preview"
	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// subPage is the data of sub.html, the editor of a subscription.
type subPage struct {
	Frame
	draft
	IsNew    bool
	Edits    bool
	Room     admin.NamedChat
	Systems  []hub.SystemStatus
	Sources  []hub.Source
	Modes    []hub.Mode
	Filters  []filterForm
	Types    []hub.FilterType
	Live     *live
	Problems map[string]string
	Others   []string // problems that have no field here
	MayForce bool     // what is wrong is only that names are not there
	Conflict *conflict
	Part     bool // only a part of the page is wanted
}

// filterForm is a filter in the form.
type filterForm struct {
	N       int
	Type    hub.FilterType
	As      string
	Lines   []lineForm
	Problem string
	Lists   bool // what there is can be chosen from
}

// lineForm is a line of it: any, all or none.
type lineForm struct {
	Name   string
	At     string // "0.any"
	ID     string // of elements: "0-any"
	Values []valueForm
	Typed  string
}

type valueForm struct {
	Value string
	Said  sentence.Said
	Drop  string
}

// live is what the row would do.
type live struct {
	Said    sentence.Said
	Trial   *admin.Trial
	Looks   []preview.Preview
	Hits    string // the register, as paths
	Misses  string
	Matches []match
	Taken   []takenBy
	Chosen  bool // the messages are of an event that was chosen
	Mute    bool
	Clock   Clock
	Part    bool
	Own     bool // it is what was asked for, and not beside it
}

type match struct {
	hub.Rehearsed
	Category sentence.Category
	IsShown  bool
}

type takenBy struct {
	hub.TakenBy
	Said sentence.Said
}

// conflict is what somebody else made of the row meanwhile.
type conflict struct {
	Who     string
	At      time.Time
	Now     sentence.Said
	Before  string
	Version string
}

func (p *Pane) newSubscription(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := draft{Row: hub.Subscription{Chat: hub.Chat{System: hub.System(q.Get("system")), ID: q.Get("chat")}, Mode: hub.Watch, Enabled: true}}
	if from := q.Get("from"); from != "" {
		row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), hub.SubscriptionID(from))
		if err != nil {
			return err
		}
		d.Row = *row
		d.Row.ID, d.Row.Error = "", ""
	} else if len(p.Admin.Sources()) == 1 {
		d.Row.Source = p.Admin.Sources()[0]
	}
	return p.editor(w, r, http.StatusOK, d, nil, nil)
}

func (p *Pane) subscription(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), rowID(r))
	if err != nil {
		return err
	}
	return p.editor(w, r, http.StatusOK, draft{Row: *row, Version: admin.Version(row)}, nil, nil)
}

// editor answers with the form of a draft.
func (p *Pane) editor(w http.ResponseWriter, r *http.Request, status int, d draft, bad map[string]string, c *conflict) error {
	page, err := p.subPage(r, d, bad)
	if err != nil {
		return err
	}
	page.Conflict = c
	if c != nil {
		page.Version = c.Version
	}
	web.Render(w, page.Words, status, "pane/sub.html", page)
	return nil
}

func (p *Pane) subPage(r *http.Request, d draft, bad map[string]string) (*subPage, error) {
	title := "sub.editTitle"
	if d.Row.ID == "" {
		title = "sub.newTitle"
	}
	ctx := r.Context()
	page := &subPage{
		Frame: p.frame(r, "subscriptions", title), draft: d, IsNew: d.Row.ID == "", Sources: p.Admin.Sources(),
		Modes: []hub.Mode{hub.Watch, hub.Follow, hub.Thread, hub.Mute}, Types: freeTypes(d.Row.Filters), Problems: bad,
	}
	if page.Edits = page.MayEdit(); !page.Edits {
		page.Title = page.Say("sub.showTitle")
	}
	var err error
	if page.Systems, err = p.Admin.Systems(ctx); err != nil {
		return nil, err
	}
	if page.Row.System == "" && len(page.Systems) > 0 {
		page.Row.System = page.Systems[0].System
	}
	page.Room = p.Admin.ChatName(ctx, d.Row.Chat)
	page.Filters = p.filterForms(ctx, page.Words, &d, bad)
	page.Live, err = p.match(r, d)
	page.sortProblems()
	return page, err
}

// fields are those of the form that show what is wrong with them.
var fields = []string{"system", "chat", "source", "mode", "options.style", "options.excerpt", "options.thread", "options.delay", "options.max_age", "options.digest", "options.read_as", "options.buttons"}

// sortProblems finds out which problems have a field of their own, and whether the
// row can be saved all the same.
func (s *subPage) sortProblems() {
	s.MayForce = len(s.Problems) > 0
	for field, problem := range s.Problems {
		isFilter := strings.HasPrefix(field, "filters[")
		s.MayForce = s.MayForce && isFilter && strings.Contains(problem, "?force=1")
		if !isFilter && !slices.Contains(fields, field) {
			s.Others = append(s.Others, field+" "+problem)
		}
	}
}

// Problem is what is wrong with a field, without what only the API's callers can do
// about it.
func (s *subPage) Problem(field string) string { return forPeople(s.Problems[field]) }

func forPeople(problem string) string {
	problem, _, _ = strings.Cut(problem, "; ?force=1")
	return problem
}

// freeTypes are the types that another filter may have.
func freeTypes(filters []hub.Filter) (free []hub.FilterType) {
	for _, kind := range hub.FilterTypes() {
		n := 0
		for _, f := range filters {
			if f.Type == kind {
				n++
			}
		}
		if n == 0 || kind == hub.FilterGroup && n == 1 {
			free = append(free, kind)
		}
	}
	return free
}

// linesOf are the lines that make sense for a type: a topic is in one category.
func linesOf(kind hub.FilterType) []string {
	if kind == hub.FilterCategory || kind == hub.FilterTopic {
		return []string{"any", "none"}
	}
	return filterLines
}

func (p *Pane) filterForms(ctx context.Context, words *web.Words, d *draft, bad map[string]string) (list []filterForm) {
	teller := p.Admin.Teller(ctx, words)
	stored := -1 // the place among those that say something
	for i, f := range d.Row.Filters {
		form := filterForm{N: i, Type: f.Type, As: f.As, Lists: f.Type != hub.FilterTopic && f.Type != hub.FilterText}
		if len(f.Any)+len(f.All)+len(f.None) > 0 || len(d.Typed) > 0 {
			stored++
			form.Problem = forPeople(bad["filters["+strconv.Itoa(stored)+"]"])
		}
		for _, name := range filterLines {
			values := *d.lineOf(strconv.Itoa(i), name)
			if len(values) == 0 && !slices.Contains(linesOf(f.Type), name) {
				continue
			}
			at := strconv.Itoa(i) + "." + name
			line := lineForm{Name: name, At: at, ID: strings.ReplaceAll(at, ".", "-"), Typed: d.Typed[at]}
			for k, v := range values {
				line.Values = append(line.Values, valueForm{v, teller.Value(d.Row.Source, f, v), "drop." + at + "." + strconv.Itoa(k)})
			}
			form.Lines = append(form.Lines, line)
		}
		list = append(list, form)
	}
	return list
}

// match tries a draft out.
func (p *Pane) match(r *http.Request, d draft) (*live, error) {
	ctx, words := r.Context(), web.WordsOf(r)
	row := saying(d.Row)
	teller := p.Admin.Teller(ctx, words)
	l := &live{Said: teller.Whole(&row, cmp.Or(p.Admin.ChatName(ctx, row.Chat).Name, "…")), Mute: row.Mode == hub.Mute, Clock: p.clock(r, words)}
	var err error
	if l.Trial, err = p.Admin.TryRow(ctx, words, row, d.Shown); err != nil {
		return nil, err
	}
	l.Chosen = d.Shown != "" && l.Trial.Shown == d.Shown
	for _, m := range l.Trial.Messages {
		look := preview.Of(words, &m.Rendered, l.Clock.now.In(l.Clock.zone))
		look.Note = words.Say(replyWords[m.Replies]) + " " + look.Note
		l.Looks = append(l.Looks, look)
	}
	for _, m := range l.Trial.Matches[:min(mostMatches, len(l.Trial.Matches))] {
		l.Matches = append(l.Matches, match{m, sentence.Category{Name: m.Category, Color: strings.TrimPrefix(m.Color, "#")}, m.Event == l.Trial.Shown})
	}
	for _, t := range l.Trial.Taken {
		taken := takenBy{TakenBy: t}
		if other, err := p.Admin.Subscriptions.GetSubscription(ctx, t.Subscription); err == nil {
			taken.Said = teller.Row(other)
		}
		l.Taken = append(l.Taken, taken)
	}
	l.Hits, l.Misses = register(l.Trial.Register)
	return l, nil
}

// replyWords name what is said of where replies go.
var replyWords = map[string]string{"": "sub.replyChat", "thread": "sub.replyThread", "both": "sub.replyBoth"}

// mostMatches bounds the list beside the form.
const mostMatches = 12

// Dot is the mark of the category of a match.
func (m match) Dot() template.HTML {
	return template.HTML(sentence.Dot(m.Category)) //nolint:gosec // only six hex digits come into it
}

// register draws a tick for each event, evenly over a picture that is 500 wide.
func register(ticks string) (hits, misses string) {
	var hit, miss strings.Builder
	for i, tick := range ticks {
		x := strconv.FormatFloat((float64(i)+0.5)*hub.RehearsedEvents/float64(len(ticks)), 'f', 1, 64)
		if tick == '1' {
			hit.WriteString("M" + x + " 2V38")
		} else {
			// Heights vary a little, as in a register that was kept by hand.
			miss.WriteString("M" + x + " " + strconv.Itoa(21+i*7%5) + "V34")
		}
	}
	return hit.String(), miss.String()
}

func (p *Pane) draftSubscription(w http.ResponseWriter, r *http.Request) error {
	d := draftOf(r)
	d.apply()
	if !isPart(r) { // without a script, what was typed is taken by whatever button
		d.takeAll()
		return p.editor(w, r, http.StatusOK, d, nil, nil)
	}
	page, err := p.subPage(r, d, nil)
	if err != nil {
		return err
	}
	page.Part, page.Live.Part = true, true
	return p.show(w, r, "sub-drafted", page)
}

func (p *Pane) checkSubscription(w http.ResponseWriter, r *http.Request) error {
	l, err := p.match(r, draftOf(r))
	if err != nil {
		return err
	}
	l.Part, l.Own = true, true
	return p.show(w, r, "sub-checked", l)
}

func (p *Pane) testDraft(w http.ResponseWriter, r *http.Request) error {
	d := draftOf(r)
	return p.test(w, r, d.whole())
}

// saveSubscription makes a subscription, or replaces one.
func (p *Pane) saveSubscription(w http.ResponseWriter, r *http.Request) error {
	d := draftOf(r)
	d.Row.ID = rowID(r) // of the address, which counts
	row := d.whole()
	force := r.PostFormValue("force") == "1"
	text, err := "subs.created", error(nil)
	if row.ID == "" {
		row.Enabled = true
		err = p.Admin.CreateRow(r.Context(), &row, force)
	} else {
		text = "subs.saved"
		was, problem := admin.ParseVersion(d.Version)
		if err = problem; err == nil {
			err = p.Admin.ReplaceRow(r.Context(), &row, was, force)
		}
	}
	if err != nil {
		return p.notSaved(w, r, d, err)
	}
	leaveNotice(w, text, p.Admin.Teller(r.Context(), web.WordsOf(r)).Row(&row).Plain, "")
	at := "/subscriptions?" + url.Values{"system": {string(row.System)}, "chat": {row.Chat.ID}}.Encode()
	http.Redirect(w, r, at, http.StatusSeeOther)
	return nil
}

// notSaved shows the form again, with what is wrong.
func (p *Pane) notSaved(w http.ResponseWriter, r *http.Request, d draft, err error) error {
	d.Row, d.Typed = d.whole(), map[string]string{}
	switch hub.CodeOf(err) {
	case hub.CodeInvalid:
		bad := fieldsOf(err)
		if len(bad) == 0 {
			return err
		}
		return p.editor(w, r, http.StatusUnprocessableEntity, d, bad, nil)
	case hub.CodeConflict:
		if c, found := p.conflict(r, &d); found {
			return p.editor(w, r, http.StatusConflict, d, nil, c)
		}
		_, detail := p.Admin.Describe(r, err)
		return p.editor(w, r, http.StatusConflict, d, map[string]string{"": detail}, nil)
	}
	return err
}

func fieldsOf(err error) map[string]string {
	if e, ok := asHubError(err); ok {
		return e.Fields
	}
	return nil
}

// conflict says who changed the row meanwhile, and how.
func (p *Pane) conflict(r *http.Request, d *draft) (*conflict, bool) {
	was, err := admin.ParseVersion(d.Version)
	if err != nil || was.IsZero() || d.Row.ID == "" {
		return nil, false
	}
	now, err := p.Admin.Subscriptions.GetSubscription(r.Context(), d.Row.ID)
	if err != nil || now.UpdatedAt.Equal(was) {
		return nil, false
	}
	words := web.WordsOf(r)
	teller := p.Admin.Teller(r.Context(), words)
	c := &conflict{Who: words.Say("sub.somebody"), At: now.UpdatedAt, Now: teller.Row(now), Version: admin.Version(now)}
	change, err := p.Admin.LastChange(r.Context(), now, was)
	if err != nil {
		p.Log.WarnContext(r.Context(), "who changed a row cannot be told", "subscription", now.ID, "err", err)
	}
	if change != nil {
		c.Who = cmp.Or(change.Who, c.Who)
		if change.Before != nil {
			c.Before = teller.Row(change.Before).Plain
		}
	}
	return c, true
}
