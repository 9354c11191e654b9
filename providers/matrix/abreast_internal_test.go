package matrix

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// slowEar takes an event when the test says so.
type slowEar struct {
	providers.Ear
	began  chan hub.EventID
	goOn   map[hub.EventID]chan struct{}
	heards chan hub.EventID
}

func (e *slowEar) Hear(ctx context.Context, ev *hub.Event) error {
	e.began <- ev.ID
	select {
	case <-e.goOn[ev.ID]:
		e.heards <- ev.ID
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestAbreast holds that nobody waits for what somebody else said, that what one
// says is told in its order, and that a change waits for all before it.
func TestAbreast(t *testing.T) {
	t.Parallel()
	ear := &slowEar{began: make(chan hub.EventID, 10), goOn: map[hub.EventID]chan struct{}{}, heards: make(chan hub.EventID, 10)}
	client := &Client{}
	client.cfg.UserID = "@us:example.org"
	a := newAbreast(&listening{c: client, ear: ear, log: slog.New(slog.DiscardHandler)})
	tell := func(sender string, id hub.EventID, kind hub.EventType) {
		require.NoError(t, a.tell(t.Context(), sender, &hub.Event{ID: id, Type: kind}))
	}
	for _, id := range []hub.EventID{"anna1", "anna2", "ben1", "us1", "us2", "edit"} {
		ear.goOn[id] = make(chan struct{})
	}
	tell("@anna:example.org", "anna1", hub.ChatMessagePosted)
	tell("@anna:example.org", "anna2", hub.ChatReactionAdded)
	tell("@ben:example.org", "ben1", hub.ChatMessagePosted)
	tell("@us:example.org", "us1", hub.ChatMessagePosted)
	tell("@us:example.org", "us2", hub.ChatReactionAdded)
	first := []hub.EventID{<-ear.began, <-ear.began, <-ear.began, <-ear.began}
	require.ElementsMatch(t, []hub.EventID{"anna1", "ben1", "us1", "us2"}, first)
	changed := make(chan error, 1)
	go func() {
		changed <- a.tell(t.Context(), "@ben:example.org", &hub.Event{ID: "edit", Type: hub.ChatMessageEdited})
	}()
	for _, id := range []hub.EventID{"ben1", "us2", "us1"} {
		close(ear.goOn[id])
		require.Equal(t, id, <-ear.heards)
	}
	require.Empty(t, ear.began, "anna2 waits for anna1, and the change for both")
	close(ear.goOn["anna1"])
	require.EqualValues(t, "anna2", <-ear.began)
	require.Empty(t, changed)
	close(ear.goOn["anna2"])
	require.EqualValues(t, "edit", <-ear.began)
	close(ear.goOn["edit"])
	require.NoError(t, <-changed)
	require.NoError(t, a.wait())
}

// TestAbreastEnds gives up what cannot be told any more.
func TestAbreastEnds(t *testing.T) {
	t.Parallel()
	ear := &slowEar{began: make(chan hub.EventID, 10), goOn: map[hub.EventID]chan struct{}{}}
	a := newAbreast(&listening{c: &Client{}, ear: ear, log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, a.tell(ctx, "@anna:example.org", &hub.Event{ID: "1", Type: hub.ChatMessagePosted}))
	require.NoError(t, a.tell(ctx, "@anna:example.org", &hub.Event{ID: "2", Type: hub.ChatMessagePosted}))
	<-ear.began
	cancel()
	require.ErrorIs(t, a.wait(), context.Canceled)
	require.ErrorIs(t, a.tell(ctx, "@anna:example.org", &hub.Event{ID: "3", Type: hub.ChatMessageEdited}), context.Canceled)
}
