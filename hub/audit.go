package hub

import (
	"context"
	"encoding/json"
	"time"
)

// AuditEntry says who did what: each command, and each change by API or pane.
type AuditEntry struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`              // a name for people: "Anna Bauer", "admin"
	System  System    `json:"system,omitempty"` // where they did it
	User    string    `json:"user,omitempty"`   // the platform's id
	Chat    string    `json:"chat,omitempty"`   //
	Action  string    `json:"action"`           // "discourse.watch", "subscription.delete"
	Line    string    `json:"line,omitempty"`   // as typed
	Outcome string    `json:"outcome"`          // one of the Outcome constants
	Message string    `json:"message,omitempty"`
	Command CommandID `json:"command,omitempty"`
	// Via is where it was asked for, one of the Via constants; empty: in a chat, or not known.
	Via string `json:"via,omitempty"`
	// Before and After are what was changed, if the outcome is a change.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Where a change is asked for, besides a chat.
const (
	ViaPane = "pane"
	ViaAPI  = "api"
	ViaCLI  = "cli"
	ViaHub  = "hub" // nobody asked, Bellhop itself did it
)

// AuditQuery selects entries; a zero field selects all.
type AuditQuery struct {
	ID      string
	Who     string // the whole name
	System  System
	User    string
	Chat    string
	Action  string // the beginning of it: "discourse."
	Outcome string
	Text    string // a part of the line, the name or the message, in any case
	Since   time.Time
	Until   time.Time
	Page    Page
}

// AuditStore keeps the audit log.
type AuditStore interface {
	// AppendAudit stores entries, giving an id to those that have none. One whose
	// Command is there already is left out.
	AppendAudit(ctx context.Context, entries ...AuditEntry) error
	// ListAudit pages, newest first.
	ListAudit(ctx context.Context, q AuditQuery) (entries []AuditEntry, next string, err error)
	// PruneAudit deletes what is older.
	PruneAudit(ctx context.Context, before time.Time) (int64, error)
}
