package account

import (
	"context"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// help lists what the asker may do here, or tells more about one verb.
func (a *App) help(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	level := a.May(ctx, c)
	var lines, names []string
	verb := strings.ToLower(strings.TrimSpace(c.Command.Encoded.Get(fieldVerb)))
	for _, f := range a.Functions() {
		if !level.May(f.Level) {
			continue
		}
		if f.Name == verb || slices.Contains(f.Aliases, verb) {
			return hub.Reply{OK: &hub.OK{Text: a.manual(c, f)}}.With(hub.OutcomeOK), nil
		}
		names = append(append(names, f.Name), f.Aliases...)
		lines = append(lines, "- **"+f.Name+"** – "+f.Summary)
	}
	if verb != "" {
		text := "There is no " + typed(verb) + " that you may use here."
		if near := hub.Nearest(verb, names, 1); len(near) > 0 {
			text += " Did you mean " + typed(near[0]) + "?"
		}
		return hub.Refuse("%s %s lists what there is.", text, typed(a.Type(c, functionHelp))).With(hub.OutcomeError), nil
	}
	return hub.Say("This is about you and your accounts:\n\n%s\n\nMore about one of them: %s",
		strings.Join(lines, "\n"), typed(a.Type(c, functionHelp+" "+functionWhoami))).With(hub.OutcomeOK), nil
}

// manual is all there is to know about a function.
func (a *App) manual(c *hub.Command, f apps.Function) string {
	examples := make([]string, len(f.Example))
	for i, line := range f.Example {
		examples[i] = a.Type(c, line)
	}
	return form.Help(f.Name, f.Summary, f.Detail, f.Form, examples)
}
