package matrix

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	opDeaf = "send/m.room.message"
	// deafEvery is the least time between two such answers, wherever they go.
	deafEvery = 10 * time.Second
	// deafRooms is how many rooms are remembered that were answered.
	deafRooms = 2_000

	deafWords = "I am Bellhop, and I can neither read nor write encrypted messages: nothing that is said here reaches me. " +
		"Please invite me to a room without encryption."
)

// deafNotes are the encrypted rooms that were told so, the latest last.
type deafNotes struct {
	told []string
	last time.Time
	busy chan struct{} // held by who tells
}

func newDeafNotes() *deafNotes { return &deafNotes{busy: make(chan struct{}, 1)} }

func (d *deafNotes) restore(kept []byte) { _ = json.Unmarshal(kept, &d.told) }

// tellDeaf says in a room, once, that Bellhop cannot read what is said there. It
// is the one thing that goes to an encrypted room in the clear: it holds
// nothing that anybody said. One that fails is said after the next message.
func (l *listening) tellDeaf(ctx context.Context, room string) {
	d := l.deaf
	d.busy <- struct{}{}
	defer func() { <-d.busy }()
	if slices.Contains(d.told, room) || time.Since(d.last) < deafEvery {
		return
	}
	d.last = time.Now()
	_, err := l.c.api.SendMessageEvent(ctx, id.RoomID(room), event.EventMessage, &event.MessageEventContent{
		MsgType: event.MsgNotice, Body: deafWords, Mentions: &event.Mentions{},
	}, mautrix.ReqSendEvent{TransactionID: "e" + hub.Digest(room), DontEncrypt: true})
	if err != nil {
		l.log.WarnContext(ctx, "an encrypted room cannot be told that it is not read", "chat", room, "err", l.c.fault(ctx, opDeaf, err))
		return
	}
	d.told = append(d.told, room)
	d.told = d.told[max(0, len(d.told)-deafRooms):]
	kept, _ := json.Marshal(d.told)
	if err := l.ear.SetPlace(ctx, placeEncrypted, kept); err != nil && ctx.Err() == nil {
		l.log.WarnContext(ctx, "that an encrypted room was told is not stored, it may be told again", "chat", room, "err", err)
	}
}
