package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// post is a reply by bob in Support › Printers, tagged linux and urgent.
func post() rules.Facts {
	return rules.Facts{
		Source: "meta", Type: hub.ForumPostCreated, Topic: "301", Reply: true,
		Categories: []rules.Category{{ID: "9", Slug: "printers", Path: "support/printers"}, {ID: "5", Slug: "support", Path: "support"}},
		Tags:       []string{"linux", "Urgent"}, Author: "Bob", Mentions: []string{"helpers"},
		Title: "Printer does not start", Text: "Which model? The A100 needs new firmware.",
	}
}

func row(line string) hub.Subscription {
	rows, err := rules.ParseRow("slack | C1 | " + line)
	if err != nil {
		panic(err)
	}
	return rows[0]
}

// wins says whether the one row would notify of f.
func wins(s hub.Subscription, f rules.Facts) bool {
	return len(rules.Compile([]hub.Subscription{s}).Match(&f, nil)) == 1
}

func TestFilters(t *testing.T) {
	cases := []struct {
		rule string
		want bool
	}{
		{"*", true},
		{"c/9", true},
		{"c/printers", true},
		{"c/Support/Printers", true},
		{"c/support", false}, // exact: a sub-category is another one
		{"c/support/*", true},
		{"c/5/*", true},
		{"c/printers/*", true},
		{"c/dev", false},
		{"!c/printers", false},
		{"!c/dev", true},
		{"!c/support/*", false},
		{"t/linux", true},
		{"t/URGENT", true},
		{"t/linux+t/urgent", true},
		{"t/linux+t/mac", false},
		{"t/linux+!t/urgent", false},
		{"t/linux+!t/wip", true},
		{"c/printers+t/linux", true},
		{"c/dev+t/linux", false},
		{"topic/301", true},
		{"topic/302", false},
		{"u/bob", true},
		{"u/alice", false},
		{"!u/bob", false},
		{"u/@staff", false},
		{"u/@helpers", false}, // the event does not tell the author's groups
		{"!u/@helpers", false},
		{"g/helpers", true},
		{"g/staff", false},
		{"k/forum.post.*", true},
		{"k/forum.*", true},
		{"k/forum.topic.closed", false},
		{"text/firmware", true},
		{"text/does%20not", true},
		{`text//a\d%2B\b/`, true},
		{"text/mac", false},
		{"follow:*", false}, // a reply
		{"thread:*", true},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, wins(row(c.rule), post()))
		})
	}
}

func TestUnknownIsNoMatch(t *testing.T) {
	noTags := post()
	noTags.Tags = nil
	require.False(t, wins(row("t/linux"), noTags))
	require.False(t, wins(row("!t/linux"), noTags), "a tag filter on a site without tagging does not match")
	none := post()
	none.Tags = []string{}
	require.True(t, wins(row("!t/linux"), none), "a topic without tags does not have the tag")
	nowhere := post()
	nowhere.Categories = nil
	require.False(t, wins(row("!c/support"), nowhere))
}

func TestWithoutKindFilterOnlyPosts(t *testing.T) {
	closed := post()
	closed.Type, closed.Reply = hub.ForumTopicClosed, false
	require.False(t, wins(row("*"), closed))
	require.True(t, wins(row("k/forum.topic.closed"), closed))
	require.True(t, wins(row("follow:k/forum.topic.*"), closed))
}

func TestPrivateMessages(t *testing.T) {
	pm := post()
	pm.Private, pm.Categories, pm.SharedWith = true, nil, []string{"moderators"}
	require.False(t, wins(row("*"), pm))
	require.False(t, wins(row("g/helpers"), pm))
	require.True(t, wins(row("pm/moderators"), pm))
	require.False(t, wins(row("pm/admins"), pm))
	require.False(t, wins(row("pm/helpers"), post()), "a public post is no private message")
	pm.SharedWith = nil
	require.False(t, wins(row("pm/moderators"), pm), "unknown sharing fails closed")
}

func TestUnlistedOnlyForRowsThatAsk(t *testing.T) {
	f := post()
	f.Unlisted = true
	s := row("*")
	require.False(t, wins(s, f))
	s.Options.Unlisted = true
	require.True(t, wins(s, f))
}

func TestRestrictedCategoriesMustBeNamed(t *testing.T) {
	f := post()
	f.Categories[0].Restricted = true
	require.False(t, wins(row("*"), f))
	require.False(t, wins(row("t/linux"), f))
	require.False(t, wins(row("!c/dev"), f))
	require.False(t, wins(row("c/support/*"), f), "the parent is open to all: its wildcard does not name a restricted child")
	require.True(t, wins(row("c/printers"), f))
	f.Categories[1].Restricted = true
	require.True(t, wins(row("c/support/*"), f))
}

func TestSensitiveKindsMustBeNamed(t *testing.T) {
	f := rules.Facts{Source: "meta", Type: "forum.user.suspended", Sensitive: true}
	require.False(t, wins(row("k/forum.*"), f))
	require.False(t, wins(row("k/forum.*.suspended"), f))
	require.True(t, wins(row("k/forum.user.*"), f))
	require.True(t, wins(row("k/forum.user.suspended"), f))
}

func TestSourceAndDisabled(t *testing.T) {
	s := row("*")
	s.Source = "other"
	require.False(t, wins(s, post()))
	s.Source = "meta"
	require.True(t, wins(s, post()))
	s.Enabled = false
	require.False(t, wins(s, post()))
}

// TestPrecedence lists rows of one chat from oldest to newest and the one that
// decides.
func TestPrecedence(t *testing.T) {
	first := post()
	first.Reply = false
	cases := []struct {
		rows []string
		f    rules.Facts
		want string
	}{
		{[]string{"*", "mute:t/linux"}, post(), "mute:t/linux"},
		{[]string{"mute:*", "c/printers"}, post(), "mute:*"}, // specificity plays no part
		{[]string{"follow:*", "watch:t/linux", "thread:t/urgent"}, post(), "thread:t/urgent"},
		{[]string{"follow:c/printers", "watch:*"}, post(), "*"}, // a follow hides nothing on a reply
		{[]string{"follow:c/printers", "watch:*"}, first, "*"},
		{[]string{"follow:c/printers"}, first, "follow:c/printers"},
		{[]string{"mute:*", "g/helpers"}, post(), "g/helpers"}, // group rows come first
		{[]string{"watch:t/linux", "watch:*"}, post(), "t/linux"},
		{[]string{"watch:*", "watch:t/linux"}, post(), "*"}, // ties: the oldest
	}
	for _, c := range cases {
		t.Run(strings.Join(c.rows, ";"), func(t *testing.T) {
			var subs []hub.Subscription
			for i, r := range c.rows {
				s := row(r)
				s.ID = hub.SubscriptionID(fmt.Sprint("s", i))
				subs = append(subs, s)
			}
			got := rules.Compile(subs).Match(&c.f, nil)
			require.Len(t, got, 1)
			winner := subs[slices.IndexFunc(subs, func(s hub.Subscription) bool { return s.ID == got[0].Subscription })]
			require.Equal(t, "slack | C1 | "+c.want, rules.FormatRow(winner))
			require.Equal(t, winner.Mode == hub.Mute, got[0].Mute)
			require.Equal(t, winner.Mode, got[0].Mode)
		})
	}
}

func TestOneDecisionPerChat(t *testing.T) {
	var subs []hub.Subscription
	for _, line := range []string{"slack | a | *", "slack | b | t/linux,t/urgent", "telegram | a | c/dev", "matrix | a | c/support/*,u/bob"} {
		rows, err := rules.ParseRow(line)
		require.NoError(t, err)
		subs = append(subs, rows...)
	}
	f := post()
	var chats []hub.Chat
	for _, d := range rules.Compile(subs).Match(&f, nil) {
		chats = append(chats, d.Chat)
	}
	require.Equal(t, []hub.Chat{{System: "slack", ID: "a"}, {System: "slack", ID: "b"}, {System: "matrix", ID: "a"}}, chats)
}

func TestExplainNamesOneReasonForEachRow(t *testing.T) {
	lines := []string{"*", "t/mac", "!t/linux", "c/dev", "follow:*", "k/forum.topic.*", "mute:t/linux+t/none", "pm/x"}
	var subs []hub.Subscription
	for i, l := range lines {
		s := row(l)
		s.ID = hub.SubscriptionID(fmt.Sprint("s", i))
		subs = append(subs, s)
	}
	f := post()
	var got []string
	for _, v := range rules.Compile(subs).Explain(&f, nil) {
		got = append(got, v.Miss.String())
	}
	want := []string{
		"matched",
		"the tag is none of those the row names",
		`the tag filter excludes "linux"`,
		"the category is none of those the row names",
		"follow hears first posts only, and this is a reply",
		"the kind is none of those the row names",
		`the tag filter wants "none"`,
		"the row hears private messages only",
	}
	require.Empty(t, cmp.Diff(want, got))
}
