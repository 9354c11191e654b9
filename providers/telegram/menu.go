package telegram

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Menu = (*Client)(nil)

// What Telegram takes of a menu: https://core.telegram.org/bots/api#botcommand
const (
	mostCommands    = 100
	longestSummary  = 256
	opMenu          = "setMyCommands"
	cancels, starts = "cancel", "start"
)

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// menu is what is offered: the names as Telegram spells them, to those that we
// were given.
type menu struct {
	mu    sync.Mutex
	names map[string]string // nil: nobody has said
}

// SetMenu implements providers.Menu. Telegram's commands have no dashes, so that
// a name with dashes is offered, and taken, with underscores.
func (c *Client) SetMenu(ctx context.Context, items []hub.MenuItem) error {
	names := map[string]string{}
	commands := []map[string]string{}
	for _, item := range items {
		name := strings.ReplaceAll(strings.ToLower(item.Name), "-", "_")
		summary := providers.Label(item.Summary, longestSummary, unit)
		if _, twice := names[name]; twice || !commandName.MatchString(name) {
			continue
		}
		names[name] = item.Name
		if summary == "" {
			summary = item.Name
		}
		if len(commands) < mostCommands {
			commands = append(commands, map[string]string{"command": name, "description": summary})
		}
	}
	c.menu.mu.Lock()
	c.menu.names = names
	c.menu.mu.Unlock()
	var done bool
	if failed := c.call(ctx, opMenu, tgbotapi.Params{"commands": object(commands)}, &done); failed != nil {
		return failed.Err
	}
	return nil
}

// knows reports whether a word is a command of ours. All are until a menu says
// which.
func (c *Client) knows(word string) bool {
	word = strings.ToLower(word)
	c.menu.mu.Lock()
	defer c.menu.mu.Unlock()
	_, offered := c.menu.names[strings.ReplaceAll(word, "-", "_")]
	return offered || c.menu.names == nil || word == cancels
}

// spelled is a command with its name as we were given it. Telegram's own button
// to begin with a bot says start:
// https://core.telegram.org/bots/features#global-commands
func (c *Client) spelled(name, rest string) string {
	c.menu.mu.Lock()
	given, offered := c.menu.names[strings.ToLower(name)]
	c.menu.mu.Unlock()
	switch {
	case offered:
		name = given
	case strings.EqualFold(name, starts) && rest == "":
		name = "help"
	}
	return strings.TrimSpace(name + " " + rest)
}
