package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/backup"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
)

type backupCmd struct {
	remote `embed:""`
	File   string `arg:"" help:"Where to write it; it must not be there yet."`
}

func (backupCmd) Help() string {
	return `Takes a backup from a running hub, which goes on meanwhile: the database, events,
what waits to be sent, dead letters, receipts and chats' settings. It is checked when it
is written. A hub needs as much free space in its data directory for it.

Not in it are the configuration, admin.token and keys of the data directory: keep
those elsewhere, or who finds the backup has everything. With PostgreSQL the database
is not in it, either: take pg_dump when this has ended, and not before.

  bellhop backup bellhop-$(date +%F).tar`
}

func (c *backupCmd) Run(w *world) error {
	f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	m, err := c.take(w, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	if _, err := fmt.Fprintf(w.stdout, "%s written: %d files of Bellhop %s\n", c.File, len(m.Files), m.Version); err != nil {
		return err
	}
	if m.Database != "sqlite" {
		_, err = fmt.Fprintln(w.stdout, "The database is PostgreSQL and not in it: take pg_dump now, and keep both together")
	}
	return err
}

// take reads a backup into f and proves that it is whole.
func (c *backupCmd) take(w *world, f *os.File) (*backup.Manifest, error) {
	token, err := c.token(w)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, strings.TrimSuffix(c.Server, "/")+"/api/v1/backup", nil)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("User-Agent", "bellhop/"+version)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the hub does not answer, is `bellhop serve` running? %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		return nil, refusal(resp, answer)
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		return nil, fmt.Errorf("the hub broke off its answer: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return backup.Verify(f)
}

type restoreCmd struct {
	settings `embed:""`
	DataDir  string `type:"path" help:"Where to put it, in place of server.data_dir."`
	File     string `arg:"" type:"existingfile" help:"A backup."`
}

func (restoreCmd) Help() string {
	return `Puts a backup where a hub is to be started: into an empty data directory and, where
the configuration has nats.url, into a NATS without Bellhop's streams. What is cut off,
damaged, foreign or of a newer release is refused, and nothing is left behind.

What waited is sent when the hub starts, and what was sent before the backup is not
sent again. What the old hub sent after the backup is sent once more.

  bellhop restore bellhop-2026-03-01.tar --data-dir ./data
  bellhop restore bellhop-2026-03-01.tar -c config.toml`
}

func (c *restoreCmd) Run(w *world) error {
	flags := c.flags()
	flags["server.data_dir"] = c.DataDir
	cfg, err := config.Load(c.Config, w.env, flags)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	m, err := server.Restore(context.WithoutCancel(w.ctx), cfg, f, newLog(w.stderr, cfg.Server))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "%s holds Bellhop %s of %s now\nKeys are not in a backup: put secret.key of the old data directory there, if it had one.\n",
		cfg.Server.DataDir, m.Version, m.MadeAt.Local().Format("2006-01-02 15:04:05"))
	return err
}
