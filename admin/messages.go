package admin

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	maxText  = 40_000 // bytes
	maxTitle = 80     // characters, in the delivery log
)

type messageInput struct {
	System hub.System `json:"system"`
	Chat   string     `json:"chat"`
	Text   string     `json:"text"`
}

func (in messageInput) to() hub.Chat { return hub.Chat{System: in.System, ID: in.Chat} }

func (s *Server) sendMessage(w http.ResponseWriter, r *http.Request) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	var in messageInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	if bad := messageProblems(systems, in); len(bad) > 0 {
		return invalid(bad)
	}
	known, err := s.sentBefore(r.Context(), id, in)
	if err != nil {
		return err
	}
	if !known {
		if err := s.queue(r.Context(), id, in); err != nil {
			return err
		}
	}
	w.Header().Set("Location", prefix+"/messages/"+string(id))
	return s.answer(w, r, http.StatusAccepted, map[string]hub.NotificationID{"id": id})
}

// messageID makes a new id, or that of the request's key: the same key, the
// same message.
func messageID(r *http.Request) (hub.NotificationID, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return "", invalidField("Idempotency-Key", "is longer than 200 bytes")
	}
	if key == "" {
		return hub.NotificationID("n" + hub.Digest("message", rand.Text())), nil
	}
	return hub.NotificationID("n" + hub.Digest("message with key", key)), nil
}

func messageProblems(systems []hub.SystemStatus, in messageInput) map[string]string {
	bad := map[string]string{}
	if problem := chatProblem(in.Chat); problem != "" {
		bad["chat"] = problem
	}
	if strings.TrimSpace(in.Text) == "" {
		bad["text"] = "is required"
	} else if len(in.Text) > maxText {
		bad["text"] = "is longer than 40,000 bytes"
	}
	if problem := systemProblem(systems, in.System); problem != "" {
		bad["system"] = problem
	}
	return bad
}

// chatProblem says why a text cannot be the id of a chat, "" if it can.
func chatProblem(chat string) string {
	if chat == "" || len(chat) > 255 || strings.ContainsFunc(chat, unicode.IsControl) {
		return "is required: a chat of the system, 1 to 255 bytes"
	}
	return ""
}

// sentBefore reports whether this message was queued already. A key that stood
// for another message is the sender's mistake.
func (s *Server) sentBefore(ctx context.Context, id hub.NotificationID, in messageInput) (bool, error) {
	d, err := s.Deliveries.GetDelivery(ctx, id)
	if hub.CodeOf(err) == hub.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if d.Chat != in.to() || d.Title != "" && d.Title != title(in.Text) {
		return false, invalidField("Idempotency-Key", "was used for another message")
	}
	return true, nil
}

// queue hands the message over first and notes it then: a note without a
// message would wait for ever.
func (s *Server) queue(ctx context.Context, id hub.NotificationID, in messageInput) error {
	now := s.Now().UTC()
	n := hub.Notification{
		Version: hub.ActSend.Version(), ID: id, Chat: in.to(), Message: hub.Message{Text: in.Text}, QueuedAt: now,
	}
	if err := s.Notifier.Notify(ctx, n); err != nil {
		return err
	}
	s.record(ctx, hub.AuditEntry{
		System: in.System, Chat: in.Chat, Action: "message.send", Outcome: hub.OutcomeOK, Message: title(in.Text), After: asJSON(map[string]hub.NotificationID{"id": id}),
	})
	d := hub.Delivery{ID: id, Chat: in.to(), Title: title(in.Text), Status: hub.StatusQueued, QueuedAt: now, UpdatedAt: now}
	if err := s.Deliveries.RecordQueued(ctx, []hub.Delivery{d}); err != nil {
		s.Log.WarnContext(ctx, "message queued but not in the delivery log", "notification", id, "err", err)
	}
	return nil
}

// title is what the delivery log shows of a text: the beginning of its first line.
func title(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.TrimSpace(line)
	if utf8.RuneCountInString(line) <= maxTitle {
		return line
	}
	return string([]rune(line)[:maxTitle-1]) + "…"
}
