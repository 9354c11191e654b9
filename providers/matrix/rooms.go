package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// plainFor is how long a room that was not encrypted is taken to be so still.
// One that is encrypted stays so for ever.
const plainFor = 10 * time.Minute

// aliasFor is how long an alias is taken to lead where it led: it can come to
// lead elsewhere while its old room still takes messages.
const aliasFor = 10 * time.Minute

// open finds the room that chat names, and makes sure that it is not encrypted.
func (c *Client) open(ctx context.Context, chat string) (id.RoomID, error) {
	room, encrypted, err := c.enter(ctx, chat)
	if err == nil && encrypted {
		err = &providers.Error{
			Fault: hub.FaultRejected, Op: opEncryption,
			Err: errors.New("the room is encrypted, and Bellhop cannot encrypt: choose a room that is not"),
		}
	}
	return room, err
}

// enter finds the room that chat names, and whether it is encrypted.
func (c *Client) enter(ctx context.Context, chat string) (room id.RoomID, encrypted bool, err error) {
	if room, err = c.find(ctx, chat); err != nil {
		return "", false, err
	}
	encrypted, known := c.rooms.encrypted(room)
	if !known {
		if encrypted, err = c.isEncrypted(ctx, room); err != nil {
			c.doubt(chat, room, err)
			return "", false, err
		}
		c.rooms.learn(room, encrypted)
	}
	return room, encrypted, nil
}

// doubt forgets what led to a room that is gone.
func (c *Client) doubt(chat string, room id.RoomID, err error) {
	if providers.FaultOf(err) == hub.FaultChatGone {
		c.rooms.forget(chat, room)
	}
}

const (
	opEncryption = "state/m.room.encryption"
	opAlias      = "directory/room"
)

func (c *Client) find(ctx context.Context, chat string) (id.RoomID, error) {
	switch {
	case strings.HasPrefix(chat, "!") && len(chat) > 1:
		return id.RoomID(chat), nil
	case strings.HasPrefix(chat, "#") && strings.Contains(chat, ":"):
		return c.resolve(ctx, chat)
	default:
		return "", &providers.Error{
			Fault: hub.FaultChatGone, Op: opAlias,
			Err: fmt.Errorf("%q is not a Matrix room: write its id, such as !abc:example.org, or an alias, such as #general:example.org", chat),
		}
	}
}

func (c *Client) resolve(ctx context.Context, alias string) (id.RoomID, error) {
	if room, ok := c.rooms.byAlias(alias); ok {
		return room, nil
	}
	res, err := c.api.ResolveAlias(ctx, id.RoomAlias(alias))
	if err != nil {
		return "", c.fault(ctx, opAlias, err)
	}
	if res == nil || !strings.HasPrefix(string(res.RoomID), "!") || len(res.RoomID) < 2 {
		return "", unreadable(opAlias, http.StatusOK)
	}
	c.rooms.name(alias, res.RoomID)
	return res.RoomID, nil
}

func (c *Client) isEncrypted(ctx context.Context, room id.RoomID) (bool, error) {
	var content struct {
		Algorithm string `json:"algorithm"`
	}
	err := c.api.StateEvent(ctx, room, event.StateEncryption, "", &content)
	if errors.Is(err, mautrix.MNotFound) { // there is no such state
		return false, nil
	}
	if err != nil {
		return false, c.fault(ctx, opEncryption, err)
	}
	return true, nil
}

// led is where an alias led, and until when it is taken to.
type led struct {
	room id.RoomID
	till time.Time
}

// rooms remembers what is known of rooms. It is safe for concurrent use.
type rooms struct {
	mu        sync.Mutex
	aliases   map[string]led
	plainTill map[id.RoomID]time.Time
	secret    map[id.RoomID]bool
}

func newRooms() *rooms {
	return &rooms{aliases: map[string]led{}, plainTill: map[id.RoomID]time.Time{}, secret: map[id.RoomID]bool{}}
}

func (r *rooms) byAlias(alias string) (id.RoomID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.aliases[alias]
	return at.room, time.Now().Before(at.till)
}

func (r *rooms) name(alias string, room id.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aliases[alias] = led{room, time.Now().Add(aliasFor)}
}

func (r *rooms) encrypted(room id.RoomID) (encrypted, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secret[room], r.secret[room] || time.Now().Before(r.plainTill[room])
}

func (r *rooms) learn(room id.RoomID, encrypted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if encrypted {
		r.secret[room] = true
		return
	}
	r.plainTill[room] = time.Now().Add(plainFor)
}

// forget drops what may have changed: an alias can come to mean another room.
func (r *rooms) forget(chat string, room id.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.aliases, chat)
	delete(r.plainTill, room)
}
