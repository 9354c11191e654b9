package admin

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const tarContent = "application/x-tar"

// Backup is what a backup holds, gathered already.
type Backup interface {
	// WriteTo writes it as a tar.
	io.WriterTo
	// Close removes what was gathered. It must be called.
	io.Closer
}

// LastBackup is when a backup was made last that was taken whole.
type LastBackup struct {
	At    time.Time `json:"at"`
	Who   string    `json:"who"`
	Bytes int64     `json:"bytes"`
}

// LastBackup is the last backup, nil if none was ever made here.
func (s *Server) LastBackup(ctx context.Context) (*LastBackup, error) {
	var last LastBackup
	if _, err := s.setting(ctx, backupKey, &last); err != nil || last.At.IsZero() {
		return nil, err
	}
	return &last, nil
}

// WriteBackup answers with a backup. One is made at a time: each needs room for a
// copy.
func (s *Server) WriteBackup(w http.ResponseWriter, r *http.Request) error {
	if !s.backups.TryLock() {
		return hub.Errorf(hub.CodeConflict, "another backup is being made: wait for it, then try again")
	}
	defer s.backups.Unlock()
	ctx := r.Context()
	b, err := s.Backup(ctx)
	if err != nil {
		s.record(ctx, hub.AuditEntry{Action: "backup.create", Outcome: hub.OutcomeError, Message: err.Error()})
		return err
	}
	defer func() {
		if err := b.Close(); err != nil {
			s.Log.WarnContext(ctx, "what a backup was made of could not be removed", "err", err)
		}
	}()
	now := s.Now().UTC()
	h := w.Header()
	h.Set("Content-Type", tarContent)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", `attachment; filename="bellhop-`+now.Format("20060102-150405")+`.tar"`)
	n, err := b.WriteTo(w)
	if err != nil {
		s.record(ctx, hub.AuditEntry{Action: "backup.create", Outcome: hub.OutcomeError, Message: "whoever asked for it went away, or it could not be read"})
		panic(http.ErrAbortHandler) // or it would look whole
	}
	ctx = context.WithoutCancel(ctx)
	last := LastBackup{At: now, Who: Who(ctx), Bytes: n}
	if err := s.changeSetting(ctx, backupKey, &LastBackup{}, last); err != nil {
		s.Log.WarnContext(ctx, "when the last backup was made could not be noted", "err", err)
	}
	s.record(ctx, hub.AuditEntry{Action: "backup.create", Outcome: hub.OutcomeOK, After: asJSON(last)})
	return nil
}

func (s *Server) getBackup(w http.ResponseWriter, r *http.Request) error { return s.WriteBackup(w, r) }
