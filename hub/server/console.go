package server

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// lateStore is the console's store before the database is open: providers are
// made without I/O, and nothing is sent before everything has started.
type lateStore struct {
	store atomic.Pointer[hub.ConsoleStore]
}

func (l *lateStore) set(s hub.ConsoleStore) { l.store.Store(&s) }

func (l *lateStore) get() (hub.ConsoleStore, error) {
	if s := l.store.Load(); s != nil {
		return *s, nil
	}
	return nil, hub.Errorf(hub.CodeUnavailable, "the database is not open yet")
}

func (l *lateStore) AppendConsolePost(ctx context.Context, p *hub.ConsolePost) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.AppendConsolePost(ctx, p)
}

func (l *lateStore) ConsolePosts(ctx context.Context, room hub.Chat, reader string, before int64, limit int) ([]hub.ConsolePost, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.ConsolePosts(ctx, room, reader, before, limit)
}

func (l *lateStore) ConsolePostsAfter(ctx context.Context, system hub.System, after int64, limit int) ([]hub.ConsolePost, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.ConsolePostsAfter(ctx, system, after, limit)
}

func (l *lateStore) ConsoleRooms(ctx context.Context, system hub.System) ([]hub.ConsoleRoom, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.ConsoleRooms(ctx, system)
}

func (l *lateStore) ReviseConsolePost(ctx context.Context, room hub.Chat, seq int64, m *hub.Message) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.ReviseConsolePost(ctx, room, seq, m)
}

func (l *lateStore) PruneConsoleWhispers(ctx context.Context, system hub.System, before time.Time) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.PruneConsoleWhispers(ctx, system, before)
}
