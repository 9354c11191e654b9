package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// ChatSettings are what was set for a chat; of one for which nothing was, they
// have only its name.
func (b *Bus) ChatSettings(ctx context.Context, chat hub.Chat) (hub.ChatSettings, error) {
	c := hub.ChatSettings{Chat: chat}
	k, err := chatKey(chat)
	if err == nil {
		_, err = b.load(ctx, bucketChats, k, &c)
	}
	return c, err
}

// AllChatSettings are those of all chats of a system for which something was set,
// by chat. No system is every one.
func (b *Bus) AllChatSettings(ctx context.Context, system hub.System) ([]hub.ChatSettings, error) {
	var all []hub.ChatSettings
	err := b.each(ctx, bucketChats, cmp.Or(string(system), "*")+".*", func(key string, value []byte) error {
		var c hub.ChatSettings
		if err := json.Unmarshal(value, &c); err != nil {
			return fmt.Errorf("settings of chat %s: %w", key, err)
		}
		all = append(all, c)
		return nil
	})
	slices.SortFunc(all, func(x, y hub.ChatSettings) int {
		return cmp.Or(cmp.Compare(x.System, y.System), cmp.Compare(x.ID, y.ID))
	})
	return all, err
}

// ChangeChat changes what is set for a chat. Where somebody else does so, too,
// change is called again with what they have set; its error ends it. Workers
// know when it returns, or a moment later.
func (b *Bus) ChangeChat(ctx context.Context, chat hub.Chat, change func(*hub.ChatSettings) error) (hub.ChatSettings, error) {
	k, err := chatKey(chat)
	if err != nil {
		return hub.ChatSettings{}, err
	}
	for {
		c, done, err := b.changeChat(ctx, chat, k, change)
		if done || err != nil {
			return c, err
		}
	}
}

func (b *Bus) changeChat(ctx context.Context, chat hub.Chat, k string, change func(*hub.ChatSettings) error) (c hub.ChatSettings, done bool, err error) {
	c.Chat = chat
	revision := uint64(0) // there is none yet
	last, err := b.last(ctx, bucketChats, k)
	if last != nil {
		revision = last.seq
		err = json.Unmarshal(last.data, &c)
	}
	if err != nil {
		return c, false, fmt.Errorf("settings of chat %q: %w", chat.ID, err)
	}
	if err := change(&c); err != nil {
		return c, false, err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return c, false, err
	}
	_, err = b.buckets[bucketChats].Update(ctx, k, value, revision)
	if isAPI(err, jetstream.JSErrCodeStreamWrongLastSequence) {
		return c, false, nil
	}
	if err != nil {
		return c, false, unavailable("settings of chat "+chat.ID, err)
	}
	return c, true, nil
}

// FollowChats calls change with the settings of each chat of a system for which
// something was set, then ready, then change with whatever is set anew, until ctx
// ends. Calls do not overlap. After an error it is to be called again, which
// begins anew.
func (b *Bus) FollowChats(ctx context.Context, system hub.System, change func(hub.ChatSettings), ready func()) error {
	return b.follow(ctx, bucketChats, string(system)+".*", "the settings of chats", func(key string, value []byte) {
		var c hub.ChatSettings
		if err := json.Unmarshal(value, &c); err != nil {
			b.log.Error("settings of a chat cannot be read, those that it had hold", "key", key, "err", err)
			return
		}
		change(c)
	}, ready)
}

func chatKey(chat hub.Chat) (string, error) {
	if !hub.ValidName(string(chat.System)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", chat.System)
	}
	return string(chat.System) + "." + hub.Digest(string(chat.System), chat.ID), nil
}
