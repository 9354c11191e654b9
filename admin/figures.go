package admin

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Figures are counts of what happened. Its methods are those of hub.FigureStore.
type Figures interface {
	Figures(ctx context.Context, since, until time.Time) ([]hub.Figure, error)
	Fired(ctx context.Context, ids []hub.SubscriptionID, since, until time.Time) (map[hub.SubscriptionID][]hub.FiredDay, error)
}

// Steps of figures.
const (
	byHour = "hour"
	byDay  = "day"
)

func (s *Server) figureRoutes() []route {
	span := []param{
		{name: "since", text: "then or later; a day ago, or 30 days ago by day, if not given", time: true},
		{name: "until", text: "before; now if not given", time: true},
	}
	return []route{{
		method: http.MethodGet, path: "/figures", id: "getFigures", need: hub.Viewer, summary: "How much came in and went out",
		query:   append(slices.Clone(span), param{name: "by", text: "what an item is, in UTC; hour if not given", enum: []string{byHour, byDay}}),
		answers: gives(http.StatusOK, "Every hour or day, the first first, also those in which nothing happened. Hours are kept for 35 days.", "Figures"),
		handle:  s.getFigures,
	}, {
		method: http.MethodGet, path: "/subscriptions/{id}/figures", id: "getSubscriptionFigures", need: hub.Viewer, summary: "How often a subscription fired",
		query:   []param{{name: "since", text: "that day or later; 30 days ago if not given", time: true}, {name: "until", text: "before; now if not given", time: true}},
		answers: gives(http.StatusOK, "Every day in UTC, the first first, also those on which it did not fire. Days are kept for 400 days.", "SubscriptionFigures"),
		handle:  s.getSubscriptionFigures,
	}}
}

// Hours are the figures of a span, one for each hour that it touches, the first
// first, also where nothing happened. A span longer than they are kept is cut.
func (s *Server) Hours(ctx context.Context, since, until time.Time) ([]hub.Figure, error) {
	return s.figures(ctx, since, until, time.Hour)
}

// figures are those of a span, by steps of whole hours of UTC.
func (s *Server) figures(ctx context.Context, since, until time.Time, step time.Duration) ([]hub.Figure, error) {
	if oldest := s.Now().Add(-hub.KeepFigureHours); since.Before(oldest) {
		since = oldest
	}
	if newest := s.Now().Add(time.Hour); until.After(newest) {
		until = newest
	}
	since = since.UTC().Truncate(step)
	known, err := s.Figures.Figures(ctx, since, until)
	if err != nil {
		return nil, err
	}
	var list []hub.Figure
	for at := since; at.Before(until); at = at.Add(step) {
		f := hub.Figure{At: at, Events: map[hub.Source]int64{}, Deliveries: map[hub.System]hub.Delivered{}}
		for len(known) > 0 && known[0].At.Before(at.Add(step)) {
			f.Add(known[0])
			known = known[1:]
		}
		list = append(list, f)
	}
	return list, nil
}

// Days are how often subscriptions fired on each day, in UTC, that a span
// touches, the first first. One that never fired has no entry.
func (s *Server) Days(ctx context.Context, ids []hub.SubscriptionID, since, until time.Time) (map[hub.SubscriptionID][]hub.FiredDay, error) {
	if oldest := s.Now().Add(-hub.KeepFigureDays); since.Before(oldest) {
		since = oldest
	}
	if newest := s.Now().Add(time.Hour); until.After(newest) {
		until = newest
	}
	since = since.UTC().Truncate(24 * time.Hour)
	fired, err := s.Figures.Fired(ctx, ids, since, until)
	if err != nil {
		return nil, err
	}
	for id, known := range fired {
		fired[id] = eachDay(known, since, until)
	}
	return fired, nil
}

// eachDay puts the days between on which nothing fired.
func eachDay(known []hub.FiredDay, since, until time.Time) (all []hub.FiredDay) {
	for day := since; day.Before(until); day = day.AddDate(0, 0, 1) {
		if len(known) > 0 && known[0].Day.Equal(day) {
			all, known = append(all, known[0]), known[1:]
			continue
		}
		all = append(all, hub.FiredDay{Day: day})
	}
	return all
}

// figureItem is a figure as the API tells it.
type figureItem struct {
	At         *time.Time                   `json:"at,omitempty"` // nil: of all
	Events     map[hub.Source]int64         `json:"events"`
	Deliveries map[hub.System]hub.Delivered `json:"deliveries"`
	Latency    latencyItem                  `json:"latency"`
}

// latencyItem says how long deliveries took.
type latencyItem struct {
	Count int64 `json:"count"`
	P50   int64 `json:"p50_ms"`
	P95   int64 `json:"p95_ms"`
}

func toldFigure(f hub.Figure) figureItem {
	return figureItem{nil, f.Events, f.Deliveries, latencyItem{f.Took.Count(), f.Took.Within(0.5).Milliseconds(), f.Took.Within(0.95).Milliseconds()}}
}

func (s *Server) getFigures(w http.ResponseWriter, r *http.Request) error {
	step, back := time.Hour, 24*time.Hour
	if r.URL.Query().Get("by") == byDay {
		step, back = 24*time.Hour, 30*24*time.Hour
	}
	since, until, err := s.span(r, back)
	if err != nil {
		return err
	}
	list, err := s.figures(r.Context(), since, until, step)
	if err != nil {
		return err
	}
	items := make([]figureItem, len(list))
	all := hub.Figure{Events: map[hub.Source]int64{}, Deliveries: map[hub.System]hub.Delivered{}}
	for i, f := range list {
		all.Add(f)
		items[i] = toldFigure(f)
		items[i].At = &f.At
	}
	return s.answer(w, r, http.StatusOK, struct {
		Items []figureItem `json:"items"`
		All   figureItem   `json:"all"`
	}{items, toldFigure(all)})
}

// firedItem is a day of a subscription as the API tells it.
type firedItem struct {
	Day   string `json:"day"`
	Fired int64  `json:"fired"`
}

func (s *Server) getSubscriptionFigures(w http.ResponseWriter, r *http.Request) error {
	since, until, err := s.span(r, 30*24*time.Hour)
	if err != nil {
		return err
	}
	row, err := s.Subscriptions.GetSubscription(r.Context(), subscriptionID(r))
	if err != nil {
		return err
	}
	days, err := s.Days(r.Context(), []hub.SubscriptionID{row.ID}, since, until)
	if err != nil {
		return err
	}
	if days[row.ID] == nil {
		days[row.ID] = eachDay(nil, since.UTC().Truncate(24*time.Hour), until)
	}
	items, all := []firedItem{}, int64(0)
	for _, d := range days[row.ID] {
		items, all = append(items, firedItem{d.Day.Format(time.DateOnly), d.Count}), all+d.Count
	}
	return s.answer(w, r, http.StatusOK, struct {
		Items []firedItem `json:"items"`
		All   int64       `json:"all"`
	}{items, all})
}

// span is what a request asks for, back from now if it does not say.
func (s *Server) span(r *http.Request, back time.Duration) (since, until time.Time, err error) {
	q := r.URL.Query()
	since, until = timeOf(q.Get("since")), timeOf(q.Get("until"))
	now := s.Now()
	if until.IsZero() || until.After(now.Add(time.Hour)) {
		until = now
	}
	if since.IsZero() {
		since = until.Add(-back)
	}
	if oldest := now.Add(-hub.KeepFigureDays); since.Before(oldest) {
		since = oldest
	}
	if !since.Before(until) {
		return since, until, invalidField("since", "is not before until")
	}
	return since, until, nil
}
