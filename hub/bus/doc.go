// Package bus carries events and notifications over NATS JetStream, and is the
// only package that knows NATS: every subject, stream, bucket and consumer is
// made here.
//
// It promises three things. An event that Publish has acknowledged is as
// durable as configured: with the embedded server and sync "always" it has been
// fsynced. Events and notifications are handed on at least once, in the order
// in which they were stored. A partition of notifications has one owner at a
// time, and an owner that was cut off knows it.
//
// It refuses to decide anything: which chats an event concerns, when to post
// and what to do about a failure belong to route and deliver.
//
// # Streams
//
// EVENTS keeps what happened, by age and size. NOTIFY is a work queue of what
// is owed to chats; it is derived from EVENTS and synced each second only. DEAD
// keeps what was given up, RECEIPTS what platforms said of what was sent. Small
// state is in KV buckets: THREADS, WAITS, CURSORS, SYSTEMS, DIGESTS and CHATS for
// what is sent; BINDINGS, TALKS, COMMANDS, LEASES and PLACES for what people say.
//
// # Requests
//
// What somebody waits for goes over plain NATS and is stored nowhere: commands
// to an app (command.<app>.<function>) and questions to the worker that listens
// to a system (query.<system>.<what>).
package bus
