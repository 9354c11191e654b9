package telegram_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

const bindingToken = "AbCdEfGhIjKlMnOpQrSt_-" // as long as they are

func pressable() hub.Message {
	return hub.Message{Text: "New topic", Actions: []hub.Action{
		{Label: "Mute topic", Token: "mute"},
		{Label: "Snooze 2 h", Token: "snooze", Style: "danger"},
		{Label: "Forum", URL: "https://forum.example.com/t/1"},
	}}
}

// selecting is a message with a select of n options and a button.
func selecting(n int, value func(int) string) hub.Message {
	options := make([]hub.Option, n)
	for i := range options {
		options[i] = hub.Option{Label: fmt.Sprintf("Option %d", i), Value: value(i)}
	}
	return hub.Message{Text: "Which?", Actions: []hub.Action{
		{Label: "Category", Token: bindingToken, Options: options}, {Label: "Cancel", Token: "cancel"},
	}}
}

func short(i int) string { return fmt.Sprintf("c:%d", i) }

func (h *hall) send(t *testing.T, to string, m hub.Message) string {
	t.Helper()
	receipt, err := h.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: to}, Message: m})
	require.NoError(t, err)
	require.Empty(t, receipt.Note)
	return string(receipt.Ref)
}

func labels(rows [][]telegramtest.Button) string {
	var lines []string
	for _, row := range rows {
		var texts []string
		for _, b := range row {
			texts = append(texts, b.Text)
		}
		lines = append(lines, strings.Join(texts, " | "))
	}
	return strings.Join(lines, "\n")
}

func TestActionsGolden(t *testing.T) {
	for name, m := range map[string]hub.Message{
		"buttons": pressable(),
		"select":  selecting(3, short),
		"pages":   selecting(20, short),
		"odd": {Text: "x", Actions: []hub.Action{
			{Label: strings.Repeat("long ", 40), Token: "a"},
			{Label: " \n", Token: "b"},
			{Label: "no token"},
			{Label: "a token that is too long", Token: strings.Repeat("x", 23)},
			{Label: "of another", Token: "a:b"},
			{Label: "here", URL: "http://localhost:8080/x"},
			{Label: "script", URL: "javascript:alert(1)"},
			{Label: "values", Token: "v", Options: []hub.Option{{Label: "", Value: "v"}, {Label: "none"}, {Label: "long", Value: strings.Repeat("ü", 50)}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			h.send(t, chat, m)
			var out bytes.Buffer
			require.NoError(t, json.Indent(&out, h.Sent()[0].Raw, "", "  "))
			out.WriteByte('\n')
			providertest.Golden(t, "actions-"+name+".json", out.Bytes())
		})
	}
}

func TestKeyboardsThatAreTooLarge(t *testing.T) {
	h := newHall(t)
	m := hub.Message{Text: "x"}
	for i := range 150 {
		m.Actions = append(m.Actions, hub.Action{Label: fmt.Sprintf("%d %s", i, strings.Repeat("ö", 59)), Token: fmt.Sprintf("t%d", i)})
	}
	ref := h.send(t, chat, m)
	require.NotEmpty(t, h.Buttons(ref), "as many as Telegram takes")
}

func TestAnEditChangesTheButtons(t *testing.T) {
	h := newHall(t)
	ref := h.send(t, chat, pressable())
	editor, _ := providers.As[providers.Editor](h.client)
	p := providers.Post{Key: "n2", To: hub.Chat{ID: chat}, Message: hub.Message{Text: "New topic", Actions: []hub.Action{{Label: "Unmute", Token: "unmute"}}}}
	_, err := editor.Edit(t.Context(), p, hub.MessageRef(ref))
	require.NoError(t, err)
	require.Equal(t, "Unmute", labels(h.Buttons(ref)))
	p.Message.Actions = nil
	_, err = editor.Edit(t.Context(), p, hub.MessageRef(ref))
	require.NoError(t, err)
	require.Empty(t, h.Buttons(ref))
}

func TestAButtonIsPressed(t *testing.T) {
	ways(t, func(t *testing.T, h *hall) {
		h.ear.Reply = func(*hub.Command) (hub.Reply, bool) { return hub.Say("Muted."), false }
		room, anna := h.Group("Support"), h.Person("Anna", false)
		ref := h.send(t, room, pressable())
		q := h.Press(room, anna, ref, "Mute topic")
		_, err := h.Wait(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, "Muted.", h.Sent()[1].Text)
		require.Equal(t, ref, h.Sent()[1].Root)
		require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond)
		require.Empty(t, h.Query(q).Text)
		require.Len(t, h.ear.Commands(), 1)
		require.Equal(t, hub.Command{
			Command:  hub.Call{ID: hub.CommandFor("telegram-acme", "press/"+q), Kind: hub.KindSubmit},
			Security: hub.Security{Token: "mute"},
			Context: hub.CommandContext{
				Source: hub.CommandSource{ID: hub.FromButton}, System: "telegram-acme", User: hub.User{ID: anna, Name: "anna", Full: "Anna"},
				Channel: hub.Channel{ID: room, Name: "Support"}, Post: hub.MessageRef(ref),
			},
		}, h.ear.Commands()[0])
	})
}

func TestASelectIsTurnedAndPressed(t *testing.T) {
	long := func(i int) string { return fmt.Sprintf("%s/%d", strings.Repeat("category-", 20), i) }
	for name, value := range map[string]func(int) string{"short values": short, "long values": long} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			h.listen(t, h.client, h.ear)
			room, anna := h.Group("Support"), h.Person("Anna", false)
			ref := h.send(t, room, selecting(20, value))
			h.turn(t, room, anna, ref, "›", "Category\nOption 8\nOption 9\nOption 10\nOption 11\nOption 12\nOption 13\nOption 14\nOption 15\n‹ | 2/3 | ›\nCancel")
			h.turn(t, room, anna, ref, "›", "Category\nOption 16\nOption 17\nOption 18\nOption 19\n‹ | 3/3\nCancel")
			h.turn(t, room, anna, ref, "‹", "Category\nOption 8\nOption 9\nOption 10\nOption 11\nOption 12\nOption 13\nOption 14\nOption 15\n‹ | 2/3 | ›\nCancel")
			for _, still := range []string{"2/3", "Category"} { // which do nothing
				q := h.Press(room, anna, ref, still)
				require.Eventually(t, func() bool { return h.Settled(h.Query(q).Update) && h.Query(q).Answered }, 20*time.Second, time.Millisecond)
				require.Empty(t, h.Query(q).Text)
			}
			require.Empty(t, h.ear.Commands(), "turning pages tells the hub nothing")
			h.Press(room, anna, ref, "Option 12")
			h.ear.Until(t, "the choice", func() bool { return len(h.ear.Commands()) == 1 })
			c := h.ear.Commands()[0]
			require.Equal(t, bindingToken, c.Security.Token)
			require.Equal(t, hub.FromSelect, c.Context.Source.ID)
			require.Equal(t, hub.Values{"value": {value(12)}}, c.Command.Encoded)
		})
	}
}

func (h *hall) turn(t *testing.T, room, person, ref, label, want string) {
	t.Helper()
	q := h.Press(room, person, ref, label)
	require.NotEmpty(t, q)
	require.Eventually(t, func() bool { return h.Query(q).Answered && h.Settled(h.Query(q).Update) }, 20*time.Second, time.Millisecond)
	require.Equal(t, want, labels(h.Buttons(ref)))
}

// Another process knows nothing of a select, and asks the hub.
func TestASelectOfBefore(t *testing.T) {
	long := func(i int) string { return fmt.Sprintf("%s/%d", strings.Repeat("category-", 20), i) }
	h := newHall(t)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	m := selecting(20, long)
	ref := h.send(t, room, m)
	known := true
	h.ear.Reply = func(c *hub.Command) (hub.Reply, bool) {
		if c.Command.Kind != hub.KindLookup {
			return hub.Say("ok"), false
		}
		if !known || c.Security.Token != bindingToken || c.Command.Encoded.Get(hub.LookupField) != hub.ChosenValue {
			return hub.Refuse("There is no such list."), false
		}
		return hub.Reply{OK: &hub.OK{Options: m.Actions[0].Options}}, false
	}
	stop := h.listen(t, h.another(t), h.ear)
	h.turn(t, room, anna, ref, "›", "Category\nOption 8\nOption 9\nOption 10\nOption 11\nOption 12\nOption 13\nOption 14\nOption 15\n‹ | 2/3 | ›\nCancel")
	h.Press(room, anna, ref, "Option 9")
	h.ear.Until(t, "the choice", func() bool { return len(h.ear.Commands()) == 2 })
	require.Equal(t, hub.Values{"value": {long(9)}}, h.ear.Commands()[1].Command.Encoded)
	stop()

	known = false
	h.listen(t, h.another(t), h.ear)
	for _, label := range []string{"›", "Option 9"} {
		q := h.Press(room, anna, ref, label)
		require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond)
		require.Contains(t, h.Query(q).Text, "This list is too old")
	}
}

func TestDataThatWeDidNotMake(t *testing.T) {
	h := newHall(t)
	h.listen(t, h.client, h.ear)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	ref := h.send(t, room, selecting(3, short))
	ours := h.Buttons(ref)[1][0].Data
	other := telegramtest.New("1:another")
	server := httptest.NewServer(other)
	defer server.Close()
	account := h.another(t, func(c *telegram.Config) { c.Token, c.APIURL = secret.New("1:another"), server.URL })
	receipt, err := account.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: selecting(3, short)})
	require.NoError(t, err)
	theirs := other.Buttons(string(receipt.Ref))[1][0].Data
	for _, data := range []string{
		theirs, "x", "mute", "b", ours[:9], ours[:len(ours)-1], ours + "0", "b" + ours[1:], strings.Replace(ours, "c:0", "c:9", 1),
		strings.Replace(ours, bindingToken, "AbCdEfGhIjKlMnOpQrSt__", 1), ours[:1] + "AAAAAAAA" + ours[9:], strings.Repeat("x", 64), strings.Repeat("x", 200), "\x00\xff",
	} {
		q := h.PressData(room, anna, ref, data)
		require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond)
		require.Contains(t, h.Query(q).Text, "not one of Bellhop's", "%q", data)
	}
	require.Empty(t, h.ear.Commands())
	h.PressData(room, anna, ref, ours)
	h.ear.Until(t, "what is ours", func() bool { return len(h.ear.Commands()) == 1 })
}

// Of a message that is too old to be looked at Telegram tells the chat and the
// number: its buttons work, its pages do not turn.
func TestButtonsOfOldMessages(t *testing.T) {
	h := newHall(t)
	h.listen(t, h.client, h.ear)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	ref := h.send(t, room, selecting(20, short))
	_, number, _ := strings.Cut(ref, "/")
	old := map[string]any{"message": map[string]any{"chat": map[string]any{"id": json.Number(room), "type": "supergroup"}, "message_id": json.Number(number), "date": 0}}
	rows := h.Buttons(ref)
	q := h.PressMore(room, anna, ref, rows[9][1].Data, old)
	require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond)
	require.Contains(t, h.Query(q).Text, "too old")
	h.PressMore(room, anna, ref, rows[1][0].Data, old)
	h.ear.Until(t, "the choice", func() bool { return len(h.ear.Commands()) == 1 })
	require.Equal(t, hub.MessageRef(ref), h.ear.Commands()[0].Context.Post)

	q = h.PressMore(room, anna, ref, rows[1][0].Data, map[string]any{"message": nil})
	require.Eventually(t, func() bool { return h.Query(q).Answered }, 20*time.Second, time.Millisecond)
	require.Len(t, h.ear.Commands(), 1, "of a message that the bot did not send")
}

// The answer to a button is tried again, and the command is not.
func TestTheAnswerToAButtonFails(t *testing.T) {
	for _, way := range []string{"long poll", "webhook"} {
		t.Run(way, func(t *testing.T) {
			h := newHall(t)
			client := h.client
			if way == "webhook" {
				client = h.another(t, byHook)
				h.CallTo(door(client, h.ear))
			}
			h.ear.Reply = func(*hub.Command) (hub.Reply, bool) { return hub.Say("Done."), false }
			h.listen(t, client, h.ear)
			room, anna := h.Group("Support"), h.Person("Anna", false)
			ref := h.send(t, room, pressable())
			h.Script(providertest.Step{Status: 502}, providertest.Step{Close: true})
			q := h.Press(room, anna, ref, "Mute topic")
			_, err := h.Wait(t.Context(), 2)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return h.Settled(h.Query(q).Update) }, 20*time.Second, time.Millisecond)
			require.Len(t, h.ear.Commands(), 1)
			require.Equal(t, "Done.", h.Sent()[1].Text)

			h.Script(answer(403, "Forbidden: bot was kicked from the supergroup chat", ""))
			q = h.Press(room, anna, ref, "Snooze 2 h")
			require.Eventually(t, func() bool { return h.Settled(h.Query(q).Update) }, 20*time.Second, time.Millisecond, "nobody can be told")
		})
	}
}

func TestAnAnswerThatComesLater(t *testing.T) {
	h := newHall(t)
	h.ear.Reply = func(*hub.Command) (hub.Reply, bool) { return hub.Reply{}, true }
	h.listen(t, h.client, h.ear)
	room, anna := h.Group("Support"), h.Person("Anna", false)
	ref := h.send(t, room, pressable())
	q := h.Press(room, anna, ref, "Mute topic")
	require.Eventually(t, func() bool { return h.Settled(h.Query(q).Update) && h.Query(q).Answered }, 20*time.Second, time.Millisecond)
	require.Len(t, h.Sent(), 1)
	c := h.ear.Commands()[0]
	_, err := h.client.Answer(t.Context(), &c, hub.Say("Muted, in the end."))
	require.NoError(t, err)
	require.Equal(t, "Muted, in the end.", h.Sent()[1].Text)
}
