package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Try counts one more try under each key, unless one has to wait.
func (s *Store) Try(ctx context.Context, keys []string, now time.Time, forget time.Duration, wait func(string, hub.Tries) time.Duration) (tries []hub.Tries, blocked time.Duration, err error) {
	keys = slices.Clone(keys)
	err = s.transact(ctx, "count a try", func(tx *sql.Tx) error {
		tries, blocked = make([]hub.Tries, len(keys)), 0
		for _, i := range sortedIndexes(keys) { // all lock in one order
			t, err := lockTries(ctx, tx, keys[i])
			if err != nil {
				return err
			}
			if now.Sub(t.Last) > forget {
				t = hub.Tries{}
			}
			if left := wait(keys[i], t) - now.Sub(t.Last); t.Failed > 0 && left > blocked {
				blocked = left
			}
			tries[i] = hub.Tries{Failed: t.Failed + 1, Last: now}
		}
		if blocked > 0 {
			return nil
		}
		for i, key := range keys {
			if _, err := tx.ExecContext(ctx, `UPDATE tries SET failed = $2, last_at = $3 WHERE name = $1`, text(key), tries[i].Failed, micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
	return tries, blocked, err
}

// sortedIndexes are the places of keys in the order of what stands there.
func sortedIndexes(keys []string) []int {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	return order
}

// lockTries reads the tries under a key, which are other writers' only when tx
// has ended.
func lockTries(ctx context.Context, tx *sql.Tx, key string) (t hub.Tries, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO tries (name, failed, last_at) VALUES ($1, 0, 0)
		ON CONFLICT (name) DO UPDATE SET failed = tries.failed
		RETURNING failed, last_at`, text(key)).Scan(&t.Failed, timeColumn{&t.Last})
	return t, err
}

// Succeed takes back what Try has counted.
func (s *Store) Succeed(ctx context.Context, keys, all []string) error {
	return s.transact(ctx, "forget a try", func(tx *sql.Tx) error {
		for _, key := range slices.Sorted(slices.Values(all)) {
			if _, err := tx.ExecContext(ctx, `DELETE FROM tries WHERE name = $1`, text(key)); err != nil {
				return err
			}
		}
		for _, key := range slices.Sorted(slices.Values(keys)) {
			if _, err := tx.ExecContext(ctx, `UPDATE tries SET failed = failed - 1 WHERE name = $1 AND failed > 0`, text(key)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PruneTries deletes what is older, and of the rest all but the newest.
func (s *Store) PruneTries(ctx context.Context, before time.Time, most int) error {
	if _, err := s.exec(ctx, "prune tries", `DELETE FROM tries WHERE last_at < $1`, micros(before)); err != nil {
		return err
	}
	_, err := s.exec(ctx, "prune tries", `
		DELETE FROM tries WHERE name IN (SELECT name FROM tries ORDER BY last_at DESC, name LIMIT $2 OFFSET $1)`, most, 1_000_000)
	return err
}
