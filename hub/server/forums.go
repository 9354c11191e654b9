package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/catchup"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/feed"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/outbound"
)

// outside is what the hub asks of sources by itself.
type outside struct {
	forums  []forum.Source
	clients map[hub.Source]*discourse.Client
	feeds   map[hub.Source]*feed.Poller
	catches []*catchup.Catcher
	delays  map[hub.Source]time.Duration
}

// openOutside makes the clients of forums and the pollers of feeds. It does no
// I/O.
func (s *Server) openOutside() (*outside, error) {
	o := &outside{
		clients: map[hub.Source]*discourse.Client{}, feeds: map[hub.Source]*feed.Poller{}, delays: map[hub.Source]time.Duration{},
	}
	for _, name := range slices.Sorted(maps.Keys(s.Config.Sources)) {
		c := s.Config.Sources[name]
		var client *http.Client
		if c.URL != "" {
			var err error
			if client, err = s.clientFor(c.URL); err != nil {
				return nil, fmt.Errorf("sources.%s: %w", name, err)
			}
		}
		source := hub.Source(name)
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
	}
	return o, nil
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
func (s *Server) openCatchers(ctx context.Context, o *outside, door *ingest.Handler) {
	for name, c := range s.Config.Sources {
		source := hub.Source(name)
		client := o.clients[source]
		if client == nil || !client.HasKey() || !c.CatchUp {
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
		o.catches = append(o.catches, catcher)
	}
}

// leading is what one hub does for all: catching up with forums and polling
// feeds.
func (s *Server) leading(o *outside) []func(context.Context) {
	var out []func(context.Context)
	for _, c := range o.catches {
		out = append(out, c.Run)
	}
	for source, poller := range o.feeds {
		out = append(out, func(ctx context.Context) {
			if err := poller.Run(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("a feed is not polled any more", "source", source, "err", err)
			}
		})
	}
	return out
}

// sourceList says how the configured sources are.
func (s *Server) sourceList(ctx context.Context) ([]hub.SourceStatus, error) {
	var all []hub.SourceStatus
	for _, name := range slices.Sorted(maps.Keys(s.Config.Sources)) {
		source, c := hub.Source(name), s.Config.Sources[name]
		if poller := s.outside.feeds[source]; poller != nil {
			all = append(all, s.feedStatus(ctx, poller, c))
			continue
		}
		st := hub.SourceStatus{Source: source, Kind: c.Kind, URL: c.URL, State: "ok", Delay: c.Delay.String()}
		if client := s.outside.clients[source]; client != nil {
			s.forumStatus(&st, c, client)
		}
		all = append(all, st)
	}
	return all, nil
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
