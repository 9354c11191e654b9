package bus_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestChatSettings(t *testing.T) {
	b := open(t, t.TempDir())
	one, other := hub.Chat{System: "slack", ID: "#a b/c"}, hub.Chat{System: "matrix", ID: "!r:example.org"}
	c, err := b.ChatSettings(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, hub.ChatSettings{Chat: one}, c)

	// Each of those who change it at once is heard.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := b.ChangeChat(t.Context(), one, func(c *hub.ChatSettings) error {
				c.Quiet += "x"
				return nil
			})
			require.NoError(t, err)
		})
	}
	all.Wait()
	c, err = b.ChatSettings(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, hub.ChatSettings{Chat: one, Quiet: "xxxxxxxx"}, c)

	refused := errors.New("no")
	_, err = b.ChangeChat(t.Context(), one, func(*hub.ChatSettings) error { return refused })
	require.ErrorIs(t, err, refused)
	_, err = b.ChangeChat(t.Context(), hub.Chat{System: "a.b", ID: "x"}, func(*hub.ChatSettings) error { return nil })
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
	_, err = b.ChangeChat(t.Context(), other, func(c *hub.ChatSettings) error { c.Zone = "UTC"; return nil })
	require.NoError(t, err)
	list, err := b.AllChatSettings(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []hub.ChatSettings{{Chat: other, Zone: "UTC"}, c}, list)
	list, err = b.AllChatSettings(t.Context(), "slack")
	require.NoError(t, err)
	require.Equal(t, []hub.ChatSettings{c}, list)
}

func TestFollowChats(t *testing.T) {
	b := open(t, t.TempDir())
	set := func(system hub.System, id, quiet string) {
		_, err := b.ChangeChat(t.Context(), hub.Chat{System: system, ID: id}, func(c *hub.ChatSettings) error { c.Quiet = quiet; return nil })
		require.NoError(t, err)
	}
	set("slack", "a", "1")
	set("slack", "b", "2")
	set("matrix", "a", "3")
	ctx, cancel := context.WithCancel(t.Context())
	heard, ready, ended := make(chan string, 10), make(chan []string, 1), make(chan error, 1)
	go func() {
		ended <- b.FollowChats(ctx, "slack", func(c hub.ChatSettings) { heard <- c.ID + c.Quiet }, func() {
			var before []string
			for len(heard) > 0 {
				before = append(before, <-heard)
			}
			slices.Sort(before)
			ready <- before
		})
	}()
	require.Equal(t, []string{"a1", "b2"}, <-ready, "what was set before is known first")
	set("matrix", "b", "4")
	begin := time.Now()
	set("slack", "b", "5")
	require.Equal(t, "b5", <-heard)
	require.Less(t, time.Since(begin), time.Second)
	cancel()
	require.NoError(t, <-ended)
}
