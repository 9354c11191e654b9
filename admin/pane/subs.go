package pane

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

func (p *Pane) subscriptionPages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/subscriptions", Need: hub.Viewer, Handle: p.subscriptions},
		{Method: http.MethodGet, Path: "/subscriptions/new", Need: hub.Editor, Handle: p.newSubscription},
		{Method: http.MethodGet, Path: "/subscriptions/{id}", Need: hub.Viewer, Handle: p.subscription},
		{Method: http.MethodGet, Path: "/subscriptions/pick", Need: hub.Viewer, Handle: p.pickValue},
		{Method: http.MethodGet, Path: "/subscriptions/rooms", Need: hub.Viewer, Handle: p.pickRoom},
		{Method: http.MethodPost, Path: "/subscriptions/draft", Need: hub.Viewer, Handle: p.draftSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/check", Need: hub.Viewer, Handle: p.checkSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/test", Need: hub.Editor, Handle: p.testDraft},
		{Method: http.MethodPost, Path: "/subscriptions", Need: hub.Editor, Handle: p.saveSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/{id}", Need: hub.Editor, Handle: p.saveSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/{id}/enabled", Need: hub.Editor, Handle: p.enableSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/{id}/delete", Need: hub.Editor, Handle: p.deleteSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/{id}/restore", Need: hub.Editor, Handle: p.restoreSubscription},
		{Method: http.MethodPost, Path: "/subscriptions/{id}/test", Need: hub.Editor, Handle: p.testSubscription},
		{Method: http.MethodGet, Path: "/subscriptions/bulk", Need: hub.Editor, Handle: p.askBulk},
		{Method: http.MethodPost, Path: "/subscriptions/bulk", Need: hub.Editor, Handle: p.doBulk},
	}
}

// Bounds of the list.
const (
	rowsOfPage    = 50
	rowsOfChat    = 20 // after which the next chat follows
	mostRowsFound = 1000
)

// subsPage is the data of subs.html.
type subsPage struct {
	Frame
	Sel     admin.RowSelection
	Systems []hub.SystemStatus
	Sources []hub.Source
	Modes   []hub.Mode
	States  []string
	Chips   []subsChip
	Groups  []subsGroup
	Chats   int // in all, if no row is left out
	Found   int // that fit
	Many    bool
	Next    string
	IsFirst bool
}

// subsChip is a filter that is on, and where the page is without it.
type subsChip struct{ Label, Value, Without string }

// subsGroup is a chat with rows.
type subsGroup struct {
	Room   admin.NamedChat
	Lamp   string // of its system: ok, warn, bad
	Reason string
	Rows   []subRow
	Total  int
	More   string // where all of them are; empty if these are all
	Add    string
	Edits  bool
}

// subRow is a row of the list.
type subRow struct {
	hub.Subscription
	Said    sentence.Said
	Problem string
	Week    []int // how often it fired, by day, today last; nil: not told
	Edits   bool
	Clock   Clock
}

func (p *Pane) subscriptions(w http.ResponseWriter, r *http.Request) error {
	page, err := p.subsPage(w, r)
	if err != nil {
		return err
	}
	return p.show(w, r, "pane/subs.html", page)
}

func selectionOf(q url.Values) admin.RowSelection {
	sel := admin.RowSelection{
		System: hub.System(q.Get("system")), Chat: q.Get("chat"), Source: hub.Source(q.Get("source")), Mode: hub.Mode(q.Get("mode")),
		State: q.Get("state"), CreatedBy: q.Get("by"), Text: strings.TrimSpace(q.Get("q")),
	}
	if !slices.Contains(hub.RowStates(), sel.State) {
		sel.State = ""
	}
	return sel
}

// values is a selection as it stands in an address.
func values(sel admin.RowSelection) url.Values {
	q := url.Values{}
	for name, v := range map[string]string{
		"system": string(sel.System), "chat": sel.Chat, "source": string(sel.Source), "mode": string(sel.Mode),
		"state": sel.State, "by": sel.CreatedBy, "q": sel.Text,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func (p *Pane) subsPage(w http.ResponseWriter, r *http.Request) (*subsPage, error) {
	ctx, sel := r.Context(), selectionOf(r.URL.Query())
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return nil, err
	}
	page := &subsPage{
		Frame: p.frame(r, "subscriptions", "subs.title"), Sel: sel, Systems: systems, Sources: p.Admin.Sources(),
		Modes: hub.Modes(), States: hub.RowStates(), IsFirst: r.URL.Query().Get("cursor") == "",
	}
	page.Toast = takeNotice(w, r, page.Words)
	q := p.Admin.TableQuery(ctx, sel)
	if q, err = p.count(ctx, page, q); err != nil {
		return nil, err
	}
	q.Cursor, q.Limit, q.Fold = r.URL.Query().Get("cursor"), rowsOfPage, rowsOfChat
	if sel.System != "" && sel.Chat != "" {
		q.Fold = 0
	}
	rows, next, err := p.Admin.Table.SubscriptionsByChat(ctx, q)
	if err != nil {
		return nil, err
	}
	if page.Groups, err = p.groups(r, page, q, rows); err != nil {
		return nil, err
	}
	if next != "" {
		at := values(sel)
		at.Set("cursor", next)
		page.Next = "/subscriptions?" + at.Encode()
	}
	page.Chips = p.chips(ctx, page.Words, sel)
	return page, nil
}

// count says how many rows there are, or how many of them fit: each count looks at
// every row. The query that it gives back selects the same, without looking for
// the text again.
func (p *Pane) count(ctx context.Context, page *subsPage, q hub.TableQuery) (_ hub.TableQuery, err error) {
	if !q.IsNarrow() {
		if page.Found, err = p.Admin.Table.CountSubscriptions(ctx, q, 1_000_000); err == nil {
			page.Chats, err = p.Admin.Table.CountChats(ctx)
		}
		return q, err
	}
	if q.Text == "" {
		page.Found, err = p.Admin.Table.CountSubscriptions(ctx, q, mostRowsFound+1)
	} else {
		var ids []hub.SubscriptionID
		ids, err = p.Admin.Table.FindSubscriptions(ctx, q, mostRowsFound+1)
		if page.Found = len(ids); page.Found <= mostRowsFound {
			q.Text, q.Values, q.Chats, q.IDs = "", nil, nil, ids
		}
	}
	if page.Found > mostRowsFound {
		page.Found, page.Many = mostRowsFound, true
	}
	return q, err
}

// chips are the filters that are on.
func (p *Pane) chips(ctx context.Context, words *web.Words, sel admin.RowSelection) (list []subsChip) {
	add := func(label, value string, without admin.RowSelection) {
		if without != sel {
			list = append(list, subsChip{label, value, "/subscriptions?" + values(without).Encode()})
		}
	}
	without := func(change func(*admin.RowSelection)) admin.RowSelection {
		other := sel
		change(&other)
		return other
	}
	add("", "“"+sel.Text+"”", without(func(s *admin.RowSelection) { s.Text = "" }))
	add(words.Say("subs.system"), string(sel.System), without(func(s *admin.RowSelection) { s.System = "" }))
	if sel.Chat != "" {
		add(words.Say("sub.chat"), p.Admin.ChatName(ctx, hub.Chat{System: sel.System, ID: sel.Chat}).Name, without(func(s *admin.RowSelection) { s.Chat = "" }))
	}
	add(words.Say("subs.source"), string(sel.Source), without(func(s *admin.RowSelection) { s.Source = "" }))
	add(words.Say("subs.mode"), string(sel.Mode), without(func(s *admin.RowSelection) { s.Mode = "" }))
	if sel.State != "" {
		add(words.Say("subs.state"), words.Say(stateWords[sel.State]), without(func(s *admin.RowSelection) { s.State = "" }))
	}
	add(words.Say("subs.madeBy"), sel.CreatedBy, without(func(s *admin.RowSelection) { s.CreatedBy = "" }))
	return list
}

// stateWords are the texts that name the states of rows.
var stateWords = map[string]string{
	hub.RowsOn: "subs.stateOn", hub.RowsOff: "subs.stateOff", hub.RowsFailing: "subs.stateFailing", hub.RowsSilent: "subs.stateSilent",
}

// StateWord names the text of a state.
func (subsPage) StateWord(state string) string { return stateWords[state] }

// Filters are those that are on, in words.
func (s *subsPage) Filters() string {
	var all []string
	for _, c := range s.Chips {
		all = append(all, strings.TrimSpace(c.Label+" "+c.Value))
	}
	return strings.Join(all, ", ")
}

// groups are rows under their chats.
func (p *Pane) groups(r *http.Request, page *subsPage, q hub.TableQuery, rows []hub.Subscription) (groups []subsGroup, err error) {
	ctx := r.Context()
	var chats []hub.Chat
	for _, row := range rows {
		if len(chats) == 0 || chats[len(chats)-1] != row.Chat {
			chats = append(chats, row.Chat)
		}
	}
	totals, err := p.Admin.Table.CountByChat(ctx, q, chats)
	if err != nil {
		return nil, err
	}
	week, err := p.week(ctx, rows)
	if err != nil {
		return nil, err
	}
	teller := p.Admin.Teller(ctx, page.Words)
	for i := range rows {
		row := &rows[i]
		if len(groups) == 0 || groups[len(groups)-1].Room.Chat != row.Chat {
			g := subsGroup{Room: p.Admin.ChatName(ctx, row.Chat), Total: totals[row.Chat], Edits: page.MayEdit()}
			g.Lamp, g.Reason = lampOf(page.Systems, row.Chat)
			g.Add = "/subscriptions/new?" + url.Values{"system": {string(row.System)}, "chat": {row.Chat.ID}}.Encode()
			groups = append(groups, g)
		}
		g := &groups[len(groups)-1]
		g.Rows = append(g.Rows, p.subRow(ctx, page.Frame, teller, row, week[row.ID]))
	}
	for i := range groups {
		g := &groups[i]
		if q.Fold > 0 && g.Total > len(g.Rows) {
			all := page.Sel
			all.System, all.Chat = g.Room.System, g.Room.Chat.ID
			g.More = "/subscriptions?" + values(all).Encode()
		}
	}
	return groups, nil
}

func (p *Pane) subRow(ctx context.Context, f Frame, teller sentence.Teller, row *hub.Subscription, week []int) subRow {
	shown := subRow{Subscription: *row, Said: teller.Row(row), Problem: row.Error, Week: week, Edits: f.MayEdit(), Clock: f.Clock}
	if gone := p.Admin.Missing(ctx, row); shown.Problem == "" && len(gone) > 0 {
		shown.Problem = f.Say("subs.gone", "What", strings.Join(gone, ", "))
	}
	return shown
}

// week is how often rows fired, by day, the last of seven days today. A row that
// did not fire has no entry.
func (p *Pane) week(ctx context.Context, rows []hub.Subscription) (map[hub.SubscriptionID][]int, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]hub.SubscriptionID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	now := p.Now()
	fired, err := p.Admin.Days(ctx, ids, now.AddDate(0, 0, -6), now)
	if err != nil {
		return nil, err
	}
	week := make(map[hub.SubscriptionID][]int, len(fired))
	for id, days := range fired {
		for _, day := range days {
			week[id] = append(week[id], int(day.Count))
		}
	}
	return week, nil
}

// Bars are the heights of the week's bars, of 20.
func (r subRow) Bars() (list []sparkBar) {
	most := slices.Max(append([]int{1}, r.Week...))
	for i, n := range r.Week {
		high := max(n*20/most, 1)
		list = append(list, sparkBar{X: float64(i)*6 + 0.5, Y: 20 - high, High: high, Zero: n == 0, Now: i == len(r.Week)-1})
	}
	return list
}

// Fires is how often the row fired in the week.
func (r subRow) Fires() (sum int) {
	for _, n := range r.Week {
		sum += n
	}
	return sum
}

type sparkBar struct {
	X         float64
	Y, High   int
	Zero, Now bool
}

// lampOf is how the system of a chat is, and why.
func lampOf(systems []hub.SystemStatus, chat hub.Chat) (lamp, reason string) {
	for _, s := range systems {
		if s.System != chat.System {
			continue
		}
		for _, paused := range s.PausedChats {
			if paused.Chat == chat.ID {
				return "bad", paused.Reason
			}
		}
		switch s.State {
		case hub.SystemPaused:
			return "bad", s.Reason
		case hub.SystemUnknown:
			return "warn", ""
		}
		return "ok", ""
	}
	return "warn", ""
}

// row answers with one row of the list.
func (p *Pane) showRow(w http.ResponseWriter, r *http.Request, row *hub.Subscription) error {
	f := p.frame(r, "subscriptions", "subs.title")
	week, err := p.week(r.Context(), []hub.Subscription{*row})
	if err != nil {
		return err
	}
	return p.show(w, r, "sub-row", p.subRow(r.Context(), f, p.Admin.Teller(r.Context(), f.Words), row, week[row.ID]))
}

func rowID(r *http.Request) hub.SubscriptionID { return hub.SubscriptionID(r.PathValue("id")) }

func (p *Pane) enableSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.EnableRow(r.Context(), rowID(r), r.PostFormValue("on") == "1")
	if err != nil {
		return err
	}
	if isPart(r) {
		return p.showRow(w, r, row)
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}

func (p *Pane) deleteSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), rowID(r))
	if err != nil {
		return err
	}
	if err := p.Admin.DeleteRow(r.Context(), row.ID); err != nil {
		return err
	}
	words := web.WordsOf(r)
	said := p.Admin.Teller(r.Context(), words).Row(row).Plain
	if !isPart(r) {
		leaveNotice(w, "subs.deleted", said, "/subscriptions/"+url.PathEscape(string(row.ID))+"/restore")
		http.Redirect(w, r, "/subscriptions", http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, "sub-toast", Toast{Icon: "i-trash", Text: words.Say("subs.deleted", "Row", said), Undo: "/subscriptions/" + url.PathEscape(string(row.ID)) + "/restore"})
}

func (p *Pane) restoreSubscription(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Admin.RestoreRow(r.Context(), rowID(r)); err != nil {
		return err
	}
	leaveNotice(w, "subs.undone", "", "")
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}

// back is the list as it was looked at.
func back(r *http.Request) string {
	from := cmp.Or(r.Header.Get("HX-Current-URL"), r.Referer())
	if u, err := url.Parse(from); err == nil && u.Path == "/subscriptions" {
		return u.RequestURI()
	}
	return "/subscriptions"
}

func (p *Pane) testSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), rowID(r))
	if err != nil {
		return err
	}
	return p.test(w, r, *row)
}

// test sends a test and tells what became of it.
func (p *Pane) test(w http.ResponseWriter, r *http.Request, row hub.Subscription) error {
	words := web.WordsOf(r)
	t, err := p.Admin.TestRow(r.Context(), words, row, "")
	if err != nil {
		return err
	}
	toast := Toast{Icon: "i-send", Text: words.Say("subs.testSent", "Chat", p.Admin.ChatName(r.Context(), row.Chat).Name)}
	switch t.Status {
	case hub.StatusSent:
		if t.URL = webAddress(t.URL); t.URL != "" {
			toast.URL, toast.Label = t.URL, words.Say("subs.testOpen")
		}
	case hub.StatusDead:
		toast.Icon, toast.Text = "i-alert", words.Say("subs.testDead", "Reason", t.Reason)
	default:
		toast.Icon, toast.Text = "i-clock", words.Say("subs.testWaits", "Reason", cmp.Or(t.Reason, words.Say("subs.testQueued")))
	}
	if isPart(r) {
		return p.show(w, r, "sub-toast", toast)
	}
	page, err := p.subsPage(w, r)
	if err != nil {
		return err
	}
	page.Toast = &toast
	return p.show(w, r, "pane/subs.html", page)
}
