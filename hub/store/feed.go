package store

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// FindFeed reads what is remembered of a feed, nil if nothing is.
func (s *Store) FindFeed(ctx context.Context, source hub.Source) (*hub.FeedState, error) {
	return findBody[hub.FeedState](ctx, s, "find feed", `SELECT body FROM feeds WHERE source = $1`, text(source))
}

// PutFeed remembers the state of a feed in place of the one before.
func (s *Store) PutFeed(ctx context.Context, source hub.Source, f hub.FeedState) error {
	if err := checkKeys("source", string(source)); err != nil {
		return err
	}
	body, err := document(f)
	if err != nil {
		return hub.Errorf(hub.CodeInvalid, "feed of %s: %v", source, err)
	}
	_, err = s.exec(ctx, "put feed", `
		INSERT INTO feeds (source, body, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (source) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`,
		text(source), body, micros(clock()))
	return err
}
