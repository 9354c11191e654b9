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
	s.replays.Lock()
	defer s.replays.Unlock()
	id := hub.NotificationID(r.PathValue("id"))
	log, err := s.Deliveries.FindDeliveries(r.Context(), []hub.NotificationID{id})
	if err != nil {
		return err
	}
	d, err := s.Dead.DeadLetter(r.Context(), id)
	if hub.CodeOf(err) == hub.CodeNotFound && len(log) > 0 && log[0].Status != hub.StatusDead {
		return notDead(id, log[0].Status)
	}
	if err != nil {
		return err
	}
	k, err := s.known(r.Context(), []hub.DeadLetter{*d})
	if err != nil {
		return err
	}
	switch status, last := k.standing(d); {
	case status == statusSuperseded:
		return k.superseded(d)
	case status != hub.StatusDead:
		return notDead(id, status)
	case !last:
		return hub.Errorf(hub.CodeNotFound, "the last dead letter about %s is not there any more: it cannot be sent again", id)
	}
	again, err := s.replay(r.Context(), []replay{k.replay(d)})
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "dead letter sent again", "notification", id, "who", Who(r.Context()))
	s.record(r.Context(), hub.AuditEntry{
		System: again[0].System, Chat: again[0].Chat.ID, Action: "dead.retry", Outcome: hub.OutcomeOK, Message: strings.TrimSpace(string(id) + " " + again[0].Title),
	})
	w.Header().Set("Location", prefix+"/deliveries/"+string(id))
	return s.answer(w, r, http.StatusAccepted, again[0])
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
	switch {
	case in.DryRun && in.Count != nil:
		bad["count"] = "is what dry_run asks for: leave one of them out"
	case !in.DryRun && in.Count == nil:
		bad["count"] = "is required: ask for it with dry_run, and send it back, so that no more is sent than you have seen"
	}
	if len(bad) > 0 {
		return hub.DeadQuery{}, invalid(bad)
	}
	return hub.DeadQuery{
		System: in.System, Chat: in.Chat, Source: in.Source, Subscription: in.Subscription, Fault: in.Fault, Text: in.Text,
		Since: timeOf(in.Since), Until: timeOf(in.Until),
	}, nil
}

// words are the filter for people: "system=slack fault=rejected".
func (in retryInput) words() string {
	var words []string
	for _, f := range [][2]string{
		{"system", string(in.System)},
		{"chat", in.Chat},
		{"source", string(in.Source)},
		{"subscription", string(in.Subscription)},
		{"fault", string(in.Fault)},
		{"text", in.Text},
		{"since", in.Since},
		{"until", in.Until},
	} {
		if f[1] != "" {
			words = append(words, f[0]+"="+f[1])
		}
	}
	return strings.Join(words, " ")
}

// retryCount is how many a bulk is or was, and how many the filter selects that
// are left out.
type retryCount struct {
	Count      int `json:"count"`
	Superseded int `json:"superseded,omitempty"`
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
	s.replays.Lock()
	defer s.replays.Unlock()
	found, superseded, err := s.stillDead(r.Context(), q)
	if err != nil {
		return err
	}
	if in.DryRun {
		return s.answer(w, r, http.StatusOK, retryCount{len(found), superseded})
	}
	if len(found) != *in.Count {
		return hub.Errorf(hub.CodeConflict, "the filter selects %d dead letters now, not %d; nothing is sent: look at them and ask again", len(found), *in.Count)
	}
	queued, err := s.replayAll(r.Context(), found)
	outcome := hub.OutcomeOK
	if err != nil {
		outcome = hub.OutcomeError
	}
	s.record(r.Context(), hub.AuditEntry{
		System: in.System, Chat: in.Chat, Action: "dead.retry", Line: in.words(), Outcome: outcome,
		Message: fmt.Sprintf("%d of %d dead letters sent again", queued, len(found)),
	})
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "dead letters sent again", "count", len(found), "who", Who(r.Context()))
	return s.answer(w, r, http.StatusAccepted, retryCount{len(found), superseded})
}

// dead is a letter that may be sent again. Of many thousands there is no room
// for more.
type dead struct {
	seq    uint64
	id     hub.NotificationID
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
			if status == statusSuperseded {
				past[n.ID] = true
			}
			if status != hub.StatusDead || !last {
				continue
			}
			d := dead{seq: seqs[i], id: n.ID, queued: n.QueuedAt}
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
