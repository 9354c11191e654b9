package server

import (
	"context"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// logPace is how long the log gathers outcomes into one transaction, which
// costs the disk as much for one as for hundreds: the more rows it has, the more of
// them share a page of the index by id. It is shorter than a notification waits for its
// outcome to be written with it.
const logPace = 500 * time.Millisecond

// mostLogged is how many outcomes go into one transaction.
const mostLogged = 5_000

// keepLog carries what workers tell of messages into the delivery log. It reads
// the stream, so nothing told while the hub was away is missed.
func (s *Server) keepLog(ctx context.Context) error {
	pace := time.NewTicker(logPace)
	defer pace.Stop()
	var first uint64 // of the batch in hand
	done := 0        // how many outcomes of it are recorded: it comes again after an error
	handle := func(ctx context.Context, batch []bus.Received) error {
		if batch[0].Seq != first {
			first, done = batch[0].Seq, 0
		}
		lists := make([][]hub.Outcome, 0, len(batch))
		for _, r := range batch {
			all, err := hub.ParseOutcomes(r.Event.Data, bus.Decode)
			good := slices.DeleteFunc(all, func(o hub.Outcome) bool { return !told(&o) })
			if err != nil || len(good) < len(all) {
				s.Log.Error("an outcome on the bus cannot be read, it is passed over", "event", r.Event.ID, "err", err)
			}
			lists = append(lists, good)
		}
		outcomes := slices.Concat(lists...)
		for some := range slices.Chunk(outcomes[min(done, len(outcomes)):], mostLogged) {
			if err := s.record(ctx, some); err != nil {
				return err
			}
			done += len(some)
		}
		select {
		case <-pace.C: // meanwhile the next batch gathers
		case <-ctx.Done():
		}
		return nil
	}
	return s.bus.Follow(ctx, bus.Reader{Name: "delivery-log", Types: []string{"hub.message.>"}, Handle: handle})
}

// record writes outcomes together, or, where one of them cannot be stored, each
// alone: a worker's mistake must not hold up the log.
func (s *Server) record(ctx context.Context, outcomes []hub.Outcome) error {
	owed := s.router.Owed(outcomes)
	err := s.store.RecordOutcomes(ctx, outcomes, owed...)
	if err != nil {
		s.router.Owe(owed)
	} else {
		s.metrics.notifications.recorded(outcomes)
		s.flights.doubt(outcomes)
	}
	if hub.CodeOf(err) != hub.CodeInvalid {
		return err
	}
	for _, o := range outcomes {
		one := []hub.Outcome{o}
		switch err := s.store.RecordOutcomes(ctx, one); {
		case hub.CodeOf(err) == hub.CodeInvalid:
			s.Log.Error("an outcome cannot be stored, it is passed over", "notification", o.Notification, "err", err)
		case err != nil:
			return err
		default:
			s.metrics.notifications.recorded(one)
		}
	}
	return nil
}

// told reports whether an outcome says what it must: workers in other languages
// write them, too.
func told(o *hub.Outcome) bool {
	known := []hub.Status{hub.StatusFailed, hub.StatusSent, hub.StatusDead}
	return o.Notification != "" && slices.Contains(known, o.Status)
}

// housekeep deletes what is past its time, at the start and each hour.
func (s *Server) housekeep(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		s.prune(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Server) prune(ctx context.Context) {
	if err := s.store.PruneSessions(ctx, time.Now()); err != nil && ctx.Err() == nil {
		s.Log.Warn("expired sessions could not be deleted, will try again", "err", err)
	}
	if err := s.store.PruneTries(ctx, time.Now().Add(-24*time.Hour), 20_000); err != nil && ctx.Err() == nil {
		s.Log.Warn("old tries to sign in could not be deleted, will try again", "err", err)
	}
	delivered, audited := s.Config.Deliver.Retention, s.Config.Admin.AuditRetention
	for _, p := range []struct {
		what  string
		keep  time.Duration // 0: for ever
		prune func(context.Context, time.Time) (int64, error)
	}{
		{"audit log", audited, s.store.PruneAudit},
		{"deliveries", delivered, s.store.PruneDeliveries},
		{"decisions", delivered, s.store.PruneTraces},
		{"figures", hub.KeepFigureHours, s.pruneFigures},
		{"announcements", delivered, s.store.PruneAnnouncements},
	} {
		if p.keep == 0 {
			continue
		}
		n, err := p.prune(ctx, time.Now().Add(-p.keep))
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("what is past its time could not be deleted, will try again", "what", p.what, "err", err)
		} else if n > 0 {
			s.Log.Info("what was past its time is deleted", "what", p.what, "rows", n)
		}
	}
}

// pruneFigures deletes hours of before a time, and days that are as old as days
// may grow by now.
func (s *Server) pruneFigures(ctx context.Context, hours time.Time) (int64, error) {
	return s.store.PruneFigures(ctx, hours, hours.Add(hub.KeepFigureHours-hub.KeepFigureDays))
}
