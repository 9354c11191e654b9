package route_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestMoveIsToldByAPostFirst holds that what was told of a topic is taken back when it
// is moved out of sight, and that rows of where it is now hear of it once, also where a
// post of it came before the topic's own event: forums promise no order.
func TestMoveIsToldByAPostFirst(t *testing.T) {
	for name, first := range map[string]func(moved *hub.Topic) (hub.EventType, hub.Forum){
		"edit of the first post": func(moved *hub.Topic) (hub.EventType, hub.Forum) {
			f := opening()
			f.Post.Version, f.Post.UpdatedAt = 2, f.Post.UpdatedAt.Add(time.Minute)
			m := *moved
			f.Topic = &m
			return hub.ForumPostEdited, f
		},
		"whisper of the move": func(moved *hub.Topic) (hub.EventType, hub.Forum) {
			f := post(3)
			f.Post.Kind, f.Post.ActionCode = hub.PostWhisper, "category_changed"
			m := *moved
			f.Topic = &m
			return hub.ForumPostCreated, f
		},
		"a reply there": func(moved *hub.Topic) (hub.EventType, hub.Forum) {
			f := post(3)
			m := *moved
			f.Topic = &m
			return hub.ForumPostCreated, f
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := start(t, "slack | all | *", "slack | staff | c/12")
				f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
				f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "12", Name: "Staff", Slug: "staff", Restricted: true}})
				require.Equal(t, []string{"all"}, chats(f.hear(hub.ForumPostCreated, opening())))
				require.Equal(t, []string{"all"}, chats(f.hear(hub.ForumPostCreated, post(2))))
				moved := topic()
				moved.CategoryID, moved.CategorySlug = "12", "staff"
				kind, data := first(moved)
				owed := f.hear(kind, data)
				m := *moved
				owed = append(owed, f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &m})...)
				acts := map[string]int{}
				for _, n := range owed {
					acts[n.Chat.ID+" "+string(n.Act)]++
				}
				require.Equal(t, 2, acts["all retract"], "what was told of it is taken back")
				require.NotZero(t, acts["staff "], "a row that names the new category hears of it")
				moves := 0
				for _, r := range f.log {
					if r.Event.Type == hub.ForumTopicCategoryChanged {
						moves++
					}
				}
				require.Equal(t, 1, moves)
			})
		})
	}
}

// The same where the forum is asked who may see it, which is the default.
// TestMoveIsToldByAPostFirst holds that what was told of a topic is taken back when it
// is moved out of sight, and that rows of where it is now hear of it once, also where a
// post of it came before the topic's own event: forums promise no order.
func TestMoveIsToldByAPostFirstIsChecked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7")
		f := resume(t, table(t, "slack | public | *"), asking(a, true))
		require.Len(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2)), 1)
		moved := elsewhere("7")
		moved.CategoryID = "40"
		a.set(func() { a.blind["7 "] = true; a.topics["7"] = moved })
		there := reply(moved, 3)
		there.Post.ID = "903"
		owed := f.hear(hub.ForumPostCreated, there)
		owed = append(owed, f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &moved})...)
		owed = append(owed, f.after(time.Hour)...)
		require.Len(t, owed, 1)
		require.Equal(t, hub.ActRetract, owed[0].Act)
		require.Zero(t, f.floor())
	})
}

// TestMoveComesAgain holds that what was told of a topic is taken back when it is moved
// out of sight, also where that is taken again, since the database was away.
func TestMoveComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		before := start(t, "slack | all | *", "slack | moves | k/forum.topic.category_changed", "slack | staff | c/12")
		before.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
		before.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "12", Name: "Staff", Slug: "staff", Restricted: true}})
		require.Equal(t, []string{"all"}, chats(before.hear(hub.ForumPostCreated, opening())))
		before.stop()
		f := resume(t, before.memory, noDelay)
		moved := topic()
		moved.CategoryID, moved.CategorySlug = "12", "staff"
		f.mu.Lock()
		f.failStore = errors.New("the database is away")
		f.mu.Unlock()
		require.ErrorContains(t, f.give(hub.ForumTopicEdited, hub.Forum{Topic: moved}), "the database is away")
		f.mu.Lock()
		f.failStore = nil
		batch := f.log[len(f.log)-1:]
		f.mu.Unlock()
		f.events <- batch
		require.NoError(t, <-f.handled)
		acts := map[string]int{}
		for _, n := range f.now() {
			acts[n.Chat.ID+" "+string(n.Act)]++
		}
		require.Equal(t, 1, acts["all retract"], "what was told of it is taken back")
	})
}

// The database goes away between what the hub knows by heart of the topic and what it has to look up.
func TestZZMoveWhileTheDatabaseIsAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *")
		f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
		f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "12", Name: "Staff", Slug: "staff", Restricted: true}})
		require.Equal(t, []string{"all"}, chats(f.hear(hub.ForumPostCreated, opening())))
		moved := topic()
		moved.CategoryID, moved.CategorySlug = "12", "staff"
		f.mu.Lock()
		f.failStore = errors.New("the database is away")
		f.mu.Unlock()
		err := f.give(hub.ForumTopicEdited, hub.Forum{Topic: moved})
		f.mu.Lock()
		f.failStore = nil
		batch := f.log[len(f.log)-1:]
		batch[0].First = false
		f.mu.Unlock()
		if err != nil { // the bus gives it again
			f.events <- batch
			require.NoError(t, <-f.handled)
		}
		acts := map[string]int{}
		for _, n := range append(f.now(), f.after(time.Hour)...) {
			acts[n.Chat.ID+" "+string(n.Act)]++
		}
		t.Log(err, acts)
		require.Equal(t, 1, acts["all retract"], "what was told of it is taken back")
	})
}

// TestMoveSurvivesARestart holds that what was told of a topic that was moved out of
// sight is taken back, also where the forum did not answer and the hub was restarted.
func TestMoveSurvivesARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAPI()
		a.topics["7"] = elsewhere("7")
		m := table(t, "slack | public | *")
		f := resume(t, m, asking(a, true))
		f.hear(hub.ForumCategoryUpdated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
		f.hear(hub.ForumCategoryUpdated, hub.Forum{Category: &hub.ForumCategory{ID: "40", Name: "Other", Slug: "other"}})
		require.Len(t, f.hear(hub.ForumPostCreated, reply(elsewhere("7"), 2)), 1)
		moved := elsewhere("7")
		moved.CategoryID = "40"
		a.set(func() { a.blind["7 "] = true; a.topics["7"] = moved; a.away = errAway })
		require.Empty(t, f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &moved}))
		floor := f.floor()
		require.NotZero(t, floor, "it waits for the forum")
		f.stop()

		again := resume(t, m, asking(a, true))
		again.read = true
		batch := m.log[floor-1:]
		for i := range batch {
			batch[i].First = false
		}
		again.events <- batch
		require.NoError(t, <-again.handled)
		a.set(func() { a.away = nil })
		owed := append(again.now(), again.after(5*time.Minute)...)
		require.Len(t, owed, 1, "the message is taken back once the forum says that it cannot be seen")
		require.Equal(t, hub.ActRetract, owed[0].Act)
	})
}
