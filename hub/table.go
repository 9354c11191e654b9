package hub

import (
	"context"
	"time"
)

// The states of rows that people look for.
const (
	RowsOn      = "on"
	RowsOff     = "off"
	RowsFailing = "failing" // they have an Error
	RowsSilent  = "silent"  // they never fired
)

// RowStates lists the states.
func RowStates() []string { return []string{RowsOn, RowsOff, RowsFailing, RowsSilent} }

// TableQuery selects rows of the table of subscriptions as people read it: chat
// by chat. A zero field selects all.
type TableQuery struct {
	System    System
	Chat      string
	Source    Source
	Mode      Mode
	State     string // one of RowStates
	CreatedBy string
	// Text is a part of a chat's id, of a value of a filter, of who made the row or
	// of its error, in any case. Values and Chats select besides what people know
	// under a name that holds the text: ids of categories, and chats.
	Text   string
	Values []string
	Chats  []Chat
	// IDs, if it is not nil, selects of these rows: those that FindSubscriptions has
	// found by the text. A text is looked for in every row there is.
	IDs []SubscriptionID

	Cursor string // where the last page ended, empty for the first
	Limit  int    // of rows; 0 is 50
	Fold   int    // of rows of one chat, after which the next chat follows; 0: all
}

// IsNarrow reports whether q leaves rows out.
func (q TableQuery) IsNarrow() bool {
	return q.System != "" || q.Chat != "" || q.Source != "" || q.Mode != "" || q.State != "" || q.CreatedBy != "" || q.Text != "" || q.IDs != nil
}

// SubscriptionTable is the table of subscriptions for people who look after it.
// Rows are in the order of their chats, and within one the oldest first.
type SubscriptionTable interface {
	// SubscriptionsByChat pages; next is "" on the last page.
	SubscriptionsByChat(ctx context.Context, q TableQuery) (rows []Subscription, next string, err error)
	// CountSubscriptions counts what q selects, up to most.
	CountSubscriptions(ctx context.Context, q TableQuery, most int) (int, error)
	// FindSubscriptions lists which rows q selects, most of them at most, in no order.
	FindSubscriptions(ctx context.Context, q TableQuery, most int) ([]SubscriptionID, error)
	// CountByChat counts the rows of each of the chats that q selects.
	CountByChat(ctx context.Context, q TableQuery, chats []Chat) (map[Chat]int, error)
	// CountChats counts the chats that have rows.
	CountChats(ctx context.Context) (int, error)
	// ReplaceSubscription is UpdateSubscription of a row that is still as it was at
	// a time, its UpdatedAt. One that has changed since is an Error with CodeConflict.
	ReplaceSubscription(ctx context.Context, s *Subscription, was time.Time) error
	// ChangeMany replaces rows and deletes others, all or none. Rows that
	// would repeat another, and those that are gone, are left as they are and
	// named.
	ChangeMany(ctx context.Context, put []*Subscription, drop []SubscriptionID) (left []SubscriptionID, err error)
	// RestoreSubscription puts a deleted row back with its id and its times, where
	// it stood.
	RestoreSubscription(ctx context.Context, s *Subscription) error
}
