package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// sectionsChanged is what hubs tell each other, and workers, after a change of a
// source or a system.
const sectionsChanged = "sections"

// sectionsEvery is how often they look all the same.
const sectionsEvery = 30 * time.Second

// live is what is configured now: what the file says, and the sections that were
// made while Bellhop ran. The file wins.
type live struct {
	s    *Server
	keys *keys
	now  atomic.Pointer[configured]

	changing sync.Mutex  // one reading at a time: an older must not replace a newer
	behind   atomic.Bool // the fleet does not serve yet what now says
}

// configured is what is configured at a moment. It is not changed.
type configured struct {
	*config.Config                                 // with all sections that are in force
	stored         map[sectionName]hub.Section     // all that were made here
	problems       map[sectionName]string          // why one of them is not in force
	sections       map[sectionName]*config.Section // opened, of systems
	sources        map[sectionName]*config.Source  // likewise of sources
}

type sectionName struct {
	part hub.SectionPart
	name string
}

func (n sectionName) String() string { return string(n.part) + " " + strconv.Quote(n.name) }

func newLive(s *Server) *live {
	l := &live{s: s, keys: &keys{config: s.Config}}
	l.now.Store(&configured{Config: s.Config})
	return l
}

// conf is what is configured now.
func (s *Server) conf() *configured { return s.live.now.Load() }

// mark says which settings a section that is in force has.
func (c *configured) mark(part hub.SectionPart, name string) string {
	stored, ok := c.stored[sectionName{part, name}]
	if !ok || c.managed(part, name) != hub.ManagedHere {
		return "file"
	}
	return fmt.Sprint(stored.Version, " ", stored.MadeAt.UnixMicro())
}

// managed is who manages a section that is in force.
func (c *configured) managed(part hub.SectionPart, name string) string {
	n := sectionName{part, name}
	switch {
	case c.sections[n] != nil, c.sources[n] != nil:
		return hub.ManagedHere
	case part == hub.PartSystem:
		if _, ok := c.Providers[name]; ok {
			return hub.ManagedByFile
		}
		return hub.ManagedItself
	}
	return hub.ManagedByFile
}

// wanted are the systems that this process is to serve.
func (c *configured) wanted(s *Server) []wanted {
	var list []wanted
	for _, section := range sections(c.Config, s.Role, s.System) {
		list = append(list, wanted{section, c.mark(hub.PartSystem, section.Name())})
	}
	return list
}

// wanted are those that it is to serve as it is configured now.
func (s *Server) wanted() ([]wanted, bool) { return s.conf().wanted(s), true }

// begin reads the sections before anything runs. That they cannot be opened ends
// the start: what depends on them would be silent.
func (l *live) begin(ctx context.Context) error {
	if l.s.Role == WorkerOnly {
		return nil // which asks a hub, as soon as there is one
	}
	if err := l.reseal(ctx); err != nil {
		return err
	}
	next, err := l.read(ctx)
	if err != nil {
		return err
	}
	l.now.Store(next)
	l.complain(next)
	return nil
}

// read reads the stored sections and puts them together with the file's.
func (l *live) read(ctx context.Context) (*configured, error) {
	stored, err := l.stored(ctx)
	if err != nil {
		return nil, err
	}
	return l.join(stored)
}

func (l *live) stored(ctx context.Context) ([]hub.Section, error) {
	if l.s.Role != WorkerOnly {
		return l.s.store.Sections(ctx)
	}
	if _, ours := l.s.Config.Providers[string(l.s.System)]; ours {
		return nil, nil
	}
	section, err := l.askSection(ctx)
	if err != nil || section == nil {
		return nil, err
	}
	return []hub.Section{*section}, nil
}

// join puts stored sections together with those of the file. Secrets that do not
// open are an error; a section that is wrong otherwise is left out, with its
// problem.
func (l *live) join(stored []hub.Section) (*configured, error) {
	merged := *l.s.Config
	merged.Sources, merged.Providers = maps.Clone(merged.Sources), maps.Clone(merged.Providers)
	c := &configured{
		Config: &merged, stored: map[sectionName]hub.Section{}, problems: map[sectionName]string{},
		sections: map[sectionName]*config.Section{}, sources: map[sectionName]*config.Source{},
	}
	for _, section := range stored {
		n := sectionName{section.Part, section.Name}
		c.stored[n] = section
		if l.s.inFile(n) {
			continue // shadowed
		}
		settings, err := l.unseal(&section)
		if err != nil {
			return nil, l.keys.wrongKey(n.String(), err)
		}
		if err := c.add(n, settings); err != nil {
			c.problems[n] = err.Error()
		}
	}
	return c, nil
}

// inFile reports whether the file, or Bellhop itself, has a section of the name.
func (s *Server) inFile(n sectionName) bool {
	switch n.part {
	case hub.PartSource:
		_, taken := s.Config.Sources[n.name]
		return taken
	case hub.PartSystem:
		_, taken := s.Config.Providers[n.name]
		return taken || n.name == consoleKind
	}
	return false
}

// add puts a section among those that are in force, unless something is wrong with
// it: then the error is a *config.Problems.
func (c *configured) add(n sectionName, settings map[string]any) error {
	if err := c.clash(n); err != nil {
		return err
	}
	if n.part == hub.PartSource {
		source, err := config.MakeSource(n.name, settings)
		if err == nil && source.Kind != config.KindFeed {
			err = doorFor(n.name, source).Check() // the door is a little stricter
		}
		if err != nil {
			return err
		}
		c.Sources[n.name], c.sources[n] = source, &source
		return nil
	}
	section, err := makeSystem(n.name, settings)
	if err != nil {
		return err
	}
	c.Providers[n.name], c.sections[n] = section, &section
	return nil
}

// clash is that a source and a system have one name: events name both alike.
func (c *configured) clash(n sectionName) error {
	var p config.Problems
	path := map[hub.SectionPart]string{hub.PartSource: "sources.", hub.PartSystem: "providers."}[n.part] + n.name
	_, source := c.Sources[n.name]
	_, system := c.Providers[n.name]
	switch {
	case n.part == hub.PartSource && (system || n.name == consoleKind):
		p.Add(path, 0, "is also the name of a system: choose another")
	case n.part == hub.PartSystem && source:
		p.Add(path, 0, "is also the name of a source: choose another")
	}
	return p.Err()
}

// makeSystem makes a section and has its provider judge it.
func makeSystem(name string, settings map[string]any) (config.Section, error) {
	section, err := config.MakeSection(name, settings)
	if err != nil {
		return section, err
	}
	var p config.Problems
	registry := all.Registry(nil)
	if _, known := registry.Find(section.Kind()); !known || section.Kind() == consoleKind {
		section.Refuse(&p, "kind", fmt.Sprintf("is %q: one of %v", section.Kind(), platforms(registry.Names())))
	}
	decode(registry, section, &p)
	return section, p.Err()
}

// platforms are the kinds that systems can be made of here. The console is Bellhop's
// own, and there by itself.
func platforms(kinds []string) []string {
	return slices.DeleteFunc(kinds, func(k string) bool { return k == consoleKind })
}

// unseal is all that is set in a section, its secrets opened.
func (l *live) unseal(section *hub.Section) (map[string]any, error) {
	settings, err := settingsOf(section)
	if err != nil || len(section.Sealed) == 0 {
		return settings, err
	}
	ring, err := l.keys.get(false)
	if err != nil {
		return nil, err
	}
	for key, sealed := range section.Sealed {
		v, err := ring.Open(section.SealedBy, sealed, string(section.Part), section.Name, key)
		if err != nil {
			return nil, err
		}
		settings[key] = v.Reveal()
	}
	return settings, nil
}

// settingsOf is what is set in a section, without its secrets.
func settingsOf(section *hub.Section) (map[string]any, error) {
	settings := map[string]any{}
	if len(section.Settings) > 0 {
		if err := json.Unmarshal(section.Settings, &settings); err != nil {
			return nil, fmt.Errorf("the settings cannot be read: %w", err)
		}
	}
	settings = config.Typed(nil, settings) // whole numbers
	settings["kind"] = section.Kind
	return settings, nil
}

// seal puts settings into a section, its secrets sealed.
func (l *live) seal(section *hub.Section, settings map[string]any, secrets map[string]secret.Value) error {
	plain := maps.Clone(settings)
	delete(plain, "kind")
	body, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	section.Settings, section.Sealed, section.SealedBy = body, map[string]string{}, ""
	if len(secrets) == 0 {
		return nil
	}
	ring, err := l.keys.get(true)
	if err != nil {
		return err
	}
	section.SealedBy = ring.ID()
	for key, v := range secrets {
		section.Sealed[key] = ring.Seal(v, string(section.Part), section.Name, key)
	}
	return nil
}

// reseal seals anew what an earlier key has sealed.
func (l *live) reseal(ctx context.Context) error {
	stored, err := l.s.store.Sections(ctx)
	if err != nil {
		return err
	}
	for _, section := range stored {
		if len(section.Sealed) == 0 {
			continue
		}
		ring, err := l.keys.get(false)
		n := sectionName{section.Part, section.Name}
		if err == nil && section.SealedBy == ring.ID() {
			continue
		}
		if err == nil {
			err = l.resealOne(ctx, ring, section)
		}
		if hub.CodeOf(err) == hub.CodeConflict { // another hub has done it
			continue
		}
		if err != nil {
			return l.keys.wrongKey(n.String(), err)
		}
		l.s.Log.Info("stored secrets are sealed with the new key", "section", n.String())
	}
	return nil
}

func (l *live) resealOne(ctx context.Context, ring *secret.Keyring, section hub.Section) error {
	by, now := section.SealedBy, map[string]string{}
	for key, sealed := range section.Sealed {
		v, err := ring.Open(by, sealed, string(section.Part), section.Name, key)
		if err != nil {
			return err
		}
		now[key] = ring.Seal(v, string(section.Part), section.Name, key)
	}
	section.Sealed, section.SealedBy = now, ring.ID()
	_, err := l.s.store.PutSection(ctx, section)
	return err
}

// reload takes in what is configured now. It returns when it is in force in this
// process.
func (l *live) reload(ctx context.Context) error {
	if err := l.takeIn(ctx); err != nil {
		return err
	}
	changed := false
	for system, err := range l.s.fleet.set(func() ([]wanted, bool) {
		changed = l.behind.Swap(false)
		return l.now.Load().wanted(l.s), changed
	}) {
		l.s.Log.Error("a system cannot be served as it is configured now", "system", system, "err", err)
	}
	if changed && l.s.host != nil {
		l.s.host.Refresh()
		select {
		case l.s.menus <- struct{}{}:
		default:
		}
	}
	return nil
}

// takeIn is reload as far as sources go. It does not wait for workers.
func (l *live) takeIn(ctx context.Context) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	next, err := l.read(ctx)
	if err != nil {
		return err
	}
	if same(l.now.Load(), next) {
		return nil
	}
	l.complain(next)
	if l.s.Role != WorkerOnly {
		if err := l.s.setSources(ctx, next); err != nil {
			return err
		}
	}
	l.now.Store(next)
	l.behind.Store(true)
	return nil
}

// seek takes in a source that another hub has made and that is not known here yet,
// if there is one of the name.
func (l *live) seek(ctx context.Context, source hub.Source) error {
	made, err := l.s.store.FindSection(ctx, hub.PartSource, string(source))
	if err != nil || made == nil {
		return err
	}
	return l.takeIn(ctx)
}

// same reports whether two readings say the same.
func same(a, b *configured) bool {
	return maps.EqualFunc(a.stored, b.stored, func(x, y hub.Section) bool {
		return x.Version == y.Version && x.MadeAt.Equal(y.MadeAt) && x.SealedBy == y.SealedBy
	})
}

func (l *live) complain(c *configured) {
	for n, problem := range c.problems {
		l.s.Log.Error("what was made here is not in force, something is wrong with it", "section", n.String(), "err", problem)
	}
}

// follow takes in what other processes change, until ctx ends.
func (l *live) follow(ctx context.Context, g *errgroup.Group) {
	if _, ours := l.s.Config.Providers[string(l.s.System)]; l.s.Role == WorkerOnly && ours {
		return
	}
	told := make(chan struct{}, 1)
	stop := l.s.bus.OnChange(sectionsChanged, func([]string) {
		select {
		case told <- struct{}{}:
		default:
		}
	})
	g.Go(func() error {
		defer stop()
		pause := sectionsEvery
		if l.s.Role == WorkerOnly {
			pause = 0 // which has nothing yet
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-told:
			case <-time.After(pause):
			}
			pause = sectionsEvery
			if err := l.reload(ctx); err != nil && ctx.Err() == nil {
				pause = 2 * time.Second
				l.s.Log.Warn("sources and systems cannot be read again, those that there are hold", "err", err)
			}
		}
	})
}

// changed makes a change hold: here before it returns, elsewhere within a second.
func (l *live) changed(ctx context.Context) error {
	err := l.reload(ctx)
	l.s.bus.Changed(sectionsChanged)
	return err
}

// askSection asks a hub for the section of the system that this process serves.
func (l *live) askSection(ctx context.Context) (*hub.Section, error) {
	body, err := json.Marshal(hub.SectionAsked{System: l.s.System})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	answer, err := l.s.bus.AskHub(ctx, hub.AskSection, body)
	if err != nil {
		return nil, err
	}
	var told hub.SectionTold
	if err := json.Unmarshal(answer, &told); err != nil {
		return nil, err
	}
	if err := told.Taken.Err(); err != nil {
		return nil, err
	}
	return told.Section, nil
}

// tellSection answers a worker: the sealed section of a system, none if there is
// none. It is read from the store: of several hubs one may be asked that has not
// taken in yet what another has changed.
func (l *live) tellSection(ctx context.Context, body []byte) (hub.SectionTold, error) {
	var asked hub.SectionAsked
	if err := json.Unmarshal(body, &asked); err != nil {
		return hub.SectionTold{}, hub.Errorf(hub.CodeInvalid, "%s", err)
	}
	if l.s.inFile(sectionName{hub.PartSystem, string(asked.System)}) {
		return hub.SectionTold{}, hub.Errorf(hub.CodeConflict, "%s stands in the hub's configuration file: give its worker the section, too", asked.System)
	}
	section, err := l.s.store.FindSection(ctx, hub.PartSystem, string(asked.System))
	return hub.SectionTold{Section: section}, err
}

// asked answers what workers ask besides what is said in chats.
func (s *Server) asked(ctx context.Context, what string, body []byte) (any, error) {
	if what != hub.AskSection {
		return nil, errors.ErrUnsupported
	}
	told, err := s.live.tellSection(ctx, body)
	told.Taken = hub.TakenOr(err)
	return told, nil
}
