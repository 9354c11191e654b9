package bus

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func openHere(t testing.TB) *Bus {
	t.Helper()
	b, err := Open(t.Context(), Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func put(t testing.TB, b *Bus, id string, size int) {
	t.Helper()
	data := append([]byte(`"`), append(bytes.Repeat([]byte("x"), size), '"')...)
	_, err := b.Publish(t.Context(), &hub.Event{SpecVersion: "1.0", ID: hub.EventID(id), Source: "meta", Type: "user.made.up", Data: data})
	require.NoError(t, err)
}

// inBlock reports whether the file that was fsynced last holds id.
func inBlock(t testing.TB, s *Syncer, id string) bool {
	t.Helper()
	data, err := os.ReadFile(s.file.Name())
	require.NoError(t, err)
	held, err := s.file.Stat()
	require.NoError(t, err)
	named, err := os.Stat(s.file.Name())
	require.NoError(t, err)
	return os.SameFile(held, named) && bytes.Contains(data, []byte(id))
}

func TestSyncerFollowsTheNewestBlock(t *testing.T) {
	t.Parallel()
	b := openHere(t)
	s := b.syncer.Load()
	for i := range 24 { // blocks roll at 8 MiB
		id := fmt.Sprintf("the-id-%d-", i)
		put(t, b, id, 1<<20)
		require.True(t, inBlock(t, s, id), id)
	}
	require.Greater(t, s.n, 2, "blocks were meant to roll")

	stream, err := b.js.Stream(t.Context(), streamEvents)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context()))
	for i := range 12 {
		id := fmt.Sprintf("after-the-purge-%d-", i)
		put(t, b, id, 1<<20)
		require.True(t, inBlock(t, s, id), id)
	}
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeKeep(1)))
	put(t, b, "last", 10)
	require.True(t, inBlock(t, s, "last"))
}

func TestSyncerWantsABlock(t *testing.T) {
	t.Parallel()
	_, err := newSyncer(t.TempDir())
	require.ErrorContains(t, err, "no block file")
	_, err = newSyncer(t.TempDir() + "/missing")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestSyncerErrorIsSticky(t *testing.T) {
	t.Parallel()
	b := openHere(t)
	s, err := newSyncer(b.embedded.stream(streamEvents))
	require.NoError(t, err)
	require.NoError(t, s.Sync())
	dir := s.dir
	s.dir = t.TempDir() // the block is gone, and there is no other
	s.path = s.block(s.n)
	first := s.Sync()
	require.Error(t, first)
	s.dir = dir
	require.Equal(t, first, s.Sync())
	s.Close()
	require.ErrorIs(t, s.Sync(), fs.ErrClosed)
}

// Who asks while a round is on its way waits for the next, which covers all who
// ask until it starts.
func TestSyncerSharesRounds(t *testing.T) {
	t.Parallel()
	s, err := newSyncer(openHere(t).embedded.stream(streamEvents))
	require.NoError(t, err)
	s.run.Lock() // a round is on its way
	wg := syncs(t, s, 8)
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.next != nil
	}, waitABit, tickABit)
	s.mu.Lock()
	shared := s.next
	s.mu.Unlock()
	select {
	case <-shared.done:
		t.Fatal("nobody may go on before the fsync")
	default:
	}
	s.run.Unlock()
	wg.Wait()
	<-shared.done
	require.NoError(t, shared.err)
}

// syncerOfOneBlock needs no server, whose clock cannot be stopped.
func syncerOfOneBlock(t *testing.T) *Syncer {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "msgs"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "msgs", "1.blk"), []byte("x"), 0o600))
	s, err := newSyncer(dir)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// syncs asks n times at once.
func syncs(t *testing.T, s *Syncer, n int) *sync.WaitGroup {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := s.Sync(); err != nil {
				t.Error(err)
			}
		})
	}
	return &wg
}

func TestSyncerKeepsAFewWaitingForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, began := syncerOfOneBlock(t), time.Now()
		for n := 1; n < crowdFrom; n++ {
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					for range 100 {
						if err := s.Sync(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		}
		require.Zero(t, time.Since(began))
	})
}

// Where many waited lately, a round begins when as many are there again, or
// crowdFor after the last.
func TestSyncerGathersACrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := syncerOfOneBlock(t)
		s.crowd, s.ended = 8, time.Now()
		began := time.Now()
		some := syncs(t, s, 7)
		synctest.Wait()
		s.mu.Lock()
		waiting := s.next
		s.mu.Unlock()
		require.NotNil(t, waiting, "the round waits for the eighth")
		syncs(t, s, 1).Wait()
		some.Wait()
		require.Zero(t, time.Since(began), "as many as lately are enough")

		syncs(t, s, 5).Wait()
		require.Equal(t, crowdFor, time.Since(began), "three stay away")
		require.Equal(t, 5, s.crowd)

		s.ended = time.Now().Add(-crowdFor)
		began = time.Now()
		syncs(t, s, 1).Wait()
		require.Zero(t, time.Since(began), "the last round was long ago")
		syncs(t, s, 1).Wait()
		require.Zero(t, time.Since(began), "and it was of one")
	})
}

func TestStreamWithAsyncPersistenceIsRefused(t *testing.T) {
	t.Parallel()
	b := openHere(t)
	have := b.streams(room{-1, -1, -1})[0]
	have.PersistMode = jetstream.AsyncPersistMode
	_, _, err := b.merge(have, b.streams(room{-1, -1, -1})[0])
	require.ErrorContains(t, err, "persistence")
	have = b.streams(room{-1, -1, -1})[0]
	have.Retention = jetstream.WorkQueuePolicy
	_, _, err = b.merge(have, b.streams(room{-1, -1, -1})[0])
	require.ErrorContains(t, err, "retention")
}

func TestLimitsOfAnOperatorStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, err := Open(t.Context(), Config{Dir: dir})
	require.NoError(t, err)
	s, err := b.js.Stream(t.Context(), streamEvents)
	require.NoError(t, err)
	cfg := s.CachedInfo().Config
	cfg.MaxAge, cfg.MaxBytes, cfg.AllowDirect = 1e15, 512*mib, false
	_, err = b.js.UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, b.Close())

	b, err = Open(context.Background(), Config{Dir: dir})
	require.NoError(t, err)
	defer b.Close()
	s, err = b.js.Stream(t.Context(), streamEvents)
	require.NoError(t, err)
	got := s.CachedInfo().Config
	require.Equal(t, cfg.MaxAge, got.MaxAge)
	require.Equal(t, cfg.MaxBytes, got.MaxBytes)
	require.True(t, got.AllowDirect, "the bus cannot do without")
}
