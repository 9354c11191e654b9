package bus

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// PreflightsFor is how long it is known what a platform said of a chat.
const PreflightsFor = 24 * time.Hour

// roundPrefix begins the keys of rounds, as no system's name does.
const roundPrefix = "=round."

// PutPreflight stores what a platform said of a chat, in place of what it said
// before.
func (b *Bus) PutPreflight(ctx context.Context, p *hub.Preflight) error {
	k, err := chatKey(p.Chat)
	if err != nil {
		return err
	}
	return b.save(ctx, bucketRooms, k, p)
}

// Preflight is what a platform said of a chat in the last day, nil if it was not
// asked.
func (b *Bus) Preflight(ctx context.Context, chat hub.Chat) (*hub.Preflight, error) {
	k, err := chatKey(chat)
	if err != nil {
		return nil, err
	}
	p := new(hub.Preflight)
	if found, err := b.load(ctx, bucketRooms, k, p); !found || err != nil {
		return nil, err
	}
	return p, nil
}

// PutCheck stores how far a round of preflights has come.
func (b *Bus) PutCheck(ctx context.Context, c hub.Check) error {
	k, err := roundKey(c.System)
	if err != nil {
		return err
	}
	return b.save(ctx, bucketRooms, k, c)
}

// Check is the last round of preflights of a system. One that has had none in
// the last day has only its name.
func (b *Bus) Check(ctx context.Context, system hub.System) (hub.Check, error) {
	c := hub.Check{System: system}
	k, err := roundKey(system)
	if err == nil {
		_, err = b.load(ctx, bucketRooms, k, &c)
	}
	return c, err
}

func roundKey(system hub.System) (string, error) {
	if !hub.ValidName(string(system)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", system)
	}
	return roundPrefix + string(system), nil
}

// FollowPreflights calls change with what platforms have said of chats, and with
// what they say from now on, until ctx ends. Calls do not overlap. After an error
// it is to be called again, which begins anew.
func (b *Bus) FollowPreflights(ctx context.Context, change func(hub.Preflight)) error {
	return b.follow(ctx, bucketRooms, ">", "what platforms say of chats", func(key string, value []byte) {
		if strings.HasPrefix(key, roundPrefix) {
			return
		}
		var p hub.Preflight
		if err := json.Unmarshal(value, &p); err != nil {
			b.log.Error("what a platform said of a chat cannot be read", "key", key, "err", err)
			return
		}
		change(p)
	}, nil)
}
