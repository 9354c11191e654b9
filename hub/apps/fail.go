package apps

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// failure is what somebody is told of an error: what it says if it is a
// hub.Error, else that the log has it.
func failure(ctx context.Context, log *slog.Logger, c *hub.Command, err error) hub.Reply {
	switch hub.CodeOf(err) {
	case hub.CodeForbidden:
		return hub.Refuse("%s", Sentence(err.Error())).With(hub.OutcomeRefused)
	case hub.CodeInvalid, hub.CodeNotFound, hub.CodeUnauthorized:
		r := hub.Refuse("%s", Sentence(err.Error()))
		if e, ok := errors.AsType[*hub.Error](err); ok {
			r.Error.Fields = e.Fields
		}
		return r.With(hub.OutcomeError)
	case hub.CodeConflict:
		return hub.Refuse("Somebody else has just changed the same, so I left it as it is. Please try again.").With(hub.OutcomeError)
	case hub.CodeUnavailable:
		return hub.Refuse("That did not work, because a part of Bellhop does not answer just now: %s. Please try again in a minute.", err).With(hub.OutcomeError)
	}
	log.ErrorContext(ctx, "a command failed", "app", c.Command.Namespace, "function", c.Command.Function, "command", c.Command.ID,
		"system", c.Context.System, "chat", c.Context.Channel.ID, "err", err)
	return hub.Refuse("Something went wrong on Bellhop's side. Its log has the details; look how things stand before you try again.").With(hub.OutcomeError)
}

// Sentence is an error's text as a sentence: with a capital and an end.
func Sentence(s string) string {
	s = strings.TrimSpace(s)
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	s = string(unicode.ToUpper(first)) + s[size:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}
