package server_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/rules"
)

// leastScenes is how many cases there have to be.
const leastScenes = 80

// TestCommands plays each case of testdata/commands.txt on every system: what
// people do goes through the platform's own ways, what they see is what it would
// show them, and what is stored is what the API reads from SQL.
func TestCommands(t *testing.T) {
	w := newTown(t, nil, "", everywhere()...)
	scenes := readScenes(t, "testdata/commands.txt")
	require.GreaterOrEqual(t, len(scenes), leastScenes)
	names := w.names()
	for _, p := range w.places {
		t.Run(string(p.system), func(t *testing.T) {
			for i, s := range scenes {
				if !p.ranks && s.strangers() {
					continue // who sees the pages of the console has shown the admin's token, and may do everything
				}
				t.Run(s.name, func(t *testing.T) {
					a := &act{place: p, town: w, name: fmt.Sprintf("case-%d", i)}
					a.chat = p.Chat(t, a.name)
					a.names = strings.NewReplacer(append(slices.Clone(names), "{here}", "#"+a.name, "{/}", p.prefix+"discourse ")...)
					t.Parallel()
					for _, step := range s.turns {
						a.play(t, &step)
					}
				})
			}
		})
	}
}

// strangers reports whether somebody takes part who may do less than an admin.
func (s *scene) strangers() bool {
	return slices.ContainsFunc(s.turns, func(t turn) bool { return t.who == "bob" || t.who == "gail" })
}

// names are what stands for ids in the cases. What was written on the forum so
// far, no chat has heard of.
func (w *town) names() []string {
	topic := w.forum.Topic("alice", "support", "Out of ink", "It prints nothing.", "bug")
	hidden := w.forum.Topic("carol", "backstage", "Payroll", "For staff.")
	w.decided(topic)
	w.decided(hidden)
	pairs := []string{"{forum}", w.forumURL, "{topic}", topic, "{hidden}", hidden}
	for path, id := range w.ids {
		pairs = append(pairs, "{"+path+"}", id)
	}
	return pairs
}

// decided waits until it is decided who hears of a topic.
func (w *town) decided(topic string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct{ Items []hub.Event }
		w.get("/api/v1/events?source=meta&type="+string(hub.ForumPostCreated), &page)
		i := slices.IndexFunc(page.Items, func(e hub.Event) bool { return strings.HasPrefix(e.Subject, "topic/"+topic+"/") })
		return i >= 0 && !gone(w.running, "/api/v1/events/"+url.PathEscape(string(page.Items[i].ID))+"/trace")
	}, 20*time.Second, 20*time.Millisecond, "topic %s is not decided", topic)
}

// act is a case that is played.
type act struct {
	*place
	town  *town
	name  string
	chat  string
	names *strings.Replacer
	last  providertest.Seen
}

func (a *act) play(t *testing.T, s *turn) {
	t.Helper()
	began := time.Now()
	a.last = a.does(t, s)
	told := fmt.Sprintf("%s\nshows: %q %q", s.said, a.last.Text, a.last.Buttons)
	require.False(t, a.last.Dialog, told)
	require.Equal(t, a.whispers, a.last.Private, "who sees it? %s", told)
	text := readable(a.last.Text)
	for _, part := range s.parts {
		require.Contains(t, text, readable(a.names.Replace(part)), told)
	}
	for _, part := range s.not {
		require.NotContains(t, text, readable(part), told)
	}
	require.Equal(t, s.buttons, a.last.Buttons, told)
	if s.rows != nil {
		require.Equal(t, a.names.Replace(*s.rows), strings.Join(a.rows(), "; "), told)
	}
	if s.audit != "" {
		a.audited(t, s, told)
	}
	if s.snoozed != "" {
		a.snoozed(t, s.snoozed, began)
	}
}

func (a *act) does(t *testing.T, s *turn) providertest.Seen {
	t.Helper()
	who, line := a.people[s.who], a.names.Replace(s.line)
	require.NotEmpty(t, who, "who is %s?", s.who)
	switch {
	case s.twice:
		return a.PressTwice(t, a.chat, who, a.last, s.press)
	case s.press != "":
		return a.Press(t, a.chat, who, a.last, s.press)
	case s.how == "!":
		return a.Command(t, a.chat, who, line)
	case s.how == "@":
		return a.Mention(t, a.chat, who, line)
	case s.how == ".":
		if seen, has := a.Bare(t, a.chat, who, line); has {
			return seen
		}
	}
	return a.Command(t, a.chat, who, "discourse "+line)
}

// readable is a text without what may be markup, and what keeps a name from being
// a mention, on one line.
func readable(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("*", "", "_", "", "`", "", "\u200b", "", "\u2060", "", `\`, "").Replace(s)), " ")
}

// rows are the chat's rows in the text form, in the order in which they decide.
func (a *act) rows() (lines []string) {
	a.town.t.Helper()
	var page struct{ Items []hub.Subscription }
	a.town.get("/api/v1/subscriptions?limit=100&"+a.query(), &page)
	slices.Reverse(page.Items)
	rules.Order(page.Items)
	for _, row := range page.Items {
		_, cell, _ := strings.Cut(rules.FormatRow(row), " | ")
		_, cell, _ = strings.Cut(cell, " | ")
		lines = append(lines, cell)
	}
	return lines
}

func (a *act) query() string {
	return url.Values{"system": {string(a.system)}, "chat": {a.chat}}.Encode()
}

// audited holds the newest record of the chat against what is to be there.
func (a *act) audited(t *testing.T, s *turn, told string) {
	t.Helper()
	var page struct{ Items []hub.AuditEntry }
	a.town.get("/api/v1/audit?limit=1&"+a.query(), &page)
	if s.audit == "none" {
		require.Empty(t, page.Items, told)
		return
	}
	require.NotEmpty(t, page.Items, told)
	is := page.Items[0]
	require.Equal(t, s.audit, is.Action+" "+is.Outcome, told)
	require.Equal(t, a.people[s.who], is.User, told)
	require.NotEmpty(t, is.Who, told)
	if s.press == "" {
		require.Contains(t, is.Line, a.names.Replace(s.line), told)
	}
	if slices.Contains([]string{hub.OutcomeRefused, hub.OutcomeError}, is.Outcome) && is.Message != "" {
		require.Contains(t, readable(a.last.Text), readable(is.Message)[:min(40, len(readable(is.Message)))], told)
	}
}

// snoozed holds until when the chat is left alone against for how long it should.
func (a *act) snoozed(t *testing.T, wanted string, began time.Time) {
	t.Helper()
	var is struct {
		Until time.Time `json:"snoozed_until"`
	}
	a.town.get("/api/v1/chats/"+string(a.system)+"/"+url.PathEscape(a.chat), &is)
	if wanted == "no" {
		require.True(t, is.Until.IsZero(), "left alone until %s", is.Until)
		return
	}
	long, err := time.ParseDuration(wanted)
	require.NoError(t, err)
	require.WithinRange(t, is.Until, began.Add(long).Truncate(time.Second), time.Now().Add(long))
}
