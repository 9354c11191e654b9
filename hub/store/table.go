package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// place is where a page of the table ended.
type place struct {
	System string `json:"s"`
	Chat   string `json:"c"`
	Seq    int64  `json:"n"`
	Shown  int    `json:"k,omitempty"` // rows of the chat so far
}

func (p place) seal() string {
	b, _ := json.Marshal(p) // texts and a number always can be
	return base64.RawURLEncoding.EncodeToString(b)
}

func openPlace(sealed string) (p place, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || json.Unmarshal(raw, &p) != nil || p == (place{}) {
		return p, hub.Errorf(hub.CodeInvalid, "cursor is none that this list gave; leave it out to begin at the start")
	}
	return p, nil
}

// lastSeq is behind every row of a chat.
const lastSeq = 1<<63 - 1

// SubscriptionsByChat pages through the table chat by chat, oldest rows first. A
// chat with more rows than are folded costs one more look into the index.
func (s *Store) SubscriptionsByChat(ctx context.Context, q hub.TableQuery) (page []hub.Subscription, next string, err error) {
	limit := clampLimit(q.Limit)
	at, isFirst := place{}, q.Cursor == ""
	if !isFirst {
		if at, err = openPlace(q.Cursor); err != nil {
			return nil, "", err
		}
	}
	for {
		rows, seqs, err := s.tablePart(ctx, q, at, isFirst, limit+1-len(page))
		if err != nil {
			return nil, "", err
		}
		isFirst = false
		full := len(rows) == limit+1-len(page)
		folded := false
		for i := range rows {
			shown := 0
			if row := &rows[i]; string(row.System) == at.System && row.Chat.ID == at.Chat {
				shown = at.Shown
			}
			if q.Fold > 0 && shown >= q.Fold {
				at.Seq, folded = lastSeq, true
				break
			}
			if len(page) == limit {
				return page, at.seal(), nil
			}
			page = append(page, rows[i])
			at = place{string(rows[i].System), rows[i].Chat.ID, seqs[i], shown + 1}
		}
		if !folded && !full {
			return page, "", nil
		}
	}
}

// tablePart reads rows behind a place.
func (s *Store) tablePart(ctx context.Context, q hub.TableQuery, at place, isFirst bool, limit int) ([]hub.Subscription, []int64, error) {
	sel := s.tableSelection(q)
	if !isFirst {
		sel.add("(system, chat, seq) > (" + sel.bind(at.System) + ", " + sel.bind(at.Chat) + ", " + sel.bind(at.Seq) + ")")
	}
	return s.subscriptions(ctx, sel.where(allSubscriptions)+` ORDER BY system, chat, seq LIMIT `+strconv.Itoa(limit), sel.args...)
}

func (s *Store) tableSelection(q hub.TableQuery) *selection {
	sel := new(selection)
	sel.equal("system", string(q.System))
	sel.equal("chat", q.Chat)
	sel.equal("source", string(q.Source))
	sel.equal("mode", string(q.Mode))
	sel.equal("created_by", q.CreatedBy)
	switch q.State {
	case hub.RowsOn:
		sel.add("enabled = 1")
	case hub.RowsOff:
		sel.add("enabled = 0")
	case hub.RowsFailing:
		sel.add("error <> ''")
	case hub.RowsSilent:
		sel.add("last_fired_at = 0")
	}
	if q.IDs != nil && len(q.IDs) == 0 {
		sel.add("1 = 0")
	}
	ids := make([]any, len(q.IDs))
	for i, id := range q.IDs {
		ids[i] = string(id)
	}
	sel.among("id", ids)
	sel.says(q, s.dialect)
	return sel
}

// Bounds of what a search looks for besides its text.
const (
	mostValues = 20
	mostNamed  = 100
)

// says selects rows by a text, in any case.
func (s *selection) says(q hub.TableQuery, dialect string) {
	if q.Text == "" {
		return
	}
	find := "INSTR"
	if dialect == Postgres {
		find = "STRPOS"
	}
	wanted := folded(q.Text)
	ways := []string{find + "(folded, " + s.bind(wanted) + ") > 0"}
	if inside := inJSON(wanted); inside != wanted { // as filters hold it
		ways = append(ways, find+"(folded, "+s.bind(inside)+") > 0")
	}
	for _, v := range q.Values[:min(mostValues, len(q.Values))] {
		for _, form := range []string{`"` + v + `"`, `"` + v + `/*"`} {
			ways = append(ways, "filters LIKE "+s.bind(`%"category"%`+likeEscape.Replace(form)+"%")+` ESCAPE '\'`)
		}
	}
	for _, c := range q.Chats[:min(mostNamed, len(q.Chats))] {
		ways = append(ways, "(system = "+s.bind(text(c.System))+" AND chat = "+s.bind(text(c.ID))+")")
	}
	s.add("(" + strings.Join(ways, " OR ") + ")")
}

// inJSON is a text as it stands in JSON.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text)
	return strings.TrimSuffix(strings.TrimPrefix(string(quoted), `"`), `"`)
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// CountSubscriptions counts what q selects, up to most.
func (s *Store) CountSubscriptions(ctx context.Context, q hub.TableQuery, most int) (n int, err error) {
	sel := s.tableSelection(q)
	query := `SELECT COUNT(*) FROM (` + sel.where(`SELECT 1 FROM subscriptions`) + ` LIMIT ` + strconv.Itoa(most) + `) AS counted`
	err = s.reader.QueryRowContext(ctx, query, sel.args...).Scan(&n)
	return n, fault(ctx, "count subscriptions", err)
}

// FindSubscriptions lists which rows q selects, most of them at most.
func (s *Store) FindSubscriptions(ctx context.Context, q hub.TableQuery, most int) (ids []hub.SubscriptionID, err error) {
	const op = "find subscriptions"
	sel := s.tableSelection(q)
	rows, err := s.reader.QueryContext(ctx, sel.where(`SELECT id FROM subscriptions`)+` LIMIT `+strconv.Itoa(most), sel.args...)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	ids = []hub.SubscriptionID{}
	for rows.Next() {
		var id hub.SubscriptionID
		if err := rows.Scan(&id); err != nil {
			return nil, fault(ctx, op, err)
		}
		ids = append(ids, id)
	}
	return ids, fault(ctx, op, rows.Err())
}

// CountChats counts the chats that have rows.
func (s *Store) CountChats(ctx context.Context) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT DISTINCT system, chat FROM subscriptions) AS chats`).Scan(&n)
	return n, fault(ctx, "count chats", err)
}

// CountByChat counts the rows of chats.
func (s *Store) CountByChat(ctx context.Context, q hub.TableQuery, chats []hub.Chat) (map[hub.Chat]int, error) {
	const op = "count subscriptions by chat"
	counts := make(map[hub.Chat]int, len(chats))
	for part := range slices.Chunk(chats, mostNamed) {
		sel := s.tableSelection(q)
		of := make([]string, len(part))
		for i, c := range part {
			of[i] = "(system = " + sel.bind(text(c.System)) + " AND chat = " + sel.bind(text(c.ID)) + ")"
		}
		sel.add("(" + strings.Join(of, " OR ") + ")")
		rows, err := s.reader.QueryContext(ctx, sel.where(`SELECT system, chat, COUNT(*) FROM subscriptions`)+` GROUP BY system, chat`, sel.args...)
		if err != nil {
			return nil, fault(ctx, op, err)
		}
		if err := scanCounts(rows, counts); err != nil {
			return nil, fault(ctx, op, err)
		}
	}
	return counts, nil
}

func scanCounts(rows *sql.Rows, into map[hub.Chat]int) error {
	defer rows.Close()
	for rows.Next() {
		var c hub.Chat
		var n int
		if err := rows.Scan(&c.System, &c.ID, &n); err != nil {
			return err
		}
		into[c] = n
	}
	return rows.Err()
}

// ReplaceSubscription replaces a row that nobody has changed since.
func (s *Store) ReplaceSubscription(ctx context.Context, sub *hub.Subscription, was time.Time) error {
	row := *sub
	row.UpdatedAt = later(was)
	args, err := subscriptionArgs(&row)
	if err != nil {
		return err
	}
	err = s.transact(ctx, "update subscription", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			UPDATE subscriptions SET system = $2, chat = $3, source = $4, mode = $5, filters = $6, options = $7,
				enabled = $8, updated_at = $9, error = $10, digest = $11, folded = $12
			WHERE id = $1 AND updated_at = $13 RETURNING created_by, created_at, last_fired_at`,
			append(slices.Concat(args[:8], args[10:11], args[12:15]), micros(was))...).
			Scan(&row.CreatedBy, timeColumn{&row.CreatedAt}, timeColumn{&row.LastFiredAt})
	})
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := s.GetSubscription(ctx, sub.ID); err != nil {
			return err
		}
		return hub.Errorf(hub.CodeConflict, "subscription %s was changed meanwhile: look at it again before you change it", sub.ID)
	}
	if err != nil {
		return s.conflict(ctx, &row, err)
	}
	*sub = row
	return nil
}

// later is now, and in any case another time than was.
func later(was time.Time) time.Time {
	if now := clock(); now.After(was) {
		return now
	}
	return was.Add(time.Microsecond)
}

// ChangeMany replaces rows, as they were read, and deletes others, all or none.
func (s *Store) ChangeMany(ctx context.Context, put []*hub.Subscription, drop []hub.SubscriptionID) (left []hub.SubscriptionID, err error) {
	args := make([][]any, len(put))
	for i, sub := range put {
		row := *sub
		row.UpdatedAt = later(sub.UpdatedAt)
		if args[i], err = subscriptionArgs(&row); err != nil {
			return nil, err
		}
	}
	err = s.transact(ctx, "change subscriptions", func(tx *sql.Tx) error {
		left = nil
		for i, sub := range put {
			n, err := changed(tx.ExecContext(ctx, `
				UPDATE subscriptions SET system = $2, chat = $3, source = $4, mode = $5, filters = $6, options = $7,
					enabled = $8, updated_at = $9, error = $10, digest = $11, folded = $12
				WHERE id = $1 AND updated_at = $13 AND NOT EXISTS (SELECT 1 FROM subscriptions AS other WHERE other.digest = $11 AND other.id <> $1)`,
				append(slices.Concat(args[i][:8], args[i][10:11], args[i][12:15]), micros(sub.UpdatedAt))...))
			if err != nil {
				return err
			}
			if n == 0 {
				left = append(left, sub.ID)
			}
		}
		for _, id := range drop {
			n, err := changed(tx.ExecContext(ctx, `DELETE FROM subscriptions WHERE id = $1`, text(id)))
			if err != nil {
				return err
			}
			if n == 0 {
				left = append(left, id)
			}
		}
		return nil
	})
	return left, err
}

func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// RestoreSubscription puts a deleted row back. Its place is free, as no other row
// was ever given its number: behind the last row that is older.
func (s *Store) RestoreSubscription(ctx context.Context, sub *hub.Subscription) error {
	row := *sub
	row.UpdatedAt = later(row.UpdatedAt)
	args, err := subscriptionArgs(&row)
	if err != nil {
		return err
	}
	err = s.transact(ctx, "restore subscription", func(tx *sql.Tx) error {
		seq, err := freeSeq(ctx, tx, row.CreatedAt)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO subscriptions (`+writtenSubscription+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, append(slices.Clone(args), seq)...)
		return err
	})
	if err != nil {
		if repeated(err) {
			if _, found := s.GetSubscription(ctx, row.ID); found == nil {
				return hub.Errorf(hub.CodeConflict, "subscription %s is there already", row.ID)
			}
		}
		return s.conflict(ctx, &row, err)
	}
	*sub = row
	return nil
}

// freeSeq is the number of a row that was made at a time and is gone, or a new
// one where clocks have been changed.
func freeSeq(ctx context.Context, tx *sql.Tx, made time.Time) (seq int64, err error) {
	var taken bool
	err = tx.QueryRowContext(ctx, `
		SELECT before + 1, EXISTS (SELECT 1 FROM subscriptions WHERE seq = before + 1)
		FROM (SELECT COALESCE(MAX(seq), 0) AS before FROM subscriptions WHERE created_at < $1) AS last`, micros(made)).Scan(&seq, &taken)
	if err != nil {
		return 0, err
	}
	var newest int64 // that was ever given
	if newest, err = next(ctx, tx, "subscriptions"); err != nil {
		return 0, err
	}
	if taken || seq >= newest {
		return newest, nil
	}
	return seq, nil
}
