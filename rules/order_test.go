package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// The order that people are shown is the one by which rows decide.
func TestOrder(t *testing.T) {
	const line = "slack | a | follow:*,watch:c/1,thread:c/1,mute:c/1,watch:c/2,follow:g/helpers,mute:g/helpers,follow:pm/helpers,mute:pm/helpers"
	rows, err := rules.ParseRow(line)
	require.NoError(t, err)
	for i := range rows {
		rows[i].ID = hub.SubscriptionID(rune('a' + i))
	}
	rows = append(rows, hub.Subscription{ID: "z", Mode: "shout"})
	rules.Order(rows)
	var ids string
	for _, r := range rows {
		ids += string(r.ID)
	}
	require.Equal(t, "ihgfdcbeaz", ids)
}

func TestAsks(t *testing.T) {
	ask := func(filters ...hub.Filter) string {
		return rules.Asks(hub.Subscription{Chat: hub.Chat{System: "slack", ID: "a"}, Mode: hub.Watch, Filters: filters})
	}
	tags := func(values ...string) hub.Filter { return hub.Filter{Type: hub.FilterTag, Any: values} }
	group := hub.Filter{Type: hub.FilterGroup, Any: []string{"helpers"}}
	require.Equal(t, ask(tags("a", "b"), group), ask(group, tags("b", "a", "b")))
	require.Equal(t, ask(tags("a")), ask(hub.Filter{Type: hub.FilterTag, All: []string{"a"}}))
	require.Equal(t, ask(group), ask(hub.Filter{Type: hub.FilterGroup, Any: []string{"helpers"}, As: hub.AsMention}))
	require.NotEqual(t, ask(group), ask(hub.Filter{Type: hub.FilterGroup, Any: []string{"helpers"}, As: hub.AsMessage}))
	require.NotEqual(t, ask(tags("a", "b")), ask(hub.Filter{Type: hub.FilterTag, All: []string{"a", "b"}}))
	require.NotEqual(t, ask(tags("a")), ask(hub.Filter{Type: hub.FilterTag, None: []string{"a"}}))
}
