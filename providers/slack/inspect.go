package slack

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var (
	_ providers.Inspector = (*Client)(nil)
	_ providers.Named     = (*Client)(nil)
)

// inspectPace keeps within tier 3, fifty calls of conversations.info in a minute:
// https://docs.slack.dev/apis/web-api/rate-limits/
func inspectPace() []providers.Rate {
	return []providers.Rate{{Calls: 40, Per: time.Minute, Burst: 10}}
}

// Account implements providers.Named.
func (c *Client) Account() string {
	if self := c.self.Load(); self != nil && self.Name != "" {
		return "@" + self.Name
	}
	return ""
}

// Inspect implements providers.Inspector. What the app may do at all is in its
// token's scopes, which each answer of the Web API names in a header; the rest is
// what conversations.info tells of the channel:
// https://docs.slack.dev/authentication/installing-with-oauth
// https://docs.slack.dev/reference/methods/conversations.info
func (c *Client) Inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	w, api := c.open()
	who, err := api.AuthTestContext(ctx)
	if err != nil {
		return hub.Preflight{}, c.judge("auth.test", w, err)
	}
	c.learn(who)
	scopes := scopesOf(who.Header.Get("X-OAuth-Scopes"))
	id, err := c.channelID(ctx, chat.ID)
	if err != nil {
		return hub.Preflight{}, err
	}
	switch {
	case id == "":
		return c.notIn(chat), nil
	case strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W"):
		return c.inspectPerson(ctx, chat, scopes)
	}
	w, api = c.open()
	channel, err := api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return c.untold(chat, c.judge("conversations.info", w, err), scopes)
	}
	return c.inspectChannel(chat, channel, scopes), nil
}

// scopes are what a token may do; nil is that Slack did not say:
// https://docs.slack.dev/authentication/installing-with-oauth#verifying
type scopes map[string]bool

func scopesOf(header string) scopes {
	if header == "" {
		return nil
	}
	all := scopes{}
	for s := range strings.SplitSeq(header, ",") {
		all[strings.TrimSpace(s)] = true
	}
	return all
}

// writes is whether the token may write at all.
func (s scopes) writes() hub.Finding {
	switch {
	case s == nil:
		return hub.Finding{Is: hub.Unknown, Reason: "Slack did not name the scopes of the token"}
	case s["chat:write"] || s["chat:write:bot"]:
		return hub.Found(true)
	}
	return hub.Finding{
		Is: hub.No, Reason: "the token lacks the scope chat:write",
		Step: "On api.slack.com/apis open the app: OAuth & Permissions, Bot Token Scopes, add chat:write, then Reinstall to Workspace",
	}
}

// channelID is the id of a channel that is named, empty if there is none that we
// could see.
func (c *Client) channelID(ctx context.Context, chat string) (string, error) {
	if !strings.HasPrefix(chat, "#") {
		return chat, nil
	}
	all, err := c.Chats(ctx, chat)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(info providers.ChatInfo) bool { return info.Name == chat })
	if i < 0 {
		return "", nil
	}
	return all[i].ID, nil
}

func (c *Client) invite() string {
	name := c.Account()
	if name == "" {
		name = "@Bellhop"
	}
	return "In that channel type /invite " + name
}

func (c *Client) notIn(chat hub.Chat) hub.Preflight {
	return hub.NotIn(chat, "there is no such channel, or it is private and the app is not in it", c.invite())
}

// untold is what is known where Slack does not say how a channel is: it is a
// matter of the channel or of a scope, or else an error.
func (c *Client) untold(chat hub.Chat, err *providers.Error, s scopes) (hub.Preflight, error) {
	if err.Fault == hub.FaultChatGone {
		return c.notIn(chat), nil
	}
	if !strings.Contains(err.Error(), "missing_scope") {
		return hub.Preflight{}, err
	}
	hidden := hub.Finding{
		Is: hub.Unknown, Reason: "the token may not look at channels: it lacks the scope channels:read, or groups:read for a private one",
		Step: "On api.slack.com/apis open the app: OAuth & Permissions, Bot Token Scopes, add channels:read and groups:read, then Reinstall to Workspace",
	}
	p := hub.Preflight{Chat: chat, Member: hidden, Post: hidden, Thread: hidden, Edit: hidden, Delete: hidden, Archived: hidden, Encrypted: hub.Found(false)}
	if write := s.writes(); write.Is == hub.No {
		p.Post, p.Thread, p.Edit, p.Delete = write, write, write, write
	}
	return p, nil
}

func (c *Client) inspectChannel(chat hub.Chat, ch *slack.Channel, s scopes) hub.Preflight {
	p := hub.Preflight{Chat: chat, Name: "#" + ch.Name, Archived: hub.Found(ch.IsArchived), Encrypted: hub.Found(false)}
	if ch.IsIM {
		p.Name = ""
	}
	write := s.writes()
	p.Member, p.Post, p.Thread, p.Edit, p.Delete = hub.Found(true), write, write, write, write
	refuse := func(f hub.Finding) { p.Post, p.Thread, p.Edit, p.Delete = f, f, f, f }
	if ch.IsArchived {
		p.Archived.Reason = "the channel is archived, and takes no messages"
		p.Archived.Step = "In Slack open the channel's details, Settings, Unarchive channel; or give its subscriptions another channel"
		refuse(hub.Finding{Is: hub.No, Reason: p.Archived.Reason, Step: p.Archived.Step})
	}
	if !ch.IsMember && !ch.IsIM {
		p.Member = hub.Finding{Is: hub.No, Reason: "the app is not in the channel", Step: c.invite()}
		// https://docs.slack.dev/reference/scopes/chat.write.public
		if ch.IsPrivate || !s["chat:write.public"] {
			refuse(p.Member)
		}
	}
	if write.Is == hub.Yes && p.Archived.Is == hub.No && p.Member.Is == hub.Yes {
		c.restrict(&p, ch)
	}
	return p
}

// restrict looks at who may post and who may answer in a channel, where its
// managers have limited that:
// https://docs.slack.dev/reference/objects/conversation-object
func (c *Client) restrict(p *hub.Preflight, ch *slack.Channel) {
	const step = "In Slack open the channel's details, Settings, Posting permissions, and let the app post"
	limited := func(to slack.RestrictedTo) bool {
		return len(to.Type) > 0 && !slices.ContainsFunc(to.User, c.isSelf)
	}
	if ch.IsReadOnly || ch.Properties != nil && limited(ch.Properties.PostingRestrictedTo) {
		p.Post = hub.Finding{Is: hub.No, Reason: "only some people may post in the channel", Step: step}
	}
	if ch.Properties != nil && limited(ch.Properties.ThreadsRestrictedTo) {
		p.Thread = hub.Finding{Is: hub.No, Reason: "only some people may answer in the channel's threads", Step: step}
	}
}

// inspectPerson is about the direct channel of somebody and us, which opens with
// the first message: https://docs.slack.dev/reference/methods/users.info
func (c *Client) inspectPerson(ctx context.Context, chat hub.Chat, s scopes) (hub.Preflight, error) {
	w, api := c.open()
	u, err := api.GetUserInfoContext(ctx, chat.ID)
	if err != nil {
		return c.untold(chat, c.judge("users.info", w, err), s)
	}
	write := s.writes()
	p := hub.Preflight{
		Chat: chat, Name: "@" + u.Name, Member: hub.Found(true), Post: write, Thread: write, Edit: write, Delete: write,
		Archived: hub.Found(false), Encrypted: hub.Found(false),
	}
	if u.Deleted || u.IsBot || u.ID == slackbot {
		p.Post = hub.Finding{Is: hub.No, Reason: "this account cannot be written to: it is deactivated, or an app", Step: "Give its subscriptions another chat"}
	}
	return p, nil
}
