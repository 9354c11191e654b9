package hub

import "time"

// Features says what a system can do, as its provider describes it.
type Features struct {
	Threads    bool `json:"threads"`
	Edits      bool `json:"edits"`      // what was sent can be changed
	Deletes    bool `json:"deletes"`    // what was sent can be taken back
	Listens    bool `json:"listens"`    // what people say and do there is heard
	Buttons    bool `json:"buttons"`    // a message's actions are shown as buttons and selects; else as words to type
	Dialogs    bool `json:"dialogs"`    // a form opens as a dialog; else it is a conversation
	Whispers   bool `json:"whispers"`   // an answer can be for one person's eyes, in the chat
	Idempotent bool `json:"idempotent"` // the platform itself drops a repeated send
	Chats      bool `json:"chats"`      // chats can be listed and searched
	Images     bool `json:"images"`     // a card's image is shown
}

// SystemStatus is a configured system and how it is.
type SystemStatus struct {
	System   System   `json:"system"`
	Kind     string   `json:"kind"`
	Features Features `json:"features"`
	State    string   `json:"state"`            // "ok", "paused", "unknown"
	Reason   string   `json:"reason,omitempty"` // why it is not ok and how to mend it
	// PausedChats are those that do not take messages, those paused longest first.
	PausedChats []PausedChat `json:"paused_chats,omitempty"`
	// Held is how many messages wait for their digest, or while their chat is left
	// alone.
	Held int64 `json:"held,omitempty"`
}

// PausedChat is a chat that does not take messages. They wait, and one of them
// tries it now and then.
type PausedChat struct {
	Chat   string    `json:"chat"`
	Reason string    `json:"reason"` // why, and how to mend it
	Since  time.Time `json:"since"`
	NextAt time.Time `json:"next_at"` // when it is tried again
}
