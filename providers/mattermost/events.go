package mattermost

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
)

// told is an event of ours, and when it was by the server's clock: 0 for what
// does not say when.
type told struct {
	event hub.Event
	at    int64
}

// event makes one of ours. id is made of the server's own ids, so that what is
// told again is the same.
func (c *Client) event(kind hub.EventType, id, subject string, at int64, data any) told {
	raw, err := json.Marshal(data)
	if err != nil { // a Chatter or a Signal, which are JSON
		raw = nil
	}
	e := hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.ChatterEvent(c.system, id), Type: kind, Subject: subject,
		ReceivedTime: time.Now().UTC(), DataContentType: "application/json", Data: raw,
	}
	if at > 0 {
		e.Time = time.UnixMilli(at).UTC()
	}
	return told{event: e, at: at}
}

// unsupported is what we make of an event that we do not know.
func (c *Client) unsupported(name, id string, data json.RawMessage, note string) told {
	return c.event(hub.HubSignalUnsupported, id, "", 0, hub.Signal{Name: clip(name), Body: withoutPeople(data), Note: note})
}

// translate makes our event of one of the websocket's; ok is false for what tells
// us nothing. id names it where it has none of its own.
func (c *Client) translate(ctx context.Context, f *frame, id string) (t told, ok bool) {
	if quietly[f.Event] {
		return told{}, false
	}
	n, err := f.native()
	if err != nil {
		return c.unsupported(f.Event, id, f.Data, "its data cannot be read"), true
	}
	switch model.WebsocketEventType(f.Event) {
	case model.WebsocketEventPosted, model.WebsocketEventPostEdited, model.WebsocketEventPostDeleted:
		t, ok = c.ofPost(ctx, f, &n)
	case model.WebsocketEventReactionAdded, model.WebsocketEventReactionRemoved:
		t, ok = c.ofReaction(ctx, f, &n)
	default:
		t, ok = c.ofPeople(ctx, f, &n, id)
	}
	if !ok {
		return c.unsupported(f.Event, id, f.Data, ""), true
	}
	return t, true
}

func (c *Client) ofPost(ctx context.Context, f *frame, n *native) (told, bool) {
	p := n.Post.of
	if p == nil || !model.IsValidId(p.Id) {
		return told{}, false
	}
	at := room(p.ChannelId, n.ChannelName, n.ChannelShown, model.ChannelType(n.ChannelType))
	if n.ChannelType != "" {
		c.known.learnChannel(at)
	} else {
		at = c.known.channel(ctx, p.ChannelId)
	}
	said := post{Post: p, room: at, team: n.TeamID, sender: strings.TrimPrefix(n.SenderName, "@")}
	if n.Mentions.of != nil {
		said.mentions = *n.Mentions.of
	}
	switch model.WebsocketEventType(f.Event) {
	case model.WebsocketEventPosted:
		return c.posted(ctx, &said), true
	case model.WebsocketEventPostEdited:
		return c.edited(ctx, &said), true
	default:
		return c.deleted(ctx, &said), true
	}
}

// post is one with where it is and what else is known of it.
type post struct {
	*model.Post
	room     hub.Channel
	team     string
	sender   string // the name of who wrote it, if the server said it
	mentions []string
}

// byBot reports whether no person wrote a post. The server marks those of bots,
// webhooks, plugins and OAuth apps:
// https://github.com/mattermost/mattermost/blob/master/server/public/model/post.go
func (p *post) byBot() bool {
	for _, key := range []string{model.PostPropsFromBot, model.PostPropsFromWebhook, model.PostPropsFromPlugin, model.PostPropsFromOAuthApp} {
		if v := p.GetProp(key); v == "true" || v == true {
			return true
		}
	}
	return false
}

// chatter is what all events of a post say.
func (c *Client) chatter(ctx context.Context, p *post) hub.Chatter {
	me, err := c.me(ctx)
	if err != nil { // then it is not known to be ours; marks tell it all the same
		me = hub.User{}
	}
	from := c.known.user(ctx, p.UserId)
	from.Name = cmp.Or(from.Name, p.sender)
	from.Bot = from.Bot || p.byBot() || p.UserId == me.ID
	return hub.Chatter{
		From: from, To: p.mentions, Room: p.room, Team: p.team, Ref: hub.MessageRef(p.Id), Thread: hub.MessageRef(p.RootId), ReplyTo: hub.MessageRef(p.RootId),
		Text: p.Message, Files: shared(p.Post, c.url),
	}
}

// posted tells of a new message. What the server says of itself (who joined,
// which header changed) is none.
func (c *Client) posted(ctx context.Context, p *post) told {
	if p.IsSystemMessage() {
		return c.unsupported("posted/"+p.Type, "post/"+p.Id, nil, "the server's own words")
	}
	said := c.chatter(ctx, p)
	if !said.From.Bot {
		if me, err := c.me(ctx); err == nil {
			said.Line, said.ForUs = addressed(p.Message, me.Name, p.room.Direct)
			if said.ForUs && !slices.Contains(said.To, me.ID) { // of what was missed, the server does not list it
				said.To = append(slices.Clone(said.To), me.ID)
			}
		}
	}
	return c.event(hub.ChatMessagePosted, "post/"+p.Id, "post/"+p.Id, p.CreateAt, said)
}

func (c *Client) edited(ctx context.Context, p *post) told {
	at := cmp.Or(p.EditAt, p.UpdateAt)
	said := c.chatter(ctx, p)
	said.EditedAt = time.UnixMilli(at).UTC()
	return c.event(hub.ChatMessageEdited, "edit/"+p.Id+"/"+millis(at), "post/"+p.Id, at, said)
}

// deleted says nothing of what the message said.
func (c *Client) deleted(ctx context.Context, p *post) told {
	said := c.chatter(ctx, p)
	said.Text, said.Files, said.To = "", nil, nil
	return c.event(hub.ChatMessageDeleted, "delete/"+p.Id, "post/"+p.Id, cmp.Or(p.DeleteAt, p.UpdateAt), said)
}

func shared(p *model.Post, base string) []hub.File {
	var all []hub.File
	named := map[string]*model.FileInfo{}
	if p.Metadata != nil {
		for _, f := range p.Metadata.Files {
			if f != nil {
				named[f.Id] = f
			}
		}
	}
	for _, id := range p.FileIds {
		file := hub.File{ID: id}
		if model.IsValidId(id) {
			file.URL = base + "/api/v4/files/" + id
		}
		if f := named[id]; f != nil {
			file.Name, file.Type, file.Size = f.Name, f.MimeType, f.Size
		}
		all = append(all, file)
	}
	return all
}

func (c *Client) ofReaction(ctx context.Context, f *frame, n *native) (told, bool) {
	r := n.Reaction.of
	if r == nil || !model.IsValidId(r.PostId) {
		return told{}, false
	}
	at := c.known.channel(ctx, cmp.Or(r.ChannelId, f.Broadcast.Channel))
	return c.reacted(ctx, r, at, f.Event == string(model.WebsocketEventReactionRemoved)), true
}

// reacted tells of a reaction. Taking it back has no time of its own, but the one
// that is taken back can be no other.
func (c *Client) reacted(ctx context.Context, r *model.Reaction, at hub.Channel, gone bool) told {
	from := c.known.user(ctx, r.UserId)
	if me, err := c.me(ctx); err == nil && me.ID == r.UserId {
		from.Bot = true
	}
	said := hub.Chatter{From: from, Room: at, Ref: hub.MessageRef(r.PostId), Reaction: emoji(r.EmojiName)}
	kind, id := hub.ChatReactionAdded, "reaction"
	if gone {
		kind, id = hub.ChatReactionGone, "unreaction"
	}
	id = strings.Join([]string{id, r.PostId, r.UserId, r.EmojiName, millis(r.CreateAt)}, "/")
	return c.event(kind, id, "post/"+r.PostId, cmp.Or(r.CreateAt, r.UpdateAt), said)
}

// emoji is the one that has a name, or the name where it has none: of a server's
// own.
func emoji(name string) string {
	code, ok := model.SystemEmojis[name]
	if !ok {
		return name
	}
	var b strings.Builder
	for part := range strings.SplitSeq(code, "-") {
		r, err := strconv.ParseInt(part, 16, 32)
		if err != nil {
			return name
		}
		b.WriteRune(rune(r))
	}
	return hub.Emoji(b.String())
}

// ofPeople tells of those who come, go and change, and of channels.
func (c *Client) ofPeople(ctx context.Context, f *frame, n *native, id string) (told, bool) {
	channel := cmp.Or(f.Broadcast.Channel, n.ChannelID)
	who := cmp.Or(n.UserID, f.Broadcast.User)
	known := func(kind hub.EventType, subject string, said hub.Chatter) (told, bool) {
		return c.event(kind, id, subject, 0, said), true
	}
	switch model.WebsocketEventType(f.Event) {
	case model.WebsocketEventUserAdded:
		return known(hub.ChatMemberJoined, "user/"+who, hub.Chatter{From: c.known.user(ctx, who), Room: c.known.channel(ctx, channel), Team: n.TeamID})
	case model.WebsocketEventUserRemoved:
		said := hub.Chatter{From: c.known.user(ctx, who), Room: c.known.channel(ctx, channel)}
		if n.RemoverID != "" && n.RemoverID != who {
			whom := said.From
			said.From, said.Whom = c.known.user(ctx, n.RemoverID), &whom
		}
		return known(hub.ChatMemberLeft, "user/"+who, said)
	case model.WebsocketEventNewUser:
		return known(hub.ChatUserCreated, "user/"+who, hub.Chatter{From: c.known.user(ctx, who)})
	case model.WebsocketEventUserUpdated:
		if n.User.of == nil {
			return told{}, false
		}
		c.known.learn(person(n.User.of))
		return known(hub.ChatUserUpdated, "user/"+n.User.of.Id, hub.Chatter{From: person(n.User.of)})
	case model.WebsocketEventAddedToTeam:
		return known(hub.ChatTeamJoined, "user/"+who, hub.Chatter{From: c.known.user(ctx, who), Team: n.TeamID})
	case model.WebsocketEventLeaveTeam:
		return known(hub.ChatTeamLeft, "user/"+who, hub.Chatter{From: c.known.user(ctx, who), Team: n.TeamID})
	case model.WebsocketEventChannelCreated:
		return known(hub.ChatChannelCreated, "channel/"+channel, hub.Chatter{Room: c.known.channel(ctx, channel), Team: n.TeamID})
	case model.WebsocketEventStatusChange:
		return known(hub.ChatStatusChanged, "user/"+who, hub.Chatter{From: c.known.user(ctx, who), Status: n.Status})
	case model.WebsocketEventChannelUpdated, model.WebsocketEventChannelConverted:
		c.known.forgetChannel(cmp.Or(channel, n.ChannelID))
	}
	return told{}, false
}

// eventsOf is what happened to a post after a moment, oldest first: for what was
// missed.
func (c *Client) eventsOf(ctx context.Context, p *post, since int64) []told {
	var all []told
	switch {
	case p.DeleteAt > since:
		return append(all, c.deleted(ctx, p))
	case p.DeleteAt > 0:
		return nil
	}
	if p.CreateAt > since {
		all = append(all, c.posted(ctx, p))
	}
	if p.EditAt > since { // also of a new one, which may have been heard as it was before
		all = append(all, c.edited(ctx, p))
	}
	if p.Metadata != nil {
		for _, r := range p.Metadata.Reactions {
			if r != nil && r.CreateAt > since {
				all = append(all, c.reacted(ctx, r, p.room, false))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b told) int { return cmp.Compare(a.at, b.at) })
	return all
}
