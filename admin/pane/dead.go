package pane

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// deadRow is a dead letter in the list.
type deadRow struct {
	admin.DeadLetter
	Kind, Room, Name string
	When             template.HTML
	State, Icon      string
	Says             string
	Mend             mend
	May              bool // the reader may send it again
}

func (p *Pane) deadRow(ctx context.Context, words *web.Words, c Clock, d *admin.DeadLetter, mayEdit bool) deadRow {
	room := p.Admin.ChatName(ctx, d.Chat)
	row := deadRow{
		DeadLetter: *d, Kind: room.Kind, Room: room.Name, When: c.Ago(d.At),
		State: string(d.Status), Icon: statusIcon(string(d.Status)), Says: words.Say("activity.status." + string(d.Status)),
		Name: clipped(firstOf(d.Title, words.Say("activity.untitled"))), May: mayEdit && d.Status == hub.StatusDead && d.ID != "",
	}
	if d.Status == admin.StatusSuperseded {
		row.State = "none"
	}
	row.Mend = mendOf(words, d, row.Kind)
	return row
}

// deadPage is the data of dead.html.
type deadPage struct {
	activityPage
	Rows  []deadRow
	Again string // where all of them are sent again
}

// deadQuery is the filter for dead letters.
func (f activityFilter) deadQuery() hub.DeadQuery {
	return hub.DeadQuery{
		System: hub.System(f.System), Chat: f.Chat, Source: hub.Source(f.Source), Subscription: hub.SubscriptionID(f.Subscription), Fault: hub.Fault(f.Fault),
		Text: f.Text, Since: f.since, Until: f.until, Page: hub.Page{Limit: pageRows, Cursor: f.Cursor},
	}
}

func (p *Pane) dead(w http.ResponseWriter, r *http.Request) error {
	if tidy, changed := tidied(r); changed {
		http.Redirect(w, r, tidy, http.StatusSeeOther)
		return nil
	}
	common, err := p.activity(r, "dead", "/activity/dead")
	if err != nil {
		return err
	}
	page := deadPage{activityPage: common}
	list, next, err := p.Admin.DeadLetters(r.Context(), page.Filter.deadQuery())
	if err != nil {
		return err
	}
	for i := range list {
		page.Rows = append(page.Rows, p.deadRow(r.Context(), page.Words, page.Clock, &list[i], page.MayEdit()))
	}
	page.older(r, next, len(list))
	v := r.URL.Query()
	v.Del("cursor")
	v.Del("retry")
	page.Again = address("/activity/dead/retry", v)
	if bulk := r.URL.Query().Get("retry"); bulk != "" {
		if page.Retry, err = p.Admin.RetryProgress(r.Context(), bulk); err != nil && hub.CodeOf(err) != hub.CodeNotFound {
			return err
		}
	}
	return p.show(w, r, "pane/dead.html", &page)
}

// askPage asks before something is sent again.
type askPage struct {
	Frame
	Post   string // where it is done
	Count  int
	Retry  *admin.RetryCount
	Rooms  []roomCount
	Oldest template.HTML
	Replay *hub.Replay
	Chats  []replayChat
}

type roomCount struct {
	Kind, System, Room string
	Count              int
}

type replayChat struct {
	Kind, System, Room string
	Result             string
}

func (p *Pane) askRetry(w http.ResponseWriter, r *http.Request) error {
	page := askPage{Frame: p.frame(r, "activity", "activity.retryTitle"), Post: r.URL.RequestURI()}
	f := p.activityFilter(r, page.Clock)
	count, err := p.Admin.CountDead(r.Context(), f.deadQuery())
	if err != nil {
		return err
	}
	page.Retry, page.Count = count, count.Count
	if !count.Oldest.IsZero() {
		page.Oldest = page.Ago(count.Oldest)
	}
	for _, c := range count.Chats {
		room := p.Admin.ChatName(r.Context(), c.Chat)
		page.Rooms = append(page.Rooms, roomCount{room.Kind, string(c.System), room.Name, c.Count})
	}
	return p.ask(w, r, "ask-retry", &page)
}

// ask shows a question: in the dialog, or as a page of its own.
func (p *Pane) ask(w http.ResponseWriter, r *http.Request, part string, page *askPage) error {
	if isPart(r) {
		return p.show(w, r, part, page)
	}
	return p.show(w, r, "pane/"+part+".html", page)
}

// retryAll sends all dead letters again that the filter in the address selects, if
// they are as many as was said.
func (p *Pane) retryAll(w http.ResponseWriter, r *http.Request) error {
	f := p.activityFilter(r, p.clock(r, web.WordsOf(r)))
	count, err := strconv.Atoi(r.PostFormValue("count"))
	if err != nil {
		return hub.Errorf(hub.CodeInvalid, "how many it must be is missing")
	}
	done, err := p.Admin.RetryAllDead(r.Context(), f.deadQuery(), count)
	if err != nil {
		return err
	}
	v := r.URL.Query()
	v.Set("retry", done.Retry)
	return goTo(w, r, address("/activity/dead", v))
}

// goTo sends a browser on, also one whose script asked.
func goTo(w http.ResponseWriter, r *http.Request, address string) error {
	if isPart(r) {
		w.Header().Set("HX-Redirect", address)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

func (p *Pane) retryProgress(w http.ResponseWriter, r *http.Request) error {
	progress, err := p.Admin.RetryProgress(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.show(w, r, "retry-progress", progress)
}

func (p *Pane) askReplay(w http.ResponseWriter, r *http.Request) error {
	id := hub.EventID(r.PathValue("id"))
	x, err := p.Admin.Replay(r.Context(), id)
	if err != nil {
		return err
	}
	page := askPage{Frame: p.frame(r, "activity", "activity.replayTitle"), Post: "/activity/events/" + url.PathEscape(string(id)) + "/replay", Replay: x, Count: x.Count}
	for _, c := range x.Chats {
		room := p.Admin.ChatName(r.Context(), c.Chat)
		page.Chats = append(page.Chats, replayChat{room.Kind, string(c.System), room.Name, c.Result})
	}
	return p.ask(w, r, "ask-replay", &page)
}

func (p *Pane) replay(w http.ResponseWriter, r *http.Request) error {
	count, err := strconv.Atoi(r.PostFormValue("count"))
	if err != nil {
		return hub.Errorf(hub.CodeInvalid, "how many chats it must be is missing")
	}
	x, err := p.Admin.ReplayEvent(r.Context(), hub.EventID(r.PathValue("id")), count)
	if err != nil {
		return err
	}
	return goTo(w, r, "/activity/events/"+url.PathEscape(string(x.Signal)))
}
