package main

import (
	"fmt"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
)

type checkCmd struct {
	settings `embed:""`
}

func (checkCmd) Help() string {
	return `Each line is one thing that must work: the configuration, NATS, the database, and
each system's credentials, which are shown to their platform. Nothing is posted.

Exit code 0: all is well; 1: something does not work; 2: the configuration is wrong.`
}

func (c *checkCmd) Run(w *world) error {
	cfg, err := config.Load(c.Config, w.env, c.flags(), server.Validate(server.Everything, ""))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w.stdout, "ok      configuration: %d sources, %d systems\n", len(cfg.Sources), len(cfg.Providers))
	s, err := server.New(server.Options{Config: cfg, Version: version, Log: newLog(w.stderr, cfg.Server)})
	if err != nil {
		return err
	}
	failed := false
	s.Check(w.ctx, func(what string, err error) {
		if err == nil {
			_, _ = fmt.Fprintf(w.stdout, "ok      %s\n", what)
			return
		}
		failed = true
		_, _ = fmt.Fprintf(w.stdout, "FAILED  %s: %s\n", what, err)
	})
	if failed {
		return errReported
	}
	return nil
}
