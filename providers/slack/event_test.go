package slack_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

type native = map[string]any

// happenings are events as Slack sends them, by the name of what they become:
// https://docs.slack.dev/reference/events
func happenings(anna, ben, chat string) map[string]native {
	message := func(more native) native {
		m := native{"type": "message", "channel": chat, "channel_type": "channel", "user": anna, "text": "Hello", "ts": "1773480500.000100", "event_ts": "1773480500.000100", "team": slacktest.Team}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	return map[string]native{
		"posted":           message(native{"text": "See <https://a.example.com/?x=1&amp;y=2|this> in <#" + chat + "|support>, <@" + ben + "> &amp; <!here>: 1 &lt; 2"}),
		"posted-in-thread": message(native{"thread_ts": "1773480400.000200"}),
		"posted-root":      message(native{"thread_ts": "1773480500.000100"}),
		"posted-with-file": message(native{"subtype": "file_share", "files": []native{{"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 12, "permalink": "https://acme.slack.com/files/F1"}}}),
		"posted-by-bot":    message(native{"subtype": "bot_message", "bot_id": "B1", "username": "ci", "user": nil, "text": "<@" + slacktest.Self + "> status"}),
		"posted-by-us":     message(native{"user": slacktest.Self, "bot_id": "B0BELLHOP1"}),
		"mention-within":   message(native{"text": "hey <@" + slacktest.Self + ">: status"}),
		"mention-at-end":   message(native{"text": "status <@" + slacktest.Self + ">"}),
		"direct":           message(native{"channel": slacktest.Stage{}.Direct(anna), "channel_type": "im", "text": "status"}),
		"edited": {
			"type": "message", "subtype": "message_changed", "channel": chat, "channel_type": "channel", "ts": "1773480510.000100", "event_ts": "1773480510.000100", "hidden": true,
			"message":          native{"type": "message", "user": anna, "text": "Hello again", "ts": "1773480500.000100", "edited": native{"user": anna, "ts": "1773480510.000000"}},
			"previous_message": native{"type": "message", "user": anna, "text": "Hello", "ts": "1773480500.000100"},
		},
		"unfurled": {
			"type": "message", "subtype": "message_changed", "channel": chat, "ts": "1773480510.000200", "event_ts": "1773480510.000200",
			"message":          native{"type": "message", "user": anna, "text": "Hello", "ts": "1773480500.000100", "attachments": []native{{"text": "a preview"}}},
			"previous_message": native{"type": "message", "user": anna, "text": "Hello", "ts": "1773480500.000100"},
		},
		"deleted": {
			"type": "message", "subtype": "message_deleted", "channel": chat, "ts": "1773480520.000100", "event_ts": "1773480520.000100", "deleted_ts": "1773480500.000100",
			"previous_message": native{"type": "message", "user": anna, "text": "Hello", "ts": "1773480500.000100"},
		},
		"reaction-added":   {"type": "reaction_added", "user": anna, "reaction": "+1::skin-tone-3", "item_user": slacktest.Self, "item": native{"type": "message", "channel": chat, "ts": "1773480500.000100"}, "event_ts": "1773480530.000100"},
		"reaction-removed": {"type": "reaction_removed", "user": anna, "reaction": "party_parrot", "item": native{"type": "message", "channel": chat, "ts": "1773480500.000100"}, "event_ts": "1773480531.000100"},
		"reaction-on-file": {"type": "reaction_added", "user": anna, "reaction": "one", "item": native{"type": "file", "file": "F1"}, "event_ts": "1773480532.000100"},
		"member-joined":    {"type": "member_joined_channel", "user": anna, "channel": chat, "channel_type": "C", "team": slacktest.Team, "inviter": ben, "event_ts": "1773480540.000100"},
		"member-left":      {"type": "member_left_channel", "user": anna, "channel": chat, "channel_type": "C", "team": slacktest.Team, "event_ts": "1773480541.000100"},
		"channel-created":  {"type": "channel_created", "channel": native{"id": "C9NEW", "name": "fun", "created": 1773480550, "creator": anna}, "event_ts": "1773480550.000100"},
		"team-join":        {"type": "team_join", "user": native{"id": "U9NEW", "name": "carl", "real_name": "Carl Sagan", "profile": native{"display_name": "carl", "email": "carl@example.com"}}, "event_ts": "1773480560.000100"},
		"user-change":      {"type": "user_change", "user": native{"id": ben, "name": "ben", "deleted": true, "profile": native{"real_name": "Ben"}}, "event_ts": "1773480561.000100"},
		"file-shared":      {"type": "file_shared", "file_id": "F1", "user_id": anna, "channel_id": chat, "file": native{"id": "F1"}, "event_ts": "1773480570.000100"},
		"topic-set":        message(native{"subtype": "channel_topic", "topic": "cats"}),
		"unknown":          {"type": "star_teleported", "user": anna, "text": "secret words", "item": native{"channel": chat, "name": "x"}, "event_ts": "1773480580.000100"},
		"odd":              {"type": "message", "channel": 7, "user": []int{1}},
	}
}

// TestEvents holds what each native event becomes, in testdata/events.
func TestEvents(t *testing.T) {
	w := listening(t, false)
	require.NoError(t, w.client.Check(t.Context())) // who we are is known
	anna, ben, chat := w.Person(t, "anna", false), w.Person(t, "ben", false), w.Chat(t, "support")
	for name, event := range happenings(anna, ben, chat) {
		t.Run(name, func(t *testing.T) {
			ear := providertest.NewEar()
			w.http = receiver(w.client, ear)
			require.True(t, w.TellRaw(t.Context(), native{
				"type": "event_callback", "team_id": slacktest.Team, "event_id": "Ev" + name, "event": event,
				"authorizations": []native{{"user_id": slacktest.Self, "is_bot": true}},
			}))
			all := ear.Events()
			require.Len(t, all, 1)
			e := all[0]
			require.NoError(t, e.Validate())
			require.WithinDuration(t, time.Now(), e.ReceivedTime, time.Minute)
			if e.Type == hub.HubSignalUnsupported {
				e.Time = time.Time{}
			}
			e.ReceivedTime = time.Time{}
			raw, err := json.Marshal(e)
			require.NoError(t, err)
			providertest.Golden(t, "events/"+name+".json", pretty(t, raw))
		})
	}
}

func TestMentionIsOneEventHoweverItIsTold(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		anna, chat := w.Person(t, "anna", false), w.Chat(t, "support")
		for _, kind := range []string{"message", "app_mention", "message"} {
			w.Tell(t.Context(), native{"type": kind, "channel": chat, "user": anna, "text": "<@" + slacktest.Self + "> hi", "ts": "1773480500.000100"})
		}
		w.ear.Until(t, "all three", func() bool { return w.ear.Told() == 3 })
		require.Len(t, w.ear.Events(), 1)
	})
}

// TestDeafEar holds that what the ear did not take is told again, as Slack does.
func TestDeafEar(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		anna, chat := w.Person(t, "anna", false), w.Chat(t, "support")
		w.ear.Deafen(true)
		go func() {
			w.ear.Until(t, "it was told twice", func() bool { return w.ear.Told() >= 2 })
			w.ear.Deafen(false)
		}()
		w.Say(t, chat, anna, "are you there?")
		w.ear.Until(t, "the message", func() bool { return len(w.ear.Events()) == 1 })
		require.True(t, w.Settled(t.Context()))
	})
}
