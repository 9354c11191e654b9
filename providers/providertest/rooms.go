package providertest

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Rooms are chats of a look-alike in which something is amiss, each by its id.
// What a platform does not have is empty.
type Rooms struct {
	Strange   string // the account is not in it
	Silent    string // it may not post there
	Archived  string
	Encrypted string
	Unknown   string // there is none
	// Limited is a chat where it may post, and not all else; Limit is what not.
	Limited string
	Limit   func(hub.Preflight) hub.Finding
}

// inspect requires of an Inspector that it tells the truth of each kind of chat,
// that each bad answer says why and what to do, and that asking changes nothing.
func (c Case) inspect(t *testing.T) {
	if c.Rooms == nil {
		_, inspects := providers.As[providers.Inspector](c.open(t).Provider)
		require.False(t, inspects, "it is an Inspector: let Case.Rooms say what there is to inspect")
		t.Skip("it is no Inspector")
	}
	b := c.open(t)
	rooms := c.Rooms(t, b.platform)
	for _, r := range []struct {
		name, id string
		state    []string
		holds    func(hub.Preflight) bool
	}{
		{"good", c.Chat, []string{hub.PreflightReady, hub.PreflightPart}, func(p hub.Preflight) bool { return p.Member.Is == hub.Yes && p.Post.Is == hub.Yes && p.Name != "" }},
		{"strange", rooms.Strange, []string{hub.PreflightBlocked}, func(p hub.Preflight) bool { return p.Member.Is == hub.No && p.Post.Is != hub.Yes }},
		{"silent", rooms.Silent, []string{hub.PreflightBlocked}, func(p hub.Preflight) bool { return p.Member.Is == hub.Yes && p.Post.Is == hub.No }},
		{"archived", rooms.Archived, []string{hub.PreflightBlocked}, func(p hub.Preflight) bool { return p.Archived.Is == hub.Yes }},
		{"encrypted", rooms.Encrypted, []string{hub.PreflightBlocked}, func(p hub.Preflight) bool { return p.Encrypted.Is == hub.Yes && p.Post.Is == hub.No }},
		{"unknown", rooms.Unknown, []string{hub.PreflightBlocked}, func(p hub.Preflight) bool { return p.Member.Is == hub.No }},
		{"limited", rooms.Limited, []string{hub.PreflightPart}, func(p hub.Preflight) bool {
			return p.Post.Is == hub.Yes && (rooms.Limit(p).Is == hub.No || rooms.Limit(p).Step != "")
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			if r.id == "" {
				t.Skip("the platform has no such chats")
			}
			p := b.inspect(t, r.id)
			require.Contains(t, r.state, p.State, "%+v", p)
			require.True(t, r.holds(p), "%+v", p)
			if r.name != "good" {
				require.NotEmpty(t, p.First().Step, "it is said what to do: %+v", p)
			}
		})
	}
	require.Empty(t, b.platform.Sent(), "to inspect is not to post")
	t.Run("it posts as it says", func(t *testing.T) { b.postsAsSaid(t, rooms) })
	t.Run("out of order", c.inspectFails)
}

func (b *bench) inspect(t *testing.T, id string) hub.Preflight {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	chat := hub.Chat{System: b.chat.System, ID: id}
	i, _ := providers.As[providers.Inspector](b.Provider)
	p, err := i.Inspect(ctx, chat)
	require.NoError(t, err)
	require.Equal(t, chat, p.Chat)
	p.Judge()
	for name, f := range map[string]hub.Finding{"member": p.Member, "post": p.Post, "thread": p.Thread, "edit": p.Edit, "delete": p.Delete} {
		assert.Contains(t, []hub.YesNo{hub.Yes, hub.No, hub.Unknown}, f.Is, name)
		assert.True(t, f.Is == hub.Yes || f.Reason != "", "%s is %s, and nobody says why", name, f.Is)
		assert.True(t, f.Is != hub.No || f.Step != "", "%s is no, and nobody says what to do", name)
	}
	for name, f := range map[string]hub.Finding{"archived": p.Archived, "encrypted": p.Encrypted} {
		assert.Contains(t, []hub.YesNo{hub.Yes, hub.No, hub.Unknown}, f.Is, name)
		assert.True(t, f.Is != hub.Yes || f.Reason != "" && f.Step != "", "%s, and nobody says why and what to do", name)
	}
	return p
}

// postsAsSaid sends to each chat: what is blocked is refused.
func (b *bench) postsAsSaid(t *testing.T, rooms Rooms) {
	for _, id := range []string{b.chat.ID, rooms.Strange, rooms.Silent, rooms.Archived, rooms.Encrypted, rooms.Unknown, rooms.Limited} {
		if id == "" {
			continue
		}
		p := b.post("said "+id, text("hello"))
		p.To.ID = id
		_, err := b.send(t, p)
		require.Equal(t, b.inspect(t, id).Post.Is == hub.Yes, err == nil, "%s: %v", id, err)
	}
}

// inspectFails is about a platform that cannot be asked: that is an error of the
// contract, and no answer about the chat.
func (c Case) inspectFails(t *testing.T) {
	if c.Local {
		t.Skip("no network lies between")
	}
	platform := c.Platform(t)
	server := httptest.NewServer(platform)
	p := c.Open(t, server.URL)
	server.Close()
	i, _ := providers.As[providers.Inspector](p)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := i.Inspect(ctx, hub.Chat{System: p.Describe().ID, ID: c.Chat})
	fault, ok := errors.AsType[*providers.Error](err)
	require.True(t, ok, "%T %v", err, err)
	require.Equal(t, hub.FaultTemporary, fault.Fault)
	require.NotEmpty(t, fault.Op)
	for _, s := range c.Secrets {
		require.NotContains(t, err.Error(), s)
	}
	b := c.open(t)
	i, _ = providers.As[providers.Inspector](b.Provider)
	ended, end := context.WithCancel(t.Context())
	end()
	began := time.Now()
	_, err = i.Inspect(ended, b.chat)
	require.Error(t, err)
	require.Less(t, time.Since(began), patience)
}
