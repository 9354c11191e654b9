package store

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// How long a list may be.
const (
	defaultLimit = 50
	maxLimit     = 500
)

func clampLimit(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

// longestKey is how many bytes a value that is looked up by may have.
// PostgreSQL refuses to index a row of more than 2,704.
const longestKey = 1000

// checkKeys refuses values that the indexes cannot hold: names and values in turn.
func checkKeys(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if name, v := namesAndValues[i], namesAndValues[i+1]; len(v) > longestKey {
			return hub.Errorf(hub.CodeInvalid, "%s is %d bytes long, at most %d are kept", name, len(v), longestKey)
		}
	}
	return nil
}

// cursor is where a page ended: the number its list is sorted by and, where
// that may repeat, the id.
type cursor struct {
	n  int64
	id string
}

// seal makes the opaque text of c; list keeps the cursors of two lists apart.
func (c cursor) seal(list string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + " " + strconv.FormatInt(c.n, 10) + " " + c.id))
}

func openCursor(list, sealed string) (cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	name, rest, _ := strings.Cut(string(raw), " ")
	number, id, found := strings.Cut(rest, " ")
	n, notNumber := strconv.ParseInt(number, 10, 64)
	if err != nil || name != list || !found || notNumber != nil {
		return cursor{}, hub.Errorf(hub.CodeInvalid, "cursor is none that this list gave; leave it out to begin with the newest")
	}
	return cursor{n: n, id: id}, nil
}

// selection is the WHERE of a list and its arguments.
type selection struct {
	terms []string
	args  []any
}

// bind adds an argument and gives its placeholder.
func (s *selection) bind(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// equal selects rows with a value in a column; an empty value selects all.
func (s *selection) equal(column, value string) {
	if value != "" {
		s.terms = append(s.terms, column+" = "+s.bind(text(value)))
	}
}

// among selects rows with one of several values in a column; none selects all.
func (s *selection) among(column string, values []any) {
	if len(values) == 0 {
		return
	}
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = s.bind(v)
	}
	s.add(column + " IN (" + strings.Join(places, ", ") + ")")
}

func (s *selection) add(term string) { s.terms = append(s.terms, term) }

// query completes a SELECT without conditions to the list of a page. It asks
// for one row more than the page has: that one says there is a next.
func (s *selection) query(all, order string, limit int) string {
	return s.where(all) + " ORDER BY " + order + " LIMIT " + strconv.Itoa(limit+1)
}

// where completes a SELECT without conditions.
func (s *selection) where(all string) string {
	if len(s.terms) > 0 {
		all += " WHERE " + strings.Join(s.terms, " AND ")
	}
	return all
}
