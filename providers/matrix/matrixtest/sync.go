package matrixtest

import (
	"encoding/json"
	"net/http"
	"slices"
)

// stateEvent is a part of a room's state.
type stateEvent struct {
	Type     string         `json:"type"`
	StateKey string         `json:"state_key"`
	EventID  string         `json:"event_id"`
	Content  map[string]any `json:"content"`
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
	return all
}

// filter is what of a filter the look-alike knows.
type filter struct {
	Room struct {
		State struct {
			Types    []string `json:"types"`
			LazyLoad bool     `json:"lazy_load_members"`
		} `json:"state"`
	} `json:"room"`
}

// sync answers a first sync: the state that the filter asks for.
func (p *Platform) sync(w http.ResponseWriter, r *http.Request) {
	var f filter
	if json.Unmarshal([]byte(r.FormValue("filter")), &f) != nil {
		refuse(w, http.StatusBadRequest, "M_INVALID_PARAM", "filter is not JSON")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	joined := map[string]any{}
	for id, room := range p.rooms {
		if !p.left[id] {
			joined[id] = room.sync(f)
		}
	}
	answer(w, http.StatusOK, map[string]any{"next_batch": "s1", "rooms": map[string]any{"join": joined}})
}

func (r Room) sync(f filter) map[string]any {
	state := slices.DeleteFunc(r.state(), func(e stateEvent) bool { return !slices.Contains(f.Room.State.Types, e.Type) })
	summary := map[string]any{"m.joined_member_count": len(r.Members) + 1}
	if f.Room.State.LazyLoad && r.Name == "" && r.Alias == "" {
		summary["m.heroes"] = r.Members
	}
	return map[string]any{
		"summary":  summary,
		"state":    map[string]any{"events": state},
		"timeline": map[string]any{"events": []any{}, "limited": true, "prev_batch": "p1"},
	}
}
