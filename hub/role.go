package hub

// Role is what an account of the pane and the API may do. Each may do what those
// below it may. What a person may do in a chat is a Level.
type Role string

// The roles, lowest first.
const (
	Viewer        Role = "viewer" // see everything but secrets
	Editor        Role = "editor" // and change what chats hear
	Administrator Role = "admin"  // and everything else
)

// Roles lists every role, the lowest first.
func Roles() []Role { return []Role{Viewer, Editor, Administrator} }

func (r Role) rank() int {
	for i, known := range Roles() {
		if r == known {
			return i
		}
	}
	return -1
}

// Level is the level that a role gives to commands.
func (r Role) Level() Level {
	switch r {
	case Viewer:
		return Member
	case Editor:
		return Operator
	case Administrator:
		return Admin
	}
	return Guest
}

// Known reports whether r is one of Roles.
func (r Role) Known() bool { return r.rank() >= 0 }

// May reports whether role r may do what needs role need. An unknown role may do
// nothing, and nobody may do what needs an unknown role.
func (r Role) May(need Role) bool { return r.Known() && need.Known() && r.rank() >= need.rank() }
