package account

import (
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// The functions.
const (
	functionWhoami = "whoami"
	functionLink   = "link"
	functionUnlink = "unlink"
	functionPeople = "people"
	functionLevel  = "level"
	functionHelp   = "help"
)

// The fields.
const (
	fieldCode   = "code"
	fieldText   = "text"
	fieldLevel  = "level"
	fieldSystem = "system"
	fieldUser   = "user"
	fieldVerb   = "verb"
)

const aboutLevels = `The levels, each with what those before it may do:

- **guest** – nothing
- **user** – read: status, why, help; everybody has it who was given no other
- **operator** – change what chats hear
- **admin** – everything, also who may do what`

func (a *App) list() []apps.Function {
	return []apps.Function{{
		Name: functionWhoami, Aliases: []string{"me"}, Summary: "See who I take you for and what you may do.", Level: hub.Member,
		Detail:  "Your level is the highest that any of your linked accounts was given.\n\n" + aboutLevels,
		Example: []string{"whoami"}, Form: hub.Form{Title: "Who am I"}, Do: a.whoami,
	}, {
		Name: functionLink, Summary: "Be the same person on several systems.", Level: hub.Member,
		Detail: "Without a code it makes one, which you then give from your account on the other system, within ten minutes. " +
			"From then on what you may do on one system you may do on the other.\n\n" +
			"Make the code on the account with the higher level, and tell it to nobody: whoever gives it has your level from then on.",
		Example: []string{"link", "link ACDEFGHJ"}, Form: linkForm(), Do: a.link,
	}, {
		Name: functionUnlink, Summary: "Take this account out of those that are linked.", Level: hub.Member,
		Detail:  "This account is a person of its own again, with the level that it was given itself.",
		Example: []string{"unlink"}, Form: hub.Form{Title: "Unlink this account"}, Do: a.unlink,
	}, {
		Name: functionPeople, Summary: "List who has spoken to me and what they may do.", Level: hub.Admin,
		Detail:  "Those seen last come first. A word narrows it down to those with it in their name or id.\n\n" + aboutLevels,
		Example: []string{"people", "people anna", "people --level admin", "people --system telegram"}, Form: a.peopleForm(), Do: a.people,
	}, {
		Name: functionLevel, Summary: "Set what somebody may do.", Level: hub.Admin,
		Detail:  "Name them by a mention, by their name once they have spoken to me, or by the platform's id.\n\n" + aboutLevels,
		Example: []string{"level @anna operator", "level 4711 admin --system telegram"}, Form: a.levelForm(), Do: a.level,
	}, {
		Name: functionHelp, Summary: "See what you may ask me for.", Level: hub.Guest,
		Example: []string{"help", "help link"}, Form: helpForm(), Do: a.help,
	}}
}

func linkForm() hub.Form {
	return hub.Form{Title: "Link accounts", Submit: "Link", Fields: []hub.Field{{
		Name: fieldCode, Label: "Code", Type: hub.FieldText, Max: 40, Place: 1, Rest: true,
		Description: "That I gave you on the other system. Leave it out to get one.",
	}}}
}

func (a *App) peopleForm() hub.Form {
	return hub.Form{Title: "People", Submit: "List", Fields: []hub.Field{
		{Name: fieldText, Label: "Name", Type: hub.FieldText, Max: 100, Place: 1, Rest: true, Description: "A part of the name or the id"},
		{Name: fieldLevel, Label: "Level", Type: hub.FieldSelect, Options: levelOptions(), Description: "Only those who were given this level"},
		a.systemField("Only those of this system"),
	}}
}

func (a *App) levelForm() hub.Form {
	return hub.Form{Title: "Set a level", Submit: "Set", Fields: []hub.Field{
		{Name: fieldUser, Label: "Who", Type: hub.FieldUser, Required: true, Place: 1},
		{Name: fieldLevel, Label: "Level", Type: hub.FieldSelect, Required: true, Options: levelOptions(), Place: 2},
		a.systemField("Where they are, if not here"),
	}}
}

func helpForm() hub.Form {
	return hub.Form{Title: "Help", Fields: []hub.Field{{Name: fieldVerb, Label: "Command", Type: hub.FieldText, Max: 100, Place: 1}}}
}

func (a *App) systemField(about string) hub.Field {
	f := hub.Field{Name: fieldSystem, Label: "System", Type: hub.FieldText, Max: 32, Description: about}
	for _, system := range a.Systems() {
		f.Type, f.Max = hub.FieldSelect, 0
		f.Options = append(f.Options, hub.Option{Label: string(system), Value: string(system)})
	}
	return f
}

func levelOptions() []hub.Option {
	notes := map[hub.Level]string{
		hub.Guest: "may do nothing", hub.Member: "may read", hub.Operator: "may change what chats hear", hub.Admin: "may do everything",
	}
	var options []hub.Option
	for _, l := range hub.Levels() {
		options = append(options, hub.Option{Label: string(l), Value: string(l), Note: notes[l]})
	}
	return options
}
