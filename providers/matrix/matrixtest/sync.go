package matrixtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// stateEvent is a part of a room's state.
type stateEvent struct {
	Type     string         `json:"type"`
	StateKey string         `json:"state_key"`
	EventID  string         `json:"event_id"`
	Content  map[string]any `json:"content"`
	Sender   string         `json:"sender"`
}

func (r Room) state() []stateEvent {
	create := map[string]any{"room_version": "11"}
	if r.Space {
		create["type"] = "m.space"
	}
	all := []stateEvent{{Type: "m.room.create", Content: create}}
	add := func(is bool, kind, key, value string) {
		if is {
			all = append(all, stateEvent{Type: kind, Content: map[string]any{key: value}})
		}
	}
	add(r.Name != "", "m.room.name", "name", r.Name)
	add(r.Alias != "", "m.room.canonical_alias", "alias", r.Alias)
	add(r.Encrypted, "m.room.encryption", "algorithm", "m.megolm.v1.aes-sha2")
	add(r.Replaced != "", "m.room.tombstone", "replacement_room", r.Replaced)
	for i := range all {
		all[i].EventID, all[i].Sender = fmt.Sprintf("$state%d", i), "@founder:example.org"
	}
	return all
}

// part is a filter of one list of events.
type part struct {
	Limit    int      `json:"limit"`
	Types    []string `json:"types"`
	NotTypes []string `json:"not_types"`
	LazyLoad bool     `json:"lazy_load_members"`
}

func (f part) takes(kind string) bool {
	if slices.Contains(f.NotTypes, "*") || slices.Contains(f.NotTypes, kind) {
		return false
	}
	return f.Types == nil || slices.Contains(f.Types, kind)
}

// filter is what of a filter the look-alike knows.
type filter struct {
	AccountData part `json:"account_data"`
	Room        struct {
		Timeline part `json:"timeline"`
		State    part `json:"state"`
	} `json:"room"`
}

// usualLimit is how many events of a room a sync gives unasked.
const usualLimit = 10

// ScriptSync says how the next syncs are answered.
func (p *Platform) ScriptSync(steps ...providertest.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.syncSteps = append(p.syncSteps, steps...)
	p.change()
}

func (p *Platform) nextSync() (providertest.Step, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.syncSteps) == 0 {
		return providertest.Step{}, false
	}
	step := p.syncSteps[0]
	p.syncSteps = p.syncSteps[1:]
	return step, true
}

// sync answers at once if there is something new since the token, or waits for
// it: https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync
func (p *Platform) sync(w http.ResponseWriter, r *http.Request) {
	var f filter
	if asked := r.FormValue("filter"); asked != "" && json.Unmarshal([]byte(asked), &f) != nil {
		refuse(w, http.StatusBadRequest, "M_INVALID_PARAM", "filter is not JSON")
		return
	}
	since, ok := 0, true
	if token := r.FormValue("since"); token != "" {
		since, ok = p.position(token, "s")
	}
	timeout, err := strconv.Atoi(r.FormValue("timeout"))
	if err != nil || !ok {
		refuse(w, http.StatusBadRequest, "M_UNKNOWN", "Invalid stream token")
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), time.Duration(timeout)*time.Millisecond)
	defer stop()
	for {
		if step, scripted := p.nextSync(); scripted {
			step.Answer(w, r)
			return
		}
		p.mu.Lock()
		body, news := p.since(since, f)
		changed, cut := p.changed, p.cut
		p.mu.Unlock()
		if news || since == 0 || ctx.Err() != nil {
			answer(w, http.StatusOK, body)
			return
		}
		select {
		case <-changed:
		case <-cut:
			panic(http.ErrAbortHandler)
		case <-ctx.Done():
		}
		if r.Context().Err() != nil {
			return
		}
	}
}

// position reads a token: "s12" of a sync, "t12" of a timeline.
func (p *Platform) position(token, kinds string) (int, bool) {
	if token == "" || !strings.Contains(kinds, token[:1]) {
		return 0, false
	}
	at, err := strconv.Atoi(token[1:])
	p.mu.Lock()
	defer p.mu.Unlock()
	return at, err == nil && at >= p.oldest && at <= len(p.log)+1
}

// since is what is new since a position; 0 is the first sync. p.mu is held.
func (p *Platform) since(since int, f filter) (map[string]any, bool) {
	// Positions count from 1, so that a token of an empty stream is not none.
	joined, invited, left := map[string]any{}, map[string]any{}, map[string]any{}
	for room := range p.rooms {
		changed := p.membershipSince(room, since)
		switch {
		case since == 0 && p.in(room):
			joined[room] = p.first(room, f)
		case changed == "invite":
			invited[room] = map[string]any{"invite_state": map[string]any{"events": p.invitation(room)}}
		case p.in(room) && (changed == "join" || p.anything(room, since, f)):
			joined[room] = p.news(room, since, changed == "join", f)
		case changed == "leave" || changed == "ban":
			left[room] = p.news(room, since, false, f)
		}
	}
	body := map[string]any{
		"next_batch": fmt.Sprintf("s%d", max(len(p.log), 1)),
		"rooms":      map[string]any{"join": joined, "invite": invited, "leave": left},
	}
	direct := p.directAt > since && f.AccountData.takes("m.direct")
	if direct {
		body["account_data"] = map[string]any{"events": []any{map[string]any{"type": "m.direct", "content": p.direct}}}
	}
	return body, direct || len(joined)+len(invited)+len(left) > 0
}

// membershipSince is what the account's membership became, "" where it is what
// it was.
func (p *Platform) membershipSince(room string, since int) string {
	for _, e := range slices.Backward(p.log[min(since, len(p.log)):]) {
		if e.room == room && e.ev.Type == "m.room.member" && e.ev.StateKey != nil && *e.ev.StateKey == p.userID {
			var c struct{ Membership string }
			_ = json.Unmarshal(e.ev.Content, &c)
			return c.Membership
		}
	}
	return ""
}

func (p *Platform) anything(room string, since int, f filter) bool {
	return slices.ContainsFunc(p.log[min(since, len(p.log)):], func(e entry) bool {
		return e.room == room && f.Room.Timeline.takes(e.ev.Type)
	})
}

// invitation is stripped state: who invites.
func (p *Platform) invitation(room string) []any {
	ev, _ := p.stateOf(room, "m.room.member", p.userID)
	return []any{map[string]any{"type": ev.Type, "sender": ev.Sender, "state_key": p.userID, "content": ev.Content}}
}

// first is a room in the first sync: what it is, and nothing that was said.
func (p *Platform) first(name string, f filter) map[string]any {
	room := p.rooms[name]
	var state []any
	for _, e := range room.state() {
		if f.Room.State.takes(e.Type) {
			state = append(state, e)
		}
	}
	summary := map[string]any{"m.joined_member_count": len(p.members(name))}
	if f.Room.State.LazyLoad && room.Name == "" && room.Alias == "" {
		summary["m.heroes"] = room.Members
	}
	return map[string]any{
		"summary":  summary,
		"state":    map[string]any{"events": notNil(state)},
		"timeline": map[string]any{"events": []any{}, "limited": true, "prev_batch": fmt.Sprintf("t%d", len(p.log))},
	}
}

// news is what is new in a room: its last events, as many as the filter has
// room for, and the state that changed before them. In one that the account has
// just joined, all is new.
func (p *Platform) news(room string, since int, fresh bool, f filter) map[string]any {
	if fresh {
		since = 0
	}
	limit := f.Room.Timeline.Limit
	if limit == 0 {
		limit = usualLimit
	}
	events, from, limited := []json.RawMessage{}, len(p.log), false
	people := map[string]bool{p.userID: true}
	for i := len(p.log) - 1; i >= since; i-- {
		e := p.log[i]
		if e.room != room || !f.Room.Timeline.takes(e.ev.Type) {
			continue
		}
		if len(events) == limit {
			limited = true
			break
		}
		events, from = append(events, e.raw()), i
		people[e.ev.Sender] = true
	}
	slices.Reverse(events)
	out := map[string]any{
		"state":    map[string]any{"events": notNil(p.lazily(room, people, f.Room.State))},
		"timeline": map[string]any{"events": events, "limited": limited, "prev_batch": fmt.Sprintf("t%d", from)},
	}
	if fresh || limited {
		out["summary"] = map[string]any{"m.joined_member_count": len(p.members(room))}
	}
	return out
}

// lazily is who those are that speak.
func (p *Platform) lazily(room string, people map[string]bool, f part) []any {
	var state []any
	for user := range people {
		if ev, ok := p.stateOf(room, "m.room.member", user); ok && f.LazyLoad && f.takes(ev.Type) {
			state = append(state, ev)
		}
	}
	return state
}

func notNil(all []any) []any {
	if all == nil {
		return []any{}
	}
	return all
}
