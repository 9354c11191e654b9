package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	crowdFrom = 4                    // fewer are not awaited
	crowdFor  = 5 * time.Millisecond // from one round to the next, at most
)

// Syncer makes acknowledged messages of one stream durable: everyone who waits
// shares one fsync of the stream's newest block file. The server's own
// SyncAlways fsyncs once per message instead, for every stream alike, which is
// four times slower with 64 publishers.
//
// An fsync costs the processors, too: a fifth of all that a hub does, where two
// events share one. So where many wait, as when senders post the next event once the
// last is accepted, a round begins when as many are there as lately, or 5 ms after
// the last one. While there are never more than three at a time, nobody is kept
// waiting.
//
// That messages lie in msgs/<n>.blk, and that a publish is acknowledged after
// its write(2), is the server's private matter: it holds for v2.15 and default
// persistence, and two tests of this package fail when it no longer does.
type Syncer struct {
	dir string // <store>/jetstream/$G/streams/EVENTS

	mu    sync.Mutex
	next  *round    // covers whatever was acknowledged before it starts
	crowd int       // how many waited when the last round ended: for it, and for the next
	ended time.Time // that round

	run  sync.Mutex // held by the round that is on its way; guards what follows
	file *os.File   // newest block, held open: a descriptor opened later can miss a write-back error
	info fs.FileInfo
	n    int
	path string // where the server has that block
	then string // and will have the one after it
	err  error  // sticky: after a failed fsync the pages count as clean, and the next fsync succeeds
}

type round struct {
	asked int           // by so many; guarded by Syncer.mu, like wants
	wants int           // so many are awaited, 0: nobody
	full  chan struct{} // closed when they have come
	done  chan struct{}
	err   error
}

// newSyncer fsyncs the whole stream once. It fails where no block can be found:
// better no start than acknowledgements that promise nothing.
func newSyncer(dir string) (*Syncer, error) {
	s := &Syncer{dir: dir}
	if err := s.reopen(); err != nil {
		return nil, fmt.Errorf("find the newest block of a stream to fsync: %w", err)
	}
	return s, nil
}

// Sync returns when all that was acknowledged before the call is on disk. After
// one failure it fails for ever.
func (s *Syncer) Sync() error {
	s.mu.Lock()
	r, lead := s.next, s.next == nil
	if lead {
		r = &round{full: make(chan struct{}), done: make(chan struct{})}
		s.next = r
	}
	if r.asked++; r.asked == r.wants {
		close(r.full)
	}
	s.mu.Unlock()
	if !lead {
		<-r.done
		return r.err
	}
	s.run.Lock()
	defer s.run.Unlock()
	s.gather(r)
	s.mu.Lock()
	s.next = nil // who comes from now on needs the next round
	s.mu.Unlock()
	if s.err == nil {
		s.err = s.sync()
	}
	r.err = s.err
	s.ends(r)
	close(r.done)
	return r.err
}

func (s *Syncer) ends(r *round) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crowd, s.ended = r.asked, time.Now()
	if s.next != nil {
		s.crowd += s.next.asked
	}
}

// gather waits until as many ask as did lately, where that were many.
func (s *Syncer) gather(r *round) {
	s.mu.Lock()
	left := crowdFor - time.Since(s.ended)
	if s.crowd < crowdFrom || r.asked >= s.crowd || left <= 0 {
		s.mu.Unlock()
		return
	}
	r.wants = s.crowd
	s.mu.Unlock()
	late := time.NewTimer(left)
	defer late.Stop()
	select {
	case <-r.full:
	case <-late.C:
	}
}

// Close gives the block file back; a later Sync fails.
func (s *Syncer) Close() {
	s.run.Lock()
	defer s.run.Unlock()
	if s.file != nil {
		_ = s.file.Close()
	}
	s.file, s.err = nil, errors.Join(s.err, fs.ErrClosed)
}

func (s *Syncer) sync() error {
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(s.info, now) { // purged, or rewritten
		if err := s.reopen(); err != nil {
			return err
		}
	}
	for {
		// Looked for before the fsync: what was acknowledged lies no further.
		newer, err := os.Open(s.then)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.file.Sync(); err != nil || newer == nil {
			if newer != nil {
				_ = newer.Close()
			}
			return err
		}
		if err := s.hold(newer, s.n+1); err != nil {
			return err
		}
		if err := fsync(filepath.Join(s.dir, "msgs")); err != nil {
			return err
		}
	}
}

func (s *Syncer) reopen() error {
	n, err := s.syncAll()
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%s holds no block file", s.dir)
	}
	f, err := os.Open(s.block(n))
	if err != nil {
		return err
	}
	return s.hold(f, n)
}

// hold takes f, which is the n-th block, in place of what is held.
func (s *Syncer) hold(f *os.File, n int) error {
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return err
	}
	if s.file != nil {
		_ = s.file.Close()
	}
	s.file, s.info, s.n, s.path, s.then = f, info, n, s.block(n), s.block(n+1)
	return nil
}

// syncAll fsyncs all of the stream and finds its newest block, 0 for none.
func (s *Syncer) syncAll() (newest int, err error) {
	err = walkTree(s.dir, func(path string) error {
		if number, ok := strings.CutSuffix(filepath.Base(path), ".blk"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				newest = max(newest, n)
			}
		}
		return fsync(path)
	})
	return newest, err
}

func (s *Syncer) block(n int) string {
	return filepath.Join(s.dir, "msgs", strconv.Itoa(n)+".blk")
}

// syncTree fsyncs every file and folder under dir.
func syncTree(dir string) error { return walkTree(dir, fsync) }

// walkTree calls do for every file and folder under dir. What the server
// removes meanwhile is no error.
func walkTree(dir string, do func(path string) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (d.IsDir() || d.Type().IsRegular()) {
			err = do(path)
		}
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil
		}
		return err
	})
}

func fsync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
