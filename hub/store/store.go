// Package store keeps what must outlive a restart in SQL: subscriptions, the
// delivery log, what is known of the forums and their feeds, what was announced
// and why, the console's rooms, accounts with their sessions and tokens, people
// and what they did, settings. SQLite and PostgreSQL run the same statements, but
// for a few that this package tells of, and the same schema.
//
// It refuses to decide: it knows no rules, no permissions and no NATS, and it
// never looks into a message. Its contracts are the interfaces of package hub.
//
// A migration that was released is never edited; the next change is the next
// file in migrations, written so that both databases take it.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// The guards of what Store is for.
var (
	_ hub.SubscriptionStore = (*Store)(nil)
	_ hub.DeliveryStore     = (*Store)(nil)
	_ hub.ForumStore        = (*Store)(nil)
	_ hub.AnnouncementStore = (*Store)(nil)
	_ hub.TraceStore        = (*Store)(nil)
	_ hub.FigureStore       = (*Store)(nil)
	_ hub.FeedStore         = (*Store)(nil)
	_ hub.ConsoleStore      = (*Store)(nil)
	_ hub.SessionStore      = (*Store)(nil)
	_ hub.SectionStore      = (*Store)(nil)
	_ hub.AccountStore      = (*Store)(nil)
	_ hub.TokenStore        = (*Store)(nil)
	_ hub.TryStore          = (*Store)(nil)
	_ hub.PeopleStore       = (*Store)(nil)
	_ hub.AuditStore        = (*Store)(nil)
	_ hub.RoomPageStore     = (*Store)(nil)
	_ hub.SettingStore      = (*Store)(nil)
	_ hub.HouseStore        = (*Store)(nil)
)

// The dialects.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// FileName is the name of the SQLite file in Config.Dir.
const FileName = "bellhop.db"

// Config says which database to use.
type Config struct {
	URL string       // postgres://user:password@host/name; empty: SQLite in Dir
	Dir string       // where the SQLite file lies; made when it is missing
	Log *slog.Logger // nil: silent
}

// Store is an open database. It is safe for concurrent use, and on PostgreSQL
// several hubs may share one.
type Store struct {
	engine

	eras *eras // nil on PostgreSQL
}

// Open connects to the database and brings its schema up to date. Of several
// hubs that start on one PostgreSQL at once, one migrates and the others wait
// until ctx ends.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := openAt(ctx, c, newest)
	if err == nil && s.dialect == SQLite {
		if s.eras, err = readEras(ctx, s.reader); err != nil {
			err = errors.Join(err, s.close())
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openAt(ctx context.Context, c Config, version int64) (*Store, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := e.migrate(ctx, c.Log, version); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return &Store{engine: *e}, nil
}

func connect(ctx context.Context, c Config) (*engine, error) {
	switch {
	case c.URL == "":
		return openSQLite(ctx, c.Dir)
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		return openPostgres(ctx, c.URL)
	}
	return nil, errors.New("database.url must start with postgres://, or be empty for SQLite in server.data_dir")
}

// Close ends the connections. Closing twice is fine.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Dialect is SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Health asks the database for an answer and for its leave to write. The error
// says which of both is missing and where to look.
func (s *Store) Health(ctx context.Context) error {
	return s.probe(ctx)
}
