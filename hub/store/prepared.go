package store

import (
	"context"
	"database/sql"
	"sync"
)

// prepared asks queries that come again and again, each read by the database
// once for every connection: SQLite takes longer to read a short one than to
// answer it. On PostgreSQL the driver does so itself.
type prepared struct {
	db   *sql.DB
	keep bool

	mu  sync.Mutex
	all map[string]*sql.Stmt
}

// mostPrepared bounds the statements that are kept. Further ones are read each
// time.
const mostPrepared = 64

func newPrepared(db *sql.DB, keep bool) *prepared {
	return &prepared{db: db, keep: keep, all: map[string]*sql.Stmt{}}
}

// QueryContext implements asker.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.statement(ctx, query); s != nil { //nolint:sqlclosecheck // it is kept
		return s.QueryContext(ctx, args...)
	}
	return p.db.QueryContext(ctx, query, args...)
}

// QueryRowContext implements asker.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.statement(ctx, query); s != nil { //nolint:sqlclosecheck // it is kept
		return s.QueryRowContext(ctx, args...)
	}
	return p.db.QueryRowContext(ctx, query, args...)
}

// statement is a query that was read, nil if it is to be asked as it stands.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	p.mu.Lock()
	s, full := p.all[query], len(p.all) >= mostPrepared
	p.mu.Unlock()
	if s != nil || full || !p.keep {
		return s
	}
	s, err := p.db.PrepareContext(ctx, query)
	if err != nil { // asking it tells the same
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.all[query]; other != nil || len(p.all) >= mostPrepared {
		_ = s.Close() //nolint:sqlclosecheck // at once, since another has made the same, or the last that is kept
		return other
	}
	p.all[query] = s
	return s
}
