package admin

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

// ChatSettings keeps what people have set for chats.
type ChatSettings interface {
	// ChatSettings of a chat for which nothing was set have only its name.
	ChatSettings(ctx context.Context, chat hub.Chat) (hub.ChatSettings, error)
	// AllChatSettings are those of the chats of a system, of every one if it is
	// empty, for which something was set.
	AllChatSettings(ctx context.Context, system hub.System) ([]hub.ChatSettings, error)
	// ChangeChat may call change more than once. Its error ends it.
	ChangeChat(ctx context.Context, chat hub.Chat, change func(*hub.ChatSettings) error) (hub.ChatSettings, error)
}

// chatStatus is a chat's settings and what they mean by now. Only Quiet and Zone
// can be set.
type chatStatus struct {
	hub.Chat               // "system", "chat"
	Quiet        string    `json:"quiet,omitempty"`
	Zone         string    `json:"zone,omitempty"`
	Clock        string    `json:"clock"`
	SnoozedUntil time.Time `json:"snoozed_until,omitzero"`
	SilentUntil  time.Time `json:"silent_until,omitzero"`
	NextQuietAt  time.Time `json:"next_quiet_at,omitzero"`
	Summary      string    `json:"summary"`
}

type snoozeInput struct {
	For   string `json:"for,omitempty"`
	Until string `json:"until,omitempty"`
}

func (s *Server) listChatSettings(w http.ResponseWriter, r *http.Request) error {
	all, err := s.ChatSettings.AllChatSettings(r.Context(), hub.System(r.URL.Query().Get("system")))
	if err != nil {
		return err
	}
	now := s.Now()
	var shown []chatStatus
	for _, c := range all {
		if c.Says(now) {
			shown = append(shown, s.chatStatus(c, now))
		}
	}
	return s.answer(w, r, http.StatusOK, listOf(shown, ""))
}

func (s *Server) getChat(w http.ResponseWriter, r *http.Request) error {
	chat, err := s.chatOf(r)
	if err != nil {
		return err
	}
	c, err := s.ChatSettings.ChatSettings(r.Context(), chat)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, s.chatStatus(c, s.Now()))
}

func (s *Server) putChat(w http.ResponseWriter, r *http.Request) error {
	var in chatStatus
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	return s.tellChat(w, r, func(chat hub.Chat) (chatStatus, error) { return s.SetQuiet(r.Context(), chat, in.Quiet, in.Zone) })
}

func (s *Server) snoozeChat(w http.ResponseWriter, r *http.Request) error {
	var in snoozeInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	field, text := "until", in.Until
	switch {
	case (in.For == "") == (in.Until == ""):
		return invalid(map[string]string{"for": `is needed, such as "2h", or until, such as "09:00"; not both`})
	case in.For != "":
		field, text = "for", in.For
	}
	if wrong := strings.Contains(text, ":"); wrong != (field == "until") {
		return invalidField(field, map[string]string{"for": `is how long: "2h", "3d"`, "until": `is when it ends: "09:00" or "2026-01-10T09:00:00Z"`}[field])
	}
	return s.tellChat(w, r, func(chat hub.Chat) (chatStatus, error) { return s.snooze(r.Context(), chat, field, text) })
}

func (s *Server) resumeChat(w http.ResponseWriter, r *http.Request) error {
	return s.tellChat(w, r, func(chat hub.Chat) (chatStatus, error) { return s.EndSnooze(r.Context(), chat) })
}

func (s *Server) tellChat(w http.ResponseWriter, r *http.Request, change func(hub.Chat) (chatStatus, error)) error {
	now, err := change(hub.Chat{System: hub.System(r.PathValue("system")), ID: r.PathValue("chat")})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, now)
}

// ChatStatus is a chat's settings and what they mean by now.
type ChatStatus = chatStatus

// SetQuiet changes the hours of each day in which a chat is left alone, and its
// zone. No hours end them; an empty zone is the configured one.
func (s *Server) SetQuiet(ctx context.Context, chat hub.Chat, quiet, zone string) (ChatStatus, error) {
	return s.changeChat(ctx, chat, "chat.quiet", func(c *hub.ChatSettings, now time.Time) error {
		return c.SetQuiet(quiet, zone, s.Zone, now)
	})
}

// Snooze leaves a chat alone for some time ("2h") or until then ("09:00").
func (s *Server) Snooze(ctx context.Context, chat hub.Chat, text string) (ChatStatus, error) {
	return s.snooze(ctx, chat, "for", text)
}

func (s *Server) snooze(ctx context.Context, chat hub.Chat, field, text string) (chatStatus, error) {
	return s.changeChat(ctx, chat, "chat.snooze", func(c *hub.ChatSettings, now time.Time) error {
		schedule, _ := c.Schedule(s.Zone) // of one that cannot be read, the zone that is configured
		until, err := hub.ParseSnooze(text, now, schedule.Zone())
		if err != nil {
			return invalidField(field, err.Error())
		}
		if err := c.Snooze(until, now); err != nil {
			return invalidField(field, err.Error())
		}
		return nil
	})
}

// EndSnooze ends a snooze. Quiet hours go on.
func (s *Server) EndSnooze(ctx context.Context, chat hub.Chat) (ChatStatus, error) {
	return s.changeChat(ctx, chat, "chat.resume", func(c *hub.ChatSettings, now time.Time) error {
		c.Resume(now)
		return nil
	})
}

// StatusOf is when a chat is left alone.
func (s *Server) StatusOf(ctx context.Context, chat hub.Chat) (ChatStatus, error) {
	c, err := s.ChatSettings.ChatSettings(ctx, chat)
	return s.chatStatus(c, s.Now()), err
}

// ChatStatuses are those of the chats for which something was set, by chat.
func (s *Server) ChatStatuses(ctx context.Context) (map[hub.Chat]ChatStatus, error) {
	all, err := s.ChatSettings.AllChatSettings(ctx, "")
	if err != nil {
		return nil, err
	}
	now, shown := s.Now(), map[hub.Chat]ChatStatus{}
	for _, c := range all {
		if c.Says(now) {
			shown[c.Chat] = s.chatStatus(c, now)
		}
	}
	return shown, nil
}

func (s *Server) changeChat(ctx context.Context, chat hub.Chat, action string, change func(*hub.ChatSettings, time.Time) error) (chatStatus, error) {
	if err := s.knownChat(ctx, chat); err != nil {
		return chatStatus{}, err
	}
	now := s.Now().UTC()
	var before chatSetting
	c, err := s.ChatSettings.ChangeChat(ctx, chat, func(c *hub.ChatSettings) error {
		before = settingOf(c, now)
		return change(c, now)
	})
	if err != nil {
		return chatStatus{}, err
	}
	s.auditChat(ctx, action, chat, before, settingOf(&c, now))
	return s.chatStatus(c, now), nil
}

// chatSetting is what the audit log keeps of a chat's settings.
type chatSetting struct {
	Quiet        string    `json:"quiet,omitempty"`
	Zone         string    `json:"zone,omitempty"`
	SnoozedUntil time.Time `json:"snoozed_until,omitzero"`
}

func settingOf(c *hub.ChatSettings, now time.Time) chatSetting {
	set := chatSetting{Quiet: c.Quiet, Zone: c.Zone}
	if c.Snoozed.Until.After(now) {
		set.SnoozedUntil = c.Snoozed.Until.UTC()
	}
	return set
}

func (s *Server) auditChat(ctx context.Context, action string, chat hub.Chat, before, after chatSetting) {
	outcome := hub.OutcomeUpdated
	if before == after {
		outcome = hub.OutcomeUnchanged
	}
	s.record(ctx, hub.AuditEntry{System: chat.System, Chat: chat.ID, Action: action, Outcome: outcome, Before: asJSON(before), After: asJSON(after)})
}

// chatOf is the chat that a path names, which need not have heard anything yet.
func (s *Server) chatOf(r *http.Request) (hub.Chat, error) {
	chat := hub.Chat{System: hub.System(r.PathValue("system")), ID: r.PathValue("chat")}
	return chat, s.knownChat(r.Context(), chat)
}

// knownChat is an error where messages cannot go to a chat, whatever is there.
func (s *Server) knownChat(ctx context.Context, chat hub.Chat) error {
	if err := s.KnownSystem(ctx, chat.System); err != nil {
		return err
	}
	if chat.ID == "" || len(chat.ID) > 255 || strings.ContainsFunc(chat.ID, unicode.IsControl) {
		return hub.Errorf(hub.CodeNotFound, "a chat has 1 to 255 printable bytes")
	}
	return nil
}

func (s *Server) chatStatus(c hub.ChatSettings, now time.Time) chatStatus {
	schedule, err := c.Schedule(s.Zone)
	zone := schedule.Zone()
	out := chatStatus{Chat: c.Chat, Quiet: c.Quiet, Zone: c.Zone, Clock: zone.String()}
	if c.Snoozed.Until.After(now) {
		out.SnoozedUntil = c.Snoozed.Until.In(zone)
	}
	if until := schedule.Silent(now); !until.IsZero() {
		out.SilentUntil = until.In(zone)
	} else if from := schedule.Next(now); !from.IsZero() {
		out.NextQuietAt = from.In(zone)
	}
	switch {
	case err != nil:
		out.Summary = "what was set cannot be read: set it anew"
	case !out.SilentUntil.IsZero() && out.SilentUntil.Equal(out.SnoozedUntil):
		out.Summary = "snoozed until " + hub.OnClock(out.SilentUntil, now)
	case !out.SilentUntil.IsZero():
		out.Summary = "quiet until " + hub.OnClock(out.SilentUntil, now)
	case !out.NextQuietAt.IsZero():
		out.Summary = "quiet next from " + hub.OnClock(out.NextQuietAt, now)
	default:
		out.Summary = "never quiet"
	}
	return out
}
