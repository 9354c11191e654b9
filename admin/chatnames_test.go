package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// place is a Bellhop whose chats are known in every way: memory has #zebra, #docs
// and #ants of slack from what its platform says of each.
type place struct {
	*memory
	*admin.Server
	slow  chan struct{} // not nil: Slack lists its chats when it is closed
	asked atomic.Int32
	err   error // of Slack's list
}

func newPlace() *place {
	p := &place{memory: &memory{}}
	p.knownChats = []hub.KnownChat{
		{Chat: hub.Chat{System: "slack", ID: "C1"}, Name: "spoken"}, {Chat: hub.Chat{System: "slack", ID: "C4"}, Name: "#spoken-only"}, {Chat: hub.Chat{System: "telegram", ID: "-7"}},
	}
	p.Server = &admin.Server{Deps: admin.Deps{
		People: p.memory, Rooms: p.memory, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Systems: func(context.Context) ([]hub.SystemStatus, error) {
			return []hub.SystemStatus{{System: "slack", Kind: "slack", Features: hub.Features{Chats: true}}, {System: "telegram", Kind: "telegram"}}, p.fail
		},
		Chats: func(ctx context.Context, system hub.System, _ string) ([]providers.ChatInfo, error) {
			p.asked.Add(1)
			select {
			case <-p.slow:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return []providers.ChatInfo{{Chat: hub.Chat{System: system, ID: "C2"}, Name: "#listed", Note: "private"}}, p.err
		},
	}}
	p.slow = make(chan struct{})
	close(p.slow)
	return p
}

func (p *place) names(t *testing.T, chats ...string) (names []string) {
	for _, id := range chats {
		names = append(names, p.ChatName(t.Context(), hub.Chat{System: "slack", ID: id}).Name)
	}
	return names
}

func TestChatNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace()
		require.Equal(t, []string{"#zebra", "#listed", "#ants", "#spoken-only", "C9"}, p.names(t, "C1", "C2", "C3", "C4", "C9"))
		require.EqualValues(t, 1, p.asked.Load(), "many names cost one question")
		listed := p.ChatName(t.Context(), hub.Chat{System: "slack", ID: "C2"})
		require.Equal(t, admin.NamedChat{Chat: hub.Chat{System: "slack", ID: "C2"}, Kind: "slack", Name: "#listed", Note: "private"}, listed)
		require.Equal(t, "-7", p.ChatName(t.Context(), hub.Chat{System: "telegram", ID: "-7"}).Name)
		require.Equal(t, "gone", p.ChatNames(t.Context()).Kind("gone"), "of a system that is none it is the name")

		// Names change: those in the stores are told within seconds, a platform is asked
		// once a minute.
		p.knownChats[1].Name = "#renamed"
		time.Sleep(21 * time.Second)
		require.Equal(t, []string{"#listed", "#renamed"}, p.names(t, "C2", "C4"))
		require.EqualValues(t, 1, p.asked.Load())
		time.Sleep(40 * time.Second)
		p.err = errors.New("slack is away")
		require.Equal(t, []string{"#listed", "#renamed"}, p.names(t, "C2", "C4"), "what it listed before stays")
		require.EqualValues(t, 2, p.asked.Load())

		// No page fails for a name.
		time.Sleep(21 * time.Second)
		p.fail = errors.New("the database is away")
		require.Equal(t, []string{"#zebra", "#renamed"}, p.names(t, "C1", "C4"))
		p.knownChats[1].Name, p.fail = "#again", nil
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"#again"}, p.names(t, "C4"))
	})
}

// While one asks, the others go by what was known.
func TestChatNamesDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace()
		p.names(t, "C1")
		time.Sleep(2 * time.Minute)
		p.slow = make(chan struct{})
		first := make(chan []string)
		go func() { first <- p.names(t, "C2") }()
		synctest.Wait()
		began := time.Now()
		require.Equal(t, []string{"#listed"}, p.names(t, "C2"))
		require.Zero(t, time.Since(began))
		require.Equal(t, []string{"#listed"}, <-first)
		require.Equal(t, 2*time.Second, time.Since(began), "nor for long")
	})
}
