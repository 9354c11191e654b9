package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// sortBy sorts by a text. Here and not in SQL: the order of text in PostgreSQL
// depends on its locale.
func sortBy[T any](list []T, key func(T) string) {
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// ChangeSubscriptions makes changes of the table, all or none. What goes, goes
// first: a row may take the place of another.
func (s *Store) ChangeSubscriptions(ctx context.Context, changes []hub.SubscriptionChange) error {
	if len(changes) == 0 {
		return nil
	}
	rows := make([]*hub.Subscription, len(changes))
	for i, c := range changes {
		if c.After != nil {
			row := *c.After
			rows[i] = &row
		}
	}
	at := 0
	err := s.transact(ctx, "change subscriptions", func(tx *sql.Tx) error {
		for at = range changes {
			if changes[at].After == nil {
				if err := dropRow(ctx, tx, changes[at].Before); err != nil {
					return err
				}
			}
		}
		for at = range changes {
			if rows[at] == nil {
				continue
			}
			if err := putRow(ctx, tx, changes[at].Before, rows[at]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		if rows[at] == nil {
			return err
		}
		return s.conflict(ctx, rows[at], err)
	}
	for i, row := range rows {
		if row != nil {
			*changes[i].After = *row
		}
	}
	return nil
}

func dropRow(ctx context.Context, tx *sql.Tx, before *hub.Subscription) error {
	return changedOne(before.ID)(tx.ExecContext(ctx, `DELETE FROM subscriptions WHERE id = $1 AND updated_at = $2`,
		text(before.ID), micros(before.UpdatedAt)))
}

// changedOne expects a statement to have changed the row that it was about.
func changedOne(id hub.SubscriptionID) func(sql.Result, error) error {
	return func(result sql.Result, err error) error {
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return hub.Errorf(hub.CodeConflict, "subscription %s was changed or removed by somebody else meanwhile", id)
	}
}

// putRow stores a row with all that it says of itself.
func putRow(ctx context.Context, tx *sql.Tx, before, row *hub.Subscription) error {
	row.UpdatedAt = clock()
	if row.ID == "" {
		row.ID = newSubscriptionID()
	}
	if row.CreatedAt.IsZero() {
		row.CreatedAt = row.UpdatedAt
	}
	row.CreatedAt = stored(row.CreatedAt)
	args, err := subscriptionArgs(row)
	if err != nil {
		return err
	}
	if before != nil {
		return changedOne(row.ID)(tx.ExecContext(ctx, `
			UPDATE subscriptions SET system = $2, chat = $3, source = $4, mode = $5, filters = $6, options = $7,
				enabled = $8, created_by = $9, created_at = $10, updated_at = $11, error = $12, digest = $13, folded = $14
			WHERE id = $1 AND updated_at = $15`, append(slices.Concat(args[:11], args[12:]), micros(before.UpdatedAt))...))
	}
	seq, err := next(ctx, tx, "subscriptions")
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO subscriptions (`+writtenSubscription+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, append(args, seq)...)
	return err
}

// RankedUsers lists users of whom something was set.
func (s *Store) RankedUsers(ctx context.Context) ([]hub.ChatUser, error) {
	rows, err := s.users(ctx, s.reader, allUsers+` WHERE level <> $1 OR account <> ''`, string(hub.Member))
	if err != nil {
		return nil, fault(ctx, "list ranked users", err)
	}
	list := usersOf(rows)
	sortBy(list, func(u hub.ChatUser) string { return string(u.System) + "\x00" + u.ID })
	return list, nil
}

// ChangeUsers makes changes of what users were given, all or none.
func (s *Store) ChangeUsers(ctx context.Context, changes []hub.UserChange) error {
	if len(changes) == 0 {
		return nil
	}
	return s.transact(ctx, "change users", func(tx *sql.Tx) error {
		if err := passAccounts(ctx, tx, changes); err != nil {
			return err
		}
		for _, c := range changes {
			if err := s.changeUser(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// passAccounts makes sure that no account that is made later gets a name that the
// changes use: who is linked then would be the same person as a stranger.
func passAccounts(ctx context.Context, tx *sql.Tx, changes []hub.UserChange) error {
	highest := int64(0)
	for _, c := range changes {
		if c.After == nil {
			continue
		}
		number, _ := strings.CutPrefix(c.After.Account, "a")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			highest = max(highest, n)
		}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO counters (name, value) VALUES ('accounts', $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value`, highest)
	return err
}

func (s *Store) changeUser(ctx context.Context, tx *sql.Tx, c hub.UserChange) error {
	want := c.After
	if want == nil {
		want = &hub.ChatUser{System: c.Before.System, User: c.Before.User, Level: hub.Member}
	}
	if err := checkUser(want.System, want.ID); err != nil {
		return err
	}
	if !want.Level.Known() {
		return hub.Errorf(hub.CodeInvalid, "level %q is none of %q", want.Level, hub.Levels())
	}
	known, err := s.findUser(ctx, tx, want.System, want.ID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	was := hub.ChatUser{Level: hub.Member}
	if c.Before != nil {
		was = *c.Before
	}
	if known != nil && (known.Level != was.Level || known.Account != was.Account) || known == nil && c.Before != nil {
		return hub.Errorf(hub.CodeConflict, "%s of %s was changed by somebody else meanwhile", want.ID, want.System)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO chat_users (system, id, name, full_name, bot, level, account, folded, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
		ON CONFLICT (system, id) DO UPDATE SET level = excluded.level, account = excluded.account`,
		text(want.System), text(want.ID), text(want.Name), text(want.Full), flag(want.Bot), string(want.Level), text(want.Account), foldedUser(want.User))
	return err
}
