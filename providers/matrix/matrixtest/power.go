package matrixtest

import "encoding/json"

// Hush lets nobody but moderators send messages to a room, which the account is
// not, or everybody again.
func (p *Platform) Hush(room string, on bool) {
	level := 0
	if on {
		level = 50
	}
	p.SetState(room, "@founder:example.org", "m.room.power_levels", "", map[string]any{
		"users": map[string]int{"@founder:example.org": 100}, "events_default": level,
	})
}

// tooLow reports whether the account may not send an event:
// https://spec.matrix.org/latest/client-server-api/#mroompower_levels
func (p *Platform) tooLow(room, kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ev, told := p.stateOf(room, "m.room.power_levels", "")
	if !told {
		return false
	}
	var l struct {
		Users   map[string]int `json:"users"`
		Default int            `json:"users_default"`
		Events  map[string]int `json:"events"`
		Message int            `json:"events_default"`
	}
	if json.Unmarshal(ev.Content, &l) != nil {
		return false // old rooms write levels as texts
	}
	has, named := l.Users[p.userID]
	if !named {
		has = l.Default
	}
	need, set := l.Events[kind]
	if !set {
		need = l.Message
	}
	return has < need
}
