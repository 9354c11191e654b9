package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Codes are read from one screen and typed into another: of letters and digits
// that look alike (0 O, 1 I L, 2 Z, 5 S, 8 B, U V) there is none.
const (
	codeLetters = "ACDEFGHJKMNPQRTWXY34679"
	codeLength  = 8 // 36 bits, for minutes
)

// MakeLinkCode makes a one-time code that links another user with this one, in
// place of the one before. Only a digest of it is stored.
func (s *Store) MakeLinkCode(ctx context.Context, system hub.System, user string, until time.Time) (string, error) {
	if err := checkUser(system, user); err != nil {
		return "", err
	}
	code, err := newCode()
	if err != nil {
		return "", fault(ctx, "make link code", err)
	}
	_, err = s.exec(ctx, "make link code", `
		INSERT INTO link_codes (system, user_id, digest, until_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (system, user_id) DO UPDATE SET digest = excluded.digest, until_at = excluded.until_at`,
		text(system), text(user), codeDigest(code), micros(until))
	if err != nil {
		return "", err
	}
	return code, nil
}

func newCode() (string, error) {
	code := make([]byte, codeLength)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			return "", err
		}
		code[i] = codeLetters[n.Int64()]
	}
	return string(code), nil
}

// codeDigest is the digest of a code as people may write it.
func codeDigest(code string) string {
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	return hub.Digest("link", strings.ToUpper(code))
}

// Link makes user the same person as whoever made the code.
func (s *Store) Link(ctx context.Context, system hub.System, user, code string, now time.Time) ([]hub.ChatUser, error) {
	if err := checkUser(system, user); err != nil {
		return nil, err
	}
	var linked []hub.ChatUser
	var refused error // after which the code is used up
	err := s.transact(ctx, "link users", func(tx *sql.Tx) (err error) {
		refused = nil
		account, err := changeAccounts(ctx, tx)
		if err != nil {
			return err
		}
		maker, err := takeCode(ctx, tx, code, now)
		if err != nil {
			return err
		}
		if maker.System == hub.System(text(system)) && maker.ID == text(user) {
			return hub.Errorf(hub.CodeInvalid, "that is your own code: give it from your account on the other system")
		}
		makers, err := s.person(ctx, tx, maker.System, maker.ID)
		if err != nil {
			return err
		}
		givers, err := s.person(ctx, tx, system, user)
		if err != nil {
			return err
		}
		if !highest(makers).May(highest(givers)) {
			refused = hub.Errorf(hub.CodeForbidden, "this account is %s and the one that made the code is %s: "+
				"make the code here and give it there", highest(givers), highest(makers))
			return nil
		}
		account = cmp.Or(makers[0].Account, givers[0].Account, account)
		for _, u := range append(makers, givers...) {
			if err := setAccount(ctx, tx, u, account); err != nil {
				return err
			}
		}
		linked, err = s.linked(ctx, tx, system, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return linked, refused
}

// Unlink makes a user a person of their own again. Of two neither is linked any
// more.
func (s *Store) Unlink(ctx context.Context, system hub.System, user string) error {
	return s.transact(ctx, "unlink user", func(tx *sql.Tx) error {
		if _, err := changeAccounts(ctx, tx); err != nil {
			return err
		}
		linked, err := s.linked(ctx, tx, system, user)
		if err != nil {
			return err
		}
		if len(linked) == 0 {
			return noUser(system, user)
		}
		for _, u := range linked {
			itself := u.System == hub.System(text(system)) && u.ID == text(user)
			if !itself && len(linked) > 2 {
				continue
			}
			if err := setAccount(ctx, tx, u, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// changeAccounts gives the name of a new account. Others who link or unlink
// wait until tx ends: of two who link one user at once, the second sees what the
// first has made.
func changeAccounts(ctx context.Context, tx *sql.Tx) (account string, err error) {
	n, err := next(ctx, tx, "accounts")
	return fmt.Sprintf("a%d", n), err
}

// takeCode deletes a code, and those that are too old, and gives who made it.
func takeCode(ctx context.Context, tx *sql.Tx, code string, now time.Time) (maker hub.ChatUser, err error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM link_codes WHERE until_at <= $1`, micros(now)); err != nil {
		return maker, err
	}
	err = tx.QueryRowContext(ctx, `DELETE FROM link_codes WHERE digest = $1 RETURNING system, user_id`, codeDigest(code)).
		Scan(&maker.System, &maker.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return maker, hub.Errorf(hub.CodeInvalid, "this code is unknown, used or too old: make a new one")
	}
	return maker, err
}

// person are the users of the person that a user is, whom it makes if they are
// not known.
func (s *Store) person(ctx context.Context, tx *sql.Tx, system hub.System, user string) ([]hub.ChatUser, error) {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO chat_users (system, id, name, full_name, bot, level, account, folded, seen_at)
		VALUES ($1, $2, '', '', 0, $3, '', $4, 0) ON CONFLICT (system, id) DO NOTHING`,
		text(system), text(user), string(hub.Member), foldedUser(hub.User{ID: user}))
	if err != nil {
		return nil, err
	}
	return s.linked(ctx, tx, system, user)
}

func setAccount(ctx context.Context, tx *sql.Tx, u hub.ChatUser, account string) error {
	_, err := tx.ExecContext(ctx, `UPDATE chat_users SET account = $1 WHERE system = $2 AND id = $3`,
		account, text(u.System), text(u.ID))
	return err
}
