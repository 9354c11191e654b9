package telegram_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// hear has an update taken, and is what was heard of it.
func (h *hall) hear(t *testing.T, body string) []hub.Event {
	t.Helper()
	ear := providertest.NewEar()
	require.Equal(t, 200, h.client.Receive(t.Context(), "update", calling(hookSecret, body), ear).Status)
	return ear.Events()
}

// updates are Telegram's, each with the golden file that holds what is heard.
var updates = []struct{ name, body string }{
	{"message", `{"update_id":1,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001234567890,"type":"supergroup","title":"Support","username":"support"},"from":{"id":5,"first_name":"Eve","last_name":"Adams","username":"eve"},"text":"hello @bellhop_bot and you","entities":[{"type":"mention","offset":6,"length":12},{"type":"text_mention","offset":23,"length":3,"user":{"id":9,"first_name":"Bob"}}]}}`},
	{"topic", `{"update_id":2,"message":{"message_id":8,"message_thread_id":45,"is_topic_message":true,"date":1790000000,"chat":{"id":-1001234567890,"type":"supergroup","title":"Support","is_forum":true},"from":{"id":5,"first_name":"Eve"},"text":"/status","entities":[{"type":"bot_command","offset":0,"length":7}],"reply_to_message":{"message_id":45,"chat":{"id":-1001234567890,"type":"supergroup"},"date":1,"forum_topic_created":{"name":"Printers"}}}}`},
	{"reply-in-general", `{"update_id":3,"message":{"message_id":9,"message_thread_id":4,"date":1790000000,"chat":{"id":-1001234567890,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"text":"thanks","reply_to_message":{"message_id":4,"date":1,"chat":{"id":-1001234567890,"type":"supergroup"},"from":{"id":9,"first_name":"Bob"},"text":"x"}}}`},
	{"edit", `{"update_id":4,"edited_message":{"message_id":7,"date":1790000000,"edit_date":1790000060,"chat":{"id":5,"type":"private","first_name":"Eve"},"from":{"id":5,"first_name":"Eve"},"text":"/status now","entities":[{"type":"bot_command","offset":0,"length":7}]}}`},
	{"channel", `{"update_id":5,"channel_post":{"message_id":3,"date":1790000000,"chat":{"id":-1009,"type":"channel","title":"News","username":"news"},"text":"/discourse@bellhop_bot status","entities":[{"type":"bot_command","offset":0,"length":22}]}}`},
	{"channel-edit", `{"update_id":6,"edited_channel_post":{"message_id":3,"date":1790000000,"edit_date":1790000001,"chat":{"id":-1009,"type":"channel","title":"News"},"text":"x"}}`},
	{"anonymous-admin", `{"update_id":7,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":1087968824,"is_bot":true,"first_name":"Group","username":"GroupAnonymousBot"},"sender_chat":{"id":-1001,"type":"supergroup","title":"Support"},"text":"/status","entities":[{"type":"bot_command","offset":0,"length":7}]}}`},
	{"linked-channel", `{"update_id":8,"message":{"message_id":7,"date":1790000000,"is_automatic_forward":true,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":777000,"first_name":"Telegram"},"sender_chat":{"id":-1009,"type":"channel","title":"News"},"forward_origin":{"type":"channel"},"text":"/status","entities":[{"type":"bot_command","offset":0,"length":7}]}}`},
	{"bot", `{"update_id":9,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":6,"is_bot":true,"first_name":"Other","username":"other_bot"},"text":"/status","entities":[{"type":"bot_command","offset":0,"length":7}]}}`},
	{"photo", `{"update_id":10,"message":{"message_id":7,"date":1790000000,"chat":{"id":5,"type":"private","first_name":"Eve"},"from":{"id":5,"first_name":"Eve"},"caption":"look","photo":[{"file_id":"small","file_size":10},{"file_id":"large","file_size":1000}]}}`},
	{"document", `{"update_id":11,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"group","title":"G"},"from":{"id":5,"first_name":"Eve"},"document":{"file_id":"d","file_name":"a.pdf","mime_type":"application/pdf","file_size":99}}}`},
	{"sticker", `{"update_id":12,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"group","title":"G"},"from":{"id":5,"first_name":"Eve"},"sticker":{"file_id":"s","emoji":"👍"}}}`},
	{"reaction", `{"update_id":13,"message_reaction":{"chat":{"id":-1001,"type":"supergroup","title":"Support"},"message_id":7,"user":{"id":5,"first_name":"Eve"},"date":1790000000,"old_reaction":[{"type":"emoji","emoji":"👎"},{"type":"emoji","emoji":"❤"}],"new_reaction":[{"type":"emoji","emoji":"❤"},{"type":"emoji","emoji":"👍"},{"type":"custom_emoji","custom_emoji_id":"77"}]}}`},
	{"reaction-unnamed", `{"update_id":14,"message_reaction":{"chat":{"id":-1001,"type":"supergroup","title":"Support"},"message_id":7,"actor_chat":{"id":-1001,"type":"supergroup","title":"Support"},"date":1790000000,"old_reaction":[],"new_reaction":[{"type":"paid"}]}}`},
	{"joined", `{"update_id":15,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"new_chat_members":[{"id":5,"first_name":"Eve"},{"id":9,"first_name":"Bob"}]}}`},
	{"left", `{"update_id":16,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"left_chat_member":{"id":9,"first_name":"Bob"}}}`},
	{"member", `{"update_id":17,"chat_member":{"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"date":1790000000,"old_chat_member":{"status":"left","user":{"id":9,"first_name":"Bob"}},"new_chat_member":{"status":"member","user":{"id":9,"first_name":"Bob"}}}}`},
	{"kicked", `{"update_id":18,"my_chat_member":{"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"date":1790000000,"old_chat_member":{"status":"administrator","user":{"id":4839574812,"is_bot":true,"first_name":"Bellhop"}},"new_chat_member":{"status":"kicked","user":{"id":4839574812,"is_bot":true,"first_name":"Bellhop"}}}}`},
	{"promoted", `{"update_id":19,"my_chat_member":{"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"date":1790000000,"old_chat_member":{"status":"member","user":{"id":4839574812,"is_bot":true}},"new_chat_member":{"status":"administrator","user":{"id":4839574812,"is_bot":true}}}}`},
	{"moved-away", `{"update_id":20,"message":{"message_id":7,"date":1790000000,"chat":{"id":-77,"type":"group","title":"Support"},"from":{"id":5,"first_name":"Eve"},"migrate_to_chat_id":-100777}}`},
	{"moved-in", `{"update_id":21,"message":{"message_id":1,"date":1790000000,"chat":{"id":-100777,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"migrate_from_chat_id":-77}}`},
	{"created", `{"update_id":22,"message":{"message_id":1,"date":1790000000,"chat":{"id":-77,"type":"group","title":"Support"},"from":{"id":5,"first_name":"Eve"},"group_chat_created":true}}`},
	{"topic-created", `{"update_id":23,"message":{"message_id":45,"message_thread_id":45,"is_topic_message":true,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"forum_topic_created":{"name":"Printers","icon_color":7}}}`},
	{"unknown-update", `{"update_id":24,"poll_answer":{"poll_id":"77","user":{"id":5,"first_name":"Eve"},"option_ids":[1],"anonymous":true,"deep":{"er":{"and":{"secret":"words"}}},"n":null}}`},
	{"unknown-message", `{"update_id":25,"message":{"message_id":7,"date":1790000000,"chat":{"id":-1001,"type":"supergroup","title":"Support"},"from":{"id":5,"first_name":"Eve"},"location":{"latitude":52.5,"longitude":13.4}}}`},
}

func TestWhatIsHeard(t *testing.T) {
	h := newHall(t, byHook)
	for _, u := range updates {
		t.Run(u.name, func(t *testing.T) {
			events := h.hear(t, u.body)
			require.NotEmpty(t, events)
			for i := range events {
				require.WithinDuration(t, time.Now(), events[i].ReceivedTime, time.Minute)
				events[i].ReceivedTime = time.Time{}
			}
			b, err := json.MarshalIndent(events, "", "  ")
			require.NoError(t, err)
			require.NotContains(t, string(b), "52.5", "what a signal was made from stays with Telegram")
			providertest.Golden(t, "heard/"+u.name+".json", append(b, '\n'))
		})
	}
}

// Administrators hear twice that somebody came, and both chats that a group was
// moved.
func TestWhatIsToldTwiceIsOneEvent(t *testing.T) {
	h := newHall(t, byHook)
	ids := func(body string) map[hub.EventID]bool {
		all := map[hub.EventID]bool{}
		for _, e := range h.hear(t, body) {
			all[e.ID] = true
		}
		return all
	}
	body := func(name string) string {
		for _, u := range updates {
			if u.name == name {
				return u.body
			}
		}
		return ""
	}
	for id := range ids(body("member")) {
		require.True(t, ids(body("joined"))[id])
	}
	require.Equal(t, ids(body("moved-away")), ids(body("moved-in")))
	require.NotEqual(t, ids(body("edit")), ids(strings.Replace(body("edit"), `"update_id":4`, `"update_id":44`, 1)), "two edits in a second")
}

func TestWhoIsAddressed(t *testing.T) {
	h := newHall(t, byHook)
	require.NoError(t, h.client.SetMenu(t.Context(), []hub.MenuItem{
		{Name: "discourse", Summary: "Subscriptions"}, {Name: "watch"}, {Name: "status"}, {Name: "who-am-i", Summary: "Who you are"},
	}))
	h.Privacy(false)
	h.CallTo(door(h.client, h.ear))
	h.listen(t, h.client, h.ear)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	ours, err := h.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "New topic"}})
	require.NoError(t, err)
	theirs, _ := h.Speak(telegramtest.Words{Chat: room, Person: anna, Text: "hello"})
	for i, c := range []struct {
		words telegramtest.Words
		line  string // "" is that it is not for us
	}{
		{telegramtest.Words{Text: "/discourse watch support"}, "discourse watch support"},
		{telegramtest.Words{Text: "/discourse@bellhop_bot watch support"}, "discourse watch support"},
		{telegramtest.Words{Text: "/discourse@Bellhop_Bot"}, "discourse"},
		{telegramtest.Words{Text: "/watch support"}, "watch support"},
		{telegramtest.Words{Text: "/watch@bellhop_bot  support  tag:a"}, "watch support  tag:a"},
		{telegramtest.Words{Text: "/Watch Ünïcode 😀"}, "watch Ünïcode 😀"},
		{telegramtest.Words{Text: "/watch@other_bot support"}, ""},
		{telegramtest.Words{Text: "/weather"}, ""},
		{telegramtest.Words{Text: "/weather@bellhop_bot"}, "weather"},
		{telegramtest.Words{Text: "/who_am_i"}, "who-am-i"},
		{telegramtest.Words{Text: "/cancel"}, "cancel"},
		{telegramtest.Words{Text: "/start@bellhop_bot"}, "help"},
		{telegramtest.Words{Text: "/start"}, ""},
		{telegramtest.Words{Text: "see /watch there"}, ""},
		{telegramtest.Words{Text: "/"}, ""},
		{telegramtest.Words{Text: "hello"}, ""},
		{telegramtest.Words{Text: "@bellhop_bot watch support"}, "watch support"},
		{telegramtest.Words{Text: "@Bellhop_bot: status"}, "status"},
		{telegramtest.Words{Text: "@bellhop_bot /status"}, "status"},
		{telegramtest.Words{Text: "😀 status, @bellhop_bot"}, "😀 status,"},
		{telegramtest.Words{Text: "@bellhop_bots status"}, ""},
		{telegramtest.Words{Text: "mail to a@bellhop_bot"}, ""},
		{telegramtest.Words{Text: "status", ReplyTo: string(ours.Ref)}, "status"},
		{telegramtest.Words{Text: "thank you", ReplyTo: string(ours.Ref)}, ""},
		{telegramtest.Words{Text: "status", ReplyTo: theirs}, ""},
		{telegramtest.Words{Text: "/status", More: map[string]any{"forward_origin": map[string]any{"type": "user"}}}, ""},
		{telegramtest.Words{Text: "/status", More: map[string]any{"via_bot": map[string]any{"id": 4, "is_bot": true}}}, ""},
		{telegramtest.Words{Text: "/status", More: map[string]any{"from": map[string]any{"id": 4, "is_bot": true}}}, ""},
		{telegramtest.Words{Text: "/status", More: map[string]any{"from": map[string]any{"id": 4839574812, "is_bot": true}}}, ""},
		{telegramtest.Words{Text: "/status", More: map[string]any{"entities": []any{map[string]any{"type": "code", "offset": 0, "length": 7}}}}, ""},
		{telegramtest.Words{More: map[string]any{
			"caption": "/status", "photo": []any{map[string]any{"file_id": "p"}},
			"caption_entities": []any{map[string]any{"type": "bot_command", "offset": 0, "length": 7}},
		}}, "status"},
		{telegramtest.Words{Text: "the bot", More: map[string]any{"entities": []any{
			map[string]any{"type": "text_mention", "offset": 0, "length": 3, "user": map[string]any{"id": 4839574812, "is_bot": true}},
		}}}, "bot"},
		{telegramtest.Words{Chat: anna, Text: "watch support"}, "watch support"},
		{telegramtest.Words{Chat: anna, Text: "/start"}, "help"},
		{telegramtest.Words{Chat: anna, Text: "/start link-77"}, "start link-77"},
		{telegramtest.Words{Chat: anna, Text: "/weather"}, "weather"},
		{telegramtest.Words{Chat: anna, Text: "/status@other_bot"}, ""},
	} {
		t.Run(fmt.Sprintf("%02d %s", i, c.words.Text), func(t *testing.T) {
			if c.words.Chat == "" {
				c.words.Chat = room
			}
			c.words.Person = anna
			ref, update := h.Speak(c.words)
			require.NotZero(t, update)
			var heard hub.Chatter
			h.ear.Until(t, "the message", func() bool {
				for _, e := range h.ear.Events() {
					if what := chatter(t, e); e.Type == hub.ChatMessagePosted && what.Ref == hub.MessageRef(ref) {
						heard = what
						return true
					}
				}
				return false
			})
			require.Equal(t, c.line, heard.Line)
			require.Equal(t, c.line != "", heard.ForUs)
			require.Equal(t, c.words.Chat == anna, heard.Room.Direct)
		})
	}
}

func TestMenu(t *testing.T) {
	h := newHall(t)
	long := strings.Repeat("word ", 100)
	items := []hub.MenuItem{
		{Name: "discourse", Summary: "What this chat hears"},
		{Name: "who-am-i", Summary: long},
		{Name: "help"},
		{Name: "Help", Summary: "again"},
		{Name: "übersicht", Summary: "no command of Telegram's"},
		{Name: strings.Repeat("x", 33), Summary: "too long"},
		{Name: ""},
	}
	require.NoError(t, h.client.SetMenu(t.Context(), items))
	offered := h.Commands()
	require.Len(t, offered, 3)
	require.Equal(t, telegramtest.Command{Command: "discourse", Description: "What this chat hears"}, offered[0])
	require.Equal(t, "who_am_i", offered[1].Command)
	require.Equal(t, telegramtest.Command{Command: "help", Description: "help"}, offered[2])
	for i := range 150 {
		items = append(items, hub.MenuItem{Name: fmt.Sprintf("v%d", i), Summary: "x"})
	}
	require.NoError(t, h.client.SetMenu(t.Context(), items))
	require.Len(t, h.Commands(), 100)
}

func TestWhoRunsAChat(t *testing.T) {
	h := newHall(t)
	room, anna, bob := h.Group("Support"), h.Person("Anna", true), h.Person("Bob", false)
	for _, c := range []struct {
		chat, person string
		runs         bool
	}{
		{room, anna, true},
		{room + "/45", anna, true},
		{room, bob, false},
		{room, "12345", false}, // nobody
		{room, room, true},     // an administrator who stays unnamed
		{room + "/45", room, true},
		{room, "-1009", false}, // in a channel's name
		{bob, bob, true},       // alone with the bot
	} {
		runs, err := h.client.RunsChat(t.Context(), hub.Chat{ID: c.chat}, c.person)
		require.NoError(t, err)
		require.Equal(t, c.runs, runs, "%s in %s", c.person, c.chat)
	}
	_, err := h.client.RunsChat(t.Context(), hub.Chat{ID: "general"}, bob)
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	_, err = h.client.RunsChat(t.Context(), hub.Chat{ID: room}, "bob")
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
}
