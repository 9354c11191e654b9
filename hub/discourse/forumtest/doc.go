// Package forumtest is a small Discourse forum for tests: it answers a part of
// the HTTP API as Discourse does, with its permissions, errors and limits, and
// sends the webhooks that each change makes.
//
// What it knows of Discourse is what package discourse and the fixtures of
// ingest/discoursetest know; it has no pages, no database and no time of its
// own. A mistake of the test, like a user that does not exist, panics.
package forumtest
