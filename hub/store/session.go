package store

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const allSessions = `SELECT digest, who, account, agent, address, created_at, proved_at, seen_at, expires_at FROM sessions`

// CreateSession stores a session. A digest that is there already is
// CodeConflict: two sessions must never share a cookie.
func (s *Store) CreateSession(ctx context.Context, session hub.Session) error {
	_, err := s.exec(ctx, "create session", `
		INSERT INTO sessions (digest, who, account, agent, address, created_at, proved_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		text(session.Digest), text(session.Who), text(session.Account), text(session.Agent), text(session.Address),
		micros(session.CreatedAt), micros(session.ProvedAt), micros(session.SeenAt), micros(session.ExpiresAt))
	if repeated(err) {
		return hub.Errorf(hub.CodeConflict, "this session exists already; log in again")
	}
	return err
}

// FindSession reads a session that has not expired at now, nil if there is none.
func (s *Store) FindSession(ctx context.Context, digest string, now time.Time) (*hub.Session, error) {
	list, err := s.sessions(ctx, allSessions+` WHERE digest = $1 AND expires_at > $2`, text(digest), micros(now))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// TouchSession notes that a session is used.
func (s *Store) TouchSession(ctx context.Context, digest, address string, seen, expires time.Time) error {
	_, err := s.exec(ctx, "touch session", `UPDATE sessions SET address = $2, seen_at = $3, expires_at = $4 WHERE digest = $1 AND seen_at < $3`,
		text(digest), text(address), micros(seen), micros(expires))
	return err
}

// ProveSession notes that the credential of a session was shown again.
func (s *Store) ProveSession(ctx context.Context, digest string, at time.Time) error {
	_, err := s.exec(ctx, "prove session", `UPDATE sessions SET proved_at = $2 WHERE digest = $1`, text(digest), micros(at))
	return err
}

// ListSessions are those of an account, or of everybody.
func (s *Store) ListSessions(ctx context.Context, account hub.AccountID, all bool, now time.Time) ([]hub.Session, error) {
	const newest = ` ORDER BY seen_at DESC, digest LIMIT 500`
	if all {
		return s.sessions(ctx, allSessions+` WHERE expires_at > $1`+newest, micros(now))
	}
	return s.sessions(ctx, allSessions+` WHERE expires_at > $1 AND account = $2`+newest, micros(now), text(account))
}

func (s *Store) sessions(ctx context.Context, query string, args ...any) (list []hub.Session, err error) {
	const op = "read sessions"
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var f hub.Session
		if err := rows.Scan(&f.Digest, &f.Who, &f.Account, &f.Agent, &f.Address,
			timeColumn{&f.CreatedAt}, timeColumn{&f.ProvedAt}, timeColumn{&f.SeenAt}, timeColumn{&f.ExpiresAt}); err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, f)
	}
	return list, fault(ctx, op, rows.Err())
}

// DeleteSession ends a session; one that is gone is fine.
func (s *Store) DeleteSession(ctx context.Context, digest string) error {
	_, err := s.exec(ctx, "delete session", `DELETE FROM sessions WHERE digest = $1`, text(digest))
	return err
}

// DeleteSessions ends the sessions of an account, save one.
func (s *Store) DeleteSessions(ctx context.Context, account hub.AccountID, but string) (int64, error) {
	return s.exec(ctx, "delete sessions", `DELETE FROM sessions WHERE account = $1 AND digest <> $2`, text(account), text(but))
}

// PruneSessions deletes what has expired at now.
func (s *Store) PruneSessions(ctx context.Context, now time.Time) error {
	_, err := s.exec(ctx, "prune sessions", `DELETE FROM sessions WHERE expires_at <= $1`, micros(now))
	return err
}
