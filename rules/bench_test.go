package rules_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// draw picks one of k values, the first ones more often.
func draw(rng *rand.Rand, k int) int {
	u := rng.Float64()
	return int(u * (0.3 + 0.7*u) * float64(k))
}

// drawThree draws three different values.
func drawThree(rng *rand.Rand, k int) []int {
	var out []int
	for len(out) < 3 {
		if v := draw(rng, k); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func names(prefix string, ids ...int) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprintf("%s%d", prefix, id)
	}
	return out
}

// world draws n rows, each of a chat of its own, and events such that an event
// matches about ten rows whatever n is: the number of categories, tags and
// authors grows with n, as it does when more teams join. Popularity is skewed,
// and two rows filter on nothing at all.
func world(n, events int) ([]hub.Subscription, []rules.Facts) {
	rng := rand.New(rand.NewPCG(7, 1))
	subs := make([]hub.Subscription, n)
	for i := range subs {
		subs[i] = worldRow(rng, n, i)
	}
	categories, tags, authors := sizes(n)
	facts := make([]rules.Facts, events)
	for i := range facts {
		c := draw(rng, categories)
		slug := fmt.Sprintf("category-%d", c)
		facts[i] = rules.Facts{
			Source: "meta", Type: hub.ForumPostCreated, Topic: fmt.Sprint(1000 + i), Title: "Printer does not start",
			Categories: []rules.Category{{ID: fmt.Sprint(c), Slug: slug, Path: slug}},
			Tags:       names("tag-", drawThree(rng, tags)...), Author: names("author", draw(rng, authors))[0],
		}
	}
	return subs, facts
}

func sizes(n int) (categories, tags, authors int) { return max(n/8, 4), max(n/3, 8), max(n/2, 16) }

func worldRow(rng *rand.Rand, n, i int) hub.Subscription {
	categories, tags, authors := sizes(n)
	s := hub.Subscription{
		ID:   hub.SubscriptionID(hub.Digest(fmt.Sprint("row", i))),
		Chat: hub.Chat{System: "slack", ID: fmt.Sprintf("C%09X", rng.Uint32())}, Mode: hub.Watch, Enabled: true,
	}
	category := func() hub.Filter {
		return hub.Filter{Type: hub.FilterCategory, Any: names("", draw(rng, categories))}
	}
	author := func() hub.Filter {
		return hub.Filter{Type: hub.FilterAuthor, Any: names("author", draw(rng, authors))}
	}
	tag := func(ids ...int) hub.Filter { return hub.Filter{Type: hub.FilterTag, Any: names("tag-", ids...)} }
	switch p := rng.Float64(); {
	case i < 2:
	case p < .30:
		s.Filters = []hub.Filter{category()}
	case p < .60:
		s.Filters = []hub.Filter{category(), tag(draw(rng, tags))}
	case p < .75:
		s.Filters = []hub.Filter{tag(draw(rng, tags))}
	case p < .85:
		s.Filters = []hub.Filter{tag(drawThree(rng, tags)...)}
	case p < .95:
		s.Filters = []hub.Filter{author()}
	default:
		s.Filters = []hub.Filter{category(), author()}
	}
	return s
}

// scan is the rows as a list that is gone through for each event: the least
// that a table without an index does.
type scan []struct {
	id             hub.SubscriptionID
	category       string
	tags           []string
	author, source string
}

func newScan(subs []hub.Subscription) scan {
	out := make(scan, len(subs))
	for i, s := range subs {
		out[i].id = s.ID
		for _, f := range s.Filters {
			switch f.Type {
			case hub.FilterCategory:
				out[i].category = f.Any[0]
			case hub.FilterTag:
				out[i].tags = f.Any
			case hub.FilterAuthor:
				out[i].author = f.Any[0]
			default:
			}
		}
	}
	return out
}

func (l scan) match(f *rules.Facts, out []hub.SubscriptionID) []hub.SubscriptionID {
	for i := range l {
		r := &l[i]
		if r.category != "" && r.category != f.Categories[0].ID || r.author != "" && r.author != f.Author {
			continue
		}
		hit := len(r.tags) == 0
		for _, t := range r.tags {
			hit = hit || slices.Contains(f.Tags, t)
		}
		if hit {
			out = append(out, r.id)
		}
	}
	return out
}

// TestWorld holds the index against the scan that it is measured beside.
func TestWorld(t *testing.T) {
	subs, facts := world(5000, 500)
	x, l := rules.Compile(subs), newScan(subs)
	total := 0
	for i := range facts {
		var got []hub.SubscriptionID
		for _, d := range x.Match(&facts[i], nil) {
			got = append(got, d.Subscription)
		}
		require.Equal(t, l.match(&facts[i], nil), got)
		total += len(got)
	}
	require.InDelta(t, 10, float64(total)/float64(len(facts)), 3)
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

var benchSizes = []struct {
	name string
	rows int
}{{"1k", 1_000}, {"10k", 10_000}, {"100k", 100_000}, {"1M", 1_000_000}}

func BenchmarkMatch(b *testing.B) {
	for _, size := range benchSizes {
		subs, facts := world(size.rows, 1024)
		list := newScan(subs)
		before := heap()
		x := rules.Compile(subs)
		perRow := (heap() - before) / float64(size.rows)
		b.Run(size.name+"/index", func(b *testing.B) {
			b.ReportAllocs()
			var to []rules.Decision
			matches, i := 0, 0
			for b.Loop() {
				to = x.Match(&facts[i&1023], to[:0])
				matches += len(to)
				i++
			}
			b.ReportMetric(perRow, "B/row")
			b.ReportMetric(float64(matches)/float64(i), "matches/op")
		})
		b.Run(size.name+"/linear", func(b *testing.B) {
			b.ReportAllocs()
			var to []hub.SubscriptionID
			i := 0
			for b.Loop() {
				to = list.match(&facts[i&1023], to[:0])
				i++
			}
		})
		runtime.KeepAlive(subs)
		runtime.KeepAlive(x)
	}
}

// BenchmarkApply changes one row after another, and looks at the price of a
// match in between.
func BenchmarkApply(b *testing.B) {
	for _, size := range benchSizes[2:] {
		subs, facts := world(size.rows, 1024)
		x := rules.Compile(subs)
		b.Run(size.name, func(b *testing.B) {
			b.ReportAllocs()
			y, i := x, 0
			var took []time.Duration
			for b.Loop() {
				s := subs[i*7919%len(subs)]
				s.Options.Excerpt = i % 4000
				began := time.Now()
				y = y.Apply([]hub.Subscription{s}, nil)
				took = append(took, time.Since(began))
				i++
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)*999/1000].Seconds()*1000, "ms-p99.9")
			b.ReportMetric(took[len(took)-1].Seconds()*1000, "ms-slowest")
		})
		b.Run(size.name+"/match-after-1000", func(b *testing.B) {
			y := x
			for i := range 1000 {
				s := subs[i*7919%len(subs)]
				s.Options.Excerpt = i
				y = y.Apply([]hub.Subscription{s}, nil)
			}
			var to []rules.Decision
			i := 0
			for b.Loop() {
				to = y.Match(&facts[i&1023], to[:0])
				i++
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	subs, _ := world(100_000, 1)
	b.ReportAllocs()
	for b.Loop() {
		rules.Compile(subs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/row")
}
