package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
	"github.com/bellhop-chat/bellhop/web"
)

// Keys of settings.
const (
	alertsKey = "alerts"
	lookKey   = "look"
	backupKey = "backup" // the last one; nothing that people set
)

// AlertsChat is where the operators hear what needs them.
type AlertsChat struct {
	System string `json:"system,omitempty" toml:"system,omitempty"`
	Chat   string `json:"chat,omitempty" toml:"chat,omitempty"`
}

// Look is how pages look to people who have not chosen.
type Look struct {
	Theme    string `json:"theme,omitempty" toml:"theme,omitempty"`       // light or dark; empty: as the reader's system
	Language string `json:"language,omitempty" toml:"language,omitempty"` // empty: as the reader's browser
}

// Given is what the configuration file defines of what can be set here. What it
// defines cannot be changed here.
type Given struct{ Alerts AlertsChat }

// About is what runs where, and how long what is kept. Zero durations are for ever.
type About struct {
	Version   string  `json:"version"`
	PublicURL string  `json:"public_url,omitempty"`
	DataDir   string  `json:"data_dir"`
	Database  string  `json:"database"` // sqlite or postgres
	Schema    int64   `json:"schema"`
	NATS      string  `json:"nats"` // embedded or external
	Disk      *Room   `json:"disk,omitempty"`
	Kept      []Store `json:"kept"`
}

// Room is how large something is and how much of it is free, in bytes.
type Room struct {
	Free int64 `json:"free"`
	Size int64 `json:"size"`
}

// Store is something that is kept for a time.
type Store struct {
	Name string `json:"name"`          // events, deliveries, audit, dead
	Days int    `json:"days"`          // 0: for ever
	Key  string `json:"key,omitempty"` // of the configuration that decides it; empty: nothing does
}

// HouseSettings are all settings as they are in force.
type HouseSettings struct {
	About  About      `json:"about"`
	Alerts AlertsChat `json:"alerts"`
	// AlertsBy is the section of the configuration that defines the alerts chat, empty
	// if it is set here or nowhere.
	AlertsBy string      `json:"alerts_by,omitempty"`
	Look     Look        `json:"look"`
	Backup   *LastBackup `json:"last_backup,omitempty"`
}

// settings are what is stored, read again now and then: another hub may have
// changed them.
type settings struct {
	mu   sync.Mutex
	at   time.Time
	rows map[string]hub.Setting
}

// settingsLast is for how long they are told again.
const settingsLast = 2 * time.Second

// setting reads the value of a key into v; one that is not set leaves it as it is.
func (s *Server) setting(ctx context.Context, key string, v any) (version int64, err error) {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	if now := s.Now(); s.set.rows == nil || now.Sub(s.set.at) > settingsLast || now.Before(s.set.at) {
		all, err := s.Settings.Settings(ctx)
		if err != nil {
			return 0, err
		}
		s.set.at, s.set.rows = now, map[string]hub.Setting{}
		for _, one := range all {
			s.set.rows[one.Key] = one
		}
	}
	row := s.set.rows[key]
	if len(row.Value) == 0 {
		return row.Version, nil
	}
	return row.Version, json.Unmarshal(row.Value, v)
}

// forget makes the next look read what is stored.
func (s *Server) forgetSettings() {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	s.set.rows = nil
}

// change stores a setting. What was there is read before, so that of two who
// change it at once one is refused.
func (s *Server) changeSetting(ctx context.Context, key string, before, after any) error {
	s.forgetSettings()
	version, err := s.setting(ctx, key, before)
	if err != nil {
		return err
	}
	value, err := json.Marshal(after)
	if err != nil {
		return err
	}
	err = s.Settings.PutSetting(ctx, &hub.Setting{Key: key, Value: value, Version: version, UpdatedBy: Who(ctx)})
	s.forgetSettings()
	return err
}

func (s *Server) auditSetting(ctx context.Context, key string, before, after any) {
	e := hub.AuditEntry{Action: "settings." + key, Outcome: hub.OutcomeUpdated, Before: asJSON(before), After: asJSON(after)}
	if string(e.Before) == string(e.After) {
		e.Outcome = hub.OutcomeUnchanged
	}
	s.record(ctx, e)
}

// AlertsChat is where the operators hear what needs them, empty for nowhere. by is
// the section of the configuration that says so.
func (s *Server) AlertsChat(ctx context.Context) (chat AlertsChat, by string, err error) {
	if s.Given.Alerts.System != "" {
		return s.Given.Alerts, "[alerts]", nil
	}
	_, err = s.setting(ctx, alertsKey, &chat)
	return chat, "", err
}

// SetAlerts sets where the operators hear what needs them; it holds at once.
func (s *Server) SetAlerts(ctx context.Context, to AlertsChat) error {
	bad, err := s.alertsProblems(ctx, to)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return invalid(bad)
	}
	var before AlertsChat
	if err := s.changeSetting(ctx, alertsKey, &before, to); err != nil {
		return err
	}
	s.auditSetting(ctx, alertsKey, before, to)
	return nil
}

func (s *Server) alertsProblems(ctx context.Context, to AlertsChat) (map[string]string, error) {
	if s.Given.Alerts.System != "" {
		return nil, hub.Errorf(hub.CodeConflict, "the alerts chat is managed by the configuration file: change [alerts] there, or take system out of it")
	}
	bad := map[string]string{}
	if to == (AlertsChat{}) {
		return bad, nil
	}
	systems, err := s.Systems(ctx)
	if err != nil {
		return nil, err
	}
	if problem := systemProblem(systems, hub.System(to.System)); problem != "" {
		bad["system"] = problem
	}
	if to.Chat == "" || len(to.Chat) > 255 {
		bad["chat"] = "is required: a chat of the system, 1 to 255 bytes"
	}
	return bad, nil
}

// TestAlerts sends a test alert.
func (s *Server) TestAlerts(ctx context.Context) error {
	to, _, err := s.AlertsChat(ctx)
	if err != nil {
		return err
	}
	if to.System == "" {
		return hub.Errorf(hub.CodeConflict, "no alerts chat is set")
	}
	chat := hub.Chat{System: hub.System(to.System), ID: to.Chat}
	if err := s.Alert(ctx, chat, hub.Message{Text: "**This is a test alert** that " + oneLine(Who(ctx)) + " asked for. What needs you is told here."}); err != nil {
		return err
	}
	s.record(ctx, hub.AuditEntry{System: chat.System, Chat: chat.ID, Action: "settings.alerts.test", Outcome: hub.OutcomeOK})
	return nil
}

// Look is how pages look to people who have not chosen.
func (s *Server) Look(ctx context.Context) (look Look, err error) {
	_, err = s.setting(ctx, lookKey, &look)
	return look, err
}

// SetLook sets how pages look to people who have not chosen.
func (s *Server) SetLook(ctx context.Context, look Look) error {
	if bad := lookProblems(look); len(bad) > 0 {
		return invalid(bad)
	}
	var before Look
	if err := s.changeSetting(ctx, lookKey, &before, look); err != nil {
		return err
	}
	s.auditSetting(ctx, lookKey, before, look)
	return nil
}

func lookProblems(look Look) map[string]string {
	bad := map[string]string{}
	if !slices.Contains([]string{"", "light", "dark"}, look.Theme) {
		bad["theme"] = `is light, dark, or "" for that of the reader's system`
	}
	if look.Language != "" && !slices.Contains(web.Languages(), look.Language) {
		bad["language"] = `is "" for that of the reader's browser, or ` + alternatives(web.Languages())
	}
	return bad
}

// HouseSettings are all settings as they are in force.
func (s *Server) HouseSettings(ctx context.Context) (*HouseSettings, error) {
	about, err := s.About(ctx)
	if err != nil {
		return nil, err
	}
	h := &HouseSettings{About: about}
	if h.Alerts, h.AlertsBy, err = s.AlertsChat(ctx); err != nil {
		return nil, err
	}
	if h.Look, err = s.Look(ctx); err != nil {
		return nil, err
	}
	h.Backup, err = s.LastBackup(ctx)
	return h, err
}

func (s *Server) getSettings(w http.ResponseWriter, r *http.Request) error {
	h, err := s.HouseSettings(r.Context())
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, h)
}

func (s *Server) putAlerts(w http.ResponseWriter, r *http.Request) error {
	var to AlertsChat
	if err := s.decode(w, r, &to, jsonContent); err != nil {
		return err
	}
	if err := s.SetAlerts(r.Context(), to); err != nil {
		return err
	}
	return s.getSettings(w, r)
}

func (s *Server) testAlerts(w http.ResponseWriter, r *http.Request) error {
	if err := s.TestAlerts(r.Context()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (s *Server) putLook(w http.ResponseWriter, r *http.Request) error {
	var look Look
	if err := s.decode(w, r, &look, jsonContent); err != nil {
		return err
	}
	if err := s.SetLook(r.Context(), look); err != nil {
		return err
	}
	return s.getSettings(w, r)
}

// alertsKind is the alerts chat in a document of the house.
func (s *Server) alertsKind() house.Kind[AlertsChat] {
	return house.Kind[AlertsChat]{
		Name: alertsKey, One: true,
		Key:  func(AlertsChat) string { return alertsKey },
		Line: func(a AlertsChat) string { return "alerts go to " + a.System + " | " + a.Chat },
		Read: func(ctx context.Context) (list []AlertsChat, err error) {
			var a AlertsChat
			s.forgetSettings()
			if _, err := s.setting(ctx, alertsKey, &a); err != nil || a == (AlertsChat{}) {
				return nil, err
			}
			return []AlertsChat{a}, nil
		},
		Check: func(ctx context.Context, things, there []AlertsChat, note func(int, string, string)) error {
			if slices.Equal(things, there) || len(things) == 0 {
				return nil
			}
			bad, err := s.alertsProblems(ctx, things[0])
			if hub.CodeOf(err) == hub.CodeConflict {
				note(0, "", err.Error())
				return nil
			}
			for field, problem := range bad {
				note(0, field, problem)
			}
			return err
		},
		Apply: func(ctx context.Context, changes []house.Change[AlertsChat]) error {
			return s.SetAlerts(ctx, afterOf(changes))
		},
	}
}

// lookKind is the look in a document of the house.
func (s *Server) lookKind() house.Kind[Look] {
	return house.Kind[Look]{
		Name: lookKey, One: true,
		Key: func(Look) string { return lookKey },
		Line: func(l Look) string {
			line := "pages look " + l.Theme
			if l.Theme == "" {
				line = "pages look as the reader's system"
			}
			if l.Language != "" {
				line += ", in the language " + l.Language
			}
			return line
		},
		Read: func(ctx context.Context) ([]Look, error) {
			var l Look
			s.forgetSettings()
			if _, err := s.setting(ctx, lookKey, &l); err != nil || l == (Look{}) {
				return nil, err
			}
			return []Look{l}, nil
		},
		Check: func(_ context.Context, things, _ []Look, note func(int, string, string)) error {
			for i, l := range things {
				for field, problem := range lookProblems(l) {
					note(i, field, problem)
				}
			}
			return nil
		},
		Apply: func(ctx context.Context, changes []house.Change[Look]) error {
			return s.SetLook(ctx, afterOf(changes))
		},
	}
}

// afterOf is what the one thing of its kind becomes.
func afterOf[T any](changes []house.Change[T]) (after T) {
	for _, c := range changes {
		if c.After != nil {
			after = *c.After
		}
	}
	return after
}
