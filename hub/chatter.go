package hub

import "time"

// The events of chats that providers hear.
const (
	ChatMessagePosted  EventType = "chat.message.posted"
	ChatMessageEdited  EventType = "chat.message.edited"
	ChatMessageDeleted EventType = "chat.message.deleted"
	ChatReactionAdded  EventType = "chat.reaction.added"
	ChatReactionGone   EventType = "chat.reaction.removed"
	ChatFileShared     EventType = "chat.file.shared"
	ChatChannelCreated EventType = "chat.channel.created"
	ChatUserCreated    EventType = "chat.user.created"
	ChatUserUpdated    EventType = "chat.user.updated"
	ChatMemberJoined   EventType = "chat.member.joined"
	ChatMemberLeft     EventType = "chat.member.left"
	ChatTeamJoined     EventType = "chat.team_member.joined"
	ChatTeamLeft       EventType = "chat.team_member.left"
	ChatStatusChanged  EventType = "chat.status.changed"
)

// Chatter is the data of chat.*: who did what, where. The event's Time is when
// it was done by the platform's clock, its ReceivedTime when we heard of it.
type Chatter struct {
	From    User       `json:"from"`
	To      []string   `json:"to,omitempty"` // ids of the users whom it addresses
	Room    Channel    `json:"room,omitzero"`
	Was     string     `json:"was,omitempty"` // the id that the room had until now, where the platform gave it another
	Team    string     `json:"team,omitempty"`
	Ref     MessageRef `json:"ref,omitempty"`      // the message
	Thread  MessageRef `json:"thread,omitempty"`   // the root of its thread
	ReplyTo MessageRef `json:"reply_to,omitempty"` // the message that it answers
	Text    string     `json:"text,omitempty"`     // as it can be read: no markup that only the platform understands
	// Line is the command in it: Text less what addressed us ("/discourse@bot …",
	// "!discourse …", "@bot …"). In a direct chat it is all of Text.
	Line string `json:"line,omitempty"`
	// ForUs is that it addresses us: by a prefix, a mention, or in a direct chat.
	ForUs    bool      `json:"for_us,omitempty"`
	Reaction string    `json:"reaction,omitempty"` // the emoji itself, or its name where it has none
	Files    []File    `json:"files,omitempty"`    //
	Status   string    `json:"status,omitempty"`   // "online", "away" …
	EditedAt time.Time `json:"edited_at,omitzero"` //
	Whom     *User     `json:"whom,omitempty"`     // to whom From did it, where that is another
}

// File is a file that was shared. Its content stays with the platform.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // of its content: "image/png"
	Size int64  `json:"size,omitempty"` // bytes
	URL  string `json:"url,omitempty"`  // where a signed-in person finds it
}

// ChatterEvent is the id of an event that a system told: the same for the same
// native id, however often it is told.
func ChatterEvent(system System, native string) EventID {
	return EventID("c" + Digest(string(system), native))
}

// CommandFor is the id of the command that a platform told under a native id.
func CommandFor(system System, native string) CommandID {
	return CommandID("c" + Digest(string(system), native))
}
