package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/catchup"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/feed"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/outbound"
)

// outside is what the hub asks of sources by itself. It is not changed: when
// sources change there is another, with what has stayed the same.
type outside struct {
	forums  []forum.Source
	clients map[hub.Source]*discourse.Client
	feeds   map[hub.Source]*feed.Poller
	catches map[hub.Source]*catchup.Catcher
	delays  map[hub.Source]time.Duration
	marks   map[hub.Source]string // which settings each was made from
}

// openOutside makes the clients of forums and the pollers of feeds, save those
// that was has already. It does no I/O.
func (s *Server) openOutside(conf *configured, was *outside) (*outside, error) {
	o := &outside{
		clients: map[hub.Source]*discourse.Client{}, feeds: map[hub.Source]*feed.Poller{}, catches: map[hub.Source]*catchup.Catcher{},
		delays: map[hub.Source]time.Duration{}, marks: map[hub.Source]string{},
	}
	for _, name := range slices.Sorted(maps.Keys(conf.Sources)) {
		source, mark := hub.Source(name), conf.mark(hub.PartSource, name)
		o.marks[source] = mark
		if was != nil && was.marks[source] == mark {
			o.keep(source, was)
			continue
		}
		if err := s.openSource(o, source, conf.Sources[name]); err != nil {
			return nil, fmt.Errorf("sources.%s: %w", name, err)
		}
	}
	return o, nil
}

// keep takes over what was made of a source that has not changed.
func (o *outside) keep(source hub.Source, was *outside) {
	if i := slices.IndexFunc(was.forums, func(f forum.Source) bool { return f.Name == source }); i >= 0 {
		o.forums = append(o.forums, was.forums[i])
	}
	carry(o.clients, was.clients, source)
	carry(o.feeds, was.feeds, source)
	carry(o.catches, was.catches, source)
	carry(o.delays, was.delays, source)
}

func carry[V any](to, from map[hub.Source]V, source hub.Source) {
	if v, ok := from[source]; ok {
		to[source] = v
	}
}

func (s *Server) openSource(o *outside, source hub.Source, c config.Source) error {
	var client *http.Client
	if c.URL != "" {
		var err error
		if client, err = s.clientFor(c.URL); err != nil {
			return err
		}
	}
	switch c.Kind {
	case config.KindDiscourse:
		o.addForum(source, c, client, s)
	case config.KindFeed:
		o.feeds[source] = feed.New(feed.Config{
			Source: source, URL: c.URL, Every: c.Every, HTTP: client, Publish: s.metrics.publisher(publisher{s.bus}), Store: s.store, Log: s.Log,
		})
		o.delays[source] = c.Delay
	default:
		o.delays[source] = c.Delay
	}
	return nil
}

// clientFor makes a client that may call an address which the configuration
// names, wherever it is.
func (s *Server) clientFor(address string) (*http.Client, error) {
	options := outbound.Options{
		UserAgent: "Bellhop/" + s.Version, AllowNets: s.Config.Outbound.Allow, Proxy: s.Config.Outbound.Proxy, Log: s.Log,
	}
	if err := options.Trust(address); err != nil {
		return nil, err
	}
	return outbound.Client(options), nil
}

func (o *outside) addForum(source hub.Source, c config.Source, client *http.Client, s *Server) {
	api := discourse.New(discourse.Config{
		URL: c.URL, Key: c.APIKey, User: c.APIUser, HTTP: client, Log: s.Log.With("source", source), PerMinute: c.APIPerMinute,
	})
	f := forum.Source{
		Name: source, URL: c.URL, API: api, Check: c.Visibility != config.TrustWebhook,
		ReadAs: c.ReadAs, Delay: c.Delay, Unlisted: c.Unlisted,
	}
	if !api.HasKey() && !f.Check { // nothing to ask it for
		f.API = nil
	}
	o.forums = append(o.forums, f)
	o.clients[source] = api
}

// openCatchers looks up how far each forum has been heard, which must be before
// the door lets in anything new.
func (s *Server) openCatchers(ctx context.Context, conf *configured, o *outside, door *ingest.Handler) {
	for name, c := range conf.Sources {
		source := hub.Source(name)
		client := o.clients[source]
		if client == nil || !client.HasKey() || !c.CatchUp || o.catches[source] != nil {
			continue
		}
		catcher := catchup.New(catchup.Config{
			Source: source, Site: c.URL, Forum: client, Door: door, Log: s.Log,
			Newest: func(ctx context.Context) (time.Time, error) {
				newest, err := s.bus.Newest(ctx, source)
				if newest == nil || err != nil {
					return time.Time{}, err
				}
				return newest.Stored, nil
			},
		})
		if err := catcher.Begin(ctx); err != nil {
			s.Log.Warn("how far a forum has been heard is not known yet, will look again", "source", source, "err", err)
		}
		o.catches[source] = catcher
	}
}

// setSources takes in which sources are configured now: what is asked of them, how
// they are seen, and at last who may send.
func (s *Server) setSources(ctx context.Context, conf *configured) error {
	next, err := s.openOutside(conf, s.outside.Load())
	if err != nil {
		return err
	}
	s.metrics.knowSources(conf.Sources)
	s.openCatchers(ctx, conf, next, s.door)
	s.forums.SetSources(next.forums)
	s.outside.Store(next)
	if err := s.door.SetSources(doors(conf)); err != nil {
		return err
	}
	select {
	case s.chores <- struct{}{}:
	default:
	}
	return nil
}

// delay is that of a source which is no forum.
func (s *Server) delay(source hub.Source) time.Duration { return s.outside.Load().delays[source] }

// knows reports whether a source that is no forum is configured, or is the API's
// own. A forum that is configured the router finds among the forums.
// One that another hub has just made is taken in first.
func (s *Server) knows(ctx context.Context, source hub.Source) (bool, error) {
	c, known := s.conf().Sources[string(source)]
	if !known && source != apiSource {
		if err := s.live.seek(ctx, source); err != nil {
			return false, err
		}
		c, known = s.conf().Sources[string(source)]
	}
	return known && c.Kind != config.KindDiscourse || source == apiSource, nil
}

// lead is what one hub does for all: catching up with forums and polling feeds,
// as they are configured at each time.
func (s *Server) lead(ctx context.Context) {
	running := map[any]context.CancelFunc{}
	var all sync.WaitGroup
	defer all.Wait()
	for {
		want := s.outside.Load().chores(s)
		for what, stop := range running {
			if want[what] == nil {
				stop()
				delete(running, what)
			}
		}
		for what, run := range want {
			if running[what] == nil {
				one, stop := context.WithCancel(ctx)
				running[what] = stop
				all.Go(func() { run(one) })
			}
		}
		select {
		case <-ctx.Done():
			for _, stop := range running {
				stop()
			}
			return
		case <-s.chores:
		}
	}
}

// chores are what the leading hub does, by what does it.
func (o *outside) chores(s *Server) map[any]func(context.Context) {
	out := map[any]func(context.Context){}
	for _, c := range o.catches {
		out[c] = c.Run
	}
	for source, poller := range o.feeds {
		out[poller] = func(ctx context.Context) {
			if err := poller.Run(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("a feed is not polled any more", "source", source, "err", err)
			}
		}
	}
	return out
}

// sourceNames are the configured sources.
func (s *Server) sourceNames() []hub.Source {
	var names []hub.Source
	for _, name := range slices.Sorted(maps.Keys(s.conf().Sources)) {
		names = append(names, hub.Source(name))
	}
	return names
}

// forumNames are those that are forums.
func (s *Server) forumNames() []hub.Source {
	return slices.Sorted(maps.Keys(s.outside.Load().clients))
}

// sourceList says how the configured sources are.
func (s *Server) sourceList(ctx context.Context) ([]hub.SourceStatus, error) {
	var all []hub.SourceStatus
	conf, o := s.conf(), s.outside.Load()
	for _, name := range slices.Sorted(maps.Keys(conf.Sources)) {
		source, c := hub.Source(name), conf.Sources[name]
		st := hub.SourceStatus{Source: source, Kind: c.Kind, URL: c.URL, State: "ok", Delay: c.Delay.String()}
		if poller := o.feeds[source]; poller != nil {
			st = s.feedStatus(ctx, poller, c)
		} else {
			st.Address = s.doorOf(name)
		}
		if client := o.clients[source]; client != nil {
			s.forumStatus(&st, c, client)
		}
		st.Managed = conf.managed(hub.PartSource, name)
		if st.Managed == hub.ManagedHere {
			st.Version = conf.stored[sectionName{hub.PartSource, name}].Version
		}
		if err := s.heardOf(ctx, &st); err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, nil
}

// doorOf is where a source's webhooks go.
func (s *Server) doorOf(name string) string { return s.Config.Server.PublicURL + "/in/" + name }

// heardOf notes when a source was heard last, and when its forum tried the webhook:
// a forum pings when somebody saves it or presses Ping there.
func (s *Server) heardOf(ctx context.Context, st *hub.SourceStatus) error {
	newest, err := s.bus.Newest(ctx, st.Source)
	if err != nil || newest == nil {
		return err
	}
	st.LastEventAt = newest.Stored
	if newest.Event.Type == hub.HubSignalPing {
		st.PingedAt = newest.Stored
		return nil
	}
	pings, _, err := s.bus.Events(ctx, bus.EventQuery{Source: st.Source, Type: string(hub.HubSignalPing), Page: hub.Page{Limit: 1}})
	if err == nil && len(pings) > 0 {
		st.PingedAt = pings[0].Stored
	}
	return err
}

func (s *Server) forumStatus(st *hub.SourceStatus, c config.Source, client *discourse.Client) {
	st.API, st.ReadAs, st.Visibility = client.HasKey(), c.ReadAs, config.Check
	if c.Visibility == config.TrustWebhook {
		st.Visibility = config.TrustWebhook
	}
	st.Waiting = s.router.Waiting(st.Source)
	at, err := s.forums.Trouble(st.Source)
	st.CheckedAt = at
	switch {
	case err != nil:
		st.State, st.Reason = "error", err.Error()
	case at.IsZero() && st.API:
		st.State, st.Reason = "unknown", "its API has not been asked yet"
	}
}

// feedStatus is how a feed is. Where another hub polls it, what that one stored.
func (s *Server) feedStatus(ctx context.Context, poller *feed.Poller, c config.Source) hub.SourceStatus {
	st := poller.Status()
	st.Delay = c.Delay.String()
	if st.State != "unknown" {
		return st
	}
	stored, err := s.store.FindFeed(ctx, st.Source)
	if err != nil || stored == nil {
		return st
	}
	st.CheckedAt = stored.CheckedAt
	if st.State, st.Reason = "ok", ""; stored.Error != "" {
		st.State, st.Reason = "error", stored.Error
	}
	return st
}
