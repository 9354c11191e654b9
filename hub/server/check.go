package server

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// checkTime is how long each thing may take to prove that it works.
const checkTime = 15 * time.Second

// Check tries, one after another, everything that the configuration names:
// NATS, the database, each system's credentials. It posts nothing, and does not
// open what a running server keeps to itself.
func (s *Server) Check(ctx context.Context, tell func(what string, err error)) {
	c := s.Config
	try := func(what string, f func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		defer cancel()
		tell(what, f(ctx))
	}
	try("data directory "+c.Server.DataDir, func(context.Context) error { return writable(c.Server.DataDir) })
	if !c.NATS.URL.Empty() {
		try("NATS", s.checkBus)
	}
	if !c.Database.URL.Empty() {
		try("database", s.checkStore)
	}
	for _, p := range s.fleet.providers() {
		d := p.Describe()
		what := fmt.Sprintf("%s (%s)", d.ID, d.Kind)
		if d.Kind == consoleKind {
			tell(what, nil) // it has no credentials, and its rooms are in the database
			continue
		}
		try(what, p.Check)
	}
	if s.Role != WorkerOnly {
		s.checkForums(try, tell)
	}
}

// checkForums proves that each forum that is asked answers, and takes the key and
// the reader.
func (s *Server) checkForums(try func(string, func(context.Context) error), tell func(string, error)) {
	o, err := s.openOutside(s.conf(), nil)
	if err != nil {
		tell("sources", err)
		return
	}
	for _, f := range o.forums {
		if f.API == nil {
			continue
		}
		client := o.clients[f.Name]
		try(fmt.Sprintf("%s (%s)", f.Name, config.KindDiscourse), func(ctx context.Context) error {
			if _, err := client.Check(ctx); err != nil || !f.Check {
				return err
			}
			return client.CheckReader(ctx, f.ReadAs)
		})
	}
}

func (s *Server) checkBus(ctx context.Context) error {
	b, err := bus.Open(ctx, s.busConfig())
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	return b.Health(ctx)
}

func (s *Server) checkStore(ctx context.Context) error {
	db, err := store.Open(ctx, store.Config{URL: s.Config.Database.URL.Reveal(), Log: s.Log})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Health(ctx)
}

// writable makes the directory where it is missing and writes into it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	return f.Close()
}
