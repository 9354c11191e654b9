package providertest

import "testing"

// Stage is a look-alike of a platform with people on it. They do what people
// do there, in the platform's own way: what they type, press and fill in goes to
// Bellhop as the platform would send it, and what they see is what the platform
// would show them. Everything waits up to 20 seconds for what is to be seen and
// then fails the test.
type Stage interface {
	// Chat is the id of a chat called name; it is made, and our account is in it.
	Chat(t testing.TB, name string) string
	// Person is the id of a user called name; they are made, and are in every
	// chat. An admin runs the chats.
	Person(t testing.TB, name string, admin bool) string
	// Command lets a person give a line ("discourse watch support") to Bellhop as
	// people do on the platform: a slash command, "!discourse …", "/discourse …".
	Command(t testing.TB, chat, person, line string) Seen
	// Bare gives a line without its namespace where the platform has such commands
	// ("/watch support" on Telegram); ok is false where it has not.
	Bare(t testing.TB, chat, person, line string) (seen Seen, ok bool)
	// Mention says a line to our account by mentioning it.
	Mention(t testing.TB, chat, person, line string) Seen
	// Say says something in the chat that is no command, and waits for nothing.
	Say(t testing.TB, chat, person, text string)
	// Answer says something, as an answer to a question that was asked, and waits
	// for what comes back.
	Answer(t testing.TB, chat, person, text string) Seen
	// Press presses the button with a label under a message, or does what stands
	// for that.
	Press(t testing.TB, chat, person string, under Seen, label string) Seen
	// PressTwice presses it twice at once, and gives what is seen in the end.
	PressTwice(t testing.TB, chat, person string, under Seen, label string) Seen
	// Fill writes into the fields of an open dialog and sends it. It is called
	// only where dialogs are.
	Fill(t testing.TB, chat, person string, dialog Seen, values map[string][]string) Seen
	// Change changes one field of an open dialog that is refreshed, and gives the
	// dialog as it is then.
	Change(t testing.TB, chat, person string, dialog Seen, field, value string) Seen
	// Search types into a dynamic select of an open dialog, and gives the labels
	// of what is offered.
	Search(t testing.TB, chat, person string, dialog Seen, field, query string) []string
	// Close closes an open dialog without sending it.
	Close(t testing.TB, chat, person string, dialog Seen)
	// Shown is the message of ours that a person sees last in a chat, whether they
	// asked for it or not; the zero Seen if there is none.
	Shown(t testing.TB, chat, person string) Seen
	// Cut breaks every connection that Bellhop has open to the platform.
	Cut(t testing.TB)
}

// Seen is what a person sees: an answer, or a dialog.
type Seen struct {
	Text    string            // as it is shown, markup taken off
	Private bool              // only the person sees it
	Buttons []string          // labels, those of a select's options included
	Dialog  bool              // it is a dialog, with Text its title and what stands above the fields
	Fields  []SeenField       //
	Errors  map[string]string // of the dialog's fields, by name
	Native  any               // what the stage needs to go on from there
}

// SeenField is a field of a dialog.
type SeenField struct {
	Name    string
	Label   string
	Options []string // labels
	Value   []string
}
