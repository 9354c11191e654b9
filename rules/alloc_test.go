package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// TestMatchAllocatesNothing: neither for names that must be folded, nor for
// words in the text, kinds, groups, moved topics or unknown groups.
func TestMatchAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops pooled memory at random")
	}
	subs := table("*", "t/linux", "t/ünïx", "text/toner", "text//a100/", "k/forum.*.created", "k/forum.user.*", "u/@helpers",
		"!u/@helpers+u/bob", "g/helpers", "pm/mods", "c/support/*", "c/printers", "mute:c/dev")
	for i := range subs {
		subs[i].Chat.ID += string(subs[i].ID)
	}
	x := rules.Compile(subs)
	changed := x.Apply(subs[3:5], nil)
	plain, moved, private, sensitive, unknown := post(), post(), post(), post(), post()
	plain.Tags = []string{"LINUX", "ÜNÏX", " urgent ", "a tag of more than thirty-two bytes: ÜÜÜÜÜÜÜÜÜÜÜ"}
	moved.Type, moved.Before = hub.ForumTopicCategoryChanged, &rules.Before{Categories: []rules.Category{{ID: "2", Slug: "dev", Path: "dev"}}}
	private.Private, private.SharedWith = true, []string{"Mods"}
	sensitive.Type, sensitive.Sensitive = "forum.user.suspended", true
	unknown.AuthorIn, unknown.Blind = nil, []string{"alice"}
	var to []rules.Decision
	for name, f := range map[string]*rules.Facts{"plain": &plain, "moved": &moved, "private": &private, "sensitive": &sensitive, "unknown": &unknown} {
		for _, index := range []*rules.Index{x, changed} {
			to = index.Match(f, to[:0])
			require.NotEmpty(t, to, name)
			require.Zero(t, testing.AllocsPerRun(200, func() { to = index.Match(f, to[:0]) }), name)
		}
	}
}
