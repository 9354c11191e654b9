// Package feed polls RSS, Atom and JSON feeds and makes an event of every new
// entry.
//
// What is there when a feed is read for the first time is not told: it would
// flood a room with years of articles. From then on an entry is told once,
// whatever becomes of it later, also over restarts: what was seen is kept in a
// store, and the id of an event is made of the entry's, so that a crash between
// the two tells nothing twice.
//
// What it refuses to do: take a page that is no feed for an empty one, ask more
// often than a publisher wants, and let what is wrong with one feed stop
// anything else. A feed's trouble is its status.
package feed
