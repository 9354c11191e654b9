package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Root is the message that began a thread of a chat, empty if none did within the
// last 48 hours or if 100,000 others have begun since.
func (b *Bus) Root(ctx context.Context, chat hub.Chat, thread string) (hub.MessageRef, error) {
	var ref hub.MessageRef
	_, err := b.load(ctx, bucketThreads, threadKey(chat, thread), &ref)
	return ref, err
}

// PutRoot stores the message that began a thread. The first one wins.
func (b *Bus) PutRoot(ctx context.Context, chat hub.Chat, thread string, ref hub.MessageRef) error {
	data, err := json.Marshal(ref)
	if err != nil {
		return err
	}
	_, err = b.buckets[bucketThreads].Create(ctx, threadKey(chat, thread), data)
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("store the root of a thread: %w", err)
	}
	return nil
}

// DropRoot forgets the message that began a thread, so that the next one begins
// it anew.
func (b *Bus) DropRoot(ctx context.Context, chat hub.Chat, thread string) error {
	if err := b.buckets[bucketThreads].Delete(ctx, threadKey(chat, thread)); err != nil {
		return fmt.Errorf("forget the root of a thread: %w", err)
	}
	return nil
}

func threadKey(chat hub.Chat, thread string) string {
	return hub.Digest(string(chat.System), chat.ID, thread)
}

// Wait is why and until when a lane must be left alone.
type Wait struct {
	Until   time.Time `json:"until"`
	Attempt int       `json:"attempt"` // attempts made at the lane's first message
	Seq     uint64    `json:"seq"`     // which message that is
	Reason  string    `json:"reason,omitempty"`
	// Digest is what the first message, and some behind it, are being told in.
	Digest hub.NotificationID `json:"digest,omitempty"`
	// Chat and Since are set where the chat is paused.
	Chat  string    `json:"chat,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// Waits lists the waits of a partition, by lane.
func (b *Bus) Waits(ctx context.Context, system hub.System, partition int) (map[string]Wait, error) {
	filter, err := waitKey(system, partition, "*")
	if err != nil {
		return nil, err
	}
	waits := map[string]Wait{}
	err = b.each(ctx, bucketWaits, filter, func(key string, value []byte) error {
		var w Wait
		if err := json.Unmarshal(value, &w); err != nil {
			return fmt.Errorf("wait %s: %w", key, err)
		}
		waits[laneOf(key)] = w
		return nil
	})
	return waits, err
}

// PutWait stores a lane's wait for 48 hours.
func (b *Bus) PutWait(ctx context.Context, system hub.System, partition int, lane string, w Wait) error {
	k, err := waitKey(system, partition, lane)
	if err != nil {
		return err
	}
	return b.save(ctx, bucketWaits, k, w)
}

// DropWait forgets a lane's wait.
func (b *Bus) DropWait(ctx context.Context, system hub.System, partition int, lane string) error {
	k, err := waitKey(system, partition, lane)
	if err != nil {
		return err
	}
	if err := b.buckets[bucketWaits].Delete(ctx, k); err != nil {
		return fmt.Errorf("forget wait: %w", err)
	}
	return nil
}

func waitKey(system hub.System, partition int, lane string) (string, error) {
	if !hub.ValidName(string(system)) || partition < 0 || lane != "*" && !validToken(lane) {
		return "", fmt.Errorf("no lane %q in partition %d of system %q", lane, partition, system)
	}
	return strings.Join([]string{string(system), strconv.Itoa(partition), lane}, "."), nil
}

func (b *Bus) save(ctx context.Context, bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	if _, err := b.put(ctx, &nats.Msg{Subject: keySubject(bucket, key), Data: data}); err != nil {
		return fmt.Errorf("store in %s: %w", bucket, err)
	}
	return nil
}

const keyTimeout = 5 * time.Second

// keySubject is where the values of a key are published:
// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
func keySubject(bucket, key string) string { return "$KV." + bucket + "." + key }

// load reads the value of a key, if there is one.
func (b *Bus) load(ctx context.Context, bucket, key string, v any) (found bool, err error) {
	s, err := b.last(ctx, bucket, key)
	if s == nil {
		return false, err
	}
	if err := json.Unmarshal(s.data, v); err != nil {
		return false, fmt.Errorf("read from %s: %w", bucket, err)
	}
	return true, nil
}

// last is what was put under a key last, nil if nothing is there. Where streams are
// replicated it asks the leader: any replica answers a direct get, also one that is
// behind, and then a message that was just sent would be unknown.
func (b *Bus) last(ctx context.Context, bucket, key string) (*stored, error) {
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	var s *stored
	var err error
	if b.cfg.Replicas > 1 {
		s, err = b.getFromLeader(ctx, "KV_"+bucket, getRequest{LastFor: keySubject(bucket, key)})
	} else {
		s, err = b.getKey(ctx, bucket, key)
	}
	if err != nil {
		return nil, fmt.Errorf("read from %s: %w", bucket, err)
	}
	if s == nil || s.gone {
		return nil, nil
	}
	return s, nil
}

func (b *Bus) getKey(ctx context.Context, bucket, key string) (*stored, error) {
	m, err := b.js.Conn().RequestWithContext(ctx, "$JS.API.DIRECT.GET.KV_"+bucket+"."+keySubject(bucket, key), nil)
	if err != nil {
		return nil, err
	}
	switch status := m.Header.Get("Status"); status {
	case "":
		return parseStored(m)
	case "404":
		return nil, nil
	default:
		return nil, fmt.Errorf("%s %s", status, m.Header.Get("Description"))
	}
}

// each visits the keys that are there and match filter.
func (b *Bus) each(ctx context.Context, bucket, filter string, visit func(key string, value []byte) error) error {
	w, err := b.buckets[bucket].Watch(ctx, filter, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("list %s: %w", bucket, err)
	}
	return eachOf(ctx, w, bucket, func(e jetstream.KeyValueEntry) error { return visit(e.Key(), e.Value()) })
}

// eachOf visits what is there when w begins, and ends w.
func eachOf(ctx context.Context, w jetstream.KeyWatcher, bucket string, visit func(jetstream.KeyValueEntry) error) error {
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, open := <-w.Updates():
			switch {
			case !open && ctx.Err() != nil:
				return ctx.Err()
			case !open: // not all has come
				return fmt.Errorf("list %s: it was ended by the bus", bucket)
			case entry == nil: // all that was there has come
				return nil
			}
			if err := visit(entry); err != nil {
				return err
			}
		}
	}
}

// follow calls change with each key of a bucket that fits the filter, then ready if
// there is one, then change with whatever is put anew, until ctx ends. Calls do not
// overlap. what names it in an error.
func (b *Bus) follow(ctx context.Context, bucket, filter, what string, change func(key string, value []byte), ready func()) error {
	w, err := b.buckets[bucket].Watch(ctx, filter, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("follow %s: %w", what, err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, open := <-w.Updates():
			switch {
			case !open && ctx.Err() != nil:
				return nil
			case !open:
				return fmt.Errorf("follow %s: it was ended by the bus", what)
			case entry != nil:
				change(entry.Key(), entry.Value())
			case ready != nil: // all that was there has come
				ready()
			}
		}
	}
}
