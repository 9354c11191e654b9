package pane

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// arrival is what became of a message that was to arrive.
type arrival struct {
	What   string // "greeting" or "row"
	State  string // "waits", "queued", "stuck", "dead" or "sent"
	Reason string // why it has not arrived
	Step   string // what helps
	URL    string // of the message, where its platform has one
	At     time.Time
	Room   admin.NamedChat
	Poll   string // where it is asked for again
}

// Waits reports whether it may change by itself.
func (a *arrival) Waits() bool { return a.State != "sent" && a.State != "dead" }

// arrivalOf is what became of the newest of some deliveries to a chat, or of one
// that has arrived.
func (p *Pane) arrivalOf(ctx context.Context, what string, chat hub.Chat, all []hub.Delivery) *arrival {
	a := &arrival{What: what, State: "waits", Room: p.Admin.ChatName(ctx, chat)}
	if len(all) == 0 {
		return a
	}
	i := max(0, slices.IndexFunc(all, func(d hub.Delivery) bool { return d.Status == hub.StatusSent }))
	d := all[i]
	a.At, a.Reason = d.UpdatedAt, d.Reason
	switch d.Status {
	case hub.StatusSent:
		a.State, a.Reason, a.URL = "sent", "", webAddress(d.Receipt.URL)
		return a
	case hub.StatusDead:
		a.State = "dead"
	default:
		a.State = "queued"
		if a.Reason = cmp.Or(a.Reason, p.whyStuck(ctx, chat)); a.Reason != "" {
			a.State = "stuck"
		}
	}
	if a.State != "queued" {
		a.Step = p.stepFor(ctx, chat)
	}
	return a
}

// whyStuck is why a chat takes no messages, as far as that is known.
func (p *Pane) whyStuck(ctx context.Context, chat hub.Chat) string {
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return ""
	}
	if lamp, reason := lampOf(systems, chat); lamp == "bad" {
		return reason
	}
	return ""
}

// stepFor is what helps in a chat that takes no messages, as its platform says.
func (p *Pane) stepFor(ctx context.Context, chat hub.Chat) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := p.Admin.Inspect(ctx, chat, false)
	if err != nil || found.State != hub.PreflightBlocked {
		return ""
	}
	return strings.TrimSuffix(found.First().Step, ".")
}

// wake has a chat that takes no messages tried at once: whoever asks for another
// message there has mended something.
func (p *Pane) wake(ctx context.Context, chat hub.Chat) error {
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return err
	}
	for _, s := range systems {
		if s.System == chat.System && slices.ContainsFunc(s.PausedChats, func(paused hub.PausedChat) bool { return paused.Chat == chat.ID }) {
			return p.Admin.ResumeSystem(ctx, chat.System, chat.ID)
		}
	}
	return nil
}

// chatTyped is the chat that somebody meant who typed its name instead of choosing
// it: the only one that is called so, else what was typed.
func (p *Pane) chatTyped(ctx context.Context, system hub.System, typed string) hub.Chat {
	typed = strings.TrimSpace(typed)
	chat := hub.Chat{System: system, ID: typed}
	if typed == "" || system == "" {
		return chat
	}
	bare := func(name string) string { return strings.ToLower(strings.TrimPrefix(name, "#")) }
	var named []hub.Chat
	for _, room := range p.Admin.FindChats(ctx, system, strings.TrimPrefix(typed, "#"), mostPicks) {
		if room.Chat.ID == typed {
			return room.Chat
		}
		if bare(room.Name) == bare(typed) {
			named = append(named, room.Chat)
		}
	}
	if len(named) == 1 {
		return named[0]
	}
	return chat
}
