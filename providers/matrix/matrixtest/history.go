package matrixtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// messages pages through a room, the newest first. As homeservers do, it counts
// events before it filters them, so that a page may be empty and not the last:
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages
func (p *Platform) messages(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked["messages"]++
	p.mu.Unlock()
	room := r.PathValue("room")
	var f part
	from, known := p.position(r.FormValue("from"), "st")
	to, ok := 0, true
	if r.FormValue("to") != "" {
		to, ok = p.position(r.FormValue("to"), "st")
	}
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if !known || !ok || err != nil || limit < 1 || r.FormValue("dir") != "b" || json.Unmarshal([]byte(r.FormValue("filter")), &f) != nil {
		refuse(w, http.StatusBadRequest, "M_INVALID_PARAM", "from, to, limit, dir or filter is not valid")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.rooms[room]; !ok {
		refuse(w, http.StatusForbidden, "M_FORBIDDEN", fmt.Sprintf("User %s not in room %s", p.userID, room))
		return
	}
	chunk, people, seen, i := []json.RawMessage{}, map[string]bool{}, 0, min(from, len(p.log))-1
	for ; i >= to && seen < min(limit, 100); i-- {
		e := p.log[i]
		if e.room != room {
			continue
		}
		seen++
		if f.takes(e.ev.Type) {
			chunk = append(chunk, e.raw())
			people[e.ev.Sender] = true
		}
	}
	body := map[string]any{"chunk": chunk, "start": r.FormValue("from"), "state": p.lazily(room, people, part{LazyLoad: f.LazyLoad})}
	if i >= to {
		body["end"] = fmt.Sprintf("t%d", i+1)
	}
	answer(w, http.StatusOK, body)
}

// Asked is how often the account paged through rooms.
func (p *Platform) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked["messages"]
}

func (p *Platform) event(w http.ResponseWriter, r *http.Request) {
	room, ok := p.inRoom(w, r.PathValue("room"))
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.log {
		if e.room == room.ID && e.ev.ID == r.PathValue("event") {
			answer(w, http.StatusOK, e.ev)
			return
		}
	}
	refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Event not found.")
}

func (p *Platform) joinedMembers(w http.ResponseWriter, r *http.Request) {
	room, ok := p.inRoom(w, r.PathValue("room"))
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	joined := map[string]any{}
	for _, user := range p.members(room.ID) {
		joined[user] = map[string]any{"display_name": p.names[user]}
	}
	answer(w, http.StatusOK, map[string]any{"joined": joined})
}

// join takes an invitation.
func (p *Platform) join(w http.ResponseWriter, r *http.Request) {
	if step, scripted := p.Next(); scripted {
		step.Answer(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	room := r.PathValue("room")
	ev, ok := p.stateOf(room, "m.room.member", p.userID)
	var c struct{ Membership string }
	if ok {
		_ = json.Unmarshal(ev.Content, &c)
	}
	if c.Membership != "invite" && c.Membership != "join" {
		refuse(w, http.StatusForbidden, "M_FORBIDDEN", "You are not invited to this room.")
		return
	}
	if c.Membership == "invite" {
		p.member(room, p.userID, p.userID, "join")
	}
	answer(w, http.StatusOK, map[string]any{"room_id": room})
}

func (p *Platform) accountData(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.PathValue("user") != p.userID || r.PathValue("type") != "m.direct" || p.direct == nil {
		refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Account data not found")
		return
	}
	answer(w, http.StatusOK, p.direct)
}

func (p *Platform) profile(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := p.names[r.PathValue("user")]
	if name == "" {
		refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Profile was not found")
		return
	}
	answer(w, http.StatusOK, map[string]any{"displayname": name})
}

// ScriptReactions says how the next reactions of the account are answered.
func (p *Platform) ScriptReactions(steps ...providertest.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reactSteps = append(p.reactSteps, steps...)
}

// react takes a reaction of the account, once per transaction.
func (p *Platform) react(w http.ResponseWriter, r *http.Request, room, txn string, raw json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.reactSteps) > 0 {
		step := p.reactSteps[0]
		p.reactSteps = p.reactSteps[1:]
		step.Answer(w, r)
		return
	}
	key := "reaction/" + room + "/" + txn
	if known := p.edits[key]; known != "" {
		answer(w, http.StatusOK, map[string]any{"event_id": known})
		return
	}
	switch code := p.duplicate(room, p.userID, "m.reaction", raw); code {
	case "":
		p.edits[key] = p.add(room, Event{Type: "m.reaction", Sender: p.userID, Content: raw, Stamp: nowMillis()})
		answer(w, http.StatusOK, map[string]any{"event_id": p.edits[key]})
	default:
		refuse(w, http.StatusBadRequest, code, "Can't send same reaction twice")
	}
}

// Reactions are the keys that somebody has put below an event, those that were
// taken back left out.
func (p *Platform) Reactions(event, by string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var keys []string
	for _, e := range p.log {
		if to := relatesTo(e.ev.Content); e.ev.Type == "m.reaction" && e.ev.Sender == by && to.EventID == event {
			keys = append(keys, to.Key)
		}
	}
	return keys
}
