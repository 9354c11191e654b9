package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// PutAnnouncements stores announcements in place of those with the same
// Notification. Of one that is given twice the last counts.
func (s *Store) PutAnnouncements(ctx context.Context, as []hub.Announcement) error {
	if len(as) == 0 {
		return nil
	}
	last := lastOfEach(as, func(a *hub.Announcement) string { return string(a.Notification) })
	rows, unchanged := make([][]any, len(last)), true
	var e hub.MessageEncoder
	for i := range last {
		var err error
		if rows[i], err = announcementArgs(&e, last[i]); err != nil {
			return err
		}
		unchanged = unchanged && last[i].UpdatedAt.Equal(last[i].At)
	}
	const op = "put announcements"
	put := insert{into: `announcements (notification, source, topic, post, body, told_at)`, row: marks(6), tail: `ON CONFLICT (notification) DO NOTHING`}
	if unchanged { // probably they are new, and SQLite need not be ready to take back what it changes
		err := s.transact(ctx, op, func(tx *sql.Tx) error {
			made, err := s.insertRows(ctx, tx, put, rows)
			if err == nil && made < int64(len(rows)) {
				return errKnown
			}
			return err
		})
		if !errors.Is(err, errKnown) {
			return err
		}
	}
	put.tail = `ON CONFLICT (notification) DO UPDATE SET source = excluded.source, topic = excluded.topic,
			post = excluded.post, body = excluded.body, told_at = excluded.told_at`
	return s.putRows(ctx, op, put, rows)
}

func announcementArgs(e *hub.MessageEncoder, a *hub.Announcement) ([]any, error) {
	if a.Notification == "" {
		return nil, hub.Errorf(hub.CodeInvalid, "an announcement of topic %q of %s names no notification", a.Topic, a.Source)
	}
	if err := checkKeys("notification", string(a.Notification), "source", string(a.Source), "topic", a.Topic); err != nil {
		return nil, err
	}
	body, err := e.Announcement(a)
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "announcement %s: %v", a.Notification, err)
	}
	told := a.At
	if a.UpdatedAt.After(told) {
		told = a.UpdatedAt
	}
	return []any{text(a.Notification), text(a.Source), text(a.Topic), a.Post, body, microsOrNow(told)}, nil
}

// Announcements lists those of a post, or of a whole topic where post is 0,
// oldest first.
func (s *Store) Announcements(ctx context.Context, source hub.Source, topic string, post int) ([]hub.Announcement, error) {
	query := `SELECT body FROM announcements WHERE source = $1 AND topic = $2`
	args := []any{text(source), text(topic)}
	if post != 0 {
		query += ` AND post = $3`
		args = append(args, post)
	}
	list, err := bodies[hub.Announcement](ctx, s, "list announcements", query, args...)
	slices.SortFunc(list, func(a, b hub.Announcement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Notification, b.Notification))
	})
	return list, err
}

// FindAnnouncements reads those of notifications that are known.
func (s *Store) FindAnnouncements(ctx context.Context, ids []hub.NotificationID) (list []hub.Announcement, err error) {
	for some := range slices.Chunk(ids, rowsPerStatement) {
		var sel selection
		keys := make([]any, len(some))
		for i, id := range some {
			keys[i] = text(id)
		}
		sel.among("notification", keys)
		found, err := bodies[hub.Announcement](ctx, s, "find announcements", sel.where(`SELECT body FROM announcements`), sel.args...)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// AnnouncedTopics lists topics of a source that something was announced of.
func (s *Store) AnnouncedTopics(ctx context.Context, source hub.Source, after string, limit int) ([]hub.Topic, error) {
	return bodies[hub.Topic](ctx, s, "list announced topics", `SELECT body FROM topics WHERE source = $1 AND id > $2 AND EXISTS
		(SELECT 1 FROM announcements a WHERE a.source = topics.source AND a.topic = topics.id) ORDER BY id LIMIT $3`, text(source), text(after), limit)
}

// PruneAnnouncements deletes in small transactions those last told before a
// time. After an error the number counts what was deleted before it.
func (s *Store) PruneAnnouncements(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "announcements", "notification", "told_at", before)
}
