package mattermost_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
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

func TestFeatures(t *testing.T) {
	all := newScene(t).p.Describe().Can
	require.True(t, all.Listens && all.Buttons && all.Dialogs && all.Whispers)

	private := newScene(t, func(_ *mattermost.Config, e *providers.Env) { e.Callback = "" }).p.Describe().Can
	require.True(t, private.Listens && private.Whispers)
	require.False(t, private.Buttons || private.Dialogs)

	deaf := newScene(t, func(c *mattermost.Config, e *providers.Env) { c.Websocket, e.Callback = false, "" }).p.Describe().Can
	require.False(t, deaf.Listens || deaf.Buttons || deaf.Dialogs || deaf.Whispers)
}

func TestMessages(t *testing.T) {
	s := newScene(t)
	s.listen(t)

	s.Say(t, s.chat, s.anna, "good morning")
	e, c := s.heard(t, hub.ChatMessagePosted, text("good morning"))
	require.NoError(t, (&hub.Event{SpecVersion: e.SpecVersion, ID: e.ID, Source: "mm", Type: e.Type}).Validate())
	require.Equal(t, hub.User{ID: s.anna, Name: "anna", Full: "Anna"}, c.From)
	require.Equal(t, hub.Channel{ID: s.chat, Name: "lobby"}, c.Room)
	require.False(t, c.ForUs)
	require.Empty(t, c.Line)
	require.Equal(t, "post/"+string(c.Ref), e.Subject)
	require.Equal(t, 2026, e.Time.Year())
	require.Equal(t, time.March, e.Time.Month(), "the server's clock")
	require.WithinDuration(t, time.Now(), e.ReceivedTime, time.Minute, "and ours")

	for said, line := range map[string]string{
		"@bellhop discourse watch support":  "discourse watch support",
		"@Bellhop: discourse status":        "discourse status",
		"  @bellhop, discourse help  ":      "discourse help",
		"@bellhop. hello":                   ". hello",
		"@bellhop":                          "",
		"@bellhop „ünïcode“ 🦊 \"a  b\" 'c'": "„ünïcode“ 🦊 \"a  b\" 'c'",
	} {
		s.Say(t, s.chat, s.anna, said)
		_, c := s.heard(t, hub.ChatMessagePosted, text(said))
		require.True(t, c.ForUs, said)
		require.Equal(t, line, c.Line, said)
		require.Equal(t, []string{s.platform.Bot()}, c.To)
	}
	for _, said := range []string{"@bellhopper discourse status", "@bellhop-test x", "@bellhop.test x", "mail me@bellhop", "thanks @bellhop"} {
		s.Say(t, s.chat, s.anna, said)
		_, c := s.heard(t, hub.ChatMessagePosted, text(said))
		require.False(t, c.ForUs, said)
	}

	direct := s.platform.Direct(s.anna)
	s.Say(t, direct, s.anna, "discourse status")
	_, c = s.heard(t, hub.ChatMessagePosted, text("discourse status"))
	require.True(t, c.ForUs)
	require.Equal(t, "discourse status", c.Line)
	require.Equal(t, hub.Channel{ID: direct, Direct: true}, c.Room)

	root := s.platform.Say(s.chat, "")
	s.platform.Post(&model.Post{ChannelId: s.chat, RootId: root, UserId: s.anna, Message: "below", FileIds: model.StringArray{model.NewId()}})
	_, c = s.heard(t, hub.ChatMessagePosted, text("below"))
	require.Equal(t, hub.MessageRef(root), c.Thread)
	require.Len(t, c.Files, 1)
	require.Contains(t, c.Files[0].URL, s.url+"/api/v4/files/")
}

// TestBotsAreNoPersons holds since two bots could talk for ever.
func TestBotsAreNoPersons(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	for _, prop := range []string{model.PostPropsFromBot, model.PostPropsFromWebhook, model.PostPropsFromPlugin, model.PostPropsFromOAuthApp} {
		said := "@bellhop discourse status " + prop
		p := &model.Post{ChannelId: s.chat, UserId: s.anna, Message: said}
		p.AddProp(prop, "true")
		s.platform.Post(p)
		_, c := s.heard(t, hub.ChatMessagePosted, text(said))
		require.True(t, c.From.Bot, prop)
		require.False(t, c.ForUs)
		require.Empty(t, c.Line)
	}
	_, err := s.p.Send(t.Context(), post(s.chat, "@bellhop our own"))
	require.NoError(t, err)
	_, c := s.heard(t, hub.ChatMessagePosted, func(c hub.Chatter) bool { return strings.Contains(c.Text, "our own") })
	require.True(t, c.From.Bot)
	require.False(t, c.ForUs)
}

func TestChangesAndReactions(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	p := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "first"})
	s.platform.ChangePost(p.Id, "second")
	_, c := s.heard(t, hub.ChatMessageEdited, text("second"))
	require.Equal(t, hub.MessageRef(p.Id), c.Ref)
	require.False(t, c.EditedAt.IsZero())
	require.Equal(t, "lobby", c.Room.Name, "which the event does not say")

	for name, want := range map[string]string{"one": "1️⃣", "keycap_ten": "🔟", "+1": "👍", "acme_logo": "acme_logo"} {
		s.platform.React(s.chat, p.Id, s.anna, name, false)
		_, c = s.heard(t, hub.ChatReactionAdded, func(c hub.Chatter) bool { return c.Reaction == want })
		require.Equal(t, hub.MessageRef(p.Id), c.Ref)
		require.Equal(t, "anna", c.From.Name)
	}
	s.platform.React(s.chat, p.Id, s.anna, "one", true)
	s.heard(t, hub.ChatReactionGone, func(c hub.Chatter) bool { return c.Reaction == "1️⃣" })

	s.platform.DeletePost(p.Id)
	_, c = s.heard(t, hub.ChatMessageDeleted, func(c hub.Chatter) bool { return c.Ref == hub.MessageRef(p.Id) })
	require.Empty(t, c.Text)
}

func TestPeopleAndChannels(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	bob := s.Person(t, "bob", false)
	in := map[string]any{"channel_id": s.chat}
	whatever := func(hub.Chatter) bool { return true }

	s.platform.Publish("user_added", map[string]any{"user_id": bob, "team_id": "t1"}, in)
	_, c := s.heard(t, hub.ChatMemberJoined, whatever)
	require.Equal(t, "bob", c.From.Name)
	require.Equal(t, "lobby", c.Room.Name)

	s.platform.Publish("user_removed", map[string]any{"user_id": bob, "remover_id": s.anna}, in)
	_, c = s.heard(t, hub.ChatMemberLeft, whatever)
	require.Equal(t, "anna", c.From.Name)
	require.Equal(t, "bob", c.Whom.Name)

	s.platform.Publish("new_user", map[string]any{"user_id": bob}, nil)
	s.heard(t, hub.ChatUserCreated, func(c hub.Chatter) bool { return c.From.ID == bob })
	s.platform.Publish("user_updated", map[string]any{"user": map[string]any{"id": bob, "username": "robert", "nickname": "Bobby"}}, nil)
	s.heard(t, hub.ChatUserUpdated, func(c hub.Chatter) bool { return c.From.Name == "robert" && c.From.Full == "Bobby" })
	s.platform.Publish("added_to_team", map[string]any{"user_id": bob, "team_id": "t1"}, nil)
	s.heard(t, hub.ChatTeamJoined, func(c hub.Chatter) bool { return c.Team == "t1" && c.From.Name == "robert" })
	s.platform.Publish("leave_team", map[string]any{"user_id": bob, "team_id": "t1"}, nil)
	s.heard(t, hub.ChatTeamLeft, whatever)
	s.platform.Publish("channel_created", map[string]any{"channel_id": s.chat, "team_id": "t1"}, nil)
	s.heard(t, hub.ChatChannelCreated, func(c hub.Chatter) bool { return c.Room.Name == "lobby" })
	s.platform.Publish("status_change", map[string]any{"user_id": bob, "status": "away"}, nil)
	s.heard(t, hub.ChatStatusChanged, func(c hub.Chatter) bool { return c.Status == "away" && c.From.ID == bob })
}

// TestUnknownInput holds that what we do not know is told, and what people wrote
// in it is not.
func TestUnknownInput(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	s.platform.Publish("typing", map[string]any{"user_id": s.anna}, nil)
	s.platform.Publish("post_teleported", map[string]any{"user_id": s.anna, "secret": "what somebody wrote", "count": 3}, nil)
	s.platform.Publish("posted", map[string]any{"post": "{not json"}, nil)
	s.platform.Publish("posted", map[string]any{"nothing": true}, nil)
	s.platform.Raw("what is this")
	s.platform.Raw(`{"status":"OK","seq_reply":1}`)
	s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Type: model.PostTypeJoinChannel, Message: "anna joined."})
	s.Say(t, s.chat, s.anna, "the end")
	s.ear.Until(t, "five signals and a message", func() bool { return len(s.ear.Events()) >= 6 })

	var signals []hub.Signal
	for _, e := range s.ear.Events() {
		require.NotContains(t, string(e.Data), "what somebody wrote")
		if e.Type == hub.HubSignalUnsupported {
			var signal hub.Signal
			require.NoError(t, json.Unmarshal(e.Data, &signal))
			signals = append(signals, signal)
		}
	}
	slices.SortFunc(signals, func(a, b hub.Signal) int { return strings.Compare(a.Name, b.Name) })
	require.Len(t, signals, 5, "%+v", signals)
	require.Equal(t, "post_teleported", signals[0].Name)
	require.JSONEq(t, fmt.Sprintf(`{"user_id":%q,"count":3}`, s.anna), string(signals[0].Body))
	require.Equal(t, []string{"posted", "posted", "posted/system_join_channel", "websocket"},
		[]string{signals[1].Name, signals[2].Name, signals[3].Name, signals[4].Name})
}

// TestTwentyCuts breaks the connection in every way that there is, with messages
// before, during and after.
func TestTwentyCuts(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	total := 0
	say := func(n int) {
		for range n {
			total++
			s.Say(t, s.chat, s.anna, fmt.Sprintf("message %d", total))
		}
	}
	for cut := range 20 {
		say(3)
		switch cut % 3 {
		case 0:
			s.Cut(t)
		case 1:
			s.platform.Forget() // the server has restarted
		default:
			s.Cut(t)
			say(300) // more than its queues hold
		}
		say(2)
		if cut%2 == 0 {
			s.connected(t)
		}
	}
	s.connected(t)
	s.ear.Until(t, "all messages", func() bool { return len(s.ear.Events()) >= total })
	seen := map[string]int{}
	for _, m := range messages(t, s) {
		seen[m]++
	}
	for i := range total {
		require.Equal(t, 1, seen[fmt.Sprintf("message %d", i+1)])
	}
	require.Greater(t, s.platform.Dials(), 10)
}

func messages(t *testing.T, s *scene) (all []string) {
	t.Helper()
	for _, e := range s.ear.Events() {
		if e.Type == hub.ChatMessagePosted {
			all = append(all, chatter(t, e).Text)
		}
	}
	return all
}

// TestResume holds that a connection that comes back soon costs no reading: the
// server goes on where it was.
func TestResume(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	s.Say(t, s.chat, s.anna, "before")
	s.heard(t, hub.ChatMessagePosted, text("before"))
	reads := s.platform.Sinces()
	s.Cut(t)
	s.Say(t, s.chat, s.anna, "while away")
	s.platform.Publish("status_change", map[string]any{"user_id": s.anna, "status": "dnd"}, nil)
	s.heard(t, hub.ChatMessagePosted, text("while away"))
	s.heard(t, hub.ChatStatusChanged, func(c hub.Chatter) bool { return c.Status == "dnd" })
	require.Equal(t, reads, s.platform.Sinces())
}

// TestRestart holds that another worker, or we after a restart, go on where
// listening ended: with messages, edits, deletions and reactions.
func TestRestart(t *testing.T) {
	for name, between := range map[string]func(*scene){
		"the server remembers us": func(*scene) {},
		"it has forgotten us":     func(s *scene) { s.platform.Forget() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.Say(t, s.chat, s.anna, "before there was a bot")
			kept := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "kept"})
			stop := s.listen(t)
			old := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "old"})
			s.heard(t, hub.ChatMessagePosted, text("old"))
			stop()
			require.NotEmpty(t, place(t, s))

			s.Say(t, s.chat, s.anna, "while nobody listened")
			s.platform.ChangePost(old.Id, "newer")
			s.platform.React(s.chat, old.Id, s.anna, "two", false)
			s.platform.DeletePost(kept.Id)
			between(s)
			s.p = s.provider(t)
			s.listen(t)
			s.heard(t, hub.ChatMessagePosted, text("while nobody listened"))
			s.heard(t, hub.ChatMessageEdited, text("newer"))
			s.heard(t, hub.ChatReactionAdded, func(c hub.Chatter) bool { return c.Reaction == "2️⃣" })
			s.heard(t, hub.ChatMessageDeleted, func(c hub.Chatter) bool { return c.Ref == hub.MessageRef(kept.Id) })
		})
	}
}

func place(t *testing.T, s *scene) []byte {
	t.Helper()
	raw, err := s.ear.Place(t.Context(), "websocket")
	require.NoError(t, err)
	return raw
}

// TestDeafEar holds that what the ear does not hear is told until it does, and
// that the place does not move on before.
func TestDeafEar(t *testing.T) {
	s := newScene(t)
	stop := s.listen(t)
	s.ear.Deafen(true)
	s.Say(t, s.chat, s.anna, "hello?")
	s.Say(t, s.chat, s.anna, "anybody?")
	told := s.ear.Told()
	s.ear.Until(t, "it is told again", func() bool { return s.ear.Told() > told+2 })
	require.Empty(t, messages(t, s))
	stop()
	s.platform.Forget()
	s.ear.Deafen(false)
	s.p = s.provider(t)
	s.listen(t)
	s.heard(t, hub.ChatMessagePosted, text("anybody?"))
	require.Equal(t, []string{"hello?", "anybody?"}, messages(t, s))
}

// TestLongAbsence reads more than the server tells at once.
func TestLongAbsence(t *testing.T) {
	s := newScene(t)
	stop := s.listen(t)
	s.Say(t, s.chat, s.anna, "before")
	s.heard(t, hub.ChatMessagePosted, text("before"))
	stop()
	s.platform.Forget()
	for i := range 1300 {
		s.Say(t, s.chat, s.anna, fmt.Sprint(i))
	}
	s.p = s.provider(t)
	s.listen(t)
	s.ear.Until(t, "all of them", func() bool { return len(s.ear.Events()) >= 1301 })
	require.Equal(t, "0", messages(t, s)[1], "in order")
}

// TestLongAbsenceAndAnOldEdit holds that an old post that was changed meanwhile
// does not end the search.
func TestLongAbsenceAndAnOldEdit(t *testing.T) {
	s := newScene(t)
	stop := s.listen(t)
	old := s.platform.Post(&model.Post{ChannelId: s.chat, UserId: s.anna, Message: "before"})
	s.heard(t, hub.ChatMessagePosted, text("before"))
	s.platform.Pass(2 * time.Minute)
	s.Say(t, s.chat, s.anna, "last")
	s.heard(t, hub.ChatMessagePosted, text("last"))
	stop()
	s.platform.Forget()
	s.platform.ChangePost(old.Id, "changed")
	for i := range 1300 {
		s.Say(t, s.chat, s.anna, fmt.Sprint(i))
	}
	s.p = s.provider(t)
	s.listen(t)
	s.heard(t, hub.ChatMessagePosted, text("1299"))
	s.heard(t, hub.ChatMessagePosted, text("0"))
}

// TestLargeAbsence has more to catch up on than one answer may hold.
func TestLargeAbsence(t *testing.T) {
	s := newScene(t)
	stop := s.listen(t)
	s.Say(t, s.chat, s.anna, "before")
	s.heard(t, hub.ChatMessagePosted, text("before"))
	stop()
	s.platform.Forget()
	for i := range 700 {
		s.Say(t, s.chat, s.anna, fmt.Sprintf("%d %s", i, strings.Repeat("a log line\n", 1200)))
	}
	s.p = s.provider(t)
	s.listen(t)
	s.heard(t, hub.ChatMessagePosted, func(c hub.Chatter) bool { return strings.HasPrefix(c.Text, "699 ") })
	require.Contains(t, messages(t, s)[1], "0 ")
}

// TestClosedChannel holds that a channel which the bot was thrown out of in the
// wrong moment keeps nobody from hearing the others.
func TestClosedChannel(t *testing.T) {
	s := newScene(t)
	stop := s.listen(t)
	other := s.Chat(t, "other")
	stop()
	s.platform.Forget()
	s.platform.Forbid(other)
	s.Say(t, other, s.anna, "not for you")
	s.Say(t, s.chat, s.anna, "hello")
	s.p = s.provider(t)
	s.listen(t)
	s.heard(t, hub.ChatMessagePosted, text("hello"))
	require.NotContains(t, messages(t, s), "not for you")
}

func TestPingIsAnswered(t *testing.T) {
	s := newScene(t)
	s.listen(t)
	pongs := make(chan string, 1)
	s.platform.Ping(pongs)
	select {
	case data := <-pongs:
		require.Equal(t, "are you there", data)
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no pong")
	}
}

func TestListenWithAWrongToken(t *testing.T) {
	s := newScene(t)
	s.platform = mattermosttest.New("another")
	server := httptest.NewServer(s.platform)
	defer server.Close()
	err := open(t, server.URL).(providers.Listener).Listen(t.Context(), s.ear)
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "set token")
	require.NotContains(t, err.Error(), token)
}

func TestRunsChat(t *testing.T) {
	s := newScene(t)
	boss := s.Person(t, "boss", true)
	for user, want := range map[string]bool{s.anna: false, boss: true, "nobody": false, model.NewId(): false} {
		runs, err := s.p.RunsChat(t.Context(), hub.Chat{System: system, ID: s.chat}, user)
		require.NoError(t, err)
		require.Equal(t, want, runs, user)
	}
}
