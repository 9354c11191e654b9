package pane

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// welcomeRowPage is the data of welcome-subscription.html.
type welcomeRowPage struct {
	wizard
	Row     hub.Subscription // as it is being made, or as it is
	Said    sentence.Said
	Room    admin.NamedChat
	Forums  []hub.SourceStatus
	Places  []rowPlace
	Wrong   map[string]string
	Problem string
	Arrival *arrival // of its messages; nil: it is not made yet
}

// rowPlace is a category to choose.
type rowPlace struct{ Value, Name string }

// Category is the value of the row's category, "" for none.
func (p *welcomeRowPage) Category() string {
	for _, f := range p.Row.Filters {
		if f.Type == hub.FilterCategory && len(f.Any) > 0 {
			return f.Any[0]
		}
	}
	return ""
}

// Chats reports whether there is a system that messages can go to.
func (p *welcomeRowPage) Chats() []hub.SystemStatus { return p.setup.systems }

func (p *Pane) rowStep(r *http.Request) (*welcomeRowPage, error) {
	frame, err := p.wizard(r, 4, "welcome.row.title")
	if err != nil {
		return nil, err
	}
	page := &welcomeRowPage{wizard: frame}
	for _, s := range page.setup.sources {
		if s.Kind == discourseKind {
			page.Forums = append(page.Forums, s)
		}
	}
	return page, nil
}

func (p *Pane) welcomeRow(w http.ResponseWriter, r *http.Request) error {
	page, err := p.rowStep(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if row := chosenRow(page.setup.rows, q.Get("row"), q.Has("chat") || q.Get("another") == "1"); row != nil {
		return p.showRowMade(w, r, page, row)
	}
	page.Row = hub.Subscription{Mode: hub.Watch, Chat: p.chatSoFar(r, page), Filters: []hub.Filter{}}
	if len(page.Forums) > 0 {
		page.Row.Source = page.Forums[0].Source
	}
	return p.showRowNew(w, r, http.StatusOK, page)
}

// chosenRow is the row that is named, else the newest, unless another is to be
// made.
func chosenRow(rows []hub.Subscription, id string, another bool) *hub.Subscription {
	for i := range rows {
		if string(rows[i].ID) == id {
			return &rows[i]
		}
	}
	if another || len(rows) == 0 {
		return nil
	}
	return &rows[0]
}

// chatSoFar is the chat that the step before has led to, else where the last
// message went, else none of a system that is there.
func (p *Pane) chatSoFar(r *http.Request, page *welcomeRowPage) hub.Chat {
	q := r.URL.Query()
	chat := hub.Chat{System: hub.System(q.Get("system")), ID: q.Get("chat")}
	if chat.System != "" {
		return chat
	}
	systems := slices.Clone(page.setup.systems)
	slices.SortStableFunc(systems, func(a, b hub.SystemStatus) int { // the console last
		return compareBool(a.Kind == consoleKind, b.Kind == consoleKind)
	})
	if len(systems) == 0 {
		return chat
	}
	chat.System = systems[0].System
	last, _, err := p.Admin.Deliveries.ListDeliveries(r.Context(), hub.DeliveryQuery{System: chat.System, Page: hub.Page{Limit: 1}})
	if err != nil {
		p.Log.WarnContext(r.Context(), "the last message cannot be looked up", "system", chat.System, "err", err)
	}
	if len(last) > 0 {
		chat.ID = last[0].Chat.ID
	}
	return chat
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (p *Pane) showRowNew(w http.ResponseWriter, r *http.Request, status int, page *welcomeRowPage) error {
	ctx := r.Context()
	page.Room = p.Admin.ChatName(ctx, page.Row.Chat)
	page.Said = p.rowSaid(ctx, page.Words, &page.Row, page.Room)
	if len(page.Forums) > 0 {
		page.Places = p.rowPlaces(ctx, page.Words, page.Row.Source)
	}
	page.Next = wizardNext{URL: "/", Skip: true, Last: true}
	web.Render(w, page.Words, status, "pane/welcome-subscription.html", page)
	return nil
}

// rowSaid says what a row does; one without a chat goes to an ellipsis.
func (p *Pane) rowSaid(ctx context.Context, words *web.Words, row *hub.Subscription, room admin.NamedChat) sentence.Said {
	name := room.Name
	if name == "" {
		name = "…"
	}
	return p.Admin.Teller(ctx, words).Whole(row, name)
}

// rowPlaces are the categories of a forum, each under its parent, and each that has
// some below it once more with them.
func (p *Pane) rowPlaces(ctx context.Context, words *web.Words, source hub.Source) (list []rowPlace) {
	teller := p.Admin.Teller(ctx, words)
	p.pickCategories(ctx, words, source, func(value, _, _ string, below bool) {
		place := rowPlace{Value: value, Name: teller.Value(source, hub.Filter{Type: hub.FilterCategory}, value).Plain}
		if below {
			place.Name = "\u2003" + place.Name
		}
		list = append(list, place)
	})
	return list
}

// placesPart lists the categories of another forum.
func (p *Pane) placesPart(w http.ResponseWriter, r *http.Request) error {
	page := &welcomeRowPage{Row: hub.Subscription{Source: hub.Source(r.URL.Query().Get("source"))}}
	page.Places = p.rowPlaces(r.Context(), web.WordsOf(r), page.Row.Source)
	return p.show(w, r, "welcome-places", page)
}

// firstRow is the row that the form makes.
func (p *Pane) firstRow(r *http.Request) hub.Subscription {
	row := hub.Subscription{
		Source: hub.Source(r.PostFormValue("source")), Mode: hub.Watch, Enabled: true, Filters: []hub.Filter{},
	}
	if place := r.PostFormValue("category"); place != "" {
		row.Filters = append(row.Filters, hub.Filter{Type: hub.FilterCategory, Any: []string{place}})
	}
	row.Chat = p.chatTyped(r.Context(), hub.System(r.PostFormValue("system")), r.PostFormValue("chat"))
	return row
}

// sayFirstRow says what the row would do.
func (p *Pane) sayFirstRow(w http.ResponseWriter, r *http.Request) error {
	row := p.firstRow(r)
	room := p.Admin.ChatName(r.Context(), row.Chat)
	page := &welcomeRowPage{Row: row, Room: room, Said: p.rowSaid(r.Context(), web.WordsOf(r), &row, room)}
	return p.show(w, r, "welcome-said", page)
}

func (p *Pane) makeFirstRow(w http.ResponseWriter, r *http.Request) error {
	row := p.firstRow(r)
	if err := p.Admin.CreateRow(r.Context(), &row, false); err != nil {
		return p.rowNotMade(w, r, row, err)
	}
	http.Redirect(w, r, with(welcomeRowPath, "row", string(row.ID)), http.StatusSeeOther)
	return nil
}

// rowNotMade shows the form again, with what is wrong.
func (p *Pane) rowNotMade(w http.ResponseWriter, r *http.Request, row hub.Subscription, err error) error {
	code := hub.CodeOf(err)
	if code != hub.CodeInvalid && code != hub.CodeConflict {
		return err
	}
	page, problem := p.rowStep(r)
	if problem != nil {
		return problem
	}
	page.Row, page.Wrong = row, map[string]string{}
	for field, text := range fieldsOf(err) {
		if strings.HasPrefix(field, "filters") {
			field = "category"
		}
		page.Wrong[field] = forPeople(text)
	}
	if len(page.Wrong) == 0 {
		_, page.Problem = p.Admin.Describe(r, err)
	}
	return p.showRowNew(w, r, http.StatusUnprocessableEntity, page)
}

// showRowMade shows a row and what became of its messages.
func (p *Pane) showRowMade(w http.ResponseWriter, r *http.Request, page *welcomeRowPage, row *hub.Subscription) error {
	if err := p.fillRowMade(r, page, row); err != nil {
		return err
	}
	return p.show(w, r, "pane/welcome-subscription.html", page)
}

func (p *Pane) fillRowMade(r *http.Request, page *welcomeRowPage, row *hub.Subscription) error {
	ctx := r.Context()
	page.Row = *row
	told, _, err := p.Admin.Deliveries.ListDeliveries(ctx, hub.DeliveryQuery{Subscription: row.ID, Page: hub.Page{Limit: mostRows}})
	if err != nil {
		return err
	}
	page.Arrival = p.arrivalOf(ctx, "row", row.Chat, told)
	page.Room = page.Arrival.Room
	page.Said = p.rowSaid(ctx, page.Words, row, page.Room)
	page.Arrival.Poll = with(welcomeRowPath+"/arrived", "row", string(row.ID), "state", page.Arrival.State)
	page.setup.arrived = page.setup.arrived || page.Arrival.State == "sent"
	page.Next = wizardNext{URL: "/", Skip: page.Arrival.State != "sent", Last: true}
	return nil
}

// rowArrived tells a page that waits for the first message how it stands.
func (p *Pane) rowArrived(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), hub.SubscriptionID(r.URL.Query().Get("row")))
	if hub.CodeOf(err) == hub.CodeNotFound { // somebody has deleted it
		w.Header().Set("HX-Redirect", welcomeRowPath)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err != nil {
		return err
	}
	page, err := p.rowStep(r)
	if err != nil {
		return err
	}
	if err := p.fillRowMade(r, page, row); err != nil {
		return err
	}
	if unchanged(w, r, page.Arrival.State) {
		return nil
	}
	page.Part = true
	return p.show(w, r, "welcome-arrival-part", page)
}

// testFirstRow sends a test by the row.
func (p *Pane) testFirstRow(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Admin.Subscriptions.GetSubscription(r.Context(), hub.SubscriptionID(r.PostFormValue("row")))
	if err != nil {
		return err
	}
	if err := p.wake(r.Context(), row.Chat); err != nil {
		return err
	}
	if _, err := p.Admin.TestRow(r.Context(), web.WordsOf(r), *row, ""); err != nil {
		return err
	}
	if !isPart(r) {
		http.Redirect(w, r, with(welcomeRowPath, "row", string(row.ID)), http.StatusSeeOther)
		return nil
	}
	page, err := p.rowStep(r)
	if err != nil {
		return err
	}
	if err := p.fillRowMade(r, page, row); err != nil {
		return err
	}
	page.Part = true
	return p.show(w, r, "welcome-arrival-part", page)
}
