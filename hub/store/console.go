package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const allPosts = `SELECT system, seq, room, COALESCE(post_key, ''), root, message, posted_at, rev, edited_at, gone, author, reader FROM console_posts`

// AppendConsolePost stores p and sets its Rev, too. The numbers of a system
// become visible in their order, so a reader that goes on after the last it saw
// misses none. A post without a Key is always a new one.
func (s *Store) AppendConsolePost(ctx context.Context, p *hub.ConsolePost) error {
	if err := checkKeys("system", string(p.System), "chat", p.ID, "key", p.Key); err != nil {
		return err
	}
	message, author, err := postDocuments(p)
	if err != nil {
		return fault(ctx, "append console post", err)
	}
	row := *p
	err = s.transact(ctx, "append console post", func(tx *sql.Tx) error {
		// Drawing the number first makes others of this system wait, so the
		// post cannot appear between the look for its Key and the insert.
		seq, err := nextInConsole(ctx, tx, p.System)
		if err != nil {
			return err
		}
		found, err := findPost(ctx, tx, &row)
		if err != nil || found {
			return err
		}
		row.Seq, row.Rev, row.At = seq, seq, clock()
		return insertPost(ctx, tx, row, message, author)
	})
	if err != nil {
		return err
	}
	p.Seq, p.Rev, p.At = row.Seq, row.Rev, row.At
	return nil
}

// postDocuments are a post's message and author as they stand in columns; the
// author is empty for none.
func postDocuments(p *hub.ConsolePost) (message, author string, err error) {
	if p.Author != nil {
		if author, err = document(p.Author); err != nil {
			return "", "", err
		}
	}
	message, err = document(p.Message)
	return message, author, err
}

// nextInConsole draws a number for a post or for a change of one.
func nextInConsole(ctx context.Context, tx *sql.Tx, system hub.System) (int64, error) {
	return next(ctx, tx, "console/"+string(system))
}

// findPost sets Seq, Rev and At of the post that has p's Key.
func findPost(ctx context.Context, tx *sql.Tx, p *hub.ConsolePost) (bool, error) {
	if p.Key == "" {
		return false, nil
	}
	err := tx.QueryRowContext(ctx,
		`SELECT seq, rev, posted_at FROM console_posts WHERE system = $1 AND room = $2 AND post_key = $3`,
		text(p.System), text(p.Chat.ID), text(p.Key)).Scan(&p.Seq, &p.Rev, timeColumn{&p.At})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func insertPost(ctx context.Context, tx *sql.Tx, p hub.ConsolePost, message, author string) error {
	key := sql.NullString{String: text(p.Key), Valid: p.Key != ""}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO console_posts (system, seq, room, post_key, root, message, posted_at, rev, author, reader)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		text(p.System), p.Seq, text(p.ID), key, text(p.Root), message, micros(p.At), p.Rev, author, text(p.Reader))
	return err
}

// ReviseConsolePost replaces or retracts a message. A revision that changes
// nothing leaves the post as it is, Rev and Edited included. What was retracted
// stays so: to give it a message is an Error with CodeNotFound.
func (s *Store) ReviseConsolePost(ctx context.Context, room hub.Chat, seq int64, m *hub.Message) error {
	message := "" // of a post that is gone
	if m != nil {
		var err error
		if message, err = document(m); err != nil {
			return fault(ctx, "revise console post", err)
		}
	}
	return s.transact(ctx, "revise console post", func(tx *sql.Tx) error {
		// The number first, as for a new post: of two revisions at once the second
		// sees what the first has done.
		rev, err := nextInConsole(ctx, tx, room.System)
		if err != nil {
			return err
		}
		changes, err := changesPost(ctx, tx, room, seq, message)
		if err != nil || !changes {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE console_posts SET message = $1, gone = $2, edited_at = $3, rev = $4 WHERE system = $5 AND seq = $6`,
			message, flag(m == nil), micros(clock()), rev, text(room.System), seq)
		return err
	})
}

// changesPost reports whether a message, empty for none, would change a post.
func changesPost(ctx context.Context, tx *sql.Tx, room hub.Chat, seq int64, message string) (bool, error) {
	var stands string
	var gone bool
	err := tx.QueryRowContext(ctx, `SELECT message, gone FROM console_posts WHERE system = $1 AND room = $2 AND seq = $3`,
		text(room.System), text(room.ID), seq).Scan(&stands, &gone)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, hub.Errorf(hub.CodeNotFound, "there is no message %d in room %q of %s", seq, room.ID, room.System)
	case err != nil:
		return false, err
	case gone && message != "":
		return false, hub.Errorf(hub.CodeNotFound, "message %d in room %q of %s was removed", seq, room.ID, room.System)
	}
	return stands != message, nil
}

// ConsolePosts lists the newest posts of a room before a Seq that reader may
// see, oldest first.
func (s *Store) ConsolePosts(ctx context.Context, room hub.Chat, reader string, before int64, limit int) ([]hub.ConsolePost, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	posts, err := s.consolePosts(ctx, allPosts+` WHERE system = $1 AND room = $2 AND seq < $3 AND reader IN ('', $4) ORDER BY seq DESC LIMIT $5`,
		text(room.System), text(room.ID), before, text(reader), clampLimit(limit))
	slices.Reverse(posts)
	return posts, err
}

// ConsolePostsAfter lists posts of a system that are new or changed after a
// Rev, in the order of Rev.
func (s *Store) ConsolePostsAfter(ctx context.Context, system hub.System, after int64, limit int) ([]hub.ConsolePost, error) {
	return s.consolePosts(ctx, allPosts+` WHERE system = $1 AND rev > $2 ORDER BY rev LIMIT $3`,
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
		if err := rows.Scan(&p.System, &p.Seq, &p.ID, &p.Key, &p.Root, jsonColumn{&p.Message}, timeColumn{&p.At},
			&p.Rev, timeColumn{&p.Edited}, &p.Gone, jsonColumn{&p.Author}, &p.Reader); err != nil {
			return nil, fault(ctx, op, err)
		}
		posts = append(posts, p)
	}
	return posts, fault(ctx, op, rows.Err())
}

// ConsoleRooms lists the rooms that hold posts for everybody, by name.
func (s *Store) ConsoleRooms(ctx context.Context, system hub.System) (rooms []hub.ConsoleRoom, err error) {
	const op = "list console rooms"
	rows, err := s.reader.QueryContext(ctx, `
		SELECT system, room, COUNT(*), MAX(posted_at) FROM console_posts
		WHERE system = $1 AND reader = '' GROUP BY system, room`, text(system))
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

// PruneConsoleWhispers deletes posts for one reader that are older than before.
func (s *Store) PruneConsoleWhispers(ctx context.Context, system hub.System, before time.Time) error {
	_, err := s.exec(ctx, "prune console posts",
		`DELETE FROM console_posts WHERE system = $1 AND reader <> '' AND posted_at < $2`, text(system), micros(before))
	return err
}
