package pane

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	// homeLength is how many events Home shows.
	homeLength = 20
	// homeLook is how often Home looks for what is new, while somebody watches.
	homeLook = time.Second
)

// lately are the newest events, the newest first, with what became of them: one
// query of each store, however many there are.
func (p *Pane) lately(ctx context.Context) ([]admin.Happening, error) {
	var events []hub.Event
	for _, family := range []string{"forum.*", "user.*"} {
		some, err := p.newest(ctx, family)
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
	}
	slices.SortStableFunc(events, func(a, b hub.Event) int { return b.ReceivedTime.Compare(a.ReceivedTime) })
	list, err := p.Admin.Tell(ctx, events...)
	list = slices.DeleteFunc(list, func(h admin.Happening) bool { return !p.isShown(&h) })
	return list[:min(homeLength, len(list))], err
}

// undecided is for how long Home waits for what is decided about an event.
const undecided = 5 * time.Second

// isShown leaves out what is announced by another event: a new topic comes as two.
// Which of them, is known when they are decided.
func (p *Pane) isShown(h *admin.Happening) bool {
	if h.Trace == nil {
		return p.Now().Sub(h.Event.ReceivedTime) > undecided
	}
	return h.Outcome() != admin.OutcomeLearned
}

// newest are the newest events of a family. What Bellhop tells of its own
// messages lies between, so it may look at several pages for them.
func (p *Pane) newest(ctx context.Context, family string) (events []hub.Event, err error) {
	page := hub.Page{Limit: 2 * homeLength}
	for range 3 {
		some, next, err := p.Admin.Events.Events(ctx, "", family, page)
		if err != nil {
			return nil, err
		}
		if events = append(events, some...); next == "" || len(events) >= 2*homeLength {
			break
		}
		page.Cursor = next
	}
	return events, nil
}

// homeRow is a row of Home as it is written.
type homeRow struct {
	id   hub.EventID
	html string
}

// homeRows are the rows of events, and a digest of how they look.
func (p *Pane) homeRows(ctx context.Context, words *web.Words, c Clock, list []admin.Happening) (rows []homeRow, seen string, err error) {
	var all strings.Builder
	for i := range list {
		html, err := fragment(words, "home-row", p.eventRow(ctx, words, c, &list[i]))
		if err != nil {
			return nil, "", err
		}
		rows = append(rows, homeRow{list[i].Event.ID, html})
		all.WriteString(html)
	}
	return rows, hub.Digest(all.String()), nil
}

// HTML is the row, made by a template.
func (r homeRow) HTML() template.HTML { return template.HTML(r.html) } //nolint:gosec // made by a template

// watchHome tells of the newest events and what became of them, again and again.
func (p *Pane) watchHome(ctx context.Context, tell func([]admin.Happening)) error {
	look := time.NewTicker(homeLook)
	defer look.Stop()
	for {
		list, err := p.lately(ctx)
		if err != nil {
			return err
		}
		tell(list)
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// homeLive streams the rows that are new or have changed. The page says with seen
// what it shows.
func (p *Pane) homeLive(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	shown, begun := map[hub.EventID]string{}, false
	return p.homeTail.Serve(w, r, View[[]admin.Happening]{Rows: func(list []admin.Happening) ([]string, error) {
		// Times are told as of now: a stream may outlast the day.
		rows, digest, err := p.homeRows(r.Context(), words, p.clock(r, words), list)
		if err != nil {
			return nil, err
		}
		known := !begun && digest == r.FormValue("seen")
		begun = true
		var news []string
		now := make(map[hub.EventID]string, len(rows))
		for _, row := range slices.Backward(rows) { // the page puts each above the others
			if now[row.id] = row.html; !known && shown[row.id] != row.html {
				news = append(news, row.html)
			}
		}
		shown = now
		return news, nil
	}})
}
