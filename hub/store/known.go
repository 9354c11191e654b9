package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const allChats = `SELECT system, id, name, team, direct, first_by, first_at, last_at FROM known_chats`

// SeeChat notes a chat. Of two that note a new one at once, one is first. Who
// was first there, and when, never changes; what is empty was not told.
func (s *Store) SeeChat(ctx context.Context, c hub.KnownChat) (first bool, err error) {
	const op = "see chat"
	if c.System == "" || c.ID == "" {
		return false, hub.Errorf(hub.CodeInvalid, "a chat is a system and the platform's id there: system %q, chat %q", c.System, c.ID)
	}
	if err := checkKeys("system", string(c.System), "chat", c.ID); err != nil {
		return false, err
	}
	c.LastAt = lastSight(c)
	if c.FirstAt.IsZero() {
		c.FirstAt = c.LastAt
	}
	known, err := scanChat(s.often.QueryRowContext(ctx, allChats+` WHERE system = $1 AND id = $2`, text(c.System), text(c.ID)))
	switch {
	case err == nil:
		return false, s.seeAgain(ctx, c, known)
	case !errors.Is(err, sql.ErrNoRows):
		return false, fault(ctx, op, err)
	}
	n, err := s.exec(ctx, op, `
		INSERT INTO known_chats (system, id, name, team, direct, first_by, first_at, last_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (system, id) DO NOTHING`,
		text(c.System), text(c.ID), text(c.Name), text(c.Team), flag(c.Direct), text(c.FirstBy), micros(c.FirstAt), micros(c.LastAt))
	return n == 1, err
}

func lastSight(c hub.KnownChat) time.Time {
	switch {
	case !c.LastAt.IsZero():
		return c.LastAt
	case !c.FirstAt.IsZero():
		return c.FirstAt
	}
	return clock()
}

// seeAgain notes what has changed of a chat that is known.
func (s *Store) seeAgain(ctx context.Context, c, known hub.KnownChat) error {
	c.Name, c.Team = cmp.Or(text(c.Name), known.Name), cmp.Or(text(c.Team), known.Team)
	same := c.Name == known.Name && c.Team == known.Team && c.Direct == known.Direct
	if c.LastAt.Before(known.LastAt) || same && c.LastAt.Sub(known.LastAt) < sightEvery {
		return nil
	}
	_, err := s.exec(ctx, "see chat", `
		UPDATE known_chats SET name = $1, team = $2, direct = $3, last_at = $4
		WHERE system = $5 AND id = $6 AND last_at <= $4`,
		c.Name, c.Team, flag(c.Direct), micros(c.LastAt), text(c.System), text(c.ID))
	return err
}

// ListKnownChats are those of a system, by name; no system is every one.
func (s *Store) ListKnownChats(ctx context.Context, system hub.System) (list []hub.KnownChat, err error) {
	const op = "list known chats"
	var sel selection
	sel.equal("system", string(system))
	rows, err := s.reader.QueryContext(ctx, sel.where(allChats), sel.args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanChat(rows)
		if err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, c)
	}
	// Sorted here: the order of text in PostgreSQL depends on its locale.
	slices.SortFunc(list, func(a, b hub.KnownChat) int {
		return cmp.Or(cmp.Compare(sortName(a), sortName(b)), cmp.Compare(a.System, b.System), cmp.Compare(a.ID, b.ID))
	})
	return list, fault(ctx, op, rows.Err())
}

func sortName(c hub.KnownChat) string { return strings.ToLower(cmp.Or(c.Name, c.ID)) }

func scanChat(row interface{ Scan(...any) error }) (c hub.KnownChat, err error) {
	err = row.Scan(&c.System, &c.ID, &c.Name, &c.Team, &c.Direct, &c.FirstBy, timeColumn{&c.FirstAt}, timeColumn{&c.LastAt})
	return c, err
}
