package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// retryDead sends one notification again that was given up.
func (s *Server) retryDead(w http.ResponseWriter, r *http.Request) error {
	id := hub.NotificationID(r.PathValue("id"))
	again, err := s.RetryDead(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/deliveries/"+string(id))
	return s.answer(w, r, http.StatusAccepted, again)
}

// RetryDead sends one notification again that was given up.
func (s *Server) RetryDead(ctx context.Context, id hub.NotificationID) (*hub.Delivery, error) {
	s.replays.Lock()
	defer s.replays.Unlock()
	log, err := s.Deliveries.FindDeliveries(ctx, []hub.NotificationID{id})
	if err != nil {
		return nil, err
	}
	d, err := s.Dead.DeadLetter(ctx, id)
	if hub.CodeOf(err) == hub.CodeNotFound && len(log) > 0 && log[0].Status != hub.StatusDead {
		return nil, notDead(id, log[0].Status)
	}
	if err != nil {
		return nil, err
	}
	k, err := s.known(ctx, []hub.DeadLetter{*d})
	if err != nil {
		return nil, err
	}
	switch status, last := k.standing(d); {
	case status == StatusSuperseded:
		return nil, k.superseded(d)
	case status != hub.StatusDead:
		return nil, notDead(id, status)
	case !last:
		return nil, hub.Errorf(hub.CodeNotFound, "the last dead letter about %s is not there any more: it cannot be sent again", id)
	}
	again, err := s.replay(ctx, []replay{k.replay(d)})
	if err != nil {
		return nil, err
	}
	s.Log.InfoContext(ctx, "dead letter sent again", "notification", id, "who", Who(ctx))
	s.record(ctx, hub.AuditEntry{
		System: again[0].System, Chat: again[0].Chat.ID, Action: "dead.retry", Outcome: hub.OutcomeOK, Message: strings.TrimSpace(string(id) + " " + again[0].Title),
	})
	return &again[0], nil
}

// notDead refuses to send again what is not given up.
func notDead(id hub.NotificationID, status hub.Status) error {
	switch status {
	case hub.StatusSent:
		return hub.Errorf(hub.CodeConflict, "notification %s was sent meanwhile; it is not sent again", id)
	case hub.StatusFailed:
		return hub.Errorf(hub.CodeConflict, "notification %s is not given up: another attempt follows by itself", id)
	}
	return hub.Errorf(hub.CodeConflict, "notification %s waits for its turn already", id)
}

// retryInput is the filter of a bulk, as GET /dead takes it, with how many it
// must be.
type retryInput struct {
	System       hub.System         `json:"system"`
	Chat         string             `json:"chat"`
	Source       hub.Source         `json:"source"`
	Subscription hub.SubscriptionID `json:"subscription"`
	Fault        hub.Fault          `json:"fault"`
	Text         string             `json:"text"`
	Since        string             `json:"since"`
	Until        string             `json:"until"`
	DryRun       bool               `json:"dry_run"`
	Count        *int               `json:"count"`
}

func (in retryInput) query() (hub.DeadQuery, error) {
	bad := map[string]string{}
	for field, value := range map[string]string{"since": in.Since, "until": in.Until} {
		if value != "" && timeProblem(value) != "" {
			bad[field] = timeProblem(value)
		}
	}
	if in.Fault != "" && !slices.Contains(hub.Faults(), in.Fault) {
		bad["fault"] = fmt.Sprintf("is %q: one of %v", in.Fault, words(hub.Faults()))
	}
	if problem := countProblem(in.DryRun, in.Count); problem != "" {
		bad["count"] = problem
	}
	if len(bad) > 0 {
		return hub.DeadQuery{}, invalid(bad)
	}
	return hub.DeadQuery{
		System: in.System, Chat: in.Chat, Source: in.Source, Subscription: in.Subscription, Fault: in.Fault, Text: in.Text,
		Since: timeOf(in.Since), Until: timeOf(in.Until),
	}, nil
}

// filterWords are a filter for people: "system=slack fault=rejected".
func filterWords(q hub.DeadQuery) string {
	var words []string
	for _, f := range [][2]string{
		{"system", string(q.System)},
		{"chat", q.Chat},
		{"source", string(q.Source)},
		{"subscription", string(q.Subscription)},
		{"fault", string(q.Fault)},
		{"text", q.Text},
		{"since", timeText(q.Since)},
		{"until", timeText(q.Until)},
	} {
		if f[1] != "" {
			words = append(words, f[0]+"="+f[1])
		}
	}
	return strings.Join(words, " ")
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// RetryCount is how many a bulk is or was, where they go, and how many the filter
// selects that are left out.
type RetryCount struct {
	Count      int         `json:"count"`
	Superseded int         `json:"superseded,omitempty"`
	Oldest     time.Time   `json:"oldest,omitzero"` // when it was queued at first
	Chats      []ChatCount `json:"chats,omitempty"` // the ten that get most
	More       int         `json:"more,omitempty"`  // chats
	Retry      string      `json:"retry,omitempty"` // names the bulk that was sent
}

// ChatCount is how many go to a chat.
type ChatCount struct {
	hub.Chat
	Count int `json:"count"`
}

// mostChats is how many chats a RetryCount names.
const mostChats = 10

func countOf(found []dead, superseded int) RetryCount {
	c := RetryCount{Count: len(found), Superseded: superseded}
	if len(found) > 0 {
		c.Oldest = found[0].queued
	}
	by := map[hub.Chat]int{}
	for _, d := range found {
		by[d.chat]++
	}
	for chat, n := range by {
		c.Chats = append(c.Chats, ChatCount{chat, n})
	}
	slices.SortFunc(c.Chats, func(a, b ChatCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.System, b.System), cmp.Compare(a.ID, b.ID))
	})
	if over := len(c.Chats) - mostChats; over > 0 {
		c.Chats, c.More = c.Chats[:mostChats], over
	}
	return c
}

// retryAllDead counts what a filter selects, or sends all of it again.
func (s *Server) retryAllDead(w http.ResponseWriter, r *http.Request) error {
	var in retryInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	q, err := in.query()
	if err != nil {
		return err
	}
	if in.DryRun {
		c, err := s.CountDead(r.Context(), q)
		if err != nil {
			return err
		}
		return s.answer(w, r, http.StatusOK, c)
	}
	c, err := s.RetryAllDead(r.Context(), q, *in.Count)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusAccepted, c)
}

// CountDead counts what a filter selects and was not sent since.
func (s *Server) CountDead(ctx context.Context, q hub.DeadQuery) (*RetryCount, error) {
	s.replays.Lock()
	defer s.replays.Unlock()
	found, superseded, err := s.stillDead(ctx, q)
	if err != nil {
		return nil, err
	}
	c := countOf(found, superseded)
	return &c, nil
}

// RetryAllDead sends all again that a filter selects and that was not sent since,
// if it is as many as count says.
func (s *Server) RetryAllDead(ctx context.Context, q hub.DeadQuery, count int) (*RetryCount, error) {
	s.replays.Lock()
	defer s.replays.Unlock()
	found, superseded, err := s.stillDead(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(found) != count {
		return nil, hub.Errorf(hub.CodeConflict, "the filter selects %d dead letters now, not %d; nothing is sent: look at them and ask again", len(found), count)
	}
	queued, err := s.replayAll(ctx, found)
	outcome := hub.OutcomeOK
	if err != nil {
		outcome = hub.OutcomeError
	}
	s.record(ctx, hub.AuditEntry{
		System: q.System, Chat: q.Chat, Action: "dead.retry", Line: filterWords(q), Outcome: outcome,
		Message: fmt.Sprintf("%d of %d dead letters sent again", queued, len(found)),
	})
	if err != nil {
		return nil, err
	}
	s.Log.InfoContext(ctx, "dead letters sent again", "count", len(found), "who", Who(ctx))
	c := countOf(found, superseded)
	if len(found) > 0 {
		c.Retry = s.retries.keep(found, s.Now())
	}
	return &c, nil
}

// dead is a letter that may be sent again. Of many thousands there is no room
// for more.
type dead struct {
	seq    uint64
	id     hub.NotificationID
	chat   hub.Chat
	queued time.Time // at first
}

// lookups is how many letters are looked up in the log, and queued, at once.
const lookups = 200

// stillDead lists what a query selects and was not sent since, each notification
// once, in the order in which they were queued; and counts what is superseded.
func (s *Server) stillDead(ctx context.Context, q hub.DeadQuery) (list []dead, superseded int, err error) {
	found, past := map[hub.NotificationID]dead{}, map[hub.NotificationID]bool{}
	var seqs []uint64
	var letters []hub.DeadLetter
	look := func() error {
		k, err := s.known(ctx, letters)
		if err != nil {
			return err
		}
		for i := range letters {
			n := &letters[i].Notification
			status, last := k.standing(&letters[i])
			if status == StatusSuperseded {
				past[n.ID] = true
			}
			if status != hub.StatusDead || !last {
				continue
			}
			d := dead{seq: seqs[i], id: n.ID, chat: n.Chat, queued: n.QueuedAt}
			if log := k.log[n.ID]; log != nil {
				d.queued = log.QueuedAt
			}
			found[n.ID] = d // the last letter counts
		}
		seqs, letters = seqs[:0], letters[:0]
		return nil
	}
	err = s.Dead.EachDead(ctx, q, func(seq uint64, d *hub.DeadLetter) error {
		if d.Notification.ID == "" { // it could not be read: there is nothing to send
			return nil
		}
		light := *d
		light.Notification.Message, light.Exchange = hub.Message{}, nil
		seqs, letters = append(seqs, seq), append(letters, light)
		if len(letters) < lookups {
			return nil
		}
		return look()
	})
	if err == nil {
		err = look()
	}
	if err != nil {
		return nil, 0, err
	}
	list = make([]dead, 0, len(found))
	for _, d := range found {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b dead) int { return cmp.Or(a.queued.Compare(b.queued), cmp.Compare(a.seq, b.seq)) })
	return list, len(past), nil
}

// replayAll sends letters again. What it could not is still dead, so that the
// same filter finds it the next time.
func (s *Server) replayAll(ctx context.Context, found []dead) (queued int, err error) {
	for some := range slices.Chunk(found, lookups) {
		rs, err := s.readReplays(ctx, some)
		if err == nil {
			_, err = s.replay(ctx, rs)
		}
		if err != nil {
			s.Log.WarnContext(ctx, "dead letters sent again in part", "count", queued, "of", len(found), "err", err)
			return queued, hub.Errorf(hub.CodeUnavailable, "%d of %d are queued again, then the hub could not go on; ask for the count of the rest", queued, len(found))
		}
		queued += len(rs)
	}
	return queued, nil
}

func (s *Server) readReplays(ctx context.Context, some []dead) ([]replay, error) {
	var letters []hub.DeadLetter
	for _, d := range some {
		letter, err := s.Dead.DeadAt(ctx, d.seq)
		if err != nil {
			return nil, err
		}
		if letter != nil { // else its time has come just now
			letters = append(letters, *letter)
		}
	}
	k, err := s.known(ctx, letters)
	if err != nil {
		return nil, err
	}
	var rs []replay
	for i := range letters {
		r := k.replay(&letters[i])
		if status, last := k.standing(r.letter); status == hub.StatusDead && last { // another hub may have been quicker
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// replay is a letter to send again with what the log knows of it, and with what
// its message says by now; both may be nil.
type replay struct {
	letter *hub.DeadLetter
	log    *hub.Delivery
	now    *hub.Message
}

func (k known) replay(d *hub.DeadLetter) replay {
	r := replay{letter: d, log: k.log[d.Notification.ID]}
	if a := k.newer(&d.Notification); a != nil {
		r.now = &a.Message
	}
	return r
}

// replay queues notifications again and notes that in the log. Each keeps its
// id: should it have been sent after all, its receipt tells the worker.
func (s *Server) replay(ctx context.Context, rs []replay) ([]hub.Delivery, error) {
	now := s.Now().UTC()
	ns := make([]hub.Notification, len(rs))
	ds := make([]hub.Delivery, len(rs))
	for i, r := range rs {
		n := r.letter.Notification
		n.Again++
		n.QueuedAt = now
		if r.now != nil {
			n.Message = *r.now
		}
		if !n.StaleAt.After(now) {
			n.StaleAt = time.Time{}
		}
		ns[i] = n
		ds[i] = hub.Delivery{
			ID: n.ID, Chat: n.Chat, Event: n.Event, EventType: n.EventType, Source: n.Source, Subscription: n.Subscription,
			Act: n.Act, Title: titleOf(&n), Again: n.Again, Status: hub.StatusQueued, QueuedAt: now, UpdatedAt: now,
		}
		if r.log != nil {
			ds[i].QueuedAt = r.log.QueuedAt // it keeps its place in the list
		}
	}
	if err := s.Dead.Notify(ctx, ns); err != nil {
		return nil, err
	}
	if err := s.Deliveries.RecordQueued(ctx, ds); err != nil {
		s.Log.WarnContext(ctx, "sent again but not in the delivery log until its outcome is", "count", len(ds), "err", err)
	}
	return ds, nil
}
