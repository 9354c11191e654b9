package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const accountColumns = `id, login, full_name, email, role, password, issuer, subject, disabled, settings, link, link_until, created_at, seen_at`

const allAccounts = `SELECT ` + accountColumns + ` FROM accounts`

// newID makes an id that nobody has.
func newID(kind string) string { return kind + strings.ToLower(rand.Text()) }

// CreateAccount stores an account.
func (s *Store) CreateAccount(ctx context.Context, a *hub.Account, first bool) error {
	if err := checkKeys("login", a.Login, "full", a.Full, "email", a.Email, "issuer", a.Issuer, "subject", a.Subject); err != nil {
		return err
	}
	if a.ID == "" {
		a.ID = hub.AccountID(newID("u"))
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = clock()
	}
	settings, err := document(a.Settings)
	if err != nil {
		return fault(ctx, "create account", err)
	}
	err = s.transact(ctx, "create account", func(tx *sql.Tx) error {
		if _, err := next(ctx, tx, "accounts"); err != nil { // others wait
			return err
		}
		if first {
			n, err := countAccounts(ctx, tx)
			if err != nil {
				return err
			}
			if n > 0 {
				return hub.Errorf(hub.CodeConflict, "there is an account already: sign in, or ask whoever made it")
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO accounts (`+accountColumns+`, login_key, identity, folded)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			text(a.ID), text(a.Login), text(a.Full), text(a.Email), text(a.Role), text(a.Password), text(a.Issuer), text(a.Subject),
			flag(a.Disabled), settings, orNull(a.Link), micros(a.LinkUntil), micros(a.CreatedAt), micros(a.SeenAt),
			folded(a.Login), orNull(identity(a.Issuer, a.Subject)), foldedAccount(a))
		return err
	})
	if repeated(err) {
		return hub.Errorf(hub.CodeConflict, "the login name %s is taken", a.Login)
	}
	return err
}

func countAccounts(ctx context.Context, tx *sql.Tx) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM accounts LIMIT 1) AS one`).Scan(&n)
	return n, err
}

// orNull is a value of a column that holds each value once, save none.
func orNull(v string) sql.NullString { return sql.NullString{String: text(v), Valid: v != ""} }

// identity is somebody at a provider, "" for nobody.
func identity(issuer, subject string) string {
	if subject == "" {
		return ""
	}
	return hub.Digest("identity", issuer, subject)
}

func foldedAccount(a *hub.Account) string {
	return folded(strings.Join([]string{a.Login, a.Full, a.Email}, "\n"))
}

// GetAccount reads an account.
func (s *Store) GetAccount(ctx context.Context, id hub.AccountID) (*hub.Account, error) {
	a, err := s.findAccount(ctx, `id = $1`, text(id))
	if err == nil && a == nil {
		return nil, noAccount(id)
	}
	return a, err
}

func noAccount(id hub.AccountID) error {
	return hub.Errorf(hub.CodeNotFound, "there is no account %q", id)
}

// FindLogin finds who signs in with a name, nil for nobody.
func (s *Store) FindLogin(ctx context.Context, login string) (*hub.Account, error) {
	return s.findAccount(ctx, `login_key = $1`, folded(login))
}

// FindSubject finds who somebody is at a provider, nil for nobody.
func (s *Store) FindSubject(ctx context.Context, issuer, subject string) (*hub.Account, error) {
	return s.findAccount(ctx, `identity = $1`, identity(issuer, subject))
}

// FindLink finds who may use a one-time link, nil for nobody.
func (s *Store) FindLink(ctx context.Context, digest string) (*hub.Account, error) {
	return s.findAccount(ctx, `link = $1`, text(digest))
}

func (s *Store) findAccount(ctx context.Context, where string, arg string) (*hub.Account, error) {
	a, err := scanAccount(s.reader.QueryRowContext(ctx, allAccounts+` WHERE `+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, "find account", err)
	}
	return &a, nil
}

func scanAccount(row interface{ Scan(...any) error }) (a hub.Account, err error) {
	var link sql.NullString
	err = row.Scan(&a.ID, &a.Login, &a.Full, &a.Email, &a.Role, &a.Password, &a.Issuer, &a.Subject, &a.Disabled,
		jsonColumn{&a.Settings}, &link, timeColumn{&a.LinkUntil}, timeColumn{&a.CreatedAt}, timeColumn{&a.SeenAt})
	a.Link = link.String
	return a, err
}

// ListAccounts pages, by login name.
func (s *Store) ListAccounts(ctx context.Context, q hub.AccountQuery) ([]hub.Account, string, error) {
	const list, op = "accounts", "list accounts"
	var sel selection
	sel.equal("role", string(q.Role))
	if q.Text != "" {
		sel.add("folded LIKE " + sel.bind(containing(folded(q.Text))) + " ESCAPE '!'")
	}
	if q.Page.Cursor != "" {
		c, err := openCursor(list, q.Page.Cursor)
		if err != nil {
			return nil, "", err
		}
		sel.add("login_key > " + sel.bind(text(c.id)))
	}
	limit := clampLimit(q.Page.Limit)
	rows, err := s.reader.QueryContext(ctx, sel.query(allAccounts, "login_key", limit), sel.args...)
	if err != nil {
		return nil, "", fault(ctx, op, err)
	}
	defer rows.Close()
	var all []hub.Account
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, "", fault(ctx, op, err)
		}
		all = append(all, a)
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = cursor{id: folded(all[limit-1].Login)}.seal(list)
	}
	return all, next, fault(ctx, op, rows.Err())
}

// HasAccounts reports whether there is anybody.
func (s *Store) HasAccounts(ctx context.Context) (bool, error) {
	var one int
	err := s.reader.QueryRowContext(ctx, `SELECT 1 FROM accounts LIMIT 1`).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, fault(ctx, "look for accounts", err)
}

// ChangeAccount changes an account.
func (s *Store) ChangeAccount(ctx context.Context, id hub.AccountID, mayEnd bool, change func(*hub.Account) error) (before, after *hub.Account, err error) {
	const op = "change account"
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		before, err = lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		now := *before
		if err := change(&now); err != nil {
			return err
		}
		after = &now
		if err := checkKeys("login", now.Login, "full", now.Full, "email", now.Email); err != nil {
			return err
		}
		settings, err := document(now.Settings)
		if err != nil {
			return err
		}
		if !mayEnd {
			if err := leavesAdmin(ctx, tx, before, after); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE accounts SET login = $2, login_key = $3, full_name = $4, email = $5, role = $6, password = $7, identity = $8, issuer = $9,
				subject = $10, disabled = $11, settings = $12, link = $13, link_until = $14, folded = $15 WHERE id = $1`,
			text(id), text(now.Login), folded(now.Login), text(now.Full), text(now.Email), text(now.Role), text(now.Password),
			orNull(identity(now.Issuer, now.Subject)), text(now.Issuer), text(now.Subject), flag(now.Disabled), settings,
			orNull(now.Link), micros(now.LinkUntil), foldedAccount(&now))
		return err
	})
	if repeated(err) {
		return nil, nil, hub.Errorf(hub.CodeConflict, "the login name is taken")
	}
	if err != nil {
		return nil, nil, err
	}
	return before, after, nil
}

// lockAccount reads an account; others who would change any wait until tx ends.
func lockAccount(ctx context.Context, tx *sql.Tx, id hub.AccountID) (*hub.Account, error) {
	if _, err := next(ctx, tx, "accounts"); err != nil {
		return nil, err
	}
	a, err := scanAccount(tx.QueryRowContext(ctx, allAccounts+` WHERE id = $1`, text(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAccount(id)
	}
	return &a, err
}

// leavesAdmin refuses what would leave nobody who can sign in and do everything;
// after is nil for one that goes.
func leavesAdmin(ctx context.Context, tx *sql.Tx, before, after *hub.Account) error {
	rules := func(a *hub.Account) bool { return a != nil && a.Role == hub.Administrator && a.CanSignIn() }
	if !rules(before) || rules(after) {
		return nil
	}
	var others int
	err := tx.QueryRowContext(ctx, `
		SELECT count(*) FROM accounts WHERE role = $1 AND disabled = 0 AND (password <> '' OR subject <> '') AND id <> $2`,
		string(hub.Administrator), text(before.ID)).Scan(&others)
	if err == nil && others == 0 {
		return hub.Errorf(hub.CodeConflict, "%s is the last admin who can sign in: make somebody else an admin first", before.Login)
	}
	return err
}

// DeleteAccount deletes an account with its sessions and tokens.
func (s *Store) DeleteAccount(ctx context.Context, id hub.AccountID) (gone *hub.Account, err error) {
	err = s.transact(ctx, "delete account", func(tx *sql.Tx) error {
		gone, err = lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := leavesAdmin(ctx, tx, gone, nil); err != nil {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM sessions WHERE account = $1`, `DELETE FROM tokens WHERE account = $1`, `DELETE FROM accounts WHERE id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, text(id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return gone, nil
}

// SeeAccount notes that somebody was there.
func (s *Store) SeeAccount(ctx context.Context, id hub.AccountID, at time.Time) error {
	_, err := s.exec(ctx, "see account", `UPDATE accounts SET seen_at = $2 WHERE id = $1 AND seen_at < $2`, text(id), micros(at))
	return err
}
