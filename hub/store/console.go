package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

const allPosts = `SELECT system, seq, room, COALESCE(post_key, ''), root, message, posted_at FROM console_posts`

// AppendConsolePost stores p. The Seq of a system's posts become visible in
// their order, so a reader that goes on after the last it saw misses none. A
// post without a Key is always a new one.
func (s *Store) AppendConsolePost(ctx context.Context, p *hub.ConsolePost) error {
	if err := checkKeys("system", string(p.System), "chat", p.ID, "key", p.Key); err != nil {
		return err
	}
	message, err := document(p.Message)
	if err != nil {
		return fault(ctx, "append console post", err)
	}
	row := *p
	err = s.transact(ctx, "append console post", func(tx *sql.Tx) error {
		// Drawing the number first makes others of this system wait, so the
		// post cannot appear between the look for its Key and the insert.
		seq, err := next(ctx, tx, "console/"+string(p.System))
		if err != nil {
			return err
		}
		found, err := findPost(ctx, tx, &row)
		if err != nil || found {
			return err
		}
		row.Seq, row.At = seq, clock()
		return insertPost(ctx, tx, row, message)
	})
	if err != nil {
		return err
	}
	p.Seq, p.At = row.Seq, row.At
	return nil
}

// findPost sets Seq and At of the post that has p's Key.
func findPost(ctx context.Context, tx *sql.Tx, p *hub.ConsolePost) (bool, error) {
	if p.Key == "" {
		return false, nil
	}
	err := tx.QueryRowContext(ctx,
		`SELECT seq, posted_at FROM console_posts WHERE system = $1 AND room = $2 AND post_key = $3`,
		text(p.System), text(p.Chat.ID), text(p.Key)).Scan(&p.Seq, timeColumn{&p.At})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func insertPost(ctx context.Context, tx *sql.Tx, p hub.ConsolePost, message string) error {
	key := sql.NullString{String: text(p.Key), Valid: p.Key != ""}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO console_posts (system, seq, room, post_key, root, message, posted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		text(p.System), p.Seq, text(p.ID), key, text(p.Root), message, micros(p.At))
	return err
}

// ConsolePosts lists the newest posts of a room before a Seq, oldest first.
func (s *Store) ConsolePosts(ctx context.Context, room hub.Chat, before int64, limit int) ([]hub.ConsolePost, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	posts, err := s.consolePosts(ctx, allPosts+` WHERE system = $1 AND room = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`,
		text(room.System), text(room.ID), before, clampLimit(limit))
	slices.Reverse(posts)
	return posts, err
}

// ConsolePostsAfter lists posts of a system after a Seq, oldest first.
func (s *Store) ConsolePostsAfter(ctx context.Context, system hub.System, after int64, limit int) ([]hub.ConsolePost, error) {
	return s.consolePosts(ctx, allPosts+` WHERE system = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		text(system), after, clampLimit(limit))
}

func (s *Store) consolePosts(ctx context.Context, query string, args ...any) (posts []hub.ConsolePost, err error) {
	const op = "list console posts"
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p hub.ConsolePost
		if err := rows.Scan(&p.System, &p.Seq, &p.ID, &p.Key, &p.Root, jsonColumn{&p.Message}, timeColumn{&p.At}); err != nil {
			return nil, fault(ctx, op, err)
		}
		posts = append(posts, p)
	}
	return posts, fault(ctx, op, rows.Err())
}

// ConsoleRooms lists the rooms that hold posts, by name.
func (s *Store) ConsoleRooms(ctx context.Context, system hub.System) (rooms []hub.ConsoleRoom, err error) {
	const op = "list console rooms"
	rows, err := s.reader.QueryContext(ctx, `
		SELECT system, room, COUNT(*), MAX(posted_at) FROM console_posts
		WHERE system = $1 GROUP BY system, room`, text(system))
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var r hub.ConsoleRoom
		if err := rows.Scan(&r.System, &r.ID, &r.Posts, timeColumn{&r.Last}); err != nil {
			return nil, fault(ctx, op, err)
		}
		rooms = append(rooms, r)
	}
	// Sorted here: the order of text in PostgreSQL depends on its locale.
	slices.SortFunc(rooms, func(a, b hub.ConsoleRoom) int { return cmp.Compare(a.ID, b.ID) })
	return rooms, fault(ctx, op, rows.Err())
}
