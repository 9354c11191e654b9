package store

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// SubscribedChats counts the rows of each chat that has any, by system and chat.
// It reads an index and no row.
func (s *Store) SubscribedChats(ctx context.Context) (list []hub.ChatRows, err error) {
	const op = "list the chats of subscriptions"
	rows, err := s.often.QueryContext(ctx, `SELECT system, chat, COUNT(*) FROM subscriptions GROUP BY system, chat ORDER BY system, chat`)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c hub.ChatRows
		if err := rows.Scan(&c.System, &c.ID, &c.Rows); err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, c)
	}
	return list, fault(ctx, op, rows.Err())
}
