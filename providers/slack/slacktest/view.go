package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// trigger lets an app open a modal: once, for three seconds.
// https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
type trigger struct {
	person, chat, cause string
	made                time.Time
	used                bool
}

const triggerLasts = 3 * time.Second

// modal is what an app sends of a modal:
// https://docs.slack.dev/reference/views/modal-views
type modal struct {
	Type            string  `json:"type"`
	Title           *Text   `json:"title,omitempty"`
	Blocks          []Block `json:"blocks"`
	Close           *Text   `json:"close,omitempty"`
	Submit          *Text   `json:"submit,omitempty"`
	PrivateMetadata string  `json:"private_metadata,omitempty"`
	CallbackID      string  `json:"callback_id,omitempty"`
	ClearOnClose    bool    `json:"clear_on_close,omitempty"`
	NotifyOnClose   bool    `json:"notify_on_close,omitempty"`
	ExternalID      string  `json:"external_id,omitempty"`
}

// view is a modal that is open, with what stands in its fields by block.
type view struct {
	modal
	id, hash string
	person   string
	chat     string // where it was opened from, which Slack does not tell
	state    map[string]field
	under    string // the view that it lies on
}

// field is what a field of a modal holds, as its state tells it.
type field struct {
	Type            string   `json:"type"`
	Value           string   `json:"value,omitempty"`
	SelectedOption  *Option  `json:"selected_option,omitempty"`
	SelectedOptions []Option `json:"selected_options,omitempty"`
	SelectedUser    string   `json:"selected_user,omitempty"`
	SelectedUsers   []string `json:"selected_users,omitempty"`
	Conversation    string   `json:"selected_conversation,omitempty"`
	Conversations   []string `json:"selected_conversations,omitempty"`
	Date            string   `json:"selected_date,omitempty"`
	DateTime        int64    `json:"selected_date_time,omitempty"`
	Files           []upload `json:"files,omitempty"`
}

type upload struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// problem is what Slack says of a modal.
func (m *modal) problem() string {
	switch {
	case m.Type != "modal":
		return "type must be modal"
	case m.Title == nil || m.Title.Type != "plain_text" || textProblem(m.Title, 24) != "":
		return "title must be a plain_text of 1 to 24 characters"
	case m.Submit != nil && textProblem(m.Submit, 24) != "", m.Close != nil && textProblem(m.Close, 24) != "":
		return "submit and close must be 1 to 24 characters"
	case utf8.RuneCountInString(m.PrivateMetadata) > 3000:
		return "private_metadata must be at most 3000 characters"
	case len(m.CallbackID) > 255:
		return "callback_id must be at most 255 characters"
	case len(m.Blocks) == 0 || len(m.Blocks) > 100:
		return "must have 1 to 100 blocks"
	}
	seen := map[string]bool{}
	for i, b := range m.Blocks {
		if p := b.problem(true); p != "" {
			return fmt.Sprintf("%s [json-pointer:/view/blocks/%d]", p, i)
		}
		if b.Type == "input" && m.Submit == nil {
			return "a modal with inputs needs a submit"
		}
		if b.BlockID != "" && seen[b.BlockID] {
			return fmt.Sprintf("block_id %q already exists", b.BlockID)
		}
		seen[b.BlockID] = true
	}
	return ""
}

// serveView answers views.open, views.push and views.update:
// https://docs.slack.dev/reference/methods/views.open
func (s *Workspace) serveView(w http.ResponseWriter, r *http.Request, method string) {
	body, err := io.ReadAll(r.Body)
	var call struct {
		TriggerID  string          `json:"trigger_id"`
		ViewID     string          `json:"view_id"`
		ExternalID string          `json:"external_id"`
		Hash       string          `json:"hash"`
		View       json.RawMessage `json:"view"`
	}
	if err != nil || json.Unmarshal(body, &call) != nil {
		refuse(w, "invalid_arguments", "the body is no JSON")
		return
	}
	m, problem := s.readModal(call.View)
	if problem != "" {
		refuse(w, "invalid_arguments", "[ERROR] "+problem)
		return
	}
	if method == "views.update" {
		if call.ViewID == "" {
			call.ViewID = s.viewCalled(call.ExternalID)
		}
		if code := s.replaceView(call.ViewID, call.Hash, m); code != "" {
			refuse(w, code)
			return
		}
		answer(w, map[string]any{"ok": true, "view": map[string]any{"id": call.ViewID}})
		return
	}
	id, code := s.openView(call.TriggerID, m, method == "views.push")
	if code != "" {
		refuse(w, code)
		return
	}
	answer(w, map[string]any{"ok": true, "view": map[string]any{"id": id}})
}

// largestView is about what Slack takes: https://docs.slack.dev/reference/methods/views.open#errors
const largestView = 250_000

func (s *Workspace) readModal(raw []byte) (m modal, problem string) {
	if len(raw) > largestView {
		return m, "view_too_large"
	}
	if err := strictly(raw, &m); err != nil {
		return m, err.Error()
	}
	return m, m.problem()
}

// openView opens a modal for whoever did what gave the trigger.
func (s *Workspace) openView(id string, m modal, push bool) (opened, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.triggers[id]
	switch {
	case t == nil:
		return "", "invalid_trigger_id"
	case t.used:
		return "", "exchanged_trigger_id"
	case time.Since(t.made) > triggerLasts:
		return "", "expired_trigger_id"
	}
	t.used = true
	v := &view{modal: m, id: s.nextID("V"), hash: s.nextID("h"), person: t.person, chat: t.chat}
	if push {
		for _, open := range s.views {
			if open.person == t.person {
				v.under = open.id
			}
		}
		if v.under == "" {
			return "", "not_found"
		}
	}
	v.state = v.initial(nil)
	s.views[v.id] = v
	s.feed = append(s.feed, shown{person: t.person, chat: t.chat, cause: t.cause, view: v.id})
	s.wake()
	return v.id, ""
}

// replaceView shows another modal in the place of one. What stands in a field
// stays there if its block keeps its id:
// https://docs.slack.dev/reference/methods/views.update
func (s *Workspace) replaceView(id, hash string, m modal) (code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[id]
	switch {
	case v == nil:
		return "not_found"
	case hash != "" && hash != v.hash:
		return "hash_conflict"
	}
	v.modal, v.hash = m, s.nextID("h")
	v.state = v.initial(v.state)
	s.wake()
	return ""
}

// viewCalled is the id of the open view with an external_id.
func (s *Workspace) viewCalled(external string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, v := range s.views {
		if external != "" && v.ExternalID == external {
			return id
		}
	}
	return ""
}

// initial is what stands in the fields of a modal that is shown.
func (v *view) initial(before map[string]field) map[string]field {
	state := map[string]field{}
	for i := range v.Blocks {
		b := &v.Blocks[i]
		if b.Type != "input" {
			continue
		}
		if had, ok := before[b.BlockID]; ok && had.Type == b.Element.Type {
			state[b.BlockID] = had
			continue
		}
		e := b.Element
		state[b.BlockID] = field{
			Type: e.Type, Value: e.InitialValue, SelectedOption: e.InitialOption, SelectedOptions: e.InitialOptions,
			SelectedUser: e.InitialUser, SelectedUsers: e.InitialUsers, Conversation: e.InitialConversation,
			Conversations: e.InitialConversations, Date: e.InitialDate, DateTime: e.InitialDateTime,
		}
	}
	return state
}

// block is the input of a field by the name that Bellhop gave it.
func (v *view) block(name string) *Block {
	i := slices.IndexFunc(v.Blocks, func(b Block) bool { return b.Type == "input" && fieldName(b.BlockID) == name })
	if i < 0 {
		return nil
	}
	return &v.Blocks[i]
}

// native is the modal as Slack tells the app of it.
func (v *view) native() map[string]any {
	values := map[string]map[string]field{}
	for block, held := range v.state {
		i := slices.IndexFunc(v.Blocks, func(b Block) bool { return b.BlockID == block })
		values[block] = map[string]field{v.Blocks[i].Element.ActionID: held}
	}
	return map[string]any{
		"id": v.id, "hash": v.hash, "type": "modal", "team_id": Team, "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata,
		"title": v.Title, "submit": v.Submit, "close": v.Close, "blocks": v.Blocks, "notify_on_close": v.NotifyOnClose,
		"state": map[string]any{"values": values}, "root_view_id": v.id, "external_id": v.ExternalID,
	}
}

// open is an open modal as it is now, nil if it was closed.
func (s *Workspace) openModal(id string) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[id]
	if v == nil {
		return nil
	}
	now := *v
	now.state = map[string]field{}
	for block, held := range v.state {
		now.state[block] = held
	}
	return &now
}

func (s *Workspace) closeView(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, id)
	s.wake()
}
