package store

import (
	"database/sql"
	"time"
)

// PoolState is how a pool of connections is used.
type PoolState struct {
	Name        string // "reader" or "writer"
	Open, InUse int
	Limit       int           // of Open; 0: none
	Waits       int64         // how often somebody had to wait for a connection
	Waited      time.Duration // in total
}

// Pools tells how the connections are used.
func (s *Store) Pools() []PoolState {
	state := func(name string, db *sql.DB) PoolState {
		st := db.Stats()
		return PoolState{Name: name, Open: st.OpenConnections, InUse: st.InUse, Limit: st.MaxOpenConnections, Waits: st.WaitCount, Waited: st.WaitDuration}
	}
	if s.reader == s.writer {
		return []PoolState{state("both", s.writer)}
	}
	return []PoolState{state("reader", s.reader), state("writer", s.writer)}
}
