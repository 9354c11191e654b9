package store

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const allTokens = `SELECT id, name, account, role, digest, ends, created_at, expires_at, used_at FROM tokens` //nolint:gosec // columns of tokens, none of which is one

// CreateToken stores a token.
func (s *Store) CreateToken(ctx context.Context, t *hub.Token) error {
	if t.ID == "" {
		t.ID = hub.TokenID(newID("t"))
	}
	if t.CreatedAt.IsZero() {
		t.CreatedAt = clock()
	}
	_, err := s.exec(ctx, "create token", `
		INSERT INTO tokens (id, name, account, role, digest, ends, created_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		text(t.ID), text(t.Name), text(t.Account), text(t.Role), text(t.Digest), text(t.Ends), micros(t.CreatedAt), micros(t.ExpiresAt), micros(t.UsedAt))
	if repeated(err) {
		return hub.Errorf(hub.CodeConflict, "this token exists already; make another")
	}
	return err
}

// FindToken reads a token that has not expired at now, nil if there is none.
func (s *Store) FindToken(ctx context.Context, digest string, now time.Time) (*hub.Token, error) {
	list, err := s.tokens(ctx, allTokens+` WHERE digest = $1 AND (expires_at = 0 OR expires_at > $2)`, text(digest), micros(now))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// GetToken reads a token.
func (s *Store) GetToken(ctx context.Context, id hub.TokenID) (*hub.Token, error) {
	list, err := s.tokens(ctx, allTokens+` WHERE id = $1`, text(id))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, hub.Errorf(hub.CodeNotFound, "there is no token %q", id)
	}
	return &list[0], nil
}

// UseToken notes when a token was used last.
func (s *Store) UseToken(ctx context.Context, id hub.TokenID, at time.Time) error {
	_, err := s.exec(ctx, "use token", `UPDATE tokens SET used_at = $2 WHERE id = $1 AND used_at < $2`, text(id), micros(at))
	return err
}

// ListTokens are those of an account, or of everybody.
func (s *Store) ListTokens(ctx context.Context, account hub.AccountID, all bool) ([]hub.Token, error) {
	const newest = ` ORDER BY created_at DESC, id LIMIT 500`
	if all {
		return s.tokens(ctx, allTokens+newest)
	}
	return s.tokens(ctx, allTokens+` WHERE account = $1`+newest, text(account))
}

func (s *Store) tokens(ctx context.Context, query string, args ...any) (list []hub.Token, err error) {
	const op = "read tokens"
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var t hub.Token
		if err := rows.Scan(&t.ID, &t.Name, &t.Account, &t.Role, &t.Digest, &t.Ends,
			timeColumn{&t.CreatedAt}, timeColumn{&t.ExpiresAt}, timeColumn{&t.UsedAt}); err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, t)
	}
	return list, fault(ctx, op, rows.Err())
}

// DeleteToken deletes a token; one that is gone is fine.
func (s *Store) DeleteToken(ctx context.Context, id hub.TokenID) error {
	_, err := s.exec(ctx, "delete token", `DELETE FROM tokens WHERE id = $1`, text(id))
	return err
}
