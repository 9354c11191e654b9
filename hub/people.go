package hub

// Level is what a person may do. Each may do what those below it may.
type Level string

// The levels, lowest first.
const (
	Guest    Level = "guest"    // nothing
	Member   Level = "user"     // read: status, why, help
	Operator Level = "operator" // change what chats hear
	Admin    Level = "admin"    // everything, also who may do what
)

// Levels lists every level, the lowest first.
func Levels() []Level { return []Level{Guest, Member, Operator, Admin} }

// rank is a level's place among them; -1 for none.
func (l Level) rank() int {
	for i, known := range Levels() {
		if l == known {
			return i
		}
	}
	return -1
}

// Known reports whether l is one of Levels.
func (l Level) Known() bool { return l.rank() >= 0 }

// May reports whether a person with level l may do what needs level need. An
// unknown level may nothing.
func (l Level) May(need Level) bool { return l.Known() && l.rank() >= need.rank() }

// ChatUser is a user of a system as Bellhop knows them.
type ChatUser struct {
	System System `json:"system"`
	User
	Level Level `json:"level"`
	// Account is shared by what is linked: the same person on several systems. Their
	// level is the highest of all. Empty is that nothing is linked.
	Account string `json:"account,omitempty"`
}
