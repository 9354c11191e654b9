package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// callback is what Slack sends to the path for events:
// https://docs.slack.dev/apis/events-api/#callback-field
type callback struct {
	Type           string          `json:"type"`
	Challenge      string          `json:"challenge"`
	TeamID         string          `json:"team_id"`
	EventID        string          `json:"event_id"`
	Event          json.RawMessage `json:"event"`
	Authorizations []struct {
		UserID string `json:"user_id"`
		IsBot  bool   `json:"is_bot"`
	} `json:"authorizations"`
}

// happening is an event of any type, as far as we read it:
// https://docs.slack.dev/reference/events
type happening struct {
	post
	Type            string `json:"type"`
	Who             party  `json:"user"`
	Where           party  `json:"channel"`
	ChannelType     string `json:"channel_type"`
	Team            party  `json:"team"`
	EventTS         string `json:"event_ts"`
	Message         *post  `json:"message"`
	PreviousMessage *post  `json:"previous_message"`
	DeletedTS       string `json:"deleted_ts"`
	Reaction        string `json:"reaction"`
	Item            struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
	ItemUser  string `json:"item_user"`
	Inviter   string `json:"inviter"`
	FileID    string `json:"file_id"`
	UserID    string `json:"user_id"`
	ChannelID string `json:"channel_id"`
}

// post is a message, as it is or as it was.
type post struct {
	Subtype  string `json:"subtype"`
	Author   party  `json:"user"`
	Username string `json:"username"`
	BotID    string `json:"bot_id"`
	Text     string `json:"text"`
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	Files    []file `json:"files"`
	Edited   *struct {
		User string `json:"user"`
		TS   string `json:"ts"`
	} `json:"edited"`
}

type file struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Mimetype  string `json:"mimetype"`
	Size      int64  `json:"size"`
	Permalink string `json:"permalink"`
}

// party is a user, a channel or a team: some events have its id, some all that
// Slack knows of it.
type party struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	IsBot    bool   `json:"is_bot"`
	Deleted  bool   `json:"deleted"`
	Creator  string `json:"creator"`
	Profile  struct {
		DisplayName string `json:"display_name"`
		RealName    string `json:"real_name"`
	} `json:"profile"`
}

// UnmarshalJSON takes both.
func (e *party) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*e = party{}
		return json.Unmarshal(raw, &e.ID)
	}
	type whole party
	return json.Unmarshal(raw, (*whole)(e))
}

func (e party) user() hub.User {
	return hub.User{
		ID: e.ID, Name: e.Name, Bot: e.IsBot,
		Full: cmp.Or(e.Profile.DisplayName, e.Profile.RealName, e.RealName),
	}
}

// event takes what Slack says at the path for events.
func (c *Client) event(ctx context.Context, d delivery, body []byte) answer {
	var cb callback
	if err := json.Unmarshal(body, &cb); err != nil {
		return c.unsupported(ctx, d, d.stamp, "events", body, "it cannot be read")
	}
	switch cb.Type {
	case "url_verification": // https://docs.slack.dev/reference/events/url_verification
		return answer{text: cb.Challenge}
	case "event_callback":
	default:
		return c.unsupported(ctx, d, d.stamp, cmp.Or(cb.Type, "events"), body, "")
	}
	for _, a := range cb.Authorizations {
		if a.IsBot && a.UserID != "" {
			c.self.CompareAndSwap(nil, &hub.User{ID: a.UserID, Bot: true})
		}
	}
	names, cancel := context.WithTimeout(ctx, lookupsTime)
	defer cancel()
	return c.tell(ctx, d, c.translate(names, d, &cb))
}

// translate makes an event of ours.
func (c *Client) translate(ctx context.Context, d delivery, cb *callback) *hub.Event {
	native := cmp.Or(cb.EventID, hub.Digest(string(cb.Event)))
	var h happening
	if err := json.Unmarshal(cb.Event, &h); err != nil {
		return c.signal(d, native, "event", cb.Event, "it cannot be read")
	}
	h.Author = h.Who
	t := teller{client: c, d: d, native: native, team: cb.TeamID}
	var e *hub.Event
	switch h.Type {
	case "message", "app_mention":
		e = t.message(ctx, &h)
	case "reaction_added", "reaction_removed":
		e = t.reaction(ctx, &h)
	case "member_joined_channel", "member_left_channel":
		e = t.member(ctx, &h)
	case "channel_created":
		e = t.channel(ctx, &h)
	case "team_join", "user_change":
		e = t.user(&h)
	case "file_shared":
		e = t.file(ctx, &h)
	}
	if e == nil {
		return c.signal(d, native, strings.Trim(h.Type+"."+h.Subtype, "."), cb.Event, "")
	}
	return e
}

// teller makes events of one callback.
type teller struct {
	client *Client
	d      delivery
	native string
	team   string
}

func (c *Client) newEvent(d delivery, native string, kind hub.EventType) *hub.Event {
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.ChatterEvent(c.system, native), Source: hub.Source(c.system), Type: kind,
		DataContentType: "application/json", ReceivedTime: d.at.UTC(), Time: d.at.UTC(),
	}
}

// event is an event of a kind at a ts of Slack's, about a subject.
func (t teller) event(kind hub.EventType, ts, subject string, data *hub.Chatter) *hub.Event {
	e := t.client.newEvent(t.d, t.native, kind)
	if at := timeOf(ts); !at.IsZero() {
		e.Time = at
	}
	e.Subject = subject
	data.Team = cmp.Or(data.Team, t.team)
	e.Data = encoded(data)
	return e
}

func (t teller) reaction(ctx context.Context, h *happening) *hub.Event {
	if h.Item.Type != "message" {
		return nil
	}
	kind := hub.ChatReactionAdded
	if h.Type == "reaction_removed" {
		kind = hub.ChatReactionGone
	}
	data := &hub.Chatter{
		From: t.client.who(ctx, h.Who.ID), Room: t.client.room(ctx, h.Item.Channel, ""),
		Ref: refOf(h.Item.Channel, h.Item.TS), Reaction: emoji(h.Reaction),
	}
	if h.ItemUser != "" {
		data.To = []string{h.ItemUser}
	}
	return t.event(kind, h.EventTS, string(data.Ref), data)
}

func (t teller) member(ctx context.Context, h *happening) *hub.Event {
	kind := hub.ChatMemberJoined
	if h.Type == "member_left_channel" {
		kind = hub.ChatMemberLeft
	}
	data := &hub.Chatter{From: t.client.who(ctx, h.Who.ID), Room: t.client.room(ctx, h.Where.ID, "")}
	if h.Inviter != "" && h.Inviter != h.Who.ID {
		whom := data.From
		data.From, data.Whom = t.client.who(ctx, h.Inviter), &whom
	}
	return t.event(kind, h.EventTS, h.Where.ID, data)
}

func (t teller) channel(ctx context.Context, h *happening) *hub.Event {
	data := &hub.Chatter{
		From: t.client.who(ctx, h.Where.Creator),
		Room: hub.Channel{ID: h.Where.ID, Name: h.Where.Name},
	}
	return t.event(hub.ChatChannelCreated, h.EventTS, h.Where.ID, data)
}

// user tells of a person who is new, or whose profile is another. Slack keeps
// those who were shut out, and calls them deleted.
func (t teller) user(h *happening) *hub.Event {
	t.client.known.forget(h.Who.ID)
	data := &hub.Chatter{From: h.Who.user()}
	kind := hub.ChatUserUpdated
	switch {
	case h.Type == "team_join":
		kind = hub.ChatUserCreated
	case h.Who.Deleted:
		data.Status = "deactivated"
	}
	return t.event(kind, h.EventTS, h.Who.ID, data)
}

func (t teller) file(ctx context.Context, h *happening) *hub.Event {
	data := &hub.Chatter{
		From: t.client.who(ctx, h.UserID), Room: t.client.room(ctx, h.ChannelID, ""),
		Files: []hub.File{{ID: h.FileID}},
	}
	return t.event(hub.ChatFileShared, h.EventTS, h.ChannelID, data)
}

func filesOf(files []file) []hub.File {
	var out []hub.File
	for _, f := range files {
		out = append(out, hub.File{ID: f.ID, Name: f.Name, Type: f.Mimetype, Size: f.Size, URL: f.Permalink})
	}
	return out
}

// editedAt is when a message was changed.
func (p *post) editedAt() time.Time {
	if p.Edited == nil {
		return time.Time{}
	}
	return timeOf(p.Edited.TS)
}
