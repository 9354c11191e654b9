package hub

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

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
	Uploads    bool `json:"uploads"`    // and uploaded for that, so that the platform need not reach it
}

// The states of a system. Unknown is that nobody has said yet how it is.
const (
	SystemOK      = "ok"
	SystemPaused  = "paused"
	SystemUnknown = "unknown"
)

// SystemStatus is a configured system and how it is, by what all of its workers
// say together, or by what one of them says.
type SystemStatus struct {
	System   System   `json:"system"`
	Kind     string   `json:"kind"`
	Features Features `json:"features"`
	State    string   `json:"state"`            // SystemOK, SystemPaused or SystemUnknown
	Reason   string   `json:"reason,omitempty"` // why it is not ok and how to mend it
	// Hold is that an operator has paused it; nil if nobody has.
	Hold *Hold `json:"hold,omitempty"`
	// PausedChats are those that do not take messages, those paused longest first.
	PausedChats []PausedChat `json:"paused_chats,omitempty"`
	// Held is how many messages wait for their digest, or while their chat is left
	// alone.
	Held int64 `json:"held,omitempty"`
	// Account is what our account is called there, once the platform has said it.
	Account string `json:"account,omitempty"`
	// LastSentAt is when one of its workers sent something last, since it started.
	LastSentAt time.Time `json:"last_sent_at,omitzero"`
	// Workers is how many serve it.
	Workers int `json:"workers,omitempty"`
	// Managed is who manages its section: ManagedByFile, ManagedHere or
	// ManagedItself; empty is a system that only its worker knows.
	Managed string `json:"managed,omitempty"`
	// Version is that of its section, if it was made here.
	Version int64 `json:"version,omitempty"`
}

// JoinStatus puts together what the workers of one system say, of which there is
// one at least. The system is as the worst of them is; one that does not know yet
// says nothing against the others. Chats and what is held are those of all.
func JoinStatus(told []SystemStatus) SystemStatus {
	worst, alike := told[0], 0
	for _, s := range told[1:] {
		if badness(s.State) > badness(worst.State) {
			worst = s
		}
	}
	all := worst
	all.PausedChats, all.Held, all.Workers = nil, 0, 0
	for _, s := range told {
		all.Account = cmp.Or(all.Account, s.Account)
		if s.LastSentAt.After(all.LastSentAt) {
			all.LastSentAt = s.LastSentAt
		}
	}
	chats := map[string]PausedChat{}
	for _, s := range told {
		if s.State == worst.State {
			alike++
		}
		for _, c := range s.PausedChats {
			// Where the chats are shared anew two may speak of one for a while: the later
			// try is that of the worker that has it.
			if known, twice := chats[c.Chat]; !twice || c.NextAt.After(known.NextAt) {
				chats[c.Chat] = c
			}
		}
		all.Held += s.Held
		if all.Hold == nil {
			all.Hold = s.Hold
		}
		all.Workers += s.Workers
	}
	for _, c := range chats {
		all.PausedChats = append(all.PausedChats, c)
	}
	slices.SortFunc(all.PausedChats, func(a, b PausedChat) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Chat, b.Chat)) })
	if worst.State == SystemPaused && alike < len(told) {
		all.Reason = fmt.Sprintf("%d of its %d workers: %s", alike, len(told), worst.Reason)
	}
	return all
}

func badness(state string) int {
	switch state {
	case SystemUnknown:
		return 0
	case SystemOK:
		return 1
	}
	return 2
}

// PausedChat is a chat that does not take messages. They wait, and one of them
// tries it now and then.
type PausedChat struct {
	Chat   string    `json:"chat"`
	Reason string    `json:"reason"` // why, and how to mend it
	Since  time.Time `json:"since"`
	NextAt time.Time `json:"next_at"` // when it is tried again
}
