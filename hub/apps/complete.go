package apps

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// Complete lists what may stand at the end of a line that is being typed, the
// best first. Functions that the person may not use are left out.
func (h *Host) Complete(ctx context.Context, c *hub.Command) ([]hub.Completion, error) {
	level, err := h.Rights.LevelOf(ctx, c)
	if err != nil {
		return nil, err
	}
	line := c.Command.Raw
	var found []hub.Completion
	word, rest := cutWord(line)
	m := h.apps[word]
	if m == nil || rest == "" { // the app itself may still be being named
		found = h.namespaces(word)
		m = h.apps[h.Default]
		rest = line
	}
	at := len(line) - len(rest)
	can := form.Complete(m.offered(level), rest)
	all := can.Candidates
	if can.Field != "" {
		all = append(can.Offer(h.lookup(ctx, c, m, &can)), all...)
	}
	for _, one := range all {
		found = append(found, hub.Completion{Insert: one.Insert, Label: one.Label, Note: one.Note, Start: at + one.Start})
	}
	return found, nil
}

// namespaces are the apps that a word is the beginning of.
func (h *Host) namespaces(word string) []hub.Completion {
	var found []hub.Completion
	for _, name := range h.Names() {
		if len(word) <= len(name) && name[:len(word)] == word {
			found = append(found, hub.Completion{Insert: name + " ", Label: name})
		}
	}
	return found
}

// offered are the functions that somebody may use.
func (m *manifest) offered(level hub.Level) []form.Function {
	var all []form.Function
	for _, f := range m.functions() {
		if f.Summary != "" && level.May(f.Level) {
			all = append(all, form.Function{Name: f.Name, Aliases: f.Aliases, Summary: f.Summary, Form: f.Form})
		}
	}
	return all
}

// lookupPatience is how long the options of a field are waited for while
// somebody types.
const lookupPatience = time.Second

func (h *Host) lookup(ctx context.Context, c *hub.Command, m *manifest, can *form.Completion) []hub.Option {
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	asked := *c
	values := can.Values.Clone()
	values.Set(hub.LookupField, can.Field)
	values.Set(hub.LookupQuery, can.Query)
	asked.Command = hub.Call{ID: c.Command.ID, Namespace: m.app.Name(), Function: can.Function, Kind: hub.KindLookup, Encoded: values}
	if r := h.dispatch(ctx, &asked); r.OK != nil {
		return r.OK.Options
	}
	return nil
}

// Run runs a command and waits for its reply as long as that takes.
func (h *Host) Run(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	r, later, err := h.Do(ctx, c)
	for later && err == nil {
		if ctx.Err() != nil {
			return hub.Reply{}, hub.Errorf(hub.CodeUnavailable, "nobody waited for the reply; the same Idempotency-Key gives it once it is there")
		}
		r, later, err = h.Do(ctx, c)
	}
	return r, err
}
