package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// sameness is a digest of what a subscription asks for. The order in which
// filters and their values are given makes no difference, nor does saying one
// twice; how notifications look is no part of it.
func sameness(s *hub.Subscription) string {
	parts := []string{text(s.System), text(s.Chat.ID), text(s.Source), text(s.Mode)}
	filters := make([]string, len(s.Filters))
	for i, f := range s.Filters {
		filters[i] = filterDigest(f)
	}
	return hub.Digest(append(parts, sortedSet(filters)...)...)
}

func filterDigest(f hub.Filter) string {
	as := f.As
	if f.Type == hub.FilterGroup {
		as = cmp.Or(as, hub.AsMention)
	}
	return hub.Digest(string(f.Type), as,
		hub.Digest(sortedSet(f.Any)...), hub.Digest(sortedSet(f.All)...), hub.Digest(sortedSet(f.None)...))
}

func sortedSet(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}

// conflict makes the refusal of a repeated row an error for people.
func (s *Store) conflict(ctx context.Context, row *hub.Subscription, err error) error {
	if !repeated(err) {
		return err
	}
	var id hub.SubscriptionID
	found := s.writer.QueryRowContext(ctx, `SELECT id FROM subscriptions WHERE digest = $1`, sameness(row)).Scan(&id)
	if found != nil {
		return hub.Errorf(hub.CodeConflict, "another subscription said the same a moment ago; try again")
	}
	return hub.Errorf(hub.CodeConflict, "subscription %s says the same already; change that one", id)
}
