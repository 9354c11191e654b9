package hub

import (
	"context"
	"time"
)

// RoomPage is a page that tells what is sent to one chat and why, for whoever has
// its link. Only a digest of the link is stored.
type RoomPage struct {
	ID        string    `json:"id"` // for lists and for taking it back; no secret
	Chat                // "system", "chat"
	Digest    string    `json:"-"`
	Ask       string    `json:"ask,omitempty"` // whom to ask for a change, for people
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	OpenedAt  time.Time `json:"opened_at,omitzero"`  // last; zero: never
}

// Bounds of pages about chats.
const (
	MaxRoomPages   = 20  // of one chat
	MaxRoomPageAsk = 200 // characters
)

// RoomPageStore keeps pages about chats.
type RoomPageStore interface {
	// CreateRoomPage is CodeConflict where the chat has MaxRoomPages that have not
	// ended at CreatedAt. Those that have are deleted.
	CreateRoomPage(ctx context.Context, p RoomPage) error
	// FindRoomPage returns nil for one that is unknown or has ended at now.
	FindRoomPage(ctx context.Context, digest string, now time.Time) (*RoomPage, error)
	// OpenedRoomPage notes that a page was opened.
	OpenedRoomPage(ctx context.Context, id string, at time.Time) error
	// RoomPages are those of a chat, the newest first, also such as have ended.
	RoomPages(ctx context.Context, chat Chat) ([]RoomPage, error)
	// DeleteRoomPage returns nil for one that the chat does not have, and else what
	// it was.
	DeleteRoomPage(ctx context.Context, chat Chat, id string) (*RoomPage, error)
}
