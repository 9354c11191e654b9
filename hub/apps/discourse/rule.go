package discourse

import (
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// rule is the work of watch, follow, thread and mute.
func (a *App) rule(mode hub.Mode) func(context.Context, *hub.Command) (hub.Reply, error) {
	return func(ctx context.Context, c *hub.Command) (hub.Reply, error) {
		if !saysSomething(c.Command.Encoded) {
			return a.askForRule(c, mode), nil
		}
		w, err := a.newWish(ctx, c, mode)
		if err != nil {
			return hub.Reply{}, err
		}
		if len(w.troubles) > 0 {
			return w.refuse(), nil
		}
		m, undo, rows, err := w.fulfil()
		if err != nil {
			return hub.Reply{}, err
		}
		return w.done(m, undo, rows), nil
	}
}

// fulfil makes a wish come true. rows are those that were there before.
func (w *wish) fulfil() (m merge, undo *change, rows []hub.Subscription, err error) {
	w.changes.Lock()
	defer w.changes.Unlock()
	if rows, err = w.rows(w.ctx, w.row.Chat); err != nil {
		return m, nil, nil, err
	}
	m = w.merge(rows)
	if m.before != nil && len(rules.Validate(m.row)) > 0 && len(rules.Validate(*m.before)) == 0 {
		return m, nil, nil, hub.Errorf(hub.CodeInvalid, "the rule that is there already would name more than a rule may; nothing was changed")
	}
	undo, err = w.store(w.ctx, &m)
	return m, undo, rows, err
}

// saysSomething reports whether anything is to be heard: a source alone is not
// enough.
func saysSomething(v hub.Values) bool {
	return slices.ContainsFunc([]string{fieldCategory, fieldTag, fieldNotTag, fieldAuthor, fieldNotAuthor, fieldGroup, fieldKind}, v.Has)
}

// asked is the state of a form that has been shown: who leaves it empty is told.
const asked = "asked"

// askForRule shows the form.
func (a *App) askForRule(c *hub.Command, mode hub.Mode) hub.Reply {
	if c.Command.State == asked {
		const text = "Choose a category, or name a tag. For everything, write all as the category."
		return hub.Reply{Error: &hub.Refusal{Text: text, Fields: map[string]string{fieldCategory: text}}}.With(hub.OutcomeError)
	}
	form := a.ruleForm(mode)
	for i := range form.Fields {
		if v := c.Command.Encoded[form.Fields[i].Name]; len(v) > 0 {
			form.Fields[i].Value = slices.Clone(v)
		}
	}
	form.Call = call(string(mode), nil)
	form.Call.State = asked
	return hub.Reply{Form: &form}.With(hub.OutcomeForm)
}

// store writes what a merge makes, and tells how to undo it.
func (a *App) store(ctx context.Context, m *merge) (*change, error) {
	undo := &change{}
	for i := range m.gone {
		if err := a.Subscriptions.DeleteSubscription(ctx, m.gone[i].ID); err != nil && hub.CodeOf(err) != hub.CodeNotFound {
			return nil, err
		}
		undo.Gone = append(undo.Gone, m.gone[i])
		a.Changed(m.gone[i].ID)
	}
	var err error
	switch m.outcome {
	case hub.OutcomeCreated:
		err = a.Subscriptions.CreateSubscription(ctx, &m.row)
		undo.Made = append(undo.Made, m.row)
	case hub.OutcomeUpdated:
		err = a.Subscriptions.UpdateSubscription(ctx, &m.row)
		undo.Was, undo.Is = append(undo.Was, *m.before), append(undo.Is, m.row)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.Changed(m.row.ID)
	return undo, nil
}

// done is the answer to a wish that came true.
func (w *wish) done(m merge, undo *change, rows []hub.Subscription) hub.Reply {
	t := w.teller(w.ctx, w.row.Chat)
	data := map[string]any{"subscription": m.row}
	var text string
	switch m.outcome {
	case hub.OutcomeUnchanged:
		text = "Nothing to change: " + t.hears(here(w.c), "already ", &m.row)
	case hub.OutcomeCreated:
		text = t.hears(here(w.c), "now ", &m.row)
		data["after"] = m.row
	default:
		text = paragraphs(t.hears(here(w.c), "now ", &m.row), w.changed(t, &m))
		data["before"], data["after"] = *m.before, m.row
	}
	if len(m.gone) > 0 {
		data["deleted"] = m.gone
	}
	text = paragraphs(append([]string{text}, append(w.notes, w.silenced(t, &m.row, rows))...)...)
	reply := hub.Reply{OK: &hub.OK{Text: text}, Data: data}
	if undo != nil {
		reply.OK.Actions = undo.action()
	}
	return reply.With(m.outcome)
}

// changed says what an updated row was before and is now.
func (w *wish) changed(t *teller, m *merge) string {
	var lines []string
	if was, is := t.ruleOrOff(m.before), t.ruleOrOff(&m.row); was != is {
		lines = append(lines, "Before: "+was, "Now: "+is)
	}
	for i := range m.gone {
		lines = append(lines, "Removed, since it said the same: "+t.ruleOrOff(&m.gone[i]))
	}
	if narrowed(m) {
		what := "hears less"
		if m.row.Mode == hub.Mute {
			what = "is silent about less"
		}
		lines = append(lines, "So it "+what+" than before: only what has one of these tags.")
	}
	return bounded(lines)
}

// narrowed reports whether a row that was about every tag is about some only now.
func narrowed(m *merge) bool {
	_, was := untagged(*m.before)
	_, is := untagged(m.row)
	return len(was.Any) == 0 && len(is.Any) > 0
}

// silenced warns where a mute of everything comes before a row that shall hear
// something.
func (w *wish) silenced(t *teller, row *hub.Subscription, rows []hub.Subscription) string {
	if row.Mode == hub.Mute || isGroups(*row) || isOfKinds(*row) { // these come first, or it is not about them
		return ""
	}
	for i := range rows {
		other := &rows[i]
		if other.ID != row.ID && other.Enabled && other.Mode == hub.Mute && len(other.Filters) == 0 && (other.Source == "" || other.Source == row.Source) {
			return "But nothing of it will come here as long as another rule silences everything: " + t.rule(other) + ". To hear something again, remove that one: " + typed(w.Type(w.c, "status")) + " shows its number."
		}
	}
	return ""
}
