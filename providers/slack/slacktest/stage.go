package slacktest

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// patience is how long a person waits for what is to be seen.
const patience = 20 * time.Second

// Stage plays the people of a workspace. NewStage makes one.
type Stage struct{ *Workspace }

var _ providertest.Stage = Stage{}

// NewStage lets people use an app that is installed in s: over signed HTTP if
// a has Callbacks, else over Socket Mode. a.URL is where s is served.
//
//	workspace := slacktest.New(token)
//	server := httptest.NewServer(workspace)
//	stage := slacktest.NewStage(workspace, slacktest.App{
//		URL: server.URL, SigningSecret: secret, Callbacks: slacktest.ToURL(hub.URL + "/chat/slack"),
//	})
func NewStage(s *Workspace, a App) Stage {
	s.Install(a)
	return Stage{s}
}

// Chat implements providertest.Stage.
func (s Stage) Chat(_ testing.TB, name string) string { return s.chat(name) }

// Person implements providertest.Stage.
func (s Stage) Person(_ testing.TB, name string, admin bool) string { return s.person(name, admin) }

// Command implements providertest.Stage: the first word is the slash command.
func (s Stage) Command(t testing.TB, chat, person, line string) providertest.Seen {
	name, rest, _ := strings.Cut(line, " ")
	user, channel := s.must(t, chat, person)
	from := s.seenSoFar()
	d := s.do(person, chat)
	channelName := channel.Name
	if channel.IsIM {
		channelName = "directmessage"
	}
	said, err := s.ask(t.Context(), "commands", map[string]string{
		"token": "legacy", "team_id": Team, "team_domain": "acme", "api_app_id": "A0BELLHOP1", "is_enterprise_install": "false",
		"channel_id": chat, "channel_name": channelName, "user_id": person, "user_name": user.Name,
		"command": "/" + name, "text": s.escape(strings.TrimSpace(rest)), "response_url": d.url, "trigger_id": d.trigger,
	})
	if err != nil {
		return providertest.Seen{Text: "/" + name + ` failed with the error "operation_timeout"`, Private: true}
	}
	if len(said) > 0 {
		s.sayBody(t, person, chat, d.cause, said)
	}
	return s.wait(t, from, person, chat, d)
}

// sayBody shows the body of an answer to a slash command.
func (s Stage) sayBody(t testing.TB, person, chat, cause string, body []byte) {
	t.Helper()
	var v response
	if err := json.Unmarshal(body, &v); err != nil { // words alone are an ephemeral text
		v = response{Text: string(body)}
	}
	require.Empty(t, s.respond(person, chat, cause, v), "Slack refuses the answer: %s", body)
}

// Bare implements providertest.Stage: Slack has no such commands.
func (s Stage) Bare(testing.TB, string, string, string) (providertest.Seen, bool) {
	return providertest.Seen{}, false
}

// Mention implements providertest.Stage. Slack tells of it twice.
func (s Stage) Mention(t testing.TB, chat, person, line string) providertest.Seen {
	s.must(t, chat, person)
	from := s.seenSoFar()
	ts := s.tick()
	text := "<@" + Self + "> " + s.escape(line)
	for _, kind := range []string{"app_mention", "message"} {
		s.post(t, kind, chat, person, text, ts)
	}
	return s.wait(t, from, person, chat, deed{})
}

// post tells of a message.
func (s Stage) post(t testing.TB, kind, chat, person, text, ts string) {
	e := map[string]any{"type": kind, "channel": chat, "user": person, "text": text, "ts": ts, "event_ts": ts, "team": Team, "client_msg_id": s.next("m")}
	if kind == "message" {
		e["channel_type"] = "channel"
		if chat == directID(person) {
			e["channel_type"] = "im"
		}
	}
	s.Tell(t.Context(), e)
}

// Say implements providertest.Stage.
func (s Stage) Say(t testing.TB, chat, person, text string) {
	s.must(t, chat, person)
	s.post(t, "message", chat, person, s.escape(text), s.tick())
}

// Answer implements providertest.Stage.
func (s Stage) Answer(t testing.TB, chat, person, text string) providertest.Seen {
	from := s.seenSoFar()
	s.Say(t, chat, person, text)
	return s.wait(t, from, person, chat, deed{})
}

// Shown implements providertest.Stage.
func (s Stage) Shown(t testing.TB, chat, person string) providertest.Seen {
	t.Helper()
	s.mu.Lock()
	feed := slices.Clone(s.feed)
	s.mu.Unlock()
	for _, i := range slices.Backward(feed) {
		if i.view == "" && i.chat == chat && (i.person == "" || i.person == person) {
			return s.seen(t, i)
		}
	}
	return providertest.Seen{}
}

// Cut implements providertest.Stage. Over HTTP no connection stays open.
func (s Stage) Cut(testing.TB) { s.Workspace.Cut() }

// must are a person and a chat that are there.
func (s Stage) must(t testing.TB, chat, person string) (User, Channel) {
	t.Helper()
	u, known := s.userByID(person)
	require.True(t, known, "there is no user %q", person)
	c, known := s.channelByID(chat)
	require.True(t, known, "there is no channel %q", chat)
	return u, c
}

var (
	typedUser    = regexp.MustCompile(`(^|\s)@([a-z0-9._-]+)`)
	typedChannel = regexp.MustCompile(`(^|\s)#([a-z0-9_-]+)`)
	typedLink    = regexp.MustCompile(`https?://[^\s<>]+`)
)

// escape is what a person types as Slack tells it, with "Escape channels, users
// and links" on: https://docs.slack.dev/interactivity/implementing-slash-commands
func (s Stage) escape(typed string) string {
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(typed)
	s.mu.Lock()
	defer s.mu.Unlock()
	text = typedUser.ReplaceAllStringFunc(text, func(m string) string {
		at := strings.IndexByte(m, '@')
		i := slices.IndexFunc(s.users, func(u User) bool { return u.Name == m[at+1:] })
		if i < 0 {
			return m
		}
		return m[:at] + "<@" + s.users[i].ID + "|" + s.users[i].Name + ">"
	})
	text = typedChannel.ReplaceAllStringFunc(text, func(m string) string {
		at := strings.IndexByte(m, '#')
		i := slices.IndexFunc(s.channels, func(c Channel) bool { return c.Name == m[at+1:] })
		if i < 0 {
			return m
		}
		return m[:at] + "<#" + s.channels[i].ID + "|" + s.channels[i].Name + ">"
	})
	return typedLink.ReplaceAllString(text, "<$0>")
}

// wait waits for what a person sees next in a chat: what answers the deed, or
// what Slack cannot tell the cause of.
func (s Stage) wait(t testing.TB, from int, person, chat string, d ...deed) providertest.Seen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	i, ok := s.await(ctx, from, func(i shown) bool {
		if i.cause != "" {
			return slices.ContainsFunc(d, func(d deed) bool { return d.cause == i.cause })
		}
		return (i.person == "" || i.person == person) && (i.chat == chat || i.chat == directID(person))
	})
	require.True(t, ok, "nothing is to be seen in %s", chat)
	return s.seen(t, i)
}

// seen is something as a person sees it.
func (s Stage) seen(t testing.TB, i shown) providertest.Seen {
	t.Helper()
	if i.view != "" {
		v := s.openModal(i.view)
		require.NotNil(t, v, "the dialog was closed")
		return s.dialog(v)
	}
	seen := providertest.Seen{Text: readable(i.text), Private: i.private() || strings.HasPrefix(i.chat, "D"), Native: i}
	for _, b := range i.blocks {
		for _, e := range b.elements() {
			if e.Type == "button" {
				seen.Buttons = append(seen.Buttons, e.Text.Text)
			}
			for _, o := range e.all() {
				seen.Buttons = append(seen.Buttons, o.Text.Text)
			}
		}
	}
	return seen
}

// Press implements providertest.Stage.
func (s Stage) Press(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	from := s.seenSoFar()
	d := s.do(person, chat)
	s.press(t, chat, person, under, label, d)
	return s.wait(t, from, person, chat, d)
}

// PressTwice implements providertest.Stage.
func (s Stage) PressTwice(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	from := s.seenSoFar()
	both := []deed{s.do(person, chat), s.do(person, chat)}
	var pressed sync.WaitGroup
	for _, d := range both {
		pressed.Go(func() { s.press(t, chat, person, under, label, d) })
	}
	pressed.Wait()
	return s.wait(t, from, person, chat, both...)
}

// press tells the app that something was pressed:
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (s Stage) press(t testing.TB, chat, person string, under providertest.Seen, label string, d deed) {
	i, ok := under.Native.(shown)
	if !ok {
		t.Errorf("there is no message to press %q under", label)
		return
	}
	action := pressable(i.blocks, label)
	if action == nil {
		t.Errorf("there is no %q among %q", label, under.Buttons)
		return
	}
	action["action_ts"] = s.tick()
	user, _ := s.userByID(person)
	channel, _ := s.channelByID(i.chat)
	name := channel.Name
	if channel.IsIM {
		name = "directmessage"
	}
	container := map[string]any{"type": "message", "message_ts": i.ts, "channel_id": i.chat, "is_ephemeral": i.private()}
	payload := map[string]any{
		"type": "block_actions", "team": map[string]any{"id": Team, "domain": "acme"}, "api_app_id": "A0BELLHOP1", "token": "legacy",
		"user":      map[string]any{"id": person, "username": user.Name, "name": user.Name, "team_id": Team},
		"channel":   map[string]any{"id": i.chat, "name": name},
		"container": container, "trigger_id": d.trigger, "response_url": d.url, "actions": []any{action},
		"state": map[string]any{"values": map[string]any{}},
	}
	if i.thread != "" {
		container["thread_ts"] = i.thread
	}
	if !i.private() {
		payload["message"] = map[string]any{"type": "message", "ts": i.ts, "user": Self, "thread_ts": i.thread}
	}
	if said, err := s.ask(t.Context(), "interactive", payload); err != nil || len(said) > 0 {
		t.Errorf("pressing %q: %v %s", label, err, said)
	}
}

// pressable is the action of a button or an option with a label.
func pressable(blocks []Block, label string) map[string]any {
	for _, b := range blocks {
		for _, e := range b.elements() {
			if e.Type == "button" && e.Text.Text == label {
				return map[string]any{"type": "button", "action_id": e.ActionID, "block_id": b.BlockID, "value": e.Value, "text": e.Text}
			}
			for _, o := range e.all() {
				if o.Text.Text == label {
					return map[string]any{"type": e.Type, "action_id": e.ActionID, "block_id": b.BlockID, "selected_option": o}
				}
			}
		}
	}
	return nil
}
