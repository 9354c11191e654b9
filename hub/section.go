package hub

import (
	"context"
	"encoding/json"
	"time"
)

// SectionPart is which part of the configuration a section belongs to.
type SectionPart string

// The parts that have sections.
const (
	PartSource SectionPart = "source" // [sources.NAME]
	PartSystem SectionPart = "system" // [providers.NAME]
)

// Section is a source or a system that was made while Bellhop ran, and not in
// the configuration file.
type Section struct {
	Part     SectionPart     `json:"part"`
	Name     string          `json:"name"`
	Kind     string          `json:"kind"`     // "discourse", "slack"
	Settings json.RawMessage `json:"settings"` // an object, by the keys of the file; no secret is in it
	// Sealed are its secrets by key, in a form that only who has the secret key can
	// read: package secret.
	Sealed    map[string]string `json:"sealed,omitempty"`
	SealedBy  string            `json:"sealed_by,omitempty"` // the id of that key
	Version   int64             `json:"version"`             // 1, and one more with each change
	MadeBy    string            `json:"made_by,omitempty"`   // a name for people
	MadeAt    time.Time         `json:"made_at"`
	ChangedBy string            `json:"changed_by,omitempty"`
	ChangedAt time.Time         `json:"changed_at"`
}

// SectionStore keeps sections.
type SectionStore interface {
	// Sections are all of them, by part and name.
	Sections(ctx context.Context) ([]Section, error)
	// FindSection is nil for one that is not there.
	FindSection(ctx context.Context, part SectionPart, name string) (*Section, error)
	// PutSection stores a section and gives it back with its new version. Version
	// says which it was made from, 0 is a new one: CodeConflict is that the stored
	// one is another. Who made it, and when, never changes.
	PutSection(ctx context.Context, s Section) (*Section, error)
	// DeleteSection is CodeNotFound for one that is not there.
	DeleteSection(ctx context.Context, part SectionPart, name string) error
}

// SettingType is how a setting is written.
type SettingType string

// The types of settings.
const (
	SettingText     SettingType = "text"
	SettingSecret   SettingType = "secret"
	SettingSwitch   SettingType = "switch" // true or false
	SettingNumber   SettingType = "number"
	SettingDuration SettingType = "duration" // "20s", "15m", "30d"
	SettingList     SettingType = "list"     // of texts
	SettingTable    SettingType = "table"    // of fields
)

// SectionKey is a key that a section may have.
type SectionKey struct {
	Name     string       `json:"name"`
	Type     SettingType  `json:"type"`
	Required bool         `json:"required,omitempty"`
	Default  any          `json:"default,omitempty"` // as JSON writes it; nothing is empty, 0 or false
	OneOf    []string     `json:"one_of,omitempty"`  // all that it may be
	About    string       `json:"about"`             // one sentence
	Fields   []SectionKey `json:"fields,omitempty"`  // of a table
}

// SectionKind is a kind of source or system and the keys that its sections have.
type SectionKind struct {
	Part   SectionPart  `json:"part"`
	Kind   string       `json:"kind"`
	Fields []SectionKey `json:"fields"`
}

// SecretShown is all that is ever shown of a secret.
type SecretShown struct {
	Set  bool   `json:"set"`
	Ends string `json:"ends,omitempty"` // the last four characters of a long one
}

// Who manages a section.
const (
	ManagedByFile = "file"    // it stands in the configuration file, and is changed there
	ManagedHere   = "here"    // it was made by the pane, the API or the command line
	ManagedItself = "bellhop" // it is there without anybody having made it: the console
)

// SectionShown is a section as people may see it.
type SectionShown struct {
	Part     SectionPart            `json:"part"`
	Name     string                 `json:"name"`
	Kind     string                 `json:"kind"`
	Managed  string                 `json:"managed"` // ManagedByFile, ManagedHere, or ManagedItself
	Settings map[string]any         `json:"settings"`
	Secrets  map[string]SecretShown `json:"secrets"`
	// Shadows is that one of the same name was made here, over which the file wins.
	Shadows bool `json:"shadows,omitempty"`
	// Problem is why it is not in force.
	Problem   string    `json:"problem,omitempty"`
	Version   int64     `json:"version,omitempty"`
	MadeBy    string    `json:"made_by,omitempty"`
	MadeAt    time.Time `json:"made_at,omitzero"`
	ChangedBy string    `json:"changed_by,omitempty"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	// Address is where a source's webhooks, or a platform's callbacks, go to.
	Address string `json:"address,omitempty"`
}

// Fixed is why a section cannot be changed or removed here, nil if it can.
func (s *SectionShown) Fixed() error {
	switch s.Managed {
	case ManagedHere:
		return nil
	case ManagedItself:
		return Errorf(CodeConflict, "the console is Bellhop's own and always there: its rooms are set in [providers.console] of the configuration file")
	}
	return Errorf(CodeConflict, "%s %q is managed by the configuration file, which wins: change it there and start Bellhop anew", s.Part, s.Name)
}

// SectionChange is what somebody wants of a section.
type SectionChange struct {
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"`
	// Settings are by the keys of the file, secrets among them. A secret that is not
	// named stays as it is; null takes a setting away.
	Settings map[string]any `json:"settings"`
	// Version, if set, must be that of the stored section.
	Version int64 `json:"version,omitempty"`
}

// Proof is what a platform or a forum said when it was asked whether a section is
// right.
type Proof struct {
	OK bool `json:"ok"`
	// Account is who we are there, and Place where: "@bellhop", "Acme (acme.slack.com)".
	Account string `json:"account,omitempty"`
	Place   string `json:"place,omitempty"`
	// Missing are permissions that the account lacks, each with what it is for.
	Missing []Lack `json:"missing,omitempty"`
	// May is what it can do, in words.
	May []string `json:"may,omitempty"`
	// Problem says what is wrong and how to mend it.
	Problem string `json:"problem,omitempty"`
	// Fields are problems by key.
	Fields map[string]string `json:"fields,omitempty"`
}

// Lack is a permission that an account does not have.
type Lack struct {
	Permission string `json:"permission"` // as the platform calls it: "files:write"
	For        string `json:"for"`        // what does not work without it
}

// Removal says what ends with a source or a system.
type Removal struct {
	Subscriptions int   `json:"subscriptions"` // that name it
	Waiting       int64 `json:"waiting"`       // messages that wait for it, or events that wait for its forum
	Deleted       bool  `json:"deleted"`       // false: nothing was done yet
}

// Hold is that an operator has paused a system: nothing is sent until somebody
// ends it, and nothing is dropped.
type Hold struct {
	By     string    `json:"by"` // a name for people
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
	// Until is when it was ended, and EndedBy who did; zero while it lasts.
	Until   time.Time `json:"until,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
}

// Lasts reports whether nothing is sent. That of no hold is false.
func (h *Hold) Lasts() bool { return h != nil && h.Until.IsZero() }

// Overlap is how much of the time between two moments the hold took.
func (h *Hold) Overlap(from, to time.Time) time.Duration {
	if h == nil {
		return 0
	}
	if h.Since.After(from) {
		from = h.Since
	}
	if !h.Until.IsZero() && h.Until.Before(to) {
		to = h.Until
	}
	return max(to.Sub(from), 0)
}

// String says it to people.
func (h *Hold) String() string {
	text := "paused by " + h.By + " since " + h.Since.UTC().Format("2006-01-02 15:04 UTC")
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	return text
}
