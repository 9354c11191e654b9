package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// shownPeople is how many one answer lists.
const shownPeople = 30

// people lists who has spoken to us.
func (a *App) people(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	in := c.Command.Encoded
	users, next, err := a.People.ListUsers(ctx, hub.UserQuery{
		System: hub.System(in.Get(fieldSystem)), Level: hub.Level(in.Get(fieldLevel)), Text: strings.TrimSpace(in.Get(fieldText)),
		Page: hub.Page{Limit: shownPeople},
	})
	if err != nil {
		return hub.Reply{}, err
	}
	if len(users) == 0 {
		return hub.Say("Nobody is known who fits that. People become known when they speak to me, or when they are given a level.").With(hub.OutcomeOK), nil
	}
	lines := make([]string, len(users))
	for i := range users {
		if lines[i], err = a.person(ctx, &users[i]); err != nil {
			return hub.Reply{}, err
		}
	}
	text := strings.Join(lines, "\n")
	if next != "" {
		text += fmt.Sprintf("\n\nThese are the %d seen last. A part of a name narrows it down: %s", len(users), typed(a.Type(c, functionPeople+" anna")))
	}
	return hub.Say("%s", text).With(hub.OutcomeOK), nil
}

// person is a line about a user.
func (a *App) person(ctx context.Context, u *hub.ChatUser) (string, error) {
	line := "- " + called(u) + ": **" + string(u.Level) + "**"
	if u.Bot {
		line += ", a bot"
	}
	if u.Account == "" {
		return line, nil
	}
	level, err := a.People.LevelOf(ctx, u.System, u.ID)
	if err != nil {
		return "", err
	}
	if level != u.Level {
		return line + ", linked with one that is **" + string(level) + "**", nil
	}
	return line + ", linked", nil
}
