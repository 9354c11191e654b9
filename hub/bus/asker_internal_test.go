package bus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func connected(t *testing.T) *nats.Conn {
	t.Helper()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	require.True(t, ns.ReadyForConnections(waitABit))
	nc, err := nats.Connect(ns.ClientURL(), nats.ReconnectWait(tickABit))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func newAsking(t *testing.T, nc *nats.Conn) *asker {
	t.Helper()
	a, err := newAsker(nc)
	require.NoError(t, err)
	return a
}

// TestAskAll holds that each of more requests than may be on their way at once has
// its own answer, or the server's word that nobody listens.
func TestAskAll(t *testing.T) {
	t.Parallel()
	nc := connected(t)
	_, err := nc.Subscribe("echo.*", func(m *nats.Msg) { _ = m.Respond([]byte(m.Subject)) })
	require.NoError(t, err)
	ms := make([]*nats.Msg, 2*maxUnanswered+7)
	for i := range ms {
		if ms[i] = (&nats.Msg{Subject: fmt.Sprint("echo.", i)}); i%5 == 0 {
			ms[i].Subject = "nobody"
		}
	}
	answers := make([]string, len(ms))
	require.NoError(t, newAsking(t, nc).all(t.Context(), ms, func(i int, m *nats.Msg) {
		assert.Empty(t, answers[i])
		assert.Equal(t, i%5 == 0, nobody(m))
		answers[i] = string(m.Data) + "!"
	}))
	for i, m := range ms {
		if i%5 == 0 {
			require.Equal(t, "!", answers[i])
		} else {
			require.Equal(t, m.Subject+"!", answers[i])
		}
	}
}

// TestAskAllLosesItsConnection holds that nobody waits for answers that a connection
// took with it.
func TestAskAllLosesItsConnection(t *testing.T) {
	t.Parallel()
	nc := connected(t)
	asked := make(chan struct{}, 1)
	_, err := nc.Subscribe("silent", func(*nats.Msg) { asked <- struct{}{} })
	require.NoError(t, err)
	answered := func(int, *nats.Msg) { assert.Fail(t, "there is no answer") }
	a := newAsking(t, nc)
	go func() {
		<-asked
		_ = nc.ForceReconnect()
	}()
	require.ErrorIs(t, a.all(t.Context(), []*nats.Msg{{Subject: "silent"}}, answered), errAnswersLost)

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	require.ErrorIs(t, a.all(ctx, []*nats.Msg{{Subject: "silent"}}, answered), context.Canceled)
	nc.Close()
	require.ErrorIs(t, a.all(t.Context(), []*nats.Msg{{Subject: "silent"}}, answered), nats.ErrConnectionClosed)
}

// TestAskSome holds that those which are asked for no answer are sent in their places,
// and that nothing is taken to be known of them when the connection was another one in
// between.
func TestAskSome(t *testing.T) {
	t.Parallel()
	nc := connected(t)
	other, err := nats.Connect(nc.ConnectedUrl())
	require.NoError(t, err)
	t.Cleanup(other.Close)
	heard := make(chan string, 20)
	var cut atomic.Bool
	_, err = other.Subscribe("n.*", func(m *nats.Msg) {
		heard <- m.Subject
		if cut.Load() {
			_ = nc.ForceReconnect()
			for nc.Stats().Reconnects == 0 || !nc.IsConnected() {
				hub.Wait(t.Context(), tickABit)
			}
		}
		if m.Reply != "" {
			_ = m.Respond(nil)
		}
	})
	require.NoError(t, err)
	require.NoError(t, other.Flush())

	ms := make([]*nats.Msg, 10)
	for i := range ms {
		ms[i] = &nats.Msg{Subject: fmt.Sprint("n.", i)}
	}
	var answered []int
	a := newAsking(t, nc)
	ask := func(ms []*nats.Msg) error {
		return a.some(t.Context(), ms, func(i int) bool { return i%4 == 1 }, func(i int, _ *nats.Msg) { answered = append(answered, i) })
	}
	require.NoError(t, ask(ms))
	require.Equal(t, []int{1, 5, 9}, answered)
	for _, m := range ms {
		require.Equal(t, m.Subject, <-heard)
	}
	cut.Store(true)
	require.ErrorIs(t, ask(ms[:2]), errAnswersLost)
	cut.Store(false)
	require.NoError(t, ask(ms), "it is listened to on the next connection, too")
}

// TestAskTogether holds that many who ask over one connection each get their own
// answers, and that what comes too late is nobody's.
func TestAskTogether(t *testing.T) {
	t.Parallel()
	nc := connected(t)
	replies := make(chan string, 1)
	_, err := nc.Subscribe("late", func(m *nats.Msg) { replies <- m.Reply })
	require.NoError(t, err)
	_, err = nc.Subscribe("echo.*", func(m *nats.Msg) { _ = m.Respond([]byte(m.Subject)) })
	require.NoError(t, err)
	a := newAsking(t, nc)
	ctx, cancel := context.WithCancel(t.Context())
	var late string
	go func() {
		late = <-replies
		cancel()
	}()
	require.ErrorIs(t, a.all(ctx, []*nats.Msg{{Subject: "late"}}, func(int, *nats.Msg) { assert.Fail(t, "it is too late") }), context.Canceled)
	require.NoError(t, nc.Publish(late, []byte("late")))

	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for n := range 50 {
				ms := make([]*nats.Msg, 20)
				for i := range ms {
					ms[i] = &nats.Msg{Subject: fmt.Sprintf("echo.%d-%d-%d", who, n, i)}
				}
				given := 0
				assert.NoError(t, a.all(t.Context(), ms, func(i int, m *nats.Msg) {
					assert.Equal(t, ms[i].Subject, string(m.Data))
					given++
				}))
				assert.Equal(t, len(ms), given)
			}
		})
	}
	all.Wait()
	assert.Empty(t, a.open)
}
