package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func (w *world) sendTable(t *testing.T, text string) answer {
	t.Helper()
	return w.call(t, "POST", "/api/v1/subscriptions?format=table", text, "Content-Type", "text/plain")
}

func (w *world) table(t *testing.T) string {
	t.Helper()
	return w.call(t, "GET", "/api/v1/subscriptions?format=table", "").Body.String()
}

// oddRows are rows with everything that might get lost in a line of text.
func oddRows() []hub.Subscription {
	var rows []hub.Subscription
	add := func(mode hub.Mode, change func(*hub.Subscription), filters ...hub.Filter) {
		s := hub.Subscription{Chat: hub.Chat{System: "slack", ID: fmt.Sprint("#", len(rows))}, Mode: mode, Enabled: true, Filters: filters}
		if change != nil {
			change(&s)
		}
		rows = append(rows, s)
	}
	for _, mode := range hub.Modes() {
		add(mode, nil)
		add(mode, func(s *hub.Subscription) { s.Enabled = false })
	}
	for _, chat := range []string{"!room:example.org", "-100123/45", "a | b", "100%", " lobby ", "# off: x", "ñ\u00a0ñ", "a,b+c!d=e"} {
		add(hub.Watch, func(s *hub.Subscription) { s.Chat.ID = chat })
	}
	for _, change := range []func(*hub.Subscription){
		func(s *hub.Subscription) { s.Source = "meta" },
		func(s *hub.Subscription) { s.Source = "api" },
		func(s *hub.Subscription) { s.Options.Delay = "0s" },
		func(s *hub.Subscription) { s.Options.Delay = "1m30s" },
		func(s *hub.Subscription) { s.Options.Style = hub.StyleFull },
		func(s *hub.Subscription) { s.Options.Excerpt = 4000 },
		func(s *hub.Subscription) { s.Options.Unlisted = true },
		func(s *hub.Subscription) { s.Options.Thread = hub.ThreadBoth },
		func(s *hub.Subscription) { s.Options.ReadAs = "böb=%|,off" },
		func(s *hub.Subscription) {
			s.Source, s.Enabled = "meta", false
			s.Options = hub.Options{Delay: "5s", Style: hub.StyleCompact, Excerpt: 1, Unlisted: true, Thread: hub.ThreadFlat, ReadAs: "off"}
		},
	} {
		add(hub.Follow, change, hub.Filter{Type: hub.FilterTag, Any: []string{"urgent"}})
	}
	for _, filters := range [][]hub.Filter{
		{{Type: hub.FilterTag, Any: []string{"a b", "c,d", "e+f", "!g", "h|i", "50%", "watch:x", "# x", "…"}}},
		{{Type: hub.FilterTag, All: []string{"one"}}},
		{{Type: hub.FilterTag, Any: []string{"a"}, All: []string{"b", "c"}, None: []string{"d"}}},
		{{Type: hub.FilterTag, Any: []string{"x", "y"}}, {Type: hub.FilterCategory, Any: []string{"support", "market/*"}}},
		{{Type: hub.FilterTag, None: []string{"wip"}}},
		{{Type: hub.FilterTopic, Any: []string{"301"}}, {Type: hub.FilterAuthor, Any: []string{"@support_team", "alice", "@bots"}}},
		{{Type: hub.FilterGroup, Any: []string{"support_team"}}, {Type: hub.FilterGroup, As: hub.AsMessage, Any: []string{"support_team"}}},
		{{Type: hub.FilterGroup, As: hub.AsMention, All: []string{"a", "b"}}},
		{{Type: hub.FilterKind, Any: []string{"forum.topic.*", "user.*"}, None: []string{"forum.topic.closed"}}},
		{{Type: hub.FilterText, Any: []string{"two words", `/toner|ink\s+"x"/`, "a=b", "/c+/"}}},
	} {
		add(hub.Thread, nil, filters...)
	}
	for _, category := range []string{"5", "9/*", "12", "nonexistent", "77"} {
		add(hub.Watch, func(s *hub.Subscription) { s.Source = "meta" }, hub.Filter{Type: hub.FilterCategory, Any: []string{category}})
	}
	return rows
}

// tokens are what rows say: a row of several values is the same as several rows
// of one, and a single value is the same under any and all.
func tokens(t *testing.T, rows []hub.Subscription) (said []string) {
	t.Helper()
	for _, row := range rows {
		single, err := rules.ParseRow(rules.FormatRow(row))
		require.NoError(t, err)
		for _, one := range single {
			said = append(said, fmt.Sprintf("%s source=%s %+v enabled=%t", rules.FormatRow(one), row.Source, row.Options, row.Enabled))
		}
	}
	return said
}

func TestTableComesBack(t *testing.T) {
	from := newWorld()
	from.forum = someForum(true)
	for _, row := range oddRows() {
		require.Empty(t, rules.Validate(row), rules.FormatLine(row))
		require.NoError(t, from.CreateSubscription(t.Context(), &row))
	}
	table := from.table(t)
	require.Contains(t, table, "c/support/printers/* | source=meta\n", "people read paths")
	require.Contains(t, table, "c/market/printers | source=meta\n")
	require.NotContains(t, table, "\n#")

	to := newWorld()
	to.forum = someForum(false) // whether all the names are there is not the question here
	got := to.sendTable(t, table)
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	require.Equal(t, tokens(t, from.subscriptions), tokens(t, to.subscriptions))
	require.Len(t, to.news(), len(to.subscriptions))
	require.Equal(t, 1, to.changes)

	for _, w := range []*world{from, to} {
		before := len(w.subscriptions)
		w.forum, w.changes = someForum(false), 0
		got := w.sendTable(t, table)
		require.Equal(t, http.StatusOK, got.Code, got.Body)
		require.Contains(t, got.Body.String(), `"items":[]`)
		require.Len(t, w.subscriptions, before)
		require.Zero(t, w.changes, "the same table again changes nothing")
	}
	again := to.table(t)
	third := newWorld()
	third.forum = someForum(false)
	require.Equal(t, http.StatusOK, third.sendTable(t, again).Code)
	require.Equal(t, again, third.table(t))
	require.Equal(t, to.subscriptions, third.subscriptions)
}

// A row that fits into no line does not keep the others from being read.
func TestTableWithARowThatNoLineCanSay(t *testing.T) {
	w := newWorld()
	many := func(what string) (values []string) {
		for i := range 100 {
			values = append(values, fmt.Sprint(what, i))
		}
		return values
	}
	w.subscriptions = []hub.Subscription{
		{ID: "s1", Chat: hub.Chat{System: "slack", ID: "a"}, Mode: hub.Watch, Enabled: true, Filters: []hub.Filter{
			{Type: hub.FilterTag, Any: many("t")}, {Type: hub.FilterAuthor, Any: many("u")},
		}},
		{ID: "s2", Chat: hub.Chat{System: "slack", ID: "b"}, Mode: hub.Watch, Enabled: true},
	}
	table := w.table(t)
	require.Equal(t, "# subscription s1 has more values than fit into a line: only JSON can say it\nslack | b | *\n", table)
	w.sendTable(t, table).is(http.StatusOK, `{"items":[],"unchanged":1}`)
}

func TestTableKnowsWhatIsThere(t *testing.T) {
	w := newWorld()
	w.forum = someForum(true)
	w.subscriptions = []hub.Subscription{
		{ID: "s1", Chat: hub.Chat{System: "slack", ID: "a"}, Mode: hub.Watch, Enabled: true, Filters: []hub.Filter{
			{Type: hub.FilterCategory, Any: []string{"support"}}, {Type: hub.FilterTag, None: []string{"urgent"}},
		}},
		// Stored before the forum was known, by a slug.
		{ID: "s2", Chat: hub.Chat{System: "slack", ID: "b"}, Source: "meta", Mode: hub.Watch, Enabled: true, Filters: []hub.Filter{
			{Type: hub.FilterCategory, Any: []string{"Support", "market/*"}},
		}},
	}
	for _, line := range []string{
		"slack | a | c/support+!t/urgent", "slack | a | !t/urgent+c/support", "\ufeffslack | a | watch:!t/urgent+c/support+!t/urgent",
		"slack | b | c/support | source=meta", "slack | b | c/5,c/13/* | source=meta", "slack | b | c/market/*,c/support | source=meta",
	} {
		require.Contains(t, w.sendTable(t, line).Body.String(), `"items":[]`, line)
	}
	require.Zero(t, w.changes)
	for _, line := range []string{"slack | a | c/support", "slack | b | c/market | source=meta", "slack | b | c/support", "slack | b | c/support | source=api"} {
		require.Contains(t, w.sendTable(t, line+"\n"+line).Body.String(), `"unchanged":1`, "it stands there once: %s", line)
	}
	require.Len(t, w.subscriptions, 6)
}

// A table adds rows. It does not change the options of one that is there, and
// says so before anything is made.
func TestTableChangesNothing(t *testing.T) {
	w := newWorld()
	w.sendTable(t, "slack | a | t/x\nslack | a | t/y | off\nslack | a | t/z | style=compact\n")
	w.news()
	w.sendTable(t, "slack | new | *\nslack | a | t/x | delay=0s\n\nslack | a | t/y\nslack | a | t/z\nslack | b | t/1\nslack | b | t/1 | off").
		refused(http.StatusConflict,
			"", "nothing was made", "line 2", "what subscription s1 does", "line 4", "what subscription s2 does",
			"line 5", "what subscription s3 does", "line 7", "what line 6 does")
	require.Len(t, w.subscriptions, 3)
	require.Empty(t, w.news())

	// One of several values may be said again with other options: it is a row of
	// its own.
	w.call(t, "POST", "/api/v1/subscriptions", `{"system":"slack","chat":"c","mode":"watch","filters":[{"type":"tag","any":["a","b"]}]}`)
	require.Equal(t, http.StatusOK, w.sendTable(t, "slack | c | t/a | unlisted").Code)
	require.True(t, w.subscriptions[4].Options.Unlisted)
}

// A table at which the store fails is made as a whole when it is sent again.
func TestTableThatBreaksOff(t *testing.T) {
	w := newWorld()
	w.failAfter = 2
	w.sendTable(t, "slack | a | t/1,t/2,t/3,t/4").refused(http.StatusServiceUnavailable, "", "the store is away")
	require.Empty(t, w.subscriptions)
	require.Empty(t, w.news())
	w.failAfter, w.fail = 0, nil
	require.Contains(t, w.sendTable(t, "slack | a | t/1,t/2,t/3,t/4").Body.String(), `"unchanged":0`)
	require.Equal(t, []hub.SubscriptionID{"s1", "s2", "s3", "s4"}, w.news())
}

func TestTableBars(t *testing.T) {
	w := newWorld()
	w.sendTable(t, "slack | a | c/x | delay=0s | off\nslack | a | text//a|b/\nslack | a | t/x | delay=2h style=huge\nslack | a | t/x | source=metta").refused(http.StatusUnprocessableEntity,
		"line 1", "more than four parts", "line 2", "is no option", "line 3", "options.delay", "line 4", "did you mean meta?")
	require.Empty(t, w.subscriptions)
}

func TestWritesTellWhichRows(t *testing.T) {
	w := newWorld()
	w.call(t, "POST", "/api/v1/subscriptions", row)
	w.call(t, "POST", "/api/v1/subscriptions", strings.Replace(row, "general", "random", 1))
	require.Equal(t, []hub.SubscriptionID{"s1", "s2"}, w.news())
	w.call(t, "PUT", "/api/v1/subscriptions/s2", strings.Replace(row, "general", "other", 1))
	require.Equal(t, []hub.SubscriptionID{"s2"}, w.news())
	w.call(t, "PATCH", "/api/v1/subscriptions/s1", `{"enabled":false}`)
	require.Equal(t, []hub.SubscriptionID{"s1"}, w.news())
	w.call(t, "DELETE", "/api/v1/subscriptions/s2", "")
	require.Equal(t, []hub.SubscriptionID{"s2"}, w.news())
	w.call(t, "POST", "/api/v1/subscriptions", row).refused(http.StatusConflict, "", "subscription s1 says the same already")
	w.call(t, "DELETE", "/api/v1/subscriptions/s2", "").refused(http.StatusNotFound)
	require.Empty(t, w.news())
}

// FuzzTable holds: a table that is taken is printed as one that makes the same
// rows, and nothing when it is sent twice.
func FuzzTable(f *testing.F) {
	f.Add("slack | #general | c/support,follow:t/urgent+!t/wip | source=meta delay=0s style=compact excerpt=200 unlisted thread=both read_as=bob off")
	f.Add("# ours\n\nconsole | %20lobby | c/9/*,c/market/printers,c/x | source=meta\nslack|a|text//a%7Cb/+u/@staff,pm/support_team\n")
	f.Add("\ufeffslack | a | k/forum.topic.* | off\r\nslack | a | k/forum.topic.*\n")
	f.Add("slack | a | mute:* | source=api\nslack | a | g/x+g/y+!g/z,topic/12\nslack|%25|c/%20support%20/* | source=meta")
	for _, row := range oddRows() {
		f.Add(rules.FormatLine(row))
	}
	var document schemas // the same for all, and slow to read
	f.Fuzz(func(t *testing.T, text string) {
		from, to := newWorld(), newWorld()
		if document == nil {
			document = readSchemas(t, from)
		}
		from.schema, to.schema = document, document
		from.forum, to.forum = someForum(false), someForum(false)
		if got := from.sendTable(t, text); got.Code != http.StatusOK {
			require.Less(t, got.Code, 500, got.Body)
			require.Empty(t, from.subscriptions, "what is refused makes nothing")
			return
		}
		table := from.table(t)
		got := to.sendTable(t, table)
		require.Equal(t, http.StatusOK, got.Code, "%q is printed as %q: %s", text, table, got.Body)
		require.Equal(t, from.subscriptions, to.subscriptions, "%q is printed as %q", text, table)
		require.Equal(t, table, to.table(t))

		for _, again := range []string{text, table} {
			var result struct{ Items []hub.Subscription }
			require.NoError(t, json.Unmarshal(from.sendTable(t, again).Body.Bytes(), &result))
			require.Empty(t, result.Items, "%q sent again", again)
		}
	})
}
