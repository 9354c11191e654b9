package hub

import "context"

// SubscriptionChange puts a row in the place of another, as it was elsewhere: with
// its id, who made it and when. Without Before it is new, without After it goes.
type SubscriptionChange struct{ Before, After *Subscription }

// UserChange sets what a user was given: the level and the account that is shared
// by what is linked. Names are kept only of one that is not known.
type UserChange struct{ Before, After *ChatUser }

// HouseStore puts back what people made, as it was exported.
type HouseStore interface {
	// ChangeSubscriptions makes all changes or none. A row that is not as its change
	// has it before, or that would repeat another, is an Error with CodeConflict.
	// IDs and times that are not given are made, and set in After.
	ChangeSubscriptions(ctx context.Context, changes []SubscriptionChange) error
	// RankedUsers lists users who were given another level than Member, or who are
	// linked, by system and id.
	RankedUsers(ctx context.Context) ([]ChatUser, error)
	// ChangeUsers makes all changes or none; without After a user is a Member who is
	// linked with nobody. A user who is not as their change has it before is an Error
	// with CodeConflict.
	ChangeUsers(ctx context.Context, changes []UserChange) error
}
