// Package rules decides which subscriptions an event matches and which one of
// each chat's wins. It is pure: no I/O, no clock, no goroutines, and nothing it
// is given is changed.
//
// In one breath: inside a filter any is a union, all an intersection and none
// an exclusion; between filters all must hold; per chat the first row by
// precedence decides (group rows before others, then mute, thread, watch,
// follow, then the oldest), so that one event gives at most one notification
// per chat. A row that does not apply to an event is no candidate and hides no
// other.
//
// Where the sentence that everyone reads leaves a choice, this was chosen:
//
//   - A topic's creation has two types (Facts.Type and Facts.Also). A kind
//     filter takes it if any takes either of them and none takes neither:
//     "forum.post.created" without "forum.topic.created" is replies only.
//   - A moved or newly tagged topic (Facts.Before) is heard by a row without
//     kind filter if the row matches now, did not match where the topic stood,
//     and names in any or all a category or tag that is new to the topic. All
//     modes hear it alike, as the topic's first post would be. A mute row
//     without kind filter mutes it whenever the row matches now: a topic that
//     comes into a muted category is not announced by another row. A row with a
//     kind filter that takes the type hears it as any other event.
//   - What is not known of the place before counts as unchanged, so that nobody
//     is told of an old topic as new. Only a topic that changed its category and
//     is not known to have had one counts as coming from none.
//   - Unlisted topics, restricted categories and sensitive events reach only
//     rows that ask for them. A mute row lets nothing out and needs not ask: a
//     mute of everything beats a watch of one restricted category. A private
//     message knows group rows only, and a row whose reader may not see the
//     topic is no candidate, mute or not.
//   - A filter over something that the event does not have, or does not tell,
//     does not match, not even if it only excludes. Of the groups of an author
//     who is known, a value that holds still decides: "bob or @helpers" takes
//     bob's post whether or not his groups are known.
//   - A filter for private messages names a group in any or all. With none
//     alone it would hear every message that others share.
//   - Names are compared without regard to case and blanks around them, by one
//     fold for rows and events.
//
// An Index holds the rows as numbers: every value of a filter is interned, an
// event's words are looked up once, and a row is filed under its rarest filter,
// so that an event meets few rows that it does not match.
package rules
