package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// searchWindow is how many rows a page of a search for words looks at: no index
// helps it, and of millions of rows it must not read all.
const searchWindow = 10_000

// window is a table whose newest rows are searched for words.
type window struct {
	table, columns string
	read           string   // the columns as they are read
	first          string   // by which its rows are read first, no later than at: "" for none
	at             string   // by which it is sorted, and then by id
	folded         []string // the columns with the words
}

func (w window) order() string { return w.at + " DESC, id DESC" }

// inner selects the rows to look at.
func (w window) inner(sel *selection, columns string) string {
	order := w.order()
	if w.first != "" {
		order = w.first + " DESC, " + order
	}
	return sel.where("SELECT "+columns+" FROM "+w.table) + " ORDER BY " + order
}

// goOn selects what follows the row at which a page of a list ended; "" is the first page.
func (w window) goOn(sel *selection, list, sealed string) error {
	if sealed == "" {
		return nil
	}
	c, err := openCursor(list, sealed)
	if err != nil {
		return err
	}
	if w.first != "" {
		sel.add(w.first + " <= " + sel.bind(max(c.n, 0)))
	}
	sel.add("(" + w.at + ", id) < (" + sel.bind(c.n) + ", " + sel.bind(text(c.id)) + ")")
	return nil
}

// list selects the rows of a page, and one more, which says that there is a next.
func (w window) list(sel *selection, limit int) string {
	return w.inner(sel, w.read) + " LIMIT " + strconv.Itoa(limit+1)
}

// search looks for a part of the words in the first rows that sel selects.
func (w window) search(sel *selection, part string, limit int) (query string, args []any) {
	outer := selection{args: slices.Clone(sel.args)}
	like := " LIKE " + outer.bind(containing(folded(part))) + " ESCAPE '!'"
	outer.add("(" + strings.Join(w.folded, like+" OR ") + like + ")")
	inner := w.inner(sel, w.columns+", "+strings.Join(w.folded, ", ")) + " LIMIT " + strconv.Itoa(searchWindow)
	return outer.query("SELECT "+w.read+" FROM ("+inner+") AS looked_at", w.order(), limit), outer.args
}

// windowEnd is where a search has to go on, after the last row that it looked at.
func (s *Store) windowEnd(ctx context.Context, w window, sel *selection) (end cursor, more bool, err error) {
	query := w.inner(sel, w.at+", id") + " LIMIT 1 OFFSET " + strconv.Itoa(searchWindow-1)
	err = s.reader.QueryRowContext(ctx, query, sel.args...).Scan(&end.n, &end.id)
	if errors.Is(err, sql.ErrNoRows) {
		return cursor{}, false, nil
	}
	return end, err == nil, err
}
