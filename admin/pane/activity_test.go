package pane

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

// small is a Bellhop with two systems, in one chat of which people have spoken.
type small struct {
	admin.People
	preflights
}

// preflights is admin.Rooms, whose name is that of its method.
type preflights = interface {
	Preflight(ctx context.Context, chat hub.Chat, fresh bool) (hub.Preflight, error)
	Check(ctx context.Context, system hub.System) (hub.Check, error)
	Checked(ctx context.Context, system hub.System) (hub.Check, error)
}

func (small) ListKnownChats(context.Context, hub.System) ([]hub.KnownChat, error) {
	return []hub.KnownChat{{Chat: hub.Chat{System: "slack", ID: "C1"}, Name: "#support"}}, nil
}

func (small) Rooms(context.Context) ([]hub.Room, error) { return nil, nil }

// quiet is a pane that knows its systems, chats and forums already.
func quiet() *Pane {
	now := func() time.Time { return noon }
	systems := func(context.Context) ([]hub.SystemStatus, error) {
		return []hub.SystemStatus{{System: "slack", Kind: "slack"}, {System: "console", Kind: "console"}}, nil
	}
	p := New(Deps{Now: now, Admin: &admin.Server{Deps: admin.Deps{Systems: systems, People: small{}, Rooms: small{}, Now: now}}})
	p.shelf.at = map[hub.Source]time.Time{"meta": noon}
	p.shelf.forums = map[hub.Source]map[string]hub.ForumCategory{"meta": {
		"4": {ID: "4", Name: "Support", Color: "#0e87b8"},
		"5": {ID: "5", Name: "Printers", Color: "5577c9", ParentID: "4"},
		"6": {ID: "6", Name: "Odd", Color: `"><script>`},
	}}
	return p
}

func (p *Pane) as(role hub.Role) Frame {
	return Frame{Words: web.English(), Clock: Clock{web.English(), time.UTC, noon}, Title: "Activity", Me: admin.Caller{Name: "Anna", Role: role}}
}

func rendered(t *testing.T, name string, page any) string {
	t.Helper()
	html, err := fragment(web.English(), name, page)
	require.NoError(t, err)
	return html
}

// pages are the activity pages as one role sees them, with something to do on
// each.
func (p *Pane) pagesAs(t *testing.T, role hub.Role) string {
	frame := p.as(role)
	chat := hub.Chat{System: "slack", ID: "C1"}
	d := hub.Delivery{ID: "n1", Chat: chat, Event: "e1", EventType: hub.ForumPostCreated, Status: hub.StatusDead, Title: "Printer", QueuedAt: noon, UpdatedAt: noon}
	letter := admin.DeadLetter{ID: "n1", Chat: chat, Title: "Printer", Status: hub.StatusDead, Fault: hub.FaultRejected, Reason: "no_text", At: noon}
	row := p.deliveryRow(t.Context(), frame.Words, frame.Clock, &d, frame.MayEdit())
	common := activityPage{Frame: frame, Tab: "dead", Path: "/activity/dead"}
	event := eventPage{Frame: frame, Sent: []deliveryRow{row}, Replays: frame.MayEdit()}
	event.Row = p.eventRow(t.Context(), frame.Words, frame.Clock, &admin.Happening{Event: hub.Event{ID: "e1", Type: hub.ForumPostCreated, Source: "meta", ReceivedTime: noon}})
	dead := deadPage{activityPage: common, Rows: []deadRow{p.deadRow(t.Context(), frame.Words, frame.Clock, &letter, frame.MayEdit())}, Again: "/activity/dead/retry"}
	common.Tab, common.Path = "deliveries", "/activity/deliveries"
	return rendered(t, "pane/dead.html", &dead) +
		rendered(t, "pane/deliveries.html", &deliveriesPage{activityPage: common, Rows: []deliveryRow{row}}) +
		rendered(t, "pane/delivery.html", &deliveryPage{Frame: frame, Row: row, Dead: &letter}) +
		rendered(t, "pane/event.html", &event)
}

func TestAViewerIsOfferedNothingToDo(t *testing.T) {
	offers := func(html string) int {
		return strings.Count(html, `action="/activity/deliveries/n1/retry"`) + strings.Count(html, `href="/activity/dead/retry"`) + strings.Count(html, `/replay"`)
	}
	require.Zero(t, offers(quiet().pagesAs(t, hub.Viewer)))
	require.Equal(t, 6, offers(quiet().pagesAs(t, hub.Editor)))
	for _, page := range quiet().activityPages() {
		if page.Method != http.MethodGet || strings.HasSuffix(page.Path, "/retry") || strings.HasSuffix(page.Path, "/replay") {
			require.Equal(t, hub.Editor, page.Need, page.Path)
		}
	}
}

func TestEventsAreShownHarmlessly(t *testing.T) {
	p := quiet()
	const title = "<script>alert(1)</script> \u202egnp.exe\u2066 \n 👩‍👩‍👧‍👦 \"'>"
	show := func(kind hub.EventType, data any) string {
		raw, err := json.Marshal(data)
		require.NoError(t, err)
		h := &admin.Happening{Event: hub.Event{ID: `e"><b>`, Type: kind, Source: "meta", ReceivedTime: noon, Data: raw}}
		return rendered(t, "event-row", p.eventRow(t.Context(), web.English(), Clock{web.English(), time.UTC, noon}, h))
	}
	for _, html := range []string{
		show(hub.ForumPostCreated, hub.Forum{
			Topic: &hub.Topic{Title: title, CategoryID: "6", Tags: []string{title}, URL: "javascript:alert(1)"},
			Post:  &hub.Post{Number: 2, Author: hub.Person{Username: title}, URL: "javascript:alert(1)"},
		}),
		show("user.deploy.finished", hub.Item{Title: title, URL: "javascript:alert(1)", Tags: []string{title}, Category: title, Author: &hub.Person{Username: title}}),
		show(hub.HubSignalReplay, hub.ReplayRequest{Event: &hub.Event{Type: "user.deploy.finished", Data: []byte(`{"title":"<script>"}`)}, By: title}),
		show("user.odd", []string{title}), show("user.odd", strings.Repeat("long ", 1000)),
	} {
		require.NotContains(t, html, "<script")
		require.NotContains(t, html, "<b>")
		require.NotContains(t, html, "javascript:")
		require.Less(t, len(html), 10_000)
	}
	html := show(hub.ForumPostCreated, hub.Forum{Topic: &hub.Topic{Title: title, CategoryID: "5"}, Post: &hub.Post{Number: 1, Author: hub.Person{Username: "ineke"}}})
	require.NotContains(t, html, "\u202e")
	require.Contains(t, html, "gnp.exe 👩")
	require.Contains(t, html, `opened in`)
	require.Contains(t, html, `<rect width="5" height="10" fill="#0e87b8"/><rect x="5" width="5" height="10" fill="#5577c9"/>`)
}

func TestFiltersAreTidied(t *testing.T) {
	for query, want := range map[string]string{
		"":                                "",
		"q=&source=meta&type=":            "source=meta",
		"live=off&live=on":                "",
		"live=off":                        "live=off",
		"q=a+b&when=24h&live=off&live=on": "q=a+b&when=24h",
		"cursor=12&chat=":                 "cursor=12",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/activity?"+query, nil)
		require.NoError(t, err)
		tidy, changed := tidied(r)
		require.Equal(t, strings.TrimSuffix("/activity?"+want, "?"), tidy)
		require.Equal(t, query != want, changed, query)
	}
}

func TestFilterTimes(t *testing.T) {
	at := func(query string) activityFilter {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/activity?"+query, nil)
		require.NoError(t, err)
		zone, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		return quiet().activityFilter(r, Clock{web.English(), zone, noon})
	}
	require.Equal(t, noon.Add(-24*time.Hour), at("when=24h").since)
	f := at("when=dates&from=2026-03-12T09:05&to=x")
	require.True(t, f.since.Equal(time.Date(2026, 3, 12, 8, 5, 0, 0, time.UTC)), "a day and time is in the reader's zone")
	require.Zero(t, f.until)
	require.False(t, at("when=never&from=2026-03-12T09:05").Narrow())
	require.True(t, at("status=sent").Narrow())
	require.False(t, at("cursor=1").live())
	require.False(t, at("live=off").live())
	require.True(t, at("").live())
}

func TestWhereAMessageIs(t *testing.T) {
	d := hub.Delivery{Chat: hub.Chat{System: "console", ID: "a b"}, Receipt: hub.Receipt{Ref: "17"}}
	require.Equal(t, "/console/a%20b#m17", messageURL("console", &d))
	require.Empty(t, messageURL("slack", &d))
	d.Receipt.URL = "https://acme.slack.com/archives/C1/p17"
	require.Equal(t, d.Receipt.URL, messageURL("slack", &d))
	d.Receipt.URL = "javascript:alert(1)"
	require.Empty(t, messageURL("slack", &d))
}

func TestTheTailTellsEachOnce(t *testing.T) {
	var told []hub.EventID
	tell := func(h happened) { told = append(told, h.event.ID) }
	entry := func(id hub.EventID, delivery hub.NotificationID, in time.Duration) again {
		return again{noon.Add(in), happened{event: &hub.Event{ID: id}, delivery: delivery}}
	}
	rest := due(noon, []again{entry("a", "", 0), entry("b", "", time.Second), entry("a", "", 0), entry("a", "n1", 0)}, tell)
	require.Equal(t, []hub.EventID{"a", "a"}, told)
	require.Len(t, rest, 1)
	require.Empty(t, due(noon.Add(time.Second), rest, tell))
	require.Equal(t, []hub.EventID{"a", "a", "b"}, told)
}

func TestOutcomes(t *testing.T) {
	p := quiet()
	fate := func(statuses ...hub.Status) (f hub.Fate) {
		f.Counts = map[hub.Status]int{}
		for _, s := range statuses {
			f.Counts[s]++
			f.Some = append(f.Some, hub.Delivery{Chat: hub.Chat{System: "slack", ID: "C1"}, Status: s})
		}
		return f
	}
	got := func(result string) *hub.Trace {
		return &hub.Trace{Verdict: hub.VerdictDecided, Chats: []hub.TraceChat{{Chat: hub.Chat{System: "slack", ID: "C1"}, Result: result}}}
	}
	long := "nobody who reads this chat may see a topic in a category that only the staff may read"
	for _, c := range []struct {
		trace             *hub.Trace
		fate              hub.Fate
		came              time.Duration // ago
		state, says, full string
		hops, more        int
	}{
		{nil, fate(), time.Second, "queued", "Being decided", "", 0, 0},
		{nil, fate(), time.Hour, "none", "Not for the rows", "", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictWaiting, Why: "long"}, fate(), 0, "queued", "Waits for the forum", "long", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictWaiting, Why: "long", Chats: []hub.TraceChat{{Result: hub.ResultWaits}}}, fate(), 0, "queued", "Waits for its delay", "long", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictNobody}, fate(), 0, "none", "No subscription matches", "", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictDropped}, fate(), 0, "none", "Nobody may hear of it", "", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictDropped, Why: "über dem Rand"}, fate(), 0, "none", "Über dem Rand", "über dem Rand", 0, 0},
		{&hub.Trace{Verdict: hub.VerdictDropped, Why: long}, fate(), 0, "none", "N" + long[1:60] + "…", long, 0, 0},
		{&hub.Trace{Verdict: hub.VerdictLearned}, fate(), 0, "none", "Another event tells of it", "", 0, 0},
		{got(hub.ResultMuted), fate(), 0, "none", "Muted", "", 0, 0},
		{got(hub.ResultKnown), fate(), 0, "none", "Told before", "", 0, 0},
		{got(hub.ResultQueued), fate(), 0, "queued", "On its way", "", 0, 0},
		{got(hub.ResultQueued), fate(hub.StatusQueued), 0, "queued", "1 waiting", "", 1, 0},
		{got(hub.ResultQueued), fate(hub.StatusSent), 0, "sent", "1 sent", "", 1, 0},
		{got(hub.ResultQueued), fate(hub.StatusDead, hub.StatusSent, hub.StatusFailed, hub.StatusQueued, hub.StatusSent), 0, "dead", "2 sent, 1 waiting, 1 retrying, 1 given up", "", 4, 1},
	} {
		h := &admin.Happening{Event: hub.Event{ID: "e1", Type: hub.ForumPostCreated, ReceivedTime: noon.Add(-c.came)}, Fate: c.fate, Trace: c.trace}
		row := p.eventRow(t.Context(), web.English(), Clock{web.English(), time.UTC, noon}, h)
		require.Equal(t, []any{c.state, c.says, c.full, c.hops, c.more}, []any{row.State, row.Says, row.Whole, len(row.Hops), row.More})
		for _, hop := range row.Hops {
			require.Contains(t, hop.Label, "#support on slack: ")
		}
	}
}

func TestEventsInAFewWords(t *testing.T) {
	show := func(e hub.Event, f hub.Forum) eventView {
		var err error
		e.Data, err = json.Marshal(f)
		require.NoError(t, err)
		return quiet().viewOf(t.Context(), web.English(), &e)
	}
	post := &hub.Post{Number: 2, Author: hub.Person{Username: "ineke"}}
	v := show(hub.Event{ID: "a/b?c#d", Type: hub.ForumPostCreated, Source: "meta"}, hub.Forum{Topic: &hub.Topic{Title: "Printer", CategoryID: "4"}, Post: post})
	require.Equal(t, "replied in", v.Verb)
	require.Equal(t, "/activity/events/a%2Fb%3Fc%23d", v.Path())

	// The title of a private message is for those whom it is for.
	v = show(hub.Event{Type: hub.ForumPostCreated, Source: "meta"}, hub.Forum{Topic: &hub.Topic{Title: "Not for you", Archetype: hub.ArchetypePM, Groups: []string{"helpers", "staff"}}, Post: post})
	require.Equal(t, []string{"Private message to @helpers, @staff", "replied"}, []string{v.Title, v.Verb}, "nothing stands behind the verb")
	v = show(hub.Event{Type: hub.ForumTopicCreated, Source: "meta"}, hub.Forum{Topic: &hub.Topic{Title: "Not for you", Archetype: hub.ArchetypePM}})
	require.Equal(t, "Private message", v.Title)
}
