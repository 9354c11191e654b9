package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// CreateSession stores a session. A digest that is there already is
// CodeConflict: two sessions must never share a cookie.
func (s *Store) CreateSession(ctx context.Context, session hub.Session) error {
	_, err := s.exec(ctx, "create session",
		`INSERT INTO sessions (digest, who, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		text(session.Digest), text(session.Who), micros(session.CreatedAt), micros(session.ExpiresAt))
	if repeated(err) {
		return hub.Errorf(hub.CodeConflict, "this session exists already; log in again")
	}
	return err
}

// FindSession reads a session that has not expired at now, nil if there is none.
func (s *Store) FindSession(ctx context.Context, digest string, now time.Time) (*hub.Session, error) {
	var f hub.Session
	err := s.reader.QueryRowContext(ctx,
		`SELECT digest, who, created_at, expires_at FROM sessions WHERE digest = $1 AND expires_at > $2`,
		text(digest), micros(now)).Scan(&f.Digest, &f.Who, timeColumn{&f.CreatedAt}, timeColumn{&f.ExpiresAt})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, "find session", err)
	}
	return &f, nil
}

// DeleteSession ends a session; one that is gone is fine.
func (s *Store) DeleteSession(ctx context.Context, digest string) error {
	_, err := s.exec(ctx, "delete session", `DELETE FROM sessions WHERE digest = $1`, text(digest))
	return err
}

// PruneSessions deletes what has expired at now.
func (s *Store) PruneSessions(ctx context.Context, now time.Time) error {
	_, err := s.exec(ctx, "prune sessions", `DELETE FROM sessions WHERE expires_at <= $1`, micros(now))
	return err
}
