package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/alert"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
)

// alertType is of the events that keep what the operators were told, and of the
// notifications that tell them. No subscription hears it.
const alertType hub.EventType = "hub.alert.told"

// alertSource is who they come from. Nothing else does, so that the newest event
// of it is what was told last.
const alertSource hub.Source = "hub"

// watcher tells the operators what needs them, on the hub that leads.
func (s *Server) watcher() *alert.Watcher {
	c := s.Config.Alerts
	return alert.New(alert.Config{
		Facts: facts{s}, Memory: alertMemory{s.bus}, Say: s.sayAlert, System: s.alertSystem, Sources: s.watched,
		QuietAfter: c.QuietAfter, DiskFree: c.DiskFree, Every: s.LookEvery, Log: s.Log,
	})
}

// watched are the sources that may go quiet.
func (s *Server) watched() []alert.Source {
	var sources []alert.Source
	conf := s.conf()
	for _, name := range slices.Sorted(maps.Keys(conf.Sources)) {
		sources = append(sources, alert.Source{Name: hub.Source(name), Advice: adviceOf(name, conf.Sources[name])})
	}
	return sources
}

// adviceOf is what to look at when a source is quiet.
func adviceOf(name string, c config.Source) string {
	switch c.Kind {
	case config.KindDiscourse:
		return "the forum lists what became of its webhook's last deliveries (Admin, API, Webhooks); it must be active and point at /in/" + name + "."
	case config.KindFeed:
		return "`bellhop sources` says whether the feed can be read."
	}
	return "see whether the sender still sends to /in/" + name + ", and what answers it gets."
}

// alertChat is the operators' chat as it is set now; one without a system is none.
func (s *Server) alertChat(ctx context.Context) (hub.Chat, error) {
	to, _, err := s.admin.AlertsChat(ctx)
	return hub.Chat{System: hub.System(to.System), ID: to.Chat}, err
}

// alertSystem is the system of the operators' chat, empty if there is none or it
// is not known.
func (s *Server) alertSystem(ctx context.Context) hub.System {
	to, err := s.alertChat(ctx)
	if err != nil {
		s.Log.Warn("which chat is that of the operators cannot be read", "err", err)
	}
	return to.System
}

// sayAlert tells the operators. Without a chat of theirs there is nothing to do.
func (s *Server) sayAlert(ctx context.Context, m hub.Message) error {
	to, err := s.alertChat(ctx)
	if err != nil || to.System == "" {
		return err
	}
	return s.alert(ctx, to, m)
}

// alert queues a message to the operators' chat like any other, and notes it in
// the delivery log.
func (s *Server) alert(ctx context.Context, to hub.Chat, m hub.Message) error {
	now := time.Now().UTC()
	n := hub.Notification{
		Version: hub.ActSend.Version(), ID: hub.NotificationID("n" + hub.Digest("alert", rand.Text())), Chat: to,
		EventType: alertType, Message: m, QueuedAt: now,
	}
	if err := s.bus.Notify(ctx, []hub.Notification{n}); err != nil {
		return err
	}
	s.metrics.queued.WithLabelValues(string(to.System)).Inc()
	head, _, _ := strings.Cut(m.Text, "\n")
	d := hub.Delivery{
		ID: n.ID, Chat: to, EventType: alertType, Title: strings.ReplaceAll(head, "**", ""), Status: hub.StatusQueued, QueuedAt: now, UpdatedAt: now,
	}
	if err := s.store.RecordQueued(ctx, []hub.Delivery{d}); err != nil { // it is sent all the same
		s.Log.Warn("an alert is queued but not in the delivery log", "notification", n.ID, "err", err)
	}
	return nil
}

// facts are what a Watcher looks at.
type facts struct{ s *Server }

var _ alert.Facts = facts{}

func (f facts) Systems(ctx context.Context) ([]hub.SystemStatus, error) { return f.s.systems(ctx) }

func (f facts) Backlog(ctx context.Context, system hub.System) (int64, error) {
	return f.s.bus.Backlog(ctx, system)
}

func (f facts) LastEvent(ctx context.Context, source hub.Source) (time.Time, error) {
	newest, err := f.s.bus.Newest(ctx, source)
	if err != nil || newest == nil {
		return time.Time{}, err
	}
	return newest.Stored, nil
}

// historyPages is how many pages of events are read to learn when sources
// usually send: two weeks of most forums, some minutes of one that is flooded.
const historyPages = 60

func (f facts) History(ctx context.Context, since time.Time, visit func(hub.Source, time.Time)) (time.Time, error) {
	came, page := time.Now(), hub.Page{Limit: 500}
	for range historyPages {
		events, next, err := f.s.bus.Events(ctx, bus.EventQuery{Page: page})
		if err != nil {
			return came, err
		}
		for _, e := range events {
			if e.Stored.Before(since) {
				return since, nil
			}
			visit(e.Event.Source, e.Stored)
			came = e.Stored
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	return came, nil
}

// deadPages is how many pages of dead letters are counted at once.
const deadPages = 4

// DeadLetters leaves out the alerts: those that cannot be sent would tell of
// themselves for ever.
func (f facts) DeadLetters(ctx context.Context, after time.Time) (letters []hub.DeadLetter, more bool, err error) {
	page := hub.Page{Limit: 500}
	for range deadPages {
		list, next, err := f.s.bus.DeadLetters(ctx, page)
		if err != nil {
			return nil, false, err
		}
		for _, l := range list {
			if !l.At.After(after) {
				return letters, false, nil
			}
			if l.Notification.EventType != alertType {
				letters = append(letters, l)
			}
		}
		if next == "" {
			return letters, false, nil
		}
		page.Cursor = next
	}
	return letters, true, nil
}

// Rooms are the disk, and the streams that refuse what they have no room for.
func (f facts) Rooms(ctx context.Context) ([]alert.Room, error) {
	var rooms []alert.Room
	dir := f.s.Config.Server.DataDir
	free, size, err := diskSpace(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // with NATS and PostgreSQL elsewhere nothing is kept here
	case err != nil:
		return nil, fmt.Errorf("look at the disk under %s: %w", dir, err)
	default:
		rooms = append(rooms, alert.Room{
			Name: "disk", What: "the disk under " + dir, Free: free, Size: size,
			Advice: "Delete what is not needed there, enlarge the disk, or move server.data_dir to a larger one.",
		})
	}
	streams, err := f.s.bus.Streams(ctx)
	if err != nil {
		return rooms, err
	}
	for _, s := range streams {
		if s.Refuses && s.Limit > 0 {
			rooms = append(rooms, alert.Room{
				Name: "stream " + s.Name, What: "the queue of messages (" + s.Name + ")", Free: s.Limit - s.Bytes, Size: s.Limit,
				Advice: "See which system's messages wait, and why; it goes on by itself when they go out. More free space on the disk makes the queue larger at the next start.",
			})
		}
	}
	return rooms, nil
}

// alertMemory keeps what the operators were told as an event of our own: it survives
// restarts, any hub can read it, and it is there to be looked up.
type alertMemory struct{ bus *bus.Bus }

// alertData is the data of such an event.
type alertData struct {
	Memory json.RawMessage `json:"memory"`
}

func (t alertMemory) Recall(ctx context.Context) ([]byte, error) {
	newest, err := t.bus.Newest(ctx, alertSource)
	if err != nil || newest == nil || newest.Event.Type != alertType {
		return nil, err
	}
	var data alertData
	if err := json.Unmarshal(newest.Event.Data, &data); err != nil {
		return nil, nil //nolint:nilerr // whoever wrote it, there is nothing to remember
	}
	return data.Memory, nil
}

func (t alertMemory) Remember(ctx context.Context, memory []byte) error {
	data, err := json.Marshal(alertData{memory})
	if err != nil {
		return errors.New("what was told cannot be written down")
	}
	now := time.Now().UTC()
	_, err = t.bus.Publish(ctx, &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID("a" + hub.Digest("told", strconv.FormatInt(now.UnixNano(), 36))), Source: alertSource, Type: alertType,
		Time: now, ReceivedTime: now, DataContentType: "application/json", Data: data,
	})
	return err
}
