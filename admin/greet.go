package admin

import (
	"context"
	"crypto/rand"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Greet posts a message to a chat that says who tries it out, and waits a moment
// for what becomes of it.
func (s *Server) Greet(ctx context.Context, words *web.Words, chat hub.Chat) (*Tested, error) {
	systems, err := s.Systems(ctx)
	if err != nil {
		return nil, err
	}
	in := messageInput{System: chat.System, Chat: chat.ID, Text: words.Say("welcome.greeting", "Who", escape(CallerOf(ctx).Called()))}
	if bad := messageProblems(systems, in); len(bad) > 0 {
		return nil, invalid(bad)
	}
	t := &Tested{Notification: hub.NotificationID("n" + hub.Digest("greeting", rand.Text())), Status: hub.StatusQueued}
	if err := s.queue(ctx, t.Notification, in); err != nil {
		return nil, err
	}
	return t, s.awaitTest(ctx, chat.System, t)
}
