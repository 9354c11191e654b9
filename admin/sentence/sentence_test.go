package sentence_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

var update = flag.Bool("update", false, "write the golden file anew")

// line is a row and what stands before its sentences.
type line struct {
	name string
	row  hub.Subscription
}

// rows are all types of filters with each way to take their elements, in all
// modes, and all options.
func rows() (list []line) {
	add := func(name string, mode hub.Mode, o hub.Options, filters ...hub.Filter) {
		list = append(list, line{name, hub.Subscription{Mode: mode, Filters: filters, Options: o}})
	}
	elements := map[hub.FilterType][]string{
		hub.FilterCategory: {"5/*", "6", "gone"}, hub.FilterTag: {"bug", "regression", "old"}, hub.FilterTopic: {"17", "18", "19"},
		hub.FilterAuthor: {"ineke", "@bots", "@helpers"}, hub.FilterGroup: {"helpers", "moderators", "lost"},
		hub.FilterKind: {"forum.topic.solved", "forum.post.liked", "user.deploy.*"}, hub.FilterText: {"umlaut", "/4\\.[0-9]/", "größe"},
	}
	for _, mode := range hub.Modes() {
		add(string(mode), mode, hub.Options{})
	}
	for _, kind := range hub.FilterTypes() {
		v := elements[kind]
		for _, as := range []string{"", hub.AsMessage} {
			if as != "" && kind != hub.FilterGroup {
				continue
			}
			for _, mode := range hub.Modes() {
				name := strings.TrimSpace(fmt.Sprintf("%s %s %s", mode, kind, as))
				add(name+" any", mode, hub.Options{}, hub.Filter{Type: kind, As: as, Any: v[:2]})
				add(name+" all", mode, hub.Options{}, hub.Filter{Type: kind, As: as, All: v[:2]})
				add(name+" none", mode, hub.Options{}, hub.Filter{Type: kind, As: as, None: v[:1]})
				add(name+" all of it", mode, hub.Options{}, hub.Filter{Type: kind, As: as, Any: v, All: v[:1], None: v[2:]})
			}
		}
	}
	busy := []hub.Filter{
		{Type: hub.FilterAuthor, None: []string{"@bots"}},
		{Type: hub.FilterTag, Any: []string{"bug", "regression"}, None: []string{"wip"}},
		{Type: hub.FilterCategory, Any: []string{"5/*"}},
	}
	for _, mode := range hub.Modes() {
		add(string(mode)+" busy", mode, hub.Options{}, busy...)
		add(string(mode)+" staff", mode, hub.Options{}, hub.Filter{Type: hub.FilterAuthor, Any: []string{"@staff"}}, hub.Filter{Type: hub.FilterCategory, Any: []string{"5/*", "6"}})
	}
	for name, o := range options() {
		_ = name
		add("option "+o.name, hub.Watch, o.Options, hub.Filter{Type: hub.FilterCategory, Any: []string{"6"}})
	}
	add("thread flat", hub.Thread, hub.Options{Thread: hub.ThreadFlat})
	add("mute with options", hub.Mute, hub.Options{Digest: "15m", Style: hub.StyleFull})
	for _, k := range sentence.Kinds() {
		add("kind", hub.Watch, hub.Options{}, hub.Filter{Type: hub.FilterKind, Any: []string{k}})
	}
	return list
}

type option struct {
	name string
	hub.Options
}

func options() []option {
	return []option{
		{"thread", hub.Options{Thread: hub.ThreadReplies}},
		{"both", hub.Options{Thread: hub.ThreadBoth}},
		{"flat", hub.Options{Thread: hub.ThreadFlat}},
		{"digest", hub.Options{Digest: "15m"}},
		{"daily", hub.Options{Digest: "daily@09:00"}},
		{"delay", hub.Options{Delay: "5m"}},
		{"no delay", hub.Options{Delay: "0s"}},
		{"odd delay", hub.Options{Delay: "90s"}},
		{"max age", hub.Options{MaxAge: "24h"}},
		{"long", hub.Options{MaxAge: "72h"}},
		{"compact", hub.Options{Style: hub.StyleCompact}},
		{"full", hub.Options{Style: hub.StyleFull}},
		{"excerpt", hub.Options{Excerpt: 1200}},
		{"buttons", hub.Options{Buttons: "off"}},
		{"unlisted", hub.Options{Unlisted: true}},
		{"read as", hub.Options{ReadAs: "ineke"}},
		{"several", hub.Options{Thread: hub.ThreadBoth, Digest: "4h", Style: hub.StyleCompact, Unlisted: true}},
	}
}

// teller knows two categories and what is gone.
func teller(language string) sentence.Teller {
	return sentence.Teller{
		Words: web.WordsIn(language), Sources: 1,
		Category: func(_ hub.Source, v string) sentence.Category {
			return map[string]sentence.Category{
				"5": {Name: "Support", Color: "0e87b8"}, "6": {Name: "Printers", Color: "5577c9", ParentColor: "0e87b8"},
				"x": {Name: "<b>", Color: `"/><script>`, ParentColor: "0e87b8"},
			}[v].Or(sentence.Category{Name: v, Gone: true})
		},
		Gone: func(_ hub.Source, _ hub.FilterType, v string) bool { return v == "old" || v == "lost" },
	}
}

func TestSentences(t *testing.T) {
	var b strings.Builder
	en, de := teller("en"), teller("de")
	for _, l := range rows() {
		fmt.Fprintf(&b, "%s\n  %s\n  %s\n", l.name, en.Whole(&l.row, "#help").Plain, de.Whole(&l.row, "#help").Plain)
		require.NotContains(t, en.Row(&l.row).Plain, "sentence.", l.name)
		for _, said := range []string{en.Row(&l.row).Plain, de.Row(&l.row).Plain} {
			require.NotRegexp(t, ` ,|  |,,|\{\{`, said, l.name)
		}
	}
	const golden = "testdata/sentences.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

func TestSentenceOfARow(t *testing.T) {
	row := hub.Subscription{Source: "meta", Mode: hub.Thread, Filters: []hub.Filter{{Type: hub.FilterTag, Any: []string{"bug"}}}}
	en := teller("en")
	require.Equal(t, "New topics and replies tagged bug, threaded by topic", en.Row(&row).Plain)
	en.Sources = 2
	require.Equal(t, "New topics and replies on meta, tagged bug, threaded by topic", en.Row(&row).Plain)
	row.Filters = nil
	require.Equal(t, "New topics and replies on meta, threaded by topic", en.Row(&row).Plain)
	require.Equal(t, "New topics and replies on meta go to #help, threaded by topic.", en.Whole(&row, "#help").Plain)
}

func TestStrangersWords(t *testing.T) {
	const evil = `<script>alert(1)</script>`
	row := hub.Subscription{Source: "meta", Mode: hub.Watch, Options: hub.Options{ReadAs: evil, Digest: "daily@" + evil}}
	for _, kind := range hub.FilterTypes() {
		row.Filters = append(row.Filters, hub.Filter{Type: kind, Any: []string{evil, "x", "@" + evil}, None: []string{"/" + evil + "/"}})
	}
	said := teller("en").Whole(&row, evil)
	require.NotContains(t, string(said.HTML), "<script")
	require.Contains(t, string(said.HTML), "&lt;script&gt;")
	require.Contains(t, string(said.HTML), "<bdi>&lt;b&gt;</bdi>")
	require.Contains(t, said.Plain, evil, "plain text is escaped by whoever shows it")
}
