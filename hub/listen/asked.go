package listen

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// asked answers what a hub asks.
func (l *Listener) asked(ctx context.Context, what string, body []byte) []byte {
	var answer any
	switch what {
	case hub.AskCallback:
		answer = l.callback(ctx, body)
	case hub.AskAnswer:
		answer = l.answer(ctx, body)
	case hub.AskRuns:
		answer = l.runs(ctx, body)
	case hub.AskMenu:
		answer = l.menu(ctx, body)
	case hub.AskChats:
		answer = l.chats(ctx, body)
	case hub.AskInspect:
		answer = l.inspect(ctx, body)
	default:
		answer = hub.TakenOr(hub.Errorf(hub.CodeNotFound, "a worker cannot be asked for %q", what))
	}
	out, err := json.Marshal(answer)
	if err != nil {
		out, _ = json.Marshal(hub.TakenOr(err))
	}
	return out
}

// Callback is a request that a platform made to a hub.
type Callback struct {
	Path    string            `json:"path"`
	Request providers.Request `json:"request"`
}

func (l *Listener) callback(ctx context.Context, body []byte) providers.Response {
	var c Callback
	if err := json.Unmarshal(body, &c); err != nil {
		return providers.Response{Status: http.StatusBadRequest}
	}
	called, ok := providers.As[providers.Called](l.Provider)
	if !ok || !l.Provider.Describe().Can.Listens {
		return providers.Response{Status: http.StatusNotFound}
	}
	return called.Receive(ctx, c.Path, &c.Request, l.ear)
}

// How an answer is tried.
const (
	answerTries   = 4
	answerTimeout = 30 * time.Second
	answerWait    = time.Minute // at most, where the platform asks for it
)

// answer shows a reply. What fails for a while is tried again, here and now: a
// person waits for it.
func (l *Listener) answer(ctx context.Context, body []byte) hub.Shown {
	var a hub.Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return hub.Shown{Fault: hub.FaultRejected, Message: err.Error()}
	}
	answerer, ok := providers.As[providers.Answerer](l.Provider)
	if !ok {
		return hub.Shown{Fault: hub.FaultRejected, Message: "this system shows no answers"}
	}
	for try := 1; ; try++ {
		one, cancel := context.WithTimeout(ctx, answerTimeout)
		receipt, err := answerer.Answer(one, &a.Command, a.Reply)
		cancel()
		if err == nil {
			return hub.Shown{Receipt: receipt}
		}
		wait, again := answerAgain(err, try)
		if !again || !hub.Wait(ctx, wait) {
			l.Log.Warn("a reply could not be shown", "command", a.Command.Command.ID, "attempt", try, "err", err)
			return hub.Shown{Fault: providers.FaultOf(err), AfterMS: providers.AfterOf(err).Milliseconds(), Message: err.Error()}
		}
	}
}

// answerAgain says when a reply that could not be shown is tried again.
func answerAgain(err error, try int) (wait time.Duration, again bool) {
	switch providers.FaultOf(err) {
	case hub.FaultRateLimited:
		wait = max(providers.AfterOf(err), 100*time.Millisecond)
	case hub.FaultTemporary:
		wait = time.Second << try
	default:
		return 0, false
	}
	return wait, try < answerTries && wait <= answerWait
}

func (l *Listener) runs(ctx context.Context, body []byte) hub.Taken {
	var r hub.Runs
	if err := json.Unmarshal(body, &r); err != nil {
		return hub.TakenOr(hub.Errorf(hub.CodeInvalid, "%s", err))
	}
	ranker, ok := providers.As[providers.Ranker](l.Provider)
	if !ok {
		return hub.Taken{}
	}
	yes, err := ranker.RunsChat(ctx, hub.Chat{System: l.system, ID: r.Chat}, r.User)
	if err != nil {
		return hub.TakenOr(hub.Errorf(hub.CodeUnavailable, "%s", err))
	}
	return hub.Taken{Yes: yes}
}

// MenuPlace is where a hub leaves the list of its commands, for workers that
// start later: see bus.Place.
const MenuPlace = "menu"

// loadMenu sets the list that a hub has left.
func (l *Listener) loadMenu(ctx context.Context) {
	body, err := l.Bus.Place(ctx, "hub", MenuPlace)
	if err == nil && body != nil {
		err = l.menu(ctx, body).Err()
	}
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("the list of commands could not be set", "err", err)
	}
}

func (l *Listener) menu(ctx context.Context, body []byte) hub.Taken {
	var items []hub.MenuItem
	if err := json.Unmarshal(body, &items); err != nil {
		return hub.TakenOr(hub.Errorf(hub.CodeInvalid, "%s", err))
	}
	m, ok := providers.As[providers.Menu](l.Provider)
	if !ok {
		return hub.Taken{}
	}
	if err := m.SetMenu(ctx, items); err != nil {
		if errors.Is(err, context.Canceled) {
			return hub.TakenOr(hub.Errorf(hub.CodeUnavailable, "%s", err))
		}
		return hub.TakenOr(err)
	}
	return hub.Taken{Yes: true}
}
