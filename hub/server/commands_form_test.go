package server_test

import (
	"testing"

	"github.com/bellhop-chat/bellhop/hub/apps"
)

func TestFormsX(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", everywhere()...)
	for _, p := range w.places {
		chat, anna := p.Chat(t, "kiosk"), p.people["anna"]
		s := p.Command(t, chat, anna, "kiosk order")
		t.Logf("%s %q %q %v %v", p.system, s.Text, s.Buttons, s.Fields, s.Errors)
		if s.Dialog {
			t.Log(p.Search(t, chat, anna, s, "item", "ap"))
			s = p.Change(t, chat, anna, s, "way", "bike")
			t.Logf("%s %q %q %v %v", p.system, s.Text, s.Buttons, s.Fields, s.Errors)
			s = p.Fill(t, chat, anna, s, map[string][]string{"item": {"Banana"}, "day": {"2019-01-01"}, "phone": {"abc"}})
			t.Logf("%s %q %q %v %v", p.system, s.Text, s.Buttons, s.Fields, s.Errors)
			s = p.Fill(t, chat, anna, s, map[string][]string{"item": {"Banana"}, "day": {"2019-01-01"}, "phone": {"123456"}})
			t.Logf("%s %q %q %v %v", p.system, s.Text, s.Buttons, s.Fields, s.Errors)
			s = p.Fill(t, chat, anna, s, map[string][]string{"item": {"Banana"}, "day": {"2026-12-24"}, "phone": {"123456"}})
			t.Logf("%s %q %q %v %v", p.system, s.Text, s.Buttons, s.Fields, s.Errors)
			continue
		}
		for _, a := range []string{"ap", "Apricot", "nonsense", "[By bike]", "someday", "2019-01-01", "abc", "123456", "yes"} {
			if a[0] == '[' {
				s = p.Press(t, chat, anna, s, a[1:len(a)-1])
			} else {
				s = p.Answer(t, chat, anna, a)
			}
			t.Logf("%s %s %q %q %v %v", p.system, a, s.Text, s.Buttons, s.Fields, s.Errors)
		}
	}
}
