// Package discourse is the app that people steer Bellhop with from chat: what a
// chat hears of the forums (watch, follow, thread, mute, remove, status), when it
// is left alone (snooze, resume), and why it heard something or did not (test,
// why).
//
// It speaks plain words and tells a chat nothing of a forum that the forum's
// reader may not see: a category that is not known and one that is hidden read
// alike.
//
// What it refuses to do: decide what matches (package rules does), who may do
// what and how a line is parsed (package apps does), and send by itself.
//
// Where the grammar leaves a choice, this was chosen:
//
//   - A rule that a person makes here names its forum, so that categories are kept
//     by their id. With several forums the command names one, or all of them.
//   - "group:NAME" hears posts that mention the group. Private messages shared
//     with a group are nothing to be asked for from a chat: such rows are made in
//     the pane.
//   - Tags that are named together or one after the other are alternatives. A
//     command that names tags adds them to the rule with the same mode and
//     category, which hears nothing else from then on; one that names none makes
//     such a rule hear every tag.
//   - A name that no forum has is refused, as the API does, and taken with --force.
//     Of a forum that does not answer nothing can be said: names are taken as they
//     are written.
package discourse
