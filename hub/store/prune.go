package store

import (
	"context"
	"fmt"
	"time"
)

// pruneBatch is how many rows one transaction deletes: others write in between.
const pruneBatch = 2000

// prune deletes the rows of a table that are older than before, by the column
// that says how old a row is. The age is asked for twice: a row that another
// writer renews while this one waits for it stays.
func (s *Store) prune(ctx context.Context, table, key, age string, before time.Time) (n int64, err error) {
	statement := fmt.Sprintf(`
		DELETE FROM %[1]s WHERE %[3]s < $1 AND %[2]s IN
			(SELECT %[2]s FROM %[1]s WHERE %[3]s < $1 ORDER BY %[3]s, %[2]s LIMIT $2)`, table, key, age)
	for {
		deleted, err := s.exec(ctx, "prune "+table, statement, micros(before), pruneBatch)
		n += deleted
		if err != nil || deleted == 0 {
			return n, err
		}
	}
}
