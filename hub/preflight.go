package hub

import "time"

// YesNo is what is known of a question that has no other answers.
type YesNo string

// The answers.
const (
	Yes     YesNo = "yes"
	No      YesNo = "no"
	Unknown YesNo = "unknown"
)

// Finding is the answer to one question about a chat.
type Finding struct {
	Is     YesNo  `json:"is"`
	Reason string `json:"reason,omitempty"` // of each answer that is not the one hoped for
	// Step is what mends it, in the words of the platform's own menus. A good answer
	// with a step is good with a limit, which the reason names.
	Step string `json:"step,omitempty"`
}

// Found is a finding without a reason.
func Found(is bool) Finding {
	if is {
		return Finding{Is: Yes}
	}
	return Finding{Is: No}
}

// Preflight is what our account may do in a chat, asked of the platform before
// anything has to go there. Nothing is decided by it: a row whose chat fails it
// stays as it is.
type Preflight struct {
	Chat                // "system", "chat"
	Name      string    `json:"name,omitempty"` // as people there know the chat: "#support"
	State     string    `json:"state"`          // what all answers come to
	Member    Finding   `json:"member"`         // we are in it
	Post      Finding   `json:"post"`
	Thread    Finding   `json:"thread"`
	Edit      Finding   `json:"edit"`   // what we have sent
	Delete    Finding   `json:"delete"` // what we have sent
	Archived  Finding   `json:"archived"`
	Encrypted Finding   `json:"encrypted"`
	At        time.Time `json:"at,omitzero"` // when the platform said so
	// Error is why the platform could not be asked when that was tried last, at
	// TriedAt. What it said before still stands then.
	Error   string    `json:"error,omitempty"`
	TriedAt time.Time `json:"tried_at,omitzero"`
}

// What all answers come to.
const (
	PreflightReady   = "ready"
	PreflightPart    = "part"    // it may post, and not all else
	PreflightBlocked = "blocked" // it may not post
	PreflightUnknown = "unknown" // whether it may post is not known
)

// PreflightStates lists them.
func PreflightStates() []string {
	return []string{PreflightReady, PreflightPart, PreflightBlocked, PreflightUnknown}
}

// Judge sets State by the answers.
func (p *Preflight) Judge() {
	p.State = PreflightReady
	for _, f := range []Finding{p.Member, p.Thread, p.Edit, p.Delete} {
		if f.Is == No || f.Is == Yes && f.Step != "" {
			p.State = PreflightPart
		}
	}
	switch {
	case p.Post.Is == No || p.Archived.Is == Yes || p.Member.Is == No && p.Post.Is != Yes:
		p.State = PreflightBlocked
	case p.Post.Is != Yes || p.Member.Is == Unknown:
		p.State = PreflightUnknown
	}
}

// First is what is to be mended first, a zero Finding if nothing is.
func (p *Preflight) First() Finding {
	for _, f := range []Finding{p.Archived, p.Encrypted} {
		if f.Is == Yes && (f.Reason != "" || f.Step != "") {
			return f
		}
	}
	for _, hoped := range []YesNo{No, Yes, Unknown} { // what is refused, what is limited, what is not known
		for _, f := range []Finding{p.Member, p.Post, p.Thread, p.Edit, p.Delete} {
			if f.Is == hoped && (hoped == No || f.Step != "" || hoped == Unknown && f.Reason != "") {
				return f
			}
		}
	}
	return Finding{}
}

// Check is a round of preflights: of the chats of a system that subscriptions
// name, those asked about longest ago first.
type Check struct {
	System    System    `json:"system"`
	Total     int       `json:"total"` // chats to be asked about
	Done      int       `json:"done"`
	Blocked   int       `json:"blocked"`         // of those done, where nothing may be posted
	More      int       `json:"more,omitempty"`  // chats left for another round
	Error     string    `json:"error,omitempty"` // why it ended before its end
	StartedAt time.Time `json:"started_at"`
	At        time.Time `json:"at"` // of the last news of it
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// checkLost is how long after its last news a round is taken to have died with
// its hub. An answer of a platform takes less.
const checkLost = 3 * time.Minute

// Running reports whether a round goes on.
func (c *Check) Running(now time.Time) bool {
	return !c.StartedAt.IsZero() && c.EndedAt.IsZero() && now.Sub(c.At) < checkLost
}

// Room is a chat that subscriptions name, and what is known of it.
type Room struct {
	Chat                 // "system", "chat"
	Name      string     `json:"name,omitempty"` // as people know it, where that is known
	Rows      int        `json:"subscriptions"`
	Preflight *Preflight `json:"preflight,omitempty"` // nil: it was not asked about lately
}

// State is what is known of whether we may post there.
func (r *Room) State() string {
	if r.Preflight == nil {
		return PreflightUnknown
	}
	return r.Preflight.State
}

// ChatRows is how many subscriptions a chat has.
type ChatRows struct {
	Chat
	Rows int
}

// Unasked is a Preflight of a chat about which the platform could not be asked.
func Unasked(chat Chat, why string, at time.Time) Preflight {
	no := Finding{Is: Unknown, Reason: why}
	return Preflight{
		Chat: chat, State: PreflightUnknown, Member: no, Post: no, Thread: no, Edit: no, Delete: no, Archived: no, Encrypted: no,
		Error: why, TriedAt: at,
	}
}

// NotIn is a Preflight of a chat in which we are not: what we might do there is
// not known.
func NotIn(chat Chat, reason, step string) Preflight {
	later := Finding{Is: Unknown, Reason: "it can be told once the account is in the chat"}
	return Preflight{
		Chat: chat, State: PreflightBlocked, Member: Finding{No, reason, step},
		Post: later, Thread: later, Edit: later, Delete: later, Archived: later, Encrypted: later,
	}
}
