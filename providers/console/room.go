package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	longestRoom = 64  // characters
	mostRooms   = 100 // that a picker is given
)

// roomName is the one spelling of a room's name: "#Support Desk" and
// "support-desk" are the same room. A name that is none of a room's is not ok.
func roomName(name string) (room string, ok bool) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	name = strings.ToLower(strings.Join(strings.Fields(name), "-"))
	if n := utf8.RuneCountInString(name); n < 1 || n > longestRoom || !utf8.ValidString(name) {
		return "", false
	}
	if strings.IndexFunc(name, forbidden) >= 0 || strings.IndexFunc(name, wordly) < 0 {
		return "", false
	}
	return name, true
}

func forbidden(r rune) bool { return !wordly(r) && !strings.ContainsRune("-_.", r) }

// wordly runes make up names in any script; marks are what many letters are
// written with.
func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func badRoom(name string) error {
	shown, _ := providers.CutText(name, 2*longestRoom, providers.Characters)
	return fmt.Errorf("%q is no name for a room: use 1 to %d letters, digits, -, _ and ., such as support", shown, longestRoom)
}

func roomURL(room string) string { return "/console/" + url.PathEscape(room) }

// Chats implements providers.ChatLister: rooms whose name starts with query
// come first.
func (c *Client) Chats(ctx context.Context, query string) ([]providers.ChatInfo, error) {
	all, err := c.listRooms(ctx)
	if err != nil {
		return nil, err
	}
	query = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(query)), "#")
	found := []providers.ChatInfo{}
	for _, room := range all {
		if strings.Contains(room.ID, query) {
			found = append(found, providers.ChatInfo{Chat: room.Chat, Name: "#" + room.ID})
		}
	}
	slices.SortStableFunc(found, func(a, b providers.ChatInfo) int {
		return cmp.Compare(strings.Index(a.ID, query), strings.Index(b.ID, query))
	})
	return found[:min(len(found), mostRooms)], nil
}

// listRooms lists the rooms of the configuration and those with messages, by name.
func (c *Client) listRooms(ctx context.Context) ([]hub.ConsoleRoom, error) {
	rooms, err := c.store.ConsoleRooms(ctx, c.system)
	if err != nil {
		return nil, fault("console rooms", err)
	}
	for _, name := range c.rooms {
		rooms = withRoom(rooms, hub.Chat{System: c.system, ID: name})
	}
	return rooms, nil
}

// withRoom adds a room to a list by name, unless it is there.
func withRoom(rooms []hub.ConsoleRoom, room hub.Chat) []hub.ConsoleRoom {
	i, found := slices.BinarySearchFunc(rooms, room.ID, func(r hub.ConsoleRoom, id string) int { return cmp.Compare(r.ID, id) })
	if found {
		return rooms
	}
	return slices.Insert(rooms, i, hub.ConsoleRoom{Chat: room})
}
