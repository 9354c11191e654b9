package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const roomPageColumns = `id, digest, system, chat, ask, created_by, created_at, expires_at, opened_at`

func scanRoomPage(row interface{ Scan(into ...any) error }) (*hub.RoomPage, error) {
	var p hub.RoomPage
	err := row.Scan(&p.ID, &p.Digest, &p.System, &p.Chat.ID, &p.Ask, &p.CreatedBy,
		timeColumn{&p.CreatedAt}, timeColumn{&p.ExpiresAt}, timeColumn{&p.OpenedAt})
	return &p, err
}

// CreateRoomPage is CodeConflict where the chat has hub.MaxRoomPages that have
// not ended at CreatedAt. Those that have are deleted.
func (s *Store) CreateRoomPage(ctx context.Context, p hub.RoomPage) error {
	if _, err := s.exec(ctx, "delete old room pages",
		`DELETE FROM room_pages WHERE system = $1 AND chat = $2 AND expires_at > 0 AND expires_at <= $3`,
		text(p.System), text(p.Chat.ID), micros(p.CreatedAt)); err != nil {
		return err
	}
	n, err := s.exec(ctx, "create room page",
		`INSERT INTO room_pages (`+roomPageColumns+`)
		 SELECT $1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT)
		 WHERE (SELECT count(*) FROM room_pages WHERE system = $3 AND chat = $4) < `+mostRoomPages,
		text(p.ID), text(p.Digest), text(p.System), text(p.Chat.ID), text(p.Ask), text(p.CreatedBy),
		micros(p.CreatedAt), micros(p.ExpiresAt), micros(p.OpenedAt))
	switch {
	case repeated(err):
		return hub.Errorf(hub.CodeConflict, "this page exists already")
	case err != nil:
		return err
	case n == 0:
		return hub.Errorf(hub.CodeConflict, "the chat has %d pages already: revoke one that nobody needs", hub.MaxRoomPages)
	}
	return nil
}

// mostRoomPages is hub.MaxRoomPages in a statement.
const mostRoomPages = "20"

// FindRoomPage reads a page that has not ended at now, nil if there is none.
func (s *Store) FindRoomPage(ctx context.Context, digest string, now time.Time) (*hub.RoomPage, error) {
	p, err := scanRoomPage(s.reader.QueryRowContext(ctx,
		`SELECT `+roomPageColumns+` FROM room_pages WHERE digest = $1 AND (expires_at = 0 OR expires_at > $2)`, text(digest), micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, "find room page", err)
	}
	return p, nil
}

// OpenedRoomPage notes that a page was opened.
func (s *Store) OpenedRoomPage(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, "note an opened room page", `UPDATE room_pages SET opened_at = $2 WHERE id = $1 AND opened_at < $2`, text(id), micros(at))
	return err
}

// RoomPages are those of a chat, the newest first, also such as have ended.
func (s *Store) RoomPages(ctx context.Context, chat hub.Chat) ([]hub.RoomPage, error) {
	const op = "room pages"
	rows, err := s.reader.QueryContext(ctx,
		`SELECT `+roomPageColumns+` FROM room_pages WHERE system = $1 AND chat = $2 ORDER BY created_at DESC, id`, text(chat.System), text(chat.ID))
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	var all []hub.RoomPage
	for rows.Next() {
		p, err := scanRoomPage(rows)
		if err != nil {
			return nil, fault(ctx, op, err)
		}
		all = append(all, *p)
	}
	return all, fault(ctx, op, rows.Err())
}

// DeleteRoomPage returns nil for one that the chat does not have, and else what it
// was.
func (s *Store) DeleteRoomPage(ctx context.Context, chat hub.Chat, id string) (*hub.RoomPage, error) {
	var was *hub.RoomPage
	err := retry(ctx, "delete room page", func() (err error) {
		was, err = scanRoomPage(s.writer.QueryRowContext(ctx,
			`DELETE FROM room_pages WHERE system = $1 AND chat = $2 AND id = $3 RETURNING `+roomPageColumns, text(chat.System), text(chat.ID), text(id)))
		if errors.Is(err, sql.ErrNoRows) {
			was, err = nil, nil
		}
		return err
	})
	return was, err
}
