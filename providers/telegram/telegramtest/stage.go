package telegramtest

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Stage is people on a Platform, as providertest wants them: NewStage makes it.
// Its chats are supergroups, in which the bot is in privacy mode; the id of a
// person is also the chat that they alone have with the bot.
type Stage struct {
	p *Platform

	mu   sync.Mutex
	seen map[[2]string]string // by chat and person, the bot's message that they saw last
}

var _ providertest.Stage = (*Stage)(nil)

// NewStage puts people on p. What they do the bot hears in whichever way it
// asks for: for a webhook, p.CallTo or p.CallToServer says where that leads.
func NewStage(p *Platform) *Stage { return &Stage{p: p, seen: map[[2]string]string{}} }

const (
	patience = 20 * time.Second
	glance   = 2 * time.Millisecond
)

// until waits until is holds.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	look := time.NewTicker(glance)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-limit.C:
			require.FailNow(t, "not seen on Telegram in "+patience.String()+": "+what)
		}
	}
}

// Chat implements providertest.Stage.
func (s *Stage) Chat(_ testing.TB, name string) string { return s.p.Group(name) }

// Person implements providertest.Stage.
func (s *Stage) Person(_ testing.TB, name string, admin bool) string { return s.p.Person(name, admin) }

// Command implements providertest.Stage.
func (s *Stage) Command(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	return s.ask(t, Words{Chat: chat, Person: person, Text: "/" + line})
}

// Bare implements providertest.Stage: Telegram's menu offers the verbs alone.
func (s *Stage) Bare(t testing.TB, chat, person, line string) (providertest.Seen, bool) {
	t.Helper()
	return s.ask(t, Words{Chat: chat, Person: person, Text: "/" + line}), true
}

// Mention implements providertest.Stage.
func (s *Stage) Mention(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	return s.ask(t, Words{Chat: chat, Person: person, Text: "@" + BotName + " " + line})
}

// Say implements providertest.Stage.
func (s *Stage) Say(_ testing.TB, chat, person, text string) {
	s.p.Speak(Words{Chat: chat, Person: person, Text: text})
}

// Answer implements providertest.Stage. It replies to the bot's message that the
// person saw last, as Telegram's clients do by themselves where a reply is
// forced.
func (s *Stage) Answer(t testing.TB, chat, person, text string) providertest.Seen {
	t.Helper()
	to := s.lastSeen(chat, person)
	if to == "" {
		for _, sent := range s.p.Sent() {
			if sent.Chat == chat && !sent.Gone {
				to = sent.Ref
			}
		}
	}
	return s.ask(t, Words{Chat: chat, Person: person, Text: text, ReplyTo: to})
}

func (s *Stage) lastSeen(chat, person string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[[2]string{chat, person}]
}

// ask says something and waits for what the bot says to it: a reply, or where
// they are alone the next message.
func (s *Stage) ask(t testing.TB, w Words) providertest.Seen {
	t.Helper()
	before := len(s.p.Sent())
	ref, _ := s.p.Speak(w)
	var found providertest.Sent
	until(t, "an answer to "+w.Text, func() bool {
		sent := s.p.Sent()[before:]
		i := slices.IndexFunc(sent, func(m providertest.Sent) bool {
			return m.Chat == w.Chat && (m.Root == ref || w.Chat == w.Person)
		})
		if i >= 0 {
			found = sent[i]
		}
		return i >= 0
	})
	return s.sees(w.Chat, w.Person, found)
}

// sees is a message of the bot's as a person sees it.
func (s *Stage) sees(chat, person string, m providertest.Sent) providertest.Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[[2]string{chat, person}] = m.Ref
	return providertest.Seen{Text: m.Text, Private: chat == person, Buttons: s.labels(m.Ref), Native: m.Ref}
}

var pageNumber = regexp.MustCompile(`^[0-9]+/[0-9]+$`)

// labels are those of the buttons below a message, without those that turn pages.
func (s *Stage) labels(ref string) []string {
	var labels []string
	for _, row := range s.p.Buttons(ref) {
		if slices.ContainsFunc(row, func(b Button) bool { return pageNumber.MatchString(b.Text) }) {
			continue
		}
		for _, b := range row {
			labels = append(labels, b.Text)
		}
	}
	return labels
}

// Press implements providertest.Stage. It turns the pages of a select to where
// the label is.
func (s *Stage) Press(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	return s.press(t, chat, person, under, label, 1)
}

// PressTwice implements providertest.Stage.
func (s *Stage) PressTwice(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	return s.press(t, chat, person, under, label, 2)
}

func (s *Stage) press(t testing.TB, chat, person string, under providertest.Seen, label string, times int) providertest.Seen {
	t.Helper()
	ref, _ := under.Native.(string)
	b := s.find(t, chat, person, ref, label)
	if b.URL != "" {
		return providertest.Seen{Text: b.URL, Private: true}
	}
	before := len(s.p.Sent())
	var queries []string
	for range times {
		queries = append(queries, s.p.PressData(chat, person, ref, b.Data))
	}
	until(t, "that the bot has done with "+label, func() bool {
		return !slices.ContainsFunc(queries, func(id string) bool {
			q := s.p.Query(id)
			return !q.Answered || !s.p.Settled(q.Update)
		})
	})
	for _, id := range queries {
		if q := s.p.Query(id); q.Text != "" {
			return providertest.Seen{Text: q.Text, Private: true}
		}
	}
	var found providertest.Sent
	until(t, "an answer to "+label, func() bool {
		some := false
		for _, m := range s.p.Sent()[before:] {
			if m.Chat == chat && (m.Root == ref || chat == person) {
				found, some = m, true
			}
		}
		return some
	})
	return s.sees(chat, person, found)
}

// find is the button with a label, on whichever page.
func (s *Stage) find(t testing.TB, chat, person, ref, label string) Button {
	t.Helper()
	for turned := ""; ; {
		var next Button
		for _, row := range s.p.Buttons(ref) {
			for _, b := range row {
				switch b.Text {
				case label:
					return b
				case "›":
					next = b
				}
			}
		}
		require.NotEmpty(t, next.Data, "no button %q below %s: %v", label, ref, s.labels(ref))
		require.NotEqual(t, turned, next.Data, "the page does not turn")
		turned = next.Data
		was := fmt.Sprint(s.p.Buttons(ref))
		q := s.p.PressData(chat, person, ref, next.Data)
		until(t, "another page", func() bool { return s.p.Query(q).Answered && fmt.Sprint(s.p.Buttons(ref)) != was })
	}
}

// Fill implements providertest.Stage. There are no dialogs on Telegram.
func (s *Stage) Fill(t testing.TB, _, _ string, _ providertest.Seen, _ map[string][]string) providertest.Seen {
	t.Helper()
	require.FailNow(t, noDialogs)
	return providertest.Seen{}
}

// Change implements providertest.Stage. There are no dialogs on Telegram.
func (s *Stage) Change(t testing.TB, _, _ string, _ providertest.Seen, _, _ string) providertest.Seen {
	t.Helper()
	require.FailNow(t, noDialogs)
	return providertest.Seen{}
}

// Search implements providertest.Stage. There are no dialogs on Telegram.
func (s *Stage) Search(t testing.TB, _, _ string, _ providertest.Seen, _, _ string) []string {
	t.Helper()
	require.FailNow(t, noDialogs)
	return nil
}

// Close implements providertest.Stage. There are no dialogs on Telegram.
func (s *Stage) Close(t testing.TB, _, _ string, _ providertest.Seen) {
	t.Helper()
	require.FailNow(t, noDialogs)
}

const noDialogs = "there are no dialogs on Telegram: Can.Dialogs is false, and a form is asked for field by field"

// Shown implements providertest.Stage.
func (s *Stage) Shown(t testing.TB, chat, person string) providertest.Seen {
	t.Helper()
	for _, m := range slices.Backward(s.p.Sent()) {
		if m.Chat == chat && !m.Gone {
			return s.sees(chat, person, m)
		}
	}
	return providertest.Seen{}
}

// Cut implements providertest.Stage.
func (s *Stage) Cut(testing.TB) { s.p.Cut() }
