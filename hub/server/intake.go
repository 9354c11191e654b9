package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/alert"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// intake counts what this hub refuses at its door, and tells the bus now and then:
// so that pages of every hub can say so.
type intake struct {
	teller string

	mu     sync.Mutex
	counts map[hub.Source]*hub.Intake
	news   map[hub.Source]bool // what was not told yet
}

// tellEvery is how often counts are told.
const tellEvery = 5 * time.Second

func newIntake() *intake {
	return &intake{teller: rand.Text(), counts: map[hub.Source]*hub.Intake{}, news: map[hub.Source]bool{}}
}

func (i *intake) of(source hub.Source) *hub.Intake {
	c := i.counts[source]
	if c == nil {
		c = hub.NewIntake(source)
		i.counts[source] = c
	}
	i.news[source] = true
	return c
}

func (i *intake) refused(source hub.Source, reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.of(source).Refuse(time.Now(), reason)
}

// run tells until ctx ends, and once more then.
func (i *intake) run(ctx context.Context, b *bus.Bus, log *slog.Logger) error {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		if err := i.tell(last, b); err != nil {
			log.Debug("what was refused could not be told, will try again", "err", err)
		}
		cancel()
	}
	return nil
}

func (i *intake) tell(ctx context.Context, b *bus.Bus) error {
	i.mu.Lock()
	var all []*hub.Intake
	for _, source := range slices.Sorted(maps.Keys(i.news)) {
		all = append(all, i.counts[source].Clone())
	}
	clear(i.news)
	i.mu.Unlock()
	for n, one := range all {
		if err := b.PutIntake(ctx, i.teller, one); err != nil {
			i.mu.Lock()
			for _, rest := range all[n:] {
				i.news[rest.Source] = true
			}
			i.mu.Unlock()
			return err
		}
	}
	return nil
}

// sourcesAsTheyAre are the sources with what came in and how it is proved,
// without looking at events.
func (s *Server) sourcesAsTheyAre(ctx context.Context) ([]hub.SourceStatus, error) {
	all, err := s.sourceList(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.metrics.intake.tell(ctx, s.bus); err != nil {
		return nil, err
	}
	door, err := s.bus.Intakes(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	hours, err := s.lastHours(ctx, now)
	if err != nil {
		return nil, err
	}
	memory, err := alertMemory{s.bus}.Recall(ctx)
	if err != nil {
		return nil, err
	}
	quiet := alert.Quiet(memory)
	for i := range all {
		st := &all[i]
		st.QuietSince = quiet[st.Source]
		st.Hours = make([]int, shownHours)
		for h := range hours {
			st.Hours[h] = int(hours[h].Events[st.Source])
		}
		if refused := door[st.Source]; refused != nil {
			st.Refused = refused.Refusals(now)
		}
		if err := s.address(ctx, st); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// shownHours is for how many hours it is told of a source what came in.
const shownHours = 24

// lastHours are the figures of the last hours, the last of which goes on: those
// that the charts of all sources together show.
func (s *Server) lastHours(ctx context.Context, now time.Time) ([]hub.Figure, error) {
	first := now.Add((1 - shownHours) * time.Hour).UTC().Truncate(time.Hour)
	known, err := s.store.Figures(ctx, first, now)
	if err != nil {
		return nil, err
	}
	hours := make([]hub.Figure, shownHours)
	for _, f := range known {
		if h := int(f.At.Sub(first) / time.Hour); h >= 0 && h < shownHours {
			hours[h] = f
		}
	}
	return hours, nil
}

// address says where a source's sender sends to, and what is known of a forum.
func (s *Server) address(ctx context.Context, st *hub.SourceStatus) error {
	c := s.conf().Sources[string(st.Source)]
	st.Secret = !c.Secret.Empty()
	if client := s.outside.Load().clients[st.Source]; client != nil && client.HasKey() {
		st.PerMinute, st.HeldUntil = client.Pace()
	}
	t, err := s.forums.Known(ctx, st.Source)
	if err != nil || t == nil {
		return err
	}
	st.Places = &hub.PlaceCounts{Categories: len(t.Categories), Tags: len(t.Tags), Groups: len(t.Groups), Complete: t.Complete, At: t.At}
	for _, category := range t.Categories {
		if category.Restricted {
			st.Places.Restricted++
		}
	}
	return nil
}
