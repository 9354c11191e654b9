package mattermost_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
)

func (s *scene) receive(t *testing.T, path, kind string, body []byte, headers ...string) providers.Response {
	t.Helper()
	h := http.Header{"Content-Type": {kind}}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return s.p.Receive(t.Context(), path, &providers.Request{Method: http.MethodPost, Header: h, Body: body}, s.ear)
}

func (s *scene) slash(t *testing.T, v url.Values, headers ...string) providers.Response {
	t.Helper()
	return s.receive(t, "command", "application/x-www-form-urlencoded", []byte(v.Encode()), headers...)
}

func say(text string) func(*hub.Command) (hub.Reply, bool) {
	return func(*hub.Command) (hub.Reply, bool) { return hub.Say("%s", text), false }
}

func TestSlashCommand(t *testing.T) {
	s := newScene(t)
	seen := s.Command(t, s.chat, s.anna, `discourse watch "a  b" tag:ünïcode`)
	require.True(t, seen.Private)
	require.Equal(t, `discourse watch "a  b" tag:ünïcode`, seen.Text)

	c := s.ear.Commands()[0]
	require.Equal(t, hub.KindSubmit, c.Command.Kind)
	require.Equal(t, `discourse watch "a  b" tag:ünïcode`, c.Command.Raw)
	require.NotEmpty(t, c.Security.TriggerID)
	require.Empty(t, c.Security.Token)
	require.Equal(t, hub.FromSlash, c.Context.Source.ID)
	require.Equal(t, hub.User{ID: s.anna, Name: "anna"}, c.Context.User)
	require.Equal(t, hub.Channel{ID: s.chat, Name: "lobby"}, c.Context.Channel)
	require.Equal(t, system, c.Context.System)

	s.Command(t, s.platform.Direct(s.anna), s.anna, "discourse status")
	require.True(t, s.ear.Commands()[1].Context.Channel.Direct)

	root := s.platform.Say(s.chat, "")
	s.CommandIn(t, s.chat, root, s.anna, "discourse status")
	require.Equal(t, hub.MessageRef(root), s.ear.Commands()[2].Context.RootPost)
}

// TestReplayedCommand holds that one that comes again runs once.
func TestReplayedCommand(t *testing.T) {
	s := newScene(t)
	v := s.platform.SlashForm(&s.to, s.chat, s.anna, "", "discourse status")
	first := s.slash(t, v)
	require.Equal(t, http.StatusOK, first.Status)
	again := s.slash(t, v)
	require.Equal(t, first.Body, again.Body)
	require.Len(t, s.ear.Commands(), 1)
}

func TestForgedCommand(t *testing.T) {
	s := newScene(t)
	good := func(change func(url.Values)) url.Values {
		v := s.platform.SlashForm(&s.to, s.chat, s.anna, "", "discourse status")
		change(v)
		return v
	}
	bob := s.Person(t, "bob", true)
	for name, v := range map[string]url.Values{
		"no token":           good(func(v url.Values) { v.Del("token") }),
		"a wrong token":      good(func(v url.Values) { v.Set("token", "commandtokencommandtoken02") }),
		"a token's start":    good(func(v url.Values) { v.Set("token", commandToken[:20]) }),
		"an outgoing token":  good(func(v url.Values) { v.Set("token", outgoingToken) }),
		"both tokens":        good(func(v url.Values) { v.Set("token", "another-token-of-a-command "+commandToken) }),
		"another's trigger":  good(func(v url.Values) { v.Set("user_id", bob) }),
		"an old trigger":     good(func(v url.Values) { v.Set("trigger_id", oldTrigger(t, s.anna, -6*time.Minute)) }),
		"a trigger to come":  good(func(v url.Values) { v.Set("trigger_id", oldTrigger(t, s.anna, 6*time.Minute)) }),
		"no trigger but one": good(func(v url.Values) { v.Set("trigger_id", "x") }),
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, http.StatusUnauthorized, s.slash(t, v).Status) })
	}
	wrong := s.slash(t, good(func(url.Values) {}), "Authorization", "Token wrong")
	require.Equal(t, http.StatusUnauthorized, wrong.Status, "the header comes first")
	require.Empty(t, s.ear.Commands())

	other := s.slash(t, good(func(v url.Values) { v.Set("token", "another-token-of-a-command") }))
	require.Equal(t, http.StatusOK, other.Status, "each of several tokens")
	oauth := s.slash(t, good(func(url.Values) {}), "Authorization", "Bearer of-an-oauth-connection")
	require.Equal(t, http.StatusOK, oauth.Status)
	require.Len(t, s.ear.Commands(), 2)
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func oldTrigger(t *testing.T, user string, since time.Duration) string {
	t.Helper()
	return encode(fmt.Sprintf("%s:%s:%d:", model.NewId(), user, time.Now().Add(since).UnixMilli()) + encode("signature"))
}

func TestWhatIsNotCalled(t *testing.T) {
	s := newScene(t)
	require.Equal(t, http.StatusNotFound, s.receive(t, "nothing", "", nil).Status)
	require.Equal(t, http.StatusNotFound, s.receive(t, "", "", nil).Status)
	got := s.p.Receive(t.Context(), "command", &providers.Request{Method: http.MethodGet}, s.ear)
	require.Equal(t, http.StatusMethodNotAllowed, got.Status)
	require.Equal(t, http.StatusRequestEntityTooLarge, s.receive(t, "dialog", "", make([]byte, 2<<20)).Status)

	s.p = s.provider(t, func(c *mattermost.Config, _ *providers.Env) {
		c.CommandToken, c.OutgoingToken = Default().CommandToken, Default().OutgoingToken
	})
	require.Equal(t, http.StatusUnauthorized, s.slash(t, url.Values{}).Status, "no token is none that fits")
}

// Default is the configuration with nothing set.
func Default() *mattermost.Config { return mattermost.Default() }

func TestAnswersToASlashCommand(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = func(*hub.Command) (hub.Reply, bool) {
		return hub.Reply{OK: &hub.OK{Text: "Done. @channel", Public: true}}, false
	}
	seen := s.Command(t, s.chat, s.anna, "discourse watch x")
	require.False(t, seen.Private)
	require.Equal(t, "Done. @channel", seen.Text)

	s.ear.Reply = func(*hub.Command) (hub.Reply, bool) {
		return hub.Reply{Error: &hub.Refusal{Text: "There is no *such* category.", Fields: map[string]string{"category": "try support"}}}, false
	}
	seen = s.Command(t, s.chat, s.anna, "discourse watch x")
	require.True(t, seen.Private)
	require.Equal(t, "There is no such category.\n\n• category: try support", seen.Text)

	s.ear.Reply = func(*hub.Command) (hub.Reply, bool) {
		return hub.Reply{Navigate: &hub.Navigate{URL: "https://forum.example.com/t/1", Text: "Over there"}}, false
	}
	answer := decode[model.CommandResponse](t, s.slash(t, s.platform.SlashForm(&s.to, s.chat, s.anna, "", "discourse x")))
	require.Equal(t, "https://forum.example.com/t/1", answer.GotoLocation)
	require.Contains(t, answer.Text, "Over there")

	long := strings.Repeat("All work and no play makes Jack a dull boy. ", 1000)
	s.ear.Reply = say(long)
	answer = decode[model.CommandResponse](t, s.slash(t, s.platform.SlashForm(&s.to, s.chat, s.anna, "", "discourse x")))
	require.Len(t, answer.ExtraResponses, 2)
	whole := answer.Text
	for _, r := range answer.ExtraResponses {
		require.LessOrEqual(t, len(r.Text), 16383)
		require.Equal(t, "ephemeral", r.ResponseType)
		whole += " " + r.Text
	}
	require.Equal(t, strings.Fields(long), strings.Fields(whole))
}

func decode[T any](t *testing.T, r providers.Response) (v T) {
	t.Helper()
	require.Equal(t, http.StatusOK, r.Status, "%s", r.Body)
	require.NoError(t, json.Unmarshal(r.Body, &v))
	return v
}

// buttons is an answer with what can be pressed.
func buttons(*hub.Command) (hub.Reply, bool) {
	return hub.Reply{OK: &hub.OK{Text: "Choose:", Actions: []hub.Action{
		{Label: "Mute topic", Style: "danger", Token: "aaaaaaaaaaaaaaaaaaaaa-"},
		{Label: "For how long", Token: "bbbbbbbbbbbbbbbbbbbbb_", Options: []hub.Option{{Label: "2 hours", Value: "2h"}, {Label: "A day", Value: "1d"}}},
		{Label: "The topic", URL: "https://forum.example.com/t/1"},
	}}}, false
}

func TestButtonsAndSelects(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = buttons
	seen := s.Command(t, s.chat, s.anna, "discourse status")
	require.Equal(t, []string{"Mute topic", "2 hours", "A day"}, seen.Buttons)
	require.Contains(t, seen.Text, "The topic (https://forum.example.com/t/1)")

	s.ear.Reply = say("Muted.")
	pressed := s.Press(t, s.chat, s.anna, seen, "Mute topic")
	require.Equal(t, "Muted.", pressed.Text)
	require.True(t, pressed.Private)
	c := s.ear.Commands()[1]
	require.Equal(t, "aaaaaaaaaaaaaaaaaaaaa-", c.Security.Token)
	require.NotEmpty(t, c.Security.TriggerID)
	require.Equal(t, hub.KindSubmit, c.Command.Kind)
	require.Equal(t, hub.FromButton, c.Context.Source.ID)
	require.Equal(t, s.anna, c.Context.User.ID)
	require.Equal(t, s.chat, c.Context.Channel.ID)
	require.NotEmpty(t, c.Context.Post)

	s.Press(t, s.chat, s.anna, seen, "A day")
	c = s.ear.Commands()[2]
	require.Equal(t, "bbbbbbbbbbbbbbbbbbbbb_", c.Security.Token)
	require.Equal(t, hub.FromSelect, c.Context.Source.ID)
	require.Equal(t, hub.Values{"value": {"1d"}}, c.Command.Encoded)

	s.PressTwice(t, s.chat, s.anna, seen, "Mute topic")

	// An answer with buttons of its own is no text for one person only.
	s.ear.Reply = buttons
	again := s.Press(t, s.chat, s.anna, seen, "Mute topic")
	require.True(t, again.Private)
	require.Len(t, again.Buttons, 3)
}

// TestForgedButtons holds that a request with no mark of ours, or with another's
// trigger, is refused.
func TestForgedButtons(t *testing.T) {
	s := newScene(t)
	s.ear.Reply = buttons
	_, err := s.p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: s.chat}, Message: hub.Message{Text: "hello", Actions: replyActions(t)}})
	require.NoError(t, err)
	var p model.Post
	sent := s.platform.Sent()[0]
	require.NoError(t, json.Unmarshal(sent.Raw, &p))
	p.Id = sent.Ref
	action := p.Attachments()[0].Actions[0]
	bob := s.Person(t, "bob", false)
	press := func(change func(*model.PostActionIntegrationRequest)) providers.Response {
		r := s.platform.ActionRequest(&p, action, s.anna, "")
		change(&r)
		body, err := json.Marshal(r)
		require.NoError(t, err)
		return s.receive(t, "action", "application/json", body)
	}
	for name, change := range map[string]func(*model.PostActionIntegrationRequest){
		"no context":        func(r *model.PostActionIntegrationRequest) { r.Context = nil },
		"another token":     func(r *model.PostActionIntegrationRequest) { r.Context["token"] = "ccccccccccccccccccccc" },
		"another kind":      func(r *model.PostActionIntegrationRequest) { r.Context["kind"] = "cancel" },
		"no mark":           func(r *model.PostActionIntegrationRequest) { delete(r.Context, "mark") },
		"a mark of numbers": func(r *model.PostActionIntegrationRequest) { r.Context["mark"] = 7 },
		"another channel":   func(r *model.PostActionIntegrationRequest) { r.ChannelId = mattermosttest.Staff },
		"another thread":    func(r *model.PostActionIntegrationRequest) { r.Context["root"] = model.NewId() },
		"another user":      func(r *model.PostActionIntegrationRequest) { r.UserId = bob },
		"no trigger":        func(r *model.PostActionIntegrationRequest) { r.TriggerId = "" },
		"an unsigned trigger": func(r *model.PostActionIntegrationRequest) {
			r.UserId, r.TriggerId = bob, oldTrigger(t, bob, 0)
		},
		"a trigger of another server": func(r *model.PostActionIntegrationRequest) {
			other := mattermosttest.New(token)
			r.UserId, r.TriggerId = bob, other.Trigger(bob)
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, http.StatusUnauthorized, press(change).Status) })
	}
	require.Equal(t, http.StatusUnauthorized, s.receive(t, "action", "application/json", []byte("{")).Status)
	require.Empty(t, s.ear.Commands())
	require.Equal(t, http.StatusOK, press(func(*model.PostActionIntegrationRequest) {}).Status)
	require.Len(t, s.ear.Commands(), 1)

	stranger := s.provider(t, func(_ *mattermost.Config, e *providers.Env) { e.System = "mattermost-other" })
	body, err := json.Marshal(s.platform.ActionRequest(&p, action, s.anna, ""))
	require.NoError(t, err)
	r := stranger.Receive(t.Context(), "action", &providers.Request{Method: http.MethodPost, Body: body}, s.ear)
	require.Equal(t, http.StatusUnauthorized, r.Status, "another system's button")
}

func replyActions(t *testing.T) []hub.Action {
	t.Helper()
	r, _ := buttons(nil)
	return r.OK.Actions
}

// TestActionsOfMessages holds in messages that are sent and edited.
func TestActionsOfMessages(t *testing.T) {
	s := newScene(t)
	card := hub.Message{Card: &hub.Card{Kind: "New topic", Title: "Printer", Text: "It burns."}, Actions: replyActions(t)}
	receipt, err := s.p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: s.chat}, Message: card})
	require.NoError(t, err)
	actions := func() []*model.PostAction {
		var p model.Post
		require.NoError(t, json.Unmarshal(s.platform.Sent()[0].Raw, &p))
		require.LessOrEqual(t, len(p.Attachments()), 1)
		if len(p.Attachments()) == 0 {
			return nil
		}
		return p.Attachments()[0].Actions
	}
	require.Len(t, actions(), 2)
	require.Equal(t, "danger", actions()[0].Style)
	require.Contains(t, s.platform.Sent()[0].Text, "[The topic](https://forum.example.com/t/1)")

	_, err = s.p.Edit(t.Context(), providers.Post{Key: "n2", To: hub.Chat{ID: s.chat}, Message: hub.Message{Text: "bye", Actions: card.Actions[:1]}}, receipt.Ref)
	require.NoError(t, err)
	require.Len(t, actions(), 1)
	_, err = s.p.Edit(t.Context(), providers.Post{Key: "n3", To: hub.Chat{ID: s.chat}, Message: hub.Message{Text: "bye"}}, receipt.Ref)
	require.NoError(t, err)
	require.Empty(t, actions())

	require.Contains(t, mattermost.Kind().Preview(card).Markup, "[Mute topic] [For how long]")
}

// TestWordsForButtons holds where nobody could tell us that one was pressed.
func TestWordsForButtons(t *testing.T) {
	s := newScene(t, func(_ *mattermost.Config, e *providers.Env) { e.Callback = "" })
	_, err := s.p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: s.chat}, Message: hub.Message{Text: "hello", Actions: replyActions(t)}})
	require.NoError(t, err)
	require.Equal(t, "hello\n\n1️⃣ Mute topic · 2️⃣ 2 hours · 3️⃣ A day\n[The topic](https://forum.example.com/t/1)", s.platform.Sent()[0].Text)

	s.listen(t)
	s.answering(t, func(c *hub.Command) hub.Reply { r, _ := buttons(c); return r })
	seen := s.Mention(t, s.chat, s.anna, "discourse status")
	require.Equal(t, "Choose:\n\n1️⃣ Mute topic\n2️⃣ 2 hours\n3️⃣ A day\nThe topic (https://forum.example.com/t/1)", seen.Text)
	require.False(t, seen.Private, "one cannot react to what is whispered")
}

func TestOutgoingWebhook(t *testing.T) {
	s := newScene(t)
	hook := func(text, word string, asJSON bool) *model.Post {
		p := &model.Post{Id: model.NewId(), CreateAt: 1_773_480_413_000, ChannelId: s.chat, UserId: s.anna, Message: text}
		status, err := s.platform.Outgoing(&s.to, p, word, asJSON)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		return p
	}
	for _, c := range []struct{ text, word, line string }{
		{"!discourse watch support", "!discourse", "discourse watch support"},
		{"discourse status", "discourse", "discourse status"},
		{"@bellhop discourse status", "@bellhop", "discourse status"},
		{"bellhop: discourse help", "bellhop:", "discourse help"},
		{"! discourse help", "!", "discourse help"},
	} {
		for _, asJSON := range []bool{false, true} {
			p := hook(c.text, c.word, asJSON)
			e, said := s.heard(t, hub.ChatMessagePosted, func(h hub.Chatter) bool { return h.Ref == hub.MessageRef(p.Id) })
			require.True(t, said.ForUs, c.text)
			require.Equal(t, c.line, said.Line, c.text)
			require.Equal(t, "anna", said.From.Name)
			require.Equal(t, "lobby", said.Room.Name)
			require.Equal(t, int64(1_773_480_413), e.Time.Unix())
		}
	}
	p := hook("just talk", "", false)
	_, said := s.heard(t, hub.ChatMessagePosted, func(h hub.Chatter) bool { return h.Ref == hub.MessageRef(p.Id) })
	require.False(t, said.ForUs)

	before := len(s.ear.Events())
	wrong := s.to
	wrong.OutgoingToken = commandToken
	status, err := s.platform.Outgoing(&wrong, p, "", false)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Len(t, s.ear.Events(), before)

	s.ear.Deafen(true)
	status, err = s.platform.Outgoing(&s.to, p, "", true)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

// TestOutgoingAndWebsocket holds that a message which both tell of is one, unless
// only the webhook knows that it is for us.
func TestOutgoingAndWebsocket(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	p := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "@bellhop discourse status"})
	s.heard(t, hub.ChatMessagePosted, text(p.Message))
	_, err := s.platform.Outgoing(&s.to, p, "@bellhop", false)
	require.NoError(t, err)
	require.Len(t, messages(t, s), 1)

	q := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "!discourse status"})
	s.heard(t, hub.ChatMessagePosted, text(q.Message))
	_, err = s.platform.Outgoing(&s.to, q, "!discourse", false)
	require.NoError(t, err)
	s.heard(t, hub.ChatMessagePosted, func(c hub.Chatter) bool { return c.Line == "discourse status" && c.Text == q.Message })
}
