package route_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/rules"
)

// api is a forum that can be asked.
type api struct {
	mu     sync.Mutex
	away   error
	topics map[string]hub.Topic
	blind  map[string]bool // "topic reader": may not see it
	groups map[string][]string
	asked  map[string]int
}

func newAPI() *api {
	return &api{topics: map[string]hub.Topic{}, blind: map[string]bool{}, groups: map[string][]string{}, asked: map[string]int{}}
}

func (a *api) ask(what string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[what]++
	return a.away
}

func (a *api) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *api) HasKey() bool { return true }

func (a *api) Topic(_ context.Context, id string) (*hub.Topic, error) {
	if err := a.ask("topic " + id); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if t, ok := a.topics[id]; ok {
		return &t, nil
	}
	return nil, discourse.ErrNotFound
}

func (a *api) Visible(_ context.Context, topic, reader string) (bool, error) {
	if err := a.ask("visible " + topic + " " + reader); err != nil {
		return false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.blind[topic+" "+reader], nil
}

func (a *api) Site(context.Context) (hub.Taxonomy, error) {
	return hub.Taxonomy{Complete: true, Categories: []hub.ForumCategory{{ID: "9", Name: "Printers", Slug: "printers"}}}, a.ask("site")
}

func (a *api) SiteFor(ctx context.Context, _ string) (hub.Taxonomy, error) { return a.Site(ctx) }

func (a *api) GroupMembers(_ context.Context, name string) ([]string, error) {
	if err := a.ask("group " + name); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.groups[name], nil
}

func asking(a *api, check bool) forum.Source { return forum.Source{Name: "meta", API: a, Check: check} }

func elsewhere(id string, tags ...string) hub.Topic {
	t := *topic()
	t.ID, t.Tags = id, append([]string{}, tags...)
	return t
}

func reply(topic hub.Topic, number int) hub.Forum {
	f := post(number)
	told := topic
	told.Tags, told.Groups = nil, nil // a post does not tell
	f.Topic = &told
	return f
}

var errAway = &discourse.AwayError{Err: errors.New("502")}

func TestTagsOfAReplyAreAskedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7", "urgent")
		f := resume(t, table(t, "slack | tagged | t/urgent"), asking(a, false))
		require.Equal(t, []string{"tagged"}, chats(f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2))))
		require.Equal(t, []string{"tagged"}, chats(f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 3))))
		require.Equal(t, 1, a.asked["topic 7"])
	})
}

// TestAnAPIThatIsAway holds that events that need it wait, in order, that others
// go on, and that a restart meanwhile loses none.
func TestAnAPIThatIsAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.away = errAway
		a.topics["7"] = elsewhere("7", "urgent")
		a.topics["301"] = elsewhere("301", "calm")
		m := table(t, "slack | all | *")
		f := resume(t, m, asking(a, false))
		known := elsewhere("301", "calm")
		f.hear(hub.ForumCategoryUpdated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
		f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &known})
		for n := 2; n < 5; n++ {
			require.Empty(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), n)))
		}
		require.Equal(t, 3, f.router.Waiting("meta"))
		require.Len(t, f.hear(hub.ForumPostCreated, reply(known, 9)), 1, "this one needs nothing")
		require.NotZero(t, f.floor())
		require.Empty(t, f.after(time.Minute))
		f.stop()
		require.Equal(t, hub.VerdictWaiting, f.traces[f.log[2].Event.ID].Verdict)
		require.Contains(t, f.traces[f.log[2].Event.ID].Why, "API")

		again := resume(t, m, asking(a, false))
		again.events <- m.log[2:]
		require.NoError(t, <-again.handled)
		require.Len(t, again.now(), 1, "the one that needs nothing is owed again, under its id")
		a.set(func() { a.away = nil })
		owed := again.after(time.Minute)
		require.Len(t, owed, 3)
		for i, n := range owed {
			require.Equal(t, m.log[2+i].Event.ID, n.Event, "in order")
		}
		require.Zero(t, again.floor())
	})
}

func TestTheReaderMustBeAbleToSeeIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"], a.topics["8"] = elsewhere("7"), elsewhere("8")
		a.blind["7 "] = true
		m := table(t, "slack | public | *", "slack | staff | *", "slack | staff | mute:t/x")
		m.rows[1].Options.ReadAs = "staffer"
		f := resume(t, m, asking(a, true))
		require.Equal(t, []string{"staff"}, chats(f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2))))
		require.Equal(t, []string{"public", "staff"}, chats(f.hear(hub.ForumPostCreated, reply(elsewhere("8"), 2))))
		f.stop()
		trace := f.traces[f.log[0].Event.ID]
		require.Equal(t, hub.VerdictDecided, trace.Verdict)
		require.Len(t, trace.Notes, 1)
		require.Contains(t, trace.Notes[0], "an anonymous visitor may not see the topic")
	})
}

// TestWhatIsNotKnownToBeVisibleIsNotSent holds that it fails closed, and goes
// out once the forum has answered.
func TestWhatIsNotKnownToBeVisibleIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7")
		f := resume(t, table(t, "slack | public | *"), asking(a, true))
		require.Len(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2)), 1)
		require.Len(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 3)), 1)
		require.Equal(t, 1, a.asked["visible 7 "])
		a.set(func() { a.away = errAway })
		time.Sleep(11 * time.Minute) // what was known is too old
		require.Empty(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 4)))
		a.set(func() { a.away = nil; a.blind["7 "] = true })
		require.Empty(t, f.after(time.Minute))
		require.Zero(t, f.router.Waiting("meta"))
	})
}

// TestAMoveIsCheckedAgain retracts what the reader may no longer see, as the
// forum says.
func TestAMoveIsCheckedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7")
		f := resume(t, table(t, "slack | public | *"), asking(a, true))
		require.Len(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2)), 1)
		moved := elsewhere("7")
		moved.CategoryID = "40"
		a.set(func() { a.blind["7 "] = true; a.topics["7"] = moved })
		owed := f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &moved})
		require.Len(t, owed, 1)
		require.Equal(t, hub.ActRetract, owed[0].Act)
		require.Zero(t, f.floor())
	})
}

func TestAPrivateMessageGoesToItsGroupsRow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		pm := elsewhere("7")
		pm.Archetype, pm.CategoryID, pm.CategorySlug, pm.Groups = hub.ArchetypePM, "", "", []string{"team"}
		a.topics["7"] = pm
		f := resume(t, table(t, "slack | all | *", "slack | team | pm/team", "slack | other | pm/others"), asking(a, false))
		require.Equal(t, []string{"team"}, chats(f.hear(hub.ForumPostCreated, reply(pm, 1))))
	})
}

func TestAuthorGroupsAreAskedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7")
		a.groups["team"] = []string{"Bob"}
		f := resume(t, table(t, "slack | team | u/@team", "slack | others | u/@others"), asking(a, false))
		require.Equal(t, []string{"team"}, chats(f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2))))
		a.set(func() { a.groups["team"] = nil })
		f.hear("forum.user.removed_from_group", hub.Forum{Object: []byte(`{"group_id":4}`)})
		require.Empty(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 3)))
	})
}

func TestExplain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7", "urgent")
		a.blind["7 guest"] = true
		m := table(t, "slack | tagged | t/urgent", "slack | tagged | follow:*", "slack | muted | mute:*", "slack | none | c/40", "slack | guest | *")
		m.rows[4].Options.ReadAs = "guest"
		f := resume(t, m, asking(a, true))
		data, err := jsonOf(reply(elsewhere("7"), 2))
		require.NoError(t, err)
		x, err := f.router.Explain(t.Context(), &hub.Event{ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Data: data}, route.Question{})
		require.NoError(t, err)
		require.Equal(t, hub.VerdictDecided, x.Verdict)
		got := map[string]string{}
		for _, c := range x.Chats {
			got[c.Chat.ID] = c.Result
			require.NotEmpty(t, c.Rows)
			for _, r := range c.Rows {
				require.NotEmpty(t, r.Reason)
			}
		}
		require.Equal(t, map[string]string{"tagged": "queued", "muted": "muted", "none": "nothing", "guest": "nothing"}, got)
		require.Contains(t, x.Summary, `"Printer does not start" by bob`)
		require.NotEmpty(t, x.Chats[0].Message.Card.Tags)
		require.Empty(t, f.now(), "nothing was sent")

		one, err := f.router.Explain(t.Context(), &hub.Event{ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Data: data}, route.Question{System: "slack", Chat: "none"})
		require.NoError(t, err)
		require.Len(t, one.Chats, 1)
		a.set(func() { a.away = errAway })
		away, err := f.router.Explain(t.Context(), &hub.Event{ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Data: data}, route.Question{})
		require.NoError(t, err)
		require.NotEmpty(t, slices.Collect(maps.Values(map[int][]string{0: away.Notes})))
		require.Contains(t, away.Notes[len(away.Notes)-1], "not known")
	})
}

func TestTheNearestMissIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | bugs | c/9+u/alice")
		require.Empty(t, f.hear(hub.ForumPostCreated, post(2)))
		f.stop()
		trace := f.traces[f.log[0].Event.ID]
		require.Equal(t, hub.VerdictNobody, trace.Verdict)
		require.Equal(t, 1, trace.Rows)
		require.Len(t, trace.Nearest, 1)
		require.Contains(t, trace.Nearest[0].Reason, "author")
		require.Contains(t, trace.Notes[0], "tags of topic 301 are not known")
	})
}

func TestThings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | deploys | k/user.deploy.*+t/prod", "slack | all | *")
		data, err := jsonOf(hub.Item{
			Key: "42", Title: "api 1.4.2 is live", URL: "https://ci.example.com/42", Author: &hub.Person{Username: "ci"},
			Category: "api", Tags: []string{"prod"}, Text: "Took 3 minutes & <b>no</b> errors.\nAll *good*.",
		})
		require.NoError(t, err)
		require.NoError(t, f.route(&hub.Event{ID: "e1", Source: "ci", Type: "user.deploy.finished", Time: time.Now(), Data: data}))
		owed := f.now()
		require.Equal(t, []string{"deploys"}, chats(owed))
		card := owed[0].Message.Card
		require.Equal(t, "Deploy finished", card.Kind)
		require.Equal(t, "ci.example.com", card.Site)
		require.Equal(t, `Took 3 minutes & &lt;b&gt;no&lt;/b&gt; errors.`+"  \n"+`All \*good\*.`, card.Text)
		require.Equal(t, "ci/item/42", owed[0].Message.Thread)
	})
}

func TestRefreshReadsTheRowsThatChanged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | one | *")
		rows, err := rules.ParseRow("slack | two | *")
		require.NoError(t, err)
		rows[0].ID = "second"
		f.rows = append(f.rows, rows...)
		require.NoError(t, f.router.Refresh(t.Context(), "second"))
		require.Equal(t, []string{"one", "two"}, chats(f.hear(hub.ForumPostCreated, post(2))))
		f.rows = f.rows[:1]
		require.NoError(t, f.router.Refresh(t.Context(), "second"))
		require.Equal(t, []string{"one"}, chats(f.hear(hub.ForumPostCreated, post(3))))
	})
}

var _ route.Bus = (*memory)(nil)
