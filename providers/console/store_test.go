package console_test

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// memory is a hub.ConsoleStore. Fail, where set, is asked before each write;
// stored hears of each new post and revised of each that was changed.
type memory struct {
	fail    func() error
	down    error // what every read answers
	stored  func(hub.ConsolePost)
	revised func(hub.ConsolePost)
	now     func() time.Time // nil is a day in March

	mu    sync.Mutex
	last  int64 // number drawn
	posts []hub.ConsolePost
}

var _ hub.ConsoleStore = (*memory)(nil)

func (m *memory) AppendConsolePost(ctx context.Context, p *hub.ConsolePost) error {
	if err := m.refuses(ctx); err != nil {
		return err
	}
	if m.keep(p) && m.stored != nil {
		m.stored(*p)
	}
	return nil
}

func (m *memory) refuses(ctx context.Context) error {
	err := cmp.Or(ctx.Err(), m.down)
	m.mu.Lock()
	fail := m.fail
	m.mu.Unlock()
	if err == nil && fail != nil {
		err = fail()
	}
	return err
}

// fails makes writes fail, or ends that.
func (m *memory) fails(fail func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) ReviseConsolePost(ctx context.Context, room hub.Chat, seq int64, to *hub.Message) error {
	if err := m.refuses(ctx); err != nil {
		return err
	}
	p, err := m.revise(room, seq, to)
	if p != nil && m.revised != nil {
		m.revised(*p)
	}
	return err
}

// revise is the post as it stands now, nil if it stands as it stood.
func (m *memory) revise(room hub.Chat, seq int64, to *hub.Message) (*hub.ConsolePost, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.posts, func(p hub.ConsolePost) bool { return p.Chat == room && p.Seq == seq && (!p.Gone || to == nil) })
	if i < 0 {
		return nil, hub.Errorf(hub.CodeNotFound, "there is no message %d in room %q", seq, room.ID)
	}
	p := m.posts[i]
	if p.Gone = to == nil; p.Gone {
		to = &hub.Message{}
	}
	p.Message = *to
	if reflect.DeepEqual(p, m.posts[i]) {
		return nil, nil
	}
	m.last++
	p.Rev, p.Edited = m.last, time.Date(2026, 3, 9, 10, 0, int(m.last), 0, time.UTC)
	m.posts[i] = p
	return &p, nil
}

func (m *memory) keep(p *hub.ConsolePost) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.posts, func(o hub.ConsolePost) bool { return o.Chat == p.Chat && o.Key == p.Key && p.Key != "" })
	if i >= 0 {
		p.Seq, p.Rev, p.At = m.posts[i].Seq, m.posts[i].Rev, m.posts[i].At
		return false
	}
	m.last++
	p.Seq, p.Rev, p.At = m.last, m.last, time.Date(2026, 3, 9, 9, 41, len(m.posts), 0, time.UTC)
	if m.now != nil {
		p.At = m.now()
	}
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

func (m *memory) ConsolePosts(_ context.Context, room hub.Chat, reader string, before int64, limit int) ([]hub.ConsolePost, error) {
	found := m.where(func(p hub.ConsolePost) bool {
		return p.Chat == room && (p.Reader == "" || p.Reader == reader) && (before <= 0 || p.Seq < before)
	})
	return found[max(0, len(found)-limit):], m.down
}

func (m *memory) ConsolePostsAfter(_ context.Context, system hub.System, after int64, limit int) ([]hub.ConsolePost, error) {
	found := m.where(func(p hub.ConsolePost) bool { return p.System == system && p.Rev > after })
	slices.SortFunc(found, func(a, b hub.ConsolePost) int { return cmp.Compare(a.Rev, b.Rev) })
	return found[:min(len(found), limit)], m.down
}

func (m *memory) PruneConsoleWhispers(_ context.Context, system hub.System, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posts = slices.DeleteFunc(m.posts, func(p hub.ConsolePost) bool { return p.System == system && p.Reader != "" && p.At.Before(before) })
	return m.down
}

func (m *memory) ConsoleRooms(_ context.Context, system hub.System) ([]hub.ConsoleRoom, error) {
	var rooms []hub.ConsoleRoom
	for _, p := range m.where(func(p hub.ConsolePost) bool { return p.System == system && p.Reader == "" }) {
		i, found := slices.BinarySearchFunc(rooms, p.Chat.ID, func(r hub.ConsoleRoom, id string) int { return cmp.Compare(r.ID, id) })
		if !found {
			rooms = slices.Insert(rooms, i, hub.ConsoleRoom{Chat: p.Chat})
		}
		rooms[i].Posts++
		rooms[i].Last = p.At
	}
	return rooms, m.down
}
