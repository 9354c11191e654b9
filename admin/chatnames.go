package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// NamedChat is a chat as people know it.
type NamedChat struct {
	hub.Chat
	Kind string // the platform, or the system's name where that is not known
	Name string // what it is called, or its id
	Note string // "private", "not a member"
}

const (
	// namesLast is for how long what chats are called is told again.
	namesLast = 20 * time.Second
	// listsLast is for how long what a platform listed is: it counts how often it is
	// asked.
	listsLast = time.Minute
	// listsAgain is after how long a platform that did not list them is asked again.
	listsAgain = 2 * time.Second
	// listPatience is how long platforms may take to list their chats.
	listPatience = 2 * time.Second
)

// ChatNames are what chats are called, and which platforms systems are of, as of
// a moment. It never changes.
type ChatNames struct {
	at    time.Time
	chats map[hub.Chat]NamedChat
	kinds map[hub.System]string
}

// Of is a chat as people know it; one that nobody knows goes by its id.
func (n *ChatNames) Of(chat hub.Chat) NamedChat {
	if known, ok := n.chats[chat]; ok {
		return known
	}
	return NamedChat{Chat: chat, Kind: n.Kind(chat.System), Name: chat.ID}
}

// Kind is the platform of a system, or its name where that is not known.
func (n *ChatNames) Kind(system hub.System) string {
	return cmp.Or(n.kinds[system], string(system))
}

// lasts is for how long they are told again to who needs those of a system.
func (n *ChatNames) lasts(system hub.System) time.Duration {
	if system != "" && n.kinds[system] == "" {
		return time.Second
	}
	return namesLast
}

// nameCache holds the names that were found out last.
type nameCache struct {
	asking sync.Mutex // held while names are found out
	listed map[hub.System]listedChats

	mu  sync.Mutex // guards now; held for moments
	now *ChatNames // nil: nothing was found out
}

// listedChats are the chats that a platform listed.
type listedChats struct {
	at    time.Time
	chats []providers.ChatInfo
}

// forget has names be found out anew: there is another system.
func (c *nameCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = nil
}

func (c *nameCache) known() *ChatNames {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// ChatNames are what chats are called: as their platforms list them, else as their
// platforms say of each, else as people have spoken there, else their ids. What
// cannot be found out is left out: no page fails for a name.
func (s *Server) ChatNames(ctx context.Context) *ChatNames {
	return s.namesWith(ctx, "")
}

// namesWith are names among which there should be those of a system, if it is not
// empty: one that was just made has a short wait.
func (s *Server) namesWith(ctx context.Context, system hub.System) *ChatNames {
	c, now := &s.chatNames, s.Now()
	known := c.known()
	switch {
	case known != nil && now.Sub(known.at) < known.lasts(system):
		return known
	case known == nil:
		c.asking.Lock()
	case !c.asking.TryLock(): // somebody else is at it
		return known
	}
	defer c.asking.Unlock()
	if found := c.known(); found != known { // while this one waited
		return found
	}
	found := s.findNames(ctx, now, known)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = found
	return found
}

// ChatName is one chat as people know it.
func (s *Server) ChatName(ctx context.Context, chat hub.Chat) NamedChat {
	return s.namesWith(ctx, chat.System).Of(chat)
}

// findNames finds out what chats are called. Where the stores do not answer, it is
// what was known before.
func (s *Server) findNames(ctx context.Context, now time.Time, before *ChatNames) *ChatNames {
	found := &ChatNames{at: now, chats: map[hub.Chat]NamedChat{}, kinds: map[hub.System]string{}}
	systems, err := s.Systems(ctx)
	var spoken []hub.KnownChat
	if err == nil {
		spoken, err = s.People.ListKnownChats(ctx, "")
	}
	var rooms []hub.Room
	if err == nil {
		rooms, err = s.Rooms.Rooms(ctx)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "what chats are called cannot be found out", "err", err)
		if before != nil {
			found.chats, found.kinds = before.chats, before.kinds
		}
		found.at = now.Add(time.Second - namesLast) // soon it is tried again
		return found
	}
	for _, system := range systems {
		found.kinds[system.System] = system.Kind
	}
	name := func(chat hub.Chat, name, note string) {
		if name != "" {
			found.chats[chat] = NamedChat{Chat: chat, Kind: found.Kind(chat.System), Name: name, Note: note}
		}
	}
	for _, k := range spoken {
		name(k.Chat, cmp.Or(k.Name, k.ID), "")
	}
	for _, r := range rooms {
		name(r.Chat, r.Name, "")
	}
	for _, chat := range s.platformChats(ctx, now, systems) {
		name(chat.Chat, cmp.Or(chat.Name, chat.ID), chat.Note)
	}
	return found
}

// platformChats are the chats that platforms list. All are asked at the same time; of
// one that does not answer they are those that it listed before.
func (s *Server) platformChats(ctx context.Context, now time.Time, systems []hub.SystemStatus) (all []providers.ChatInfo) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	c := &s.chatNames
	lists := make([]listedChats, len(systems))
	var asked sync.WaitGroup
	for i, system := range systems {
		if lists[i] = c.listed[system.System]; !system.Features.Chats || now.Sub(lists[i].at) < listsLast {
			continue
		}
		asked.Go(func() {
			lists[i].at = now
			chats, err := s.Chats(ctx, system.System, "")
			if err != nil {
				s.Log.DebugContext(ctx, "the chats of a system cannot be listed", "system", system.System, "err", err)
				lists[i].at = now.Add(listsAgain - listsLast)
				return
			}
			lists[i].chats = chats
		})
	}
	asked.Wait()
	c.listed = make(map[hub.System]listedChats, len(systems))
	for i, system := range systems {
		c.listed[system.System] = lists[i]
		all = append(all, lists[i].chats...)
	}
	return all
}

// FindChats lists at most n chats whose name or id contains a text, by name. It
// asks the platform, too, which may know more: it lists a hundred at most.
func (s *Server) FindChats(ctx context.Context, system hub.System, text string, n int) []NamedChat {
	names := s.namesWith(ctx, system)
	found := map[hub.Chat]NamedChat{}
	text = strings.ToLower(strings.TrimSpace(text))
	for chat, r := range names.chats {
		if (system == "" || chat.System == system) && (strings.Contains(strings.ToLower(r.Name), text) || strings.Contains(strings.ToLower(chat.ID), text)) {
			found[chat] = r
		}
	}
	if system != "" && (text != "" || len(found) == 0) && len(found) < n {
		soon, cancel := context.WithTimeout(ctx, listPatience)
		defer cancel()
		listed, err := s.Chats(soon, system, text)
		for _, l := range listed {
			found[l.Chat] = NamedChat{Chat: l.Chat, Kind: names.Kind(system), Name: cmp.Or(l.Name, l.ID), Note: l.Note}
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
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.System, b.System), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(n, len(list))]
}
