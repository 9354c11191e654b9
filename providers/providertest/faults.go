package providertest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"

// commonFaults are what any platform behind any proxy may answer.
func commonFaults() []FaultCase {
	header := http.Header{"Content-Type": {"application/json"}}
	return []FaultCase{
		{Name: "500", Step: Step{Status: 500}, Want: hub.FaultTemporary},
		{Name: "502 of a proxy", Step: Step{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: gatewayPage}, Want: hub.FaultTemporary},
		{Name: "503", Step: Step{Status: 503, Header: header, Body: `{}`}, Want: hub.FaultTemporary},
		{Name: "connection dropped", Step: Step{Close: true}, Want: hub.FaultTemporary},
		{Name: "answer lost", Step: Step{Close: true, AfterAccept: true}, Want: hub.FaultTemporary},
		{Name: "half an answer", Step: Step{Status: 200, Header: header, Body: `{"ok":tru`}, Want: hub.FaultTemporary},
		{Name: "no answer", Step: Step{Status: 200, Header: header}, Want: hub.FaultTemporary},
		{Name: "page instead of an answer", Step: Step{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: gatewayPage}, Want: hub.FaultTemporary},
	}
}

func (c Case) allFaults() []FaultCase {
	if c.Local {
		return c.Faults
	}
	return append(commonFaults(), c.Faults...)
}

func (c Case) faults(t *testing.T) {
	for _, f := range c.allFaults() {
		t.Run(f.Name, func(t *testing.T) { c.fault(t, f) })
	}
	if !c.Local {
		t.Run("nobody there", c.nobodyThere)
	}
}

func (c Case) fault(t *testing.T, f FaultCase) {
	b := c.open(t)
	b.platform.Script(f.Step)
	receipt, err := b.send(t, b.post("fault", text("hello")))
	require.Empty(t, receipt.Ref)
	e := requireError(t, err, f.Want)
	require.Equal(t, f.After, e.After)
	accepted := 0
	if f.Step.AfterAccept {
		accepted = 1
	}
	require.Len(t, b.platform.Sent(), accepted, "a provider makes one attempt: retrying is package deliver's")
	b.mustSend(t, "next", text("the next one goes through"))
}

func requireError(t *testing.T, err error, want hub.Fault) *providers.Error {
	t.Helper()
	require.Error(t, err)
	e, ok := errors.AsType[*providers.Error](err)
	require.True(t, ok, "every error is a *providers.Error, this is a %T: %v", err, err)
	require.NotEmpty(t, e.Op, "which call was it?")
	require.NotEmpty(t, e.Err, "%s: what happened?", e.Op)
	require.Equal(t, want, e.Fault, "%v", err)
	return e
}

// nobodyThere sends to a port that nobody listens on.
func (c Case) nobodyThere(t *testing.T) {
	p := c.Open(t, closedURL(c.Platform(t)))
	to := hub.Chat{System: p.Describe().ID, ID: c.Chat}
	_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: to, Message: text("hello")})
	requireError(t, err, hub.FaultTemporary)
	require.Error(t, p.Check(t.Context()))
}

// cancel is what happens when Bellhop stops in the middle of a send.
func (c Case) cancel(t *testing.T) {
	c.cancels(t, func(_ *testing.T, b *bench) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := b.Send(ctx, b.post("cancelled", text("hello")))
			return err
		}
	})
}

// cancels cancels the call that prepare makes on a new bench, at every point
// where it may be.
func (c Case) cancels(t *testing.T, prepare func(*testing.T, *bench) func(context.Context) error) {
	cancelled := func(step Step) func(*testing.T) {
		return func(t *testing.T) {
			b := c.open(t)
			b.cancelled(t, step, prepare(t, b))
		}
	}
	if !c.Local {
		t.Run("no answer comes", cancelled(Step{Hang: true}))
		t.Run("an answer stops halfway", cancelled(Step{Hang: true, Status: 200, Body: `{"ok":`}))
	}
	t.Run("before the call", func(t *testing.T) {
		b := c.open(t)
		call := prepare(t, b)
		before := b.platform.Sent()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := call(ctx)
		requireError(t, err, hub.FaultTemporary)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, before, b.platform.Sent())
	})
}

func (b *bench) cancelled(t *testing.T, step Step, call func(context.Context) error) {
	reached := make(chan struct{})
	step.reached = sync.OnceFunc(func() { close(reached) })
	b.platform.Script(step)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- call(ctx) }()
	select {
	case <-reached:
	case err := <-ended:
		t.Fatalf("the call ended before the platform answered: %v", err)
	case <-time.After(patience):
		t.Fatal("the scripted step was never played: does the look-alike call Next and Answer?")
	}
	cancel()
	select {
	case err := <-ended:
		requireError(t, err, hub.FaultTemporary)
	case <-time.After(2 * time.Second):
		t.Fatal("still at it two seconds after the cancel")
	}
}
