package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// rowHub is a hub that keeps subscriptions, two on a page.
type rowHub struct {
	*fakeHub
	mu   sync.Mutex
	rows []hub.Subscription // oldest first
	fail map[string]int     // how it answers a row for a chat
}

func newRowHub(t *testing.T, rows ...hub.Subscription) *rowHub {
	h := &rowHub{fakeHub: newFakeHub(t), fail: map[string]int{}}
	for _, row := range rows {
		h.store(row)
	}
	h.mux.HandleFunc("GET /api/v1/subscriptions", h.list)
	h.mux.HandleFunc("POST /api/v1/subscriptions", h.create)
	return h
}

func (h *rowHub) store(row hub.Subscription) hub.Subscription {
	row.ID = hub.SubscriptionID(fmt.Sprintf("s%d", len(h.rows)+1))
	row.CreatedAt = time.Date(2026, 1, 1, 0, 0, len(h.rows), 0, time.UTC)
	row.CreatedBy = "admin"
	h.rows = append(h.rows, row)
	return row
}

func (h *rowHub) list(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := r.URL.Query()
	if q.Get("format") == "table" {
		for _, row := range h.rows {
			_, _ = fmt.Fprintln(w, rules.FormatRow(row))
		}
		return
	}
	end := len(h.rows)
	if n, err := strconv.Atoi(q.Get("cursor")); err == nil {
		end = n
	}
	var page struct {
		Items []hub.Subscription `json:"items"`
		Next  string             `json:"next,omitempty"`
	}
	for i := end - 1; i >= 0; i-- {
		if len(page.Items) == 2 {
			page.Next = strconv.Itoa(i + 1)
			break
		}
		page.Items = append(page.Items, h.rows[i])
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (h *rowHub) create(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if r.URL.Query().Get("format") == "table" {
		added := addition{Items: []hub.Subscription{}}
		for line := range strings.Lines(string(body)) {
			if blank(line) {
				continue
			}
			rows, err := rules.ParseRow(strings.TrimSpace(line))
			if err != nil {
				refuse(w, http.StatusUnprocessableEntity, err.Error())
				return
			}
			for _, row := range rows {
				added.Items = append(added.Items, h.store(row))
			}
		}
		added.Unchanged = 1
		_ = json.NewEncoder(w).Encode(added)
		return
	}
	var row hub.Subscription
	if err := json.Unmarshal(body, &row); err != nil || row.ID != "" || row.CreatedBy != "" {
		refuse(w, http.StatusBadRequest, "this row is not as import sends it")
		return
	}
	if status := h.fail[row.Chat.ID]; status != 0 {
		refuse(w, status, "this chat is not to be")
		return
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(h.store(row))
}

// posts are the bodies that were posted.
func (h *rowHub) posts() (bodies []string) {
	h.fakeHub.mu.Lock()
	defer h.fakeHub.mu.Unlock()
	for _, a := range h.asked {
		if strings.HasPrefix(a.line, "POST ") {
			bodies = append(bodies, a.body)
		}
	}
	return bodies
}

func row(chat, tag string) hub.Subscription {
	return hub.Subscription{
		Chat: hub.Chat{System: "slack", ID: chat}, Mode: hub.Watch, Enabled: true,
		Filters: []hub.Filter{{Type: hub.FilterTag, Any: []string{tag}}},
	}
}

func TestExportJSON(t *testing.T) {
	h := newRowHub(t, row("C1", "a"), row("C2", "b"), row("C3", "c"), row("C4", "d"), row("C5", "e"))
	out := filepath.Join(t.TempDir(), "subs.json")
	got := h.run("", "subs", "export", "--format", "json", "-o", out)
	require.Equal(t, said{stderr: "5 rows written to " + out + "\n"}, got)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	var rows []hub.Subscription
	require.NoError(t, json.Unmarshal(text, &rows))
	require.Equal(t, h.rows, rows, "oldest first, all pages")

	require.Equal(t, string(text), h.run("", "subs", "export", "--format", "json").stdout)
	require.Equal(t, string(text), h.run("", "subs", "export", "--format", "json", "-o", "-").stdout)

	info, err := os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestExportNothing(t *testing.T) {
	h := newRowHub(t)
	require.Equal(t, said{stdout: "[]\n"}, h.run("", "subs", "export", "--format", "json"))
	require.Equal(t, said{}, h.run("", "subs", "export"))
	require.Equal(t, said{stdout: "0 created, 0 unchanged\n"}, h.run("[]\n", "subs", "import", "-"))
	require.Equal(t, said{stdout: "0 created, 0 unchanged\n"}, h.run("# nothing\n\n", "subs", "import", "-"))
}

func TestExportTable(t *testing.T) {
	h := newFakeHub(t)
	table := "slack | #support | c/support\n# off: slack | #b | t/b\nslack | #c | *\n"
	h.answers("GET /api/v1/subscriptions", "text/plain", table)
	out := filepath.Join(t.TempDir(), "table")
	got := h.run("", "subs", "export", "-o", out, "--system", "slack", "--chat", "-100")
	require.Equal(t, said{stderr: "2 rows written to " + out + "\n"}, got)
	require.Equal(t, []string{"GET /api/v1/subscriptions?chat=-100&format=table&system=slack"}, h.lines())
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, table, string(text))

	got = h.run("", "subs", "export", "-o", filepath.Join(out, "below"))
	require.Contains(t, got.stderr, "-o: ")
	require.Equal(t, exitFailed, got.code)
}

// TestExportFails leaves what an earlier export wrote.
func TestExportFails(t *testing.T) {
	h := newFakeHub(t)
	h.mux.HandleFunc("GET /api/v1/subscriptions", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusServiceUnavailable, "the database is away")
	})
	out := file(t, "what was kept")
	for _, format := range []string{"table", "json"} {
		got := h.run("", "subs", "export", "--format", format, "-o", out)
		require.Equal(t, said{stderr: "bellhop: Service Unavailable: the database is away\n", code: exitFailed}, got)
	}
	kept, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "what was kept", string(kept))
}

func TestImportJSON(t *testing.T) {
	there := row("C1", "a")
	there.Filters = []hub.Filter{{Type: hub.FilterTag, Any: []string{"a", "b"}}, {Type: hub.FilterGroup, Any: []string{"staff"}}}
	from := newRowHub(t, row("C0", "x"), there, row("C2", "b"), row("C3", "c"))
	from.rows[2].Options = hub.Options{Style: hub.StyleCompact, Delay: "0s"}
	from.rows[2].Source, from.rows[3].Enabled, from.rows[3].Error = "meta", false, "the chat is gone"
	exported := from.run("", "subs", "export", "--format", "json").stdout

	there.Filters = []hub.Filter{ // the same in other words
		{Type: hub.FilterGroup, Any: []string{"staff", "staff"}, As: hub.AsMention}, {Type: hub.FilterTag, Any: []string{"b", "a"}},
	}
	to := newRowHub(t, row("other", "y"), there)
	dry := to.run(exported, "subs", "import", "-", "--dry-run")
	require.Equal(t, said{stdout: `would add: slack | C0 | t/x
would add: slack | C2 | t/b
would add: slack | C3 | t/c
3 to be created, 1 unchanged
`}, cells(dry))
	require.Len(t, to.rows, 2)

	got := to.run("", "subs", "import", file(t, exported))
	require.Equal(t, said{stdout: `added s3: slack | C0 | t/x
added s4: slack | C2 | t/b
added s5: slack | C3 | t/c
3 created, 1 unchanged
`}, cells(got))
	for i, want := range []hub.Subscription{from.rows[0], from.rows[2], from.rows[3]} {
		got := to.rows[2+i]
		want.ID, want.CreatedAt, want.Error = got.ID, got.CreatedAt, ""
		require.Equal(t, want, got)
	}

	again := to.run(exported, "subs", "import", "-")
	require.Equal(t, said{stdout: "0 created, 4 unchanged\n"}, again)
	require.Len(t, to.posts(), 3)
}

// cells leaves out what the text form has after its third cell.
func cells(s said) said {
	var b strings.Builder
	for line := range strings.Lines(s.stdout) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " | ", 4)
		b.WriteString(strings.Join(parts[:min(3, len(parts))], " | ") + "\n")
	}
	s.stdout = b.String()
	return s
}

func TestImportForms(t *testing.T) {
	h := newRowHub(t)
	// A page as the API gives it, newest first; rows may leave out what has a default.
	page := `{"items":[
		{"id":"s9","system":"slack","chat":"C2","mode":"watch","filters":[],"created_at":"2026-01-02T00:00:00Z"},
		{"id":"s8","system":"slack","chat":"C1","mode":"mute","filters":null,"enabled":false,"created_at":"2026-01-01T00:00:00Z"}],"next":""}`
	require.Equal(t, said{stdout: "added s1: slack | C1 | mute:*\nadded s2: slack | C2 | *\n2 created, 0 unchanged\n"},
		cells(h.run(page, "subs", "import", "-", "--force")))
	require.Contains(t, h.lines(), "POST /api/v1/subscriptions?force=1")
	require.False(t, h.rows[0].Enabled)
	require.True(t, h.rows[1].Enabled, "a row is switched on unless it says otherwise")

	// One row twice is one row.
	twice := asJSON(t, []hub.Subscription{row("C3", "a"), row("C3", "a")})
	require.Contains(t, h.run(twice, "subs", "import", "-").stdout, "1 created, 1 unchanged")
}

func TestImportJSONMistakes(t *testing.T) {
	h := newRowHub(t)
	for name, c := range map[string]struct{ data, says string }{
		"broken off":  {`[{"system":"slack"`, "is not the JSON of a list of subscriptions: unexpected end"},
		"a number":    {`[1]`, "row 1: cannot unmarshal number"},
		"null":        {`[null]`, "row 1: is null"},
		"an object":   {`{"rows":[]}`, `without "items"`},
		"a slip":      {`[{"system":"slack","chat":"C1","mode":"watch"},{"filtrs":[]}]`, `row 2: unknown field "filtrs"`},
		"in a filter": {`[{"filters":[{"typ":"tag"}]}]`, `row 1: unknown field "typ"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.run(c.data, "subs", "import", "-")
			require.Contains(t, got.stderr, c.says)
			require.Equal(t, exitFailed, got.code)
		})
	}
	require.Empty(t, h.lines(), "with a mistake in the file nothing is made")
}

func TestImportRowsThatAreRefused(t *testing.T) {
	off := row("C4", "d")
	off.Enabled = false
	compact := row("C5", "e")
	compact.Options.Style = hub.StyleCompact
	h := newRowHub(t, off, compact)
	h.fail["C2"] = http.StatusUnprocessableEntity
	file := asJSON(t, []hub.Subscription{row("C1", "a"), row("C2", "b"), row("C3", "c"), row("C4", "d"), row("C5", "e")})
	got := h.run(file, "subs", "import", "-")
	require.Equal(t, exitFailed, got.code)
	require.Equal(t, "added s3: slack | C1 | t/a\nadded s4: slack | C3 | t/c\n2 created, 0 unchanged, 3 failed\n", got.stdout)
	require.Equal(t, `row 2, slack | C2 | t/b: Unprocessable Entity: this chat is not to be
row 4, slack | C4 | t/d: s1 says the same with other options, or is switched on or off
row 5, slack | C5 | t/e: s2 says the same with other options, or is switched on or off
`, got.stderr)

	dry := h.run(asJSON(t, []hub.Subscription{row("C4", "d"), row("", "x")}), "subs", "import", "-", "--dry-run")
	require.Equal(t, exitFailed, dry.code)
	require.Contains(t, dry.stderr, "row 2, slack |  | t/x: chat ")
	require.Equal(t, "0 to be created, 0 unchanged, 2 failed\n", dry.stdout)
}

// TestImportStops goes on with no row where none would be taken, and says how
// far it came.
func TestImportStops(t *testing.T) {
	h := newRowHub(t)
	h.fail["C2"] = http.StatusServiceUnavailable
	file := asJSON(t, []hub.Subscription{row("C1", "a"), row("C2", "b"), row("C3", "c")})
	got := h.run(file, "subs", "import", "-")
	require.Equal(t, said{
		stdout: "added s1: slack | C1 | t/a\n1 created, 0 unchanged\n",
		stderr: "bellhop: row 2: Service Unavailable: this chat is not to be\n", code: exitFailed,
	}, got)
	require.Len(t, h.rows, 1)
}

func TestImportTable(t *testing.T) {
	h := newRowHub(t)
	table := "\ufeff# kept\r\nslack | #support | c/support,follow:t/urgent\r\n"
	got := h.run(table, "subs", "import", "-", "--force")
	require.Equal(t, "added s1: slack | #support | c/support\nadded s2: slack | #support | follow:t/urgent\n2 created, 1 unchanged\n", got.stdout)
	require.Equal(t, []string{"POST /api/v1/subscriptions?format=table&force=1"}, h.lines())
	require.Equal(t, "text/plain", h.asked[0].contentType)

	got = h.run("slack | x\n", "subs", "import", "-")
	require.Equal(t, exitFailed, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "want three parts")
}

func TestImportTableDry(t *testing.T) {
	several, muted, optioned := row("C1", "a"), row("C1", "m"), row("C1", "o")
	several.Filters[0].Any = []string{"a", "b"}
	muted.Enabled = false
	optioned.Source = "meta"
	h := newRowHub(t, several, muted, optioned)
	got := h.run("slack | C1 | t/b,t/c\n\nslack | C1 | t/c\nslack | C1 | t/a+t/b\n", "subs", "import", "-", "--dry-run")
	require.Equal(t, said{stdout: `would add: slack | C1 | t/c
would add: slack | C1 | t/a+t/b
2 to be created, 2 unchanged
`}, got)
	require.Empty(t, h.posts())

	got = h.run("slack | C1 | t/b\nslack | C1 | x/b\nslack\n | C1 | t/b\n", "subs", "import", "-", "--dry-run")
	require.Equal(t, exitFailed, got.code)
	require.Regexp(t, `(?s)line 2: .*x/b.*line 3: .*three parts.*line 4: system `, got.stderr)
}

// A table goes in parts that the hub takes, each with the lines where they stand
// in the file.
func TestTableParts(t *testing.T) {
	var table strings.Builder
	table.WriteString("# a comment, with commas,,,\n")
	for i := range 1500 {
		_, _ = fmt.Fprintf(&table, "slack | C%d | t/a,t/b\n", i)
	}
	parts := tableParts(table.String())
	require.Len(t, parts, 3)
	lines := strings.Split(table.String(), "\n")
	next := 1
	for _, part := range parts {
		rows := 0
		for n, line := range strings.Split(part, "\n") {
			if line == "" {
				continue
			}
			require.Equal(t, lines[n], line, "line %d", n+1)
			require.Equal(t, next, n, "each line comes once, in its order")
			next, rows = next+1, rows+2
		}
		require.LessOrEqual(t, rows, maxTableRows)
	}
	require.Equal(t, 1501, next)

	long := strings.Repeat("x", maxTableBytes-10) + "\n"
	require.Len(t, tableParts(long+long), 2)
	require.Len(t, tableParts("slack | C1 | "+strings.Repeat("t/a,", 5000)+"t/a"), 1, "what is too much for the hub is the hub's to refuse")
	require.Empty(t, tableParts("\n# only words\n"))
	require.Equal(t, []string{"slack | C1 | t/a"}, tableParts("slack | C1 | t/a"), "the last line need not end")
}

// FuzzReadRows gives import files that nobody exported: it reads or refuses.
func FuzzReadRows(f *testing.F) {
	for _, seed := range []string{`[]`, `{}`, `{"items":[{}]}`, `[{"system":"slack","chat":"C1","filters":[{"any":["x"]}]}]`, `[null]`, ` [`, `[[]]`, `{"items":3}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if !isJSON([]byte(data)) {
			return
		}
		rows, err := readRows([]byte(data))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		places := map[int]bool{}
		for i, row := range rows {
			places[row.n] = true
			require.False(t, i > 0 && row.CreatedAt.Before(rows[i-1].CreatedAt), "the oldest comes first")
		}
		require.Len(t, places, len(rows), "each row knows its place in the file")
	})
}

// FuzzTableParts gives it any text: no line is lost, doubled or moved.
func FuzzTableParts(f *testing.F) {
	f.Add("slack | C1 | t/a\n\n# x\r\nslack | C1 | t/b,t/c")
	f.Add(strings.Repeat("a,\n", 2000))
	f.Fuzz(func(t *testing.T, table string) {
		var want, got []string
		for line := range strings.Lines(table) {
			if !blank(line) {
				want = append(want, line)
			}
		}
		for _, part := range tableParts(table) {
			for line := range strings.Lines(part) {
				if !blank(line) {
					got = append(got, line)
				}
			}
		}
		require.Equal(t, want, got)
	})
}
