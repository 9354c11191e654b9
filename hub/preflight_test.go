package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestJudge(t *testing.T) {
	yes, no := hub.Found(true), hub.Found(false)
	good := hub.Preflight{Member: yes, Post: yes, Thread: yes, Edit: yes, Delete: yes, Archived: no, Encrypted: no}
	refused := hub.Finding{Is: hub.No, Reason: "because", Step: "mend it"}
	for name, c := range map[string]struct {
		change func(*hub.Preflight)
		state  string
		first  hub.Finding
	}{
		"all is well":               {func(*hub.Preflight) {}, hub.PreflightReady, hub.Finding{}},
		"not in it":                 {func(p *hub.Preflight) { *p = hub.NotIn(p.Chat, "because", "mend it") }, hub.PreflightBlocked, refused},
		"not in it, and may post":   {func(p *hub.Preflight) { p.Member = refused }, hub.PreflightPart, refused},
		"may not post":              {func(p *hub.Preflight) { p.Post, p.Delete = refused, no }, hub.PreflightBlocked, refused},
		"may not delete":            {func(p *hub.Preflight) { p.Delete = refused }, hub.PreflightPart, refused},
		"deletes with a limit":      {func(p *hub.Preflight) { p.Delete.Step = "mend it" }, hub.PreflightPart, hub.Finding{Is: hub.Yes, Step: "mend it"}},
		"a limit nobody can mend":   {func(p *hub.Preflight) { p.Delete.Reason = "so it is" }, hub.PreflightReady, hub.Finding{}},
		"archived":                  {func(p *hub.Preflight) { p.Archived = hub.Finding{Is: hub.Yes, Reason: "old"} }, hub.PreflightBlocked, hub.Finding{Is: hub.Yes, Reason: "old"}},
		"whether it posts: unknown": {func(p *hub.Preflight) { p.Post = hub.Finding{Is: hub.Unknown, Reason: "who knows"} }, hub.PreflightUnknown, hub.Finding{Is: hub.Unknown, Reason: "who knows"}},
		"nobody could ask":          {func(p *hub.Preflight) { *p = hub.Unasked(p.Chat, "it is away", time.Now()); p.State = "" }, hub.PreflightUnknown, hub.Finding{Is: hub.Unknown, Reason: "it is away"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			c.change(&p)
			p.Judge()
			require.Equal(t, c.state, p.State)
			require.Equal(t, c.first, p.First())
		})
	}
}

func TestARoundThatDiedIsOver(t *testing.T) {
	now := time.Now()
	c := hub.Check{StartedAt: now.Add(-time.Hour), At: now.Add(-time.Minute)}
	require.True(t, c.Running(now))
	require.False(t, c.Running(now.Add(10*time.Minute)), "its hub has died")
	c.EndedAt = now
	require.False(t, c.Running(now))
	require.False(t, new(hub.Check).Running(now))
}

func TestIntake(t *testing.T) {
	now := time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC)
	one, other := hub.NewIntake("meta"), hub.NewIntake("meta")
	other.Refuse(now.Add(-time.Hour), "signature")
	other.Refuse(now, "signature")
	one.Refuse(now.Add(-30*time.Hour), "signature")
	one.Refuse(now, "too_large")
	copied := one.Clone()
	one.Add(other)
	require.Equal(t, []hub.Refusals{{Reason: "signature", Count: 2, LastAt: now}, {Reason: "too_large", Count: 1, LastAt: now}}, one.Refusals(now))
	require.Equal(t, []hub.Refusals{{Reason: "too_large", Count: 1, LastAt: now}}, copied.Refusals(now), "a copy shares nothing")

	// What is too old is forgotten with the next hour.
	one.Refuse(now.Add(47*time.Hour), "invalid")
	require.Len(t, one.Refused, 2)
	require.Equal(t, []hub.Refusals{{Reason: "invalid", Count: 1, LastAt: now.Add(47 * time.Hour)}}, one.Refusals(now.Add(47*time.Hour)))
}
