package rules_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// table is a row for each rule, named s0, s1 and so on, all of one chat.
func table(forms ...string) []hub.Subscription {
	subs := make([]hub.Subscription, len(forms))
	for i, form := range forms {
		subs[i] = row(form)
		subs[i].ID = hub.SubscriptionID(fmt.Sprint("s", i))
	}
	return subs
}

// winner is the row that decides for the one chat of a table.
func winner(x *rules.Index, f rules.Facts) hub.SubscriptionID {
	d := x.Match(&f, nil)
	if len(d) != 1 {
		return ""
	}
	return d[0].Subscription
}

func TestApplyKeepsAges(t *testing.T) {
	subs := table("t/linux", "t/linux", "t/linux")
	x := rules.Compile(subs)
	require.EqualValues(t, "s0", winner(x, post()))

	changed := subs[0]
	changed.Options.Excerpt = 7
	y := x.Apply([]hub.Subscription{changed}, nil)
	require.EqualValues(t, "s0", winner(y, post()), "a row that was there keeps its age")
	f := post()
	require.Equal(t, 7, y.Match(&f, nil)[0].Options.Excerpt)
	require.Equal(t, 0, x.Match(&f, nil)[0].Options.Excerpt, "the index that was there stays as it is")

	z := y.Apply(nil, []hub.SubscriptionID{"s0"})
	require.EqualValues(t, "s1", winner(z, post()))
	again := z.Apply([]hub.Subscription{changed}, nil)
	require.EqualValues(t, "s1", winner(again, post()), "a new one is the youngest")
	require.Equal(t, []int{3, 3, 2, 3}, []int{x.Len(), y.Len(), z.Len(), again.Len()})
}

func TestApplyOrder(t *testing.T) {
	subs := table("t/linux", "t/linux")
	twice := subs[0]
	twice.Filters = nil
	x := rules.Compile(nil).Apply([]hub.Subscription{subs[0], subs[1], twice}, nil)
	require.Equal(t, 2, x.Len(), "of two rows with one id the later counts")
	verdicts := x.Explain(new(post()), nil)
	require.Equal(t, "slack | C1 | *", verdicts[0].Row)

	x = x.Apply(subs[:1], []hub.SubscriptionID{"s0", "s0", "unknown"})
	require.Equal(t, 1, x.Len(), "a row that is dropped is not put")
	x = x.Apply(nil, []hub.SubscriptionID{"s1"})
	require.Zero(t, x.Len())
	require.Empty(t, x.Match(new(post()), nil))
	require.Empty(t, x.Explain(new(post()), nil))
	require.Equal(t, 0, x.Apply(nil, nil).Len())
}

func TestApplyChangesWhatIsAsked(t *testing.T) {
	x := rules.Compile(nil)
	require.False(t, x.ReadsText())
	require.False(t, x.ReadsPrivate())
	require.Empty(t, x.AuthorGroups())

	subs := table("text/toner", "pm/mods", "u/@Helpers", "!u/@trust+u/@helpers", "u/@bots", "u/@staff", "!u/@off")
	subs[6].Enabled = false
	x = x.Apply(subs, nil)
	require.True(t, x.ReadsText())
	require.True(t, x.ReadsPrivate())
	require.Equal(t, []string{"helpers", "trust"}, x.AuthorGroups())

	less := x.Apply(nil, []hub.SubscriptionID{"s0", "s1", "s3"})
	require.False(t, less.ReadsText())
	require.False(t, less.ReadsPrivate())
	require.Equal(t, []string{"helpers"}, less.AuthorGroups())
	require.Equal(t, []string{"helpers", "trust"}, x.AuthorGroups())

	subs[6].Enabled, subs[2].Enabled = true, false
	require.Equal(t, []string{"off"}, less.Apply(subs[2:7:7], []hub.SubscriptionID{"s3"}).AuthorGroups())
}

// TestApplyFlood: a thousand changes, one after the other, give what a table
// compiled at once gives.
func TestApplyFlood(t *testing.T) {
	subs, facts := world(3000, 200)
	x := rules.Compile(subs[:500])
	for i := 500; i < len(subs); i++ {
		x = x.Apply(subs[i:i+1], nil)
	}
	for i := range subs {
		if i%3 == 0 {
			subs[i].Options.Excerpt = i
			x = x.Apply(subs[i:i+1], nil)
		}
	}
	fresh := rules.Compile(subs)
	require.Equal(t, fresh.Len(), x.Len())
	for i := range facts {
		require.Equal(t, fresh.Match(&facts[i], nil), x.Match(&facts[i], nil))
	}
}

// TestOneIndexForAll matches in one index from several goroutines while new
// ones are made of it.
func TestOneIndexForAll(t *testing.T) {
	subs, facts := world(2000, 64)
	x := rules.Compile(subs)
	want := make([][]rules.Decision, len(facts))
	for i := range facts {
		want[i] = x.Match(&facts[i], nil)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				for i := range facts {
					if got := x.Match(&facts[i], nil); len(got) != len(want[i]) || len(got) > 0 && got[0] != want[i][0] {
						t.Errorf("event %d: %v, want %v", i, got, want[i])
					}
				}
			}
		})
	}
	all.Go(func() {
		y := x
		for i := range 100 {
			y = y.Apply(subs[i:i+1], []hub.SubscriptionID{subs[1000+i].ID})
			y.Match(&facts[i%len(facts)], nil)
		}
	})
	all.Wait()
}

func TestMatchAppends(t *testing.T) {
	x := rules.Compile(table("*"))
	kept := rules.Decision{Subscription: "kept"}
	got := x.Match(new(post()), []rules.Decision{kept})
	require.Len(t, got, 2)
	require.Equal(t, kept, got[0])
	require.NotNil(t, got[1].Options)
}

// TestManyChats: an event that every row hears, with more chats than are
// ordered without sorting, across segments.
func TestManyChats(t *testing.T) {
	var subs []hub.Subscription
	for i := range 3000 {
		s := row([]string{"*", "follow:*", "t/linux", "mute:t/linux"}[i%4])
		s.ID, s.Chat.ID = hub.SubscriptionID(fmt.Sprint("s", i)), fmt.Sprint("C", i%1000)
		subs = append(subs, s)
	}
	x := rules.Compile(subs[:2000]).Apply(subs[2000:2500], nil).Apply(subs[2500:2510], nil).Apply(subs[2510:], nil)
	for range 2 { // the second time the working memory is there
		f := post()
		requireSame(t, subs, x, &f)
		f.Reply = false
		requireSame(t, subs, x, &f)
	}
}
