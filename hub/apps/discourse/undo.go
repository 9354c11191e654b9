package discourse

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// maxState is how many bytes a button may have to remember.
const maxState = 32 << 10

// change is what a command did to the rows of a chat, so that it can be undone.
type change struct {
	Made []hub.Subscription `json:"made,omitempty"`
	Was  []hub.Subscription `json:"was,omitempty"` // before it
	Is   []hub.Subscription `json:"is,omitempty"`  // after it, each at the place of the one that it was
	Gone []hub.Subscription `json:"gone,omitempty"`
	// Ends is when rows end by themselves that are gone, or did before it; the zero
	// time is never.
	Ends map[hub.SubscriptionID]time.Time `json:"ends,omitempty"`
}

// action is the button that undoes a change, none if it is too much to remember.
func (ch *change) action() []hub.Action {
	state, err := json.Marshal(ch)
	if err != nil || len(state) > maxState {
		return nil
	}
	undo := call(functionUndo, nil)
	undo.State = string(state)
	return []hub.Action{{Label: "Undo", Call: undo}}
}

// undo takes back what a command did. Rows that have been changed since stay as
// they are.
func (a *App) undo(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	var ch change
	if c.Command.State == "" || json.Unmarshal([]byte(c.Command.State), &ch) != nil || !ch.fits(c.Context.Chat()) {
		return hub.Refuse("There is nothing to undo here. The button *Undo* stands below the answer to what you did; %s shows all rules.", typed(a.Type(c, "status"))).With(hub.OutcomeError), nil
	}
	t := a.teller(ctx, c.Context.Chat()).ready()
	a.changes.Lock()
	defer a.changes.Unlock()
	since, err := a.changedSince(ctx, &ch)
	if err != nil {
		return hub.Reply{}, err
	}
	if since {
		return hub.Say("I did not undo it: the rule has been changed or removed since. %s shows what holds now.", typed(a.Type(c, "status"))).With(hub.OutcomeUnchanged), nil
	}
	return a.takeBack(t, c, &ch)
}

// fits reports whether all rows of a change are of a chat and may be stored:
// buttons are kept by the hub, and nothing else is believed.
func (ch *change) fits(chat hub.Chat) bool {
	if len(ch.Was) != len(ch.Is) || len(ch.Made)+len(ch.Was)+len(ch.Gone) == 0 {
		return false
	}
	for _, list := range [][]hub.Subscription{ch.Made, ch.Was, ch.Is, ch.Gone} {
		for _, row := range list {
			if row.Chat != chat || row.ID == "" || len(rules.Validate(row)) > 0 {
				return false
			}
		}
	}
	return true
}

// changedSince reports whether a row that is to be changed is not as it was left.
func (a *App) changedSince(ctx context.Context, ch *change) (bool, error) {
	for _, list := range [][]hub.Subscription{ch.Made, ch.Is} {
		for _, left := range list {
			row, err := a.Subscriptions.GetSubscription(ctx, left.ID)
			if hub.CodeOf(err) == hub.CodeNotFound {
				return true, nil
			}
			if err != nil {
				return false, err
			}
			if row.Chat != left.Chat || !row.UpdatedAt.Equal(left.UpdatedAt) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (a *App) takeBack(t *teller, c *hub.Command, ch *change) (hub.Reply, error) {
	ctx := t.ctx
	var text []string
	data, outcome := map[string]any{}, hub.OutcomeUpdated
	for _, row := range ch.Made {
		if err := a.Subscriptions.DeleteSubscription(ctx, row.ID); err != nil {
			return hub.Reply{}, err
		}
		a.Changed(row.ID)
		text = append(text, "Undone: the rule is gone again. It was "+t.rule(&row)+".")
		outcome, data["subscription"], data["before"] = hub.OutcomeDeleted, row, row
	}
	for i := range ch.Was {
		row := ch.Was[i]
		if err := a.Subscriptions.UpdateSubscription(ctx, &row); err != nil {
			return hub.Reply{}, err
		}
		a.Changed(row.ID)
		if at, set := ch.Ends[row.ID]; set {
			if err := a.endAt(ctx, c.Context.Chat(), row.ID, at); err != nil {
				return hub.Reply{}, err
			}
		}
		text = append(text, "Undone: the rule is again "+t.ruleOrOff(&row)+".")
		data["subscription"], data["before"], data["after"] = row, ch.Is[i], row
	}
	back, err := a.bringBack(ctx, c, ch)
	if err != nil {
		return hub.Reply{}, err
	}
	for i := range back {
		text = append(text, "Back again: "+t.ruleOrOff(&back[i])+".")
	}
	if len(back) > 0 {
		data["subscriptions"] = back
		if len(ch.Was) == 0 {
			data["after"] = back
		}
		if len(ch.Made)+len(ch.Was) == 0 {
			outcome = hub.OutcomeCreated
		}
	}
	if len(text) == 0 {
		return hub.Say("There is nothing left to undo: what was removed would have ended by now.").With(hub.OutcomeUnchanged), nil
	}
	return hub.Reply{OK: &hub.OK{Text: bounded(text)}, Data: data}.With(outcome), nil
}

// bringBack makes rows again that were removed, all or none.
func (a *App) bringBack(ctx context.Context, c *hub.Command, ch *change) ([]hub.Subscription, error) {
	var back []hub.Subscription
	ends := map[int]time.Time{}
	for _, row := range ch.Gone {
		if at, ending := ch.Ends[row.ID]; ending {
			if !at.After(a.Now()) {
				continue
			}
			ends[len(back)] = at
		}
		back = append(back, row)
	}
	if len(back) == 0 {
		return nil, nil
	}
	made := make([]*hub.Subscription, len(back))
	for i := range back {
		made[i] = &back[i]
	}
	if err := a.Subscriptions.CreateSubscription(ctx, made...); err != nil {
		return nil, err
	}
	a.Changed(ids(back)...)
	for i, at := range ends {
		if err := a.endAt(ctx, c.Context.Chat(), back[i].ID, at); err != nil {
			return nil, err
		}
	}
	return back, nil
}

func ids(rows []hub.Subscription) []hub.SubscriptionID {
	return each(rows, func(s hub.Subscription) hub.SubscriptionID { return s.ID })
}
