// Package hub holds Bellhop's words as Go types: event, subscription, chat,
// message, notification, delivery, receipt. Everything that crosses the bus,
// the database or the API is made of them.
//
// It imports the standard library only and does no I/O. What it refuses to do
// is decide: which rows match is package rules, how an attempt ends is package
// hub/deliver, how a message looks is each provider's.
//
// Each type that is written to a stream has a golden file in testdata: a
// message published by an older release must still decode after a deploy.
package hub
