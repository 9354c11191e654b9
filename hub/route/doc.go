// Package route turns events into notifications: it learns from each event
// what the forum does not repeat (a topic's tags, a category's name), holds the
// event against the rules, and writes one notification for each chat that a
// row decides for.
//
// It reads EVENTS in order and alone, so the order of a chat's notifications is
// the order of events. It never talks to a platform, and knows no markup but
// CommonMark.
package route
