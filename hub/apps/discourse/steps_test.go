package discourse_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
)

func long(r rune, n int) string { return strings.Repeat(string(r), n) }

func manyTags(w *world) {
	for i := range 30 {
		w.forums["meta"].Tags = append(w.forums["meta"].Tags, hub.ForumTag{Name: fmt.Sprintf("tag%02d", i)})
	}
}

func manyRows(w *world) {
	for i := range 1100 {
		w.made++
		w.table = append(w.table, hub.Subscription{
			ID: hub.SubscriptionID(fmt.Sprintf("s%d", w.made)), Chat: chat, Source: "meta", Mode: hub.Watch, Enabled: true,
			Filters: []hub.Filter{{Type: hub.FilterTopic, Any: []string{fmt.Sprint(1000 + i)}}},
		})
	}
}

// kept is a reply whose buttons are pressed later.
var kept = map[*stage]hub.Reply{}

func keep(s *stage) { kept[s] = s.last }

func again(label string) func(*stage) {
	return func(s *stage) {
		s.last = kept[s]
		fmt.Fprintf(&s.script, "> [%s] of before\n", label)
		s.press(label)
		s.writeReply()
	}
}

// refTo makes the thread that of a message about a topic.
func refTo(topic string) func(*stage) {
	return with(func(w *world) {
		w.refs["170000.1"] = discourse.Told{Source: "meta", Topic: topic, Title: "Paper jam"}
	})
}

// button presses Mute topic below a notification.
func button(told discourse.Told) func(*stage) {
	return func(s *stage) {
		actions := discourse.Actions(told)
		require.Equal(s.t, "Snooze 2 h", actions[1].Label)
		fmt.Fprintf(&s.script, "> [%s] below a message about %s\n", actions[0].Label, told.Topic)
		s.do(*actions[0].Call)
		s.writeReply()
	}
}

// delivery changes how far the message has come.
func delivery(status hub.Status, reason string) func(*stage) {
	return with(func(w *world) {
		for id, d := range w.delivered {
			d.Status, d.Reason, d.Attempts = status, reason, 3
			w.delivered[id] = d
		}
	})
}

// result changes what the chat got by the first event.
func result(is string) func(*stage) {
	return with(func(w *world) {
		w.traces["e1"].Chats[0].Result = is
		if is == hub.ResultWaits {
			w.traces["e1"].Chats[0].At = w.now.Add(20 * time.Second)
		}
	})
}
