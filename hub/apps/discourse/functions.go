package discourse

import (
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// The functions.
const (
	functionRemove    = "remove"
	functionStatus    = "status"
	functionSnooze    = "snooze"
	functionResume    = "resume"
	functionTest      = "test"
	functionWhy       = "why"
	functionHelp      = "help"
	functionMuteTopic = "mute-topic"
	functionSnooze2h  = "snooze-2h"
	functionUndo      = "undo"
)

// aboutRules is what the four modes have in common.
const aboutRules = `Name a category as the forum's address shows it, by its number, by its name in quotes, or paste a link to it. ` + "`parent/child` is a category below another, `parent/*` is one with all below it, `all` is every category." + `

Narrow it down with as many of these as you like; all of them must fit:

- ` + "`tag:bug`" + ` – has this tag; with several tags one of them is enough
- ` + "`-tag:wip`" + ` – does not have it
- ` + "`author:anna`" + ` – by this person; ` + "`author:@helpers`" + ` by a member of the group, ` + "`author:@staff`" + ` by the forum's staff
- ` + "`-author:anna`" + ` – not by this person
- ` + "`group:helpers`" + ` – mentions the group
- ` + "`kind:forum.topic.solved`" + ` – something else than new posts

A rule that is there already gets the new tags or the new mode: there are never two that say the same.`

func (a *App) list() []apps.Function {
	return append(a.ruleFunctions(), a.otherFunctions()...)
}

func (a *App) ruleFunctions() []apps.Function {
	modes := []struct {
		mode     hub.Mode
		aliases  []string
		summary  string
		detail   string
		examples []string
	}{
		{hub.Watch, nil, "Hear of new topics and of every reply.", "Every new post comes here, be it a topic or a reply.", []string{"watch support", "watch support tag:bug tag:urgent", `watch "Site Feedback"`, "watch tag:announcement"}},
		{hub.Follow, nil, "Hear of new topics only.", "New topics come here, their replies do not.", []string{"follow announcements", "follow support/* -tag:wip", "follow all"}},
		{hub.Thread, nil, "Hear of new topics, with the replies in their threads.", "New topics come here. Replies go into the thread of the topic's message, where the chat has threads.", []string{"thread support", "thread support -author:bot"}},
		{hub.Mute, nil, "Hear nothing of a category or a tag.", "Whatever fits is not told here, even if another rule fits too.", []string{"mute support tag:spam", "mute all author:@bots"}},
	}
	var list []apps.Function
	for _, m := range modes {
		list = append(list, apps.Function{
			Name: string(m.mode), Aliases: m.aliases, Summary: m.summary, Detail: m.detail + "\n\n" + aboutRules, Example: m.examples,
			Level: hub.Operator, Form: a.ruleForm(m.mode), Do: a.rule(m.mode), Lookup: a.lookup,
		})
	}
	return list
}

// ruleForm is what a rule needs to know.
func (a *App) ruleForm(mode hub.Mode) hub.Form {
	titles := map[hub.Mode]string{hub.Watch: "Watch", hub.Follow: "Follow", hub.Thread: "Thread", hub.Mute: "Mute"}
	f := hub.Form{Title: titles[mode], Submit: titles[mode], Fields: []hub.Field{
		{Name: fieldCategory, Label: "Category", Description: "Or a link to it; “all” is every category", Type: hub.FieldSelect, Dynamic: true, Place: 1},
		{Name: fieldTag, Label: "Tags", Description: "One of them is enough", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "tag:"},
		{Name: fieldNotTag, Label: "Without the tags", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "-tag:"},
		{Name: fieldAuthor, Label: "Written by", Description: "A person, or a group with an @", Type: hub.FieldText, Multi: true, Prefix: "author:"},
		{Name: fieldNotAuthor, Label: "Not written by", Type: hub.FieldText, Multi: true, Prefix: "-author:"},
		{Name: fieldGroup, Label: "Mentions the group", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "group:"},
		{Name: fieldKind, Label: "Kind of event", Description: "If it is not about new posts", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "kind:"},
	}}
	if len(a.Sites()) > 1 {
		source := hub.Field{Name: fieldSource, Label: "Forum", Type: hub.FieldSelect, Dynamic: true, Refresh: true}
		f.Fields = append([]hub.Field{source}, f.Fields...)
	} else {
		f.Fields = append(f.Fields, hub.Field{Name: fieldSource, Label: "Forum", Type: hub.FieldSelect, Dynamic: true})
	}
	f.Fields = append(f.Fields, hub.Field{Name: fieldForce, Label: "Take names that the forum does not have", Type: hub.FieldBool})
	return f
}

func formOfRemove() hub.Form {
	return hub.Form{Title: "Remove a rule", Submit: "Remove", Fields: []hub.Field{
		{Name: fieldWhich, Label: "Rule", Description: "Its number, or all", Type: hub.FieldSelect, Dynamic: true, Required: true, Place: 1},
		{Name: fieldYes, Label: "Really all", Description: "Do not ask again before all are removed", Type: hub.FieldBool},
	}}
}

func (a *App) otherFunctions() []apps.Function {
	return []apps.Function{
		{
			Name: functionRemove, Aliases: []string{"unwatch", "delete"}, Summary: "Remove a rule, by its number.", Level: hub.Operator,
			Detail: "`status` shows the rules of the chat with their numbers. `all` removes every one, and asks before.", Example: []string{"remove 2", "remove all"},
			Form: formOfRemove(), Do: a.remove, Lookup: a.lookupRule, Refresh: a.removeForm,
		},
		{
			Name: functionStatus, Aliases: []string{"list"}, Summary: "Show the rules of this chat.", Level: hub.Member,
			Detail: "The rules stand in the order in which they decide: for each post the first that fits does.", Example: []string{"status"},
			Form: hub.Form{Title: "Rules"}, Do: a.status,
		},
		{
			Name: functionSnooze, Summary: "Leave this chat alone for a while.", Level: hub.Operator,
			Detail:  "What comes in meanwhile is kept and told afterwards. With `topic` at the end only the topic is silenced that the thread is about. " + howLong,
			Example: []string{"snooze 2h", "snooze until 09:00", "snooze 1d topic"},
			Form: hub.Form{Title: "Snooze", Submit: "Snooze", Fields: []hub.Field{
				{Name: fieldWhen, Label: "How long", Description: "For how long or until when", Hint: "2h, 90m, 1d or until 09:00", Type: hub.FieldText, Required: true, Rest: true, Max: 100},
				{Name: fieldTopic, Label: "Only this topic", Description: "That the thread is about", Type: hub.FieldBool},
			}},
			Do: a.snooze,
		},
		{
			Name: functionResume, Summary: "End a snooze.", Level: hub.Operator, Detail: "What waited comes at once. Quiet hours go on.", Example: []string{"resume"},
			Form: hub.Form{Title: "Resume"}, Do: a.resume,
		},
		{
			Name: functionTest, Summary: "Send a test message here.", Level: hub.Operator, Detail: "It looks like the newest post that this chat would hear of. If there is none, it is made up and says so.", Example: []string{"test"},
			Form: hub.Form{Title: "Test"}, Do: a.sample,
		},
		{
			Name: functionWhy, Summary: "Say why a post was told here, or was not.", Level: hub.Member, Detail: "Paste the link of a topic or a post.", Example: []string{"why https://forum.example.com/t/paper-jam/301/4"},
			Form: hub.Form{Title: "Why", Submit: "Ask", Fields: []hub.Field{
				{Name: fieldLink, Label: "Link to the topic or post", Type: hub.FieldText, Required: true, Place: 1, Max: 2000},
			}},
			Do: a.why,
		},
		{
			Name: functionHelp, Summary: "Show what you may do here.", Level: hub.Member, Example: []string{"help", "help watch"},
			Form: hub.Form{Title: "Help", Fields: []hub.Field{
				{Name: fieldVerb, Label: "About", Type: hub.FieldText, Place: 1, Max: 100},
			}},
			Do: a.help,
		},
		// The buttons: help says nothing of them.
		{Name: functionMuteTopic, Level: hub.Operator, Form: hub.Form{Title: "Mute topic"}, Do: a.muteTopicForGood},
		{Name: functionSnooze2h, Level: hub.Operator, Form: hub.Form{Title: "Snooze 2 h"}, Do: a.snoozeShortly},
		{Name: functionUndo, Level: hub.Operator, Form: hub.Form{Title: "Undo"}, Do: a.undo},
	}
}
