package admin_test

import (
	"context"
	"errors"
	"io"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// household is what a memory keeps of the house.
type household struct {
	set     []hub.Setting
	alerted []hub.Chat
	torn    bool // a backup breaks off in the middle
	closed  int  // how many backups were closed
}

func (h *household) Settings(context.Context) ([]hub.Setting, error) { return h.set, nil }

func (h *household) PutSetting(_ context.Context, s *hub.Setting) error {
	for i, known := range h.set {
		if known.Key == s.Key {
			s.Version++
			h.set[i] = *s
			return nil
		}
	}
	s.Version = 1
	h.set = append(h.set, *s)
	return nil
}

func (*household) ChangeSubscriptions(context.Context, []hub.SubscriptionChange) error { return nil }

func (*household) RankedUsers(context.Context) ([]hub.ChatUser, error) { return nil, nil }

func (*household) ChangeUsers(context.Context, []hub.UserChange) error { return nil }

func (*household) about(context.Context) (admin.About, error) {
	return admin.About{
		Version: "1.2.3", DataDir: "./data", Database: "sqlite", Schema: 11, NATS: "embedded", Disk: &admin.Room{Free: 1, Size: 2},
		Kept: []admin.Store{{Name: "events", Days: 30}, {Name: "audit", Days: 365, Key: "admin.audit_retention"}},
	}, nil
}

func (h *household) alert(_ context.Context, to hub.Chat, _ hub.Message) error {
	h.alerted = append(h.alerted, to)
	return nil
}

func (h *household) backup(context.Context) (admin.Backup, error) { return &tape{h}, nil }

// tape is a backup of ten bytes.
type tape struct{ h *household }

func (t *tape) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write([]byte("0123456789"))
	if t.h.torn {
		err = errors.New("the disk is away")
	}
	return int64(n), err
}

func (t *tape) Close() error {
	t.h.closed++
	return nil
}
