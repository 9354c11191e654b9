package apps_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// moody is an app whose store is away at first.
func moody(fails *int) apps.App {
	return app{name: "moody", functions: []apps.Function{
		{
			Name: "help", Summary: "Ask.", Level: hub.Guest,
			Do: plainly(func(context.Context, *hub.Command) hub.Reply {
				return hub.Reply{OK: &hub.OK{Text: "Sure?", Actions: []hub.Action{{Label: "Do it", Call: &hub.Call{Function: "work"}}}}}
			}),
		}, {
			Name: "work", Summary: "Work.", Level: hub.Member,
			Do: func(context.Context, *hub.Command) (hub.Reply, error) {
				if *fails--; *fails >= 0 {
					return hub.Reply{}, hub.Errorf(hub.CodeUnavailable, "the database does not answer")
				}
				return hub.Say("done"), nil
			},
		}, {
			Name: "fill", Summary: "Fill.", Level: hub.Member,
			Form: hub.Form{Title: "Fill", Fields: []hub.Field{{Name: "what", Label: "What", Type: hub.FieldText, Required: true, Place: 1}}},
			Do: func(context.Context, *hub.Command) (hub.Reply, error) {
				if *fails--; *fails >= 0 {
					return hub.Reply{}, errors.New("disk full")
				}
				return hub.Say("filled"), nil
			},
		},
	}}
}

// TestPressedAgainAfterAFailure holds that a button whose press led to nothing can be
// pressed again, as its answer says.
func TestPressedAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	fails := 1
	w := start(t, dialogs, moody(&fails))
	token := w.says(t, "bob", "help").OK.Actions[0].Token
	require.Contains(t, w.press(t, "bob", token).Error.Text, "try again in a minute")
	w.pass(10 * time.Minute)
	r := w.press(t, "bob", token)
	require.NotNil(t, r.OK, "%+v", r.Error)
	require.Equal(t, "done", r.OK.Text)
}

// TestSentAgainAfterAFailure holds the same of a form.
func TestSentAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	fails := 1
	w := start(t, dialogs, moody(&fails))
	shown := w.says(t, "bob", "fill").Form
	require.NotNil(t, w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"what": {"x"}}).Error)
	r := w.form(t, "bob", hub.KindSubmit, shown.Token, hub.Values{"what": {"x"}})
	require.NotNil(t, r.OK, "%+v", r.Error)
}

// TestStaleQuestion holds that a button under the question of an earlier conversation
// says nothing in a later one.
func TestStaleQuestion(t *testing.T) {
	t.Parallel()
	var ran []string
	form := hub.Form{Title: "Rule", Fields: []hub.Field{{
		Name: "category", Label: "Category", Type: hub.FieldSelect, Required: true,
		Options: []hub.Option{{Label: "Support", Value: "5"}, {Label: "Market", Value: "13"}},
	}}}
	verb := func(name string) apps.Function {
		return apps.Function{Name: name, Summary: name, Level: hub.Member, Form: form, Do: plainly(func(_ context.Context, c *hub.Command) hub.Reply {
			ran = append(ran, name+" "+c.Command.Encoded.Get("category"))
			return hub.Say("%s", name)
		})}
	}
	w := start(t, withButtons, app{name: "discourse", functions: []apps.Function{verb("watch"), verb("mute"), {Name: "help", Summary: "h", Level: hub.Guest, Do: plainly(func(context.Context, *hub.Command) hub.Reply { return hub.Say("h") })}}})
	first := w.says(t, "bob", "watch")
	require.Equal(t, "Support", labels(first)[0])
	w.says(t, "bob", "mute")
	w.press(t, "bob", first.OK.Actions[0].Token) // under the question what to watch
	require.NotContains(t, ran, "mute 5", "the button stood under Watch")
	w.press(t, "bob", first.OK.Actions[2].Token) // Cancel under Watch
	r := w.answer(t, "bob", "market")
	require.Equal(t, "mute", r.OK.Text)
}

// TestCompleteBehindANamespace holds that what is offered fits where it is put.
func TestCompleteBehindANamespace(t *testing.T) {
	t.Parallel()
	w := start(t, dialogs, newKitchen())
	for line, want := range map[string][]string{
		"cook":                   {"cook "},
		"kitchen coo":            {"kitchen cook "},
		"kitchen  coo":           {"kitchen  cook "},
		"kitchen cook ":          nil,
		"kitchen menu --course ": {"kitchen menu --course s ", "kitchen menu --course m "},
		"kitchen menu --dish ":   {"kitchen menu --dish soup ", "kitchen menu --dish salad ", "kitchen menu --dish steak ", "kitchen menu --dish stew "},
	} {
		found, err := w.Complete(t.Context(), w.command("bob", line))
		require.NoError(t, err)
		var got []string
		for _, f := range found {
			got = append(got, line[:f.Start]+f.Insert)
		}
		require.Equal(t, want, got, "%q", line)
	}
	require.Equal(t, "soup × 2", w.says(t, "bob", "cook\u3000soup\u30002").OK.Text, "a blank as it is typed in Japanese")
}

// TestSlowlyShown holds that a reply that takes long to be shown is the only one.
func TestSlowlyShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire, commands := newWire(), newShelf()
		wire.slow = make(chan struct{})
		h, err := apps.New(apps.Config{
			Wire: wire, Bindings: newShelf(), Talks: newShelf(), Commands: commands, Rights: levels{},
			Features: func(context.Context, hub.System) hub.Features { return withWords },
			Default:  "kitchen", Apps: []apps.App{newKitchen()}, Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = h.Serve(ctx) }()
		synctest.Wait()
		w := &world{}
		c := w.command("bob", "cook soup 2")
		c.Context.Source.ID = hub.FromMessage
		require.NoError(t, h.Heard(t.Context(), &hub.Heard{Command: *c, ForUs: true}))
		<-time.After(2 * time.Minute) // the platform asks to wait two of the three minutes that showing may take
		close(wire.slow)
		<-time.After(30 * time.Minute)
		cancel()
		<-done
		close(wire.shown)
		for a := range wire.shown {
			require.Nil(t, a.Reply.Error)
		}
	})
}

// TestNotPressedAgainAfterNoAnswer holds that a button does not do its work another
// time where nobody knows whether it has.
func TestNotPressedAgainAfterNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		over := make(chan struct{})
		w := start(t, dialogs, app{name: "slow", functions: []apps.Function{
			{
				Name: "help", Summary: "Ask.", Level: hub.Guest,
				Do: plainly(func(context.Context, *hub.Command) hub.Reply {
					return hub.Reply{OK: &hub.OK{Text: "Sure?", Actions: []hub.Action{{Label: "Do it", Call: &hub.Call{Function: "work"}}}}}
				}),
			}, {
				Name: "work", Summary: "Work.", Level: hub.Member,
				Do: plainly(func(context.Context, *hub.Command) hub.Reply { runs.Add(1); <-over; return hub.Say("done") }),
			},
		}})
		token := w.says(t, "bob", "help").OK.Actions[0].Token
		for range 2 {
			w.press(t, "bob", token)
			<-time.After(time.Minute)
		}
		close(over)
		require.EqualValues(t, 1, runs.Load())
	})
}
