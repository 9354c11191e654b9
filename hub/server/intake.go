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

// intake counts what comes in at this hub, and tells the bus now and then: so
// that pages can say how it goes without reading the events.
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

func (i *intake) came(source hub.Source) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.of(source).Came(time.Now())
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
			log.Debug("how much came in could not be told, will try again", "err", err)
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
	came, err := s.bus.Intakes(ctx)
	if err != nil {
		return nil, err
	}
	memory, err := alertMemory{s.bus}.Recall(ctx)
	if err != nil {
		return nil, err
	}
	quiet, now := alert.Quiet(memory), time.Now()
	for i := range all {
		st := &all[i]
		st.QuietSince = quiet[st.Source]
		if c := came[st.Source]; c != nil {
			st.Hours, st.Refused = c.Hours(now), c.Refusals(now)
		} else {
			st.Hours = make([]int, 24)
		}
		if err := s.address(ctx, st); err != nil {
			return nil, err
		}
	}
	return all, nil
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
