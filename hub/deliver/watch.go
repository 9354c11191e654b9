package deliver

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// announceEvery is how often a worker says that it lives, and how the system is;
// what the bus keeps of it fades after a minute.
const announceEvery = 15 * time.Second

// longestProbe is the longest time for which a paused system is left alone.
const longestProbe = 5 * time.Minute

// watch proves the credentials at the start and, while the system is paused, at
// growing intervals; and tells the bus how the system is.
func (w *Worker) watch(ctx context.Context) {
	check := time.NewTimer(0)
	defer check.Stop()
	announce := time.NewTicker(announceEvery)
	defer announce.Stop()
	pauseFor := w.Probe
	was := false // paused
	for {
		select {
		case <-ctx.Done():
			return
		case <-check.C:
			w.prove(ctx)
			if w.health.paused() {
				check.Reset(pauseFor)
				pauseFor = min(2*pauseFor, longestProbe)
			}
		case <-w.now:
			check.Reset(0)
			pauseFor = w.Probe
		case <-w.health.changed:
			if now := w.health.paused(); now != was {
				was = now
				if pauseFor = w.Probe; now {
					check.Reset(pauseFor)
				}
			}
			w.announce(ctx)
		case <-announce.C:
			w.announce(ctx)
		}
	}
}

// Status is how this worker finds the system.
func (w *Worker) Status() hub.SystemStatus {
	state, reason := w.health.state()
	d := w.Provider.Describe()
	s := hub.SystemStatus{System: w.system, Kind: d.Kind, Features: d.Can, State: state, Reason: reason, PausedChats: w.health.pausedChats(), Held: w.held.Load(), Hold: w.health.lasting()}
	if named, ok := providers.As[providers.Named](w.Provider); ok {
		s.Account = named.Account()
	}
	if at := w.sentAt.Load(); at != 0 {
		s.LastSentAt = time.UnixMilli(at).UTC()
	}
	return s
}

func (w *Worker) announce(ctx context.Context) {
	if err := w.Bus.Announce(ctx, w.owner, w.Status()); err != nil && ctx.Err() == nil {
		w.Log.Warn("the state of the system could not be told to the hub", "system", w.system, "err", err)
	}
}

// bow says goodbye. Without it what this worker said is believed for a minute.
func (w *Worker) bow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := w.Bus.Leave(ctx, w.owner, w.Status()); err != nil {
		w.Log.Warn("the hub could not be told that a worker stops", "system", w.system, "err", err)
	}
}

// prove tries the credentials and pauses or resumes the system.
func (w *Worker) prove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	err := w.Provider.Check(ctx)
	switch {
	case err == nil:
		w.health.answers()
	case providers.FaultOf(err) == hub.FaultUnauthorized:
		w.Log.Error("the platform refuses our credentials: the system is paused, its messages wait", "system", w.system, "err", err)
		w.health.pause(err.Error())
	case w.health.paused(): // it does not answer: watch asks again
	default: // it does not answer now; each message finds out for itself
		w.health.resume()
		w.Log.Warn("the platform did not answer the check of our credentials", "system", w.system, "err", err)
	}
}
