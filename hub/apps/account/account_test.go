package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/apps/account"
	"github.com/bellhop-chat/bellhop/hub/form"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the app on a real store, and who speaks to it.
type world struct {
	*store.Store
	app *account.App
	now time.Time
	// whispers is that answers in chats of many are for the asker's eyes.
	whispers bool
}

func newWorld(t *testing.T, change ...func(*account.Deps)) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	w := &world{Store: s, now: noon, whispers: true}
	d := account.Deps{
		People: s, Whispers: func(context.Context, hub.System) bool { return w.whispers },
		Systems: func() []hub.System { return []hub.System{"slack", "telegram", "matrix"} }, Now: func() time.Time { return w.now },
	}
	for _, f := range change {
		f(&d)
	}
	w.app = account.New(d)
	return w
}

// say gives a line as the host does: whoever may, with values that fit.
func (w *world) say(t *testing.T, system hub.System, user, line string, change ...func(*hub.Command)) hub.Reply {
	t.Helper()
	c := &hub.Command{Context: hub.CommandContext{
		Source: hub.CommandSource{ID: hub.FromMessage}, System: system, User: hub.User{ID: user}, Channel: hub.Channel{ID: "C1"},
	}}
	for _, f := range change {
		f(c)
	}
	verb, rest, _ := strings.Cut(line, " ")
	f := w.function(t, verb)
	if c.Context.Source.ID != hub.FromAPI {
		require.NoError(t, w.SeeUser(t.Context(), system, c.Context.User, w.now))
		level, err := w.LevelOf(t.Context(), system, user)
		require.NoError(t, err)
		require.True(t, level.May(f.Level), "the host would refuse %s to %s/%s, who is %s", verb, system, user, level)
	}
	values, err := form.Parse(f.Form, rest)
	require.NoError(t, err)
	values = form.Defaults(f.Form, values)
	require.Empty(t, form.Missing(f.Form, values))
	values, wrong := form.Validate(f.Form, values, w.now)
	require.Empty(t, wrong)
	c.Command = hub.Call{ID: "c1", Namespace: account.Name, Function: f.Name, Kind: hub.KindSubmit, Raw: line, Encoded: values}
	r := f.Answer(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, r.Validate())
	return r
}

func (w *world) function(t *testing.T, name string) apps.Function {
	t.Helper()
	for _, f := range w.app.Functions() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no function %q", name)
	return apps.Function{}
}

func (w *world) give(t *testing.T, system hub.System, user string, l hub.Level) {
	t.Helper()
	_, err := w.SetLevel(t.Context(), system, user, l)
	require.NoError(t, err)
}

func (w *world) level(t *testing.T, system hub.System, user string) hub.Level {
	t.Helper()
	l, err := w.LevelOf(t.Context(), system, user)
	require.NoError(t, err)
	return l
}

// words are what a person reads of a reply.
func words(r hub.Reply) string {
	if r.Error != nil {
		return r.Error.Text
	}
	return r.OK.Text
}

// told checks a reply's outcome and words.
func told(t *testing.T, r hub.Reply, outcome string, parts ...string) {
	t.Helper()
	require.Equal(t, outcome, r.Outcome(), words(r))
	require.False(t, r.OK != nil && r.OK.Public, "what is about people is for the asker")
	for _, part := range parts {
		require.Contains(t, words(r), part)
	}
}

var codeShape = regexp.MustCompile("link ([A-Z0-9]{8})`")

func codeIn(t *testing.T, r hub.Reply) string {
	t.Helper()
	found := codeShape.FindStringSubmatch(words(r))
	require.NotNil(t, found, words(r))
	return found[1]
}

func named(name string) func(*hub.Command) {
	return func(c *hub.Command) { c.Context.User.Name = name }
}

func direct(c *hub.Command) { c.Context.Channel.Direct = true }

func fromAPI(c *hub.Command) { c.Context.Source.ID = hub.FromAPI }

func TestFunctionsAreWhole(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "bellhop", w.app.Name())
	for _, f := range w.app.Functions() {
		require.NoError(t, form.Check(f.Form), f.Name)
		require.True(t, f.Level.Known(), f.Name)
		require.NotEmpty(t, f.Summary, f.Name)
		require.NotEmpty(t, f.Form.Title, f.Name)
		for _, line := range f.Example {
			verb, rest, _ := strings.Cut(line, " ")
			require.Equal(t, f.Name, verb)
			values, err := form.Parse(f.Form, rest)
			require.NoError(t, err, line)
			_, wrong := form.Validate(f.Form, form.Defaults(f.Form, values), noon)
			require.Empty(t, wrong, line)
		}
	}
}

func TestWhoami(t *testing.T) {
	w := newWorld(t)
	told(t, w.say(t, "slack", "U1", "whoami", named("anna")), hub.OutcomeOK,
		"You are anna (`slack/U1`)", "**user**, which everybody has", "`/bellhop link`")
	w.give(t, "slack", "U1", hub.Operator)
	told(t, w.say(t, "slack", "U1", "whoami"), hub.OutcomeOK, "**operator**, which this account was given")

	code := codeIn(t, w.say(t, "slack", "U1", "link"))
	w.say(t, "telegram", "77", "link "+code)
	told(t, w.say(t, "telegram", "77", "whoami"), hub.OutcomeOK,
		"You are `telegram/77`", "**operator**, from your account anna (`slack/U1`)", "- anna (`slack/U1`): **operator**\n- `telegram/77`: **user**, here")
	told(t, w.say(t, "slack", "admin", "whoami", fromAPI), hub.OutcomeOK, "admin token")

	vouched := newWorld(t, func(d *account.Deps) { d.May = func(context.Context, *hub.Command) hub.Level { return hub.Operator } })
	told(t, vouched.say(t, "slack", "U1", "whoami"), hub.OutcomeOK, "Your level is **user**", "In this chat it is **operator**")
}

func TestOddNamesStayWords(t *testing.T) {
	w := newWorld(t)
	r := w.say(t, "slack", "U`1", "whoami", named("**[x](http://evil)**\n# big\u202e"))
	told(t, r, hub.OutcomeOK, `\*\*\[x\](http://evil)\*\* # big (`+"`` slack/U`1 ``)")
}

func TestLink(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "U1", hub.Admin)
	offer := w.say(t, "slack", "U1", "link")
	told(t, offer, hub.OutcomeCreated, "Within ten minutes", "Tell the code to nobody")
	code := codeIn(t, offer)

	r := w.say(t, "telegram", "77", "link "+strings.ToLower(code[:4])+" "+code[4:])
	told(t, r, hub.OutcomeUpdated, "`slack/U1`", "`telegram/77`", "**admin**")
	require.Equal(t, hub.Admin, w.level(t, "telegram", "77"))
	require.Len(t, r.Data["after"], 2, "the audit log tells who was linked")
	told(t, w.say(t, "matrix", "@eve:x", "link "+code), hub.OutcomeError, "unknown, used or too old")

	late := codeIn(t, w.say(t, "slack", "U1", "link"))
	w.now = noon.Add(10 * time.Minute)
	told(t, w.say(t, "matrix", "@anna:x", "link "+late), hub.OutcomeError, "too old")
	require.Equal(t, hub.Member, w.level(t, "matrix", "@anna:x"))
	own := codeIn(t, w.say(t, "slack", "U1", "link"))
	told(t, w.say(t, "slack", "U1", "link "+own), hub.OutcomeError, "your own code")
}

func TestCodesAreForOnePersonsEyes(t *testing.T) {
	w := newWorld(t)
	w.whispers = false
	told(t, w.say(t, "telegram", "77", "link"), hub.OutcomeRefused, "Everybody here would see the code", "`bellhop link`")
	told(t, w.say(t, "telegram", "77", "link", direct), hub.OutcomeCreated)
	for _, line := range []string{"link", "link ACDEFGHJ", "unlink"} {
		told(t, w.say(t, "slack", "admin", line, fromAPI), hub.OutcomeError, "with a token")
	}
	_, err := w.GetUser(t.Context(), "slack", "admin")
	require.Equal(t, hub.CodeNotFound, hub.CodeOf(err), "a program is no user")
}

// An admin gives a code that a stranger slipped them.
func TestNobodyIsRaisedByAStrangersCode(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "UADMIN", hub.Admin)
	slipped := codeIn(t, w.say(t, "telegram", "666", "link", direct))
	r := w.say(t, "slack", "UADMIN", "link "+slipped)
	told(t, r, hub.OutcomeRefused, "Nothing is linked", "the other way round")
	require.Nil(t, r.Error, "the text of an error is kept in the audit log, and it has a code")
	require.Equal(t, hub.Member, w.level(t, "telegram", "666"))

	// It was the admin after all: the other way round it works.
	told(t, w.say(t, "telegram", "666", "link "+codeIn(t, r)), hub.OutcomeUpdated)
	require.Equal(t, hub.Admin, w.level(t, "telegram", "666"))

	w.whispers = false
	slipped = codeIn(t, w.say(t, "matrix", "@eve:x", "link", direct))
	r = w.say(t, "slack", "UADMIN", "link "+slipped)
	told(t, r, hub.OutcomeRefused, "write `bellhop link` to me alone")
	require.NotRegexp(t, codeShape, words(r))
}

func TestWrongCodesAreCounted(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "U1", hub.Admin)
	for range 5 {
		told(t, w.say(t, "telegram", "77", "link ACDEFGHJ"), hub.OutcomeError, "unknown")
		w.now = w.now.Add(time.Minute)
	}
	code := codeIn(t, w.say(t, "slack", "U1", "link"))
	told(t, w.say(t, "telegram", "77", "link "+code), hub.OutcomeRefused, "5 wrong codes", "5 minutes")
	require.Equal(t, hub.Member, w.level(t, "telegram", "77"))
	told(t, w.say(t, "matrix", "@other:x", "link ACDEFGHJ"), hub.OutcomeError)
	w.now = noon.Add(10 * time.Minute)
	told(t, w.say(t, "telegram", "77", "link "+code), hub.OutcomeUpdated)

	// Good codes are not counted, however many.
	for range 2 * 5 {
		told(t, w.say(t, "telegram", "88", "link "+codeIn(t, w.say(t, "slack", "U1", "link"))), hub.OutcomeUpdated)
	}
}

// Many wrong codes at once are counted, too.
func TestWrongCodesAtOnce(t *testing.T) {
	w := newWorld(t)
	f := w.function(t, "link")
	outcomes := make([]string, 20)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			c := &hub.Command{
				Command: hub.Call{Encoded: hub.Values{"code": {"ACDEFGHJ"}}},
				Context: hub.CommandContext{System: "telegram", User: hub.User{ID: "77"}},
			}
			r := f.Answer(t.Context(), c, slog.New(slog.DiscardHandler))
			outcomes[i] = r.Outcome()
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, o := range outcomes {
		count[o]++
	}
	require.Equal(t, map[string]int{hub.OutcomeError: 5, hub.OutcomeRefused: 15}, count)
}

func TestUnlink(t *testing.T) {
	w := newWorld(t)
	told(t, w.say(t, "slack", "U1", "unlink"), hub.OutcomeUnchanged, "linked with no other")
	w.give(t, "slack", "U1", hub.Operator)
	w.say(t, "telegram", "77", "link "+codeIn(t, w.say(t, "slack", "U1", "link")))
	r := w.say(t, "telegram", "77", "unlink")
	told(t, r, hub.OutcomeUpdated, "Its level is **user**")
	require.Len(t, r.Data["before"], 2)
	require.Equal(t, hub.Member, w.level(t, "telegram", "77"))
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "UADMIN", hub.Admin)
	w.say(t, "telegram", "77", "link "+codeIn(t, w.say(t, "slack", "UADMIN", "link", named("root"))))
	w.now = noon.Add(time.Minute)
	w.say(t, "slack", "U1", "whoami", named("anna"))
	told(t, w.say(t, "slack", "UADMIN", "people"), hub.OutcomeOK, "- anna (`slack/U1`): **user**\n",
		"- root (`slack/UADMIN`): **admin**, linked\n", "- `telegram/77`: **user**, linked with one that is **admin**")
	for line, want := range map[string]string{
		"people --level admin":     "- root (`slack/UADMIN`): **admin**, linked",
		"people --system telegram": "- `telegram/77`: **user**, linked with one that is **admin**",
		"people ANN":               "- anna (`slack/U1`): **user**",
	} {
		require.Equal(t, want, words(w.say(t, "slack", "UADMIN", line)), line)
	}
	told(t, w.say(t, "slack", "UADMIN", "people nobody"), hub.OutcomeOK, "Nobody is known")
	for i := range 40 {
		require.NoError(t, w.SeeUser(t.Context(), "matrix", hub.User{ID: strings.Repeat("x", i+1)}, noon))
	}
	r := w.say(t, "slack", "UADMIN", "people --system matrix")
	told(t, r, hub.OutcomeOK, "the 30 seen last")
	require.Equal(t, 30, strings.Count(words(r), "- `matrix/"))
}

func TestLevel(t *testing.T) {
	for name, c := range map[string]struct {
		line    string
		outcome string
		says    string
		system  hub.System
		user    string
		level   hub.Level
	}{
		"by id":              {"level U1 operator", hub.OutcomeUpdated, "anna (`slack/U1`) is **operator** now", "slack", "U1", hub.Operator},
		"by name":            {"level @Anna admin", hub.OutcomeUpdated, "is **admin** now", "slack", "U1", hub.Admin},
		"by mention":         {"level <@U1> admin", hub.OutcomeUpdated, "is **admin** now", "slack", "U1", hub.Admin},
		"by mention, named":  {"level <@U1|anna> admin", hub.OutcomeUpdated, "is **admin** now", "slack", "U1", hub.Admin},
		"by link":            {"level https://matrix.to/#/%40new%3Aexample.org operator --system matrix", hub.OutcomeCreated, "`matrix/@new:example.org`", "matrix", "@new:example.org", hub.Operator},
		"by full name":       {`level "Ben Cook" guest`, hub.OutcomeUpdated, "Ben Cook (`slack/U2`) is **guest** now", "slack", "U2", hub.Guest},
		"the same":           {"level anna user", hub.OutcomeUnchanged, "already", "slack", "U1", hub.Member},
		"elsewhere":          {"level 77 operator --system telegram", hub.OutcomeUpdated, "is **operator** now", "telegram", "77", hub.Operator},
		"never seen":         {"level U99 operator", hub.OutcomeCreated, "not spoken to me yet", "slack", "U99", hub.Operator},
		"never seen, matrix": {"level @new:example.org operator --system matrix", hub.OutcomeCreated, "is **operator** now", "matrix", "@new:example.org", hub.Operator},
		"a slip":             {"level ana operator", hub.OutcomeError, "did you mean `anna`?", "slack", "ana", hub.Member},
		"no such name":       {"level @zoe operator", hub.OutcomeError, "must speak to me first", "slack", "zoe", hub.Member},
		"two of that name":   {"level chris operator", hub.OutcomeError, "`U3`", "slack", "U3", hub.Member},
		"last admin":         {"level UADMIN user", hub.OutcomeRefused, "the last admin", "slack", "UADMIN", hub.Admin},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.give(t, "slack", "UADMIN", hub.Admin)
			for _, u := range []hub.User{{ID: "U1", Name: "anna"}, {ID: "U2", Full: "Ben Cook"}, {ID: "U3", Name: "chris"}, {ID: "U4", Name: "Chris"}} {
				require.NoError(t, w.SeeUser(t.Context(), "slack", u, noon))
			}
			require.NoError(t, w.SeeUser(t.Context(), "telegram", hub.User{ID: "77"}, noon))
			told(t, w.say(t, "slack", "UADMIN", c.line), c.outcome, c.says)
			require.Equal(t, c.level, w.level(t, c.system, c.user))
		})
	}
}

func TestLevelTellsTheAuditLog(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "UADMIN", hub.Admin)
	require.NoError(t, w.SeeUser(t.Context(), "slack", hub.User{ID: "U1"}, noon))
	r := w.say(t, "slack", "UADMIN", "level U1 operator")
	require.JSONEq(t, `{"system":"slack","user":"U1","level":"user"}`, asJSON(t, r.Data["before"]))
	require.JSONEq(t, `{"system":"slack","user":"U1","level":"operator"}`, asJSON(t, r.Data["after"]))
	require.Nil(t, w.say(t, "slack", "UADMIN", "level U9 operator").Data["before"])
}

func TestLevelOfOneWhoIsLinked(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "UADMIN", hub.Admin)
	w.give(t, "slack", "U1", hub.Operator)
	w.say(t, "telegram", "77", "link "+codeIn(t, w.say(t, "slack", "U1", "link")))
	told(t, w.say(t, "slack", "UADMIN", "level 77 guest --system telegram"), hub.OutcomeUpdated, "is **guest** now", "still have the level **operator**")
}

// Two admins take each other's level away at once: one stays.
func TestOneAdminStays(t *testing.T) {
	w := newWorld(t)
	w.give(t, "slack", "UA", hub.Admin)
	w.give(t, "slack", "UB", hub.Admin)
	bot := hub.User{ID: "UBOT", Bot: true}
	require.NoError(t, w.SeeUser(t.Context(), "slack", bot, noon))
	w.give(t, "slack", "UBOT", hub.Admin)
	f := w.function(t, "level")
	var wg sync.WaitGroup
	for _, whom := range []string{"UA", "UB"} {
		wg.Go(func() {
			f.Answer(t.Context(), &hub.Command{
				Command: hub.Call{Encoded: hub.Values{"user": {whom}, "level": {"user"}}},
				Context: hub.CommandContext{System: "slack"},
			}, slog.New(slog.DiscardHandler))
		})
	}
	wg.Wait()
	admins, _, err := w.ListUsers(t.Context(), hub.UserQuery{Level: hub.Admin})
	require.NoError(t, err)
	require.Len(t, admins, 2, "a bot, and one of the two")
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	r := w.say(t, "slack", "U1", "help")
	told(t, r, hub.OutcomeOK, "**whoami**", "**link**", "**unlink**", "`/bellhop help whoami`")
	require.NotContains(t, words(r), "**level**", "help shows what they may do")
	told(t, w.say(t, "slack", "U1", "help level"), hub.OutcomeError, "There is no `level`")
	told(t, w.say(t, "slack", "U1", "help lnk"), hub.OutcomeError, "Did you mean `link`?")
	told(t, w.say(t, "slack", "U1", "help link"), hub.OutcomeOK, "link [CODE…]", "/bellhop link ACDEFGHJ")
	w.give(t, "slack", "UADMIN", hub.Admin)
	told(t, w.say(t, "slack", "UADMIN", "help"), hub.OutcomeOK, "**level**", "**people**")
	told(t, w.say(t, "slack", "UADMIN", "help level"), hub.OutcomeOK, "operator", "level @anna operator")
	w.give(t, "slack", "UG", hub.Guest)
	require.NotContains(t, words(w.say(t, "slack", "UG", "help")), "**whoami**")
}

// broken is a store that fails.
type broken struct {
	account.People
	err error
}

func (b broken) Linked(context.Context, hub.System, string) ([]hub.ChatUser, error) {
	return nil, b.err
}

func (b broken) Link(context.Context, hub.System, string, string, time.Time) ([]hub.ChatUser, error) {
	return nil, b.err
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"away":   {hub.Errorf(hub.CodeUnavailable, "the database is away"), "try again in a minute"},
		"broken": {errors.New("disk pa55word"), "Its log has the details"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(d *account.Deps) { d.People = broken{d.People, c.err} })
			for range 6 { // which are no wrong codes
				r := w.say(t, "slack", "U1", "link ACDEFGHJ")
				told(t, r, hub.OutcomeError, c.says)
				require.NotContains(t, words(r), "pa55word")
			}
			told(t, w.say(t, "slack", "U1", "whoami"), hub.OutcomeError, c.says)
			told(t, w.say(t, "slack", "U1", "unlink"), hub.OutcomeError, c.says)
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
