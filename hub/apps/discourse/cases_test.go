package discourse_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
)

// What people type, and what they are told: the answers are in testdata.
func TestPlays(t *testing.T) {
	for name, steps := range plays {
		t.Run(name, func(t *testing.T) {
			golden(t, name, newStage(t, newWorld()).play(steps))
		})
	}
	files, err := os.ReadDir("testdata")
	require.NoError(t, err)
	written := 0
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".txt") {
			written++
		}
	}
	require.Equal(t, len(plays), written, "a text that no play writes is stale")
}

func with(change func(*world)) func(*stage) { return func(s *stage) { change(s.world) } }

func later(d time.Duration) func(*stage) {
	return func(s *stage) {
		s.now = s.now.Add(d)
		if err := s.app.Sweep(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

func wrote(p post) func(*stage) { return with(func(w *world) { w.write(p) }) }

func twoForums(s *stage) {
	s.forums["docs"] = docsForum()
	s.app = s.world.app()
}

func inDialog(s *stage) { s.context.Source.ID = hub.FromDialog }

func inDirectChat(s *stage) { s.context.Channel = hub.Channel{ID: "D1", Name: "anna", Direct: true} }

func inThread(s *stage) { s.context.RootPost = "170000.1" }

func away(s *stage) {
	forum := *s.forums["meta"]
	forum.Complete = false
	s.forums["meta"] = &forum
}

func asMember(s *stage) { s.level = hub.Member }

var plays = map[string][]any{
	// What a chat hears.
	"watch a category":               {"watch support"},
	"watch in any case":              {"watch SUPPORT", "watch Market/PRINTERS tag:Bug tag:pdf"},
	"watch by id":                    {"watch 13", "watch 999"},
	"watch by name":                  {`watch "Site Feedback"`, `watch "printers FOR sale"`},
	"watch by quoted name with tags": {`follow "site feedback" tag:bug -tag:wip author:anna -author:@bots`},
	"watch a subcategory":            {"watch support/printers", "watch support/*", `watch "Support / Printers"`},
	"watch a hashtag":                {"watch #support", "watch #market:printers tag:#bug"},
	"watch a link":                   {"watch https://forum.example.com/c/market/printers/12", "watch <https://forum.example.com/c/support/5/l/latest>", "watch https://forum.example.com/c/support/5/all", "watch https://forum.example.com/tag/bug"},
	"watch a wrong link":             {"watch https://forum.example.com/t/paper-jam/301", "watch https://forum.example.com/u/anna", "watch https://elsewhere.example.com/c/support/5", "watch https://forum.example.com/c/nothing/77"},
	"watch everything":               {"watch all", "watch *", "watch ALL"},
	"watch unicode":                  {"watch 日本語", "watch CAFÉ tag:GRÖSSE", "watch café tag:GRÖßE", "watch cafe", "watch 🎉"},
	"watch nothing":                  {"watch", "watch --source meta"},
	"watch nothing in a form":        {"watch", func(s *stage) { s.do(*s.last.Form.Call); s.writeReply() }},
	"tags alone":                     {"watch tag:bug", "follow tag:urgent,wip"},
	"tags left out":                  {"watch support -tag:wip", "watch support tag:bug -tag:bug"},
	"every mode":                     {"watch support", "follow market", "thread site-feedback", "mute members", "status"},
	"authors":                        {"watch support author:anna", "watch support author:@helpers", "watch market author:@staff -author:@bots", "watch market author:@anna", "[The person anna]", "watch market author:bob -author:bob"},
	"groups":                         {"watch all group:helpers", "watch all group:@Helpers", "watch all group:helprs", "[helpers]"},
	"kinds":                          {"watch support kind:forum.topic.solved", "watch market kind:topic.solved kind:forum.post.*", "watch all kind:forum.topic.solvd", "[forum.topic.solved]", "follow all kind:closed", "follow all kind:forum.zzzzzzzzzzzzzzzzzz.created", "follow all kind:Forum..Post"},
	"in a direct chat":               {inDirectChat, "watch support", "status", "mute support", "remove 1", "remove 1"},
	"a restricted category":          {"watch members"},
	"a hidden category":              {"watch staff", "watch 20", "watch nonsense"},
	"markup in names":                {"watch 16 author:_anna_", "watch `*x*", "watch all tag:[x](y)", "status"},
	"bounds":                         {"watch support author:" + long('a', 300), "watch " + long('b', 5000)},

	// Names that are not there.
	"a typo in a category":      {"watch supprt tag:bug", "[support]"},
	"a typo in a subcategory":   {"watch supprt/*", "[support]"},
	"a tag that no topic has":   {"watch support tag:NIGHTLY", "watch support tag:nightli"},
	"names cannot be read":      {with(func(w *world) { w.namesErr = errBroken }), "watch support tag:bug"},
	"a typo in a tag":           {"watch support tag:bugs tag:urgent", "[bug]"},
	"two typos":                 {"watch supprt tag:urgnt"},
	"nothing alike":             {"watch xyzzy", "watch all tag:xyzzy", "watch all group:xyzzy"},
	"an ambiguous slug":         {"watch printers", "[market/printers]", "watch printers/*"},
	"a forum with many names":   {with(manyTags), "watch all tag:nope"},
	"a forum without tags":      {with(func(w *world) { w.forums["meta"].Tags = nil }), "watch all tag:bug"},
	"taken by force":            {"watch plans --force", "watch support tag:weekly --force", "status"},
	"a forum that is away":      {away, "watch support tag:bugs", "watch nonsense", "status"},
	"typos in a dialog":         {inDialog, "watch supprt tag:bugs", "watch printers", "watch market", "remove 01", "snooze soon", "why nothing"},
	"a forum that is not there": {func(s *stage) { s.forums = nil; s.app = s.world.app() }, "watch support", "why https://forum.example.com/t/x/1", "status"},

	// Several forums.
	"several forums":                 {twoForums, "watch support", "[docs]", "watch support --source META", "status"},
	"several forums by link":         {twoForums, "watch https://docs.example.org/community/c/guides/5", "watch https://docs.example.org/community/c/guides/5 --source meta"},
	"every forum":                    {twoForums, "watch support --source all tag:bug", "watch guides --source all", "watch all --source all", "status"},
	"a forum by the wrong name":      {twoForums, "watch support --source mta", "[meta]", "watch support --source xyzzy"},
	"a name of the other forum":      {twoForums, "watch guides --source meta"},
	"every forum where there is one": {"watch support --source all", "watch support"},

	// Rules that are there already.
	"the same again":                            {"watch support tag:bug", "watch support tag:bug", "watch 5 tag:BUG"},
	"another mode":                              {"watch support", "follow support", "[Undo]", "mute support", "mute support"},
	"more tags":                                 {"watch support tag:bug", "watch support tag:urgent", "watch support tag:bug tag:wip", "[Undo]", "watch support tag:urgent"},
	"tags for a rule without":                   {"watch support", "watch support tag:bug", "[Undo]"},
	"tags for a mute of all":                    {"mute support", "mute support tag:bug", "mute support"},
	"every tag for a rule with some":            {"watch support tag:bug", "watch support", "[Undo]"},
	"tags that change sides":                    {"watch support tag:bug -tag:wip", "watch support tag:wip", "watch support -tag:bug"},
	"tags in another mode":                      {"watch support tag:bug", "follow support tag:urgent", "follow support tag:bug"},
	"tags with another author":                  {"watch support tag:bug", "watch support tag:urgent author:anna"},
	"a rule of the pane":                        {rowsOf("slack | C1 | c/Support+t/bug | style=compact delay=0s"), "watch support tag:bug", "watch support tag:urgent", "follow support tag:bug tag:urgent"},
	"a rule of the pane that asks for all tags": {rowsOf("slack | C1 | c/5+t/bug+t/urgent | source=meta"), "watch support tag:wip"},
	"a rule that is switched off":               {rowsOf("slack | C1 | c/5 | source=meta off"), "status", "watch support", "[Undo]", "watch support tag:bug"},
	"rules that say the same":                   {rowsOf("slack | C1 | mute:c/5,watch:c/support,follow:c/5 | source=meta"), "watch support", "[Undo]"},
	"a rule of another chat":                    {rowsOf("slack | C2 | c/5 | source=meta", "telegram | C1 | c/5 | source=meta"), "watch support"},
	"behind a mute of everything":               {"mute all", "watch support", "remove 1", "watch support"},
	"undo":                                      {"watch support", "[Undo]"},
	"undo too late":                             {"watch support", keep, "follow support", again("Undo")},
	"undo what is gone":                         {"watch support", keep, "remove 1", again("Undo")},
	"undo without a button":                     {"undo"},

	// Looking and removing.
	"status":             {rowsOf("slack | C1 | follow:*,c/5/*+t/bug+t/urgent,thread:u/anna+!u/bob,mute:topic/301,g/helpers,pm/helpers,!c/13,text/paper%20jam,c/20 | source=meta"), with(func(w *world) { w.table[2].Error = "the forum meta has no tag \"bug\"" }), "status", "list"},
	"status of nothing":  {"status"},
	"status for members": {rowsOf("slack | C1 | * | source=meta"), asMember, "status"},
	"status of many":     {with(manyRows), func(s *stage) { s.table = s.lines() }, "status", "remove 120"},
	"status of a quiet chat": {with(func(w *world) {
		w.settings[chat] = hub.ChatSettings{Chat: chat, Quiet: "22:00-07:00", Zone: "Asia/Tokyo"}
	}), "watch all", "snooze 2h", "status"},
	"remove":                    {"watch support", "watch market", "mute all tag:wip", "remove 2", "[Undo]", "status", "unwatch 1", "delete 2"},
	"remove what is not listed": {"watch support", "remove 2", "remove 01", "remove +1", "remove 1.0", "remove １", "remove 0", "remove -1", "remove support", "remove 99999999999999999999", "[Show the rules]"},
	"remove from nothing":       {"remove 1", "remove all"},
	"remove all":                {"watch support", "watch market", "remove all", "[Remove all 2]", "[Undo]", "remove ALL --yes"},
	"remove all of one":         {"watch support", "remove all"},
	"remove by button":          {"watch support", "watch market", "status", keep, "[Remove 1]", again("Remove 2"), again("Remove 1")},

	// Leaving a chat alone.
	"snooze":         {"snooze 2h", "snooze 90m", "[Resume now]", "resume", "snooze 1d", "snooze 1h 30 min", "snooze for 2 days"},
	"snooze until":   {"snooze until 09:00", "snooze until 9:00", "snooze 18:15", "snooze until 2026-01-20 08:00", "snooze until 2026-01-20T08:00:00Z"},
	"snooze wrongly": {"snooze soon", "snooze 0h", "snooze 10s", "snooze -2h", "snooze 31d", "snooze until 2h", "snooze until 25:00", "snooze until 2020-01-01 09:00", "snooze 2", "snooze until", "snooze 99999999999h", "snooze ２h"},
	"snooze in a zone": {with(func(w *world) {
		w.settings[chat] = hub.ChatSettings{Chat: chat, Zone: "America/New_York", Quiet: "22:00-07:00"}
	}), "snooze until 09:00", later(15 * time.Hour), "resume"},
	"snooze 2 h button":                    {"snooze-2h", later(3 * time.Hour), "resume"},
	"snooze a topic":                       {"watch support", wrote(post{topic: "301"}), refTo("301"), inThread, "snooze 2h topic", "status", "snooze 1h --topic", "mute-topic", "snooze 2h topic"},
	"snooze a topic until it ends":         {refTo("301"), inThread, "snooze 2h topic", later(119 * time.Minute), later(2 * time.Minute), "status"},
	"snooze a topic that is removed":       {refTo("301"), inThread, "snooze 2h topic", "remove 1", "[Undo]", "status", "remove 1", later(3 * time.Hour), "[Undo]"},
	"snooze a topic that is changed":       {refTo("301"), inThread, "snooze 2h topic", with(func(w *world) { w.table[0].Mode = hub.Watch }), later(3 * time.Hour), "status"},
	"snooze a topic that is not known":     {inThread, "snooze 2h topic", "mute-topic"},
	"mute a topic by button":               {"watch support", button(discourse.Told{Source: "meta", Topic: "301", Title: "Paper *jam* & more"}), "[Undo]", button(discourse.Told{Source: "meta", Topic: "301"}), button(discourse.Told{Source: "meta", Topic: "301"})},
	"mute a topic of a forum that is gone": {button(discourse.Told{Source: "old", Topic: "301"}), button(discourse.Told{Source: "meta", Topic: "3/01"})},
	"mute a topic behind a group":          {"watch all group:helpers", button(discourse.Told{Source: "meta", Topic: "301"})},
	"mute a topic that was switched off":   {rowsOf("slack | C1 | mute:topic/301 | source=meta off"), button(discourse.Told{Source: "meta", Topic: "301"}), "[Undo]"},

	// Test and why.
	"test":                                     {"watch support tag:bug", wrote(post{topic: "300", tags: []string{"bug"}, title: "Older"}), wrote(post{topic: "301", tags: []string{"bug"}}), wrote(post{topic: "302"}), "test"},
	"test made up":                             {"test", "watch market", wrote(post{topic: "301"}), "test"},
	"test of a hidden topic":                   {"watch support", wrote(post{topic: "301", title: "Secret"}), with(func(w *world) { w.hidden["301"] = true }), "test"},
	"test with a forum away":                   {"watch support", wrote(post{topic: "301", title: "Secret"}), with(func(w *world) { w.forumErr = errBroken }), "test"},
	"test in a quiet chat":                     {"snooze 2h", "test"},
	"why it was told":                          {"watch market", "watch support", wrote(post{topic: "301"}), "why https://forum.example.com/t/paper-jam/301", "why https://forum.example.com/p/93011"},
	"why it was told a reply":                  {"watch support", wrote(post{topic: "301"}), wrote(post{topic: "301", number: 4}), "why https://forum.example.com/t/paper-jam/301/4"},
	"why it was not told":                      {"follow support", "watch market", "watch support tag:urgent", "mute all author:anna", wrote(post{topic: "301", number: 2, tags: []string{"bug"}}), "why https://forum.example.com/t/paper-jam/301/2"},
	"why it was muted":                         {"watch support", "mute all tag:wip", wrote(post{topic: "301", tags: []string{"wip"}}), "why https://forum.example.com/t/paper-jam/301"},
	"why without rules":                        {wrote(post{topic: "301"}), "why https://forum.example.com/t/paper-jam/301"},
	"why with rules made since":                {wrote(post{topic: "301"}), "watch support", "why https://forum.example.com/t/301", "mute support", "why https://forum.example.com/t/301"},
	"why by a rule that is gone":               {"watch support", wrote(post{topic: "301"}), "remove 1", "why https://forum.example.com/t/301"},
	"why a post of a topic that is hidden now": {"watch support", wrote(post{topic: "301"}), wrote(post{topic: "301", number: 2, category: "13", title: "Renamed in private"}), with(func(w *world) { w.hidden["301"] = true }), "why https://forum.example.com/t/301/2", "why https://forum.example.com/t/301"},
	"why a topic that two events told of": {"watch support", wrote(post{topic: "301"}), wrote(post{topic: "301"}), with(func(w *world) {
		w.traces["e2"] = hub.Trace{Event: "e2", Verdict: hub.VerdictLearned, Why: "the post tells of it"}
	}), "why https://forum.example.com/t/301"},
	"why days later":                        {"watch support", wrote(post{topic: "301"}), later(50 * time.Hour), "why https://forum.example.com/t/301"},
	"why it was dropped for another reason": {wrote(post{topic: "301", why: "it is the hub's own"}), "why https://forum.example.com/t/301"},
	"why it was dropped":                    {"watch support", wrote(post{topic: "301", why: "the post is a whisper"}), "why https://forum.example.com/t/301"},
	"why it is hidden":                      {"watch support", with(func(w *world) { w.hidden["301"] = true; w.hidden["999"] = true }), wrote(post{topic: "301", title: "Secret"}), "why https://forum.example.com/t/301", "why https://forum.example.com/t/999", "why https://forum.example.com/p/93011", "why https://forum.example.com/p/12345"},
	"why it was hidden after":               {"watch support", wrote(post{topic: "301"}), with(func(w *world) { w.hidden["301"] = true }), "why https://forum.example.com/t/301"},
	"why another reader may":                {rowsOf("slack | C1 | c/5 | source=meta read_as=carol"), with(func(w *world) { w.hidden["301"] = true }), wrote(post{topic: "301"}), "why https://forum.example.com/t/301"},
	"why with a forum away":                 {"watch support", with(func(w *world) { w.forumErr = errBroken }), "why https://forum.example.com/t/301"},
	"why is not known":                      {"why https://forum.example.com/t/301"},
	"why a wrong link":                      {"why 301", "why https://elsewhere.example.com/t/x/301", "why https://forum.example.com/c/support/5"},
	"why it was not sent":                   {"watch support", wrote(post{topic: "301"}), delivery(hub.StatusFailed, "slack answers 503"), "why https://forum.example.com/t/301", delivery(hub.StatusDead, "the chat is archived"), "why https://forum.example.com/t/301", delivery(hub.StatusQueued, ""), "why https://forum.example.com/t/301", "snooze 2h", "why https://forum.example.com/t/301"},
	"why it waits":                          {"watch support", wrote(post{topic: "301"}), result(hub.ResultWaits), "why https://forum.example.com/t/301", result(hub.ResultKnown), "why https://forum.example.com/t/301", result(hub.ResultRetracted), "why https://forum.example.com/t/301", result(hub.ResultUpdated), "why https://forum.example.com/t/301"},
	"why it is not decided": {wrote(post{topic: "301"}), with(func(w *world) {
		w.traces["e1"] = hub.Trace{Verdict: hub.VerdictWaiting, Why: "the forum's API is away"}
	}), "why https://forum.example.com/t/301"},
	"why is not kept": {wrote(post{topic: "301"}), "watch support", with(func(w *world) { delete(w.traces, "e1") }), "why https://forum.example.com/t/301"},

	// Help.
	"help":             {"help", "help watch", "help remove", "help UNWATCH", "help snooze", "help mut", "[Help with mute]", "help xyzzy", "help mute-topic"},
	"help for members": {asMember, "help", "help why", "help watch"},
	"help for guests":  {func(s *stage) { s.level = hub.Guest }, "help"},

	// What is not the asker's fault.
	"the store is broken": {with(func(w *world) { w.storeErr = errBroken }), "watch support", "status", "remove 1"},
	"the store is away":   {with(func(w *world) { w.storeErr = hub.Errorf(hub.CodeUnavailable, "the database does not answer") }), "watch support"},
	"the bus is away":     {with(func(w *world) { w.chatsErr = hub.Errorf(hub.CodeUnavailable, "settings of chat C1: no answer") }), "snooze 2h", "resume"},
}

var chat = hub.Chat{System: "slack", ID: "C1"}
