package server

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
)

// chatOf is the operators' chat as the configuration has it.
func chatOf(c config.Alerts) admin.AlertsChat {
	return admin.AlertsChat{System: c.System, Chat: c.Chat}
}

// about tells what runs where.
func (s *Server) about(ctx context.Context) (admin.About, error) {
	c := s.Config
	a := admin.About{
		Version: s.Version, PublicURL: c.Server.PublicURL, DataDir: c.Server.DataDir, Database: s.store.Dialect(), NATS: natsKind(c),
		Kept: []admin.Store{
			{Name: "events", Days: days(bus.EventsFor)},
			{Name: "deliveries", Days: days(c.Deliver.Retention), Key: "deliver.retention"},
			{Name: "dead", Days: days(bus.DeadFor)},
			{Name: "audit", Days: days(c.Admin.AuditRetention), Key: "admin.audit_retention"},
		},
	}
	var err error
	if a.Schema, err = s.store.Schema(ctx); err != nil {
		return a, err
	}
	free, size, err := diskSpace(c.Server.DataDir)
	if errors.Is(err, fs.ErrNotExist) { // with NATS and PostgreSQL elsewhere nothing is kept here
		return a, nil
	}
	if err == nil {
		a.Disk = &admin.Room{Free: free, Size: size}
	}
	return a, err
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
