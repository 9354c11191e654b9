package matrixtest

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

var _ providertest.Stage = (*Stage)(nil)

// patience is how long people wait for what is to be seen.
const patience = 20 * time.Second

// Stage is a homeserver with people on it. They have no buttons and no dialogs:
// to press is to react with the keycap of a label.
type Stage struct {
	*Platform
	people []string
	admins []string
	chats  []string
}

// NewStage makes a Stage of a Platform. Whoever is in a chat sees all that the
// account says there.
func NewStage(p *Platform) *Stage { return &Stage{Platform: p} }

// Chat implements providertest.Stage. Somebody who never says a word is in each,
// so that none is direct.
func (s *Stage) Chat(t testing.TB, name string) string {
	t.Helper()
	room := "!" + name + ":" + s.server()
	if !s.Joined(room) {
		s.AddRoom(Room{ID: room, Name: name})
	}
	if !slices.Contains(s.chats, room) {
		s.chats = append(s.chats, room)
		s.Member(room, "@silent:"+s.server(), "@silent:"+s.server(), "join")
		for _, person := range s.people {
			s.Member(room, person, person, "join")
		}
		s.levels(room)
	}
	return room
}

// Person implements providertest.Stage.
func (s *Stage) Person(t testing.TB, name string, admin bool) string {
	t.Helper()
	user := "@" + strings.ToLower(name) + ":" + s.server()
	if slices.Contains(s.people, user) {
		return user
	}
	s.people = append(s.people, user)
	if admin {
		s.admins = append(s.admins, user)
	}
	s.Call(user, name)
	for _, room := range s.chats {
		s.Member(room, user, user, "join")
		s.levels(room)
	}
	return user
}

// levels writes who runs a room.
func (s *Stage) levels(room string) {
	users := map[string]int{}
	for _, admin := range s.admins {
		users[admin] = 100
	}
	s.SetState(room, "@founder:"+s.server(), "m.room.power_levels", "", map[string]any{
		"users": users, "users_default": 0, "state_default": 50,
	})
}

func (s *Stage) server() string {
	_, server, _ := strings.Cut(s.userID, ":")
	return server
}

// Command implements providertest.Stage: "!discourse …".
func (s *Stage) Command(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	from := s.end()
	return s.next(t, chat, s.text(chat, person, "!"+line), from)
}

// Bare implements providertest.Stage: there are no such commands.
func (s *Stage) Bare(testing.TB, string, string, string) (providertest.Seen, bool) {
	return providertest.Seen{}, false
}

// Mention implements providertest.Stage, as clients write it: a pill, and who is
// meant.
func (s *Stage) Mention(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(s.userID, "@"), ":")
	from := s.end()
	ref := s.Post(chat, person, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": name + ": " + line, "format": "org.matrix.custom.html",
		"formatted_body": `<a href="https://matrix.to/#/` + s.userID + `">` + name + "</a>: " + html.EscapeString(line),
		"m.mentions":     map[string]any{"user_ids": []string{s.userID}},
	})
	return s.next(t, chat, ref, from)
}

// Say implements providertest.Stage.
func (s *Stage) Say(t testing.TB, chat, person, text string) {
	t.Helper()
	s.text(chat, person, text)
}

// Answer implements providertest.Stage.
func (s *Stage) Answer(t testing.TB, chat, person, text string) providertest.Seen {
	t.Helper()
	from := s.end()
	return s.next(t, chat, s.text(chat, person, text), from)
}

func (s *Stage) text(chat, person, text string) string {
	return s.Post(chat, person, "m.room.message", map[string]any{"msgtype": "m.text", "body": text, "m.mentions": map[string]any{}})
}

// Press implements providertest.Stage. Who has reacted so before takes that back
// first, as people must.
func (s *Stage) Press(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	ref, key := s.choice(t, under, label)
	if number, ok := strings.CutSuffix(key, "."); ok { // beyond the keycaps
		return s.Answer(t, chat, person, number)
	}
	from := s.end()
	s.tap(chat, person, ref, key)
	return s.next(t, chat, ref, from)
}

// PressTwice implements providertest.Stage: with the keycap as it should be, and
// as keyboards without variation selectors write it. A homeserver takes both.
func (s *Stage) PressTwice(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	ref, key := s.choice(t, under, label)
	from := s.end()
	s.tap(chat, person, ref, key)
	s.tap(chat, person, ref, strings.ReplaceAll(key, "\ufe0f", ""))
	return s.next(t, chat, ref, from)
}

// React reacts to a message with each of some emoji, waits until each has its
// answer, and gives the last.
func (s *Stage) React(t testing.TB, chat, person string, to providertest.Seen, emoji ...string) providertest.Seen {
	t.Helper()
	message, ok := to.Native.(shown)
	require.True(t, ok, "there is no message to react to")
	from := s.end()
	for _, e := range emoji {
		s.tap(chat, person, message.ref, e)
	}
	var last providertest.Seen
	for range emoji {
		last, from = s.nextAfter(t, chat, message.ref, from)
	}
	return last
}

func (s *Stage) tap(chat, person, ref, key string) {
	if had := s.reactionOf(ref, person, key); had != "" {
		s.Redact(chat, person, had)
	}
	s.Post(chat, person, "m.reaction", map[string]any{
		"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": ref, "key": key},
	})
}

func (s *Stage) reactionOf(ref, person, key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.log {
		if to := relatesTo(e.ev.Content); e.ev.Type == "m.reaction" && e.ev.Sender == person && to.EventID == ref && to.Key == key {
			return e.ev.ID
		}
	}
	return ""
}

// choice is the message and the keycap of a label.
func (s *Stage) choice(t testing.TB, under providertest.Seen, label string) (ref, key string) {
	t.Helper()
	shown, ok := under.Native.(shown)
	require.True(t, ok, "there is no message to press anything below")
	key, ok = shown.keys[label]
	require.True(t, ok, "nothing called %q is to be chosen: %q", label, under.Buttons)
	return shown.ref, key
}

// Fill implements providertest.Stage.
func (s *Stage) Fill(t testing.TB, _, _ string, _ providertest.Seen, _ map[string][]string) providertest.Seen {
	t.Helper()
	return s.noDialogs(t)
}

// Change implements providertest.Stage.
func (s *Stage) Change(t testing.TB, _, _ string, _ providertest.Seen, _, _ string) providertest.Seen {
	t.Helper()
	return s.noDialogs(t)
}

// Search implements providertest.Stage.
func (s *Stage) Search(t testing.TB, _, _ string, _ providertest.Seen, _, _ string) []string {
	t.Helper()
	s.noDialogs(t)
	return nil
}

// Close implements providertest.Stage.
func (s *Stage) Close(t testing.TB, _, _ string, _ providertest.Seen) {
	t.Helper()
	s.noDialogs(t)
}

func (s *Stage) noDialogs(t testing.TB) providertest.Seen {
	t.Helper()
	require.FailNow(t, "Matrix has no dialogs")
	return providertest.Seen{}
}

// Shown implements providertest.Stage.
func (s *Stage) Shown(t testing.TB, chat, _ string) providertest.Seen {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Backward(s.log) {
		if e.room == chat && e.ev.Sender == s.userID && e.ev.Type == "m.room.message" && relatesTo(e.ev.Content).Type != "m.replace" {
			return seen(e.ev)
		}
	}
	return providertest.Seen{}
}

// Cut implements providertest.Stage.
func (s *Stage) Cut(testing.TB) { s.Break() }

// end is where the stream ends now.
func (s *Stage) end() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.log)
}

// next waits for our account to answer a message, after a place in the stream.
func (s *Stage) next(t testing.TB, chat, ref string, from int) providertest.Seen {
	t.Helper()
	found, _ := s.nextAfter(t, chat, ref, from)
	return found
}

// nextAfter is next, and the place behind the answer.
func (s *Stage) nextAfter(t testing.TB, chat, ref string, from int) (answer providertest.Seen, behind int) {
	t.Helper()
	limit := time.After(patience)
	for {
		found, changed, end := s.answer(chat, ref, from)
		if found != nil {
			return seen(*found), end
		}
		from = end
		select {
		case <-changed:
		case <-limit:
			require.FailNow(t, "nothing answers "+ref+" in "+chat)
		}
	}
}

// answer looks for an answer to a message between a place in the stream and its
// end. The end is that of what was looked at.
func (s *Stage) answer(chat, ref string, from int) (found *Event, changed <-chan struct{}, end int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.log[from:] {
		if e.room != chat || e.ev.Sender != s.userID || e.ev.Type != "m.room.message" {
			continue
		}
		if to := relatesTo(e.ev.Content); to.Type != "m.replace" && to.InReplyTo.EventID == ref {
			return &e.ev, s.changed, from + i + 1
		}
	}
	return nil, s.changed, len(s.log)
}

// shown is a message and the keycaps of what is to be chosen below it.
type shown struct {
	ref  string
	keys map[string]string
}

var numbered = regexp.MustCompile("^((?:[0-9]\ufe0f?\u20e3)|\U0001f51f|[0-9]+\\.) (.+)$")

// seen reads a message as people do: numbered lines at its end are what there is
// to choose.
func seen(ev Event) providertest.Seen {
	var c content
	_ = json.Unmarshal(ev.Content, &c)
	text := ""
	if c.Body != nil {
		text = *c.Body
	}
	message := shown{ref: ev.ID, keys: map[string]string{}}
	out := providertest.Seen{Text: text, Native: message}
	head, tail := "", text
	if i := strings.LastIndex(text, "\n\n"); i >= 0 {
		head, tail = text[:i], text[i+2:]
	}
	if !strings.Contains(tail, "\u20e3") {
		return out
	}
	for item := range strings.SplitSeq(strings.ReplaceAll(tail, " · ", "\n"), "\n") {
		if parts := numbered.FindStringSubmatch(item); parts != nil {
			out.Buttons = append(out.Buttons, parts[2])
			message.keys[parts[2]] = parts[1]
		}
	}
	out.Text = head
	return out
}
