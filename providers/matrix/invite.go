package matrix

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	opJoin = "rooms/join"
	// joinAttempts is how often a room is tried whose server does not answer. It
	// must not keep what is said elsewhere from being heard for ever.
	joinAttempts = 3
)

// invited joins a room if auto_join names who invites us. Else the invitation
// stays as it is, so that whoever runs the account may take it by hand: a
// rejected one would be lost, and would tell strangers that somebody is there.
func (l *listening) invited(ctx context.Context, room string, state []json.RawMessage) error {
	by := inviter(state, l.c.cfg.UserID)
	if !l.c.cfg.joins(by) {
		l.log.InfoContext(ctx, "an invitation is left unanswered: auto_join does not name who sent it", "chat", room, "user", by)
		return nil
	}
	_, err := l.c.api.JoinRoomByID(ctx, id.RoomID(room))
	if err == nil {
		delete(l.invites, room)
		l.log.InfoContext(ctx, "joined a room", "chat", room, "user", by)
		return nil
	}
	fault := l.c.fault(ctx, opJoin, err)
	switch fault.Fault {
	case hub.FaultUnauthorized:
		return fault
	case hub.FaultTemporary, hub.FaultRateLimited:
		if l.invites[room]++; l.invites[room] < joinAttempts || ctx.Err() != nil {
			return fault
		}
	}
	delete(l.invites, room)
	l.log.WarnContext(ctx, "a room cannot be joined: invite the account again", "chat", room, "user", by, "err", fault)
	return nil
}

// inviter finds who invites user.
func inviter(state []json.RawMessage, user string) string {
	for _, raw := range state {
		if n, ok := stripped(raw); ok && n.of(user) {
			if now, _ := n.member(); now.Is == "invite" {
				return n.Sender
			}
		}
	}
	return ""
}

// joins reports whether auto_join names a user, or their server.
func (c *Config) joins(user string) bool {
	_, server, ok := strings.Cut(user, ":")
	return ok && strings.HasPrefix(user, "@") && (slices.Contains(c.AutoJoin, user) || slices.Contains(c.AutoJoin, ":"+server))
}
