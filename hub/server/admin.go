package server

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// newAdmin gives package admin what it works with. ctx is that of the server.
func (s *Server) newAdmin(ctx context.Context) *admin.Server {
	var sources []hub.Source
	for _, name := range slices.Sorted(maps.Keys(s.Config.Sources)) {
		sources = append(sources, hub.Source(name))
	}
	return admin.New(admin.Deps{
		Subscriptions: s.store, Deliveries: s.store, Sessions: s.store, People: s.store, Audit: s.store,
		Events: countedEvents{events{s.bus}, s.metrics}, Notifier: notifier{s.bus}, Dead: s.bus, Announcements: s.router,
		Systems: s.systems, Chats: s.chats, Resume: s.resume, ChatSettings: s.bus, Zone: s.zone(), Changed: func(ids ...hub.SubscriptionID) { s.changed(ctx, ids...) },
		Explain: s.explain, Decode: s.door.Decode, Trace: s.store.FindTrace, Taxonomy: s.forums.Taxonomy, SourceList: s.sourceList, Commands: s.host,
		Token: s.token.value, TokenFile: s.token.file, Sources: sources,
		PublicURL: s.Config.Server.PublicURL, MaxBody: int64(s.Config.Server.MaxBody), Version: s.Version, Log: s.Log,
	})
}

// resume tells the worker of a system, wherever it is, to try it now.
func (s *Server) resume(system hub.System, chat string) {
	ids := []string{string(system)}
	if chat != "" {
		ids = append(ids, chat)
	}
	s.bus.Changed(deliver.Resume, ids...)
}

// changed makes a change of the subscriptions hold: here before it returns, on
// other hubs within a second.
func (s *Server) changed(ctx context.Context, ids ...hub.SubscriptionID) {
	if err := s.router.Refresh(ctx, ids...); err != nil {
		s.Log.Error("the subscriptions could not be read again, the older table holds", "err", err)
	}
	s.bus.Changed(subscriptionsChanged, words(ids)...)
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// explain says what would become of an event, with each message as its platform
// would be sent it.
func (s *Server) explain(ctx context.Context, e *hub.Event, q admin.ExplainQuery) (*hub.Explanation, error) {
	x, err := s.router.Explain(ctx, e, route.Question{System: q.System, Chat: q.Chat, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	registry := all.Registry(nil)
	for i := range x.Chats {
		c := &x.Chats[i]
		if kind, ok := registry.Find(s.kindOf(c.System)); ok && c.Message != nil && kind.Preview != nil {
			if !s.features(ctx, c.System).Buttons {
				c.Message.Actions = nil // as its worker leaves them out
			}
			r := kind.Preview(*c.Message)
			c.Rendered = &r
		}
	}
	return x, nil
}

// kindOf is the platform of a system, which may have its name.
func (s *Server) kindOf(system hub.System) string {
	if section, ok := s.Config.Providers[string(system)]; ok {
		return section.Kind()
	}
	return string(system)
}

// systems lists the configured systems with what their workers last told.
func (s *Server) systems(ctx context.Context) ([]hub.SystemStatus, error) {
	told, err := s.bus.Systems(ctx)
	if err != nil {
		return nil, err
	}
	all := map[hub.System]hub.SystemStatus{}
	for _, section := range sections(s.Config, Everything, "") {
		name := hub.System(section.Name())
		all[name] = hub.SystemStatus{
			System: name, Kind: section.Kind(), State: hub.SystemUnknown,
			Reason: "no worker of this system was heard of in the last minute: is `bellhop worker " + string(name) + "` running?",
		}
	}
	for _, status := range told { // a system that only its worker knows counts, too
		all[status.System] = status
	}
	return slices.SortedFunc(maps.Values(all), func(a, b hub.SystemStatus) int {
		return strings.Compare(string(a.System), string(b.System))
	}), nil
}

// chats lists chats of a system whose worker is in this process.
func (s *Server) chats(ctx context.Context, system hub.System, query string) ([]providers.ChatInfo, error) {
	for _, p := range s.providers {
		if p.Describe().ID != system {
			continue
		}
		lister, ok := providers.As[providers.ChatLister](p)
		if !ok {
			return nil, hub.Errorf(hub.CodeInvalid, "%s cannot list its chats: name one by its id", system)
		}
		return lister.Chats(ctx, query)
	}
	return nil, hub.Errorf(hub.CodeUnavailable, "the worker of %s is another process, which alone may ask for its chats: name one by its id", system)
}
