package bus

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// mend restarts the embedded server when it can no longer store and there is
// space again. Consumers are in its memory and go with it: claims end as lost,
// readers make theirs anew.
func (b *Bus) mend(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.trouble:
		}
		for b.fault.Load() != nil && !b.mended(ctx) {
			if !hub.Wait(ctx, time.Second) {
				return
			}
		}
	}
}

func (b *Bus) mended(ctx context.Context) bool {
	disk, err := statDisk(b.cfg.Dir)
	if err != nil || disk.free < 16*mib {
		b.log.Warn("the bus cannot store: waiting for space on its disk", "dir", b.cfg.Dir, "free_bytes", disk.free)
		return false
	}
	if err := b.revive(ctx); err != nil {
		b.log.Error("the bus cannot store, and restarting its server did not help", "err", err)
		return false
	}
	b.log.Info("the bus stores again")
	return true
}

func (b *Bus) revive(ctx context.Context) error {
	if s := b.syncer.Swap(nil); s != nil {
		s.Close()
	}
	if err := b.embedded.restart(); err != nil {
		return err
	}
	if err := b.probe(ctx); err != nil {
		return err
	}
	if err := b.startSyncer(); err != nil {
		return err
	}
	b.fault.Store(nil)
	return nil
}

// probe proves that the server stores: a restarted one looks healthy until its
// first write.
func (b *Bus) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for { // the connections need a moment to find the new server
		err := b.probeOnce(ctx)
		if err == nil {
			return b.embedded.health()
		}
		if !hub.Wait(ctx, 20*time.Millisecond) {
			return err
		}
	}
}

func (b *Bus) probeOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond) // what went to the old server has no answer
	defer cancel()
	_, err := b.buckets[bucketCursors].Put(ctx, "=probe", nil)
	return err
}

// suspect looks whether a publish that failed is a sign of a server that can no
// longer store, so that the next ones fail at once and not after a timeout.
func (b *Bus) suspect(cause error) {
	if b.embedded == nil {
		return
	}
	if cause == nil {
		cause = b.embedded.health()
	}
	if cause != nil && b.fault.CompareAndSwap(nil, &cause) {
		b.log.Error("the bus cannot store", "err", cause)
		select {
		case b.trouble <- struct{}{}:
		default:
		}
	}
}
