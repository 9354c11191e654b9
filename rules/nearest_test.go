package rules_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func TestNearest(t *testing.T) {
	subs := table("t/mac+c/dev", "t/linux+t/mac+t/bsd", "follow:t/linux", "c/dev", "*", "t/linux+c/dev", "t/none", "t/linux")
	subs[7].Enabled = false
	subs = append(subs, hub.Subscription{ID: "broken", Chat: subs[0].Chat, Mode: "shout", Enabled: true})
	var got []string
	for _, v := range rules.Compile(subs).Nearest(new(post()), 5) {
		require.False(t, v.Matched)
		got = append(got, v.Row+": "+v.Reason)
	}
	require.Equal(t, []string{
		"slack | C1 | follow:t/linux: follow hears first posts only, and this is a reply",
		"slack | C1 | t/linux: the row is switched off",
		`slack | C1 | t/linux+t/mac+t/bsd: the tag filter wants "mac"`,
		"slack | C1 | c/dev: the category is none of those the row names",
		"slack | C1 | t/linux+c/dev: the category is none of those the row names",
	}, got)
	require.Empty(t, rules.Compile(subs).Nearest(new(post()), 0))
	require.Len(t, rules.Compile(subs).Nearest(new(post()), 100), len(subs)-1, "all but the one that matches")
	require.Empty(t, rules.Compile(nil).Nearest(new(post()), 5))
}

// TestNearestOfManyRows looks at those that the event's values lead to, and at
// not too many of them.
func TestNearestOfManyRows(t *testing.T) {
	var subs []hub.Subscription
	for i := range 5000 {
		s := row(fmt.Sprintf("follow:t/linux+!t/none%d", i))
		s.ID = hub.SubscriptionID(fmt.Sprint("s", i))
		subs = append(subs, s)
	}
	x := rules.Compile(subs)
	got := x.Nearest(new(post()), 5)
	require.Len(t, got, 5)
	for i, v := range got {
		require.EqualValues(t, fmt.Sprint("s", i), v.Subscription)
		require.Equal(t, rules.IsReply, v.Miss.Because)
	}
	require.LessOrEqual(t, len(x.Nearest(new(post()), 5000)), 1000)
}

func TestExplainChats(t *testing.T) {
	subs := table("*", "t/linux", "t/mac")
	subs[1].Chat.ID = "C2"
	var got []hub.SubscriptionID
	for _, v := range rules.Compile(subs).Explain(new(post()), func(c hub.Chat) bool { return c.ID == "C1" }) {
		require.Equal(t, "C1", v.Chat.ID)
		got = append(got, v.Subscription)
	}
	require.Equal(t, []hub.SubscriptionID{"s0", "s2"}, got)
}
