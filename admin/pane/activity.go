package pane

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// activityPages are what came in, what was sent, and what was given up.
func (p *Pane) activityPages() []admin.Page {
	get, post := http.MethodGet, http.MethodPost
	return []admin.Page{
		{Method: get, Path: "/activity", Need: hub.Viewer, Handle: p.events},
		{Method: get, Path: "/activity/deliveries", Need: hub.Viewer, Handle: p.deliveries},
		{Method: get, Path: "/activity/dead", Need: hub.Viewer, Handle: p.dead},
		{Method: get, Path: "/activity/live", Need: hub.Viewer, Handle: p.live},

		{Method: get, Path: "/activity/events/{id}", Need: hub.Viewer, Handle: p.event},
		{Method: get, Path: "/activity/events/{id}/replay", Need: hub.Editor, Handle: p.askReplay},
		{Method: post, Path: "/activity/events/{id}/replay", Need: hub.Editor, Handle: p.replay},

		{Method: get, Path: "/activity/deliveries/{id}", Need: hub.Viewer, Handle: p.delivery},
		{Method: post, Path: "/activity/deliveries/{id}/retry", Need: hub.Editor, Handle: p.retry},

		{Method: get, Path: "/activity/dead/retry", Need: hub.Editor, Handle: p.askRetry},
		{Method: post, Path: "/activity/dead/retry", Need: hub.Editor, Handle: p.retryAll},
		{Method: get, Path: "/activity/retries/{id}", Need: hub.Viewer, Handle: p.retryProgress},
	}
}

// pageRows is how many rows a page of a list has.
const pageRows = 50

// activityFilter is what a list of activity is narrowed to, as the address has it.
type activityFilter struct {
	Text, Source, Type, Outcome, Status, Fault string
	System, Chat, Subscription                 string
	When                                       string // "1h", "24h", "7d", "dates" or ""
	From, To                                   string // of "dates", in the reader's zone
	Cursor                                     string
	Off                                        bool // no live tail
	since, until                               time.Time
}

// spans are the presets of when.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour}

// inputTime is what a browser's field for a day and time gives.
const inputTime = "2006-01-02T15:04"

func (p *Pane) activityFilter(r *http.Request, c Clock) activityFilter {
	v := r.URL.Query()
	f := activityFilter{
		Text: strings.TrimSpace(v.Get("q")), Source: v.Get("source"), Type: v.Get("type"), Outcome: v.Get("outcome"), Status: v.Get("status"), Fault: v.Get("fault"),
		System: v.Get("system"), Chat: v.Get("chat"), Subscription: v.Get("subscription"), When: v.Get("when"), From: v.Get("from"), To: v.Get("to"),
		Cursor: v.Get("cursor"), Off: v.Get("live") == "off",
	}
	switch span, preset := spans[f.When]; {
	case preset:
		f.since = c.now.Add(-span)
	case f.When == "dates":
		f.since, _ = time.ParseInLocation(inputTime, f.From, c.zone)
		f.until, _ = time.ParseInLocation(inputTime, f.To, c.zone)
	default:
		f.When = ""
	}
	return f
}

// Narrow reports whether anything is left out.
func (f activityFilter) Narrow() bool {
	return f.Text+f.Source+f.Type+f.Outcome+f.Status+f.Fault+f.System+f.Chat+f.Subscription+f.When != ""
}

// live reports whether new rows may come to the list.
func (f activityFilter) live() bool { return f.Cursor == "" && f.until.IsZero() && !f.Off }

// tidied is the address of a request without what its form left empty.
func tidied(r *http.Request) (string, bool) {
	v, changed := r.URL.Query(), false
	if live := v["live"]; len(live) > 0 {
		v.Set("live", live[len(live)-1])
		if live[len(live)-1] != "off" {
			v.Del("live")
		}
		changed = len(live) > 1 || live[0] != "off"
	}
	for name, values := range v {
		if strings.Join(values, "") == "" {
			v.Del(name)
			changed = true
		}
	}
	return (&url.URL{Path: r.URL.Path, RawQuery: v.Encode()}).String(), changed
}

// chip is a filter that is on, and the address without it.
type chip struct{ Name, Value, Without string }

// activityPage is what the three lists have in common.
type activityPage struct {
	Frame
	Tab     string
	Filter  activityFilter
	Chips   []chip
	Path    string
	Tabs    []activityTab
	Next    string // address of the older rows; empty: there are none
	Newest  string // address of the newest, if these are not
	Clear   string
	Short   bool // rows may follow although there are few
	Stream  string
	Sources []hub.Source
	Systems []hub.SystemStatus
	Types   []string
	First   string // address of the first step, where there is nothing yet
	Retry   *admin.RetryProgress
}

type activityTab struct{ Name, URL string }

// eventTypes are the patterns that the list of events offers.
func eventTypes() []string {
	return []string{
		"forum.*", "forum.topic.created", "forum.post.created", "forum.post.edited", "forum.topic.solved", "user.*", "chat.*", "hub.*",
	}
}

func (p *Pane) activity(r *http.Request, tab, path string) (activityPage, error) {
	page := activityPage{Frame: p.frame(r, "activity", "activity.title"), Tab: tab, Path: path, Types: eventTypes()}
	page.Filter = p.activityFilter(r, page.Clock)
	var err error
	if page.Systems, err = p.Admin.Systems(r.Context()); err != nil {
		return page, err
	}
	page.Sources = append(slices.Clone(p.Admin.Sources()), admin.API)
	v := r.URL.Query()
	v.Del("cursor")
	v.Del("retry")
	shared := url.Values{}
	for _, name := range []string{"q", "source", "system", "chat", "subscription", "when", "from", "to"} {
		if v.Get(name) != "" {
			shared.Set(name, v.Get(name))
		}
	}
	for _, t := range []activityTab{{"events", "/activity"}, {"deliveries", "/activity/deliveries"}, {"dead", "/activity/dead"}} {
		page.Tabs = append(page.Tabs, activityTab{t.Name, address(t.URL, shared)})
	}
	f := page.Filter
	for _, c := range [][2]string{{"source", f.Source}, {"type", f.Type}, {"system", f.System}, {"chat", f.Chat}, {"subscription", f.Subscription}} {
		if c[1] == "" {
			continue
		}
		without := copyOf(v)
		without.Del(c[0])
		shown := c[1]
		if c[0] == "chat" {
			shown = p.Admin.ChatName(r.Context(), hub.Chat{System: hub.System(f.System), ID: c[1]}).Name
		}
		page.Chips = append(page.Chips, chip{page.Say("activity.filter." + c[0]), shown, address(path, without)})
	}
	page.Clear = path
	page.First = map[string]string{"events": "/sources", "deliveries": "/subscriptions"}[tab]
	if f.Cursor != "" {
		page.Newest = address(path, v)
	}
	if f.live() && tab != "dead" {
		live := copyOf(v)
		live.Set("tab", tab)
		live.Set("at", page.now.UTC().Format(time.RFC3339Nano))
		page.Stream = address("/activity/live", live)
	}
	return page, nil
}

func copyOf(v url.Values) url.Values {
	copied := url.Values{}
	for name, values := range v {
		copied[name] = slices.Clone(values)
	}
	return copied
}

func address(path string, v url.Values) string {
	return (&url.URL{Path: path, RawQuery: v.Encode()}).String()
}

// older notes where the list goes on.
func (a *activityPage) older(r *http.Request, next string, rows int) {
	if next == "" {
		return
	}
	v := r.URL.Query()
	v.Del("retry")
	v.Set("cursor", next)
	a.Next, a.Short = address(a.Path, v), rows < pageRows
}

// query is the filter as package admin takes it. Without a type the list leaves
// out what is told of messages, which is the other list, and what people say in
// chats, which no row hears.
func (f activityFilter) query() admin.ActivityQuery {
	q := admin.ActivityQuery{
		EventQuery: hub.EventQuery{
			Source: hub.Source(f.Source), Type: f.Type, Text: f.Text, Since: f.since, Until: f.until, Page: hub.Page{Limit: pageRows, Cursor: f.Cursor},
		},
		Outcome: admin.Outcome(f.Outcome), System: hub.System(f.System), Chat: f.Chat, Subscription: hub.SubscriptionID(f.Subscription),
	}
	if f.Type == "" {
		q.But = unasked()
	}
	return q
}

// unasked are the events that are listed only if somebody asks for their type.
func unasked() []string { return []string{"hub.message.*", "chat.*"} }

// eventsPage is the data of activity.html.
type eventsPage struct {
	activityPage
	Rows []eventRow
}

func (p *Pane) events(w http.ResponseWriter, r *http.Request) error {
	if tidy, changed := tidied(r); changed {
		http.Redirect(w, r, tidy, http.StatusSeeOther)
		return nil
	}
	common, err := p.activity(r, "events", "/activity")
	if err != nil {
		return err
	}
	page := eventsPage{activityPage: common}
	list, next, err := p.Admin.Happenings(r.Context(), page.Filter.query())
	if err != nil {
		return err
	}
	for i := range list {
		page.Rows = append(page.Rows, p.eventRow(r.Context(), page.Words, page.Clock, &list[i]))
	}
	page.older(r, next, len(list))
	return p.show(w, r, "pane/activity.html", &page)
}

// eventRow is an event in the list.
type eventRow struct {
	eventView
	When   template.HTML
	Hops   []hop
	More   int // hops that are left out
	State  string
	Icon   string
	Says   string
	Whole  string // what Says is short for, if it is
	Change bool   // it is no new row
	Quiet  bool   // another row tells of it
}

// hop is where an event went.
type hop struct{ Kind, Class, Label string }

// justCame is for how long no decision about an event means that there is none
// yet.
const justCame = 10 * time.Second

// mostHops is how many are shown of an event: then "+3".
const mostHops = 4

func (p *Pane) eventRow(ctx context.Context, words *web.Words, c Clock, h *admin.Happening) eventRow {
	row := eventRow{eventView: p.viewOf(ctx, words, &h.Event)}
	row.When = c.Time(cameAt(&h.Event))
	for _, d := range h.Fate.Some[:min(len(h.Fate.Some), mostHops)] {
		room := p.Admin.ChatName(ctx, d.Chat)
		row.Hops = append(row.Hops, hop{
			room.Kind, hopClass(d.Status),
			words.Say("activity.hop", "Chat", room.Name, "System", room.System, "Status", words.Say("activity.status."+string(d.Status))),
		})
	}
	row.More = h.Fate.Total() - len(row.Hops)
	row.outcome(words, h)
	row.Quiet = h.Outcome() == admin.OutcomeLearned
	if h.Trace == nil && isOpen(h, c.now) {
		row.State, row.Icon, row.Says = "queued", statusIcon("queued"), words.Say("activity.outcome.undecided")
	}
	return row
}

func hopClass(s hub.Status) string {
	if s == hub.StatusSent {
		return ""
	}
	return " is-" + string(s)
}

// outcome says what became of an event: "3 sent, 1 retrying". The worst gives the
// colour. Of what nobody was told it is the reason.
func (row *eventRow) outcome(words *web.Words, h *admin.Happening) {
	var parts []string
	for _, s := range []hub.Status{hub.StatusSent, hub.StatusQueued, hub.StatusFailed, hub.StatusDead} {
		if n := h.Fate.Counts[s]; n > 0 {
			parts = append(parts, words.Say("activity.count."+string(s), "Count", n))
		}
	}
	o := h.Outcome()
	row.State, row.Icon, row.Says = "none", "i-minus", strings.Join(parts, ", ")
	switch o {
	case admin.OutcomeDead, admin.OutcomeFailed, admin.OutcomeQueued, admin.OutcomeSent:
		row.State, row.Icon = string(o), statusIcon(string(o))
		switch {
		case row.Says != "":
		case h.Trace != nil && h.Trace.Verdict == hub.VerdictWaiting:
			row.Says, row.Whole = words.Say("activity.outcome.asks"), h.Trace.Why
			if h.Got(hub.ResultWaits) {
				row.Says = words.Say("activity.outcome.waits")
			}
		default:
			row.Says = words.Say("activity.outcome.waiting")
		}
	case admin.OutcomeNone:
		row.Says = words.Say("activity.outcome.none")
	case admin.OutcomeMuted, admin.OutcomeKnown, admin.OutcomeLearned:
		row.Says = words.Say("activity.outcome." + string(o))
	case admin.OutcomeNobody, admin.OutcomeDropped:
		if h.Trace.Why != "" {
			row.Says, row.Whole = shortened(capitalized(h.Trace.Why)), h.Trace.Why
			return
		}
		row.Says = words.Say(map[admin.Outcome]string{admin.OutcomeNobody: "activity.outcome.unmatched", admin.OutcomeDropped: "activity.outcome.dropped"}[o])
	}
}

// longestOutcome is how many characters of an outcome stand in a row.
const longestOutcome = 60

func shortened(s string) string {
	if runes := []rune(s); len(runes) > longestOutcome {
		return string(runes[:longestOutcome]) + "…"
	}
	return s
}

// capitalized is a sentence that begins with a capital letter.
func capitalized(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

func statusIcon(status string) string {
	switch status {
	case "sent":
		return "i-check"
	case "queued":
		return "i-clock"
	case "failed":
		return "i-replay"
	case "dead":
		return "i-x"
	}
	return "i-minus"
}

// cameAt is when an event came in.
func cameAt(e *hub.Event) time.Time {
	if e.ReceivedTime.IsZero() {
		return e.Time
	}
	return e.ReceivedTime
}
