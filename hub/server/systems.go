package server

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/all"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// consoleKind is the one provider that lives where the pages are served: in the
// hub's process.
const consoleKind = "console"

// Validate notes in p what is wrong with the providers' sections, of those that
// a process with the role serves. config.Load calls it, so that every mistake
// is told at once.
func Validate(role Role, system hub.System) config.Judge {
	return func(c *config.Config, p *config.Problems) {
		registry := all.Registry(nil)
		for _, section := range sections(c, role, system) {
			decode(registry, section, p)
		}
		for _, section := range c.Providers {
			if _, ok := registry.Find(section.Kind()); !ok {
				section.Refuse(p, "kind", fmt.Sprintf("is %q: one of %v", section.Kind(), registry.Names()))
			}
		}
		if role == WorkerOnly {
			checkWorker(c, p, system)
		}
	}
}

// checkWorker insists on a section for the system, of a kind that has workers.
func checkWorker(c *config.Config, p *config.Problems, system hub.System) {
	section, known := c.Providers[string(system)]
	switch {
	case !known && c.Server.SecretKey.Empty() && !keyIsKept(c):
		p.Add("providers."+string(system), 0, "there is no such section: the systems are %v. The worker of a system that was made in the pane needs the key of its hub, in server.secret_key or in data_dir/secret.key", slices.Sorted(maps.Keys(c.Providers)))
	case !known: // a hub is asked for it
	case section.Kind() == consoleKind:
		section.Refuse(p, "kind", "is console, which the hub serves itself: it has no worker")
	}
}

// sections are the systems that a process serves, by name. Where no console is
// configured there is one all the same, unless the process is a worker.
func sections(c *config.Config, role Role, system hub.System) []config.Section {
	var out []config.Section
	console := false
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		section := c.Providers[name]
		console = console || section.Kind() == consoleKind
		switch role {
		case Everything:
			out = append(out, section)
		case HubOnly:
			if section.Kind() == consoleKind {
				out = append(out, section)
			}
		case WorkerOnly:
			if name == string(system) {
				out = append(out, section)
			}
		}
	}
	if !console && role != WorkerOnly {
		out = append(out, config.Bare(consoleKind))
	}
	return out
}

// decode reads one section into its provider's own type; nil if it is wrong.
func decode(registry *providers.Registry, section config.Section, p *config.Problems) providers.Config {
	kind, ok := registry.Find(section.Kind())
	if !ok {
		return nil // told by Validate
	}
	before := len(p.List)
	own := kind.Config()
	section.Decode(own, p)
	if len(p.List) > before {
		return nil
	}
	for key, text := range own.Problems() {
		section.Refuse(p, key, text)
	}
	return own
}

// openProvider makes a provider. It does no I/O.
func openProvider(o Options, registry *providers.Registry, section config.Section, own providers.Config, pictures providers.Pictures) (providers.Provider, error) {
	options, err := clientOptions(o, own)
	if err != nil {
		return nil, err
	}
	kind, _ := registry.Find(section.Kind())
	client := outbound.Client(options)
	client.Transport = observe.Transport(client.Transport, observe.Secrets(own)...)
	return kind.Open(own, providers.Env{
		System: hub.System(section.Name()), Log: o.Log.With("system", section.Name()), HTTP: client,
		Pictures: pictures,
		Callback: callback(o.Config.Server.PublicURL, section.Name()),
	})
}

// callback is where a platform finds a system, "" where nobody has said how to
// reach the server.
func callback(public, system string) string {
	if public == "" {
		return ""
	}
	return public + "/chat/" + system + "/"
}

// unpaced reports whether the limits that a platform documents do not bind a
// system.
func (s *Server) unpaced(p providers.Provider) bool {
	section, ok := s.conf().Providers[string(p.Describe().ID)]
	return ok && section.Pace() == config.PaceOff
}

// zone is where chats are of which nobody has said where they are.
func (s *Server) zone() *time.Location {
	zone, err := hub.FindZone(s.Config.Deliver.Timezone)
	if err != nil { // which package config has checked
		return time.UTC
	}
	return zone
}

// natsDir is where the embedded NATS keeps its streams.
func natsDir(c *config.Config) string { return filepath.Join(c.Server.DataDir, "nats") }
