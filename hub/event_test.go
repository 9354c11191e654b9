package hub_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestEventTypeValid(t *testing.T) {
	for _, valid := range []hub.EventType{
		"forum.post.created", "hub.signal", "user.x", "chat.team_member.joined", "user.a.b.c.d.e", "user.0_9",
		hub.EventType("user." + strings.Repeat("a", 95)),
	} {
		require.True(t, valid.Valid(), valid)
	}
	for _, invalid := range []hub.EventType{
		"", "forum", "forum.", ".forum", "forum..created", "Forum.post", "forum.Post", "forum.post.*", "forum.post created",
		"mail.post.created", "user.a.b.c.d.e.f", "forum.pöst", "forum.post\n", "forum.post.>",
		hub.EventType("user." + strings.Repeat("a", 96)),
	} {
		require.False(t, invalid.Valid(), invalid)
	}
}

func TestEventTypeMatch(t *testing.T) {
	for _, c := range []struct {
		kind    hub.EventType
		pattern string
		want    bool
	}{
		{"forum.post.created", "forum.post.created", true},
		{"forum.post.created", "forum.post.*", true},
		{"forum.post.created", "forum.*", true},
		{"forum.post.created", "*", true},
		{"forum.post.created", "forum.*.created", true},
		{"forum.post.created", "*.*.*", true},
		{"forum.post.created", "*.post.created", true},
		{"forum.post.created", "forum.post", false},
		{"forum.post", "forum.post.*", false},
		{"forum.post", "forum.post.created", false},
		{"forum.post.created", "forum.*.edited", false},
		{"forum.post.created", "chat.*", false},
		{"forum.post.created", "", false},
		{"forum.post.created", "forum.post.create", false},
		{"forum.post.created", "forum.po*", false},
		{"forum.post.created", "*.created", false},
		{"forum.post.created", "*.*.*.*", false},
		{"forum.user.badge_granted", "forum.user.*", true},
		{"user.a.b.c", "user.*", true},
		{"user.a.b.c", "user.*.c", false},
	} {
		require.Equal(t, c.want, c.kind.Match(c.pattern), "%s %s", c.kind, c.pattern)
	}
}

func FuzzEventTypeMatch(f *testing.F) {
	f.Add("forum.post.created", "forum.*")
	f.Add("forum.post.created", "*.post.created")
	f.Add("", "")
	f.Add("a..b", "a.*.b")
	f.Add("*", "*.*")
	f.Fuzz(func(t *testing.T, kind, pattern string) {
		if got, want := hub.EventType(kind).Match(pattern), match(kind, pattern); got != want {
			t.Fatalf("%q against %q: %v", kind, pattern, got)
		}
		if e := hub.EventType(kind); e.Valid() && (!e.Match(kind) || !e.Match("*") || !e.Match(e.Family()+".*")) {
			t.Fatalf("%q does not match itself", kind)
		}
	})
}

// match says the same as EventType.Match in another way.
func match(kind, pattern string) bool {
	k, p := strings.Split(kind, "."), strings.Split(pattern, ".")
	for i, segment := range p {
		switch {
		case i >= len(k) || (segment != "*" && segment != k[i]):
			return false
		case segment == "*" && i == len(p)-1:
			return true
		}
	}
	return len(k) == len(p)
}

func TestEventValidate(t *testing.T) {
	good := hub.Event{SpecVersion: "1.0", ID: "e", Source: "meta", Type: hub.ForumPostCreated}
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*hub.Event){
		"specversion": func(e *hub.Event) { e.SpecVersion = "0.3" },
		"id":          func(e *hub.Event) { e.ID = "" },
		"200 bytes":   func(e *hub.Event) { e.ID = hub.EventID(strings.Repeat("x", 201)) },
		"source":      func(e *hub.Event) { e.Source = "https://forum.example.com" },
		"type":        func(e *hub.Event) { e.Type = "post_created" },
	} {
		bad := good
		change(&bad)
		require.ErrorContains(t, bad.Validate(), want)
	}
	err := (&hub.Event{}).Validate()
	for _, part := range []string{"specversion", "id", "source", "type"} {
		require.ErrorContains(t, err, part, "all that is wrong is told at once")
	}
}
