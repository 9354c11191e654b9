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

// sightEvery is how old the last sight of a user or a chat must be for a new
// one to be written down.
const sightEvery = time.Minute

const allUsers = `SELECT system, id, name, full_name, bot, level, account, seen_at FROM chat_users`

// userRow is a user with what nobody is told.
type userRow struct {
	hub.ChatUser
	seen time.Time
}

// SeeUser notes a user as they are called now. A sight that is older than the
// noted one changes nothing.
func (s *Store) SeeUser(ctx context.Context, system hub.System, u hub.User, at time.Time) error {
	const op = "see user"
	if err := checkUser(system, u.ID); err != nil {
		return err
	}
	if at.IsZero() {
		at = clock()
	}
	known, err := s.findUser(ctx, s.often, system, u.ID)
	if err != nil {
		return fault(ctx, op, err)
	}
	if known != nil {
		u.Name, u.Full = cmp.Or(u.Name, known.Name), cmp.Or(u.Full, known.Full)
		if at.Before(known.seen) || sameUser(u, known.User) && at.Sub(known.seen) < sightEvery {
			return nil
		}
	}
	// Of one that is there the level and the account stay.
	_, err = s.exec(ctx, op, `
		INSERT INTO chat_users (system, id, name, full_name, bot, level, account, folded, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8)
		ON CONFLICT (system, id) DO UPDATE SET name = excluded.name, full_name = excluded.full_name,
			bot = excluded.bot, folded = excluded.folded, seen_at = excluded.seen_at
			WHERE excluded.seen_at >= chat_users.seen_at`,
		text(system), text(u.ID), text(u.Name), text(u.Full), flag(u.Bot), string(hub.Member), foldedUser(u), micros(at))
	return err
}

// sameUser reports whether u is stored as it is known.
func sameUser(u, known hub.User) bool {
	return text(u.Name) == known.Name && text(u.Full) == known.Full && u.Bot == known.Bot
}

// foldedUser is what a user is searched by.
func foldedUser(u hub.User) string { return folded(strings.Join([]string{u.ID, u.Name, u.Full}, "\n")) }

func checkUser(system hub.System, user string) error {
	if system == "" || user == "" {
		return hub.Errorf(hub.CodeInvalid, "a user is a system and the platform's id there: system %q, user %q", system, user)
	}
	return checkKeys("system", string(system), "user", user)
}

// GetUser reads a user.
func (s *Store) GetUser(ctx context.Context, system hub.System, user string) (*hub.ChatUser, error) {
	row, err := s.findUser(ctx, s.reader, system, user)
	if err != nil {
		return nil, fault(ctx, "get user", err)
	}
	if row == nil {
		return nil, noUser(system, user)
	}
	return &row.ChatUser, nil
}

func noUser(system hub.System, user string) error {
	return hub.Errorf(hub.CodeNotFound, "there is no user %q of %s: nobody has seen them or given them a level", user, system)
}

// SetLevel gives a user a level.
func (s *Store) SetLevel(ctx context.Context, system hub.System, user string, l hub.Level) (*hub.ChatUser, error) {
	if !l.Known() {
		return nil, hub.Errorf(hub.CodeInvalid, "level %q is none of %q", l, hub.Levels())
	}
	if err := checkUser(system, user); err != nil {
		return nil, err
	}
	var set userRow
	err := s.transact(ctx, "set level", func(tx *sql.Tx) (err error) {
		set, err = scanUser(tx.QueryRowContext(ctx, `
			INSERT INTO chat_users (system, id, name, full_name, bot, level, account, folded, seen_at)
			VALUES ($1, $2, '', '', 0, $3, '', $4, 0)
			ON CONFLICT (system, id) DO UPDATE SET level = excluded.level
			RETURNING system, id, name, full_name, bot, level, account, seen_at`,
			text(system), text(user), string(l), foldedUser(hub.User{ID: user})))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &set.ChatUser, nil
}

// LevelOf is the highest level of what is linked with a user.
func (s *Store) LevelOf(ctx context.Context, system hub.System, user string) (hub.Level, error) {
	linked, err := s.linked(ctx, s.often, system, user)
	if err != nil {
		return "", fault(ctx, "level of user", err)
	}
	if len(linked) == 0 {
		return hub.Member, nil
	}
	return highest(linked), nil
}

// highest is the level of a person by those of their users.
func highest(users []hub.ChatUser) hub.Level {
	top := hub.Guest
	for _, u := range users {
		if u.Level.May(top) {
			top = u.Level
		}
	}
	return top
}

// Linked are all users of the person that a user is, themselves included.
func (s *Store) Linked(ctx context.Context, system hub.System, user string) ([]hub.ChatUser, error) {
	linked, err := s.linked(ctx, s.reader, system, user)
	if err != nil {
		return nil, fault(ctx, "linked users", err)
	}
	if len(linked) == 0 {
		return nil, noUser(system, user)
	}
	return linked, nil
}

// ListUsers pages, those seen last first.
func (s *Store) ListUsers(ctx context.Context, q hub.UserQuery) ([]hub.ChatUser, string, error) {
	const list = "users"
	var sel selection
	sel.equal("system", string(q.System))
	sel.equal("level", string(q.Level))
	if q.Level != "" && !q.Level.Known() {
		return nil, "", hub.Errorf(hub.CodeInvalid, "level %q is none of %q", q.Level, hub.Levels())
	}
	if q.Text != "" {
		sel.add("folded LIKE " + sel.bind(containing(folded(q.Text))) + " ESCAPE '!'")
	}
	if q.Page.Cursor != "" {
		c, err := openCursor(list, q.Page.Cursor)
		if err != nil {
			return nil, "", err
		}
		system, id, _ := strings.Cut(c.id, " ")
		sel.add("(seen_at, system, id) < (" + sel.bind(c.n) + ", " + sel.bind(text(system)) + ", " + sel.bind(text(id)) + ")")
	}
	limit := clampLimit(q.Page.Limit)
	rows, err := s.users(ctx, s.reader, sel.query(allUsers, "seen_at DESC, system DESC, id DESC", limit), sel.args...)
	if err != nil {
		return nil, "", fault(ctx, "list users", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = cursor{n: micros(last.seen), id: string(last.System) + " " + last.ID}.seal(list)
	}
	return usersOf(rows), next, nil
}

// asker is a pool of connections or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// findUser reads a user, nil if there is none.
func (*Store) findUser(ctx context.Context, from asker, system hub.System, user string) (*userRow, error) {
	row, err := scanUser(from.QueryRowContext(ctx, allUsers+` WHERE system = $1 AND id = $2`, text(system), text(user)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

// linked are the users of a person by system, none if the user is not known.
func (s *Store) linked(ctx context.Context, from asker, system hub.System, user string) ([]hub.ChatUser, error) {
	rows, err := s.users(ctx, from, allUsers+` WHERE system = $1 AND id = $2 OR account <> '' AND account =
		(SELECT account FROM chat_users WHERE system = $1 AND id = $2)`, text(system), text(user))
	users := usersOf(rows)
	// Sorted here: the order of text in PostgreSQL depends on its locale.
	slices.SortFunc(users, func(a, b hub.ChatUser) int { return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.ID, b.ID)) })
	return users, err
}

func (*Store) users(ctx context.Context, from asker, query string, args ...any) (list []userRow, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func usersOf(rows []userRow) []hub.ChatUser {
	users := make([]hub.ChatUser, len(rows))
	for i, row := range rows {
		users[i] = row.ChatUser
	}
	return users
}

func scanUser(row interface{ Scan(...any) error }) (u userRow, err error) {
	err = row.Scan(&u.System, &u.ID, &u.Name, &u.Full, &u.Bot, &u.Level, &u.Account, timeColumn{&u.seen})
	return u, err
}
