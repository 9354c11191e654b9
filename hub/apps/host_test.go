package apps_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

var dialogs = hub.Features{Listens: true, Buttons: true, Dialogs: true, Whispers: true}

// kitchen is an app that does what tests need.
type kitchen struct {
	app
	ran   atomic.Int64
	slow  chan struct{} // bake waits for it
	saw   atomic.Pointer[hub.Command]
	forms atomic.Int64
}

func newKitchen() *kitchen {
	k := &kitchen{slow: make(chan struct{})}
	done := func(format string, args ...any) hub.Reply { k.ran.Add(1); return hub.Say(format, args...) }
	k.name = "kitchen"
	k.functions = []apps.Function{{
		Name: "help", Summary: "Say what there is.", Level: hub.Guest,
		Do: plainly(func(context.Context, *hub.Command) hub.Reply { return done("help") }),
	}, {
		Name: "cook", Aliases: []string{"make"}, Summary: "Cook a dish.", Level: hub.Member,
		Form: hub.Form{Title: "Cook", Fields: []hub.Field{
			{Name: "dish", Label: "Dish", Type: hub.FieldText, Required: true, Place: 1, Min: 3},
			{Name: "portions", Label: "Portions", Type: hub.FieldText, Subtype: hub.TextNumber, Place: 2},
		}},
		Do: plainly(func(_ context.Context, c *hub.Command) hub.Reply {
			k.saw.Store(c)
			if c.Command.Encoded.Get("dish") == "stone" {
				return hub.Reply{Error: &hub.Refusal{Text: "No.", Fields: map[string]string{"dish": "cannot be eaten"}}}
			}
			return done("%s × %s", c.Command.Encoded.Get("dish"), c.Command.Encoded.Get("portions")).With(hub.OutcomeCreated)
		}),
	}, {
		Name: "clean", Summary: "Clean up.", Level: hub.Operator,
		Do: plainly(func(context.Context, *hub.Command) hub.Reply {
			r := done("Sure?")
			r.OK.Actions = []hub.Action{
				{Label: "Yes", Call: &hub.Call{Function: "burn", State: "all"}},
				{Label: "Which", Call: &hub.Call{Function: "burn"}, Options: []hub.Option{{Label: "Pan", Value: "pan"}, {Label: "Pot", Value: "pot"}}},
				{Label: "Read", URL: "https://example.com"},
			}
			return r
		}),
	}, {
		Name: "burn", Summary: "Burn it.", Level: hub.Operator,
		Do: plainly(func(_ context.Context, c *hub.Command) hub.Reply {
			return done("burnt %s%s", c.Command.State, c.Command.Encoded.Get(hub.ChosenValue))
		}),
	}, {
		Name: "bake", Summary: "Bake slowly.", Level: hub.Member,
		Do: plainly(func(ctx context.Context, _ *hub.Command) hub.Reply {
			select {
			case <-k.slow:
			case <-ctx.Done():
			}
			return done("baked")
		}),
	}, {
		Name: "drop", Summary: "Drop it.", Level: hub.Member,
		Do: plainly(func(context.Context, *hub.Command) hub.Reply { panic("the plate") }),
	}, {
		Name: "shout", Summary: "Say much.", Level: hub.Member,
		Do: plainly(func(context.Context, *hub.Command) hub.Reply { return done("%s", strings.Repeat("ä", 5<<20)) }),
	}, {
		Name: "silent", Summary: "Say nothing.", Level: hub.Member,
		Do: plainly(func(context.Context, *hub.Command) hub.Reply { return hub.Reply{} }),
	}, {
		Name: "again", Summary: "Call itself.", Level: hub.Member,
		Do: plainly(func(_ context.Context, c *hub.Command) hub.Reply {
			if c.Command.State == "once" {
				return hub.Reply{Call: &hub.Call{Function: "cook", Raw: "soup 2"}}
			}
			return hub.Reply{Call: &hub.Call{Function: "again", State: c.Command.State}}
		}),
	}, {
		Name: "menu", Summary: "A form that changes.", Level: hub.Member,
		Form: hub.Form{Title: "Menu", Fields: []hub.Field{
			{Name: "course", Label: "Course", Type: hub.FieldSelect, Required: true, Refresh: true, Options: []hub.Option{{Label: "Starter", Value: "s"}, {Label: "Main", Value: "m"}}},
			{Name: "dish", Label: "Dish", Type: hub.FieldSelect, Required: true, Dynamic: true},
		}},
		Do: plainly(func(_ context.Context, c *hub.Command) hub.Reply {
			return done("%s %s %s", c.Command.Encoded.Get("course"), c.Command.Encoded.Get("dish"), c.Command.Encoded.Get("day"))
		}),
		Lookup: func(_ context.Context, _ *hub.Command, field, query string) ([]hub.Option, error) {
			if field != "dish" {
				return nil, hub.Errorf(hub.CodeInvalid, "no such field")
			}
			var found []hub.Option
			for _, dish := range []string{"soup", "salad", "steak", "stew"} {
				if strings.Contains(dish, query) {
					found = append(found, hub.Option{Label: "A " + dish, Value: dish})
				}
			}
			return found, nil
		},
		Refresh: func(_ context.Context, c *hub.Command) (hub.Form, error) {
			k.forms.Add(1)
			f := k.functions[9].Form
			f.Fields = append([]hub.Field(nil), f.Fields...)
			f.Fields[0].Value = c.Command.Encoded["course"]
			if c.Command.Encoded.Get("course") == "m" {
				f.Fields = append(f.Fields, hub.Field{Name: "day", Label: "Day", Type: hub.FieldDate, Required: true})
			}
			return f, nil
		},
	}}
	return k
}

// plainly is a Do that does not fail.
func plainly(f func(context.Context, *hub.Command) hub.Reply) func(context.Context, *hub.Command) (hub.Reply, error) {
	return func(ctx context.Context, c *hub.Command) (hub.Reply, error) { return f(ctx, c), nil }
}

func TestLines(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	for line, want := range map[string]string{
		"kitchen cook soup 2":        "soup × 2",
		"cook soup 2":                "soup × 2",
		"  COOK   soup 2 ":           "soup × 2",
		`kitchen make "two words" 1`: "two words × 1",
		"kitchen\u00a0cook soup 1":   "soup × 1",
		"":                           "help",
		"kitchen":                    "help",
		"again":                      "This command leads from one to the next without an end.",
		"kitchen cok soup 2":         "There is no `kitchen cok`. Did you mean `kitchen cook soup 2`? `kitchen help` lists what there is.",
		"xyzzy":                      "There is no `kitchen xyzzy`. `kitchen help` lists what there is.",
		"cook soup 2 3":              "",
		"cook soup many":             "Something in this does not fit.",
		"drop":                       "**kitchen** broke down over this; the operators find why in Bellhop's log. Nothing else is hurt.",
		"silent":                     "**kitchen** gave an answer that says nothing; the operators find it in Bellhop's log.",
	} {
		r := w.says(t, "bob", line)
		got := ""
		if r.OK != nil {
			got = r.OK.Text
		} else {
			require.NotNil(t, r.Error, line)
			got = r.Error.Text
		}
		if want != "" {
			require.Equal(t, want, got, line)
		}
	}
	r := w.says(t, "bob", "kitchen cok soup 2")
	require.Equal(t, "cook soup 2", r.OK.Actions[0].Label)
	require.Equal(t, hub.OutcomeError, r.Outcome())
	require.Equal(t, "soup × 2", w.press(t, "bob", r.OK.Actions[0].Token).OK.Text, "the mended line can be pressed")
	require.Empty(t, k.saw.Load().Security, "no app sees what proves a command")
	require.Empty(t, k.saw.Load().Context.Source.Props)
}

func TestRights(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	r := w.says(t, "bob", "clean")
	require.Equal(t, hub.OutcomeRefused, r.Outcome())
	require.Contains(t, r.Error.Text, "needs the level **operator**, and yours is **user**")
	require.Equal(t, hub.OutcomeRefused, w.says(t, "guest", "cook soup").Outcome())
	require.NotNil(t, w.says(t, "guest", "help").OK)
	require.Equal(t, "Sure?", w.says(t, "anna", "clean").OK.Text)
	require.EqualValues(t, 2, k.ran.Load())
	w.levels["away"] = hub.Admin
	require.Contains(t, w.says(t, "root", "clean").Error.Text, "cannot be found out at the moment")
	bot := w.command("anna", "clean")
	bot.Context.User.Bot = true
	_, _, err := w.Do(t.Context(), bot)
	require.Error(t, err)
	require.EqualValues(t, 2, k.ran.Load())
	log := w.audited()
	require.Len(t, log, 5)
	require.Equal(t, hub.OutcomeRefused, log[0].Outcome)
	require.Equal(t, "kitchen.clean", log[0].Action)
	require.Equal(t, "Full bob", log[0].Who)
	require.Equal(t, "clean", log[0].Line)
}

func TestActionsAreOnce(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	actions := w.says(t, "anna", "clean").OK.Actions
	require.Len(t, actions, 3)
	for _, a := range actions[:2] {
		require.Len(t, a.Token, hub.MaxToken)
		require.Nil(t, a.Call)
	}
	require.Empty(t, actions[2].Token)
	require.Equal(t, hub.OutcomeRefused, w.press(t, "bob", actions[0].Token).Outcome(), "whoever presses needs the level")
	require.Equal(t, hub.OutcomeRefused, w.audited()[len(w.audited())-1].Outcome, "and it is noted who tried")

	actions = w.says(t, "anna", "clean").OK.Actions
	before := k.ran.Load()
	var all sync.WaitGroup
	texts := make([]string, 20)
	for i := range texts {
		c := w.command("anna", "")
		c.Context.Source.ID, c.Security.Token = hub.FromButton, actions[0].Token
		all.Go(func() {
			if r, _, err := w.Do(context.Background(), c); err == nil && r.OK != nil {
				texts[i] = r.OK.Text
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, k.ran.Load()-before)
	for _, text := range texts {
		require.Equal(t, "burnt all", text)
	}
	require.Equal(t, "burnt pan", w.press(t, "anna", actions[1].Token, "pan").OK.Text)
	require.Equal(t, "burnt pot", w.press(t, "anna", actions[1].Token, "pot").OK.Text)
	require.Contains(t, w.press(t, "anna", actions[1].Token, "cat").Error.Text, "not among what could be chosen")
	for _, foreign := range []string{"AAAAAAAAAAAAAAAAAAAAAA", "x", strings.Repeat("x", 5000), actions[0].Token + "x"} {
		require.Contains(t, w.press(t, "anna", foreign).Error.Text, "not known here any more")
	}
	elsewhere := w.command("anna", "")
	elsewhere.Context.System, elsewhere.Security.Token = "telegram", actions[0].Token
	require.NotNil(t, w.do(t, elsewhere).Error, "a token is of one system")
}

func TestForms(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	shown := w.says(t, "bob", "cook --portions 4").Form
	require.NotNil(t, shown)
	require.Equal(t, []string{"4"}, shown.Field("portions").Value, "what was said is there")
	require.Len(t, shown.Token, hub.MaxToken)
	require.Nil(t, shown.Call, "what it does stays here")

	r := w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"dish": {"x"}, "portions": {"many"}})
	require.Len(t, r.Error.Fields, 2)
	r = w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"dish": {"stone"}})
	require.Equal(t, map[string]string{"dish": "cannot be eaten"}, r.Error.Fields)
	require.Equal(t, hub.OutcomeRefused, w.form(t, "anna", hub.KindSubmit, shown.Token, hub.Values{"dish": {"soup"}}).Outcome(), "it is bob's")
	require.Zero(t, k.ran.Load())
	r = w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"dish": {"soup"}, "portions": {"4"}})
	require.Equal(t, "soup × 4", r.OK.Text)
	r = w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"dish": {"soup"}, "portions": {"4"}})
	require.Equal(t, "soup × 4", r.OK.Text, "sent twice, done once")
	require.EqualValues(t, 1, k.ran.Load())

	shown = w.says(t, "bob", "cook").Form
	require.Contains(t, w.form(t, "bob", hub.KindCancel, shown.Token, nil).OK.Text, "Cancelled")
	require.Contains(t, w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"dish": {"soup"}}).Error.Text, "not known here any more")

	// A dialog that is sent says nothing of where it was opened.
	shown = w.says(t, "bob", "cook").Form
	c := w.command("bob", "")
	c.Context.Channel, c.Context.Source.ID, c.Security.Token, c.Command.Encoded = hub.Channel{}, hub.FromDialog, shown.Token, hub.Values{"dish": {"stew"}}
	require.NotNil(t, w.do(t, c).OK)
	require.Equal(t, "C1", k.saw.Load().Context.Channel.ID)
}

func TestFormsThatChange(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	shown := w.says(t, "bob", "menu").Form
	require.Len(t, shown.Fields, 2)
	options := w.form(t, "bob", hub.KindLookup, shown.Token, hub.Values{hub.LookupField: {"dish"}, hub.LookupQuery: {"st"}}).OK.Options
	require.Equal(t, []hub.Option{{Label: "A steak", Value: "steak"}, {Label: "A stew", Value: "stew"}}, options)
	changed := w.form(t, "bob", hub.KindForm, shown.Token, hub.Values{hub.LookupField: {"course"}, "course": {"m"}}).Form
	require.Len(t, changed.Fields, 3)
	require.Equal(t, shown.Token, changed.Token)
	require.Nil(t, changed.Call)
	r := w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"course": {"m"}, "dish": {"stew"}})
	require.Contains(t, r.Error.Fields, "day", "the form as it is by now is what counts")
	r = w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"course": {"Main"}, "dish": {"stew"}, "day": {"tomorrow"}})
	require.Equal(t, "m stew 2026-03-05", r.OK.Text)

	// A message opens no dialog: its answer has a button that does.
	w.message(t, "bob", "menu", true)
	button := w.shown(t).OK.Actions
	require.Len(t, button, 1)
	require.NotNil(t, w.press(t, "bob", button[0].Token).Form)
	require.NotNil(t, w.press(t, "bob", button[0].Token).Form, "and may do so again")
}

func TestOnce(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	c := w.command("bob", "cook soup 1")
	var all sync.WaitGroup
	for range 20 {
		again := *c
		all.Go(func() {
			r, later, err := w.Do(context.Background(), &again)
			if err != nil || later || r.OK == nil || r.OK.Text != "soup × 1" {
				t.Error(r, later, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, k.ran.Load())
	w.stop()
	w.serve(t, k)
	again := *c
	require.Equal(t, "soup × 1", w.do(t, &again).OK.Text, "also after a restart")
	require.EqualValues(t, 1, k.ran.Load())
	require.Len(t, w.audited(), 1)
}

// TestSlow lets an app take longer than a platform waits.
func TestSlow(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	c := w.command("bob", "bake")
	_, later, err := w.Do(t.Context(), c)
	require.NoError(t, err)
	require.True(t, later)
	require.Equal(t, "soup × 1", w.says(t, "bob", "cook soup 1").OK.Text, "nobody else waits")
	close(k.slow)
	require.Equal(t, "baked", w.shown(t).OK.Text)
	again := *c
	require.Equal(t, "baked", w.do(t, &again).OK.Text)
	require.Empty(t, w.wire.shown)
}

func TestAppsThatFail(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	r := w.says(t, "bob", "shout")
	require.Less(t, len(r.OK.Text), 100_000)
	require.True(t, strings.HasSuffix(r.OK.Text, fmt.Sprintf("\n\n*This answer was cut: %d more characters are not shown.*", 5<<20-40_000)))
	w.wire.mu.Lock()
	delete(w.wire.served, "kitchen")
	w.wire.mu.Unlock()
	require.Contains(t, w.says(t, "bob", "cook soup").Error.Text, "**kitchen** does not run at the moment")
}

// TestStopped answers a command whose hub vanished while it ran.
func TestStopped(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	c := w.command("bob", "cook soup")
	_, ok, err := w.commands.Swap(t.Context(), hub.Digest(string(c.Command.ID)), fmt.Appendf(nil,
		`{"at":%q,"command":{"command":{"id":"c1"},"context":{"system":"slack","user":{"id":"bob"},"channel":{"id":"C1"},"source":{"id":"slash"}}}}`, w.clock().Format(time.RFC3339)), 0)
	require.NoError(t, err)
	require.True(t, ok)
	w.stop()
	w.pass(5 * time.Minute)
	w.serve(t, k)
	require.Contains(t, w.shown(t).Error.Text, "Bellhop was stopped while it did this")
	require.Contains(t, w.do(t, c).Error.Text, "Bellhop was stopped while it did this")
	require.Zero(t, k.ran.Load())
}

func TestTheBusIsAway(t *testing.T) {
	t.Parallel()
	k := newKitchen()
	w := start(t, dialogs, k)
	w.commands.fail = hub.Errorf(hub.CodeUnavailable, "away")
	_, _, err := w.Do(t.Context(), w.command("bob", "cook soup"))
	require.Error(t, err)
	require.Zero(t, k.ran.Load(), "what cannot be done once is not done")
}
