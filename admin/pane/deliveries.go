package pane

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/pane/preview"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// deliveryRow is a delivery in a list.
type deliveryRow struct {
	hub.Delivery
	Kind, Room, Name string // the platform, the chat's and the title's
	When             template.HTML
	State, Icon      string
	Says             string // its status in words
	Message          string // address of the message in the chat
	Change           bool   // it is no new row
	May              bool   // the reader may send it again
}

func (p *Pane) deliveryRow(ctx context.Context, words *web.Words, c Clock, d *hub.Delivery, mayEdit bool) deliveryRow {
	room := p.Admin.ChatName(ctx, d.Chat)
	row := deliveryRow{
		Delivery: *d, Kind: room.Kind, Room: room.Name, When: c.Time(d.QueuedAt),
		State: string(d.Status), Icon: statusIcon(string(d.Status)), Says: words.Say("activity.status." + string(d.Status)),
		Name: clipped(firstOf(d.Title, words.Say("activity.untitled"))), May: mayEdit && d.Status == hub.StatusDead,
	}
	row.Message = messageURL(row.Kind, d)
	return row
}

// messageURL is where people see the message in its chat, "" if that is not known.
// The receipt tells it for platforms elsewhere; the console's rooms are ours.
func messageURL(kind string, d *hub.Delivery) string {
	if kind == "console" && d.Receipt.Ref != "" {
		return (&url.URL{Path: "/console/" + d.Chat.ID, Fragment: "m" + string(d.Receipt.Ref)}).String()
	}
	return webAddress(d.Receipt.URL)
}

// deliveriesPage is the data of deliveries.html.
type deliveriesPage struct {
	activityPage
	Rows []deliveryRow
}

// deliveryQuery is the filter for the delivery log.
func (f activityFilter) deliveryQuery() hub.DeliveryQuery {
	q := hub.DeliveryQuery{
		System: hub.System(f.System), Chat: f.Chat, Source: hub.Source(f.Source), Subscription: hub.SubscriptionID(f.Subscription),
		Text: f.Text, Since: f.since, Until: f.until, Page: hub.Page{Limit: pageRows, Cursor: f.Cursor},
	}
	if f.Status != "" {
		q.Status = []hub.Status{hub.Status(f.Status)}
	}
	return q
}

func (p *Pane) deliveries(w http.ResponseWriter, r *http.Request) error {
	if tidy, changed := tidied(r); changed {
		http.Redirect(w, r, tidy, http.StatusSeeOther)
		return nil
	}
	common, err := p.activity(r, "deliveries", "/activity/deliveries")
	if err != nil {
		return err
	}
	page := deliveriesPage{activityPage: common}
	list, next, err := p.Admin.Deliveries.ListDeliveries(r.Context(), page.Filter.deliveryQuery())
	if err != nil {
		return err
	}
	for i := range list {
		page.Rows = append(page.Rows, p.deliveryRow(r.Context(), page.Words, page.Clock, &list[i], page.MayEdit()))
	}
	page.older(r, next, pageRows)
	return p.show(w, r, "pane/deliveries.html", &page)
}

// attemptView is one attempt at a delivery.
type attemptView struct {
	hub.Attempt
	When            template.HTML
	Took            string
	State, Icon     string
	Says            string
	Next            template.HTML
	Asked, Answered template.HTML
	Line            string // "POST https://…"
	Status          string // "401 Unauthorized"
}

// deliveryPage is the data of delivery.html and of its part.
type deliveryPage struct {
	Frame
	Row      deliveryRow
	Attempts []attemptView
	Updated  template.HTML
	Waits    []string
	Shown    *preview.Preview
	Written  template.HTML // its markup
	Said     *hub.Announcement
	Changed  template.HTML // when the message was changed last
	RowText  string
	Event    *eventView
	Dead     *admin.DeadLetter
	Mend     mend
	Digest   hub.NotificationID
}

func (p *Pane) delivery(w http.ResponseWriter, r *http.Request) error {
	page, err := p.deliveryPage(r, hub.NotificationID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if isPart(r) {
		return p.show(w, r, "delivery-part", page)
	}
	return p.show(w, r, "pane/delivery.html", page)
}

func (p *Pane) deliveryPage(r *http.Request, id hub.NotificationID) (*deliveryPage, error) {
	ctx := r.Context()
	d, err := p.Admin.Deliveries.GetDelivery(ctx, id)
	if err != nil {
		return nil, err
	}
	page := &deliveryPage{Frame: p.frame(r, "activity", "activity.delivery"), Digest: d.Receipt.Digest}
	page.Row = p.deliveryRow(ctx, page.Words, page.Clock, d, page.MayEdit())
	page.Updated = page.Ago(d.UpdatedAt)
	history, err := p.Admin.Deliveries.Attempts(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, a := range history {
		page.Attempts = append(page.Attempts, page.attempt(a))
	}
	if d.Status == hub.StatusDead {
		if page.Dead, err = p.Admin.DeadLetter(ctx, id); err != nil && hub.CodeOf(err) != hub.CodeNotFound {
			return nil, err
		}
		if page.Dead != nil {
			page.Mend = mendOf(page.Words, page.Dead, page.Row.Kind)
			page.Row.May = page.Row.May && page.Dead.Status == hub.StatusDead
		}
	}
	if err := p.saidOf(ctx, page, d); err != nil {
		return nil, err
	}
	texts, err := p.Admin.RowTexts(ctx, d.Subscription)
	if err != nil {
		return nil, err
	}
	page.RowText = texts[d.Subscription]
	if d.Event != "" {
		if e, err := p.Admin.FindEvent(ctx, d.Event); err == nil {
			v := p.viewOf(ctx, page.Words, e)
			page.Event = &v
		} else if hub.CodeOf(err) != hub.CodeNotFound {
			return nil, err
		}
	}
	if d.Status == hub.StatusQueued || d.Status == hub.StatusFailed {
		page.Waits = p.waits(ctx, page, d, history)
	}
	return page, nil
}

// saidOf finds the message, as it says by now, and how its platform shows it.
func (p *Pane) saidOf(ctx context.Context, page *deliveryPage, d *hub.Delivery) error {
	said, err := p.Admin.Announcements.FindAnnouncements(ctx, []hub.NotificationID{d.ID})
	if err != nil {
		return err
	}
	var message *hub.Message
	if len(said) > 0 {
		page.Said, message = &said[0], &said[0].Message
		if said[0].Update != "" {
			page.Changed = page.Ago(said[0].UpdatedAt)
		}
	}
	if page.Dead != nil && page.Dead.Message != nil {
		message = page.Dead.Message
	}
	if message == nil || p.Admin.Preview == nil {
		return nil
	}
	if r := p.Admin.Preview(ctx, d.System, *message); r != nil {
		shown := preview.Of(page.Words, r, cmp.Or(d.Receipt.At, d.QueuedAt).In(page.zone))
		page.Shown, page.Written = &shown, codeOf(page.Words, []byte(r.Markup))
	}
	return nil
}

func (d *deliveryPage) attempt(a hub.Attempt) attemptView {
	v := attemptView{Attempt: a, When: d.Time(a.At), State: string(a.Status), Icon: statusIcon(string(a.Status))}
	v.Says = firstOf(a.Reason, d.Say("activity.status."+string(a.Status)))
	if a.RetryAt.After(d.now) {
		v.Next = d.Ago(a.RetryAt)
	}
	if x := a.Exchange; x != nil {
		v.Line = strings.TrimSpace(x.Method + " " + x.URL)
		v.Took = took(x.TookMS)
		if x.Request != "" {
			v.Asked = codeOf(d.Words, []byte(x.Request))
		}
		if x.Answer != "" {
			v.Answered = codeOf(d.Words, []byte(x.Answer))
		}
		v.Status = d.Say("activity.noAnswer")
		if x.Status > 0 {
			v.Status = strings.TrimSpace(strconv.Itoa(x.Status) + " " + http.StatusText(x.Status))
		}
	}
	return v
}

// took is how long something took.
func took(ms int64) string {
	switch {
	case ms < 1:
		return "< 1 ms"
	case ms < 1000:
		return strconv.FormatInt(ms, 10) + " ms"
	}
	return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) + " s"
}

// waits says why a message is not there yet, as things stand.
func (p *Pane) waits(ctx context.Context, page *deliveryPage, d *hub.Delivery, history []hub.Attempt) (why []string) {
	say := func(name string, values ...any) { why = append(why, page.Say("activity.wait."+name, values...)) }
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		p.Log.WarnContext(ctx, "the pane cannot tell how systems are", "err", err)
	}
	for _, s := range systems {
		if s.System != d.System {
			continue
		}
		if s.State == hub.SystemPaused {
			say("system", "System", s.System, "Reason", s.Reason)
		}
		for _, c := range s.PausedChats {
			if c.Chat == d.Chat.ID {
				say("chat", "Reason", c.Reason)
			}
		}
	}
	settings, err := p.Admin.ChatSettings.ChatSettings(ctx, d.Chat)
	if err != nil {
		p.Log.WarnContext(ctx, "the quiet hours of a chat cannot be read", "err", err)
	}
	zone := p.Admin.Zone
	if zone == nil {
		zone = time.UTC
	}
	schedule, _ := settings.Schedule(zone) // one that cannot be read is never silent, as the worker has it
	silent := schedule.Silent(page.now)
	if !silent.IsZero() {
		say("silent", "Until", page.Whole(silent))
	}
	if row, err := p.Admin.Subscriptions.GetSubscription(ctx, d.Subscription); err == nil && row.Options.Digest != "" && d.Act == hub.ActSend {
		if rhythm, err := hub.ParseRhythm(row.Options.Digest); err == nil {
			say("digest", "Until", page.Whole(rhythm.Next(d.QueuedAt, schedule.Zone())))
		}
	}
	if n := len(history); n > 0 && history[n-1].RetryAt.After(page.now) {
		last := history[n-1]
		if last.Fault == hub.FaultRateLimited {
			say("pace", "Until", page.Whole(last.RetryAt))
		} else {
			say("retry", "Until", page.Whole(last.RetryAt))
		}
	}
	if len(why) == 0 {
		say("turn")
	}
	return why
}

// retry sends a delivery again that was given up.
func (p *Pane) retry(w http.ResponseWriter, r *http.Request) error {
	id := hub.NotificationID(r.PathValue("id"))
	d, err := p.Admin.RetryDead(r.Context(), id)
	if err != nil {
		return err
	}
	if !isPart(r) {
		http.Redirect(w, r, "/activity/deliveries/"+url.PathEscape(string(id)), http.StatusSeeOther)
		return nil
	}
	words := web.WordsOf(r)
	toast := Toast{Icon: "i-check", Text: words.Say("activity.retried", "Room", p.Admin.ChatName(r.Context(), d.Chat).Name)}
	if r.Header.Get("HX-Target") == "toasts" { // from a page of its own
		w.Header().Set("HX-Refresh", "true")
		return p.show(w, r, "toast", toast)
	}
	row := p.deliveryRow(r.Context(), words, p.clock(r, words), d, true)
	row.Change = true
	return p.show(w, r, "delivery-again", struct {
		Row   deliveryRow
		Toast Toast
	}{row, toast})
}

// mend is whose side a failure is on, and the step to mend it.
type mend struct {
	Side, Step string
	URL        string // where the step is done
}

func mendOf(words *web.Words, d *admin.DeadLetter, kind string) mend {
	fault := cmp.Or(d.Fault, hub.FaultTemporary)
	m := mend{
		Side: words.Say("activity.side."+string(fault), "System", d.System),
		Step: words.Say("activity.step."+string(fault), "System", d.System),
	}
	switch fault {
	case hub.FaultUnauthorized, hub.FaultTemporary, hub.FaultRateLimited:
		m.URL = "/systems#" + string(d.System)
	case hub.FaultChatGone:
		if kind == "console" {
			m.URL = "/console"
		} else {
			m.URL = "/systems#" + string(d.System)
		}
	}
	return m
}
