package slacktest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// dialog is an open modal as a person sees it.
func (s Stage) dialog(v *view) providertest.Seen {
	seen := providertest.Seen{Dialog: true, Private: true, Text: v.Title.Text, Native: v.id}
	for _, b := range v.Blocks {
		for _, text := range b.texts() {
			seen.Text += "\n" + readable(text.Text)
		}
		if b.Type != "input" {
			continue
		}
		f := providertest.SeenField{Name: fieldName(b.BlockID), Label: b.Label.Text, Value: v.state[b.BlockID].held()}
		for _, o := range b.Element.all() {
			f.Options = append(f.Options, o.Text.Text)
		}
		seen.Fields = append(seen.Fields, f)
	}
	return seen
}

// held is what stands in a field, as a person would say it.
func (f field) held() []string {
	var all []string
	for _, o := range append(derefOption(f.SelectedOption), f.SelectedOptions...) {
		all = append(all, o.Text.Text)
	}
	all = append(append(all, f.SelectedUsers...), f.Conversations...)
	for _, s := range []string{f.Value, f.SelectedUser, f.Conversation, f.Date} {
		if s != "" {
			all = append(all, s)
		}
	}
	if f.DateTime != 0 {
		all = append(all, time.Unix(f.DateTime, 0).UTC().Format(time.RFC3339))
	}
	for _, u := range f.Files {
		all = append(all, u.Name)
	}
	return all
}

// modal is the open modal that is seen.
func (s Stage) modal(t testing.TB, dialog providertest.Seen) *view {
	t.Helper()
	id, ok := dialog.Native.(string)
	require.True(t, ok, "it is no dialog: %+v", dialog)
	v := s.openModal(id)
	require.NotNil(t, v, "the dialog was closed")
	return v
}

// payload is what Slack tells of something that was done in a modal.
func (s Stage) payload(kind string, v *view, d deed) map[string]any {
	user, _ := s.userByID(v.person)
	return map[string]any{
		"type": kind, "team": map[string]any{"id": Team, "domain": "acme"}, "api_app_id": "A0BELLHOP1", "token": "legacy",
		"user":       map[string]any{"id": v.person, "username": user.Name, "name": user.Name, "team_id": Team},
		"trigger_id": d.trigger, "view": v.native(),
	}
}

// Fill implements providertest.Stage. What Slack itself does not let a person
// send comes back as the field's error, in Slack's words.
func (s Stage) Fill(t testing.TB, chat, person string, dialog providertest.Seen, values map[string][]string) providertest.Seen {
	v := s.modal(t, dialog)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s.write(t, v, name, values[name])
	}
	if errs := s.checked(v); len(errs) > 0 {
		seen := s.dialog(s.modal(t, dialog))
		seen.Errors = errs
		return seen
	}
	from := s.seenSoFar()
	d := s.do(person, "") // a modal has no response_url of its own
	v = s.modal(t, dialog)
	payload := s.payload("view_submission", v, d)
	payload["response_urls"] = []any{}
	said, err := s.ask(t.Context(), "interactive", payload)
	if err != nil {
		seen := s.dialog(v)
		seen.Errors = map[string]string{"": "We had some trouble connecting. Try again?"}
		return seen
	}
	return s.submitted(t, from, chat, v, d, said)
}

// submitted is what the app says to a modal that was sent:
// https://docs.slack.dev/surfaces/modals#updating_response
func (s Stage) submitted(t testing.TB, from int, chat string, v *view, d deed, said []byte) providertest.Seen {
	t.Helper()
	var r struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(said) > 0 {
		require.NoError(t, strictly(said, &r), "Slack cannot read the answer: %s", said)
	}
	switch r.Action {
	case "errors":
		seen := s.dialog(v)
		seen.Errors = map[string]string{}
		for block, what := range r.Errors {
			require.True(t, slices.ContainsFunc(v.Blocks, func(b Block) bool { return b.Type == "input" && b.BlockID == block }),
				"an error for %q, which is no input of the modal", block)
			seen.Errors[fieldName(block)] = what
		}
		return seen
	case "update":
		m, problem := s.readModal(r.View)
		require.Empty(t, problem, "Slack refuses the modal: %s", r.View)
		require.Empty(t, s.replaceView(v.id, "", m))
		return s.dialog(s.openModal(v.id))
	case "", "clear":
		s.closeView(v.id)
		return s.wait(t, from, v.person, chat, d, s.origin(v))
	default:
		require.Fail(t, "Slack does not know this", "response_action %q", r.Action)
		return providertest.Seen{}
	}
}

// origin is what a person did that made a modal open: its response_url may be
// used to answer what they do there.
func (s Stage) origin(v *view) deed {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.feed {
		if i.view == v.id {
			return deed{cause: i.cause}
		}
	}
	return deed{cause: "none"}
}

// Change implements providertest.Stage.
func (s Stage) Change(t testing.TB, _, person string, dialog providertest.Seen, name, value string) providertest.Seen {
	v := s.modal(t, dialog)
	s.write(t, v, name, []string{value})
	b := v.block(name)
	require.True(t, b.DispatchAction, "the field %q tells nobody that it changed", name)
	v = s.modal(t, dialog)
	held := v.state[b.BlockID]
	payload := s.payload("block_actions", v, s.do(person, v.chat))
	raw, err := json.Marshal(held)
	require.NoError(t, err)
	action := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &action))
	action["action_id"], action["block_id"], action["action_ts"] = b.Element.ActionID, b.BlockID, s.tick()
	payload["actions"] = []any{action}
	payload["container"] = map[string]any{"type": "view", "view_id": v.id}
	said, err := s.ask(t.Context(), "interactive", payload)
	require.NoError(t, err)
	require.Empty(t, said)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ok := s.until(ctx, func() bool { return s.views[v.id] == nil || s.views[v.id].hash != v.hash })
	require.True(t, ok, "the dialog did not change")
	return s.dialog(s.modal(t, dialog))
}

// Search implements providertest.Stage.
func (s Stage) Search(t testing.TB, _, _ string, dialog providertest.Seen, name, query string) []string {
	var labels []string
	for _, o := range s.suggestions(t, s.modal(t, dialog), name, query) {
		labels = append(labels, o.Text.Text)
	}
	return labels
}

// suggestions are what the app offers:
// https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
func (s Stage) suggestions(t testing.TB, v *view, name, query string) []Option {
	t.Helper()
	b := v.block(name)
	require.NotNil(t, b, "there is no field %q", name)
	require.Contains(t, b.Element.Type, "external_select", "the options of %q are not asked for", name)
	payload := s.payload("block_suggestion", v, deed{})
	delete(payload, "trigger_id")
	payload["action_id"], payload["block_id"], payload["value"] = b.Element.ActionID, b.BlockID, query
	payload["container"] = map[string]any{"type": "view", "view_id": v.id}
	said, err := s.ask(t.Context(), "options", payload)
	require.NoError(t, err)
	var r struct {
		Options []Option      `json:"options"`
		Groups  []OptionGroup `json:"option_groups"`
	}
	require.NoError(t, strictly(said, &r), "Slack cannot read the options: %s", said)
	require.LessOrEqual(t, len(r.Options), 100)
	for _, o := range r.Options {
		require.Empty(t, o.problem())
	}
	return r.Options
}

// Close implements providertest.Stage.
func (s Stage) Close(t testing.TB, _, person string, dialog providertest.Seen) {
	v := s.modal(t, dialog)
	s.closeView(v.id)
	if !v.NotifyOnClose {
		return
	}
	payload := s.payload("view_closed", v, deed{})
	delete(payload, "trigger_id")
	payload["is_cleared"] = false
	_, err := s.ask(t.Context(), "interactive", payload)
	require.NoError(t, err)
}

// Dialog is an open dialog as it is now.
func (s Stage) Dialog(dialog providertest.Seen) providertest.Seen {
	id, _ := dialog.Native.(string)
	v := s.openModal(id)
	if v == nil {
		return providertest.Seen{}
	}
	return s.dialog(v)
}
