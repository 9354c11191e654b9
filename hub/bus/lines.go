package bus

import (
	"context"
	"hash/maphash"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/bellhop-chat/bellhop/hub"
)

// headerLine keeps with an event what tells another one of the same content from
// it: its hub.Line, and the id that its content makes.
const headerLine = "Bellhop-Line"

// sweepLines is how often lines are forgotten whose last event does not count any
// more. It is as long as events of the same words are usually one.
const sweepLines = 10 * time.Minute

// lines knows the last event of each hub.Line, for a day or as long as it counts.
// It goes by fingerprints, like index, and costs 100 bytes of memory per line (BenchmarkLines).
type lines struct {
	seed maphash.Seed
	now  func() time.Time

	mu    sync.Mutex
	last  map[uint64]turn
	swept time.Time
}

// turn is an event in its line.
type turn struct {
	number uint64 // as the sender counts
	seq    uint64
	base   uint64 // a fingerprint of the id that its content makes
	until  int64  // when it does not count any more, in Unix nanoseconds
}

func newLines(now func() time.Time) *lines {
	return &lines{seed: maphash.MakeSeed(), now: now, last: map[uint64]turn{}}
}

// note takes in an event that is stored at seq since at, and whose content makes
// the id base.
func (l *lines) note(line hub.Line, base string, seq uint64, at time.Time) {
	if line.Name == "" {
		return
	}
	lasts := line.For
	if lasts == 0 {
		lasts = remembered
	}
	next, now := turn{number: line.Number, seq: seq, base: maphash.String(l.seed, base), until: at.Add(lasts).UnixNano()}, l.now()
	if next.until <= now.UnixNano() {
		return
	}
	name := maphash.String(l.seed, line.Name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept).Abs() >= sweepLines {
		maps.DeleteFunc(l.last, func(_ uint64, t turn) bool { return t.until <= now.UnixNano() })
		l.swept = now
	}
	if t, ok := l.last[name]; !ok || t.number < line.Number || t.number == line.Number && t.seq < seq {
		l.last[name] = next
	}
}

// find is the last event of a line that still counts.
func (l *lines) find(line hub.Line) (turn, bool) {
	if line.Name == "" {
		return turn{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.last[maphash.String(l.seed, line.Name)]
	return t, ok && l.now().UnixNano() < t.until
}

// turned is where the last event of a line is stored, if that shows another state
// than what the id base is of, and was told earlier than line; 0 otherwise.
func (l *lines) turned(line hub.Line, base string) uint64 {
	t, ok := l.find(line)
	if !ok || line.Number <= t.number || t.base == maphash.String(l.seed, base) {
		return 0
	}
	return t.seq
}

// findTold reads the event that e tells again, nil if there is none within the time
// that its line says.
func (b *Bus) findTold(ctx context.Context, e *hub.Event) (*stored, error) {
	t, ok := b.lines.find(e.Line)
	if !ok || e.Line.For == 0 {
		return nil, nil
	}
	s, err := b.get(ctx, streamEvents, t.seq)
	if err != nil || s == nil || s.line != e.Line.Name {
		return nil, err
	}
	return s, nil
}

// writeLine notes a line in the headers of an event.
func writeLine(h nats.Header, line hub.Line, base string) {
	if line.Name != "" {
		h.Set(headerLine, strings.Join([]string{line.Name, strconv.FormatUint(line.Number, 10), line.For.String(), base}, " "))
	}
}

// readLine reads what writeLine wrote, an empty line if there is none.
func readLine(h nats.Header) (line hub.Line, base string) {
	parts := strings.SplitN(h.Get(headerLine), " ", 4)
	if len(parts) < 4 {
		return hub.Line{}, ""
	}
	number, err1 := strconv.ParseUint(parts[1], 10, 64)
	lasts, err2 := time.ParseDuration(parts[2])
	if err1 != nil || err2 != nil {
		return hub.Line{}, ""
	}
	return hub.Line{Name: parts[0], Number: number, For: lasts}, parts[3]
}

// lineIn is the name of a line in the headers of an event.
func lineIn(h nats.Header) string {
	name, _, _ := strings.Cut(h.Get(headerLine), " ")
	return name
}
