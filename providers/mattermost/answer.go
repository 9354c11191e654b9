package mattermost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// said is a reply in words: as many posts as it takes.
type said struct {
	posts  []*model.Post
	public bool
	choose bool // people choose from it by its numbers
}

// spot is where words are said: what its buttons are tied to.
type spot struct{ channel, root string }

// here is where a command came from.
func here(cmd *hub.Command) spot {
	return spot{cmd.Context.Channel.ID, string(cmd.Context.RootPost)}
}

// words writes a reply for a spot. A form becomes a button that opens it: where
// there was no trigger, or it is too old. Its own token asks the hub for it again.
func (c *Client) words(r hub.Reply, at spot) said {
	var text, tail string
	var actions []*model.PostAction
	out := said{}
	switch {
	case r.OK != nil:
		text, tail, out.public = r.OK.Text, inLines(r.OK.Actions, c.buttons()), r.OK.Public
		out.choose = !c.buttons() && len(numberedWords(r.OK.Actions)) > 0
		for _, a := range r.OK.Actions {
			if made := c.buttonOn(a, hub.KindSubmit, at); made != nil {
				actions = append(actions, made)
			}
		}
	case r.Error != nil:
		text = r.Error.Text + listFields(r.Error.Fields)
	case r.Navigate != nil:
		text = r.Navigate.Text
		if url := page(r.Navigate.URL); url != "" {
			tail = parts.Link(url, url)
		}
	case r.Form != nil:
		text = "**" + providers.Label(r.Form.Title, 200, unit) + "**"
		open := hub.Action{Label: "Open the form", Style: "primary", Token: r.Form.Token}
		if made := c.buttonOn(open, hub.KindForm, at); made != nil {
			actions = append(actions, made)
		}
	}
	out.posts = c.pages(text, tail, actions)
	return out
}

func (c *Client) buttonOn(a hub.Action, kind hub.CommandKind, at spot) *model.PostAction {
	if !c.buttons() {
		return nil
	}
	return c.action(a, kind, at.channel, at.root)
}

// listFields are a refusal's fields as a list.
func listFields(fields map[string]string) string {
	list := ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		list += "\n- **" + name + "**: " + fields[name]
	}
	if list != "" {
		list = "\n" + list
	}
	return list
}

// pages are posts of a text that may be too long for one. The last has what
// stands below it.
func (c *Client) pages(text, tail string, actions []*model.PostAction) []*model.Post {
	var posts []*model.Post
	for _, part := range providers.Split(providers.Parse(text), markdown{}, textLimit, unit.Len) {
		posts = append(posts, &model.Post{Message: part})
	}
	if len(posts) == 0 && (tail != "" || len(actions) > 0) {
		posts = append(posts, &model.Post{})
	}
	if len(posts) == 0 {
		return nil
	}
	last := posts[len(posts)-1]
	if joined := providers.Join("\n\n", last.Message, tail); unit.Len(joined) <= textLimit {
		last.Message = joined
	} else {
		last = &model.Post{Message: tail}
		posts = append(posts, last)
	}
	putOn(last, actions)
	return posts
}

// Answer implements providers.Answerer. A slash command has an address for that,
// for half an hour; else people get a post that only they see, where the bot may
// make such, or a direct message.
func (c *Client) Answer(ctx context.Context, cmd *hub.Command, r hub.Reply) (hub.Receipt, error) {
	if r.Form != nil {
		err := c.open(ctx, cmd, r.Form)
		if err == nil {
			return hub.Receipt{At: time.Now().UTC()}, nil
		}
		c.log.DebugContext(ctx, "a dialog is not open", "err", err)
	}
	words := c.words(r, here(cmd))
	if len(words.posts) == 0 {
		return hub.Receipt{At: time.Now().UTC()}, nil
	}
	if id := cmd.Context.Source.Props[propHook]; id != "" && !words.choose && young(cmd.Context.Source.Props[propOpened]) {
		err := c.respond(ctx, id, cmd, r)
		if err == nil {
			return hub.Receipt{At: time.Now().UTC()}, nil
		}
		c.log.DebugContext(ctx, "a response_url is not taken", "err", err)
	}
	return c.say(ctx, cmd, r)
}

// young reports whether a response_url of that moment still is one.
func young(opened string) bool {
	at, err := strconv.ParseInt(opened, 10, 64)
	return err == nil && time.Since(time.UnixMilli(at)) < model.CommandWebhookLifetime*time.Millisecond
}

// respond answers a slash command at its response_url. A form is told as a button
// there: it could not be opened.
func (c *Client) respond(ctx context.Context, id string, cmd *hub.Command, r hub.Reply) error {
	cmd = withoutTrigger(cmd)
	answer := c.commandResponse(ctx, cmd, r)
	if answer.GotoLocation != "" { // nobody's app listens to it by now
		answer.GotoLocation = ""
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/hooks/commands/"+id, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.api.HTTPClient.Do(req)
	if err != nil {
		return bare(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("mattermost answered %s", resp.Status)
	}
	return nil
}

// withoutTrigger is a command that opens no dialog any more.
func withoutTrigger(cmd *hub.Command) *hub.Command {
	bare := *cmd
	bare.Security.TriggerID = ""
	return &bare
}

// unheardFor is how long a bot that may not whisper does not try to.
const unheardFor = 10 * time.Minute

// say posts a reply, for the asker alone if it is not public. The receipt names
// the last post. Where the bot may not whisper the asker gets a direct message;
// but a conversation goes on where it began.
func (c *Client) say(ctx context.Context, cmd *hub.Command, r hub.Reply) (hub.Receipt, error) {
	at := here(cmd)
	words := c.words(r, at)
	if words.public || cmd.Context.Channel.Direct || words.choose {
		return c.postAll(ctx, cmd, words, at)
	}
	receipt, err := c.whisper(ctx, cmd, words)
	if err == nil || !elsewhere(err) {
		return receipt, err
	}
	if !c.buttons() {
		return c.postAll(ctx, cmd, words, at)
	}
	channel, resp, err := c.directly(ctx, cmd.Context.User.ID)
	if err != nil {
		return hub.Receipt{}, c.judge("channels/direct", resp, err)
	}
	at = spot{channel: channel}
	return c.postAll(ctx, cmd, c.words(r, at), at)
}

// elsewhere reports whether who cannot be whispered to can be told in another
// place.
func elsewhere(err error) bool {
	fault := providers.FaultOf(err)
	return fault == hub.FaultRejected || fault == hub.FaultChatGone
}

// whisper makes posts that only the asker sees:
// https://developers.mattermost.com/api-documentation/#/operations/CreatePostEphemeral
func (c *Client) whisper(ctx context.Context, cmd *hub.Command, words said) (hub.Receipt, error) {
	if time.Now().UnixMilli() < c.unheard.Load() {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultRejected, Op: opWhisper, Err: errNoWhisper}
	}
	receipt := hub.Receipt{}
	for _, p := range words.posts {
		p = p.Clone()
		p.ChannelId, p.RootId = cmd.Context.Channel.ID, string(cmd.Context.RootPost)
		made, resp, err := c.api.CreatePostEphemeral(ctx, &model.PostEphemeral{UserID: cmd.Context.User.ID, Post: p})
		if err == nil && made.Id == "" {
			err = errNoAnswer
		}
		if err != nil {
			judged := c.judge(opWhisper, resp, err)
			if judged.Fault == hub.FaultRejected && resp != nil && resp.StatusCode == http.StatusForbidden {
				c.unheard.Store(time.Now().Add(unheardFor).UnixMilli())
			}
			return hub.Receipt{}, judged
		}
		receipt = hub.Receipt{Ref: hub.MessageRef(made.Id), At: time.UnixMilli(made.CreateAt).UTC()}
	}
	return receipt, nil
}

var errNoWhisper = errors.New("the bot may not whisper")

// directly is the channel of a person and the bot.
func (c *Client) directly(ctx context.Context, user string) (string, *model.Response, error) {
	me, err := c.me(ctx)
	if err != nil {
		return "", nil, err
	}
	made, resp, err := c.api.CreateDirectChannel(ctx, me.ID, user)
	if err == nil && made.Id == "" {
		err = errNoAnswer
	}
	if err != nil {
		return "", resp, err
	}
	c.known.learnChannel(hub.Channel{ID: made.Id, Direct: true})
	return made.Id, resp, nil
}

// postAll makes posts that everyone in a channel sees.
func (c *Client) postAll(ctx context.Context, cmd *hub.Command, words said, at spot) (hub.Receipt, error) {
	receipt := hub.Receipt{}
	for i, p := range words.posts {
		p = p.Clone()
		p.ChannelId, p.RootId = at.channel, at.root
		p.PendingPostId = fmt.Sprintf("bellhop:%s:%s:%d", c.system, cmd.Command.ID, i)
		made, resp, err := c.api.CreatePost(ctx, p)
		if err == nil && made.Id == "" {
			err = errNoAnswer
		}
		if err != nil {
			return hub.Receipt{}, c.judge(opSend, resp, err)
		}
		c.heard(resp)
		receipt = c.receipt(made, made.CreateAt)
	}
	return receipt, nil
}
