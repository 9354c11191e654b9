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

func TestEdit(t *testing.T) {
	p := fake.New("fake-1")
	receipt, err := p.Send(t.Context(), post("room", "k1"))
	require.NoError(t, err)
	edit := post("room", "u1")
	edit.Root = "elsewhere"
	for range 2 {
		got, err := p.Edit(t.Context(), edit, receipt.Ref)
		require.NoError(t, err)
		require.Equal(t, receipt.Ref, got.Ref)
	}
	posts := p.Posts()
	require.Len(t, posts, 1)
	require.Equal(t, "k1", posts[0].Key)
	require.Equal(t, "u1", posts[0].Message.Text)
	require.Empty(t, posts[0].Root)
	require.Equal(t, 2, posts[0].Edits)

	_, err = p.Edit(t.Context(), post("other", "u1"), receipt.Ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "a ref is one chat's")
	_, err = p.Edit(t.Context(), edit, "fake-9")
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
}

func TestRetract(t *testing.T) {
	p := fake.New("fake-1")
	receipt, err := p.Send(t.Context(), post("room", "k1"))
	require.NoError(t, err)
	at := hub.Chat{System: "fake-1", ID: "room"}
	for range 2 {
		require.NoError(t, p.Retract(t.Context(), at, receipt.Ref))
	}
	require.True(t, p.Posts()[0].Gone)
	_, err = p.Edit(t.Context(), post("room", "u1"), receipt.Ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.Zero(t, p.Posts()[0].Edits)
	_, err = p.WaitChanges(t.Context(), 1)
	require.NoError(t, err)
	var acts []hub.Act
	for _, a := range p.Attempts() {
		acts = append(acts, a.Act)
	}
	require.Equal(t, []hub.Act{hub.ActSend, hub.ActRetract, hub.ActRetract, hub.ActEdit}, acts)
}

func TestChangesFailAsTold(t *testing.T) {
	p := fake.New("fake-1")
	receipt, err := p.Send(t.Context(), post("room", "k1"))
	require.NoError(t, err)
	at := hub.Chat{System: "fake-1", ID: "room"}
	p.Fail("room", fake.RateLimited(time.Minute), fake.LostAnswer(), fake.Fault(hub.FaultUnauthorized))
	_, err = p.Edit(t.Context(), post("room", "u1"), receipt.Ref)
	require.Equal(t, time.Minute, providers.AfterOf(err))
	require.Equal(t, "k1", p.Posts()[0].Message.Text)
	_, err = p.Edit(t.Context(), post("room", "u1"), receipt.Ref)
	require.Equal(t, hub.FaultTemporary, providers.FaultOf(err))
	require.Equal(t, "u1", p.Posts()[0].Message.Text, "it got through all the same")
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(p.Retract(t.Context(), at, receipt.Ref)))
	require.NoError(t, p.Retract(t.Context(), at, receipt.Ref))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Retract(ctx, at, receipt.Ref), context.Canceled)
}

func TestFakesThatCannotChange(t *testing.T) {
	at := hub.Chat{System: "fake-1", ID: "room"}
	for name, c := range map[string]struct {
		opts           []fake.Option
		edits, deletes bool
	}{
		"both":       {nil, true, true},
		"no edits":   {[]fake.Option{fake.NoEdits()}, false, true},
		"no deletes": {[]fake.Option{fake.NoDeletes()}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := fake.New("fake-1", c.opts...)
			require.Equal(t, c.edits, p.Describe().Can.Edits)
			require.Equal(t, c.deletes, p.Describe().Can.Deletes)
			receipt, err := p.Send(t.Context(), post("room", "k1"))
			require.NoError(t, err)
			_, err = p.Edit(t.Context(), post("room", "u1"), receipt.Ref)
			require.Equal(t, c.edits, err == nil, "%v", err)
			err = p.Retract(t.Context(), at, receipt.Ref)
			require.Equal(t, c.deletes, err == nil, "%v", err)
		})
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
