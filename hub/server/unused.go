package server

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// unusedFor is how long a connection may still ask for something when the server
// stops.
const unusedFor = 250 * time.Millisecond

// unused are connections by which nothing was asked for yet. Browsers open such
// ahead of need, and http.Server.Shutdown waits for them.
type unused struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// closeUnused lets a server that stops close those connections soon.
func closeUnused(s *http.Server) {
	u := &unused{conns: map[net.Conn]struct{}{}}
	s.ConnState = u.changed
	s.RegisterOnShutdown(func() { time.AfterFunc(unusedFor, u.close) })
}

func (u *unused) changed(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state == http.StateNew {
		u.conns[c] = struct{}{}
	} else {
		delete(u.conns, c)
	}
}

func (u *unused) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		_ = c.Close() // which changes its state, from another goroutine
	}
}
