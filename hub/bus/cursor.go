package bus

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// cursorLag is how much older than the present the stored place of a reader is:
// NOTIFY is synced every second, and a busy disk may take its time.
const cursorLag = 3 * time.Second

// cursor knows which place of a reader may be stored.
type cursor struct {
	reached uint64 // all up to here has been read
	done    uint64 // all up to here has been handled
	written uint64 // what is stored
	marks   []mark // places and when they had been reached, at most one per second
}

type mark struct {
	at  time.Time
	seq uint64
}

// mark notes how far all is done by now: up to where was read, but for what the
// reader says is not finished. floor is the first of that, 0 for nothing.
func (c *cursor) mark(now time.Time, floor uint64) {
	c.done = c.reached
	if floor > 0 {
		c.done = min(c.done, floor-1)
	}
	if n := len(c.marks); n > 0 {
		if last := c.marks[n-1]; last.seq == c.done || now.Sub(last.at) < time.Second {
			return
		}
	}
	if c.done > c.written {
		c.marks = append(c.marks, mark{now, c.done})
	}
}

// due is the place to store, if there is one that was reached long enough ago.
func (c *cursor) due(now time.Time) (seq uint64, ok bool) {
	for len(c.marks) > 0 && now.Sub(c.marks[0].at) >= cursorLag {
		seq, ok = c.marks[0].seq, true
		c.marks = c.marks[1:]
	}
	return seq, ok && seq > c.written
}

func (b *Bus) loadCursor(ctx context.Context, name string) (seq uint64, found bool, err error) {
	last, err := b.last(ctx, bucketCursors, name)
	if err != nil {
		return 0, false, fmt.Errorf("cursor of %s: %w", name, err)
	}
	if last == nil {
		return 0, false, nil
	}
	seq, err = strconv.ParseUint(string(last.data), 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("cursor of %s: %q is no number: delete the key in bucket %s to begin anew", name, last.data, bucketCursors)
	}
	return seq, true, nil
}

func (b *Bus) saveCursor(ctx context.Context, name string, seq uint64) error {
	_, err := b.buckets[bucketCursors].Put(ctx, name, strconv.AppendUint(nil, seq, 10))
	return err
}
