package alert_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/alert"
)

func TestSystemPausesAndGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		defer w.watch()()
		after(look)
		require.Empty(t, w.hears())
		w.waits = 1
		w.state("matrix", "paused", "matrix: M_UNKNOWN_TOKEN: `x`\nInvalid access token.")
		after(look)
		require.Equal(t, "**matrix is paused.** Since 2 March 12:00 UTC it takes no messages: `matrix: M_UNKNOWN_TOKEN: 'x' Invalid access token`. "+
			"1 message waits for it, none is lost.\n\n"+
			"If its credentials are refused, put the right ones into [providers.matrix] and start its process again. "+
			"If the platform does not answer, there is nothing to do: it goes on by itself.", one(t, w.hears()))
		after(24 * time.Hour)
		require.Empty(t, w.hears(), "once")
		w.change(func() { w.waits = 42 })
		w.state("matrix", "ok", "")
		after(look)
		require.Equal(t, "**matrix goes on.** It took no messages since 2 March 12:00 UTC, for 24 h 0 min: `matrix: M_UNKNOWN_TOKEN: 'x' Invalid access token`. "+
			"42 messages have waited, and go out now in their order.", one(t, w.hears()))
		after(time.Hour)
		require.Empty(t, w.hears())
	})
}

func TestChatsArePaused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		defer w.watch()()
		w.shut("slack", "C1")
		after(look)
		require.Equal(t, "**1 chat of slack takes no messages.** They wait, none is lost.\n\n"+
			"- `C1` since 2 March 11:00 UTC: `not_in_channel`\n\n"+
			"Each is tried again within the hour; `bellhop resume slack CHAT` tries at once.", one(t, w.hears()))
		after(time.Hour)
		require.Empty(t, w.hears(), "once")
		w.shut("slack", "C1", "C2")
		after(look)
		require.Contains(t, one(t, w.hears()), "2 chats of slack take no messages")
		w.shut("slack", "C2")
		after(look)
		require.Empty(t, w.hears(), "one of them is well again")
		w.state("slack", "unknown", "nothing was heard of it")
		after(look)
		require.Empty(t, w.hears(), "what its chats are like is not known")
		for range 20 { // its chats go from one worker to another, which finds it out anew
			w.shut("slack", "C1")
			after(look)
			w.shut("slack", "C2")
			after(look)
			w.shut("slack")
			after(look)
		}
		require.Empty(t, w.hears(), "both are known to be paused")
		after(5 * time.Minute)
		require.Equal(t, "**All chats of slack take messages again.** What waited for them goes out now, in its order.", one(t, w.hears()))
		w.shut("slack", "C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9")
		after(time.Hour)
		require.Contains(t, one(t, w.hears()), "- and 2 more")
	})
}

func TestSystemOfTheOperatorsChatIsPaused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		stop := w.watch(func(c *alert.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		w.state("slack", "paused", "slack: invalid_auth")
		after(time.Hour)
		require.Empty(t, w.hears(), "it could not be delivered")
		w.state("slack", "ok", "")
		after(look)
		require.Equal(t, "**slack goes on.** It took no messages since 2 March 12:00 UTC, for 60 minutes: `slack: invalid_auth`.", one(t, w.hears()))
		stop()
		require.Equal(t, 1, strings.Count(log.String(), "cannot hear that it is itself in trouble"))
		require.Contains(t, log.String(), "level=ERROR")
	})
}

func TestNothingIsToldTwiceAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		kill := w.watch()
		after(time.Second)
		w.state("matrix", "paused", "why")
		w.change(func() { w.free = 5 * gib; w.dead = append(w.dead, letter("slack", hub.FaultRejected)) })
		after(look)
		require.Len(t, w.hears(), 3)
		kill()
		for range 3 {
			kill = w.watch()
			w.state("matrix", "unknown", "its credentials have not been checked yet")
			after(look)
			w.state("matrix", "paused", "why")
			after(10 * time.Minute)
			require.Empty(t, w.hears())
			kill()
		}
		w.state("matrix", "ok", "")
		w.change(func() { w.free = 50 * gib })
		defer w.watch()()
		require.Len(t, w.hears(), 2, "what ended meanwhile is told")
	})
}

func TestWhatComesAndGoesIsNotToldEachTime(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		defer w.watch()()
		for range 30 { // an hour
			w.state("matrix", "paused", "why")
			after(time.Minute)
			w.state("matrix", "ok", "")
			after(time.Minute)
		}
		require.Len(t, w.hears(), 8, "four pauses, and their ends")
		w.state("matrix", "paused", "why")
		after(20 * time.Minute)
		require.Contains(t, one(t, w.hears()), "is paused", "what lasts is told")
	})
}

func TestSystemThatNobodyServes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.state("matrix", "unknown", "no worker of this system was heard of in the last minute")
		defer w.watch()()
		after(4 * time.Minute)
		require.Empty(t, w.hears(), "a worker that is started anew")
		after(2 * time.Minute)
		text := one(t, w.hears())
		require.Contains(t, text, "**matrix is not served.** Nothing was heard of its worker since 2 March 12:00 UTC: `no worker of this system was heard of in the last minute`. No message waits for it so far")
		require.Contains(t, text, "See whether `bellhop worker matrix` runs")
		w.state("matrix", "paused", "matrix: M_UNKNOWN_TOKEN")
		after(look)
		require.Contains(t, one(t, w.hears()), "**matrix is paused.**", "another trouble is told, too")
		w.state("matrix", "ok", "")
		after(look)
		require.Contains(t, one(t, w.hears()), "**matrix goes on.** It took no messages since 2 March 12:00 UTC")
	})
}

func TestDiskFills(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		defer w.watch()()
		w.change(func() { w.free = 9*gib + gib/2 })
		after(look)
		require.Equal(t, "**The disk under ./data is almost full:** 9.5 GiB of 100.0 GiB are free. When nothing is left, no event is accepted any more, and no message is sent.\n\nMake room.", one(t, w.hears()))
		for _, free := range []int64{11, 8, 10, 11, 9} {
			w.change(func() { w.free = free * gib })
			after(time.Hour)
		}
		require.Empty(t, w.hears(), "it wavers")
		w.change(func() { w.free = 13 * gib })
		after(look)
		require.Equal(t, "**The disk under ./data has room again:** 13.0 GiB of 100.0 GiB are free.", one(t, w.hears()))
	})
}

func letter(system hub.System, fault hub.Fault) hub.DeadLetter {
	return hub.DeadLetter{
		Notification: hub.Notification{Chat: hub.Chat{System: system, ID: "C1"}}, Fault: fault, Reason: "so it is", At: time.Now(),
	}
}

func TestDeadLettersGrow(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.dead = append(w.dead, letter("slack", hub.FaultStale))
		defer w.watch()()
		after(time.Hour)
		require.Empty(t, w.hears(), "what was there before")
		bury := func(system hub.System, fault hub.Fault) {
			w.change(func() { w.dead = append(w.dead, letter(system, fault)) })
			after(time.Second)
		}
		bury("slack", hub.FaultChatGone)
		after(look)
		require.Equal(t, "**1 message was given up** since 2 March 13:00 UTC:\n\n- 1 to slack: the chat is gone, or the bot is not in it\n\n"+
			"The newest, to `C1` of slack: `so it is`.\n\n"+
			"They are kept with their reasons. Mend what stands in the way, then have them sent again: `bellhop dead list` shows them, `bellhop dead retry` sends.", one(t, w.hears()))
		for range 3 {
			bury("matrix", hub.FaultRejected)
			bury("slack", hub.FaultTemporary)
			bury("matrix", hub.FaultRejected)
			after(10 * time.Minute)
		}
		require.Empty(t, w.hears(), "within the hour")
		after(30 * time.Minute)
		require.Contains(t, one(t, w.hears()), "**9 messages were given up** since 2 March 13:00 UTC:\n\n- 6 to matrix: refused by the platform\n- 3 to slack: failed at every attempt\n")
		after(3 * time.Hour)
		require.Empty(t, w.hears())
		for i := range 101 {
			bury(hub.System(fmt.Sprint("s", i%9)), "new_fault")
		}
		after(time.Hour)
		said := w.hears()
		require.Len(t, said, 2)
		require.Contains(t, said[1], "- and others")
	})
}

func TestSourceGoesQuiet(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for at := w.begin.AddDate(0, 0, -14); !at.After(w.begin); at = at.Add(4 * time.Minute) {
			w.events["meta"] = append(w.events["meta"], at)
		}
		w.events["blog"] = []time.Time{w.begin.AddDate(0, 0, -9), w.begin.AddDate(0, 0, -4)}
		kill := w.watch()
		after(59 * time.Minute)
		require.Empty(t, w.hears())
		after(15 * time.Minute)
		require.Equal(t, "**meta has gone quiet.** Nothing has come from it since 2 March 12:00 UTC, for 65 minutes; on other days something always came in such a time.\n\n"+
			"If it is not just a calm day: Look at its webhook.", one(t, w.hears()))
		after(3 * time.Hour)
		kill()
		kill = w.watch()
		after(3 * time.Hour)
		require.Empty(t, w.hears(), "once, and a blog is often quiet")
		w.change(func() { w.events["meta"] = append(w.events["meta"], time.Now()) })
		after(look)
		require.Equal(t, "**meta is heard again,** since 2 March 19:14 UTC. Nothing had come from it since 2 March 12:00 UTC.", one(t, w.hears()))
		kill()
	})
}

// TestNobodyListened starts a hub that was down: a source cannot be blamed for
// what nobody heard.
func TestNobodyListened(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for at := w.begin.AddDate(0, 0, -14); !at.After(w.begin); at = at.Add(4 * time.Minute) {
			w.events["meta"] = append(w.events["meta"], at)
		}
		after(5 * time.Hour)
		kill := w.watch()
		after(50 * time.Minute)
		require.Empty(t, w.hears())
		kill()
		defer w.watch()()
		after(50 * time.Minute)
		require.Empty(t, w.hears())
		after(20 * time.Minute)
		require.Contains(t, one(t, w.hears()), "since 2 March 12:00 UTC, for 6 h 55 min")
	})
}

// TestHabitIsRemembered counts on nothing but the memory: the events are gone.
func TestHabitIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		kill := w.watch()
		for range 5 * 24 * 15 { // five days
			w.change(func() { w.events["meta"] = []time.Time{time.Now()} })
			after(4 * time.Minute)
		}
		require.Greater(t, w.written, 15)
		require.Less(t, w.written, 25)
		kill()
		kill = w.watch()
		after(2 * time.Hour)
		require.Contains(t, one(t, w.hears()), "meta has gone quiet")
		kill()
		w.change(func() { w.memory, w.events = []byte("{"), map[hub.Source][]time.Time{} })
		defer w.watch()()
		after(24 * time.Hour)
		require.Empty(t, w.hears(), "with neither memory nor events there is no habit")
	})
}

func TestNothingIsWatchedThatIsNotWanted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for at := w.begin.AddDate(0, 0, -14); !at.After(w.begin); at = at.Add(4 * time.Minute) {
			w.events["meta"] = append(w.events["meta"], at)
		}
		w.free = 0
		defer w.watch(func(c *alert.Config) { c.QuietAfter, c.DiskFree = 0, 0 })()
		after(24 * time.Hour)
		require.Empty(t, w.hears())
	})
}

func TestWhatCannotBeSaidIsSaidLater(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		stop := w.watch(func(c *alert.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		after(time.Second)
		w.change(func() { w.refuse = errAway; w.free = 0; w.dead = append(w.dead, letter("slack", hub.FaultStale)) })
		w.state("matrix", "paused", "why")
		after(time.Hour)
		w.change(func() { w.refuse = nil })
		after(look)
		require.Len(t, w.hears(), 3)
		w.change(func() { w.fail = errAway })
		w.state("matrix", "ok", "")
		after(time.Hour)
		w.change(func() { w.fail = nil })
		after(look)
		require.Contains(t, one(t, w.hears()), "matrix goes on")
		stop()
		require.Less(t, strings.Count(log.String(), "interrupted"), 12, "the first of several failures is logged")
	})
}

func TestMemoryThatIsAwayAtTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.fail = errAway
		w.state("matrix", "paused", "why")
		defer w.watch()()
		after(time.Hour)
		require.Empty(t, w.hears(), "it may have been told before")
		w.change(func() { w.fail, w.forget = nil, errAway })
		after(look)
		require.Len(t, w.hears(), 1)
		after(time.Hour)
		require.Empty(t, w.hears(), "what could not be stored is known all the same")
		w.change(func() { w.forget = nil })
		after(look)
		require.Contains(t, string(w.memory), "system matrix")
	})
}
