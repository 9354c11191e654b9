// Package deliver carries notifications from the bus to a platform: in order
// per chat, at the platform's pace, once.
//
// A Worker serves one system. It owns partitions of the notify stream, each by
// the one consumer that may read it. The consumer only rings: a lane per chat
// notes the sequences of what waits for it, bodies are kept while a budget of
// bytes lasts (what one event says to many chats once) and read again from the
// stream otherwise. One post per chat is
// in flight, thousands of chats at a time. What waits (for a retry, a rate
// limit, refused credentials) is a timer and its lane; the messages stay in the
// stream. Restart and takeover are a new consumer and a replay in order.
//
// When the platform has taken a message, its receipt is stored; only then does the
// lane go on. That the hub is told and the message leaves the queue is done a few
// milliseconds later, for all lanes together: after a crash the receipt decides.
//
// What a row wants in a digest, and what comes while a chat is to be left alone,
// is set aside in its lane: only its sequence and its time are kept. What comes
// after it may pass. When it is due it is put back before all others and told
// together. Both times follow from the message and the settings of its chat, so
// that a replay sets aside the same again.
//
// An edit or a retraction is a message of its lane like any other, behind the
// one that it is about. What cannot be changed any more is settled with a note in
// its receipt: it would be no better for another try.
//
// What it refuses to do: decide who hears what (hub/route does) and know a
// platform (providers do).
package deliver
