package bus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The order in which streams are copied while they are in use makes a copy that
// can go on. How far readers had come is copied first: they read again what came
// since, and ids and receipts keep that from being done twice. Receipts are copied
// after the queue, so that what was sent meanwhile has one. Events come last: a
// reader's place is never behind their end. Who leads and how systems are is
// known anew in seconds and is left out.
var (
	copiedFirst = []string{bucketCursors, bucketPlaces}
	copiedThen  = []string{
		streamNotify, bucketWaits, bucketDigests, bucketThreads, streamReceipts, bucketChats, bucketBindings, bucketTalks, bucketCommands,
		streamDead, streamEvents,
	}
)

// Copied lists the streams and buckets that a copy has to hold, in the order in
// which they must be copied: first before the database, then after it.
func Copied() (first, then []string) { return copiedFirst, copiedThen }

// streamOf is the stream that a bucket is kept in, or the stream itself.
func streamOf(name string) string {
	switch name {
	case streamEvents, streamNotify, streamDead, streamReceipts:
		return name
	}
	return "KV_" + name
}

// The subjects of the server's API for copies of streams, and what goes over them:
// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-31.md
const (
	subjectSnapshot = "$JS.API.STREAM.SNAPSHOT."
	subjectRestore  = "$JS.API.STREAM.RESTORE."
)

// copyHead begins a copy: what the server must know to take it back.
type copyHead struct {
	Config json.RawMessage `json:"config"`
	State  json.RawMessage `json:"state"`
	// Embedded is that the copy is of a server of ours, whose limits were fitted to
	// its disk.
	Embedded bool `json:"embedded,omitempty"`
}

type apiAnswer struct {
	copyHead
	DeliverSubject string `json:"deliver_subject"`
	Error          *struct {
		Description string `json:"description"`
	} `json:"error"`
}

// patience is how long is waited for the next piece of a copy.
const patience = 30 * time.Second

// pieceSize is that of what goes over the wire of a copy.
const pieceSize = 128 << 10

// Snapshot writes a copy of a stream or a bucket of Copied as it is now.
func (b *Bus) Snapshot(ctx context.Context, name string, w io.Writer) error {
	inbox := b.nc.NewRespInbox()
	pieces, err := b.nc.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	defer func() { _ = pieces.Unsubscribe() }()
	if err := pieces.SetPendingLimits(-1, -1); err != nil { // the server waits for our acks
		return fmt.Errorf("copy %s: %w", name, err)
	}
	begun, err := b.api(ctx, subjectSnapshot+streamOf(name), map[string]any{"deliver_subject": inbox, "no_consumers": true, "chunk_size": pieceSize})
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	begun.Embedded = b.embedded != nil
	head, err := json.Marshal(begun.copyHead)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head, '\n')); err != nil {
		return err
	}
	for {
		piece, err := nextPiece(ctx, pieces)
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		if len(piece.Data) == 0 {
			if status := piece.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("copy %s: the server broke off: %s %s", name, status, piece.Header.Get("Description"))
			}
			return nil
		}
		if _, err := w.Write(piece.Data); err != nil {
			return err
		}
		if piece.Reply != "" {
			if err := piece.Respond(nil); err != nil {
				return fmt.Errorf("copy %s: %w", name, err)
			}
		}
	}
}

func nextPiece(ctx context.Context, pieces *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return pieces.NextMsgWithContext(ctx)
}

// api asks the server for something and reads its answer.
func (b *Bus) api(ctx context.Context, subject string, request any) (*apiAnswer, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return b.apiAsk(ctx, subject, body)
}

func (b *Bus) apiAsk(ctx context.Context, subject string, body []byte) (*apiAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := b.nc.RequestWithContext(ctx, subject, body)
	if err != nil {
		return nil, err
	}
	var a apiAnswer
	if len(answer.Data) == 0 {
		return &a, nil
	}
	if err := json.Unmarshal(answer.Data, &a); err != nil {
		return nil, fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	if a.Error != nil {
		return nil, errors.New(a.Error.Description)
	}
	return &a, nil
}

// Copy is a copy that is to be put back.
type Copy struct {
	Name string // of Copied
	Open func() (io.ReadCloser, error)
}

// Restore puts copies back where nothing is yet: in the directory of an embedded
// server, or on an external one.
func Restore(ctx context.Context, c Config, copies []Copy) (err error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	b := &Bus{cfg: c, log: c.Log, partitions: c.Partitions}
	defer func() { err = errors.Join(err, b.Close()) }()
	if c.URL == "" {
		if b.embedded, err = startEmbedded(c); err != nil {
			return err
		}
	}
	if err := b.connect(ctx); err != nil {
		return err
	}
	for _, one := range copies {
		if _, err := b.js.Stream(ctx, streamOf(one.Name)); err == nil {
			return fmt.Errorf("stream %s is there already: restore into a NATS that has none of Bellhop's streams", streamOf(one.Name))
		} else if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("look for stream %s: %w", streamOf(one.Name), err)
		}
	}
	room, err := b.room()
	if err != nil {
		return err
	}
	for _, one := range copies {
		if err := b.restore(ctx, one, room); err != nil {
			return fmt.Errorf("restore %s: %w", one.Name, err)
		}
	}
	return nil
}

func (b *Bus) restore(ctx context.Context, one Copy, room room) error {
	f, err := one.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, pieceSize)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return errors.New("it does not begin as a copy does")
	}
	var head copyHead
	if err := json.Unmarshal(line, &head); err != nil {
		return errors.New("it does not begin as a copy does")
	}
	config, err := b.fitted(one.Name, head, room)
	if err != nil {
		return err
	}
	begun, err := b.api(ctx, subjectRestore+streamOf(one.Name), copyHead{Config: config, State: head.State})
	if err != nil {
		return err
	}
	piece := make([]byte, pieceSize)
	for {
		n, err := io.ReadFull(r, piece)
		if n > 0 {
			if _, err := b.apiAsk(ctx, begun.DeliverSubject, piece[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	_, err = b.apiAsk(ctx, begun.DeliverSubject, nil)
	return err
}

// fitted is a stream's configuration as it can be here: no larger than there is
// room, and no more often than there are servers.
func (b *Bus) fitted(name string, head copyHead, room room) (json.RawMessage, error) {
	dec, c := json.NewDecoder(bytes.NewReader(head.Config)), map[string]any{}
	dec.UseNumber() // ages are nanoseconds, which a float has no place for
	if err := dec.Decode(&c); err != nil {
		return nil, errors.New("it does not begin as a copy does")
	}
	if b.embedded != nil {
		c["num_replicas"] = 1
		delete(c, "placement")
	} else if b.cfg.Replicas > 0 {
		c["num_replicas"] = b.cfg.Replicas
	}
	most := map[string]int64{streamEvents: room.events, streamNotify: room.notify, streamDead: room.dead}[name]
	number, _ := c["max_bytes"].(json.Number)
	if most < 0 && head.Embedded { // an external server limits itself
		c["max_bytes"] = -1
	} else if has, err := number.Int64(); most > 0 && (err != nil || has <= 0 || has > most) {
		c["max_bytes"] = most
	}
	return json.Marshal(c)
}
