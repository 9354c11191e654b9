package rules

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func tagged(id, chat string, tags ...string) hub.Subscription {
	return hub.Subscription{
		ID: hub.SubscriptionID(id), Chat: hub.Chat{System: "slack", ID: chat}, Mode: hub.Watch, Enabled: true,
		Filters: []hub.Filter{{Type: hub.FilterTag, Any: tags}},
	}
}

func winners(x *Index, tags ...string) (ids []string) {
	for _, d := range x.Match(&Facts{Type: hub.ForumPostCreated, Tags: tags}, nil) {
		ids = append(ids, string(d.Subscription))
	}
	return ids
}

// TestAgesAreRenumbered: when the numbers are used up, the order stays.
func TestAgesAreRenumbered(t *testing.T) {
	var subs []hub.Subscription
	for i := range 50 {
		subs = append(subs, tagged(fmt.Sprint("s", i), fmt.Sprint("C", i%25), "x"))
	}
	x := Compile(subs[:40]).Apply(subs[40:], []hub.SubscriptionID{"s3"})
	want := winners(x, "x")
	x.ages = math.MaxUint32 - 1
	y := x.Apply([]hub.Subscription{tagged("new", "C3", "x"), tagged("newer", "D", "x")}, nil)
	require.EqualValues(t, 51, y.ages)
	require.Equal(t, append(want, "newer"), winners(y, "x"), "s28 decides in C3 still, it is older than new")
	require.Equal(t, want, winners(x, "x"))
	require.Equal(t, []string{"newer"}, winners(y.Apply([]hub.Subscription{tagged("newest", "D", "x")}, nil), "x")[25:])
}

// TestLongNames: names that do not fit the short forms, and more values than a
// byte counts.
func TestLongNames(t *testing.T) {
	var subs []hub.Subscription
	for i := range 300 {
		s := tagged(strings.Repeat("i", i)+fmt.Sprint(i), strings.Repeat("c", i%200)+fmt.Sprint(i), fmt.Sprint("t", i), strings.Repeat("ü", i+1))
		s.System = hub.System(fmt.Sprint("system", i))
		subs = append(subs, s)
	}
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprint("v", i))
	}
	subs = append(subs, tagged("many", "C", many...))
	subs[300].Filters[0].None = append(subs[300].Filters[0].None, many[1:]...)
	x := Compile(subs)
	for range 2 {
		for i := range 300 {
			for _, name := range []string{fmt.Sprint("t", i), strings.Repeat("ü", i+1)} {
				d := x.Match(&Facts{Type: hub.ForumPostCreated, Tags: []string{name}}, nil)
				require.Len(t, d, 1)
				require.Equal(t, subs[i].ID, d[0].Subscription)
				require.Equal(t, subs[i].Chat, d[0].Chat)
			}
		}
		require.Equal(t, []string{"many"}, winners(x, "v0"))
		require.Empty(t, winners(x, "v0", "v299"))
		require.Equal(t, subs[300].Filters, x.views[0].filters(findRow(x, "many")))
		x = x.Apply(append([]hub.Subscription{tagged("other", "O", "other")}, subs[1:]...), nil)
		x = x.Apply(subs[:1], nil)
	}
}

func findRow(x *Index, id hub.SubscriptionID) (row uint32) {
	x.views[0].rowsOf(id, func(r uint32) { row = r })
	return row
}

// TestPairs: where all that a row names is common, rows are filed under two
// values, and found there.
func TestPairs(t *testing.T) {
	var subs []hub.Subscription
	for i := range 4000 {
		s := tagged(fmt.Sprint("s", i), fmt.Sprint("C", i), fmt.Sprint("t", i%20))
		s.Filters = append(s.Filters, hub.Filter{Type: hub.FilterCategory, Any: []string{fmt.Sprint(i / 20 % 20)}})
		if i%3 == 0 {
			s.Filters = append(s.Filters, hub.Filter{Type: hub.FilterAuthor, None: []string{"eve"}})
		}
		subs = append(subs, s)
	}
	x := Compile(subs)
	g := x.views[0].segment
	require.Equal(t, [3]bool{true, false, false}, g.paired)
	f := &Facts{Type: hub.ForumPostCreated, Tags: []string{"t3", "T5"}, Categories: []Category{{ID: "7"}}, Author: "Eve"}
	var want []hub.SubscriptionID
	for i, s := range subs {
		if i/20%20 == 7 && (i%20 == 3 || i%20 == 5) && i%3 != 0 {
			want = append(want, s.ID)
		}
	}
	var got []hub.SubscriptionID
	for _, d := range x.Match(f, nil) {
		got = append(got, d.Subscription)
	}
	require.Equal(t, want, got)
	s := read(f, x.views)
	s.resolve(g)
	s.find(g)
	looked := 0
	for _, rows := range s.found {
		looked += len(rows)
	}
	s.release()
	require.Equal(t, 20, looked, "only rows of both values are looked at")
}

// TestSegmentsStayFew: however many changes there are, a match looks into few
// segments, and rows that are gone do not pile up.
func TestSegmentsStayFew(t *testing.T) {
	x := Compile(nil)
	for i := range 5000 {
		x = x.Apply([]hub.Subscription{tagged(fmt.Sprint("s", i%1500), "C", "x")}, nil)
		require.LessOrEqual(t, len(x.views), 6)
		rows := 0
		for _, v := range x.views {
			rows += v.rows
		}
		require.LessOrEqual(t, rows*2, 3*x.rows+2*leastSegment)
	}
	require.Equal(t, 1500, x.rows)
	for i := range 1500 {
		x = x.Apply(nil, []hub.SubscriptionID{hub.SubscriptionID(fmt.Sprint("s", i))})
	}
	require.Empty(t, x.views)
}

// TestKeepsNothing: the rows that an index was made of may go.
func TestKeepsNothing(t *testing.T) {
	subs := make([]hub.Subscription, 100)
	for i := range subs {
		subs[i] = tagged(fmt.Sprint("s", i), "C", "Ä", "b")
		subs[i].Options.Excerpt = i
	}
	x := Compile(subs)
	x = x.Apply(subs[:10:10], nil)
	gone := weak.Make(&subs[0])
	subs = nil
	runtime.GC()
	require.Nil(t, gone.Value())
	require.Equal(t, 100, x.Len())
}
