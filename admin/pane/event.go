package pane

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// eventPage is the data of event.html and of its part in the list.
type eventPage struct {
	Frame
	Row     eventRow
	Came    template.HTML
	Steps   []step
	Nearest []nearRow
	Trace   *hub.Trace
	Sent    []deliveryRow
	More    string        // address of all its deliveries, if there are more
	Payload template.HTML // empty: the event is not there any more
	Size    int
	Gone    bool
	Replays bool // it can be held against the rules again
	Pending bool // there is more to come: the page asks again
	Alone   bool // it is a page of its own, no part of a list
	Of      hub.EventID
}

// step is a line of the decision.
type step struct {
	Pin, Icon string
	After     string // "+38 ms"
	Says      string
	Lines     []string
	Chats     []chatLine
}

// chatLine is what a chat got, and which row decided.
type chatLine struct {
	Mode             hub.Mode
	Kind, Room, Says string
	System           string
	Row              string // in the text form
	Subscription     hub.SubscriptionID
	Notification     hub.NotificationID
}

// nearRow is a row that came near.
type nearRow struct {
	hub.RowVerdict
	Kind, Room string
}

// mostSent is how many of an event's deliveries its page shows.
const mostSent = 20

func (p *Pane) event(w http.ResponseWriter, r *http.Request) error {
	page, err := p.eventPage(r, hub.EventID(r.PathValue("id")))
	if err != nil {
		return err
	}
	page.Alone = !isPart(r) || r.URL.Query().Has("alone")
	if !page.Alone {
		return p.show(w, r, "event-part", page)
	}
	return p.show(w, r, "pane/event.html", page)
}

func (p *Pane) eventPage(r *http.Request, id hub.EventID) (*eventPage, error) {
	ctx := r.Context()
	page := &eventPage{Frame: p.frame(r, "activity", "activity.event")}
	e, err := p.Admin.FindEvent(ctx, id)
	if hub.CodeOf(err) == hub.CodeNotFound {
		if e, err = p.remembered(ctx, id, err); e != nil {
			page.Gone = true
		}
	}
	if err != nil {
		return nil, err
	}
	told, err := p.Admin.Tell(ctx, *e)
	if err != nil {
		return nil, err
	}
	h := &told[0]
	page.Row, page.Trace = p.eventRow(ctx, page.Words, page.Clock, h), h.Trace
	page.Pending = isOpen(h, page.now) || page.Row.State == string(admin.OutcomeQueued) || page.Row.State == string(admin.OutcomeFailed)
	page.Came = page.Ago(cameAt(e))
	if !page.Gone {
		page.Size = len(e.Data)
		whole, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		page.Payload = codeOf(page.Words, whole)
	}
	page.Of = e.ReplyTo
	page.Replays = page.MayEdit() && !page.Gone && isRouted(e.Type)
	if page.Steps, err = p.steps(ctx, page, e, h); err != nil {
		return nil, err
	}
	if h.Trace != nil {
		if page.Nearest, err = p.nearest(ctx, h.Trace.Nearest); err != nil {
			return nil, err
		}
	}
	return page, p.sentOf(ctx, page, id)
}

// remembered is an event of which only the decision is kept.
func (p *Pane) remembered(ctx context.Context, id hub.EventID, gone error) (*hub.Event, error) {
	t, err := p.Admin.Trace(ctx, id)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, gone
	}
	return &hub.Event{ID: id, Source: t.Source, Type: t.Type, ReceivedTime: t.At}, nil
}

func (p *Pane) sentOf(ctx context.Context, page *eventPage, id hub.EventID) error {
	sent, next, err := p.Admin.Deliveries.ListDeliveries(ctx, hub.DeliveryQuery{Event: id, Page: hub.Page{Limit: mostSent}})
	if err != nil {
		return err
	}
	for i := range sent {
		page.Sent = append(page.Sent, p.deliveryRow(ctx, page.Words, page.Clock, &sent[i], page.MayEdit()))
	}
	if next != "" {
		page.More = "/api/v1/deliveries?event=" + url.QueryEscape(string(id))
	}
	return nil
}

func (p *Pane) nearest(ctx context.Context, verdicts []hub.RowVerdict) (rows []nearRow, err error) {
	named, err := p.Admin.NamedRows(ctx, verdicts)
	for _, v := range named {
		room := p.Admin.ChatName(ctx, v.Chat)
		rows = append(rows, nearRow{v, room.Kind, room.Name})
	}
	return rows, err
}

// steps are what happened to an event, in time.
func (p *Pane) steps(ctx context.Context, page *eventPage, e *hub.Event, h *admin.Happening) ([]step, error) {
	came := cameAt(e)
	list := []step{{Pin: "ok", Icon: "i-check", After: after(0), Says: page.Say("activity.step.received", "Source", e.Source), Lines: []string{string(e.Type)}}}
	t := h.Trace
	if t == nil {
		if h.Fate.Total() == 0 {
			list = append(list, step{Pin: "", Icon: "i-minus", Says: page.Say("activity.step.noTrace")})
		}
		return append(list, p.ending(page, h)...), nil
	}
	at := after(t.At.Sub(came))
	if len(t.Notes) > 0 {
		list = append(list, step{Pin: "ok", Icon: "i-eye", After: at, Says: page.Say("activity.step.noticed"), Lines: t.Notes})
	}
	s := step{Pin: "brass", Icon: "i-rules", After: at}
	switch t.Verdict {
	case hub.VerdictDropped:
		s.Pin, s.Icon, s.Says, s.Lines = "bad", "i-lock", page.Say("activity.step.dropped"), []string{t.Why}
	case hub.VerdictNobody:
		s.Pin, s.Icon, s.Says = "", "i-minus", page.Say("activity.step.nobody", "Count", t.Rows)
	case hub.VerdictWaiting:
		s.Pin, s.Icon, s.Says, s.Lines = "wait", "i-clock", page.Say("activity.step.waits"), []string{t.Why}
	case hub.VerdictLearned:
		s.Pin, s.Icon, s.Says, s.Lines = "ok", "i-book", page.Say("activity.step.learned"), []string{t.Why}
	default:
		s.Says = page.Say("activity.step.decided", "Count", len(t.Chats)+t.More, "Rows", t.Rows)
	}
	var err error
	if s.Chats, err = p.chatLines(ctx, page, t.Chats); err != nil {
		return nil, err
	}
	if t.More > 0 {
		s.Lines = append(s.Lines, page.Say("activity.step.more", "Count", t.More))
	}
	return append(append(list, s), p.ending(page, h)...), nil
}

// ending says how the messages stand.
func (p *Pane) ending(page *eventPage, h *admin.Happening) []step {
	if h.Fate.Total() == 0 {
		return nil
	}
	pin := map[string]string{"sent": "ok", "queued": "wait", "failed": "bad", "dead": "bad"}[page.Row.State]
	return []step{{Pin: pin, Icon: page.Row.Icon, Says: page.Row.Says}}
}

func (p *Pane) chatLines(ctx context.Context, page *eventPage, chats []hub.TraceChat) (lines []chatLine, err error) {
	var ids []hub.SubscriptionID
	for _, c := range chats {
		ids = append(ids, c.Subscription)
	}
	texts, err := p.Admin.RowTexts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, c := range chats {
		room := p.Admin.ChatName(ctx, c.Chat)
		l := chatLine{
			Mode: c.Mode, Kind: room.Kind, System: string(c.System), Room: room.Name, Says: page.Say("activity.result." + c.Result),
			Row: texts[c.Subscription], Subscription: c.Subscription, Notification: c.Notification,
		}
		if !c.At.IsZero() {
			l.Says = page.Say("activity.result.waitsUntil", "Until", page.Whole(c.At))
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// after is how long after an event came something was done: "+38 ms".
func after(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 ms"
	case d < time.Second:
		return "+" + took(d.Milliseconds())
	case d < time.Minute:
		return "+" + strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return "+" + d.Round(time.Second).String()
}
