package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
)

// forum is what a small forum sends in two minutes, a webhook on each line.
//
//go:embed demo/forum.jsonl
var forum []byte

type demoCmd struct {
	Listen string  `default:"127.0.0.1:0" help:"Address to listen on; port 0 takes a free one."`
	Pace   float64 `default:"1" help:"How fast the forum lives: 2 is twice as fast, 0 does not wait."`
	Exit   bool    `help:"End when the forum has said everything, instead of waiting for Ctrl-C."`
}

func (demoCmd) Help() string {
	return `Starts the whole of Bellhop in a temporary folder, subscribes two rooms of the
console, and replays a small recorded forum through the signed webhook endpoint.
Open the address it prints. Ctrl-C ends it and leaves nothing behind.`
}

// demoRooms are the subscriptions of the demo, in the text form.
var demoRooms = []string{
	"console | support | thread:c/support/*",
	"console | news | follow:c/announcements,t/security",
}

func (c *demoCmd) Run(w *world) error {
	dir, err := os.MkdirTemp("", "bellhop-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	secret := rand.Text()
	cfg, err := c.config(dir, secret)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	ready := make(chan server.Ready, 1)
	s, err := server.New(server.Options{
		Config: cfg, Version: version, Log: newLog(w.stderr, cfg.Server), Started: func(r server.Ready) { ready <- r },
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case err := <-ended:
		return ignoreStop(w, err)
	case r := <-ready:
		err = c.play(ctx, w, r, dir, secret)
	}
	if err == nil && !c.Exit {
		<-ctx.Done()
	}
	stop()
	return errors.Join(ignoreStop(w, err), ignoreStop(w, <-ended))
}

// ignoreStop drops the error of having been told to stop.
func ignoreStop(w *world, err error) error {
	if w.ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// config is that of any other start, with a forum and two rooms.
func (c *demoCmd) config(dir, secret string) (*config.Config, error) {
	file := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf(`
[server]
listen = %q
data_dir = %q
log_level = "warn"
[sources.kestrel]
url = "https://forum.kestrel.example"
secret = %q
visibility = "trust_webhook"
delay = "1s"
[providers.console]
rooms = ["support", "news"]
`, c.Listen, filepath.Join(dir, "data"), secret)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the demo's configuration: %w", err)
	}
	return config.Load(file, nil, nil, server.Validate(server.Everything, ""))
}

// play subscribes the rooms, says where to look, and lets the forum speak.
func (c *demoCmd) play(ctx context.Context, w *world, r server.Ready, dir, secret string) error {
	hub := remote{Server: r.URL, TokenFile: filepath.Join(dir, "data", "admin.token")}
	quiet := &world{ctx: ctx, stdout: io.Discard, stderr: io.Discard}
	for _, row := range demoRooms {
		if err := hub.call(quiet, http.MethodPost, "/api/v1/subscriptions?format=table", "text/plain", []byte(row), nil); err != nil {
			return fmt.Errorf("subscribe a room of the demo: %w", err)
		}
	}
	_, _ = fmt.Fprintf(w.stdout, `
  Bellhop is up, with a small forum and two rooms. Open this address, it works once:

      %s/login?code=%s&next=/console/support

  #support  hears the Support category and all below it, replies in threads
  #news     hears new topics in Announcements and what is tagged security

  Ctrl-C ends it and leaves nothing behind.

`, r.URL, r.LoginCode())
	return c.replay(ctx, w, r.URL, secret)
}

// line is one webhook of the recording.
type line struct {
	Event   string          `json:"event"`
	Type    string          `json:"type"`
	AfterMS float64         `json:"after_ms"`
	Body    json.RawMessage `json:"body"`
}

func (c *demoCmd) replay(ctx context.Context, w *world, url, secret string) error {
	lines := bufio.NewScanner(bytes.NewReader(forum))
	lines.Buffer(nil, 1<<20)
	for id := 1; lines.Scan(); id++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("the demo's recording, line %d: %w", id, err)
		}
		if err := c.wait(ctx, l.AfterMS); err != nil {
			return err
		}
		if err := l.post(ctx, url, secret, id); err != nil {
			return err
		}
		if said := l.said(); said != "" {
			_, _ = fmt.Fprintf(w.stdout, "  %s  the forum says: %s\n", time.Now().Format(time.TimeOnly), said)
		}
	}
	_, _ = fmt.Fprintln(w.stdout, "\n  The forum has said everything. The rooms stay open until you press Ctrl-C.")
	return lines.Err()
}

func (c *demoCmd) wait(ctx context.Context, ms float64) error {
	if c.Pace <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(time.Duration(ms / c.Pace * float64(time.Millisecond)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// post sends the webhook as a forum does, signed, with the time of now.
func (l *line) post(ctx context.Context, url, secret string, id int) error {
	body := bytes.ReplaceAll(l.Body, []byte("@now@"), []byte(time.Now().UTC().Format("2006-01-02T15:04:05.000Z")))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/in/kestrel", bytes.NewReader(body))
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"Content-Type": "application/json", "X-Discourse-Instance": "https://forum.kestrel.example",
		"X-Discourse-Event-Id": fmt.Sprint(id), "X-Discourse-Event-Type": l.Type, "X-Discourse-Event": l.Event,
		"X-Discourse-Event-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		req.Header.Set(key, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("post a webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusAccepted {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("the webhook was answered %s: %s", resp.Status, answer)
	}
	return nil
}

// said is what happened on the forum in a few words, empty for what a webhook
// before it says already.
func (l *line) said() string {
	var b map[string]struct {
		Username string `json:"username"`
		Title    string `json:"title"`
		Topic    string `json:"topic_title"`
		Number   int    `json:"post_number"`
		Deleter  struct {
			Username string `json:"username"`
		} `json:"deleted_by"`
	}
	_ = json.Unmarshal(l.Body, &b) // the recording is ours, and tested
	o := b[l.Type]
	switch {
	case l.Event == "post_created" && o.Number == 1:
		return fmt.Sprintf("%s opens “%s”", o.Username, o.Topic)
	case l.Event == "post_created":
		return fmt.Sprintf("%s replies to “%s”", o.Username, o.Topic)
	case l.Event == "post_edited":
		return fmt.Sprintf("%s edits “%s”", o.Username, o.Topic)
	case l.Event == "topic_destroyed":
		return fmt.Sprintf("%s deletes “%s”", o.Deleter.Username, o.Title)
	case l.Event == "accepted_solution":
		return fmt.Sprintf("“%s” is solved by %s", o.Topic, o.Username)
	}
	return ""
}
