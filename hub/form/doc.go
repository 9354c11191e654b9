// Package form is the engine behind hub.Form: it reads a slash line for a form,
// completes one that is being typed, writes its help, checks what it holds and
// asks for it in a conversation. It is pure: it does no I/O and knows no clock
// but the one that it is given.
//
// # Lines
//
// Parse cuts a line into words, and gives each to a field:
//
//   - --name VALUE and --name=VALUE name the field. Case does not matter, nor
//     whether it is max_age or --max-age. Phones make one dash of two: – and — are
//     taken as -- before a letter.
//   - --flag says yes to a bool and --no-flag no. "--flag no" is understood, too,
//     unless the form takes the rest of the line as a text.
//   - tag:VALUE and -tag:VALUE name it by its prefix. "tag: VALUE" is the same.
//   - Other words go to the places in their order, less those that were named
//     before. If the last place takes several values, it takes all words.
//   - The field with Rest takes everything from the first word that nothing else
//     takes, with its quotes and whatever looks like a name.
//   - "--" ends names and prefixes: what follows is for places and the rest.
//   - --json {…} gives fields by name, to the end of the line.
//
// A value with spaces stands in quotes: "…", '…' or typographic ones of any
// country. They open at the beginning of a word and after = : and a comma only,
// and an apostrophe between two letters closes nothing, so that nobody needs to
// escape rock'n'roll. What is quoted is a value, never a name or a prefix. A
// backslash takes away the meaning of a space, a quote, a comma, another
// backslash and of a dash at the beginning; before anything else it stands for
// itself, so that regular expressions can be written as they are.
//
// Commas part the values of a field that takes several (a, b and a,b are the
// same), except where they are quoted and in texts. What can be given once and is
// given twice is refused, as is every word that fits nowhere: nothing that was
// typed is passed over. Characters without a width and marks of direction, which
// come along when text is copied, are dropped outside of quotes.
//
// Print is the way back.
//
// # Values
//
// Validate checks every value once, before an app sees it, and gives it one
// shape. The zone of the time it is given is the person's. What a field holds to
// begin with (hub.Field.Value) is nothing to Validate, since who empties a field
// of a dialog means it: Defaults fills it in after Parse.
//
// Check finds what is wrong with a form itself. A form that it refuses may be
// read in surprising ways.
//
// # Conversations
//
// Where a platform has no dialogs a Talk asks for the fields one by one. It keeps
// no timer and sends nothing: that is for whoever holds it.
package form

// fewOptions is how many options are shown at once. With more a person writes a
// part of the name.
const fewOptions = 8
