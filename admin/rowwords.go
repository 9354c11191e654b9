package admin

import (
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// RowTexts are rows in the text form, with the names of categories in place of
// their ids. A row that is gone has none.
func (s *Server) RowTexts(ctx context.Context, ids ...hub.SubscriptionID) (map[hub.SubscriptionID]string, error) {
	n := s.names(ctx)
	texts := map[hub.SubscriptionID]string{}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id == "" {
			continue
		}
		row, err := s.Subscriptions.GetSubscription(ctx, id)
		if hub.CodeOf(err) == hub.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		named, err := n.readable(*row)
		if err != nil {
			return nil, err
		}
		texts[id] = rules.FormatRow(named)
	}
	return texts, nil
}

// NamedRows puts the names of categories in place of their ids in what rows said.
func (s *Server) NamedRows(ctx context.Context, verdicts []hub.RowVerdict) ([]hub.RowVerdict, error) {
	named := slices.Clone(verdicts)
	return named, s.names(ctx).nameRows(named)
}
