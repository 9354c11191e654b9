package discourse_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// TestEveryKindCanBeAskedFor holds that what a forum tells of can be asked for.
func TestEveryKindCanBeAskedFor(t *testing.T) {
	for _, kind := range []hub.EventType{
		hub.ForumTopicCreated, hub.ForumTopicUnarchived, hub.ForumTopicPinned, hub.ForumTopicUnpinned, hub.ForumTopicListed, hub.ForumTopicUnlisted,
		hub.ForumTopicStatus, hub.ForumTopicUnvoted, hub.ForumCategoryDeleted, hub.ForumTagUpdated, hub.ForumTagDeleted, hub.ForumGroupUpdated, hub.ForumGroupDeleted,
	} {
		s := newStage(t, newWorld())
		r := s.line("watch all kind:" + string(kind))
		text := ""
		if r.OK != nil {
			text = r.OK.Text
		}
		require.Equal(t, hub.OutcomeCreated, r.Outcome(), "%s: %s", kind, text)
	}
}

// TestSaysSilencedWhereItIs holds that a rule is said to be silenced by a mute of
// everything where it is, and only there.
func TestSaysSilencedWhereItIs(t *testing.T) {
	for line, f := range map[string]rules.Facts{
		"watch all group:helpers":     {Source: "meta", Type: hub.ForumPostCreated, Topic: "301", Mentions: []string{"helpers"}, Categories: []rules.Category{{ID: "5"}}},
		"watch all kind:topic.solved": {Source: "meta", Type: hub.ForumTopicSolved, Topic: "301", Categories: []rules.Category{{ID: "5"}}},
		"watch support tag:bug":       {Source: "meta", Type: hub.ForumPostCreated, Topic: "301", Tags: []string{"bug"}, Categories: []rules.Category{{ID: "5"}}},
	} {
		s := newStage(t, newWorld())
		s.line("mute all")
		r := s.line(line)
		d := rules.Compile(s.world.table).Match(&f, nil)
		says := strings.Contains(r.OK.Text, "nothing of it will come here")
		if says != d[0].Mute {
			t.Errorf("%s: says that nothing comes: %v; nothing comes: %v", line, says, d[0].Mute)
		}
	}
}

// TestMuteTopicSaysWhatStillComes holds that what is muted by button is not told any
// more, or that the answer says what is.
func TestMuteTopicSaysWhatStillComes(t *testing.T) {
	s := newStage(t, newWorld())
	s.line("watch all kind:topic.solved")
	state, err := json.Marshal(map[string]string{"source": "meta", "topic": "301", "title": "Paper jam"})
	require.NoError(t, err)
	r := s.do(hub.Call{Function: "mute-topic", State: string(state)})
	d := rules.Compile(s.world.table).Match(&rules.Facts{Source: "meta", Type: hub.ForumTopicSolved, Topic: "301", Categories: []rules.Category{{ID: "5"}}}, nil)
	if !d[0].Mute && !strings.Contains(r.OK.Text, "still come") {
		t.Error("told all the same, and the answer does not say so")
	}
}

// TestWhyNamesNoWhisperer holds that who has written a whisper is not told, whether it
// is decided, waits, or was long ago.
func TestWhyNamesNoWhisperer(t *testing.T) {
	s := newStage(t, newWorld())
	s.line("watch support")
	s.write(post{topic: "301", number: 1, author: "bob"})
	e := s.write(post{topic: "301", number: 4, author: "secret_moderator", why: "the post is a whisper"})
	e.Data = []byte(strings.Replace(string(e.Data), `"kind":"regular"`, `"kind":"whisper"`, 1))
	require.Contains(t, string(e.Data), "whisper")
	r := s.line("why https://forum.example.com/t/301/4")
	require.NotContains(t, r.OK.Text, "secret")
	delete(s.traces, e.ID)
	e.ReceivedTime = s.now
	r = s.line("why https://forum.example.com/t/301/4")
	require.NotContains(t, r.OK.Text, "secret", "while it is not decided")
	e.ReceivedTime = s.now.Add(-72 * time.Hour)
	r = s.line("why https://forum.example.com/t/301/4")
	require.NotContains(t, r.OK.Text, "secret", "days later")
}

// TestRemoveInDialogWhileOthersRemove holds that a rule of a list that was shown is the
// one that is removed, whatever was removed meanwhile.
func TestRemoveInDialogWhileOthersRemove(t *testing.T) {
	s := newStage(t, newWorld())
	s.line("watch support")
	s.line("watch market")
	s.line("watch site-feedback")
	f := s.function("remove")
	form, err := f.Refresh(t.Context(), &hub.Command{Command: hub.Call{Function: "remove", Kind: hub.KindForm}, Context: room})
	require.NoError(t, err)
	state := form.Call.State
	options, err := f.Lookup(t.Context(), &hub.Command{Command: hub.Call{Function: "remove", Kind: hub.KindLookup, State: state}, Context: room}, "which", "")
	require.NoError(t, err)
	s.line("remove 1") // somebody else, meanwhile
	chosen := options[1]
	require.Contains(t, chosen.Label, "Market")
	r := s.do(hub.Call{Function: "remove", State: state, Encoded: hub.Values{"which": {chosen.Value}}})
	require.Contains(t, r.OK.Text, "Market")
}

// TestNumberOfOneForumOnly holds that the number of a category, which is that of one
// forum, makes no rule of every forum.
func TestNumberOfOneForumOnly(t *testing.T) {
	w := newWorld()
	w.forums["docs"] = docsForum()
	s := newStage(t, w)
	r := s.line("watch 14 --source all") // Site Feedback of meta
	require.NotContains(t, s.lines(), "c/14", r.OK.Text)
	r = s.line("watch 5 --source all") // Support of meta, Guides of docs
	require.NotContains(t, s.lines(), "c/5", "which is Support on meta, and Guides on docs")
	r = s.line("watch 15 --source all") // has nothing but its number
	require.Equal(t, hub.OutcomeError, r.Outcome())
}

// TestARuleGrowsWithinBounds holds that a rule that has grown is still one that may be.
func TestARuleGrowsWithinBounds(t *testing.T) {
	w := newWorld()
	for i := range 300 {
		w.forums["meta"].Tags = append(w.forums["meta"].Tags, hub.ForumTag{Name: fmt.Sprintf("tag%d", i)})
	}
	s := newStage(t, w)
	var outcomes []string
	for from := 0; from < 300; from += 90 {
		line := "watch support"
		for i := from; i < min(300, from+90); i++ {
			line += fmt.Sprintf(" tag:tag%d", i)
		}
		outcomes = append(outcomes, s.line(line).Outcome())
	}
	require.Equal(t, []string{hub.OutcomeCreated, hub.OutcomeUpdated, hub.OutcomeError, hub.OutcomeError}, outcomes)
	require.Empty(t, rules.Validate(s.world.table[0]))
}

// TestUndoOfATimedMute holds that a rule which was switched off, muted a topic for a
// while and was brought back by Undo stays.
func TestUndoOfATimedMute(t *testing.T) {
	s := newStage(t, newWorld())
	s.world.table = append(s.world.table, hub.Subscription{ID: "s90", Chat: room.Chat(), Source: "meta", Mode: hub.Mute, Enabled: false, Filters: []hub.Filter{{Type: hub.FilterTopic, Any: []string{"301"}}}})
	state, _ := json.Marshal(map[string]string{"source": "meta", "topic": "301", "title": "Paper jam"})
	s.do(hub.Call{Function: "snooze", State: string(state), Encoded: hub.Values{"when": {"2h topic"}}})
	s.press("Undo")
	s.now = s.now.Add(3 * time.Hour)
	require.NoError(t, s.app.Sweep(t.Context()))
	require.Len(t, s.world.table, 1)
}
