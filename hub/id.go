package hub

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
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

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

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

// NotificationFor is the id of the notification that event owes to chat.
func NotificationFor(event EventID, chat Chat) NotificationID {
	return NotificationID("n" + kin(event, Digest(string(event), string(chat.System), chat.ID)))
}

// UpdateFor is the id of the notification that edits or retracts, because of
// event, what an earlier one said.
func UpdateFor(event EventID, of NotificationID) NotificationID {
	return NotificationID("u" + kin(event, Digest(string(event), string(of))))
}

// kin has the ids of all that one event owes begin alike, so that a database keeps
// them side by side: those of ten chats are in one page of its index, not in ten. What
// follows, 88 bits, tells them apart.
func kin(event EventID, id string) string {
	const alike = 8
	return Digest(string(event))[:alike] + id[alike:]
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
