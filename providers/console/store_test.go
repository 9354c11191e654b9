package console_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// memory is a hub.ConsoleStore. Fail, where set, is asked before each append;
// stored hears of each new post.
type memory struct {
	fail   func() error
	down   error // what every read answers
	stored func(hub.ConsolePost)

	mu    sync.Mutex
	posts []hub.ConsolePost
}

var _ hub.ConsoleStore = (*memory)(nil)

func (m *memory) AppendConsolePost(ctx context.Context, p *hub.ConsolePost) error {
	if err := cmp.Or(ctx.Err(), m.down); err != nil {
		return err
	}
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	if m.keep(p) && m.stored != nil {
		m.stored(*p)
	}
	return nil
}

func (m *memory) keep(p *hub.ConsolePost) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.posts, func(o hub.ConsolePost) bool { return o.Chat == p.Chat && o.Key == p.Key && p.Key != "" })
	if i >= 0 {
		p.Seq, p.At = m.posts[i].Seq, m.posts[i].At
		return false
	}
	p.Seq, p.At = int64(len(m.posts)+1), time.Date(2026, 3, 9, 9, 41, len(m.posts), 0, time.UTC)
	m.posts = append(m.posts, *p)
	return true
}

func (m *memory) where(keep func(hub.ConsolePost) bool) []hub.ConsolePost {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []hub.ConsolePost
	for _, p := range m.posts {
		if keep(p) {
			found = append(found, p)
		}
	}
	return found
}

func (m *memory) ConsolePosts(_ context.Context, room hub.Chat, before int64, limit int) ([]hub.ConsolePost, error) {
	found := m.where(func(p hub.ConsolePost) bool { return p.Chat == room && (before <= 0 || p.Seq < before) })
	return found[max(0, len(found)-limit):], m.down
}

func (m *memory) ConsolePostsAfter(_ context.Context, system hub.System, after int64, limit int) ([]hub.ConsolePost, error) {
	found := m.where(func(p hub.ConsolePost) bool { return p.System == system && p.Seq > after })
	return found[:min(len(found), limit)], m.down
}

func (m *memory) ConsoleRooms(_ context.Context, system hub.System) ([]hub.ConsoleRoom, error) {
	var rooms []hub.ConsoleRoom
	for _, p := range m.where(func(p hub.ConsolePost) bool { return p.System == system }) {
		i, found := slices.BinarySearchFunc(rooms, p.Chat.ID, func(r hub.ConsoleRoom, id string) int { return cmp.Compare(r.ID, id) })
		if !found {
			rooms = slices.Insert(rooms, i, hub.ConsoleRoom{Chat: p.Chat})
		}
		rooms[i].Posts++
		rooms[i].Last = p.At
	}
	return rooms, m.down
}
