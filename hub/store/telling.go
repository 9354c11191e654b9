package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// telling is what chats were told of a post at once: announcements of one event and
// one message, which are one row. It is never changed; what becomes of one of them has
// a row of its own in announcements.
type telling []*hub.Announcement

// mostTold is how many announcements are in a row at most.
const mostTold = 100

// tellingsOf takes out of announcements those that go together, at least two. Both are
// sorted as the announcements are, so that two hubs lock in one order.
func tellingsOf(as []*hub.Announcement) (together []telling, single []*hub.Announcement) {
	type kind struct {
		source        hub.Source
		topic, postID string
		post          int
		event         hub.EventID
		message       hub.MessageKey
	}
	nth := map[kind]int{}
	for _, a := range as {
		if !canShare(a) {
			single = append(single, a)
			continue
		}
		k := kind{a.Source, a.Topic, a.PostID, a.Post, a.Event, hub.KeyOf(&a.Message)}
		i, ok := nth[k]
		if !ok || len(together[i]) == mostTold {
			i = len(together)
			nth[k] = i
			together = append(together, nil)
		}
		together[i] = append(together[i], a)
	}
	together = slices.DeleteFunc(together, func(t telling) bool {
		if len(t) > 1 {
			return false
		}
		single = append(single, t[0])
		return true
	})
	slices.SortFunc(single, func(a, b *hub.Announcement) int { return cmp.Compare(text(a.Notification), text(b.Notification)) })
	return together, single
}

// canShare reports whether an announcement may be in one row with others: as it was
// told, of an event that can be a key, and under an id that can be in a list.
func canShare(a *hub.Announcement) bool {
	return !changedSince(a) && a.Event != "" && len(a.Event) <= longestKey && !strings.Contains(string(a.Notification), " ")
}

func tellingRows(ts []telling) ([][]any, error) {
	rows := make([][]any, len(ts))
	var e hub.MessageEncoder
	for i, t := range ts {
		first, told, members := t[0], int64(0), make([]string, len(t))
		for i, a := range t {
			told, members[i] = max(told, toldAt(a)), text(a.Notification)
		}
		body, err := e.Announcements(t)
		if err != nil {
			return nil, hub.Errorf(hub.CodeInvalid, "announcements of event %s: %v", first.Event, err)
		}
		rows[i] = []any{text(first.Notification), text(first.Source), text(first.Topic), first.Post, text(first.Event), strings.Join(members, " "), body, told}
	}
	return rows, nil
}

// insertTellings stores tellings of which nothing is known, errKnown if anything is.
func (s *Store) insertTellings(ctx context.Context, tx *sql.Tx, ts []telling, rows [][]any) error {
	if len(ts) == 0 {
		return nil
	}
	var events []hub.EventID
	for _, t := range ts {
		events = append(events, t[0].Event)
	}
	ids := idsIn(ts)
	known, err := announced(ctx, tx, ids)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(once(events), rowsPerStatement) {
		var sel selection
		sel.among("event", keysOf(some))
		if err := members(ctx, tx, known, sel.where(`SELECT members FROM tellings`), sel.args...); err != nil {
			return err
		}
	}
	if len(known) > 0 && slices.ContainsFunc(ids, func(id hub.NotificationID) bool { return known[id] }) {
		return errKnown
	}
	put := insert{into: `tellings (id, source, topic, post, event, members, body, told_at)`, row: marks(8), tail: `ON CONFLICT (id) DO NOTHING`}
	made, err := s.insertRows(ctx, tx, put, rows)
	if err == nil && made < int64(len(rows)) {
		return errKnown
	}
	return err
}

const allTellings = `SELECT members, body FROM tellings`

// tellings reads those that a query selects and that have a member of ids, or any if
// ids is nil.
func tellings(ctx context.Context, from asker, ids []hub.NotificationID, query string, args ...any) (ts []telling, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var members, body string
		if err := rows.Scan(&members, &body); err != nil {
			return nil, err
		}
		if ids != nil && !slices.ContainsFunc(ids, func(id hub.NotificationID) bool { return strings.Contains(members, text(id)) }) {
			continue // of an event that thousands were told of few are asked for
		}
		var t telling
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return nil, err
		}
		for _, a := range t {
			a.Message = t[0].Message
		}
		ts = append(ts, t)
	}
	return ts, rows.Err()
}

// announced are those of notifications that announcements has a row of.
func announced(ctx context.Context, from asker, ids []hub.NotificationID) (map[hub.NotificationID]bool, error) {
	found := map[hub.NotificationID]bool{}
	for some := range slices.Chunk(ids, rowsPerStatement) {
		var sel selection
		sel.among("notification", keysOf(some))
		if err := members(ctx, from, found, sel.where(`SELECT notification FROM announcements`), sel.args...); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// members adds the notifications that a query selects. An id with a space in it, which
// is none of ours, is in no row of tellings.
func members(ctx context.Context, from asker, found map[hub.NotificationID]bool, query string, args ...any) error {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ids string
		if err := rows.Scan(&ids); err != nil {
			return err
		}
		for id := range strings.SplitSeq(ids, " ") {
			found[hub.NotificationID(id)] = true
		}
	}
	return rows.Err()
}

func idsIn(ts []telling) (ids []hub.NotificationID) {
	for _, t := range ts {
		for _, a := range t {
			ids = append(ids, a.Notification)
		}
	}
	return ids
}

// addTold adds to a list of announcements those of tellings that are wanted and of
// which the list has none.
func addTold(list []hub.Announcement, ts []telling, wanted func(hub.NotificationID) bool) []hub.Announcement {
	has := make(map[hub.NotificationID]bool, len(list))
	for i := range list {
		has[list[i].Notification] = true
	}
	for _, t := range ts {
		for _, a := range t {
			if !has[a.Notification] && wanted(a.Notification) {
				has[a.Notification] = true
				list = append(list, *a)
			}
		}
	}
	return list
}
