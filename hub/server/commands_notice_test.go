package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestButtonsUnderNotifications mutes the topic of a message that a chat was sent
// and leaves the chat alone, by the buttons under it; on Matrix by reactions.
func TestButtonsUnderNotifications(t *testing.T) {
	w := newTown(t, nil, "", everywhere()...)
	acts := map[*place]*act{}
	for _, p := range w.places {
		a := &act{place: p, town: w, chat: p.Chat(t, "notices"), names: strings.NewReplacer()}
		acts[p] = a
		require.Contains(t, p.Command(t, a.chat, p.people["anna"], "discourse watch all").Text, "now hears")
	}
	topic := w.forum.Topic("alice", "support", "Paper jam", "It is stuck.", "bug")
	for _, p := range w.places {
		t.Run(string(p.system), func(t *testing.T) {
			a := acts[p]
			note := a.notified(t, "Paper jam")
			before := []string{"discourse.watch created"}
			if p.ranks {
				a.refused(t, note)
				require.Equal(t, []string{"*"}, a.rows(), "who may not changes nothing")
				before = []string{"discourse.mute-topic refused", "discourse.watch created"}
			}

			seen := a.twice(t, note, "Mute topic", "🔇", "🔕")
			require.Contains(t, seen.Text, "#notices hears nothing more of Paper jam")
			require.Equal(t, []string{"mute:topic/" + topic, "*"}, a.rows())
			require.Equal(t, append([]string{"discourse.mute-topic created"}, before...), a.records(t))

			began := time.Now()
			seen = a.twice(t, note, "Snooze 2 h", "💤", "😴")
			require.Contains(t, seen.Text, "#notices is left alone until")
			require.NotContains(t, seen.Text, "Before,", "it was snoozed once")
			a.snoozed(t, "2h", began)
			require.Equal(t, append([]string{"discourse.snooze-2h updated", "discourse.mute-topic created"}, before...), a.records(t), "each once, however often it was pressed")
		})
	}
	// What happens in the topic from now on, no chat hears; of others they do when
	// they are awake.
	w.forum.Reply(topic, "ben", "It is still stuck.")
	w.decided(w.forum.Topic("ben", "market", "For sale", "A printer."))
	for _, p := range w.places {
		t.Run(string(p.system)+" awakes", func(t *testing.T) {
			a := acts[p]
			before := p.Shown(t, a.chat, p.people["anna"]).Text
			require.Contains(t, before, "is left alone", "nothing came meanwhile")
			status, body := w.ask(http.MethodPost, "/api/v1/chats/"+string(p.system)+"/"+url.PathEscape(a.chat)+"/resume", "")
			require.Equal(t, http.StatusOK, status, body)
			a.notified(t, "For sale")
			why := p.Command(t, a.chat, p.people["bob"], "discourse why "+w.forumURL+"/t/paper-jam/"+topic+"/2")
			require.Contains(t, readable(why.Text), "So #notices was told nothing.")
			why = p.Command(t, a.chat, p.people["bob"], "discourse why "+w.forumURL+"/t/paper-jam/"+topic)
			require.Contains(t, readable(why.Text), "It was sent at")
		})
	}
}

// notified waits for a message of which nobody has asked.
func (a *act) notified(t *testing.T, text string) (note providertest.Seen) {
	t.Helper()
	require.Eventually(t, func() bool {
		note = a.Shown(t, a.chat, a.people["anna"])
		return strings.Contains(note.Text, text)
	}, 20*time.Second, 10*time.Millisecond, "%s is not told of %q", a.system, text)
	require.False(t, note.Private)
	if a.system == "matrix" {
		require.Empty(t, note.Buttons)
	} else {
		require.Equal(t, []string{"Mute topic", "Snooze 2 h"}, note.Buttons)
	}
	return note
}

// refused has somebody press a button who may not.
func (a *act) refused(t *testing.T, note providertest.Seen) {
	t.Helper()
	var seen providertest.Seen
	if stage, ok := a.Stage.(*matrixtest.Stage); ok {
		seen = stage.React(t, a.chat, a.people["bob"], note, "🔇")
	} else {
		seen = a.Press(t, a.chat, a.people["bob"], note, "Mute topic")
	}
	require.Contains(t, readable(seen.Text), "You may not use "+a.prefix+"discourse mute-topic")
}

// twice presses a button twice at once, or reacts with two emoji that say the
// same.
func (a *act) twice(t *testing.T, note providertest.Seen, label string, emoji ...string) providertest.Seen {
	t.Helper()
	stage, ok := a.Stage.(*matrixtest.Stage)
	if !ok {
		return a.PressTwice(t, a.chat, a.people["anna"], note, label)
	}
	return stage.React(t, a.chat, a.people["anna"], note, emoji...)
}

// records are what the audit log has of the chat, newest first.
func (a *act) records(t *testing.T) (lines []string) {
	t.Helper()
	var page struct{ Items []hub.AuditEntry }
	a.town.get("/api/v1/audit?"+url.Values{"system": {string(a.system)}, "chat": {a.chat}}.Encode(), &page)
	for _, e := range page.Items {
		lines = append(lines, e.Action+" "+e.Outcome)
	}
	return lines
}
