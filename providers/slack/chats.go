package slack

import (
	"context"
	"strings"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Slack pages through all channels before it leaves archived ones out, and lets
// about 20 pages a minute pass: https://docs.slack.dev/reference/methods/conversations.list
const (
	pageSize  = 1000
	mostPages = 10
)

// Chats implements providers.ChatLister: the workspace's public channels, and
// the private ones that the app is in.
func (c *Client) Chats(ctx context.Context, query string) ([]providers.ChatInfo, error) {
	var all []providers.ChatInfo
	cursor := ""
	for range mostPages {
		w, api := c.open()
		page, next, err := api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"},
		})
		if err != nil {
			return nil, c.judge("conversations.list", w, err)
		}
		for _, channel := range page {
			all = append(all, c.info(channel))
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return providers.BestChats(all, query), nil
}

func (c *Client) info(channel slack.Channel) providers.ChatInfo {
	var notes []string
	if channel.IsPrivate {
		notes = append(notes, "private")
	}
	if !channel.IsMember {
		notes = append(notes, "not a member")
	}
	return providers.ChatInfo{
		Chat: hub.Chat{System: c.system, ID: channel.ID},
		Name: "#" + channel.Name,
		Note: strings.Join(notes, ", "),
	}
}
