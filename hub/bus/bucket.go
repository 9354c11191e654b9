package bus

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// Bucket keeps small values by key, for all processes, for the time that is
// the bucket's own since each was written last.
type Bucket struct {
	b    *Bus
	name string
	kv   jetstream.KeyValue
}

// How long the buckets of commands keep what is in them.
const (
	BindingsFor = 7 * 24 * time.Hour
	TalksFor    = 15 * time.Minute
	CommandsFor = 24 * time.Hour
	LeaseFor    = 5 * time.Second
)

// Bindings is what buttons and open forms do, by their token, for a week.
func (b *Bus) Bindings() Bucket { return b.bucket(bucketBindings) }

// Talks is which question has been asked of whom where, for a quarter of an hour.
func (b *Bus) Talks() Bucket { return b.bucket(bucketTalks) }

// Commands is which commands were taken and what they led to, for a day.
func (b *Bus) Commands() Bucket { return b.bucket(bucketCommands) }

// Leases is who does what only one may do at a time. One that is not renewed
// ends after five seconds.
func (b *Bus) Leases() Bucket { return b.bucket(bucketLeases) }

// Places is how far providers have come in what their platforms tell.
func (b *Bus) Places() Bucket { return b.bucket(bucketPlaces) }

func (b *Bus) bucket(name string) Bucket { return Bucket{b, name, b.buckets[name]} }

// BucketKey is a key of parts: our own words stand as they are, any other goes
// by its digest.
func BucketKey(parts ...string) string {
	keys := make([]string, len(parts))
	for i, p := range parts {
		keys[i] = key(p)
	}
	return strings.Join(keys, ".")
}

// Get is the value of a key and its revision, 0 if there is none.
func (k Bucket) Get(ctx context.Context, key string) (value []byte, revision uint64, err error) {
	last, err := k.b.last(ctx, k.name, key)
	if err != nil {
		return nil, 0, unavailable("read "+k.name, err)
	}
	if last == nil {
		return nil, 0, nil
	}
	return last.data, last.seq, nil
}

// Put writes a value, whatever was there.
func (k Bucket) Put(ctx context.Context, key string, value []byte) error {
	if _, err := k.kv.Put(ctx, key, value); err != nil {
		return unavailable("write "+k.name, err)
	}
	return nil
}

// Swap writes a value if the key still has the revision, 0 for none; ok is
// whether it had. It returns the new revision.
func (k Bucket) Swap(ctx context.Context, key string, value []byte, revision uint64) (now uint64, ok bool, err error) {
	if revision == 0 {
		now, err = k.kv.Create(ctx, key, value)
	} else {
		now, err = k.kv.Update(ctx, key, value, revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) || isAPI(err, jetstream.JSErrCodeStreamWrongLastSequence) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, unavailable("write "+k.name, err)
	}
	return now, true, nil
}

// Delete takes a key away, if its revision is still the one given; 0 is any. ok
// is whether it was.
func (k Bucket) Delete(ctx context.Context, key string, revision uint64) (ok bool, err error) {
	var options []jetstream.KVDeleteOpt
	if revision > 0 {
		options = append(options, jetstream.LastRevision(revision))
	}
	err = k.kv.Delete(ctx, key, options...)
	if isAPI(err, jetstream.JSErrCodeStreamWrongLastSequence) {
		return false, nil
	}
	if err != nil {
		return false, unavailable("write "+k.name, err)
	}
	return true, nil
}

// Each visits what is there now, in no order, until visit refuses.
func (k Bucket) Each(ctx context.Context, visit func(key string, value []byte, revision uint64) error) error {
	w, err := k.kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return unavailable("list "+k.name, err)
	}
	return eachOf(ctx, w, k.name, func(e jetstream.KeyValueEntry) error { return visit(e.Key(), e.Value(), e.Revision()) })
}

// placeKey is a key of PLACES.
func placeKey(system hub.System, name string) string { return BucketKey(string(system), name) }

// Place is how far a system's provider has come under a name, nil if it has not
// said.
func (b *Bus) Place(ctx context.Context, system hub.System, name string) ([]byte, error) {
	value, _, err := b.Places().Get(ctx, placeKey(system, name))
	return value, err
}

// PutPlace stores how far a system's provider has come.
func (b *Bus) PutPlace(ctx context.Context, system hub.System, name string, value []byte) error {
	return b.Places().Put(ctx, placeKey(system, name), value)
}

// MakePlace stores a value under a name where there is none yet.
func (b *Bus) MakePlace(ctx context.Context, system hub.System, name string, value []byte) error {
	_, _, err := b.Places().Swap(ctx, placeKey(system, name), value, 0)
	return err
}
