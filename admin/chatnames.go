package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// NamedChat is a chat as people know it.
type NamedChat struct {
	hub.Chat
	Kind string // the platform
	Name string // what it is called, or its id
	Note string // "private", "not a member"
}

// roomsLast is for how long what chats are called is told again.
const roomsLast = 20 * time.Second

// roomsAgain is after how long a platform that did not list its chats is asked
// again.
const roomsAgain = 2 * time.Second

// chatCache are the chats that are known, by system and id.
type chatCache struct {
	mu   sync.Mutex
	at   time.Time
	by   map[hub.Chat]NamedChat
	kind map[hub.System]string
}

// listPatience is how long a platform may take to list its chats.
const listPatience = 2 * time.Second

// ChatNames are the chats that platforms list, or that people have spoken in. Some of
// them may be missing: platforms list a hundred at most.
func (s *Server) ChatNames(ctx context.Context) (map[hub.Chat]NamedChat, error) {
	c := &s.chatNames
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by != nil && s.Now().Sub(c.at) < roomsLast {
		return c.by, nil
	}
	systems, err := s.Systems(ctx)
	if err != nil {
		return nil, err
	}
	by, kinds := map[hub.Chat]NamedChat{}, map[hub.System]string{}
	for _, system := range systems {
		kinds[system.System] = system.Kind
	}
	if s.KnownChats != nil {
		known, err := s.KnownChats(ctx, "")
		if err != nil {
			return nil, err
		}
		for _, k := range known {
			chat := hub.Chat{System: k.System, ID: k.ID}
			by[chat] = NamedChat{Chat: chat, Kind: kinds[k.System], Name: cmp.Or(k.Name, k.ID)}
		}
	}
	soon, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	whole := true
	for _, system := range systems {
		if !system.Features.Chats {
			continue
		}
		listed, err := s.Chats(soon, system.System, "")
		if err != nil { // then they go by what people said there, or by their ids
			s.Log.DebugContext(ctx, "the chats of a system cannot be listed", "system", system.System, "err", err)
			whole = false
			continue
		}
		for _, l := range listed {
			by[l.Chat] = NamedChat{Chat: l.Chat, Kind: system.Kind, Name: cmp.Or(l.Name, l.Chat.ID), Note: l.Note}
		}
	}
	c.at, c.by, c.kind = s.Now(), by, kinds
	if !whole {
		c.at = c.at.Add(roomsAgain - roomsLast)
	}
	return by, nil
}

// forget has chats be looked up anew: there is another system.
func (c *chatCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
}

// ChatName is a chat as people know it; one that nobody knows has its id.
func (s *Server) ChatName(ctx context.Context, chat hub.Chat) (NamedChat, error) {
	by, err := s.ChatNames(ctx)
	if err != nil {
		return NamedChat{}, err
	}
	if r, ok := by[chat]; ok {
		return r, nil
	}
	s.chatNames.mu.Lock()
	defer s.chatNames.mu.Unlock()
	return NamedChat{Chat: chat, Kind: cmp.Or(s.chatNames.kind[chat.System], string(chat.System)), Name: chat.ID}, nil
}

// FindChats lists at most n chats whose name or id contains a text, by name. It
// asks the platform, too, which may know more.
func (s *Server) FindChats(ctx context.Context, system hub.System, text string, n int) ([]NamedChat, error) {
	by, err := s.ChatNames(ctx)
	if err != nil {
		return nil, err
	}
	found := map[hub.Chat]NamedChat{}
	text = strings.ToLower(strings.TrimSpace(text))
	for chat, r := range by {
		if (system == "" || chat.System == system) && (strings.Contains(strings.ToLower(r.Name), text) || strings.Contains(strings.ToLower(chat.ID), text)) {
			found[chat] = r
		}
	}
	if system != "" && (text != "" || len(found) == 0) && len(found) < n {
		soon, cancel := context.WithTimeout(ctx, listPatience)
		defer cancel()
		listed, err := s.Chats(soon, system, text)
		for _, l := range listed {
			found[l.Chat] = NamedChat{Chat: l.Chat, Kind: s.chatNames.kindOf(system), Name: cmp.Or(l.Name, l.Chat.ID), Note: l.Note}
		}
		if err != nil {
			s.Log.DebugContext(ctx, "a system cannot be asked for chats", "system", system, "err", err)
		}
	}
	list := make([]NamedChat, 0, len(found))
	for _, r := range found {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b NamedChat) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.System, b.System), cmp.Compare(a.Chat.ID, b.Chat.ID))
	})
	return list[:min(n, len(list))], nil
}

func (c *chatCache) kindOf(system hub.System) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cmp.Or(c.kind[system], string(system))
}
