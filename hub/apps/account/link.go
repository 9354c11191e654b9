package account

import (
	"context"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// codeFor is how long a code may be used.
const codeFor = 10 * time.Minute

// link makes a code, or links with the one who made the code.
func (a *App) link(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	if c.Context.Source.ID == hub.FromAPI {
		return noAccount(), nil
	}
	code := strings.TrimSpace(c.Command.Encoded.Get(fieldCode))
	if code == "" {
		return a.offer(ctx, c)
	}
	return a.take(ctx, c, code)
}

// noAccount is the answer to a program that asks for what only people have.
func noAccount() hub.Reply {
	return hub.Refuse("You ask with a token, not with an account of a chat system, so there is nothing to link. Ask me in a chat.").With(hub.OutcomeError)
}

// private reports whether nobody but the asker sees the answer.
func (a *App) private(ctx context.Context, c *hub.Command) bool {
	return c.Context.Channel.Direct || a.Whispers(ctx, c.Context.System)
}

// offer makes a code. Whoever reads it could take the asker's level, so that it
// is told to nobody else.
func (a *App) offer(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	if !a.private(ctx, c) {
		return hub.Refuse("Everybody here would see the code, and could be you with it. Write %s to me alone.", typed(Name+" "+functionLink)).With(hub.OutcomeRefused), nil
	}
	code, err := a.People.MakeLinkCode(ctx, c.Context.System, c.Context.User.ID, a.Now().Add(codeFor))
	if err != nil {
		return hub.Reply{}, err
	}
	return hub.Say("Your code is %s.\n\n%s", typed(code), howToGive(code)).With(hub.OutcomeCreated), nil
}

func howToGive(code string) string {
	return "Within ten minutes write to me from your account on the other system: " + typed(Name+" "+functionLink+" "+code) +
		", with `/` before it where there are slash commands and with `!` on Matrix. Then both are you, with the higher level of the two. " +
		"Tell the code to nobody: whoever gives it has your level from then on."
}

// take links the asker with the one who made a code.
func (a *App) take(ctx context.Context, c *hub.Command, code string) (hub.Reply, error) {
	system, user, now := c.Context.System, c.Context.User.ID, a.Now()
	if until := a.wrong.take(system, user, now); !until.IsZero() {
		a.Log.WarnContext(ctx, "too many wrong codes", "system", system, "user", user)
		minutes := int((until.Sub(now) + time.Minute - 1) / time.Minute)
		return hub.Refuse("Those were %d wrong codes. Try again in %s.", maxTries, counted(minutes, "minute", "minutes")).With(hub.OutcomeRefused), nil
	}
	linked, err := a.People.Link(ctx, system, user, code, now)
	switch hub.CodeOf(err) {
	case "":
		a.wrong.pardon(system, user)
		return nowLinked(c, linked), nil
	case hub.CodeForbidden:
		a.wrong.pardon(system, user)
		return a.other(ctx, c)
	case hub.CodeInvalid:
		return hub.Refuse("%s", apps.Sentence(err.Error())).With(hub.OutcomeError), nil
	}
	a.wrong.pardon(system, user)
	return hub.Reply{}, err
}

// other is the answer where the asker would raise somebody else: a stranger may
// have slipped them the code. In the other direction they do it knowingly.
func (a *App) other(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	text := "Nothing is linked: your account here has a higher level than the one that made the code, and a stranger could have given it to you. "
	if !a.private(ctx, c) {
		text += "If it was you, let me make a code here: write " + typed(Name+" "+functionLink) + " to me alone."
		return hub.Reply{OK: &hub.OK{Text: text}}.With(hub.OutcomeRefused), nil
	}
	code, err := a.People.MakeLinkCode(ctx, c.Context.System, c.Context.User.ID, a.Now().Add(codeFor))
	if err != nil {
		return hub.Reply{}, err
	}
	// No Error: its text would stand in the audit log, and the code with it.
	text += "If it was you, do it the other way round with this code: " + typed(code) + "\n\n" + howToGive(code)
	return hub.Reply{OK: &hub.OK{Text: text}}.With(hub.OutcomeRefused), nil
}

func nowLinked(c *hub.Command, linked []hub.ChatUser) hub.Reply {
	r := hub.Say("Done, these accounts are one person:\n\n%s\n\nYour level on each of them is **%s**.", accounts(linked, c), top(linked))
	r.Data = map[string]any{"after": brief(linked)}
	return r.With(hub.OutcomeUpdated)
}

// unlink makes the asker's account a person of its own.
func (a *App) unlink(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	if c.Context.Source.ID == hub.FromAPI {
		return noAccount(), nil
	}
	system, user := c.Context.System, c.Context.User.ID
	before, err := a.People.Linked(ctx, system, user)
	if err != nil && hub.CodeOf(err) != hub.CodeNotFound {
		return hub.Reply{}, err
	}
	if len(before) < 2 {
		return hub.Say("This account is linked with no other.").With(hub.OutcomeUnchanged), nil
	}
	if err := a.People.Unlink(ctx, system, user); err != nil {
		return hub.Reply{}, err
	}
	level, err := a.People.LevelOf(ctx, system, user)
	if err != nil {
		return hub.Reply{}, err
	}
	r := hub.Say("This account is linked with no other any more. Its level is **%s**.", level)
	r.Data = map[string]any{"before": brief(before)}
	return r.With(hub.OutcomeUpdated), nil
}

// top is the highest level of users who are one person.
func top(users []hub.ChatUser) hub.Level {
	top := hub.Guest
	for _, u := range users {
		if u.Level.May(top) {
			top = u.Level
		}
	}
	return top
}

// accounts lists the users of the person who gave a command.
func accounts(users []hub.ChatUser, c *hub.Command) string {
	lines := make([]string, len(users))
	for i := range users {
		u := &users[i]
		lines[i] = "- " + called(u) + ": **" + string(u.Level) + "**"
		if u.System == c.Context.System && u.ID == c.Context.User.ID {
			lines[i] += ", here"
		}
	}
	return strings.Join(lines, "\n")
}

// account is what the audit log keeps of a user.
type account struct {
	System hub.System `json:"system"`
	User   string     `json:"user"`
	Level  hub.Level  `json:"level"`
}

func brief(users []hub.ChatUser) []account {
	list := make([]account, len(users))
	for i, u := range users {
		list[i] = account{u.System, u.ID, u.Level}
	}
	return list
}
