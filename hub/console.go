package hub

import (
	"context"
	"time"
)

// ConsolePost is a message in a room of the console, our own web chat.
type ConsolePost struct {
	Seq  int64      `json:"seq"` // grows by arrival, over all rooms of a system
	Chat            // "system", "chat": the room
	Key  string     `json:"key"` // same Key, same post
	Root MessageRef `json:"root,omitempty"`
	// Author is the person who said it, nil for Bellhop itself.
	Author *User `json:"author,omitempty"`
	// Reader is the id of the one user who sees it; empty is everybody.
	Reader  string    `json:"reader,omitempty"`
	Message Message   `json:"message"`
	At      time.Time `json:"at"`
	// Rev is the Seq at first and grows, over all rooms of a system, with each
	// change of any post.
	Rev    int64     `json:"rev,omitempty"`
	Edited time.Time `json:"edited,omitzero"`
	Gone   bool      `json:"gone,omitempty"` // retracted; Message is empty
}

// ConsoleStore keeps the rooms of the console.
type ConsoleStore interface {
	// AppendConsolePost stores p and sets its Seq and At. A Key that is there
	// already gives that post's Seq and At and stores nothing.
	AppendConsolePost(ctx context.Context, p *ConsolePost) error
	// ConsolePosts lists the newest limit posts of a room before a Seq (0: from
	// the newest) that are for everybody or for reader, oldest first.
	ConsolePosts(ctx context.Context, room Chat, reader string, before int64, limit int) ([]ConsolePost, error)
	// ConsolePostsAfter lists posts of a system that are new or changed after a
	// Rev, in the order of Rev, at most limit. Those for one reader are among them.
	ConsolePostsAfter(ctx context.Context, system System, after int64, limit int) ([]ConsolePost, error)
	// ReviseConsolePost replaces the message of the post with seq in a room; a nil
	// message retracts it. A post that is not there is an Error with CodeNotFound.
	ReviseConsolePost(ctx context.Context, room Chat, seq int64, m *Message) error
	// ConsoleRooms lists the rooms of a system that hold posts for everybody, by
	// name.
	ConsoleRooms(ctx context.Context, system System) ([]ConsoleRoom, error)
	// PruneConsoleWhispers deletes posts for one reader that are older than before.
	PruneConsoleWhispers(ctx context.Context, system System, before time.Time) error
}

// ConsoleRoom is a room of the console and its newest post.
type ConsoleRoom struct {
	Chat
	Posts int       `json:"posts"`
	Last  time.Time `json:"last,omitzero"`
}
