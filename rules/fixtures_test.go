package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

var update = flag.Bool("update", false, "rewrite the verdicts in testdata/rules")

// TestFixtures runs testdata/rules/*.txt. Each begins with the sentence that it
// shows, then has
//
//	-- rows --        a row a line, oldest first: its id, the row in the text
//	                  form, and after it as JSON what the form has no place for.
//	                  A line that is JSON is a whole row
//	-- event: name -- what is other than in event.json
//	-- verdict: name -- what each chat gets, and what each row says
//
// and as many events as it takes. Run with -update after a change and review
// what it did to the verdicts.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runFixture(t, file) })
	}
}

func runFixture(t *testing.T, file string) {
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	a := txtar.Parse(old)
	require.Contains(t, string(a.Comment), "“", "a fixture quotes the sentence that it shows")
	require.Equal(t, "rows", a.Files[0].Name)
	subs := fixtureRows(t, string(a.Files[0].Data))
	index := rules.Compile(subs)
	out := &txtar.Archive{Comment: a.Comment, Files: a.Files[:1]}
	for _, f := range a.Files[1:] {
		name, isEvent := strings.CutPrefix(f.Name, "event: ")
		if !isEvent {
			continue
		}
		facts := fixtureFacts(t, f.Data)
		out.Files = append(out.Files, f, txtar.File{Name: "verdict: " + name, Data: []byte(verdictText(t, index, facts))})
	}
	require.Greater(t, len(out.Files), 1, "a fixture has an event")
	now := txtar.Format(out)
	if *update {
		require.NoError(t, os.WriteFile(file, now, 0o600))
		return
	}
	require.Empty(t, cmp.Diff(string(old), string(now)))
}

// fixtureRows reads the rows.
func fixtureRows(t *testing.T, text string) []hub.Subscription {
	var subs []hub.Subscription
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		var s hub.Subscription
		if strings.HasPrefix(line, "{") {
			decode(t, line, &s)
		} else {
			id, form, ok := strings.Cut(line, " ")
			require.True(t, ok, line)
			form, more, _ := strings.Cut(form, " {")
			parsed, err := rules.ParseRow(form)
			require.NoError(t, err)
			for _, s = range parsed {
				s.ID = hub.SubscriptionID(id)
				if len(parsed) > 1 {
					s.ID += hub.SubscriptionID(fmt.Sprintf(".%d", len(subs)+1))
				}
				if more != "" {
					decode(t, "{"+more, &s)
				}
				subs = append(subs, s)
			}
			continue
		}
		subs = append(subs, s)
	}
	return subs
}

func decode(t *testing.T, text string, into any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), text)
}

// fixtureFacts puts what an event has of its own over event.json. The fields are
// put together before they are read: a list that is read into another keeps of
// it what its elements do not say.
func fixtureFacts(t *testing.T, data []byte) *rules.Facts {
	base, err := os.ReadFile("testdata/event.json")
	require.NoError(t, err)
	fields := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(base, &fields))
	if len(bytes.TrimSpace(data)) > 0 {
		require.NoError(t, json.Unmarshal(data, &fields), string(data))
	}
	all, err := json.Marshal(fields)
	require.NoError(t, err)
	f := new(rules.Facts)
	decode(t, string(all), f)
	return f
}

// verdictText says what each chat gets and why each row does or does not match,
// and holds Match against Explain.
func verdictText(t *testing.T, index *rules.Index, f *rules.Facts) string {
	decided := map[hub.Chat]rules.Decision{}
	for _, d := range index.Match(f, nil) {
		_, twice := decided[d.Chat]
		require.False(t, twice, "two decisions for one chat")
		decided[d.Chat] = d
	}
	verdicts := index.Explain(f, nil)
	var chats []hub.Chat
	for _, v := range verdicts {
		if !slices.Contains(chats, v.Chat) {
			chats = append(chats, v.Chat)
		}
	}
	var b strings.Builder
	for _, chat := range chats {
		result, winner := "nothing", hub.SubscriptionID("")
		if d, ok := decided[chat]; ok {
			winner = d.Subscription
			result = fmt.Sprintf("a notification, by %s (%s)", winner, d.Mode)
			if d.Mute {
				result = fmt.Sprintf("nothing, by %s (mute)", winner)
			}
		}
		fmt.Fprintf(&b, "%s %s gets %s\n", chat.System, chat.ID, result)
		for _, v := range verdicts {
			if v.Chat != chat {
				continue
			}
			require.Equal(t, v.Wins, winner == v.Subscription, "Match and Explain name one row")
			require.Equal(t, v.Miss.String(), v.Reason)
			fmt.Fprintf(&b, "  %s: %s\n", v.Subscription, v.Reason)
		}
	}
	return b.String()
}
