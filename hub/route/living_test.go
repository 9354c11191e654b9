package route_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// told starts a router that has announced topic 301 to its rows' chats.
func told(t *testing.T, rows ...string) (*desk, []hub.Notification) {
	t.Helper()
	f := start(t, rows...)
	owed := f.hear(hub.ForumPostCreated, opening())
	require.NotEmpty(t, owed)
	return f, owed
}

func TestAnEditGoesIntoTheMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, first := told(t, "slack | all | *")
		edit := opening()
		edit.Post.HTML, edit.Post.Version, edit.Post.UpdatedAt = "<p>Which printer?</p>", 2, edit.Post.UpdatedAt.Add(time.Minute)
		owed := f.hear(hub.ForumPostEdited, edit)
		require.Len(t, owed, 1)
		require.Equal(t, hub.ActEdit, owed[0].Act)
		require.Equal(t, first[0].ID, owed[0].Of)
		require.Equal(t, "Which printer?", owed[0].Message.Card.Text)
		require.Equal(t, "New topic · edited", owed[0].Message.Card.Kind)

		again := edit
		again.Post.EditReason = "nothing that shows"
		again.Post.Version, again.Post.UpdatedAt = 3, edit.Post.UpdatedAt.Add(time.Minute)
		require.Empty(t, f.hear(hub.ForumPostEdited, again), "it says so already")

		old := opening()
		old.Post.EditReason = "an older state that came late"
		require.Empty(t, f.hear(hub.ForumPostEdited, old))
	})
}

func TestTheTopicGoesIntoTheFirstMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _ := told(t, "slack | all | *")
		f.hear(hub.ForumPostCreated, post(2))
		now := topic()
		kind := func(event hub.EventType, change func(*hub.Topic)) string {
			change(now)
			copied := *now
			owed := f.hear(event, hub.Forum{Topic: &copied})
			require.Len(t, owed, 1, event)
			return owed[0].Message.Card.Kind
		}
		require.Equal(t, "New topic · closed", kind(hub.ForumTopicClosed, func(t *hub.Topic) { t.Closed = true }))
		require.Equal(t, "New topic · closed · archived", kind(hub.ForumTopicArchived, func(t *hub.Topic) { t.Archived = true }))
		require.Equal(t, "New topic · archived", kind(hub.ForumTopicOpened, func(t *hub.Topic) { t.Closed = false }))
		solution := post(2)
		owed := f.hear(hub.ForumTopicSolved, solution)
		require.Len(t, owed, 1)
		require.Equal(t, "New topic · solved · archived", owed[0].Message.Card.Kind)
		require.Equal(t, "Which **model**?", owed[0].Message.Card.Text)
		require.Empty(t, f.hear(hub.ForumTopicPinned, hub.Forum{Topic: now}), "it does not show")
	})
}

func TestDeletionStrikesAndRecoveryBringsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, first := told(t, "slack | all | *")
		gone := opening()
		gone.Post.Deleted = true
		owed := f.hear(hub.ForumPostDeleted, gone)
		require.Len(t, owed, 1)
		card := owed[0].Message.Card
		require.True(t, card.Struck)
		require.Empty(t, card.Text)
		require.Equal(t, "New topic · deleted", card.Kind)
		require.Equal(t, "Printer does not start", card.Title)
		gone.Post.EditReason = "told twice"
		require.Empty(t, f.hear(hub.ForumPostDeleted, gone))

		owed = f.hear(hub.ForumPostRecovered, opening())
		require.Len(t, owed, 1)
		require.Equal(t, first[0].Message.Card.Text, owed[0].Message.Card.Text)
		require.False(t, owed[0].Message.Card.Struck)
	})
}

func TestHidingHidesAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _ := told(t, "slack | all | *")
		spam := opening()
		spam.Post.Hidden = true
		owed := f.hear(hub.ForumPostEdited, spam)
		require.Len(t, owed, 1)
		require.Equal(t, "New topic · hidden", owed[0].Message.Card.Kind)
		require.Equal(t, "hidden by the forum", owed[0].Message.Card.Title)
		require.Empty(t, owed[0].Message.Card.Text)
		spam.Post.Hidden = false
		require.Equal(t, "Printer does not start", f.hear(hub.ForumPostEdited, spam)[0].Message.Card.Title)
	})
}

func TestATopicsDeletionStrikesAllOfIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _ := told(t, "slack | all | *")
		f.hear(hub.ForumPostCreated, post(2))
		three := post(3)
		three.Post.ID = "903"
		f.hear(hub.ForumPostCreated, three)
		three.Post.Deleted = true
		require.Len(t, f.hear(hub.ForumPostDeleted, three), 1)
		gone := topic()
		gone.Deleted = true
		require.Len(t, f.hear(hub.ForumTopicDeleted, hub.Forum{Topic: gone}), 2, "the third was struck before")
		back := f.hear(hub.ForumTopicRecovered, hub.Forum{Topic: topic()})
		require.Len(t, back, 2, "and stays so")
		require.Equal(t, "New topic", back[0].Message.Card.Kind)
	})
}

// TestWhatTurnsPrivateIsTakenBack moves a topic out of sight: where a row names
// the restricted category what was told may stay.
func TestWhatTurnsPrivateIsTakenBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *", "slack | staff | c/9,c/12")
		f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers"}})
		f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "12", Name: "Staff", Slug: "staff", Restricted: true}})
		require.Equal(t, []string{"all", "staff"}, chats(f.hear(hub.ForumPostCreated, opening())))
		require.Equal(t, []string{"all", "staff"}, chats(f.hear(hub.ForumPostCreated, post(2))))
		moved := topic()
		moved.CategoryID, moved.CategorySlug = "12", "staff"
		owed := f.hear(hub.ForumTopicEdited, hub.Forum{Topic: moved})
		acts := map[string]int{}
		for _, n := range owed {
			acts[n.Chat.ID+" "+string(n.Act)]++
		}
		require.Equal(t, map[string]int{"all retract": 2, "staff retract": 2, "staff ": 1}, acts, "row c/9 does not name the new category; row c/12 does, and hears of it as new")

		require.Empty(t, f.hear(hub.ForumTopicClosed, hub.Forum{Topic: func() *hub.Topic { c := *moved; c.Closed = true; return &c }()})[1:], "only what still stands is changed")
	})
}

func TestACategoryThatTurnsPrivateTakesItsTopicsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		before, first := told(t, "slack | all | *")
		before.stop()
		f := resume(t, before.memory, noDelay) // it was told before a restart
		owed := f.hear(hub.ForumCategoryUpdated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers", Restricted: true}})
		require.Len(t, owed, 1)
		require.Equal(t, hub.ActRetract, owed[0].Act)
		require.Equal(t, first[0].ID, owed[0].Of)
	})
}

func TestAMessageThatTurnsPrivate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _ := told(t, "slack | all | *")
		pm := topic()
		pm.Archetype, pm.CategoryID, pm.CategorySlug = hub.ArchetypePM, "", ""
		owed := f.hear(hub.ForumTopicEdited, hub.Forum{Topic: pm})
		require.Len(t, owed, 1)
		require.Equal(t, hub.ActRetract, owed[0].Act)
	})
}

func TestMovedTopicsAreNewToWhoNamesTheirPlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | printers | c/9", "slack | bugs | follow:c/12", "slack | linux | t/linux", "slack | moves | k/forum.topic.category_changed")
		tagged := topic()
		tagged.Tags = []string{"mac"}
		f.hear(hub.ForumTopicCreated, hub.Forum{Topic: tagged})
		require.Equal(t, []string{"printers"}, chats(f.hear(hub.ForumPostCreated, opening())))
		moved := *tagged
		moved.CategoryID, moved.CategorySlug, moved.Tags = "12", "bugs", []string{"mac", "linux"}
		owed := f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &moved})
		byChat := map[string]hub.Notification{}
		for _, n := range owed {
			byChat[n.Chat.ID] = n
		}
		require.Len(t, owed, 4)
		require.Equal(t, hub.ActEdit, byChat["printers"].Act, "it shows the new category and tags")
		require.Equal(t, "Moved", byChat["bugs"].Message.Card.Kind)
		require.Equal(t, "New tags", byChat["linux"].Message.Card.Kind)
		require.Equal(t, "Moved", byChat["moves"].Message.Card.Kind)

		closed := moved
		closed.Closed = true
		require.Equal(t, []string{"printers", "bugs", "linux"}, chats(f.hear(hub.ForumTopicClosed, hub.Forum{Topic: &closed})), "all that tell of the topic show that it is closed")

		back := closed
		back.CategoryID, back.CategorySlug = "9", "printers"
		again := f.hear(hub.ForumTopicEdited, hub.Forum{Topic: &back})
		require.Contains(t, chats(again), "moves", "a row that asks for moves hears each")
	})
}

// TestOldMessagesAreKnownByTheirReceipt changes a message that its worker has
// forgotten.
func TestOldMessagesAreKnownByTheirReceipt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, first := told(t, "slack | all | thread:*")
		f.mu.Lock()
		f.receipts[first[0].ID] = hub.Receipt{Ref: "C1/123"}
		f.mu.Unlock()
		require.Empty(t, f.hear(hub.ForumPostCreated, post(2))[0].Root, "its worker knows the thread")
		closed := topic()
		closed.Closed = true
		require.Empty(t, f.hear(hub.ForumTopicClosed, hub.Forum{Topic: closed})[0].Ref, "its worker knows the message")
		f.after(time.Hour)
		require.EqualValues(t, "C1/123", f.hear(hub.ForumTopicOpened, hub.Forum{Topic: topic()})[0].Ref, "which may have sent many since")
		f.after(72 * time.Hour)
		require.EqualValues(t, "C1/123", f.hear(hub.ForumPostCreated, post(3))[0].Root)
		require.EqualValues(t, "C1/123", f.hear(hub.ForumTopicClosed, hub.Forum{Topic: closed})[0].Ref)
	})
}

func TestWhatWasToldOutlivesTheRouter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, first := told(t, "slack | all | *")
		f.stop()
		again := resume(t, f.memory, noDelay)
		closed := topic()
		closed.Closed = true
		owed := again.hear(hub.ForumTopicClosed, hub.Forum{Topic: closed})
		require.Len(t, owed, 1)
		require.Equal(t, first[0].ID, owed[0].Of)
	})
}

// TestAChangeForOneChatLeavesTheOthers holds that a hub which has just begun, and has
// changed what one chat was told of a post, still knows what others were told of it.
func TestAChangeForOneChatLeavesTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := table(t, "slack | all | *", "slack | unlisted | *")
		m.rows[1].Options.Unlisted = true
		f := resume(t, m, noDelay)
		f.hear(hub.ForumPostCreated, opening())
		require.Len(t, f.hear(hub.ForumPostCreated, post(2)), 2)
		f.stop()

		again := resume(t, m, noDelay)
		unlisted := topic()
		unlisted.Unlisted = true
		require.Equal(t, []string{"all", "all"}, chats(again.hear(hub.ForumTopicUnlisted, hub.Forum{Topic: unlisted})), "both posts are hidden there")
		edit := post(2)
		edit.Topic = unlisted
		edit.Post.HTML, edit.Post.Version, edit.Post.UpdatedAt = "<p>That one.</p>", 2, edit.Post.UpdatedAt.Add(time.Minute)
		owed := again.hear(hub.ForumPostEdited, edit)
		require.Equal(t, []string{"unlisted"}, chats(owed))
		require.Equal(t, hub.ActEdit, owed[0].Act)
	})
}

// TestADatabaseThatIsAwayHoldsEventsUp holds that what cannot be looked up is
// not guessed: the event comes again.
func TestADatabaseThatIsAwayHoldsEventsUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *")
		f.mu.Lock()
		f.failStore = errors.New("the database is away")
		f.mu.Unlock()
		require.ErrorContains(t, f.give(hub.ForumPostCreated, opening()), "the database is away")
		f.mu.Lock()
		f.failStore = nil
		batch := f.log
		f.mu.Unlock()
		f.events <- batch
		require.NoError(t, <-f.handled)
		require.Len(t, f.now(), 1)
		require.Zero(t, f.floor())
	})
}

func TestThreading(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := table(t, "slack | thread | thread:*", "slack | flat | thread:*", "slack | both | *", "slack | watch | *")
		m.rows[1].Options.Thread, m.rows[2].Options.Thread = hub.ThreadFlat, hub.ThreadBoth
		f := resume(t, m, noDelay)
		f.hear(hub.ForumPostCreated, opening())
		in := map[string]hub.Message{}
		for _, n := range f.hear(hub.ForumPostCreated, post(2)) {
			in[n.Chat.ID] = n.Message
		}
		require.True(t, in["thread"].InThread)
		require.False(t, in["thread"].Broadcast)
		require.False(t, in["flat"].InThread)
		require.True(t, in["both"].InThread)
		require.True(t, in["both"].Broadcast)
		require.False(t, in["watch"].InThread)
	})
}
