package server

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/listen"
)

// newHost makes what answers commands. ctx is that of the server.
func (s *Server) newHost(ctx context.Context) (*apps.Host, error) {
	r := &rights{s: s}
	all := s.apps(ctx, r)
	for _, app := range all {
		s.metrics.appNames[app.Name()] = true
	}
	return apps.New(apps.Config{
		Wire: s.bus, Bindings: s.bus.Bindings(), Talks: s.bus.Talks(), Commands: s.bus.Commands(),
		Press: s.press.find, Rights: r, Features: s.features, Meet: s.meet, Asked: s.asked, Audit: s.audited, Type: s.typed, Zone: s.zoneOf,
		Took: s.metrics.answered, AppTook: s.metrics.appTook,
		Default: "discourse", Apps: all, Log: s.Log,
	})
}

// hear starts to answer commands.
func (s *Server) hear(ctx context.Context, g *errgroup.Group) {
	if s.host == nil {
		return
	}
	g.Go(func() error { return s.host.Serve(ctx) })
	g.Go(func() error { return s.tellEach(ctx) })
}

// tellEach tells each system what commands there are: those that there are, and
// those that come.
func (s *Server) tellEach(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	telling := map[hub.System]context.CancelFunc{}
	for {
		now := map[hub.System]bool{}
		for _, system := range s.systemNames() {
			now[system] = true
			if telling[system] == nil {
				one, stop := context.WithCancel(ctx)
				telling[system] = stop
				all.Go(func() { s.tellMenu(one, system) })
			}
		}
		for system, stop := range telling {
			if !now[system] {
				stop()
				delete(telling, system)
			}
		}
		select {
		case <-ctx.Done():
			for _, stop := range telling {
				stop()
			}
			return nil
		case <-s.menus:
		}
	}
}

// tellMenu tells a platform what commands there are, once its worker is there.
func (s *Server) tellMenu(ctx context.Context, system hub.System) {
	body, err := json.Marshal(s.host.Menu())
	if err != nil {
		s.Log.Error("the commands cannot be listed", "err", err)
		return
	}
	kept := false
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, 5*time.Minute) {
		one, cancel := context.WithTimeout(ctx, 30*time.Second)
		if !kept { // for workers that start later
			kept = s.bus.PutPlace(one, "hub", listen.MenuPlace, body) == nil
		}
		answer, err := s.bus.AskSystem(one, system, hub.AskMenu, body)
		cancel()
		var taken hub.Taken
		if err == nil {
			err = json.Unmarshal(answer, &taken)
		}
		if err == nil && kept && taken.Err() == nil {
			return
		}
		s.Log.Debug("the commands could not be listed on a platform yet", "system", system, "err", err, "reason", taken.Message)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// features are what a system can do, as its provider here or its worker says.
func (s *Server) features(ctx context.Context, system hub.System) hub.Features {
	if p := s.fleet.provider(system); p != nil {
		return p.Describe().Can
	}
	all, err := s.systems(ctx)
	if err != nil {
		s.Log.Warn("what a system can do is not known at the moment", "system", system, "err", err)
	}
	for _, status := range all {
		if status.System == system {
			return status.Features
		}
	}
	return hub.Features{}
}

func (s *Server) audited(ctx context.Context, e hub.AuditEntry) {
	if err := s.auditor.write(ctx, e); err != nil {
		s.Log.Error("a command could not be written to the audit log", "action", e.Action, "who", e.Who, "outcome", e.Outcome, "err", err)
	}
}

// zoneOf is where people of a chat are.
func (s *Server) zoneOf(ctx context.Context, chat hub.Chat) *time.Location {
	settings, err := s.bus.ChatSettings(ctx, chat)
	if err == nil && settings.Zone != "" {
		if zone, err := hub.FindZone(settings.Zone); err == nil {
			return zone
		}
	}
	return s.zone()
}
