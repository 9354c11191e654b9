package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	streamEvents   = "EVENTS"
	streamNotify   = "NOTIFY"
	streamDead     = "DEAD"
	streamReceipts = "RECEIPTS"
)

// The buckets.
const (
	bucketThreads  = "THREADS"
	bucketWaits    = "WAITS"
	bucketCursors  = "CURSORS"
	bucketSystems  = "SYSTEMS"
	bucketDigests  = "DIGESTS"
	bucketChats    = "CHATS"
	bucketBindings = "BINDINGS"
	bucketTalks    = "TALKS"
	bucketCommands = "COMMANDS"
	bucketLeases   = "LEASES"
	bucketPlaces   = "PLACES"
	bucketRooms    = "PREFLIGHT"
	bucketIntake   = "INTAKE"
)

// How long events and dead letters are kept, where there is room.
const (
	EventsFor = 30 * 24 * time.Hour
	DeadFor   = 90 * 24 * time.Hour
	// receiptsFor is how long it is known what was sent. After that the hub tells
	// workers what it has in the delivery log.
	receiptsFor = 48 * time.Hour
)

// mostReceipts is how large RECEIPTS may become, in bytes: 200,000 receipts or so.
// Up to 32 MiB the server gives a stream blocks of 4 MiB, beyond it of 8, of which it
// keeps the last in memory.
const mostReceipts = 30 << 20

// How long the server itself refuses a repeated Nats-Msg-Id: until the index of ids
// has read it, and no longer. Each costs the server 250 bytes of memory, which is 20 MB
// for 15 seconds of 5,000 a second, and they are what the collector is busy with. An
// embedded server answers within a second or not before it is mended; one outside may
// have to elect a leader first.
const (
	dedupWindow        = 6 * time.Second
	dedupWindowOutside = 15 * time.Second
	dedupWindowDead    = 2 * time.Minute
)

// maxQueued bounds the un-acked messages of a work queue, each of which costs
// the server 124 bytes of memory once a consumer has seen it.
const maxQueued = 1_000_000

// metaPartitions is the key of NOTIFY's metadata that says into how many parts
// its messages were split.
const metaPartitions = "bellhop_partitions"

func (b *Bus) makeStreams(ctx context.Context) error {
	room, err := b.room()
	if err != nil {
		return err
	}
	for _, want := range b.streams(room) {
		if err := b.makeStream(ctx, want); err != nil {
			return err
		}
	}
	b.buckets = map[string]jetstream.KeyValue{}
	for _, want := range b.bucketConfigs() {
		kv, err := b.js.CreateOrUpdateKeyValue(ctx, want)
		if err != nil {
			return fmt.Errorf("make bucket %s: %w", want.Bucket, err)
		}
		b.buckets[want.Bucket] = kv
	}
	if err := b.bound(ctx, bucketThreads, mostThreads); err != nil {
		return fmt.Errorf("bound bucket %s: %w", bucketThreads, err)
	}
	return nil
}

// mostThreads is how many threads workers remember, also where that many begin
// within minutes: a key costs the server 200 bytes of memory. The hub knows older
// ones from the delivery log.
const mostThreads = 100_000

// bound lets a bucket forget its oldest keys instead of growing past a number. The
// library has no setting for that.
func (b *Bus) bound(ctx context.Context, bucket string, most int64) error {
	s, err := b.js.Stream(ctx, "KV_"+bucket)
	if err != nil {
		return err
	}
	c := s.CachedInfo().Config
	if c.MaxMsgs == most && c.Discard == jetstream.DiscardOld {
		return nil
	}
	c.MaxMsgs, c.Discard = most, jetstream.DiscardOld
	_, err = b.js.UpdateStream(ctx, c)
	return err
}

// room is what the embedded server may fill. The server of an external NATS
// limits itself.
func (b *Bus) room() (room, error) {
	if b.embedded == nil {
		return room{events: -1, notify: -1, dead: -1}, nil
	}
	return b.embedded.room()
}

func (b *Bus) streams(r room) []jetstream.StreamConfig {
	replicas, window := max(b.cfg.Replicas, 1), dedupWindow
	if b.embedded == nil {
		window = dedupWindowOutside
	}
	return []jetstream.StreamConfig{{
		Name: streamEvents, Subjects: []string{subjectEvents},
		Description: "what happened, as sources told it",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: EventsFor, MaxBytes: r.events, Duplicates: window, AllowDirect: true, Replicas: replicas,
	}, {
		// A full queue refuses new notifications: the router waits, and EVENTS
		// keeps what it has not routed. No message expires by itself, since a stale
		// one must end in DEAD with a reason.
		Name: streamNotify, Subjects: []string{subjectNotify},
		Description: "notifications owed to chats",
		Storage:     jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: maxQueued, MaxBytes: r.notify, Duplicates: window, AllowDirect: true, Replicas: replicas,
		Metadata: map[string]string{metaPartitions: strconv.Itoa(b.cfg.Partitions)},
	}, {
		Name: streamDead, Subjects: []string{subjectDead},
		Description: "notifications that were given up, with the reason",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: DeadFor, MaxBytes: r.dead, Duplicates: dedupWindowDead, AllowDirect: true, Replicas: replicas,
	}, {
		Name: streamReceipts, Subjects: []string{subjectReceipts},
		Description: "what platforms said of messages that were sent, in lists",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: receiptsFor, MaxBytes: mostReceipts, Duplicates: dedupWindowDead, AllowDirect: true, Replicas: replicas,
	}}
}

func (b *Bus) bucketConfigs() []jetstream.KeyValueConfig {
	const days = 24 * time.Hour
	bucket := func(name, description string, ttl time.Duration) jetstream.KeyValueConfig {
		return jetstream.KeyValueConfig{
			Bucket: name, Description: description, TTL: ttl, History: 1,
			Storage: jetstream.FileStorage, Replicas: max(b.cfg.Replicas, 1),
		}
	}
	return []jetstream.KeyValueConfig{
		bucket(bucketThreads, "the first message of each thread in a chat", 2*days),
		bucket(bucketWaits, "until when a chat must be left alone", 2*days),
		bucket(bucketCursors, "how far each reader of events has come", 0),
		bucket(bucketSystems, "systems and how they are", statusTTL),
		bucket(bucketDigests, "messages that told of many notifications", digestsFor),
		bucket(bucketChats, "what people have set for a chat: quiet hours, snooze", 0),
		bucket(bucketBindings, "what buttons and open forms do", BindingsFor),
		bucket(bucketTalks, "which question was asked of whom", TalksFor),
		bucket(bucketCommands, "commands that were taken, and their replies", CommandsFor),
		bucket(bucketLeases, "who does what one does at a time", LeaseFor),
		bucket(bucketPlaces, "how far providers have come in what their platforms tell", 0),
		bucket(bucketRooms, "what our accounts may do in chats, as their platforms said", PreflightsFor),
		bucket(bucketIntake, "what was refused at the door in each hour", IntakeFor),
	}
}

func (b *Bus) makeStream(ctx context.Context, want jetstream.StreamConfig) error {
	s, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("make stream %s: %w", want.Name, err)
	}
	info := s.CachedInfo()
	if want.Name == streamNotify {
		b.keepPartitions(info, &want)
	}
	have, changed, err := b.merge(info.Config, want)
	if err != nil || !changed {
		return err
	}
	if _, err := b.js.UpdateStream(ctx, have); err != nil {
		return fmt.Errorf("change stream %s: %w", want.Name, err)
	}
	return nil
}

// keepPartitions holds on to the number of partitions that waiting messages
// were split by: another number would leave some of them without a reader and
// others out of order.
func (b *Bus) keepPartitions(info *jetstream.StreamInfo, want *jetstream.StreamConfig) {
	have, err := strconv.Atoi(info.Config.Metadata[metaPartitions])
	if err != nil || have == b.cfg.Partitions || have < 1 || have > maxPartitions || info.State.Msgs == 0 {
		return
	}
	b.log.Warn("partitions stay as they were until the queue is empty at a start",
		"partitions", have, "configured", b.cfg.Partitions, "queued", info.State.Msgs)
	b.partitions = have
	want.Metadata[metaPartitions] = strconv.Itoa(have)
}

// merge is have with what the bus cannot do without. Limits that an operator
// has set on an existing stream stay, unless the disk has become too small for
// them.
func (b *Bus) merge(have, want jetstream.StreamConfig) (jetstream.StreamConfig, bool, error) {
	if have.Retention != want.Retention || have.Storage != want.Storage || have.PersistMode != jetstream.DefaultPersistMode {
		return have, false, fmt.Errorf("stream %s exists with other retention, storage or persistence than it must have: rename or delete it", want.Name)
	}
	if b.embedded == nil && have.Replicas == 1 && want.Name == streamEvents && b.cfg.Replicas <= 1 {
		b.log.Warn("the EVENTS stream has one replica: an event is acknowledged before it is on disk, unless the server has sync_interval: always", "stream", have.Name)
	}
	changed := false
	set := func(same bool, apply func()) {
		if !same {
			apply()
			changed = true
		}
	}
	set(len(have.Subjects) == 1 && have.Subjects[0] == want.Subjects[0], func() { have.Subjects = want.Subjects })
	set(have.AllowDirect, func() { have.AllowDirect = true })
	set(have.Discard == want.Discard, func() { have.Discard = want.Discard })
	set(have.Duplicates == want.Duplicates, func() { have.Duplicates = want.Duplicates })
	set(b.cfg.Replicas == 0 || have.Replicas == want.Replicas, func() { have.Replicas = want.Replicas })
	set(want.MaxBytes < 0 || have.MaxBytes > 0 && have.MaxBytes <= want.MaxBytes, func() { have.MaxBytes = want.MaxBytes })
	set(have.Metadata[metaPartitions] == want.Metadata[metaPartitions], func() {
		if have.Metadata == nil {
			have.Metadata = map[string]string{}
		}
		have.Metadata[metaPartitions] = want.Metadata[metaPartitions]
	})
	return have, changed, nil
}
