package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// scrapeTime bounds how long a scrape asks how things stand.
const scrapeTime = 3 * time.Second

// standing is what is asked for at each scrape: how things stand now, whichever
// process made them so. What gives no answer in time is left out.
type standing struct {
	bus interface {
		Health(ctx context.Context) error
		Backlog(ctx context.Context, system hub.System) (int64, error)
		Oldest(ctx context.Context, system hub.System) (time.Time, error)
		Streams(ctx context.Context) ([]bus.StreamState, error)
	}
	store interface {
		Health(ctx context.Context) error
		Pools() []store.PoolState
	}
	rules   func() int // in force
	sources func() []hub.Source
	systems func(ctx context.Context) ([]hub.SystemStatus, error) // configured or heard of
	heard   func(hub.System)
	newest  func(ctx context.Context, source hub.Source) (time.Time, error)
	dir     string
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// standings are the descriptions of standing's metrics.
type standings struct {
	nats, database, rules, up, paused, chats, depth, held, oldest, last, free, size *prometheus.Desc

	messages, bytes, limit, connections, used, waits, waited *prometheus.Desc
}

func newStandings() *standings {
	return &standings{
		nats:     describe("bellhop_nats_up", "1 while NATS answers and its streams store."),
		database: describe("bellhop_database_up", "1 while the database answers and takes writes."),
		rules:    describe("bellhop_subscriptions", "Subscriptions in force."),
		up:       describe("bellhop_system_up", "1 while a worker of the system is heard of.", "system"),
		paused:   describe("bellhop_system_paused", "1 while a system takes no messages.", "system"),
		chats:    describe("bellhop_chats_paused", "Chats of a system that take no messages, up to 200 of each worker.", "system"),
		depth:    describe("bellhop_queue_depth", "Notifications that wait for a system.", "system"),
		held:     describe("bellhop_queue_held", "Of those that wait for a system, how many are set aside: for a digest, or while their chat is left alone.", "system"),
		oldest:   describe("bellhop_queue_oldest_seconds", "For how long the oldest notification has waited for a system; 0 if none waits.", "system"),
		last:     describe("bellhop_source_last_event_timestamp_seconds", "When the newest event of a source came in.", "source"),
		free:     describe("bellhop_disk_free_bytes", "Free space of the disk under server.data_dir."),
		size:     describe("bellhop_disk_size_bytes", "Size of the disk under server.data_dir, without what is kept for root."),

		messages: describe("bellhop_stream_messages", "Messages in a stream: events, notifications that wait, dead letters.", "stream"),
		bytes:    describe("bellhop_stream_bytes", "Size of a stream.", "stream"),
		limit:    describe("bellhop_stream_limit_bytes", "How large a stream may grow; 0 is without a limit of its own.", "stream"),

		connections: describe("bellhop_database_connections", "Open connections to the database.", "pool"),
		used:        describe("bellhop_database_connections_in_use", "Connections to the database that somebody works with.", "pool"),
		waits:       describe("bellhop_database_waits_total", "How often somebody had to wait for a connection to the database.", "pool"),
		waited:      describe("bellhop_database_wait_seconds_total", "How long was waited for connections to the database.", "pool"),
	}
}

// collector is a prometheus.Collector of how things stand.
type collector struct {
	standing
	*standings
}

func (m *metrics) standing(s standing) { m.registry.MustRegister(collector{s, newStandings()}) }

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.nats, c.database, c.standings.rules, c.up, c.paused, c.chats, c.depth, c.held, c.oldest, c.last, c.free, c.size,
		c.messages, c.bytes, c.limit, c.connections, c.used, c.waits, c.waited,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.nats, truth(c.bus.Health(ctx) == nil))
	gauge(c.database, truth(c.store.Health(ctx) == nil))
	gauge(c.standings.rules, float64(c.standing.rules()))
	c.collectSystems(ctx, gauge)
	c.collectStores(ctx, to, gauge)
	for _, source := range c.sources() {
		if at, err := c.newest(ctx, source); err == nil && !at.IsZero() {
			gauge(c.last, float64(at.UnixMilli())/1000, string(source))
		}
	}
	if free, size, err := diskSpace(c.dir); err == nil {
		gauge(c.free, float64(free))
		gauge(c.size, float64(size))
	}
}

func (c collector) collectSystems(ctx context.Context, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	systems, err := c.systems(ctx)
	if err != nil {
		return
	}
	for _, s := range systems {
		system := string(s.System)
		c.heard(s.System)
		gauge(c.up, truth(s.State != hub.SystemUnknown), system)
		gauge(c.paused, truth(s.State == hub.SystemPaused), system)
		gauge(c.chats, float64(len(s.PausedChats)), system)
		gauge(c.held, float64(s.Held), system)
		if waiting, err := c.bus.Backlog(ctx, s.System); err == nil {
			gauge(c.depth, float64(waiting), system)
		}
		if since, err := c.bus.Oldest(ctx, s.System); err == nil {
			waits := 0.0
			if !since.IsZero() {
				waits = max(time.Since(since).Seconds(), 0)
			}
			gauge(c.oldest, waits, system)
		}
	}
}

// collectStores tells how full the streams are and how the database is used.
func (c collector) collectStores(ctx context.Context, to chan<- prometheus.Metric, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	if streams, err := c.bus.Streams(ctx); err == nil {
		for _, s := range streams {
			gauge(c.messages, float64(s.Messages), s.Name)
			gauge(c.bytes, float64(s.Bytes), s.Name)
			gauge(c.limit, float64(s.Limit), s.Name)
		}
	}
	for _, p := range c.store.Pools() {
		gauge(c.connections, float64(p.Open), p.Name)
		gauge(c.used, float64(p.InUse), p.Name)
		to <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(p.Waits), p.Name)
		to <- prometheus.MustNewConstMetric(c.waited, prometheus.CounterValue, p.Waited.Seconds(), p.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
