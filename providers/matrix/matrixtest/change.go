package matrixtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Say posts an event as somebody else and returns its id.
func (p *Platform) Say() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posted++
	ref := fmt.Sprintf("$event%d", p.posted)
	p.others[ref] = true
	return ref
}

// replace puts the new content of an edit in place of the original's, once per
// transaction. As a homeserver does, it takes an edit of anything; of what is
// not the account's own, or is gone, nobody sees it.
func (p *Platform) replace(room Room, txn string, c content, whole json.RawMessage) (ref string) {
	p.mu.Lock()
	key := room.ID + "/" + txn
	if known := p.edits[key]; known != "" {
		p.mu.Unlock()
		return known
	}
	p.posted++
	ref = fmt.Sprintf("$event%d", p.posted)
	p.edits[key] = ref
	p.add(room.ID, Event{Type: "m.room.message", ID: ref, Sender: p.userID, Content: whole, Stamp: nowMillis()})
	p.mu.Unlock()
	sent := p.Sent()
	i := slices.IndexFunc(sent, func(s providertest.Sent) bool { return s.Ref == c.Relates.EventID && s.Chat == room.ID })
	if i < 0 {
		return ref
	}
	var was, now map[string]json.RawMessage
	var shown content
	_ = json.Unmarshal(sent[i].Raw, &was)
	if json.Unmarshal(c.New, &now) != nil || json.Unmarshal(c.New, &shown) != nil || shown.Body == nil {
		return ref // clients ignore an edit that says nothing
	}
	if relation, ok := was["m.relates_to"]; ok { // it stays in its thread
		now["m.relates_to"] = relation
	}
	raw, _ := json.Marshal(now)
	p.Edit(sent[i].Ref, *shown.Body, plainJSON(raw))
	return ref
}

func (p *Platform) redact(w http.ResponseWriter, r *http.Request) {
	step, scripted := p.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	room, ok := p.inRoom(w, r.PathValue("room"))
	if !ok {
		return
	}
	ref := r.PathValue("event")
	p.mu.Lock()
	theirs := p.others[ref]
	p.posted++
	redaction := fmt.Sprintf("$event%d", p.posted)
	p.mu.Unlock()
	known := slices.ContainsFunc(p.Sent(), func(s providertest.Sent) bool { return s.Ref == ref && s.Chat == room.ID })
	switch {
	case theirs:
		refuse(w, http.StatusForbidden, "M_FORBIDDEN", "You don't have permission to redact events")
	case !known:
		refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Could not find event "+ref)
	default:
		if p.Retract(ref) { // again changes nothing
			p.mu.Lock()
			p.redacted(room.ID, p.userID, ref)
			p.mu.Unlock()
		}
		if scripted {
			step.Answer(w, r)
			return
		}
		answer(w, http.StatusOK, map[string]any{"event_id": redaction})
	}
}
