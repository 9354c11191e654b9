package hub

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

type (
	// Source names where events come from, as configured: "meta".
	Source string
	// System names a configured account of one chat platform: "slack-acme".
	System string
	// EventID identifies an event. It is made from what the sender gives, so
	// that a retry of the same event has the same id.
	EventID string
	// SubscriptionID identifies a row of the table of subscriptions.
	SubscriptionID string
	// NotificationID identifies one message owed to one chat. It is made from
	// the event and the chat, so that routing an event again makes the same id.
	NotificationID string
)

// The letters of ids, and the same ones in the order in which databases sort them.
const (
	idLetters     = "abcdefghijklmnopqrstuvwxyz234567"
	sortedLetters = "234567abcdefghijklmnopqrstuvwxyz"
)

var idEncoding = base32.NewEncoding(idLetters).WithPadding(base32.NoPadding)

// Digest makes a short id from parts: 128 bits of SHA-256 in 26 letters and
// digits, usable as a subject token, a key, a URL segment and a transaction id.
// Parts are length-prefixed, so ("ab","c") and ("a","bc") differ.
func Digest(parts ...string) string {
	b := make([]byte, 0, 256)
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return idEncoding.EncodeToString(sum[:16])
}

// orderLetters are the letters of an id that tell a number below 2⁴⁵. 83 bits follow.
const orderLetters = 9

// OrderedDigest is a Digest with a number at its beginning, so that a database keeps
// ids in the order of what a sender numbers: new ones go to the end of an index, not
// to a page each. Number 0, and one that is too large, leave a Digest.
func OrderedDigest(number uint64, parts ...string) string {
	id := Digest(parts...)
	if number == 0 || number >= 1<<(5*orderLetters) {
		return id
	}
	var head [orderLetters]byte
	for i := range head {
		head[orderLetters-1-i] = sortedLetters[number%32]
		number /= 32
	}
	return string(head[:]) + id[orderLetters:]
}

// NotificationFor is the id of the notification that event owes to chat.
func NotificationFor(event EventID, chat Chat) NotificationID {
	return NotificationID("n" + kin(event, Digest(string(event), string(chat.System), chat.ID)))
}

// UpdateFor is the id of the notification that edits or retracts, because of
// event, what an earlier one said.
func UpdateFor(event EventID, of NotificationID) NotificationID {
	return NotificationID("u" + kin(event, Digest(string(event), string(of))))
}

// EventAfter is the id of an event of the same content as event, which came after
// another one that is stored at seq.
func EventAfter(event EventID, seq uint64) EventID {
	return EventID("e" + kin(event, Digest(string(event), strconv.FormatUint(seq, 10))))
}

// kin has the ids of all that one event owes begin as the event's own does, so that a
// database keeps them side by side, and in the order of the events.
func kin(event EventID, id string) string {
	head := string(event)
	if len(head) != 1+len(id) || strings.Trim(head, idLetters) != "" { // it is not one of ours
		head = "e" + Digest(head)
	}
	return head[1:1+orderLetters] + id[orderLetters:]
}

// ValidName reports whether a source, system or app name may be used as a
// subject token, a URL segment and a configuration key: 1 to 32 of a-z, 0-9, _
// and -, starting with a letter or digit.
func ValidName(name string) bool {
	if name == "" || len(name) > 32 || name[0] == '-' || name[0] == '_' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
