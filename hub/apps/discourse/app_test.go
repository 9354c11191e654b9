package discourse_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

func TestFunctions(t *testing.T) {
	app := newWorld().app()
	require.Equal(t, "discourse", app.Name())
	level := map[string]hub.Level{}
	seen := map[string]bool{}
	for _, f := range app.Functions() {
		level[f.Name] = f.Level
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			require.False(t, seen[name], "two functions are called %s", name)
			seen[name] = true
		}
		require.NotNil(t, f.Do, f.Name)
		dynamic := false
		for _, field := range f.Form.Fields {
			dynamic = dynamic || field.Dynamic
			require.NotEmpty(t, field.Label, field.Name)
		}
		require.Equal(t, dynamic, f.Lookup != nil, f.Name)
		for _, e := range f.Example {
			require.Equal(t, f.Name, strings.Fields(e)[0])
		}
	}
	require.Equal(t, map[string]hub.Level{
		"watch": hub.Operator, "follow": hub.Operator, "thread": hub.Operator, "mute": hub.Operator, "remove": hub.Operator,
		"snooze": hub.Operator, "resume": hub.Operator, "test": hub.Operator, "mute-topic": hub.Operator, "snooze-2h": hub.Operator, "undo": hub.Operator,
		"status": hub.Member, "why": hub.Member, "help": hub.Member,
	}, level)
}

// What programs are told, and who made a rule.
func TestData(t *testing.T) {
	s := newStage(t, newWorld())
	made, is := s.line("watch support").Data["subscription"].(hub.Subscription)
	require.True(t, is)
	require.Equal(t, s.world.table[0], made)
	require.Equal(t, "Anna Bauer (slack U1)", made.CreatedBy)
	require.Equal(t, []hub.SubscriptionID{"s1"}, s.changed)

	r := s.line("follow support")
	require.Equal(t, hub.OutcomeUpdated, r.Data["outcome"])
	require.Equal(t, made, r.Data["before"])
	require.Equal(t, hub.Follow, r.Data["subscription"].(hub.Subscription).Mode)
	require.Equal(t, hub.OutcomeUnchanged, s.line("follow support").Data["outcome"])
	r = s.line("remove 1")
	require.Equal(t, hub.OutcomeDeleted, r.Data["outcome"])
	require.Equal(t, hub.SubscriptionID("s1"), r.Data["subscription"].(hub.Subscription).ID)
	require.Len(t, s.changed, 3)

	r = s.line("watch supprt")
	require.Equal(t, hub.OutcomeError, r.Outcome())
	require.Contains(t, r.Data["fields"], "category")
}

// Nobody learns from why what happened elsewhere.
func TestWhyTellsOfThisChatAlone(t *testing.T) {
	s := newStage(t, newWorld())
	rowsOf("telegram | secret-room | c/5 | source=meta", "slack | C1 | c/13 | source=meta")(s)
	s.write(post{topic: "301"})
	reply, err := json.Marshal(s.line("why https://forum.example.com/t/301"))
	require.NoError(t, err)
	require.NotContains(t, string(reply), "secret-room")
	require.NotContains(t, string(reply), "telegram")
}

// The hub keeps what a button remembers. Whatever else says so is not believed.
func TestUndoBelievesNobody(t *testing.T) {
	row := func(chat string) hub.Subscription {
		return hub.Subscription{ID: "s9", Chat: hub.Chat{System: "slack", ID: chat}, Mode: hub.Watch, Filters: []hub.Filter{}, Enabled: true}
	}
	broken := row("C1")
	broken.Mode = "shout"
	for name, state := range map[string]any{
		"another chat": map[string]any{"gone": []hub.Subscription{row("C2")}},
		"a broken row": map[string]any{"gone": []hub.Subscription{broken}},
		"uneven":       map[string]any{"was": []hub.Subscription{row("C1")}},
		"nothing":      map[string]any{},
		"a list":       []int{1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, newWorld())
			text, err := json.Marshal(state)
			require.NoError(t, err)
			require.Equal(t, hub.OutcomeError, s.do(hub.Call{Function: "undo", State: string(text)}).Outcome())
			require.Empty(t, s.world.table)
		})
	}
}

// A button remembers what it undoes, within bounds.
func TestTooMuchToUndo(t *testing.T) {
	s := newStage(t, newWorld())
	manyRows(s.world)
	r := s.line("remove all --yes")
	require.Equal(t, hub.OutcomeDeleted, r.Outcome())
	require.Empty(t, r.OK.Actions)
	require.Contains(t, r.OK.Text, "too much for a button to undo")
	require.Contains(t, r.OK.Text, "… and 1001 more")
	require.Empty(t, s.world.table)
}

// Two people who say the same at once make one rule.
func TestAtOnce(t *testing.T) {
	db := openStore(t)
	w := newWorld()
	app := w.appWith(db)
	var all sync.WaitGroup
	outcomes := make([]string, 8)
	for i := range outcomes {
		all.Go(func() {
			f := app.Functions()[0]
			c := &hub.Command{Context: room, Command: hub.Call{Function: f.Name, Encoded: hub.Values{"category": {"support"}, "tag": {[]string{"bug", "urgent"}[i%2]}}}}
			r := f.Answer(t.Context(), c, slog.New(slog.DiscardHandler))
			outcomes[i] = r.Outcome()
		})
	}
	all.Wait()
	rows, err := db.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.ElementsMatch(t, []string{"bug", "urgent"}, rows[0].Filters[1].Any)
	count := map[string]int{}
	for _, o := range outcomes {
		count[o]++
	}
	require.Equal(t, map[string]int{hub.OutcomeCreated: 1, hub.OutcomeUpdated: 1, hub.OutcomeUnchanged: 6}, count)
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// The whole life of a rule in the real table.
func TestInTheStore(t *testing.T) {
	db := openStore(t)
	w := newWorld()
	s := newStage(t, w)
	s.app = w.appWith(db)
	for _, step := range []struct{ line, outcome string }{
		{"watch support tag:bug", hub.OutcomeCreated},
		{"watch support tag:urgent", hub.OutcomeUpdated},
		{"[Undo]", hub.OutcomeUpdated},
		{"watch support tag:bug", hub.OutcomeUnchanged},
		{"follow support tag:bug", hub.OutcomeUpdated},
		{"watch support tag:wip", hub.OutcomeCreated},
		{"watch support tag:bug", hub.OutcomeUpdated},
		{"status", hub.OutcomeOK},
		{"remove 1", hub.OutcomeDeleted},
		{"[Undo]", hub.OutcomeCreated},
		{"remove 2", hub.OutcomeDeleted},
		{"remove 2", hub.OutcomeError},
		{"remove all", hub.OutcomeDeleted},
	} {
		if label, button := strings.CutPrefix(step.line, "["); button {
			s.press(strings.TrimSuffix(label, "]"))
		} else {
			s.line(step.line)
		}
		require.Equal(t, step.outcome, s.last.Outcome(), "%s: %+v", step.line, s.last)
	}
	rows, err := db.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Empty(t, rows)
}

// A mute that is to end does so soon after.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, w := time.Now(), newWorld()
		w.table = []hub.Subscription{{ID: "s1", Chat: chat, Mode: hub.Mute, Enabled: true, Filters: []hub.Filter{{Type: hub.FilterTopic, Any: []string{"301"}}}}}
		w.settings[chat] = hub.ChatSettings{Chat: chat, Ends: map[hub.SubscriptionID]time.Time{"s1": start.Add(time.Minute), "gone": start}}
		ended := make(chan time.Time, 1)
		app := discourse.New(discourse.Deps{
			Subscriptions: w, Sites: w.sites, Forums: w, Chats: w, History: w,
			Changed: func(...hub.SubscriptionID) { ended <- time.Now() },
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); app.Run(ctx) }()
		require.WithinDuration(t, start.Add(75*time.Second), <-ended, 15*time.Second)
		stop()
		<-done
		require.Empty(t, w.table)
		require.Empty(t, w.settings[chat].Ends, "a row that is gone needs no end")
	})
}

// A mute that could not be given an end is not made for good.
func TestNoEndNoMute(t *testing.T) {
	w := newWorld()
	s := newStage(t, w)
	refTo("301")(s)
	inThread(s)
	s.app = discourse.New(discourse.Deps{
		Subscriptions: w, Sites: w.sites, Forums: w, Chats: deafChats{w}, History: w, Now: func() time.Time { return w.now },
	})
	require.Equal(t, hub.OutcomeError, s.line("snooze 2h topic").Outcome())
	require.Empty(t, w.table)
}

type deafChats struct{ *world }

func (deafChats) ChangeChat(context.Context, hub.Chat, func(*hub.ChatSettings) error) (hub.ChatSettings, error) {
	return hub.ChatSettings{}, errBroken
}

func TestLookup(t *testing.T) {
	s := newStage(t, newWorld())
	s.line("watch support")
	s.line("mute all tag:wip")
	find := func(function, field, query string) (found []string) {
		options, err := s.function(function).Lookup(t.Context(), &hub.Command{Context: room}, field, query)
		require.NoError(t, err)
		for _, o := range options {
			found = append(found, o.Label+" = "+o.Value)
		}
		return found
	}
	require.Equal(t, []string{"Support = support", "Support and all below it = support/*", "Printers = support/printers"}, find("watch", "category", "SUP"))
	require.Equal(t, []string{"Printers = support/printers", "Printers for sale = market/printers"}, find("watch", "category", "print"))
	require.Equal(t, "Every category = all", find("watch", "category", "")[0])
	require.Equal(t, []string{"日本語 = 15"}, find("watch", "category", "日"))
	require.Empty(t, find("watch", "category", "staff"))
	require.Equal(t, []string{"größe = größe"}, find("watch", "tag", "GRÖ"))
	require.Equal(t, []string{"helpers = helpers"}, find("watch", "group", "@help"))
	require.Equal(t, []string{"solved topics = forum.topic.solved", "topics that are no longer solved = forum.topic.unsolved"}, find("watch", "kind", "solved"))
	require.Equal(t, []string{"meta = meta"}, find("watch", "source", ""))
	require.Equal(t, []string{"1: mute new topics and replies in every category tagged wip = 1", "2: watch new topics and replies in Support = 2", "All 2 = all"}, find("remove", "which", ""))

	twoForums(s)
	require.Equal(t, []string{"docs = docs", "meta = meta", "Every forum = all"}, find("watch", "source", ""))
	_, err := s.function("watch").Lookup(t.Context(), &hub.Command{Context: room}, "author", "a")
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
}
