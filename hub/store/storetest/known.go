package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func knownChats(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"see and list":   seeChats,
		"seen again":     chatSeenAgain,
		"refused":        refusedChats,
		"odd values":     oddChats,
		"first of many":  firstOfMany,
		"nobody's times": untimedChat,
	})
}

func chat(system hub.System, id, name string) hub.KnownChat {
	return hub.KnownChat{Chat: hub.Chat{System: system, ID: id}, Name: name, FirstBy: "U1", FirstAt: noon, LastAt: noon}
}

func seeChat(t *testing.T, s *store.Store, c hub.KnownChat) bool {
	t.Helper()
	first, err := s.SeeChat(t.Context(), c)
	require.NoError(t, err)
	return first
}

func known(t *testing.T, s *store.Store, system hub.System) []hub.KnownChat {
	t.Helper()
	list, err := s.ListKnownChats(t.Context(), system)
	require.NoError(t, err)
	return list
}

func seeChats(t *testing.T, s *store.Store) {
	require.Empty(t, known(t, s, ""))
	general, ops, direct := chat("slack", "C2", "General"), chat("slack", "C1", "ops"), chat("telegram", "77", "")
	general.Team, direct.Direct = "T1", true
	for _, c := range []hub.KnownChat{ops, direct, general} {
		require.True(t, seeChat(t, s, c))
		require.False(t, seeChat(t, s, c))
	}
	equal(t, []hub.KnownChat{direct, general, ops}, known(t, s, ""))
	equal(t, []hub.KnownChat{general, ops}, known(t, s, "slack"))
	require.Empty(t, known(t, s, "matrix"))
}

func chatSeenAgain(t *testing.T, s *store.Store) {
	want := chat("slack", "C1", "ops")
	require.True(t, seeChat(t, s, want))
	again := chat("slack", "C1", "")
	again.FirstBy, again.FirstAt, again.LastAt = "U2", noon.Add(time.Hour), noon.Add(59*time.Second)
	require.False(t, seeChat(t, s, again))
	equal(t, []hub.KnownChat{want}, known(t, s, ""))

	again.LastAt = noon.Add(time.Minute)
	require.False(t, seeChat(t, s, again))
	want.LastAt = again.LastAt
	equal(t, []hub.KnownChat{want}, known(t, s, ""))

	again.Name, again.LastAt = "operations", again.LastAt.Add(time.Second)
	require.False(t, seeChat(t, s, again))
	want.Name, want.LastAt = again.Name, again.LastAt
	equal(t, []hub.KnownChat{want}, known(t, s, ""))

	again.Name, again.LastAt = "late news", noon
	require.False(t, seeChat(t, s, again))
	equal(t, []hub.KnownChat{want}, known(t, s, ""))
}

func refusedChats(t *testing.T, s *store.Store) {
	for _, c := range []hub.KnownChat{{}, chat("", "C1", ""), chat("slack", "", ""), chat("slack", string(make([]byte, 2000)), "")} {
		first, err := s.SeeChat(t.Context(), c)
		code(t, hub.CodeInvalid, err)
		require.False(t, first)
	}
	require.Empty(t, known(t, s, ""))
}

func oddChats(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		c := chat("slack", fmt.Sprintf("%d%s", i, v), v)
		c.Team, c.FirstBy = v, v
		require.True(t, seeChat(t, s, c))
		require.Contains(t, known(t, s, "slack"), c)
	}
	for v, kept := range unstorable() {
		require.True(t, seeChat(t, s, chat("slack", v, v)))
		require.False(t, seeChat(t, s, chat("slack", v, v)))
		require.Contains(t, known(t, s, "slack"), chat("slack", kept, kept))
	}
}

// firstOfMany sees a new chat in many goroutines at once: one is first.
func firstOfMany(t *testing.T, s *store.Store) {
	var firsts atomic.Int32
	all(t, func(i int) error {
		c := chat("slack", "C1", fmt.Sprintf("name%d", i))
		c.LastAt = noon.Add(time.Duration(i) * time.Minute)
		first, err := s.SeeChat(t.Context(), c)
		if first {
			firsts.Add(1)
		}
		return err
	})
	require.EqualValues(t, 1, firsts.Load())
	require.Len(t, known(t, s, ""), 1)
}

func untimedChat(t *testing.T, s *store.Store) {
	before := time.Now().Add(-time.Second)
	require.True(t, seeChat(t, s, hub.KnownChat{Chat: hub.Chat{System: "slack", ID: "C1"}}))
	c := known(t, s, "")[0]
	require.True(t, c.FirstAt.After(before), "no time is now")
	require.Equal(t, c.FirstAt, c.LastAt)
}
