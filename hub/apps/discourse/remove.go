package discourse

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

const fieldYes = "yes"

// remove removes the rule with a number, or all.
func (a *App) remove(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	t := a.teller(ctx, c.Context.Chat()).ready()
	a.changes.Lock()
	defer a.changes.Unlock()
	rows, err := a.rows(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	which := strings.TrimSpace(c.Command.Encoded.Get(fieldWhich))
	shown, inForm := rowsShown(c)
	switch {
	case c.Command.State != "" && !inForm:
		i := slices.IndexFunc(rows, func(s hub.Subscription) bool { return string(s.ID) == c.Command.State })
		if i < 0 {
			return hub.Say("That rule is gone already. %s shows those that are left.", typed(a.Type(c, "status"))).With(hub.OutcomeUnchanged), nil
		}
		return a.removeRows(t, c, rows[i:i+1])
	case len(rows) == 0:
		return hub.Say("%s has no rules: there is nothing to remove.", here(c)).With(hub.OutcomeUnchanged), nil
	case forum.Fold(which) == "all":
		return a.removeAll(t, c, rows)
	}
	n := number(which)
	if inForm && n > 0 && n <= len(shown) { // somebody may have removed another since
		i := slices.IndexFunc(rows, func(s hub.Subscription) bool { return s.ID == shown[n-1] })
		if i < 0 {
			return a.notListed(c, fmt.Sprintf("Rule %d of those that you were shown is gone already.", n)), nil
		}
		n = i + 1
	}
	switch {
	case n == 0:
		return a.notListed(c, typed(which)+" is no number of a rule. Numbers are plain, such as "+typed("1")+", as the list shows them."), nil
	case n > len(rows):
		return a.notListed(c, fmt.Sprintf("There is no rule %d: %s has %s.", n, here(c), counted(len(rows), "rule"))), nil
	}
	return a.removeRows(t, c, rows[n-1:n])
}

// removeForm is the form. It remembers which rules there are and in which order,
// since its numbers are those of when it was opened.
func (a *App) removeForm(ctx context.Context, c *hub.Command) (hub.Form, error) {
	rows, err := a.rows(ctx, c.Context.Chat())
	if err != nil {
		return hub.Form{}, err
	}
	state, err := json.Marshal(ids(rows))
	if err != nil {
		return hub.Form{}, err
	}
	form := formOfRemove()
	for i := range form.Fields {
		form.Fields[i].Value = slices.Clone(c.Command.Encoded[form.Fields[i].Name])
	}
	form.Call = call(functionRemove, nil)
	form.Call.State = string(state)
	return form, nil
}

// rowsShown are the rules that an open form of remove was made with.
func rowsShown(c *hub.Command) (shown []hub.SubscriptionID, inForm bool) {
	return shown, strings.HasPrefix(c.Command.State, "[") && json.Unmarshal([]byte(c.Command.State), &shown) == nil
}

// notListed points to the list.
func (a *App) notListed(c *hub.Command, why string) hub.Reply {
	text := why + " Nothing was removed. " + typed(a.Type(c, "status")) + " shows the rules with their numbers."
	if c.Context.Source.ID == hub.FromDialog {
		return hub.Reply{Error: &hub.Refusal{Text: text, Fields: map[string]string{fieldWhich: text}}}.With(hub.OutcomeError)
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: []hub.Action{{Label: "Show the rules", Call: call(functionStatus, nil)}}}}.With(hub.OutcomeError)
}

// removeAll asks first where that is much.
func (a *App) removeAll(t *teller, c *hub.Command, rows []hub.Subscription) (hub.Reply, error) {
	if len(rows) > 1 && c.Command.Encoded.Get(fieldYes) != "true" {
		text := fmt.Sprintf("This removes all %d rules of this chat, and it hears nothing of the forum any more. Really?", len(rows))
		really := hub.Action{Label: fmt.Sprintf("Remove all %d", len(rows)), Style: "danger", Call: call(functionRemove, hub.Values{fieldWhich: {"all"}, fieldYes: {"true"}})}
		text += " If so, press the button or type " + typed(a.Type(c, "remove all --yes")) + "."
		return hub.Reply{OK: &hub.OK{Text: text, Actions: []hub.Action{really, {Label: "Keep them", Call: call(functionStatus, nil)}}}}.With(hub.OutcomeUnchanged), nil
	}
	return a.removeRows(t, c, rows)
}

// removeRows removes rows of a chat.
func (a *App) removeRows(t *teller, c *hub.Command, rows []hub.Subscription) (hub.Reply, error) {
	settings, err := a.Chats.ChatSettings(t.ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	ch := change{Ends: map[hub.SubscriptionID]time.Time{}}
	for _, row := range rows {
		if err := a.Subscriptions.DeleteSubscription(t.ctx, row.ID); err != nil && hub.CodeOf(err) != hub.CodeNotFound {
			return hub.Reply{}, err
		}
		ch.Gone = append(ch.Gone, row)
		if at, ends := settings.Ends[row.ID]; ends {
			ch.Ends[row.ID] = at
		}
		a.Changed(row.ID)
	}
	data := map[string]any{"subscriptions": rows, "before": rows}
	var text string
	if len(rows) == 1 {
		data["subscription"], data["before"] = rows[0], rows[0]
		text = "Removed: " + t.ruleOrOff(&rows[0]) + "."
	} else {
		text = bounded(append([]string{"Removed " + counted(len(rows), "rule") + ":"}, each(rows, func(s hub.Subscription) string { return "– " + t.ruleOrOff(&s) })...))
	}
	undo := ch.action()
	if undo == nil {
		text = paragraphs(text, "That is too much for a button to undo. They can only be made again by hand.")
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: undo}, Data: data}.With(hub.OutcomeDeleted), nil
}
