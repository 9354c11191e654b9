package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
)

// settings are the flags of every command that reads the configuration.
type settings struct {
	Config   string `short:"c" type:"existingfile" env:"BELLHOP_CONFIG" help:"Configuration file (TOML). Without one the defaults hold: see config.example.toml."`
	LogLevel string `enum:",debug,info,warn,error" default:"" help:"debug, info, warn or error."`
}

func (s *settings) flags() map[string]string {
	return map[string]string{"server.log_level": s.LogLevel}
}

type serveCmd struct {
	settings `embed:""`
	Listen   string `help:"Address to listen on, such as 0.0.0.0:8080."`
	DataDir  string `type:"path" help:"Where streams, database and token are kept."`
}

func (c *serveCmd) Run(w *world) error {
	flags := c.flags()
	flags["server.listen"], flags["server.data_dir"] = c.Listen, c.DataDir
	cfg, err := config.Load(c.Config, w.env, flags, server.Validate(server.Everything, ""))
	if err != nil {
		return err
	}
	return start(w, server.Options{Config: cfg, Role: server.Everything})
}

type hubCmd struct {
	settings `embed:""`
	Listen   string `help:"Address to listen on, such as 0.0.0.0:8080."`
}

func (c *hubCmd) Run(w *world) error {
	flags := c.flags()
	flags["server.listen"] = c.Listen
	cfg, err := config.Load(c.Config, w.env, flags, server.Validate(server.HubOnly, ""))
	if err != nil {
		return err
	}
	return start(w, server.Options{Config: cfg, Role: server.HubOnly})
}

type workerCmd struct {
	settings `embed:""`
	Listen   string `env:"BELLHOP_WORKER_LISTEN" placeholder:"HOST:PORT" help:"Address at which to answer /healthz, /readyz and /metrics, to anybody; without one the worker listens nowhere."`
	System   string `arg:"" help:"The system to serve: the name of its [providers.NAME] section, or of one that was added to the running hub, for which the worker needs server.secret_key."`
}

func (c *workerCmd) Run(w *world) error {
	system := hub.System(c.System)
	cfg, err := config.LoadWorker(c.Config, w.env, c.flags(), server.Validate(server.WorkerOnly, system))
	if err != nil {
		return err
	}
	return start(w, server.Options{Config: cfg, Role: server.WorkerOnly, System: system, Listen: c.Listen})
}

// start runs a server until the process is told to stop.
func start(w *world, o server.Options) error {
	o.Version, o.Log = version, newLog(w.stderr, o.Config.Server)
	o.Started = func(r server.Ready) { welcome(w.stderr, o, r) }
	s, err := server.New(o)
	if err != nil {
		return err
	}
	go boundMemory(w.ctx, w.env)
	return ignoreStop(w, s.Run(w.ctx))
}

// welcome tells a person what to do next.
func welcome(out io.Writer, o server.Options, r server.Ready) {
	if o.Role == server.WorkerOnly {
		_, _ = fmt.Fprintf(out, "bellhop %s: worker of %s\n", version, o.System)
		if r.URL != "" {
			_, _ = fmt.Fprintf(out, "  Health and metrics: %s/readyz, %s/metrics\n", r.URL, r.URL)
		}
		return
	}
	_, _ = fmt.Fprintf(out, "bellhop %s: listening on %s\n", version, r.URL)
	if r.TokenFile != "" {
		_, _ = fmt.Fprintf(out, "  An admin token was made for you: %s\n", r.TokenFile)
	}
	if len(o.Config.Sources) == 0 {
		_, _ = fmt.Fprintf(out, "  No source in the file: name your forum in a [sources.NAME] section, see config.example.toml,\n  or add it to the running hub: bellhop sources add; then point a webhook of the forum at /in/NAME.\n")
	}
	_, _ = fmt.Fprintf(out, "  Open the pane (once, within ten minutes; bellhop admin link makes another):\n    %s/login?code=%s\n",
		cmp.Or(o.Config.Server.PublicURL, r.URL), r.LoginCode())
	_, _ = fmt.Fprintf(out, "  Rooms in the browser: %s/console\n", r.URL)
	if len(o.Config.Sources) > 0 {
		_, _ = fmt.Fprintf(out, "  Subscribe a room:     bellhop subs add console support 'c/support' --server %s\n", r.URL)
	}
}

// newLog makes the log as configured; in colour where a person reads it.
func newLog(out io.Writer, c config.Server) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: c.LogLevel}))
	}
	if f, ok := out.(*os.File); ok && terminal(f) {
		return slog.New(tint.NewTextHandler(out, &tint.Options{Level: c.LogLevel, TimeFormat: "15:04:05"}))
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: c.LogLevel}))
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
