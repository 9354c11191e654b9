package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestForms fills in a form of an app on every system: in a dialog where there
// are dialogs, in a conversation where there are none.
func TestForms(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", everywhere()...)
	for _, p := range w.places {
		t.Run(string(p.system), func(t *testing.T) {
			if p.dialogs {
				t.Run("dialog", func(t *testing.T) { playDialog(t, k, p) })
			} else {
				t.Run("conversation", func(t *testing.T) { playConversation(t, k, p) })
			}
			t.Run("cancel", func(t *testing.T) { playCancel(t, k, p) })
			t.Run("by mention", func(t *testing.T) { playMention(t, k, p) })
			t.Run("in a line", func(t *testing.T) { playLine(t, k, p) })
			t.Run("button", func(t *testing.T) { playButton(t, k, p) })
		})
	}
}

const (
	badPhone = "This has not the form that is expected, such as +49 170 123."
	longAgo  = "2019-01-01"
	holiday  = "2026-12-24"
	ordered  = "Ordered: the-banana bike 2026-12-24 +49 170 1."
)

func playDialog(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "dialog"), p.people["anna"]
	d := p.Command(t, chat, anna, "kiosk order")
	require.True(t, d.Dialog)
	require.True(t, d.Private)
	require.Equal(t, []string{"item", "way", "day"}, fieldsOf(d))
	require.Equal(t, []string{"By post", "By bike"}, d.Fields[1].Options)
	require.Equal(t, []string{"Apple", "Apricot"}, p.Search(t, chat, anna, d, "item", "AP"))

	d = p.Change(t, chat, anna, d, "way", "bike")
	require.Equal(t, []string{"item", "way", "day", "phone"}, fieldsOf(d), "a way by bike wants a phone")
	d = p.Change(t, chat, anna, d, "way", "post")
	require.Equal(t, []string{"item", "way", "day"}, fieldsOf(d))
	d = p.Change(t, chat, anna, d, "way", "bike")

	d = p.Fill(t, chat, anna, d, map[string][]string{"item": {"Banana"}, "day": {longAgo}, "phone": {"secret"}})
	require.True(t, d.Dialog)
	require.Equal(t, map[string]string{"phone": badPhone}, d.Errors, "what Bellhop finds")
	d = p.Fill(t, chat, anna, d, map[string][]string{"item": {"Banana"}, "day": {longAgo}, "phone": {"+49 170 1"}})
	require.True(t, d.Dialog)
	require.Equal(t, map[string]string{"day": "has long passed"}, d.Errors, "what the app finds")
	require.Equal(t, 1, k.times(p, chat, "refused"), "the app has seen nothing before all fitted")
	done := p.Fill(t, chat, anna, d, map[string][]string{"item": {"Banana"}, "day": {holiday}, "phone": {"+49 170 1"}})
	require.False(t, done.Dialog)
	require.Equal(t, ordered, done.Text)
	require.Equal(t, p.whispers, done.Private)
	require.Equal(t, 1, k.times(p, chat, "ordered"))
}

func fieldsOf(d providertest.Seen) (names []string) {
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	return names
}

func playConversation(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "conversation"), p.people["anna"]
	q := p.Command(t, chat, anna, "kiosk order")
	require.False(t, q.Dialog)
	require.Contains(t, q.Text, "Item (1 of 3)")
	require.Equal(t, []string{"Apple", "Apricot", "Banana", "Pear", "Cancel"}, q.Buttons)
	q = p.Answer(t, chat, anna, "ap")
	require.Equal(t, []string{"Apple", "Apricot", "Cancel"}, q.Buttons, "it is searched")
	q = p.Answer(t, chat, anna, "kiwi")
	require.Contains(t, q.Text, `Nothing is called "kiwi".`)
	q = p.Answer(t, chat, anna, "Banana")
	require.Contains(t, q.Text, "Way (2 of 3)")
	q = p.Answer(t, chat, anna, "by plane")
	require.Contains(t, q.Text, `"by plane" is not among the choices.`)
	q = p.PressTwice(t, chat, anna, q, "By bike")
	require.Contains(t, q.Text, "Day (3 of 4)", "a way by bike wants a phone")
	q = p.Answer(t, chat, anna, "someday")
	require.Contains(t, q.Text, `"someday" is no date`)
	q = p.Answer(t, chat, anna, holiday)
	require.Contains(t, q.Text, "Phone (4 of 4)")
	q = p.Answer(t, chat, anna, "secret")
	require.Contains(t, q.Text, badPhone)
	q = p.Answer(t, chat, anna, "+49 170 1")
	for _, said := range []string{"Item: Banana", "Way: By bike", "Day: " + holiday, "Phone: +49 170 1"} {
		require.Contains(t, q.Text, said)
	}
	require.Zero(t, k.times(p, chat, "ordered"))
	require.Contains(t, p.PressTwice(t, chat, anna, q, "Order").Text, ordered)
	require.Equal(t, 1, k.times(p, chat, "ordered"))

	// What the app alone finds wrong.
	p.Command(t, chat, anna, "kiosk order --item the-pear --way post")
	q = p.Answer(t, chat, anna, longAgo)
	require.Contains(t, q.Text, "We cannot deliver then. Day: has long passed.")
	require.Equal(t, 1, k.times(p, chat, "refused"))
	require.Equal(t, 1, k.times(p, chat, "ordered"))
	require.Contains(t, p.Answer(t, chat, anna, holiday).Text, "Ordered: the-pear post 2026-12-24 .", "it asks again for what was wrong, and for nothing else")
	require.Equal(t, 2, k.times(p, chat, "ordered"))
}

func playCancel(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "cancel"), p.people["anna"]
	q := p.Command(t, chat, anna, "kiosk order")
	if p.dialogs {
		p.Close(t, chat, anna, q)
	} else {
		require.Contains(t, p.Answer(t, chat, anna, "cancel").Text, "Cancelled. Nothing was changed.")
	}
	require.Eventually(t, func() bool { return k.times(p, chat, "cancelled") == 1 }, 10*time.Second, 10*time.Millisecond)
	if !p.dialogs {
		q = p.Command(t, chat, anna, "kiosk order")
		require.Contains(t, p.Press(t, chat, anna, q, "Cancel").Text, "Cancelled. Nothing was changed.")
		require.Equal(t, 2, k.times(p, chat, "cancelled"))
	}
	require.Zero(t, k.times(p, chat, "ordered"))
}

// playMention asks for a form where nothing lets a dialog open by itself.
func playMention(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "mention"), p.people["anna"]
	q := p.Mention(t, chat, anna, "kiosk order --item the-pear --way post")
	if p.dialogs {
		require.Equal(t, []string{"Fill it in…"}, q.Buttons)
		d := p.Press(t, chat, anna, q, "Fill it in…")
		require.True(t, d.Dialog)
		require.NotEmpty(t, d.Fields[0].Value, "what was said already stands there: %+v", d.Fields)
		require.NotEmpty(t, d.Fields[1].Value)
		require.Equal(t, "Ordered: the-pear post 2026-12-24 .", p.Fill(t, chat, anna, d, map[string][]string{"day": {holiday}}).Text)
	} else {
		require.Contains(t, q.Text, "Day")
		require.Equal(t, "Ordered: the-pear post 2026-12-24 .", p.Answer(t, chat, anna, holiday).Text)
	}
	require.Equal(t, 1, k.times(p, chat, "ordered"))
}

// playLine has nothing to ask, or finds fault with what was typed.
func playLine(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "line"), p.people["anna"]
	done := p.Command(t, chat, anna, "kiosk order --item the-pear --way post --day "+holiday)
	require.Equal(t, "Ordered: the-pear post 2026-12-24 .", done.Text)
	require.Equal(t, 1, k.times(p, chat, "ordered"))
	wrong := p.Command(t, chat, anna, "kiosk order --item the-pear --way plane --day someday")
	require.Contains(t, wrong.Text, "By post or By bike")
	require.Contains(t, wrong.Text, "is no date")
	require.Equal(t, 1, k.times(p, chat, "ordered"))
}

// playButton presses a button twice at once, and once more.
func playButton(t *testing.T, k *kiosk, p *place) {
	chat, anna := p.Chat(t, "button"), p.people["anna"]
	shown := p.Command(t, chat, anna, "kiosk bell")
	require.Equal(t, []string{"Ring", "Leave it"}, shown.Buttons)
	require.Contains(t, p.PressTwice(t, chat, anna, shown, "Ring").Text, "It has rung.")
	p.Press(t, chat, anna, shown, "Ring")
	require.Equal(t, 1, k.times(p, chat, "rung"))
}

// TestFormsOutliveARestart stops Bellhop between two answers, between the opening
// of a dialog and its sending, and between a button and its press.
func TestFormsOutliveARestart(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", everywhere()...)
	open, bells := map[*place]providertest.Seen{}, map[*place]providertest.Seen{}
	for _, p := range w.places {
		bells[p] = p.Command(t, p.Chat(t, "bell"), p.people["anna"], "kiosk bell")
		chat, anna := p.Chat(t, "restart"), p.people["anna"]
		open[p] = p.Command(t, chat, anna, "kiosk order")
		if p.dialogs {
			open[p] = p.Change(t, chat, anna, open[p], "way", "bike")
		} else {
			p.Answer(t, chat, anna, "Banana")
		}
	}
	w.restart()
	for _, p := range w.places {
		chat, anna := p.Chat(t, "restart"), p.people["anna"]
		if p.dialogs {
			require.Equal(t, []string{"Banana"}, p.Search(t, chat, anna, open[p], "item", "ban"))
			d := p.Fill(t, chat, anna, open[p], map[string][]string{"item": {"Banana"}, "day": {holiday}, "phone": {"secret"}})
			require.Equal(t, map[string]string{"phone": badPhone}, d.Errors)
			open[p] = d
		} else {
			open[p] = p.Answer(t, chat, anna, "by bike")
			require.Contains(t, open[p].Text, "Day (3 of 4)")
			p.Answer(t, chat, anna, holiday)
			open[p] = p.Answer(t, chat, anna, "+49 170 1")
		}
	}
	w.restart()
	for _, p := range w.places {
		chat, anna := p.Chat(t, "restart"), p.people["anna"]
		var done providertest.Seen
		if p.dialogs {
			done = p.Fill(t, chat, anna, open[p], map[string][]string{"item": {"Banana"}, "day": {holiday}, "phone": {"+49 170 1"}})
		} else {
			done = p.Press(t, chat, anna, open[p], "Order")
		}
		require.Contains(t, done.Text, ordered, "on %s", p.system)
		require.Equal(t, 1, k.times(p, chat, "ordered"))

		bell := p.Chat(t, "bell")
		require.Contains(t, p.PressTwice(t, bell, anna, bells[p], "Ring").Text, "It has rung.")
		require.Equal(t, 1, k.times(p, bell, "rung"))
	}
}
