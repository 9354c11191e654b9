package discourse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const fieldWhich = "which"

// status lists the rules of a chat as they decide, and when it is left alone.
func (a *App) status(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	rows, err := a.rows(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	settings, err := a.Chats.ChatSettings(ctx, c.Context.Chat())
	if err != nil {
		return hub.Reply{}, err
	}
	quiet := a.silence(&settings)
	data := map[string]any{"subscriptions": rows}
	if len(rows) == 0 {
		text := here(c) + " has no rules yet, so it hears nothing of the forum. " + a.begin(ctx, c)
		return hub.Reply{OK: &hub.OK{Text: paragraphs(text, quiet)}, Data: data}.With(hub.OutcomeOK), nil
	}
	t := a.teller(ctx, c.Context.Chat())
	head := here(c) + " has " + counted(len(rows), "rule") + ":"
	if len(rows) > 1 {
		head = here(c) + " has " + counted(len(rows), "rule") + ". The first that fits a post decides what becomes of it:"
	}
	var list strings.Builder
	for i := range rows[:min(len(rows), maxLines)] {
		fmt.Fprintf(&list, "%d. %s%s\n", i+1, t.rule(&rows[i]), a.state(&rows[i], &settings))
	}
	over := ""
	if n := len(rows) - maxLines; n > 0 {
		over = fmt.Sprintf("… and %d more, which have no room here. Bellhop's web page shows all.", n)
	}
	text := paragraphs(head, strings.TrimSpace(list.String()), over, quiet)
	var actions []hub.Action
	if a.May(ctx, c).May(hub.Operator) {
		actions = removals(rows)
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: actions}, Data: data}.With(hub.OutcomeOK), nil
}

// begin tells how to make the first rule.
func (a *App) begin(ctx context.Context, c *hub.Command) string {
	if !a.May(ctx, c).May(hub.Operator) {
		return "Whoever has the right to can change that; you may not."
	}
	return "To hear of every new topic and reply, type " + typed(a.Type(c, "watch all")) + "; " + typed(a.Type(c, "help")) + " shows what else there is."
}

// state is what is special about a row.
func (a *App) state(row *hub.Subscription, settings *hub.ChatSettings) string {
	var said string
	if !row.Enabled {
		said += " — *switched off*"
	}
	if row.Error != "" {
		said += " — ⚠️ " + plain(row.Error)
	}
	if at, ends := settings.Ends[row.ID]; ends && at.After(a.Now()) {
		said += " — until " + a.clock(settings, at)
	}
	return said
}

// clock is a time as the clocks of a chat show it.
func (a *App) clock(settings *hub.ChatSettings, at time.Time) string {
	schedule, _ := settings.Schedule(a.Zone) // of one that cannot be read, the zone that is configured
	now := a.Now()
	if at.Before(now) && now.Sub(at) > 12*time.Hour { // the time alone would not say which day
		return at.In(schedule.Zone()).Format("2 January 15:04 ") + schedule.Zone().String()
	}
	return hub.OnClock(at.In(schedule.Zone()), now)
}

// silence says when a chat is left alone; "" is never.
func (a *App) silence(settings *hub.ChatSettings) string {
	now := a.Now()
	var said []string
	if settings.Snoozed.Until.After(now) {
		said = append(said, "Snoozed until "+a.clock(settings, settings.Snoozed.Until)+": nothing is sent until then.")
	}
	if settings.Quiet == "" {
		return strings.Join(said, " ")
	}
	schedule, err := settings.Schedule(a.Zone)
	if err != nil {
		return strings.Join(append(said, "Its quiet hours cannot be read: set them anew on Bellhop's web page."), " ")
	}
	return strings.Join(append(said, fmt.Sprintf("Quiet hours: every day %s (%s).", plain(settings.Quiet), plain(schedule.Zone().String()))), " ")
}

// removals are buttons that remove the first rows. They go by the row: numbers
// change.
func removals(rows []hub.Subscription) []hub.Action {
	var actions []hub.Action
	for i := range rows[:min(len(rows), maxActions)] {
		remove := call(functionRemove, hub.Values{fieldWhich: {strconv.Itoa(i + 1)}})
		remove.State = string(rows[i].ID)
		actions = append(actions, hub.Action{Label: fmt.Sprintf("Remove %d", i+1), Call: remove})
	}
	return actions
}
