package listen_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/providers"
)

// parrot is a provider that listens and does what the test says.
type parrot struct {
	listening chan providers.Ear // told each time it begins
	stopped   chan struct{}      // and each time it ends
	broken    chan error         // ends Listen
	answered  chan hub.Answer
	fail      atomic.Pointer[error] // of Answer, once
	menu      chan []hub.MenuItem
}

func newParrot() *parrot {
	return &parrot{
		listening: make(chan providers.Ear, 10), stopped: make(chan struct{}, 10), broken: make(chan error),
		answered: make(chan hub.Answer, 10), menu: make(chan []hub.MenuItem, 1),
	}
}

func (p *parrot) Describe() providers.Description {
	return providers.Description{Kind: "parrot", ID: "parrot", Can: hub.Features{Listens: true}}
}
func (p *parrot) Check(context.Context) error { return nil }
func (p *parrot) Send(context.Context, providers.Post) (hub.Receipt, error) {
	return hub.Receipt{}, errors.New("it does not send")
}

func (p *parrot) Listen(ctx context.Context, ear providers.Ear) error {
	p.listening <- ear
	defer func() { p.stopped <- struct{}{} }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.broken:
		return err
	}
}

func (p *parrot) Receive(ctx context.Context, path string, r *providers.Request, ear providers.Ear) providers.Response {
	if r.Header.Get("X-Secret") != "s" {
		return providers.Response{Status: http.StatusUnauthorized}
	}
	reply, _ := ear.Do(ctx, &hub.Command{Command: hub.Call{ID: "c1", Raw: string(r.Body)}})
	body, _ := json.Marshal(reply)
	return providers.Response{Status: http.StatusOK, Header: http.Header{"X-Path": {path}}, Body: body}
}

func (p *parrot) Answer(_ context.Context, c *hub.Command, r hub.Reply) (hub.Receipt, error) {
	if err := p.fail.Swap(nil); err != nil {
		return hub.Receipt{}, *err
	}
	p.answered <- hub.Answer{Command: *c, Reply: r}
	return hub.Receipt{Ref: "r1"}, nil
}

func (p *parrot) RunsChat(_ context.Context, chat hub.Chat, user string) (bool, error) {
	if user == "nobody" {
		return false, errors.New("the platform is away")
	}
	return chat == hub.Chat{System: "parrot", ID: "C1"} && user == "anna", nil
}

func (p *parrot) SetMenu(_ context.Context, items []hub.MenuItem) error {
	p.menu <- items
	return nil
}

func open(t *testing.T) *bus.Bus {
	t.Helper()
	b, err := bus.Open(context.Background(), bus.Config{Dir: t.TempDir(), Partitions: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// start runs a listener until stop is called.
func start(t *testing.T, b *bus.Bus, p providers.Provider) (l *listen.Listener, stop func()) {
	t.Helper()
	l = listen.New(listen.Config{Bus: b, Provider: p, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return l, stop
}

func wait[T any](t *testing.T, from chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		require.FailNow(t, "nothing came in 20 s")
		panic("not reached")
	}
}

func TestOneListens(t *testing.T) {
	t.Parallel()
	b := open(t)
	one, two := newParrot(), newParrot()
	_, stop := start(t, b, one)
	wait(t, one.listening)
	_, stopTwo := start(t, b, two)
	_, err := b.AskSystem(t.Context(), "parrot", hub.AskRuns, []byte(`{}`)) // two is there by now, or soon
	require.NoError(t, err)
	require.Empty(t, two.listening)
	stop()
	wait(t, one.stopped)
	wait(t, two.listening)
	stopTwo()
	wait(t, two.stopped)

	// One that has vanished is not waited for longer than its lease.
	_, ok, err := b.Leases().Swap(t.Context(), bus.BucketKey("listen", "parrot"), []byte("a vanished one"), 0)
	require.NoError(t, err)
	require.True(t, ok)
	three := newParrot()
	start(t, b, three)
	wait(t, three.listening)
}

// TestALostLease ends the listening of whoever has lost the right to it.
func TestALostLease(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := newParrot()
	start(t, b, p)
	wait(t, p.listening)
	require.NoError(t, b.Leases().Put(t.Context(), bus.BucketKey("listen", "parrot"), []byte("another")))
	wait(t, p.stopped)
	wait(t, p.listening) // when the other's lease has ended
}

func TestAProviderThatCannotListen(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := newParrot()
	l, _ := start(t, b, p)
	wait(t, p.listening)
	require.Empty(t, l.Trouble())
	p.broken <- errors.New("the token was refused: see providers.parrot.token")
	wait(t, p.stopped)
	require.Eventually(t, func() bool { return l.Trouble() != "" }, 10*time.Second, time.Millisecond)
	require.Contains(t, l.Trouble(), "providers.parrot.token")
	wait(t, p.listening) // it is tried again
	require.Eventually(t, func() bool { return l.Trouble() == "" }, 10*time.Second, time.Millisecond)
}

func said(t *testing.T, id string, c hub.Chatter) *hub.Event {
	t.Helper()
	data, err := json.Marshal(c)
	require.NoError(t, err)
	return &hub.Event{ID: hub.ChatterEvent("parrot", id), Type: hub.ChatMessagePosted, Data: data}
}

func TestHear(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := newParrot()
	start(t, b, p)
	ear := wait(t, p.listening)
	room := hub.Channel{ID: "C1"}
	anna := hub.User{ID: "anna"}

	// What is no word of a person needs no hub.
	require.NoError(t, ear.Hear(t.Context(), said(t, "0", hub.Chatter{From: hub.User{ID: "robot", Bot: true}, Room: room, Text: "beep", ForUs: true})))
	require.NoError(t, ear.Hear(t.Context(), &hub.Event{ID: "x", Type: hub.ChatMemberJoined, Data: json.RawMessage(`{"from":{"id":"anna"},"room":{"id":"C1"}}`)}))

	heard := make(chan hub.Heard, 10)
	told := make(chan error, 1)
	go func() {
		told <- ear.Hear(context.Background(), said(t, "1", hub.Chatter{From: anna, Room: room, Ref: "m1", Thread: "m0", Text: "!parrot help", Line: "help", ForUs: true}))
	}()
	require.Eventually(t, func() bool {
		_, err := b.Event(t.Context(), hub.ChatterEvent("parrot", "1"))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.Empty(t, told, "it waits for a hub")
	stop, err := b.ServeHub(func(_ context.Context, what string, body []byte) []byte {
		var h hub.Heard
		if err := json.Unmarshal(body, &h); err != nil || what != hub.AskHeard {
			return []byte(`{"code":"invalid","message":"what?"}`)
		}
		heard <- h
		return []byte(`{}`)
	})
	require.NoError(t, err)
	defer stop()
	require.NoError(t, wait(t, told))
	h := wait(t, heard)
	require.Equal(t, "help", h.Command.Command.Raw)
	require.Equal(t, "!parrot help", h.Text)
	require.True(t, h.ForUs)
	require.Equal(t, hub.CommandContext{
		Source: hub.CommandSource{ID: hub.FromMessage}, System: "parrot", User: anna, Channel: room, Post: "m1", RootPost: "m0", Event: hub.ChatterEvent("parrot", "1"),
	}, h.Command.Context)
	e, err := b.Event(t.Context(), hub.ChatterEvent("parrot", "1"))
	require.NoError(t, err)
	require.EqualValues(t, "parrot", e.Event.Source)
	require.False(t, e.Event.ReceivedTime.IsZero())

	// Any message may be an answer; a reaction may choose something.
	require.NoError(t, ear.Hear(t.Context(), said(t, "2", hub.Chatter{From: anna, Room: room, Text: "tomorrow"})))
	h = wait(t, heard)
	require.Equal(t, "tomorrow", h.Command.Command.Raw)
	require.False(t, h.ForUs)
	reaction := said(t, "3", hub.Chatter{From: anna, Room: room, Ref: "m9", Reaction: hub.Keycap(1)})
	reaction.Type = hub.ChatReactionAdded
	require.NoError(t, ear.Hear(t.Context(), reaction))
	h = wait(t, heard)
	require.Equal(t, hub.FromReaction, h.Command.Context.Source.ID)
	require.Equal(t, hub.Keycap(1), h.Command.Command.Encoded.Get(hub.ChosenValue))
	require.EqualValues(t, "m9", h.Command.Context.Post)

	// What is told again is stored once, and the hub finds out for itself.
	again := said(t, "2", hub.Chatter{From: anna, Room: room, Text: "tomorrow"})
	require.NoError(t, ear.Hear(t.Context(), again))
	require.Equal(t, h.Command.Context.User, wait(t, heard).Command.Context.User)
	// What no bus would ever take is left out.
	require.NoError(t, ear.Hear(t.Context(), &hub.Event{ID: "y", Type: "nonsense"}))

	place, err := ear.Place(t.Context(), "since")
	require.NoError(t, err)
	require.Nil(t, place)
	require.NoError(t, ear.SetPlace(t.Context(), "since", []byte("s1")))
	place, err = ear.Place(t.Context(), "since")
	require.NoError(t, err)
	require.Equal(t, "s1", string(place))
}

func TestDoWithoutAHub(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := newParrot()
	start(t, b, p)
	r, later := wait(t, p.listening).Do(t.Context(), &hub.Command{Command: hub.Call{ID: "c1"}})
	require.False(t, later)
	require.Contains(t, r.Error.Text, "hub is away")
}

func TestAsked(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := newParrot()
	start(t, b, p)
	wait(t, p.listening)
	stop, err := b.ServeHub(func(_ context.Context, _ string, body []byte) []byte {
		var c hub.Command
		if json.Unmarshal(body, &c) != nil || c.Context.System != "parrot" {
			return nil
		}
		out, _ := json.Marshal(hub.Done{Reply: hub.Say("%s", c.Command.Raw)})
		return out
	})
	require.NoError(t, err)
	defer stop()
	ask := func(what string, in, out any) {
		t.Helper()
		body, err := json.Marshal(in)
		require.NoError(t, err)
		answer, err := b.AskSystem(t.Context(), "parrot", what, body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(answer, out), "%s", answer)
	}
	var response providers.Response
	request := providers.Request{Method: "POST", Header: http.Header{"X-Secret": {"s"}}, Body: []byte("hello")}
	ask(hub.AskCallback, listen.Callback{Path: "events", Request: request}, &response)
	require.Equal(t, http.StatusOK, response.Status)
	require.Equal(t, "events", response.Header.Get("X-Path"))
	require.JSONEq(t, `{"ok":{"text":"hello"}}`, string(response.Body))
	request.Header = nil
	ask(hub.AskCallback, listen.Callback{Path: "events", Request: request}, &response)
	require.Equal(t, http.StatusUnauthorized, response.Status)

	for _, err := range []error{nil, &providers.Error{Fault: hub.FaultRateLimited, Op: "answer", After: 10 * time.Millisecond, Err: errors.New("slower")}} {
		if err != nil {
			p.fail.Store(&err)
		}
		var shown hub.Shown
		ask(hub.AskAnswer, hub.Answer{Reply: hub.Say("done")}, &shown)
		require.EqualValues(t, "r1", shown.Receipt.Ref)
		require.Equal(t, "done", wait(t, p.answered).Reply.OK.Text)
	}
	refused := error(&providers.Error{Fault: hub.FaultRejected, Op: "answer", Err: errors.New("not so")})
	p.fail.Store(&refused)
	var shown hub.Shown
	ask(hub.AskAnswer, hub.Answer{Reply: hub.Say("done")}, &shown)
	require.Equal(t, hub.FaultRejected, shown.Fault)
	require.Contains(t, shown.Message, "not so")

	var taken hub.Taken
	ask(hub.AskRuns, hub.Runs{Chat: "C1", User: "anna"}, &taken)
	require.True(t, taken.Yes)
	ask(hub.AskRuns, hub.Runs{Chat: "C1", User: "nobody"}, &taken)
	require.Equal(t, hub.CodeUnavailable, hub.CodeOf(taken.Err()))
	ask(hub.AskMenu, []hub.MenuItem{{Name: "watch"}}, &taken)
	require.Equal(t, []hub.MenuItem{{Name: "watch"}}, wait(t, p.menu))
	var listed listen.Listed
	ask(hub.AskChats, hub.ChatQuery{Text: "x"}, &listed)
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(listed.Err()), "it lists none, and says so")
	var inspected hub.Inspected
	ask(hub.AskInspect, hub.Chat{ID: "C1"}, &inspected)
	require.Equal(t, hub.FaultRejected, inspected.Fault, "it inspects none")
	taken = hub.Taken{}
	ask("nonsense", nil, &taken)
	require.Equal(t, hub.CodeNotFound, taken.Code)
}

// everywhere is a provider that may listen in each process.
type everywhere struct{ *parrot }

func (everywhere) ListensEverywhere() {}

func TestEachListens(t *testing.T) {
	t.Parallel()
	b := open(t)
	one, two := everywhere{newParrot()}, everywhere{newParrot()}
	start(t, b, one)
	start(t, b, two)
	wait(t, one.listening)
	wait(t, two.listening)
}
