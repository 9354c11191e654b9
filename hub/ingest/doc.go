// Package ingest takes webhooks in: it verifies who sent them, bounds what they
// may cost, decodes them into events and publishes these. What is particular to
// a kind of source (how it signs, what its bodies say) is a Decoder, in files
// named after the kind.
//
// A request is answered 202 only when its event is stored as durably as the bus
// promises, and 503 when it is not: senders try again on a 503, while a timeout
// or a lost connection is the end for most of them. Nothing is parsed before its
// signature has been checked, and nothing is read of a body that says it is too
// large.
//
// It refuses to decide: an event nobody asked for, of a kind nobody knows, is
// taken in all the same, as a signal. It also refuses to let personal data in: a
// forum sends e-mail addresses, sessions and IP addresses of its members along,
// which must not reach a stream that is kept for a month.
package ingest
