package server

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/apps/account"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
)

// apps are what answers commands. ctx is that of the server.
func (s *Server) apps(ctx context.Context, r apps.Rights) []apps.App {
	may := func(ctx context.Context, c *hub.Command) hub.Level {
		level, err := r.LevelOf(ctx, c)
		if err != nil {
			return hub.Guest
		}
		return level
	}
	return append([]apps.App{discourse.New(discourse.Deps{
		Subscriptions: s.store, Sites: s.sites, Forums: s.forums, Chats: s.bus, History: history{s},
		Notify: s.notifyLogged, Changed: func(ids ...hub.SubscriptionID) { s.changed(ctx, ids...) },
		May: may, Type: func(c *hub.Command, line string) string { return s.typed(c, discourse.Name+" "+line) }, Zone: s.zone(), Log: s.Log,
	}), account.New(account.Deps{
		People: s.store, Whispers: func(ctx context.Context, system hub.System) bool { return s.features(ctx, system).Whispers },
		May: may, Type: func(c *hub.Command, line string) string { return s.typed(c, account.Name+" "+line) }, Systems: s.systemNames, Log: s.Log,
	})}, s.Apps...)
}

// systemNames are the configured systems.
func (s *Server) systemNames() []hub.System {
	var names []hub.System
	for _, section := range sections(s.conf().Config, Everything, "") {
		names = append(names, hub.System(section.Name()))
	}
	return names
}

// sites are the configured forums, by name.
func (s *Server) sites() []discourse.Site {
	var all []discourse.Site
	for name, c := range s.conf().Sources {
		if c.Kind == config.KindDiscourse {
			all = append(all, discourse.Site{Source: hub.Source(name), URL: c.URL})
		}
	}
	slices.SortFunc(all, func(a, b discourse.Site) int { return strings.Compare(string(a.Source), string(b.Source)) })
	return all
}

// typed is how people give a line with its namespace where a command came from.
// Matrix has no commands with a slash: its apps take those for their own.
func (s *Server) typed(c *hub.Command, line string) string {
	if s.kindOf(c.Context.System) == "matrix" {
		return "!" + line
	}
	return "/" + line
}

// notifyLogged queues a message and notes it in the delivery log.
func (s *Server) notifyLogged(ctx context.Context, n hub.Notification) error {
	if err := (notifier{s.bus}).Notify(ctx, n); err != nil {
		return err
	}
	d := hub.Delivery{ID: n.ID, Chat: n.Chat, Title: titleOf(n.Message), Status: hub.StatusQueued, QueuedAt: n.QueuedAt, UpdatedAt: n.QueuedAt}
	if err := s.store.RecordQueued(ctx, []hub.Delivery{d}); err != nil {
		s.Log.Warn("a message is queued but not in the delivery log", "notification", n.ID, "err", err)
	}
	return nil
}

const maxTitle = 80 // characters

// titleOf is what the delivery log shows of a message.
func titleOf(m hub.Message) string {
	if m.Card != nil {
		return m.Card.Title
	}
	line, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
	if utf8.RuneCountInString(line) > maxTitle {
		return string([]rune(line)[:maxTitle-1]) + "…"
	}
	return line
}

// history is what has happened, for the app.
type history struct{ s *Server }

const (
	anyPost   = "forum.post.*"
	newThings = "forum.*.created"
	lookBack  = 20_000 // events, for those of one post
	lookLog   = 2_000  // messages of a chat, for one by its platform's id
)

func (h history) Posted(ctx context.Context, source hub.Source, post discourse.Post) ([]hub.Event, error) {
	var found []hub.Event
	err := h.each(ctx, bus.EventQuery{Source: source, Type: newThings}, lookBack, func(e *hub.Event) bool {
		if e.Type != hub.ForumPostCreated && e.Type != hub.ForumTopicCreated {
			return true
		}
		if post.Topic != "" && e.Subject != "topic/"+post.Topic && !strings.HasPrefix(e.Subject, "topic/"+post.Topic+"/") {
			return true
		}
		var f hub.Forum
		if json.Unmarshal(e.Data, &f) != nil || f.Topic == nil {
			return true
		}
		number, id := 1, "" // of a topic's creation
		if f.Post != nil {
			number, id = f.Post.Number, f.Post.ID
		}
		if post.Topic == "" && id == post.ID || post.Topic != "" && f.Topic.ID == post.Topic && number == post.Number {
			found = append(found, *e)
		}
		return true
	})
	return found, err
}

func (h history) Newest(ctx context.Context, source hub.Source, n int) ([]hub.Event, error) {
	var found []hub.Event
	since := map[string]*hub.Post{} // posts as later events tell them
	err := h.each(ctx, bus.EventQuery{Source: source, Type: anyPost}, lookBack, func(e *hub.Event) bool {
		if now := asNow(e, since); now != nil {
			found = append(found, *now)
		}
		return len(found) < n
	})
	return found, err
}

// asNow is an event that told of a new post, with the post as it is by now: as the
// events tell that came after it, which are shown first. It is nil for other
// events, and for a post that nobody may read any more.
func asNow(e *hub.Event, since map[string]*hub.Post) *hub.Event {
	var f hub.Forum
	if json.Unmarshal(e.Data, &f) != nil || f.Post == nil {
		return nil
	}
	key := string(e.Source) + " " + f.Post.ID
	later := since[key]
	switch e.Type {
	case hub.ForumPostEdited, hub.ForumPostDeleted, hub.ForumPostRecovered:
		if later == nil {
			f.Post.Deleted = f.Post.Deleted || e.Type == hub.ForumPostDeleted
			since[key] = f.Post
		}
		return nil
	case hub.ForumPostCreated:
	default:
		return nil
	}
	if later == nil {
		return e
	}
	if later.Deleted || later.Hidden {
		return nil
	}
	f.Post = later
	data, err := json.Marshal(f)
	if err != nil {
		return nil
	}
	now := *e
	now.Data = data
	return &now
}

// each visits events, the newest first, until visit has enough or so many were
// visited.
func (h history) each(ctx context.Context, q bus.EventQuery, most int, visit func(*hub.Event) bool) error {
	q.Page.Limit = 500
	for visited := 0; visited < most; {
		page, next, err := h.s.bus.Events(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range page {
			if !visit(r.Event) {
				return nil
			}
		}
		if next == "" {
			return nil
		}
		visited += max(len(page), 1)
		q.Page.Cursor = next
	}
	return nil
}

func (h history) Explain(ctx context.Context, e *hub.Event, chat hub.Chat) (*hub.Explanation, error) {
	return h.s.explain(ctx, e, admin.ExplainQuery{System: chat.System, Chat: chat.ID, Limit: 100})
}

func (h history) FindTrace(ctx context.Context, event hub.EventID) (*hub.Trace, error) {
	return h.s.store.FindTrace(ctx, event)
}

func (h history) Announcements(ctx context.Context, source hub.Source, topic string, post int) ([]hub.Announcement, error) {
	return h.s.store.Announcements(ctx, source, topic, post)
}

func (h history) FindDeliveries(ctx context.Context, ids []hub.NotificationID) ([]hub.Delivery, error) {
	return h.s.store.FindDeliveries(ctx, ids)
}

// Told looks for the message among the last that the chat was sent.
func (h history) Told(ctx context.Context, chat hub.Chat, ref hub.MessageRef) (*discourse.Told, error) {
	q := hub.DeliveryQuery{System: chat.System, Chat: chat.ID, Status: []hub.Status{hub.StatusSent}, Page: hub.Page{Limit: 500}}
	for range lookLog / q.Page.Limit {
		sent, next, err := h.s.store.ListDeliveries(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, d := range sent {
			if d.Receipt.Ref == ref {
				return h.toldBy(ctx, d.ID)
			}
		}
		if q.Page.Cursor = next; next == "" {
			break
		}
	}
	return nil, nil
}

func (h history) toldBy(ctx context.Context, id hub.NotificationID) (*discourse.Told, error) {
	found, err := h.s.store.FindAnnouncements(ctx, []hub.NotificationID{id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	a := found[0]
	told := &discourse.Told{Source: a.Source, Topic: a.Topic}
	if a.Message.Card != nil {
		told.Title = a.Message.Card.Title
	}
	return told, nil
}
