// Package ingest takes webhooks in: it verifies who sent them, bounds what they
// may cost, decodes them into events and publishes these. What is particular to
// a kind of source (how it signs, what its bodies say) is a Decoder, in files
// named after the kind. A forum's webhook becomes an event of forum.*; whatever
// else sends CloudEvents, Standard Webhooks or JSON makes events of user.*, each
// with a hub.Item that a mapping or the usual places of things fill.
//
// A request may tell of several events. They are stored in their order; when one
// of them cannot be, the sender is told to send all of them again, and those that
// are there already are known by their ids.
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
// which must not reach a stream that is kept for a month. Of other senders, what
// looks like a secret or an address by the name of its key is left out of the
// object that is kept; what a mapping names is taken as it is.
package ingest
