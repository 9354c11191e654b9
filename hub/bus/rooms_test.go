package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestPreflights(t *testing.T) {
	b := open(t, t.TempDir())
	chat := hub.Chat{System: "slack", ID: "#a b/c"}
	p, err := b.Preflight(t.Context(), chat)
	require.NoError(t, err)
	require.Nil(t, p)

	ctx, stop := context.WithCancel(t.Context())
	told, done := make(chan hub.Preflight, 10), make(chan error, 1)
	go func() { done <- b.FollowPreflights(ctx, func(p hub.Preflight) { told <- p }) }()
	said := hub.NotIn(chat, "not there", "invite it")
	said.At = time.Now().UTC().Truncate(time.Second)
	require.NoError(t, b.PutPreflight(t.Context(), &said))
	require.NoError(t, b.PutCheck(t.Context(), hub.Check{System: "slack", Total: 3}), "a round is no preflight")
	p, err = b.Preflight(t.Context(), chat)
	require.NoError(t, err)
	require.Equal(t, &said, p)
	select {
	case p := <-told:
		require.Equal(t, said, p)
	case <-time.After(20 * time.Second):
		require.Fail(t, "it is not told")
	}
	stop()
	require.NoError(t, <-done)
	require.Empty(t, told)

	c, err := b.Check(t.Context(), "slack")
	require.NoError(t, err)
	require.Equal(t, hub.Check{System: "slack", Total: 3}, c)
	c, err = b.Check(t.Context(), "matrix")
	require.NoError(t, err)
	require.Equal(t, hub.Check{System: "matrix"}, c)
	_, err = b.Check(t.Context(), "no system")
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
}

func TestIntakesOfAllHubs(t *testing.T) {
	b := open(t, t.TempDir())
	now := time.Now()
	for _, teller := range []string{"one", "another hub"} {
		i := hub.NewIntake("meta")
		i.Refuse(now, "signature")
		require.NoError(t, b.PutIntake(t.Context(), teller, i))
		require.NoError(t, b.PutIntake(t.Context(), teller, i), "the same again adds nothing")
	}
	all, err := b.Intakes(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, all["meta"].Refusals(now)[0].Count)
	require.Error(t, b.PutIntake(t.Context(), "one", hub.NewIntake("no source")))
}
