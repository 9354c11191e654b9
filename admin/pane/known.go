package pane

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// How long names are believed, and how long a page waits for one.
const (
	namesLast    = 2 * time.Minute
	namePatience = 400 * time.Millisecond
)

// chatNames are what chats are called: as people spoke there, else as their
// system lists them, else their ids.
type chatNames struct {
	mu     sync.Mutex
	spoken time.Time
	listed map[hub.System]time.Time
	names  map[hub.Chat]string
}

// of is what a chat is called.
func (n *chatNames) of(ctx context.Context, p *Pane, chat hub.Chat) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := p.Now()
	if n.names == nil {
		n.names, n.listed = map[hub.Chat]string{}, map[hub.System]time.Time{}
	}
	if name := n.names[chat]; name != "" && now.Sub(n.spoken) < namesLast {
		return name
	}
	ctx, cancel := context.WithTimeout(ctx, namePatience)
	defer cancel()
	if now.Sub(n.spoken) >= namesLast {
		n.spoken = now
		known, err := p.Admin.People.ListKnownChats(ctx, "")
		if err != nil {
			p.Log.DebugContext(ctx, "the names of chats cannot be read", "err", err)
		}
		for _, k := range known {
			n.names[k.Chat] = k.Name
		}
	}
	if n.names[chat] == "" && chat.System != "" && now.Sub(n.listed[chat.System]) >= namesLast {
		n.listed[chat.System] = now
		chats, err := p.Admin.Chats(ctx, chat.System, "")
		if err != nil {
			p.Log.DebugContext(ctx, "a system does not list its chats", "system", chat.System, "err", err)
		}
		for _, k := range chats {
			id := hub.Chat{System: chat.System, ID: k.ID}
			n.names[id] = cmp.Or(n.names[id], k.Name)
		}
	}
	return cmp.Or(n.names[chat], chat.ID)
}

// systemKinds are the platforms of systems.
type systemKinds struct {
	mu    sync.Mutex
	at    time.Time
	kinds map[hub.System]string
}

// of is the platform of a system.
func (k *systemKinds) of(ctx context.Context, p *Pane, system hub.System) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := p.Now(); now.Sub(k.at) > namesLast || k.kinds[system] == "" && now.Sub(k.at) > time.Second {
		k.at = now
		systems, err := p.Admin.Systems(ctx)
		if err != nil {
			p.Log.DebugContext(ctx, "the systems cannot be listed", "err", err)
		}
		k.kinds = map[hub.System]string{}
		for _, s := range systems {
			k.kinds[s.System] = s.Kind
		}
	}
	return k.kinds[system]
}

// forumShelf is how forums are ordered, asked for now and then.
type forumShelf struct {
	mu     sync.Mutex
	at     map[hub.Source]time.Time
	forums map[hub.Source]map[string]hub.ForumCategory
}

// category is a category of a forum with its parent, nil for what is not known.
func (f *forumShelf) category(ctx context.Context, p *Pane, source hub.Source, id string) (own, parent *hub.ForumCategory) {
	if id == "" {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forums == nil {
		f.forums, f.at = map[hub.Source]map[string]hub.ForumCategory{}, map[hub.Source]time.Time{}
	}
	if now := p.Now(); now.Sub(f.at[source]) > namesLast {
		f.at[source] = now
		ctx, cancel := context.WithTimeout(ctx, namePatience)
		defer cancel()
		t, err := p.Admin.Taxonomy(ctx, source)
		if err != nil {
			p.Log.DebugContext(ctx, "the categories of a forum are not known", "source", source, "err", err)
		}
		if t != nil {
			f.forums[source] = map[string]hub.ForumCategory{}
			for _, c := range t.Categories {
				f.forums[source][c.ID] = c
			}
		}
	}
	c, known := f.forums[source][id]
	if !known {
		return nil, nil
	}
	if up, known := f.forums[source][c.ParentID]; known {
		parent = &up
	}
	return &c, parent
}
