package pane

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// happened is that something came in, or became of it.
type happened struct {
	event    *hub.Event         // that has come in, or with which something has changed
	isNew    bool               // it has just come in
	delivery hub.NotificationID // that has changed; may be empty
}

const (
	// livePace is how often the tail looks for what is new.
	livePace = 500 * time.Millisecond
	// liveMost is how many events one look takes: in a flood the newest, which is
	// more than anybody reads.
	liveMost = 40
	// openPace is how often it looks whether what was not decided is decided now.
	openPace = 3 * time.Second
	// openMost is how many such events it looks after, the newest.
	openMost = 100
)

// settleAfter is when what became of an event is looked at again: decisions and
// deliveries are written behind the router.
func settleAfter() []time.Duration { return []time.Duration{700 * time.Millisecond, 2 * time.Second} }

// again is an event to be shown again.
type again struct {
	at time.Time
	happened
}

// watch follows the events for the live tail, until ctx ends.
func (p *Pane) watch(ctx context.Context, tell func(happened)) error {
	_, last, err := p.Admin.Events.NewerEvents(ctx, 0, 1)
	if err != nil {
		return err
	}
	tick, look := time.NewTicker(livePace), time.NewTicker(openPace)
	defer tick.Stop()
	defer look.Stop()
	var later []again
	open, err := p.opened(ctx)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			if open, err = p.settled(ctx, open, tell); err != nil {
				return err
			}
			continue
		case <-tick.C:
		}
		var events []hub.Event
		if events, last, err = p.Admin.Events.NewerEvents(ctx, last, liveMost); err != nil {
			return err
		}
		for i := range events {
			for _, h := range p.happenedBy(ctx, &events[i]) {
				if h.isNew {
					tell(h)
					open = append(open, openEvent{event: events[i]})
				}
				h.isNew = false
				for _, d := range settleAfter() {
					later = append(later, again{p.Now().Add(d), h})
				}
			}
		}
		later = due(p.Now(), later, tell)
	}
}

// openEvent is an event that is not decided yet, and why, as it was told last.
type openEvent struct {
	event hub.Event
	why   string
}

// opened are the newest events about which nothing is decided yet, oldest first.
func (p *Pane) opened(ctx context.Context) ([]openEvent, error) {
	newest, _, err := p.Admin.Events.SearchEvents(ctx, hub.EventQuery{But: unasked(), Page: hub.Page{Limit: openMost}})
	if err != nil {
		return nil, err
	}
	list := make([]openEvent, 0, len(newest))
	for _, e := range slices.Backward(newest) {
		list = append(list, openEvent{event: e})
	}
	return p.settled(ctx, list, func(happened) {})
}

// settled tells of the events that are decided by now or wait for something else,
// and keeps those that are still open.
func (p *Pane) settled(ctx context.Context, open []openEvent, tell func(happened)) (rest []openEvent, err error) {
	open = open[max(0, len(open)-openMost):]
	events := make([]hub.Event, len(open))
	for i := range open {
		events[i] = open[i].event
	}
	told, err := p.Admin.Tell(ctx, events...)
	if err != nil {
		return nil, err
	}
	for i := range told {
		e, why := &told[i].Event, ""
		if t := told[i].Trace; t != nil {
			why = t.Why
		}
		isOpen := isOpen(&told[i], p.Now())
		if isOpen {
			rest = append(rest, openEvent{*e, why})
		}
		if !isOpen || why != open[i].why {
			tell(happened{event: e})
		}
	}
	return rest, nil
}

// isOpen reports whether an event is not decided yet.
func isOpen(h *admin.Happening, now time.Time) bool {
	if h.Trace != nil {
		return h.Trace.Verdict == hub.VerdictWaiting
	}
	return h.Outcome() == admin.OutcomeNone && isRouted(h.Event.Type) && now.Sub(cameAt(&h.Event)) < justCame
}

// isRouted reports whether events of a type are held against the rows.
func isRouted(t hub.EventType) bool { return t.Family() == "forum" || t.Family() == "user" }

// due tells what is due, each event or delivery once, and keeps the rest.
func due(now time.Time, later []again, tell func(happened)) (rest []again) {
	type key struct {
		event    hub.EventID
		delivery hub.NotificationID
	}
	told := map[key]bool{}
	for _, a := range later {
		switch k := (key{a.event.ID, a.delivery}); {
		case a.at.After(now):
			rest = append(rest, a)
		case !told[k]:
			told[k] = true
			tell(a.happened)
		}
	}
	if over := len(rest) - 10*liveMost; over > 0 {
		rest = rest[over:]
	}
	return rest
}

// happenedBy is what an event of the log tells: that it came, or what became of a
// message that another one owed.
func (p *Pane) happenedBy(ctx context.Context, e *hub.Event) []happened {
	if !e.Type.Match("hub.message.*") {
		return []happened{{event: e, isNew: true}}
	}
	outcomes, err := hub.ParseOutcomes(e.Data, json.Unmarshal)
	if err != nil {
		return nil
	}
	events := map[hub.EventID]*hub.Event{}
	var all []happened
	for _, o := range outcomes {
		about, known := events[o.Event]
		if !known && o.Event != "" {
			about, _ = p.Admin.Events.Event(ctx, o.Event) // of an old one no list shows the row
			events[o.Event] = about
		}
		if about != nil {
			all = append(all, happened{event: about, delivery: o.Notification})
		}
	}
	return all
}

// live answers with the rows that come to a list.
func (p *Pane) live(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	clock := p.clock(r, words)
	mayEdit := p.frame(r, "activity", "activity.title").MayEdit()
	f := p.activityFilter(r, clock)
	ctx := r.Context()
	rows := func(h happened) ([]string, error) {
		clock.now = p.Now()
		if r.URL.Query().Get("tab") == "deliveries" {
			return p.liveDeliveries(ctx, words, clock, f, h, mayEdit)
		}
		return p.liveEvents(ctx, words, clock, f, h)
	}
	first := func(ctx context.Context) ([]happened, error) {
		at, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("at"))
		if err != nil {
			return nil, nil //nolint:nilerr // the page says when it was made, another caller need not
		}
		return p.since(ctx, at)
	}
	return p.tail.Serve(w, r, View[happened]{First: first, Rows: rows})
}

// since is what came in since a page was made, oldest first, and just before, as
// that was perhaps not decided then. After a lost connection it brings the page up
// to date.
func (p *Pane) since(ctx context.Context, at time.Time) ([]happened, error) {
	events, _, err := p.Admin.Events.SearchEvents(ctx, hub.EventQuery{
		Since: at.Add(-justCame), But: unasked(), Page: hub.Page{Limit: pageRows},
	})
	list := make([]happened, 0, len(events))
	for i := range slices.Backward(events) {
		e := &events[i]
		list = append(list, happened{event: e, isNew: cameAt(e).After(at.Add(-time.Second))})
	}
	return list, err
}

func (p *Pane) liveEvents(ctx context.Context, words *web.Words, c Clock, f activityFilter, h happened) ([]string, error) {
	q := f.query()
	if !q.Holds(h.event) {
		return nil, nil
	}
	told, err := p.Admin.Tell(ctx, *h.event)
	if err != nil {
		return nil, err
	}
	if !q.Match(&told[0]) {
		return nil, nil
	}
	row := p.eventRow(ctx, words, c, &told[0])
	// What an outcome is asked for becomes known later: then the row is new.
	row.Change = !h.isNew && f.Outcome+f.System+f.Chat+f.Subscription == ""
	html, err := fragment(words, "event-row", row)
	return []string{html}, err
}

// liveDeliveries are the rows of an event's deliveries, or of the one that has
// changed.
func (p *Pane) liveDeliveries(ctx context.Context, words *web.Words, c Clock, f activityFilter, h happened, mayEdit bool) (rows []string, err error) {
	q := f.deliveryQuery()
	q.Event, q.Page = h.event.ID, hub.Page{Limit: pageRows}
	list, _, err := p.Admin.Deliveries.ListDeliveries(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range list {
		d := &list[i]
		if h.delivery != "" && d.ID != h.delivery {
			continue
		}
		row := p.deliveryRow(ctx, words, c, d, mayEdit)
		row.Change = c.now.Sub(d.QueuedAt) > 30*time.Second
		html, err := fragment(words, "delivery-row", row)
		if err != nil {
			return nil, err
		}
		rows = append(rows, html)
	}
	return rows, nil
}

func fragment(words *web.Words, name string, data any) (string, error) {
	var b bytes.Buffer
	err := web.Fragment(&b, words, name, data)
	return b.String(), err
}
