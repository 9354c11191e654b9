package hub

// Features says what a system can do, as its provider describes it.
type Features struct {
	Threads    bool `json:"threads"`
	Edits      bool `json:"edits"`   // what was sent can be changed
	Deletes    bool `json:"deletes"` // what was sent can be taken back
	Listens    bool `json:"listens"`
	Idempotent bool `json:"idempotent"` // the platform itself drops a repeated send
	Chats      bool `json:"chats"`      // chats can be listed and searched
}

// SystemStatus is a configured system and how it is.
type SystemStatus struct {
	System   System   `json:"system"`
	Kind     string   `json:"kind"`
	Features Features `json:"features"`
	State    string   `json:"state"`            // "ok", "paused", "unknown"
	Reason   string   `json:"reason,omitempty"` // why it is not ok and how to mend it
}
