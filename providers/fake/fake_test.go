package fake_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/fake"
)

func post(chat, key string) providers.Post {
	return providers.Post{Key: key, To: hub.Chat{System: "fake-1", ID: chat}, Message: hub.Message{Text: key}}
}

func TestSendKeepsOrder(t *testing.T) {
	p := fake.New("fake-1")
	for _, key := range []string{"k1", "k2", "k3"} {
		receipt, err := p.Send(t.Context(), post("room", key))
		require.NoError(t, err)
		require.NotEmpty(t, receipt.Ref)
	}
	_, err := p.Send(t.Context(), post("other", "k4"))
	require.NoError(t, err)
	require.Equal(t, []string{"k1", "k2", "k3"}, keys(p.PostsTo("room")))
	require.Equal(t, []string{"k1", "k2", "k3", "k4"}, keys(p.Posts()))
	chats, err := p.Chats(t.Context(), "oo")
	require.NoError(t, err)
	require.Len(t, chats, 1)
	require.Equal(t, "room", chats[0].ID)
}

func keys(posts []fake.Post) []string {
	var out []string
	for _, p := range posts {
		out = append(out, p.Key)
	}
	return out
}

func TestFailIsPerChatAndInOrder(t *testing.T) {
	p := fake.New("fake-1")
	p.Fail("room", fake.RateLimited(time.Minute), nil, errors.New("odd"))
	for _, want := range []hub.Fault{hub.FaultRateLimited, "", hub.FaultTemporary, ""} {
		_, err := p.Send(t.Context(), post("other", "x"))
		require.NoError(t, err, "other chats are well")
		_, err = p.Send(t.Context(), post("room", "k"))
		require.Equal(t, want == "", err == nil)
		if err != nil {
			require.Equal(t, want, providers.FaultOf(err))
		}
	}
	require.Len(t, p.PostsTo("room"), 2)
	require.Len(t, p.Attempts(), 8)
	require.Equal(t, time.Minute, providers.AfterOf(p.Attempts()[1].Err))
}

func TestIdempotent(t *testing.T) {
	for _, c := range []struct {
		opts []fake.Option
		want int
	}{{nil, 2}, {[]fake.Option{fake.Idempotent()}, 1}} {
		p := fake.New("fake-1", c.opts...)
		require.Equal(t, c.want == 1, p.Describe().Can.Idempotent)
		p.Fail("room", fake.LostAnswer())
		_, err := p.Send(t.Context(), post("room", "k"))
		require.Equal(t, hub.FaultTemporary, providers.FaultOf(err))
		require.Len(t, p.Posts(), 1, "it got through all the same")
		receipt, err := p.Send(t.Context(), post("room", "k"))
		require.NoError(t, err)
		require.Len(t, p.Posts(), c.want)
		require.Equal(t, c.want == 1, receipt.Ref == p.Posts()[0].Receipt.Ref)
	}
}

func TestBlockHoldsOneChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fake.New("fake-1")
		release := p.Block("slow")
		go func() { _, _ = p.Send(t.Context(), post("slow", "k1")) }()
		synctest.Wait()
		_, err := p.Send(t.Context(), post("quick", "k2"))
		require.NoError(t, err)
		require.Equal(t, []string{"k2"}, keys(p.Posts()))
		release()
		release()
		posts, err := p.WaitPosts(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, []string{"k2", "k1"}, keys(posts))
		attempts, err := p.WaitAttempts(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, "slow", attempts[1].Chat)
	})
}

func TestBlockEndsWithContext(t *testing.T) {
	p := fake.New("fake-1")
	defer p.Block("slow")()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := p.Send(ctx, post("slow", "k"))
		ended <- err
	}()
	cancel()
	err := <-ended
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, hub.FaultTemporary, providers.FaultOf(err))
	_, err = p.WaitPosts(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBeforeAndChecks(t *testing.T) {
	p := fake.New("fake-1")
	p.Before(func(_ context.Context, post providers.Post) error {
		if post.Key == "bad" {
			return fake.Fault(hub.FaultRejected)
		}
		return nil
	})
	_, err := p.Send(t.Context(), post("room", "bad"))
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	_, err = p.Send(t.Context(), post("room", "good"))
	require.NoError(t, err)
	p.Before(nil)
	_, err = p.Send(t.Context(), post("room", "bad"))
	require.NoError(t, err)

	require.NoError(t, p.Check(t.Context()))
	p.FailChecks(fake.Fault(hub.FaultUnauthorized))
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(p.Check(t.Context())))
	p.FailChecks(nil)
	require.NoError(t, p.Check(t.Context()))
}
