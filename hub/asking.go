package hub

// What the worker that listens asks a hub, and what a hub asks the worker: the
// last word of the subject. Bodies are JSON.
const (
	AskHeard = "heard" // a Heard; the answer is a Taken
	AskDo    = "do"    // a Command; the answer is a Done

	AskSection = "section" // a SectionAsked; the answer is a SectionTold

	AskCallback = "callback" // an HTTP request of the platform; the answer is the response
	AskAnswer   = "answer"   // an Answer; the answer is a Shown
	AskRuns     = "runs"     // a Runs; the answer is a Taken with Yes
	AskMenu     = "menu"     // a Menu; the answer is a Taken

	AskChats   = "chats"   // a ChatQuery; the answer is the chats, and a Taken where there is none
	AskInspect = "inspect" // a Chat; the answer is an Inspected
)

// Heard is a message or a reaction, which may be a command.
type Heard struct {
	Command Command `json:"command"`
	ForUs   bool    `json:"for_us,omitempty"`
	Text    string  `json:"text,omitempty"` // all that was said
}

// Taken says whether something was taken.
type Taken struct {
	Yes     bool   `json:"yes,omitempty"` // the answer to what was asked
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// TakenOr tells an error to whoever asked.
func TakenOr(err error) Taken {
	if err == nil {
		return Taken{}
	}
	return Taken{Code: CodeOf(err), Message: err.Error()}
}

// Err is the error that was told.
func (t Taken) Err() error {
	if t.Code == "" {
		return nil
	}
	return &Error{Code: t.Code, Message: t.Message}
}

// Done is the reply to a command, or that it comes later.
type Done struct {
	Reply Reply `json:"reply"`
	Later bool  `json:"later,omitempty"`
}

// Answer is a reply to be shown to whoever gave a command.
type Answer struct {
	Command Command `json:"command"`
	Reply   Reply   `json:"reply"`
}

// Shown says what became of an Answer.
type Shown struct {
	Receipt Receipt `json:"receipt"`
	Fault   Fault   `json:"fault,omitempty"`
	AfterMS int64   `json:"after_ms,omitempty"` // how long the platform asked to wait
	Message string  `json:"message,omitempty"`
}

// Runs asks whether a user is an admin of a chat, as the platform reports it.
type Runs struct {
	Chat string `json:"chat"`
	User string `json:"user"`
}

// ChatQuery asks for the chats of a system whose name contains Text.
type ChatQuery struct {
	Text string `json:"text,omitempty"`
}

// Inspected is what a platform said of a chat, or why it could not be asked.
type Inspected struct {
	Preflight Preflight `json:"preflight,omitzero"`
	Fault     Fault     `json:"fault,omitempty"`
	AfterMS   int64     `json:"after_ms,omitempty"` // how long the platform asked to wait
	Message   string    `json:"message,omitempty"`
}

// Menu is what a platform shows of our commands.
type Menu []MenuItem

// MenuItem is one of them.
type MenuItem struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// SectionAsked is a worker that has no section of its system in its own
// configuration, and asks for the one that was made at the hub.
type SectionAsked struct {
	System System `json:"system"`
}

// SectionTold is that section, its secrets sealed; nil if there is none.
type SectionTold struct {
	Taken
	Section *Section `json:"section,omitempty"`
}
