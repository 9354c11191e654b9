package route_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// delayed is a forum whose rows wait for 20 seconds.
var delayed = forum.Source{Name: "meta", Delay: 20 * time.Second}

func opening() hub.Forum {
	f := post(1)
	f.Post.ID, f.Post.UpdatedAt = "901", time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	return f
}

func TestDelayMergesEdits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := resume(t, table(t, "slack | all | *"), delayed)
		require.Empty(t, f.hear(hub.ForumPostCreated, opening()))
		edit := opening()
		edit.Post.HTML, edit.Post.Version, edit.Post.UpdatedAt = "<p>Which printer?</p>", 2, edit.Post.UpdatedAt.Add(time.Minute)
		require.Empty(t, f.hear(hub.ForumPostEdited, edit), "merged")
		retitled := topic()
		retitled.Title, retitled.Tags = "The printer does not start", []string{"linux"}
		require.Empty(t, f.hear(hub.ForumTopicEdited, hub.Forum{Topic: retitled}))
		require.Empty(t, f.after(19*time.Second))
		owed := f.after(time.Second)
		require.Len(t, owed, 1)
		card := owed[0].Message.Card
		require.Equal(t, "The printer does not start", card.Title)
		require.Equal(t, "Which printer?", card.Text)
		require.Equal(t, "linux", card.Tags[0].Name)
		require.Equal(t, "New topic", card.Kind)
		require.Empty(t, f.after(time.Minute))
	})
}

func TestDelayMergesDeletionsAndHiding(t *testing.T) {
	for name, change := range map[string]func(*hub.Forum) hub.EventType{
		"deleted": func(f *hub.Forum) hub.EventType { f.Post.Deleted = true; return hub.ForumPostDeleted },
		"hidden":  func(f *hub.Forum) hub.EventType { f.Post.Hidden = true; return hub.ForumPostEdited },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := resume(t, table(t, "slack | all | *"), delayed)
				require.Empty(t, f.hear(hub.ForumPostCreated, opening()))
				gone := opening()
				require.Empty(t, f.hear(change(&gone), gone))
				require.Empty(t, f.after(time.Minute))
				f.stop()
				trace := f.traces[f.log[0].Event.ID]
				require.Equal(t, hub.VerdictDropped, trace.Verdict)
				require.Equal(t, "the post is "+name, trace.Why)
			})
		})
	}
}

func TestDelayMergesMoves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := resume(t, table(t, "slack | old | c/9", "slack | new | c/12"), delayed)
		require.Empty(t, f.hear(hub.ForumPostCreated, opening()))
		moved := topic()
		moved.CategoryID, moved.CategorySlug = "12", "bugs"
		require.Empty(t, f.hear(hub.ForumTopicEdited, hub.Forum{Topic: moved}))
		owed := f.after(time.Minute)
		require.Equal(t, []string{"new"}, chats(owed), "told where it stands now, and once")
		require.Equal(t, "New topic", owed[0].Message.Card.Kind)
	})
}

func TestEachRowHasItsDelay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := table(t, "slack | now | *", "slack | soon | *", "slack | late | *", "slack | default | *")
		m.rows[0].Options.Delay, m.rows[1].Options.Delay, m.rows[2].Options.Delay = "0s", "5s", "1h"
		f := resume(t, m, delayed)
		require.Equal(t, []string{"now"}, chats(f.hear(hub.ForumPostCreated, opening())))
		require.Equal(t, []string{"soon"}, chats(f.after(5*time.Second)))
		require.Equal(t, []string{"default"}, chats(f.after(15*time.Second)))
		require.Empty(t, f.after(59*time.Minute))
		require.Equal(t, []string{"late"}, chats(f.after(time.Minute)))
	})
}

// TestDelaysSurviveARestart ends the router while a message waits: the event is
// not passed by its cursor, and the next router sends it, once.
func TestDelaysSurviveARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := table(t, "slack | now | *", "slack | default | *")
		m.rows[0].Options.Delay = "0s"
		f := resume(t, m, delayed)
		first := f.hear(hub.ForumPostCreated, opening())
		require.Equal(t, []string{"now"}, chats(first))
		require.EqualValues(t, 1, f.floor())
		f.stop()

		time.Sleep(30 * time.Second)
		again := resume(t, m, delayed)
		again.events <- m.log
		require.NoError(t, <-again.handled)
		owed := again.now()
		require.Equal(t, []string{"now", "default"}, chats(owed))
		require.Equal(t, first[0].ID, owed[0].ID, "whoever sent it knows it by its id")
		require.Zero(t, again.floor())
	})
}

func TestCreationIsOneEvent(t *testing.T) {
	created := func() hub.Forum {
		told := topic()
		told.Tags = []string{"linux"}
		return hub.Forum{Topic: told}
	}
	rows := []string{"slack | posts | *", "slack | topics | k/forum.topic.created", "slack | both | k/forum.*", "slack | tagged | follow:t/linux"}
	t.Run("the topic first", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := start(t, rows...)
			require.Empty(t, f.hear(hub.ForumTopicCreated, created()), "it waits for its text")
			owed := f.hear(hub.ForumPostCreated, opening())
			require.Equal(t, []string{"posts", "topics", "both", "tagged"}, chats(owed))
			require.Equal(t, "Which **model**?", owed[1].Message.Card.Text)
			require.Empty(t, f.after(time.Minute))
		})
	})
	t.Run("the topic first, and both read late", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m := table(t, rows...)
			f := resume(t, m, noDelay)
			require.Empty(t, f.hear(hub.ForumTopicCreated, created()))
			f.stop()
			time.Sleep(time.Minute)
			again := resume(t, m, noDelay)
			again.events <- m.log
			require.NoError(t, <-again.handled)
			require.Empty(t, again.after(time.Second), "its first post comes as late")
			require.Len(t, again.hear(hub.ForumPostCreated, opening()), 4)
			require.Empty(t, again.after(time.Minute))
		})
	})
	t.Run("the post first", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := start(t, rows...)
			owed := f.hear(hub.ForumPostCreated, opening())
			require.Equal(t, []string{"posts", "topics", "both"}, chats(owed))
			more := f.hear(hub.ForumTopicCreated, created())
			require.Len(t, more, 4)
			for _, n := range more[:3] {
				require.Equal(t, hub.ActEdit, n.Act, "the tags go into what was told")
				require.Equal(t, "linux", n.Message.Card.Tags[0].Name)
			}
			require.Equal(t, "tagged", more[3].Chat.ID)
			require.Equal(t, "Which **model**?", more[3].Message.Card.Text)
			require.Empty(t, f.after(time.Minute))
		})
	})
	t.Run("with a delay", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := resume(t, table(t, rows...), delayed)
			require.Empty(t, f.hear(hub.ForumPostCreated, opening()))
			require.Empty(t, f.hear(hub.ForumTopicCreated, created()))
			require.Equal(t, []string{"posts", "topics", "both", "tagged"}, chats(f.after(20*time.Second)))
			require.Empty(t, f.after(time.Minute))
		})
	})
	t.Run("without the post", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := start(t, rows...)
			require.Empty(t, f.hear(hub.ForumTopicCreated, created()))
			require.Equal(t, []string{"posts", "topics", "both", "tagged"}, chats(f.after(2*time.Second)))
		})
	})
}

// TestAnEditMayOvertakeTheCreation holds that the newer text is told.
func TestAnEditMayOvertakeTheCreation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | *")
		edit := opening()
		edit.Post.HTML, edit.Post.Version, edit.Post.UpdatedAt = "<p>Newer</p>", 2, edit.Post.UpdatedAt.Add(time.Minute)
		require.Empty(t, f.hear(hub.ForumPostEdited, edit))
		owed := f.hear(hub.ForumPostCreated, opening())
		require.Len(t, owed, 1)
		require.Equal(t, "Newer", owed[0].Message.Card.Text)
	})
}

// TestACrowdedDeskKeepsItsMemory holds more events back than the desk keeps
// whole: what they say is read again, with what has changed meanwhile.
func TestACrowdedDeskKeepsItsMemory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := resume(t, table(t, "slack | all | *"), delayed)
		const many = 6000
		for n := 2; n < many+2; n++ {
			data := post(n)
			data.Post.ID, data.Post.HTML = fmt.Sprint("p", n), fmt.Sprintf("<p>text %d</p>", n)
			require.NoError(t, f.give(hub.ForumPostCreated, data))
		}
		edit := post(many)
		edit.Post.ID, edit.Post.HTML, edit.Post.Version = fmt.Sprint("p", many), "<p>edited</p>", 2
		require.NoError(t, f.give(hub.ForumPostEdited, edit))
		gone := post(many - 1)
		gone.Post.ID, gone.Post.Deleted = fmt.Sprint("p", many-1), true
		require.NoError(t, f.give(hub.ForumPostDeleted, gone))
		owed := f.after(time.Minute)
		require.Len(t, owed, many-1)
		for i, n := range owed[:many-3] {
			require.Equal(t, fmt.Sprintf("text %d", i+2), n.Message.Card.Text)
		}
		require.Equal(t, "edited", owed[many-3].Message.Card.Text)
		require.Zero(t, f.floor())
	})
}
