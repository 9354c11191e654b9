package discourse

import (
	"context"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

const fieldVerb = "verb"

// help lists what the asker may do here, or tells more about one verb.
func (a *App) help(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	level := a.May(ctx, c)
	var mine []apps.Function
	for _, f := range a.Functions() {
		if f.Summary != "" && level.May(f.Level) {
			mine = append(mine, f)
		}
	}
	if verb := strings.TrimSpace(c.Command.Encoded.Get(fieldVerb)); verb != "" {
		return a.helpWith(c, mine, verb), nil
	}
	var lines []string
	for _, f := range mine {
		lines = append(lines, "- **"+f.Name+"** – "+f.Summary)
	}
	head := "I tell this chat what happens on the forum. This is what you may do here:"
	tail := "More about one of them: " + typed(a.Type(c, "help watch"))
	if !level.May(hub.Operator) {
		head = "I tell this chat what happens on the forum. This is what you may do here (to change what the chat hears, you need the right to; ask whoever runs Bellhop):"
		tail = "More about one of them: " + typed(a.Type(c, "help status"))
	}
	if len(mine) == 0 {
		return hub.Say("I tell this chat what happens on the forum. You may not ask me for anything here; whoever runs Bellhop can give you the right to.").With(hub.OutcomeOK), nil
	}
	return hub.Reply{OK: &hub.OK{Text: paragraphs(head, strings.Join(lines, "\n"), tail)}}.With(hub.OutcomeOK), nil
}

func (a *App) helpWith(c *hub.Command, mine []apps.Function, verb string) hub.Reply {
	verb = strings.ToLower(verb)
	var names []string
	for _, f := range mine {
		if f.Name == verb || slices.Contains(f.Aliases, verb) {
			return hub.Reply{OK: &hub.OK{Text: a.manual(c, f)}}.With(hub.OutcomeOK)
		}
		names = append(append(names, f.Name), f.Aliases...)
	}
	text := "I know no " + typed(verb) + " here."
	near := hub.Nearest(verb, names, 1)
	var actions []hub.Action
	for _, n := range near {
		text += " Did you mean " + typed(n) + "?"
		actions = append(actions, hub.Action{Label: label("Help with %s", n), Call: call(functionHelp, hub.Values{fieldVerb: {n}})})
	}
	text += " " + typed(a.Type(c, functionHelp)) + " shows what you may do."
	if len(actions) == 0 {
		return hub.Refuse("%s", text).With(hub.OutcomeError)
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: actions}}.With(hub.OutcomeError)
}

// manual is all there is to know about a function.
func (a *App) manual(c *hub.Command, f apps.Function) string {
	head := "**" + f.Name + "** – " + f.Summary
	if len(f.Aliases) > 0 {
		head += " Also: " + both(each(f.Aliases, typed)) + "."
	}
	var examples []string
	for _, e := range f.Example {
		examples = append(examples, "- "+typed(a.Type(c, e)))
	}
	if len(examples) > 0 {
		examples = append([]string{"Examples:", ""}, examples...)
	}
	return paragraphs(head, f.Detail, strings.Join(examples, "\n"))
}
