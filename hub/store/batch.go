package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// rowsPerStatement is how many rows one INSERT carries. More gain nothing
// measurable, and SQLite takes at most 32,766 arguments.
const rowsPerStatement = 250

// insert is an INSERT of many rows: "t (a, b)", what a row is made of, and what
// follows the rows. In a row each "?" is an argument; what is the same in all of
// them stands there itself, as to bind it for each row takes longer.
type insert struct {
	into string
	row  string
	tail string
}

// marks is a row of n arguments.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// insertRows runs i for rows, each a list of arguments, and says how many it
// made or changed.
func (e *engine) insertRows(ctx context.Context, tx *sql.Tx, i insert, rows [][]any) (changed int64, err error) {
	whole := len(rows) / rowsPerStatement * rowsPerStatement
	if whole > 0 {
		if changed, err = e.insertChunks(ctx, tx, i, rows[:whole]); err != nil {
			return 0, err
		}
	}
	if rest := rows[whole:]; len(rest) > 0 {
		result, err := tx.ExecContext(ctx, e.statement(i, len(rest)), slices.Concat(rest...)...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		return changed + n, err
	}
	return changed, nil
}

// insertTold is insertRows for an i that returns something of each row that it
// made or changed: told is called for each, to scan it.
func (e *engine) insertTold(ctx context.Context, tx *sql.Tx, i insert, rows [][]any, told func(*sql.Rows) error) (changed int64, err error) {
	for some := range slices.Chunk(rows, rowsPerStatement) {
		n, err := e.insertChunkTold(ctx, tx, i, some, told)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

func (e *engine) insertChunkTold(ctx context.Context, tx *sql.Tx, i insert, rows [][]any, told func(*sql.Rows) error) (changed int64, err error) {
	returned, err := tx.QueryContext(ctx, e.statement(i, len(rows)), slices.Concat(rows...)...)
	if err != nil {
		return 0, err
	}
	defer returned.Close()
	for returned.Next() {
		changed++
		if err := told(returned); err != nil {
			return 0, err
		}
	}
	return changed, returned.Err()
}

// insertChunks runs one statement for as many rows at a time as it carries. To
// read so long a statement anew for each chunk would take SQLite longer than to
// run it.
func (e *engine) insertChunks(ctx context.Context, tx *sql.Tx, i insert, rows [][]any) (changed int64, err error) {
	statement, err := tx.PrepareContext(ctx, e.statement(i, rowsPerStatement))
	if err != nil {
		return 0, err
	}
	defer statement.Close()
	for ; len(rows) > 0; rows = rows[rowsPerStatement:] {
		result, err := statement.ExecContext(ctx, slices.Concat(rows[:rowsPerStatement]...)...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// putRows is insertRows in a transaction of its own.
func (s *Store) putRows(ctx context.Context, op string, i insert, rows [][]any) error {
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := s.insertRows(ctx, tx, i, rows)
		return err
	})
}

// statement is i for so many rows. SQLite copies each page that an INSERT of
// many rows is about to change, to be able to take that statement alone back;
// all of ours end their transaction when they fail.
func (e *engine) statement(i insert, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT ")
	if e.dialect == SQLite {
		b.WriteString("OR ROLLBACK ")
	}
	b.WriteString("INTO " + i.into + " VALUES ")
	for row, n := 0, 0; row < rows; row++ {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for before, rest := "", i.row; rest != ""; {
			var more bool
			before, rest, more = strings.Cut(rest, "?")
			b.WriteString(before)
			if more {
				n++
				b.WriteString(e.placeholder(n))
			}
		}
		b.WriteString(")")
	}
	b.WriteString(" " + i.tail)
	return b.String()
}

// lastOfEach keeps of rows with one key the last, as one statement of PostgreSQL
// may not change a row twice, and sorts them by their keys, so that two hubs
// lock in one order.
func lastOfEach[T any](rows []T, key func(*T) string) []*T {
	last := make(map[string]*T, len(rows))
	for i := range rows {
		last[text(key(&rows[i]))] = &rows[i]
	}
	sorted := make([]*T, 0, len(last))
	for _, k := range slices.Sorted(maps.Keys(last)) {
		sorted = append(sorted, last[k])
	}
	return sorted
}

// placeholder stands for argument n of a long list of arguments in their
// order. SQLite reads $1 as a name and looks through all names for each of them:
// with 1,500 that was three quarters of the time of an INSERT.
func (e *engine) placeholder(n int) string {
	if e.dialect == SQLite {
		return "?"
	}
	return "$" + strconv.Itoa(n)
}
