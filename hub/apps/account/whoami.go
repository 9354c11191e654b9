package account

import (
	"context"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
)

// whoami tells the asker who they are, what they may do here, and why.
func (a *App) whoami(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	if c.Context.Source.ID == hub.FromAPI {
		return asked(c), nil
	}
	me := &hub.ChatUser{System: c.Context.System, User: c.Context.User, Level: hub.Member}
	linked, err := a.People.Linked(ctx, me.System, me.ID)
	if err != nil && hub.CodeOf(err) != hub.CodeNotFound {
		return hub.Reply{}, err
	}
	for i := range linked {
		if linked[i].System == me.System && linked[i].ID == me.ID {
			me = &linked[i]
		}
	}
	if len(linked) == 0 {
		linked = []hub.ChatUser{*me}
	}
	text := fmt.Sprintf("You are %s. %s", called(me), origin(me, linked))
	if here := a.May(ctx, c); here != top(linked) {
		text += fmt.Sprintf(" In this chat it is **%s**, since the system vouches for you here.", here)
	}
	if len(linked) > 1 {
		text += "\n\nThese accounts are you, each with the level that it was given:\n\n" + accounts(linked, c)
	} else {
		text += fmt.Sprintf("\n\nNo other account is linked with this one; %s does that.", typed(a.Type(c, functionLink)))
	}
	return hub.Say("%s", text).With(hub.OutcomeOK), nil
}

// asked tells whoever calls the API, whose role gives them their level.
func asked(c *hub.Command) hub.Reply {
	text := fmt.Sprintf("You are %s, with the role %s of the pane and the API: your level is **%s**.", plain(c.Context.User.Called()), c.Context.Role, c.Context.Role.Level())
	if c.Context.User.ID == "admin" {
		text = "You ask with the admin token, which may do everything."
	}
	return hub.Say("%s", text).With(hub.OutcomeOK)
}

// origin says what level a person has and where it comes from.
func origin(me *hub.ChatUser, linked []hub.ChatUser) string {
	level := top(linked)
	switch {
	case me.Level.May(level) && level == hub.Member:
		return "Your level is **user**, which everybody has who was given no other."
	case me.Level.May(level):
		return fmt.Sprintf("Your level is **%s**, which this account was given.", level)
	}
	for i := range linked {
		if linked[i].Level == level {
			return fmt.Sprintf("Your level is **%s**, from your account %s.", level, called(&linked[i]))
		}
	}
	return fmt.Sprintf("Your level is **%s**.", level)
}
