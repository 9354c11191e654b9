package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a NATS server inside this process. It opens no port.
type embedded struct {
	cfg  Config
	log  *slog.Logger
	lock *os.File
	ns   atomic.Pointer[server.Server]
}

func startEmbedded(c Config) (*embedded, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the bus's directory: %w", err)
	}
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{cfg: c, log: c.Log, lock: lock}
	if err := e.start(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return e, nil
}

func (e *embedded) start() error {
	disk, err := statDisk(e.cfg.Dir)
	if err != nil {
		return fmt.Errorf("look at the disk under %s: %w", e.cfg.Dir, err)
	}
	ns, err := server.NewServer(&server.Options{
		ServerName: "bellhop", DontListen: true, NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: e.cfg.Dir,
		// What the streams may grow to is fitted to the free space in room. Here is
		// only the size of the disk, which does not change while others fill it.
		JetStreamMaxStore: disk.size,
		SyncInterval:      time.Second,
		MaxPayload:        int32(e.cfg.MaxPayload),
		// One consumer per system and partition; the server's default is 1,000.
		JetStreamLimits: server.JSLimitOpts{DefaultMaxConsumers: -1},
	})
	if err != nil {
		return fmt.Errorf("set up the embedded NATS: %w", err)
	}
	ns.SetLoggerV2(&serverLog{e.log}, false, false, false)
	ns.Start()
	if !ns.ReadyForConnections(20*time.Second) || !ns.JetStreamEnabled() {
		ns.Shutdown()
		return fmt.Errorf("the embedded NATS did not start on %s: see the log", e.cfg.Dir)
	}
	e.ns.Store(ns)
	return nil
}

// InProcessConn lets nats.go reach whichever server is running.
func (e *embedded) InProcessConn() (net.Conn, error) { return e.ns.Load().InProcessConn() }

func (e *embedded) root() string { return filepath.Join(e.cfg.Dir, "jetstream") }

func (e *embedded) stream(name string) string {
	return filepath.Join(e.root(), "$G", "streams", name)
}

// health is nil, or which stream has a write error. The server keeps that error
// until it is restarted, even when the disk has space again, and gives
// publishers no answer at all meanwhile.
func (e *embedded) health() error {
	h := e.ns.Load().Healthz(&server.HealthzOptions{})
	if h.Status == "ok" {
		return nil
	}
	return fmt.Errorf("embedded NATS: %s", h.Error)
}

func (e *embedded) restart() error {
	e.halt()
	return e.start()
}

func (e *embedded) halt() {
	ns := e.ns.Load()
	ns.Shutdown()
	ns.WaitForShutdown()
}

// shut also makes durable what the server has only written: a reader that ended
// cleanly has stored its exact place, which must not outlive what it made.
func (e *embedded) shut() error {
	e.halt()
	return errors.Join(syncTree(e.root()), e.lock.Close())
}

// room is how many bytes each stream may take, -1 for any number.
type room struct{ events, notify, dead int64 }

const (
	mib     = int64(1) << 20
	minRoom = 256 * mib
)

// room fits the streams into three quarters of what is free or theirs already:
// JetStream reserves nothing, and a full disk stops every stream alike.
func (e *embedded) room() (room, error) {
	disk, err := statDisk(e.cfg.Dir)
	if err != nil {
		return room{}, err
	}
	used, err := treeSize(e.root())
	if err != nil {
		return room{}, err
	}
	all := (disk.free + used) / 4 * 3
	if all < minRoom {
		return room{}, fmt.Errorf("only %d MiB are free for %s: the bus needs %d MiB; free some, or set server.data_dir to a larger disk",
			disk.free/mib, e.cfg.Dir, minRoom*4/3/mib)
	}
	return room{
		events: min(all/10*7, 64<<10*mib),
		notify: min(all/10*2, 4<<10*mib),
		dead:   min(all/10, 2<<10*mib),
	}, nil
}

func treeSize(dir string) (total int64, err error) {
	err = walkTree(dir, func(path string) error {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return total, err
}

// serverLog passes on what the server finds worth a warning.
type serverLog struct{ log *slog.Logger }

func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Debugf(string, ...any)  {}
func (l *serverLog) Tracef(string, ...any)  {}

func (l *serverLog) Warnf(format string, args ...any) {
	l.log.Warn("embedded NATS warns", "says", line(format, args))
}

func (l *serverLog) Errorf(format string, args ...any) {
	l.log.Error("embedded NATS reports an error", "says", line(format, args))
}

func (l *serverLog) Fatalf(format string, args ...any) {
	l.log.Error("embedded NATS cannot go on", "says", line(format, args))
}

func line(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
