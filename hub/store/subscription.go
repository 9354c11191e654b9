package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const subscriptionColumns = `id, system, chat, source, mode, filters, options, enabled,
	created_by, created_at, updated_at, last_fired_at, error`

// writtenSubscription are the columns that subscriptionArgs fills, and the number.
const writtenSubscription = subscriptionColumns + `, digest, folded, seq`

const allSubscriptions = `SELECT ` + subscriptionColumns + `, seq FROM subscriptions`

// CreateSubscription stores rows at the end of the table, all or none, so that
// nobody ever reads a part of them. A row that says the same as another is
// CodeConflict naming the other.
func (s *Store) CreateSubscription(ctx context.Context, subs ...*hub.Subscription) error {
	if len(subs) == 0 {
		return nil
	}
	rows, args := make([]hub.Subscription, len(subs)), make([][]any, len(subs))
	for i, sub := range subs {
		rows[i] = *sub
		rows[i].ID = newSubscriptionID()
		rows[i].CreatedAt = clock()
		rows[i].UpdatedAt, rows[i].LastFiredAt = rows[i].CreatedAt, time.Time{}
		var err error
		if args[i], err = subscriptionArgs(&rows[i]); err != nil {
			return err
		}
	}
	at := 0
	err := s.transact(ctx, "create subscription", func(tx *sql.Tx) error {
		for at = range rows {
			seq, err := next(ctx, tx, "subscriptions")
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO subscriptions (`+writtenSubscription+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, append(slices.Clone(args[at]), seq)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s.conflict(ctx, &rows[at], err)
	}
	for i, sub := range subs {
		*sub = rows[i]
	}
	return nil
}

// GetSubscription reads a row.
func (s *Store) GetSubscription(ctx context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	row, _, err := scanSubscription(s.reader.QueryRowContext(ctx, allSubscriptions+` WHERE id = $1`, text(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noSubscription(id)
	}
	if err != nil {
		return nil, fault(ctx, "get subscription", err)
	}
	return &row, nil
}

// UpdateSubscription replaces the row, except for who made it and when, and
// when it last fired: those are set in sub.
func (s *Store) UpdateSubscription(ctx context.Context, sub *hub.Subscription) error {
	row := *sub
	row.UpdatedAt = clock()
	args, err := subscriptionArgs(&row)
	if err != nil {
		return err
	}
	err = s.transact(ctx, "update subscription", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			UPDATE subscriptions SET system = $2, chat = $3, source = $4, mode = $5, filters = $6, options = $7,
				enabled = $8, updated_at = $9, error = $10, digest = $11, folded = $12
			WHERE id = $1 RETURNING created_by, created_at, last_fired_at`,
			slices.Concat(args[:8], args[10:11], args[12:15])...).
			Scan(&row.CreatedBy, timeColumn{&row.CreatedAt}, timeColumn{&row.LastFiredAt})
	})
	if errors.Is(err, sql.ErrNoRows) {
		return noSubscription(sub.ID)
	}
	if err != nil {
		return s.conflict(ctx, &row, err)
	}
	*sub = row
	return nil
}

// DeleteSubscription removes a row.
func (s *Store) DeleteSubscription(ctx context.Context, id hub.SubscriptionID) error {
	n, err := s.exec(ctx, "delete subscription", `DELETE FROM subscriptions WHERE id = $1`, text(id))
	if err == nil && n == 0 {
		return noSubscription(id)
	}
	return err
}

// ListSubscriptions pages, newest first.
func (s *Store) ListSubscriptions(ctx context.Context, q hub.SubscriptionQuery) ([]hub.Subscription, string, error) {
	const list = "subscriptions"
	var sel selection
	sel.equal("system", string(q.System))
	sel.equal("chat", q.Chat)
	sel.equal("source", string(q.Source))
	sel.equal("mode", string(q.Mode))
	if q.Page.Cursor != "" {
		c, err := openCursor(list, q.Page.Cursor)
		if err != nil {
			return nil, "", err
		}
		sel.add("seq < " + sel.bind(c.n))
	}
	limit := clampLimit(q.Page.Limit)
	rows, seqs, err := s.subscriptions(ctx, sel.query(allSubscriptions, "seq DESC", limit), sel.args...)
	if err != nil || len(rows) <= limit {
		return rows, "", err
	}
	return rows[:limit], cursor{n: seqs[limit-1]}.seal(list), nil
}

// AllSubscriptions reads the whole table in the order of creation.
func (s *Store) AllSubscriptions(ctx context.Context) ([]hub.Subscription, error) {
	rows, _, err := s.subscriptions(ctx, allSubscriptions+` ORDER BY seq`)
	return rows, err
}

// MarkFired notes when rows last fired. A time before the noted one changes
// nothing, nor does a row that is gone.
func (s *Store) MarkFired(ctx context.Context, at map[hub.SubscriptionID]time.Time) error {
	if len(at) == 0 {
		return nil
	}
	return s.transact(ctx, "mark subscriptions as fired", func(tx *sql.Tx) error {
		mark, err := tx.PrepareContext(ctx,
			`UPDATE subscriptions SET last_fired_at = $2 WHERE id = $1 AND last_fired_at < $2`)
		if err != nil {
			return err
		}
		defer mark.Close()
		// Sorted, so that two hubs lock the rows in one order.
		for _, id := range slices.Sorted(maps.Keys(at)) {
			if _, err := mark.ExecContext(ctx, text(id), micros(at[id])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) subscriptions(ctx context.Context, query string, args ...any) (list []hub.Subscription, seqs []int64, err error) {
	rows, err := s.often.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, fault(ctx, "list subscriptions", err)
	}
	defer rows.Close()
	for rows.Next() {
		row, seq, err := scanSubscription(rows)
		if err != nil {
			return nil, nil, fault(ctx, "list subscriptions", err)
		}
		list, seqs = append(list, row), append(seqs, seq)
	}
	return list, seqs, fault(ctx, "list subscriptions", rows.Err())
}

func scanSubscription(row interface{ Scan(...any) error }) (s hub.Subscription, seq int64, err error) {
	err = row.Scan(&s.ID, &s.System, &s.Chat.ID, &s.Source, &s.Mode, jsonColumn{&s.Filters}, jsonColumn{&s.Options},
		&s.Enabled, &s.CreatedBy, timeColumn{&s.CreatedAt}, timeColumn{&s.UpdatedAt}, timeColumn{&s.LastFiredAt}, &s.Error, &seq)
	return s, seq, err
}

// subscriptionArgs are the values of subscriptionColumns and the digest. A
// list of filters is never null, so that the API says [] before and after.
func subscriptionArgs(s *hub.Subscription) ([]any, error) {
	if s.Filters == nil {
		s.Filters = []hub.Filter{}
	}
	if err := checkKeys("system", string(s.System), "chat", s.Chat.ID); err != nil {
		return nil, err
	}
	filters, err := document(s.Filters)
	if err != nil {
		return nil, fmt.Errorf("filters: %w", err)
	}
	options, err := document(s.Options)
	if err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	return []any{
		text(s.ID), text(s.System), text(s.Chat.ID), text(s.Source), text(s.Mode), filters, options, flag(s.Enabled),
		text(s.CreatedBy), micros(s.CreatedAt), micros(s.UpdatedAt), micros(s.LastFiredAt), text(s.Error), sameness(s),
		folded(strings.Join([]string{s.Chat.ID, s.CreatedBy, s.Error, filters}, "\n")),
	}, nil
}

func newSubscriptionID() hub.SubscriptionID {
	// rand.Text is base32 with at least 128 bits; 16 letters of it hold 80.
	return hub.SubscriptionID("s" + strings.ToLower(rand.Text()[:16]))
}

func noSubscription(id hub.SubscriptionID) error {
	return hub.Errorf(hub.CodeNotFound, "there is no subscription %q", id)
}
