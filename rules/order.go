package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Order puts rows of one chat, given oldest first, into the order in which they
// decide: those about groups first, then mute, thread, watch, follow, then the
// oldest.
func Order(rows []hub.Subscription) {
	slices.SortStableFunc(rows, func(a, b hub.Subscription) int { return cmp.Compare(precedence(&a), precedence(&b)) })
}

func precedence(s *hub.Subscription) uint8 {
	message, mention := false, false
	for _, f := range s.Filters {
		message = message || f.Type == hub.FilterGroup && f.As == hub.AsMessage
		mention = mention || f.Type == hub.FilterGroup && f.As != hub.AsMessage
	}
	mode := slices.Index(hub.Modes(), s.Mode)
	if mode < 0 { // it is broken, and decides nothing
		mode, message, mention = len(hub.Modes()), false, false
	}
	return rankOf(mode, message, mention)
}

// Asks is what a row asks for: to rows that say it differently, in another order
// or with a single value under any or all, it is the same.
func Asks(row hub.Subscription) string {
	parts := []string{string(row.System), row.Chat.ID, string(row.Source), string(row.Mode)}
	filters := make([]string, len(row.Filters))
	for i, f := range row.Filters {
		anyOf, all := f.Any, f.All
		if len(anyOf) == 1 {
			anyOf, all = nil, append(slices.Clip(all), anyOf...)
		}
		as := f.As
		if f.Type == hub.FilterGroup && as == "" {
			as = hub.AsMention
		}
		filters[i] = hub.Digest(string(f.Type), as, set(anyOf), set(all), set(f.None))
	}
	return hub.Digest(append(parts, set(filters))...)
}

func set(values []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(values))), "\x00")
}
