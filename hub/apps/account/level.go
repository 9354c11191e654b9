package account

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// level sets what somebody may do.
func (a *App) level(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	in := c.Command.Encoded
	system := cmp.Or(hub.System(in.Get(fieldSystem)), c.Context.System)
	level := hub.Level(in.Get(fieldLevel))
	a.levels.Lock()
	defer a.levels.Unlock()
	who, known, err := a.find(ctx, system, in.Get(fieldUser))
	if err != nil {
		return hub.Reply{}, err
	}
	if known && who.Level == level {
		return hub.Say("%s is **%s** already.", called(who), level).With(hub.OutcomeUnchanged), nil
	}
	if known && who.Level == hub.Admin {
		if err := a.keepsAdmin(ctx, who); err != nil {
			return hub.Reply{}, err
		}
	}
	set, err := a.People.SetLevel(ctx, system, who.ID, level)
	if err != nil {
		return hub.Reply{}, err
	}
	text, outcome, data := fmt.Sprintf("%s is **%s** now.", called(set), level), hub.OutcomeUpdated, map[string]any{"after": brief([]hub.ChatUser{*set})[0]}
	if known {
		data["before"] = brief([]hub.ChatUser{*who})[0]
	} else {
		outcome = hub.OutcomeCreated
		text += fmt.Sprintf(" They have not spoken to me yet. If that is a slip, take it back: %s", typed(a.Type(c, functionLevel+" "+set.ID+" "+string(hub.Member))))
	}
	if text, err = a.higher(ctx, text, set); err != nil {
		return hub.Reply{}, err
	}
	r := hub.Say("%s", text)
	r.Data = data
	return r.With(outcome), nil
}

// higher adds to a text that somebody has a higher level than they were given.
func (a *App) higher(ctx context.Context, text string, set *hub.ChatUser) (string, error) {
	if set.Account == "" {
		return text, nil
	}
	has, err := a.People.LevelOf(ctx, set.System, set.ID)
	if err == nil && has != set.Level {
		text += fmt.Sprintf(" They still have the level **%s**, from an account that is linked with this one: %s lists them.", has, typed(Name+" "+functionWhoami))
	}
	return text, err
}

// keepsAdmin refuses where nobody would be left to say who may do what.
func (a *App) keepsAdmin(ctx context.Context, but *hub.ChatUser) error {
	q := hub.UserQuery{Level: hub.Admin}
	for {
		admins, next, err := a.People.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(admins, func(u hub.ChatUser) bool { return !u.Bot && (u.System != but.System || u.ID != but.ID) }) {
			return nil
		}
		if next == "" {
			return hub.Errorf(hub.CodeForbidden, "%s is the last admin: make somebody else one first", called(but))
		}
		q.Page.Cursor = next
	}
}

// find is the user that a word means: an id, or the name of one who is known.
// An id that nobody has seen may still be somebody's.
func (a *App) find(ctx context.Context, system hub.System, word string) (who *hub.ChatUser, known bool, err error) {
	word = unmarked(strings.TrimSpace(word))
	who, err = a.People.GetUser(ctx, system, word)
	if err == nil || hub.CodeOf(err) != hub.CodeNotFound {
		return who, true, err
	}
	name := strings.TrimPrefix(word, "@")
	everybody, _, err := a.People.ListUsers(ctx, hub.UserQuery{System: system, Page: hub.Page{Limit: 500}})
	if err != nil {
		return nil, false, err
	}
	var fit []hub.ChatUser
	for _, u := range everybody {
		if strings.EqualFold(u.Name, name) || strings.EqualFold(u.Full, name) {
			fit = append(fit, u)
		}
	}
	switch {
	case len(fit) == 1:
		return &fit[0], true, nil
	case len(fit) > 1:
		return nil, false, hub.Errorf(hub.CodeInvalid, "several are called that, name one by the id: %s", ids(fit))
	}
	if err := mistyped(word, name, system, everybody); err != nil {
		return nil, false, err
	}
	return &hub.ChatUser{System: system, User: hub.User{ID: word}}, false, nil
}

// unmarked is the id in a mention as platforms write it, else the word itself.
//   - Slack: <@U0123|anna>, https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
//   - Matrix: https://matrix.to/#/@anna:example.org, https://spec.matrix.org/latest/appendices/#matrixto-navigation
func unmarked(word string) string {
	if inner, ok := strings.CutPrefix(word, "<@"); ok && strings.HasSuffix(inner, ">") {
		id, _, _ := strings.Cut(strings.TrimSuffix(inner, ">"), "|")
		return id
	}
	if address, ok := strings.CutPrefix(word, "https://matrix.to/#/"); ok {
		if id, err := url.PathUnescape(address); err == nil {
			return id
		}
	}
	return word
}

func ids(users []hub.ChatUser) string {
	list := make([]string, len(users))
	for i, u := range users {
		list[i] = typed(u.ID)
	}
	return strings.Join(list, ", ")
}

// mistyped refuses what is rather a name that nobody has than an id.
func mistyped(word, name string, system hub.System, everybody []hub.ChatUser) error {
	var names []string
	for _, u := range everybody {
		for _, n := range []string{u.Name, u.Full} {
			if n != "" {
				names = append(names, n)
			}
		}
	}
	near := hub.Nearest(name, names, 2)
	// An id of Matrix begins with an @ too, and names its server.
	if len(near) == 0 && (word == name || strings.Contains(word, ":")) && !strings.Contains(word, " ") {
		return nil
	}
	said := fmt.Sprintf("nobody on %s is known as %s", system, typed(word))
	for i, n := range near {
		near[i] = typed(n)
	}
	if len(near) > 0 {
		said += "; did you mean " + strings.Join(near, " or ") + "?"
	} else {
		said += ": they must speak to me first, or be named by the platform's id"
	}
	return hub.Errorf(hub.CodeNotFound, "%s", said)
}
