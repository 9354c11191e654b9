package admin_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// memory is every store at once, in memory.
type memory struct {
	mu            sync.Mutex
	subscriptions []hub.Subscription // oldest first
	deliveries    []hub.Delivery     // oldest first
	attempts      map[hub.NotificationID][]hub.Attempt
	logFails      error // of RecordQueued
	sessions      map[string]hub.Session
	events        []hub.Event
	notified      []hub.Notification
	chats         []providers.ChatInfo
	asked         any // the last query
	changes       int
	changed       []hub.SubscriptionID // since the last time that was looked
	forum         *hub.Taxonomy
	rows          []string // in place of those that an explanation tells
	traces        map[hub.EventID]hub.Trace
	fail          error
	digest        string // of the row that decides in an explanation
	settings      map[hub.Chat]hub.ChatSettings
	said          []hub.Announcement
	figures       []hub.Figure
	fired         map[hub.SubscriptionID][]hub.FiredDay
	old           *hub.Event // that only its time finds
	replay        hub.Replay // what is foretold
	failAfter     int        // how many rows are made until it fails
	crowd
	household
	lodge
}

func (m *memory) FindAnnouncements(_ context.Context, ids []hub.NotificationID) (list []hub.Announcement, err error) {
	defer m.lock()()
	for _, a := range m.said {
		if slices.Contains(ids, a.Notification) {
			list = append(list, a)
		}
	}
	return list, m.fail
}

func (m *memory) lock() func() {
	m.mu.Lock()
	return m.mu.Unlock
}

func (m *memory) CreateSubscription(_ context.Context, rows ...*hub.Subscription) error {
	defer m.lock()()
	all := slices.Clone(m.subscriptions)
	for _, s := range rows {
		if m.fail != nil {
			return m.fail
		}
		for _, row := range all {
			if row.Chat == s.Chat && sameness(row) == sameness(*s) {
				return hub.Errorf(hub.CodeConflict, "subscription %s says the same already; change that one", row.ID)
			}
		}
		s.ID = hub.SubscriptionID(fmt.Sprintf("s%d", len(all)+1))
		s.CreatedAt, s.UpdatedAt = began, began
		all = append(all, *s)
		if m.failAfter > 0 && len(all) == m.failAfter {
			m.fail = hub.Errorf(hub.CodeUnavailable, "the store is away")
		}
	}
	m.subscriptions = all
	return nil
}

// sameness is what the store tells rows apart by.
func sameness(row hub.Subscription) string {
	set := func(values []string) string {
		return fmt.Sprintf("%q", slices.Compact(slices.Sorted(slices.Values(values))))
	}
	filters := make([]string, len(row.Filters))
	for i, f := range row.Filters {
		if f.Type == hub.FilterGroup && f.As == "" {
			f.As = hub.AsMention
		}
		filters[i] = fmt.Sprint(f.Type, f.As, set(f.Any), set(f.All), set(f.None))
	}
	return fmt.Sprintf("%q %q %s", []string{string(row.System), row.Chat.ID, string(row.Source)}, row.Mode, set(filters))
}

func (m *memory) find(id hub.SubscriptionID) (int, error) {
	i := slices.IndexFunc(m.subscriptions, func(s hub.Subscription) bool { return s.ID == id })
	if i < 0 {
		return 0, hub.Errorf(hub.CodeNotFound, "no subscription %q", id)
	}
	return i, m.fail
}

func (m *memory) GetSubscription(_ context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	defer m.lock()()
	i, err := m.find(id)
	if err != nil {
		return nil, err
	}
	s := m.subscriptions[i]
	return &s, nil
}

func (m *memory) UpdateSubscription(_ context.Context, s *hub.Subscription) error {
	defer m.lock()()
	i, err := m.find(s.ID)
	if err == nil {
		s.UpdatedAt = began.Add(time.Hour)
		m.subscriptions[i] = *s
	}
	return err
}

// table is what the API asks of hub.SubscriptionTable; all else is missing.
type table struct {
	hub.SubscriptionTable
	memory *memory
}

func (t table) ReplaceSubscription(ctx context.Context, s *hub.Subscription, _ time.Time) error {
	return t.memory.UpdateSubscription(ctx, s)
}

func (m *memory) DeleteSubscription(_ context.Context, id hub.SubscriptionID) error {
	defer m.lock()()
	i, err := m.find(id)
	if err == nil {
		m.subscriptions = slices.Delete(m.subscriptions, i, i+1)
	}
	return err
}

func (m *memory) ListSubscriptions(_ context.Context, q hub.SubscriptionQuery) ([]hub.Subscription, string, error) {
	defer m.lock()()
	m.asked = q
	if m.fail != nil || len(m.subscriptions) == 0 {
		return nil, "", m.fail
	}
	return slices.Clone(m.subscriptions[:1]), "more", nil
}

func (m *memory) AllSubscriptions(context.Context) ([]hub.Subscription, error) {
	defer m.lock()()
	return slices.Clone(m.subscriptions), m.fail
}

func (m *memory) MarkFired(context.Context, map[hub.SubscriptionID]time.Time) error { return m.fail }

func (m *memory) RecordQueued(_ context.Context, ds []hub.Delivery) error {
	defer m.lock()()
	if m.logFails != nil {
		return m.logFails
	}
	for _, d := range ds {
		i := slices.IndexFunc(m.deliveries, func(known hub.Delivery) bool { return known.ID == d.ID })
		switch {
		case i < 0:
			m.deliveries = append(m.deliveries, d)
		case d.Again > m.deliveries[i].Again:
			m.deliveries[i] = d
		}
	}
	return m.fail
}

func (m *memory) FindDeliveries(_ context.Context, ids []hub.NotificationID) (found []hub.Delivery, _ error) {
	defer m.lock()()
	for _, d := range m.deliveries {
		if slices.Contains(ids, d.ID) {
			found = append(found, d)
		}
	}
	return found, m.fail
}

func (m *memory) Attempts(_ context.Context, id hub.NotificationID) ([]hub.Attempt, error) {
	defer m.lock()()
	return m.attempts[id], m.fail
}

func (m *memory) RecordOutcomes(context.Context, []hub.Outcome, ...hub.Delivery) error { return m.fail }

func (m *memory) GetDelivery(_ context.Context, id hub.NotificationID) (*hub.Delivery, error) {
	defer m.lock()()
	if m.fail != nil {
		return nil, m.fail
	}
	for _, d := range m.deliveries {
		if d.ID == id {
			return &d, nil
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no delivery %q", id)
}

func (m *memory) ListDeliveries(_ context.Context, q hub.DeliveryQuery) ([]hub.Delivery, string, error) {
	defer m.lock()()
	m.asked = q
	return slices.Clone(m.deliveries), "", m.fail
}

func (m *memory) PruneDeliveries(context.Context, time.Time) (int64, error) { return 0, m.fail }

func (m *memory) CreateSession(_ context.Context, s hub.Session) error {
	defer m.lock()()
	m.sessions[s.Digest] = s
	return m.fail
}

func (m *memory) FindSession(_ context.Context, digest string, now time.Time) (*hub.Session, error) {
	defer m.lock()()
	s, found := m.sessions[digest]
	if !found || !now.Before(s.ExpiresAt) {
		return nil, m.fail
	}
	return &s, m.fail
}

func (m *memory) DeleteSession(_ context.Context, digest string) error {
	defer m.lock()()
	delete(m.sessions, digest)
	return m.fail
}

func (m *memory) PruneSessions(_ context.Context, now time.Time) error {
	defer m.lock()()
	for digest, s := range m.sessions {
		if !now.Before(s.ExpiresAt) {
			delete(m.sessions, digest)
		}
	}
	return m.fail
}

func (m *memory) Publish(_ context.Context, e *hub.Event) (uint64, bool, error) {
	defer m.lock()()
	if m.fail != nil {
		return 0, false, m.fail
	}
	i := slices.IndexFunc(m.events, func(known hub.Event) bool { return known.ID == e.ID })
	if i < 0 {
		m.events = append(m.events, *e)
	}
	return uint64(len(m.events)), i >= 0, nil
}

func (m *memory) Event(_ context.Context, id hub.EventID) (*hub.Event, error) {
	defer m.lock()()
	for _, e := range m.events {
		if e.ID == id {
			return &e, nil
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no event %q among the newest", id)
}

func (m *memory) Events(_ context.Context, source hub.Source, typ string, page hub.Page) ([]hub.Event, string, error) {
	defer m.lock()()
	m.asked = []any{source, typ, page}
	return slices.Clone(m.events), "", m.fail
}

func (m *memory) SearchEvents(_ context.Context, q hub.EventQuery) (found []hub.Event, next string, _ error) {
	defer m.lock()()
	m.asked = q
	for i := len(m.events) - 1; i >= 0; i-- {
		if q.Holds(&m.events[i]) {
			found = append(found, m.events[i])
		}
	}
	return found, "", m.fail
}

func (m *memory) EventNear(_ context.Context, id hub.EventID, at time.Time) (*hub.Event, error) {
	defer m.lock()()
	m.asked = at
	if m.old != nil && m.old.ID == id {
		return m.old, m.fail
	}
	return nil, hub.Errorf(hub.CodeNotFound, "event %q is not there any more", id)
}

func (m *memory) NewerEvents(_ context.Context, after uint64, limit int) ([]hub.Event, uint64, error) {
	defer m.lock()()
	return nil, uint64(len(m.events)), m.fail
}

func (m *memory) Fates(_ context.Context, events []hub.EventID, some int) (map[hub.EventID]hub.Fate, error) {
	defer m.lock()()
	fates := map[hub.EventID]hub.Fate{}
	for _, d := range m.deliveries {
		if !slices.Contains(events, d.Event) {
			continue
		}
		f := fates[d.Event]
		if f.Counts == nil {
			f.Counts = map[hub.Status]int{}
		}
		f.Counts[d.Status]++
		if len(f.Some) < some {
			f.Some = append(f.Some, d)
		}
		fates[d.Event] = f
	}
	return fates, m.fail
}

func (m *memory) FindTraces(_ context.Context, events []hub.EventID) (map[hub.EventID]hub.Trace, error) {
	defer m.lock()()
	found := map[hub.EventID]hub.Trace{}
	for _, id := range events {
		if t, kept := m.traces[id]; kept {
			found[id] = t
		}
	}
	return found, m.fail
}

func (m *memory) foretell(_ context.Context, e *hub.Event) (*hub.Replay, error) {
	defer m.lock()()
	x := m.replay
	x.Event = e.ID
	if x.Chats == nil {
		x.Chats = []hub.TraceChat{}
	}
	return &x, m.fail
}

func (m *memory) Notify(_ context.Context, n hub.Notification) error {
	defer m.lock()()
	if m.fail == nil {
		m.notified = append(m.notified, n)
	}
	return m.fail
}

func (m *memory) systems(context.Context) ([]hub.SystemStatus, error) {
	return []hub.SystemStatus{
		{System: "slack", Kind: "slack", Features: hub.Features{Threads: true}, State: "ok"},
		{System: "console", Kind: "console", State: "paused", Reason: "the token is refused"},
	}, m.fail
}

func (m *memory) resume(system hub.System, chat string) { m.asked = []any{system, chat} }

func (m *memory) ChatSettings(_ context.Context, chat hub.Chat) (hub.ChatSettings, error) {
	defer m.lock()()
	c := m.settings[chat]
	c.Chat = chat
	return c, m.fail
}

func (m *memory) AllChatSettings(_ context.Context, system hub.System) (all []hub.ChatSettings, _ error) {
	defer m.lock()()
	for _, c := range m.settings {
		if system == "" || system == c.System {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b hub.ChatSettings) int { return strings.Compare(a.ID, b.ID) })
	return all, m.fail
}

func (m *memory) ChangeChat(_ context.Context, chat hub.Chat, change func(*hub.ChatSettings) error) (hub.ChatSettings, error) {
	defer m.lock()()
	c := m.settings[chat]
	c.Chat = chat
	if err := change(&c); err != nil || m.fail != nil {
		return c, cmp.Or(err, m.fail)
	}
	if m.settings == nil {
		m.settings = map[hub.Chat]hub.ChatSettings{}
	}
	m.settings[chat] = c
	return c, nil
}

func (m *memory) listChats(_ context.Context, system hub.System, query string) ([]providers.ChatInfo, error) {
	m.asked = []any{system, query}
	return m.chats, m.fail
}

func (m *memory) explain(_ context.Context, e *hub.Event, q admin.ExplainQuery) (*hub.Explanation, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	m.asked = q
	x := explanation(e)
	x.Chats[0].Digest = m.digest
	for i := range x.Chats {
		for j := range x.Chats[i].Rows {
			if len(m.rows) > 0 {
				x.Chats[i].Rows[j].Row, m.rows = m.rows[0], m.rows[1:]
			}
		}
	}
	return x, nil
}

// decode makes an event of a body, or one of each member of a list; a header says
// of which type.
func (m *memory) decode(source hub.Source, h http.Header, body []byte) ([]*hub.Event, error) {
	if !json.Valid(body) {
		return nil, hub.Errorf(hub.CodeInvalid, "the body is not JSON")
	}
	bodies := []json.RawMessage{body}
	_ = json.Unmarshal(body, &bodies)
	var events []*hub.Event
	for _, b := range bodies {
		events = append(events, &hub.Event{
			SpecVersion: "1.0", ID: "edecoded", Source: source, Type: hub.EventType("user." + h.Get("X-Type")), Data: b,
		})
	}
	return events, m.fail
}

func (m *memory) Figures(_ context.Context, since, until time.Time) (list []hub.Figure, err error) {
	for _, f := range m.figures {
		if !f.At.Before(since) && f.At.Before(until) {
			list = append(list, f)
		}
	}
	return list, m.fail
}

func (m *memory) Fired(_ context.Context, ids []hub.SubscriptionID, since, until time.Time) (map[hub.SubscriptionID][]hub.FiredDay, error) {
	fired := map[hub.SubscriptionID][]hub.FiredDay{}
	for _, id := range ids {
		for _, d := range m.fired[id] {
			if !d.Day.Before(since) && d.Day.Before(until) {
				fired[id] = append(fired[id], d)
			}
		}
	}
	return fired, m.fail
}

func (m *memory) trace(_ context.Context, id hub.EventID) (*hub.Trace, error) {
	if t, ok := m.traces[id]; ok {
		return &t, m.fail
	}
	return nil, m.fail
}

func (m *memory) taxonomy(_ context.Context, source hub.Source) (*hub.Taxonomy, error) {
	if source != "meta" {
		return nil, m.fail
	}
	return m.forum, m.fail
}

func (m *memory) sources(context.Context) ([]hub.SourceStatus, error) {
	return []hub.SourceStatus{{Source: "meta", Kind: "discourse", State: "error", Reason: "502", API: true, Visibility: "check", Waiting: 3, CheckedAt: began}}, m.fail
}

func (m *memory) noteChange(ids ...hub.SubscriptionID) {
	m.changes++
	m.changed = append(m.changed, ids...)
}

// news are the rows that were said to have changed since it was asked last.
func (m *memory) news() []hub.SubscriptionID {
	ids := m.changed
	m.changed = nil
	return ids
}
