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
	"github.com/bellhop-chat/bellhop/providers/all"
)

// newAdmin gives package admin what it works with. ctx is that of the server.
func (s *Server) newAdmin(ctx context.Context) *admin.Server {
	return admin.New(admin.Deps{
		Subscriptions: s.store,
		Deliveries:    s.store,
		Sessions:      s.store,
		People:        s.store,
		Audit:         s.store,
		Events:        countedEvents{events{s.bus}, s.metrics},
		Notifier:      notifier{s.bus},
		Dead:          s.bus,
		Announcements: s.router,
		Activity:      s.store,
		Foretell:      s.router.Foretell,
		Preview:       s.preview,
		Explain:       s.explain,
		Decode:        s.door.Decode,
		Trace:         s.store.FindTrace,
		Figures:       s.store,
		Taxonomy:      s.forums.Taxonomy,
		SourceList:    s.sourcesAsTheyAre,
		Commands:      s.host,
		Systems:       s.systems,
		Chats:         s.chats,
		Resume:        s.resume,
		ChatSettings:  s.bus,
		RoomPages:     s.store,
		Zone:          s.zone(),
		Changed:       func(ids ...hub.SubscriptionID) { s.changed(ctx, ids...) },
		Table:         s.store,
		Rehearse:      s.rehearse,
		Token:         s.token.value,
		TokenFile:     s.token.file,
		Sources:       s.sourceNames,
		PublicURL:     s.Config.Server.PublicURL,
		MaxBody:       int64(s.Config.Server.MaxBody),
		Version:       s.Version,
		Log:           s.Log,
		Rooms:         s.flights,
		Places:        s.forums,
		Settings:      s.store,
		House:         s.store,
		Given:         admin.Given{Alerts: chatOf(s.Config.Alerts)},
		About:         s.about,
		Alert:         s.alert,
		Backup:        s.backup,
		Hold:          s.bus.Hold,
		SetHold:       s.bus.SetHold,
		Sections:      s.live,
		Accounts:      s.store,
		Tokens:        s.store,
		Tries:         s.store,
		OpenID:        s.openID(),
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
	x, err := s.router.Explain(ctx, e, route.Question{System: q.System, Chat: q.Chat, Limit: q.Limit, Sight: q.Sight})
	if err != nil {
		return nil, err
	}
	for i := range x.Chats {
		c := &x.Chats[i]
		if c.Message == nil {
			continue
		}
		if !s.features(ctx, c.System).Buttons {
			c.Message.Actions = nil // as its worker leaves them out
		}
		c.Rendered = s.preview(ctx, c.System, *c.Message)
	}
	return x, nil
}

// preview is a message as the platform of a system would be sent it, nil for one
// that is not known.
func (s *Server) preview(ctx context.Context, system hub.System, m hub.Message) *hub.Rendered {
	kind, ok := all.Registry(nil).Find(s.kindOf(system))
	if !ok || kind.Preview == nil {
		return nil
	}
	if !s.features(ctx, system).Buttons {
		m.Actions = nil
	}
	r := kind.Preview(m)
	return &r
}

// kindOf is the platform of a system, which may have its name.
func (s *Server) kindOf(system hub.System) string {
	if section, ok := s.conf().Providers[string(system)]; ok {
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
	conf, all := s.conf(), map[hub.System]hub.SystemStatus{}
	for _, section := range sections(conf.Config, Everything, "") {
		name := hub.System(section.Name())
		all[name] = hub.SystemStatus{
			System: name, Kind: section.Kind(), State: hub.SystemUnknown,
			Reason: "no worker of this system was heard of in the last minute: is `bellhop worker " + string(name) + "` running?",
		}
	}
	for _, status := range told {
		// One that only its worker knows counts, too; one that was removed is heard of
		// for another minute.
		if _, configured := all[status.System]; configured || status.Workers > 0 {
			all[status.System] = status
		}
	}
	for name, status := range all {
		if err := s.complete(ctx, conf, &status); err != nil {
			return nil, err
		}
		all[name] = status
	}
	return slices.SortedFunc(maps.Values(all), func(a, b hub.SystemStatus) int {
		return strings.Compare(string(a.System), string(b.System))
	}), nil
}

// complete adds what the hub knows of a system: who manages it and who has paused
// it, which its worker may not have told yet.
func (s *Server) complete(ctx context.Context, conf *configured, st *hub.SystemStatus) error {
	name := string(st.System)
	if _, known := conf.Providers[name]; known || name == consoleKind {
		st.Managed = conf.managed(hub.PartSystem, name)
	}
	if st.Managed == hub.ManagedHere {
		st.Version = conf.stored[sectionName{hub.PartSystem, name}].Version
	}
	h, err := s.bus.Hold(ctx, st.System)
	switch {
	case err != nil:
		return err
	case h.Lasts():
		st.Hold, st.Reason = h, h.String()
		if st.State == hub.SystemOK {
			st.State = hub.SystemPaused
		}
	case st.Hold != nil: // it has just been ended
		st.Hold, st.State, st.Reason = nil, hub.SystemOK, ""
	}
	return nil
}
