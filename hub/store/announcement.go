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
// Notification. Of one that is given twice the last counts. What many chats are told
// of a post at once is one row, as long as nothing is known of any of it.
func (s *Store) PutAnnouncements(ctx context.Context, as []hub.Announcement) error {
	if len(as) == 0 {
		return nil
	}
	last := lastOfEach(as, func(a *hub.Announcement) string { return string(a.Notification) })
	for _, a := range last {
		if err := checkAnnouncement(a); err != nil {
			return err
		}
	}
	const op = "put announcements"
	together, single := tellingsOf(last)
	if err := s.putNew(ctx, op, together, single); !errors.Is(err, errKnown) {
		return err
	}
	rows, err := announcementRows(last)
	if err != nil {
		return err
	}
	return s.putRows(ctx, op, replacing(), rows)
}

// putNew stores announcements of which nothing is known yet, errKnown if something is.
func (s *Store) putNew(ctx context.Context, op string, together []telling, single []*hub.Announcement) error {
	rows, err := announcementRows(single)
	if err != nil {
		return err
	}
	shared, err := tellingRows(together)
	if err != nil {
		return err
	}
	put := replacing()
	if !slices.ContainsFunc(single, changedSince) { // then SQLite need not be ready to take back what it changes
		put.tail = `ON CONFLICT (notification) DO NOTHING`
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		if err := s.insertTellings(ctx, tx, together, shared); err != nil {
			return err
		}
		made, err := s.insertRows(ctx, tx, put, rows)
		if err == nil && made < int64(len(rows)) {
			return errKnown
		}
		return err
	})
}

func replacing() insert {
	return insert{
		into: `announcements (notification, source, topic, post, body, told_at)`, row: marks(6),
		tail: `ON CONFLICT (notification) DO UPDATE SET source = excluded.source, topic = excluded.topic,
			post = excluded.post, body = excluded.body, told_at = excluded.told_at`,
	}
}

// changedSince reports whether an announcement is not as it was when it was told.
func changedSince(a *hub.Announcement) bool { return !a.UpdatedAt.Equal(a.At) }

func checkAnnouncement(a *hub.Announcement) error {
	if a.Notification == "" {
		return hub.Errorf(hub.CodeInvalid, "an announcement of topic %q of %s names no notification", a.Topic, a.Source)
	}
	return checkKeys("notification", string(a.Notification), "source", string(a.Source), "topic", a.Topic)
}

func announcementRows(as []*hub.Announcement) ([][]any, error) {
	rows := make([][]any, len(as))
	var e hub.MessageEncoder
	for i, a := range as {
		body, err := e.Announcement(a)
		if err != nil {
			return nil, hub.Errorf(hub.CodeInvalid, "announcement %s: %v", a.Notification, err)
		}
		rows[i] = []any{text(a.Notification), text(a.Source), text(a.Topic), a.Post, body, toldAt(a)}
	}
	return rows, nil
}

func toldAt(a *hub.Announcement) int64 {
	if a.UpdatedAt.After(a.At) {
		return microsOrNow(a.UpdatedAt)
	}
	return microsOrNow(a.At)
}

// Announcements lists those of a post, or of a whole topic where post is 0,
// oldest first.
func (s *Store) Announcements(ctx context.Context, source hub.Source, topic string, post int) ([]hub.Announcement, error) {
	where, args := ` WHERE source = $1 AND topic = $2`, []any{text(source), text(topic)}
	if post != 0 {
		where += ` AND post = $3`
		args = append(args, post)
	}
	// In this order: what is changed meanwhile is found, as it was or as it is.
	const op = "list announcements"
	shared, err := tellings(ctx, s.often, nil, allTellings+where, args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	newer, err := announced(ctx, s.reader, idsIn(shared))
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	list, err := bodies[hub.Announcement](ctx, s, op, `SELECT body FROM announcements`+where, args...)
	if err != nil {
		return nil, err
	}
	list = addTold(list, shared, func(id hub.NotificationID) bool { return !newer[id] })
	slices.SortFunc(list, func(a, b hub.Announcement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Notification, b.Notification))
	})
	return list, nil
}

// FindAnnouncements reads those of notifications that are known.
func (s *Store) FindAnnouncements(ctx context.Context, ids []hub.NotificationID) (list []hub.Announcement, err error) {
	const op = "find announcements"
	for some := range slices.Chunk(ids, rowsPerStatement) {
		var own, shared selection
		own.among("notification", keysOf(some))
		shared.among("id", keysOf(some))
		// In this order: what is changed meanwhile is found, as it was or as it is.
		said, err := tellings(ctx, s.reader, some, allTellings+` WHERE event IN (`+shared.where(`SELECT event FROM deliveries`)+`)`, shared.args...)
		if err != nil {
			return nil, fault(ctx, op, err)
		}
		found, err := bodies[hub.Announcement](ctx, s, op, own.where(`SELECT body FROM announcements`), own.args...)
		if err != nil {
			return nil, err
		}
		found = addTold(found, said, func(id hub.NotificationID) bool { return slices.Contains(some, id) })
		list = append(list, found...)
	}
	return list, nil
}

// AnnouncedTopics lists topics of a source that something was announced of.
func (s *Store) AnnouncedTopics(ctx context.Context, source hub.Source, after string, limit int) ([]hub.Topic, error) {
	return bodies[hub.Topic](ctx, s, "list announced topics", `SELECT body FROM topics WHERE source = $1 AND id > $2 AND (
		EXISTS (SELECT 1 FROM tellings t WHERE t.source = topics.source AND t.topic = topics.id) OR
		EXISTS (SELECT 1 FROM announcements a WHERE a.source = topics.source AND a.topic = topics.id)) ORDER BY id LIMIT $3`, text(source), text(after), limit)
}

// PruneAnnouncements deletes in small transactions those last told before a time, and
// says how many rows that were. After an error the number counts what was deleted
// before it.
func (s *Store) PruneAnnouncements(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.prune(ctx, "announcements", "notification", "told_at", before)
	if err != nil {
		return n, err
	}
	shared, err := s.prune(ctx, "tellings", "id", "told_at", before)
	return n + shared, err
}
