package admin_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// sections keeps what is made in memory. The platform says what proof holds.
type sections struct {
	all   map[string]hub.SectionShown
	proof hub.Proof
	asked []string // what was to be proved
	holds map[hub.System]hub.Hold
}

var _ admin.Sections = (*sections)(nil)

func newSections() *sections {
	return &sections{
		all:   map[string]hub.SectionShown{"source meta": {Part: hub.PartSource, Name: "meta", Kind: "discourse", Managed: hub.ManagedHere, Settings: map[string]any{"url": "https://forum.example.com"}, Secrets: map[string]hub.SecretShown{"secret": {Set: true, Ends: "9f3c"}}, Version: 3}},
		proof: hub.Proof{OK: true, Account: "@bellhop"},
		holds: map[hub.System]hub.Hold{},
	}
}

func (s *sections) Kinds() []hub.SectionKind {
	return []hub.SectionKind{{Part: hub.PartSystem, Kind: "slack", Fields: []hub.SectionKey{{Name: "token", Type: hub.SettingSecret, Required: true, About: "The token."}}}}
}

func (s *sections) NewSecret(string) secret.Value { return secret.New("a-fresh-secret") }

func (s *sections) All(part hub.SectionPart) (list []hub.SectionShown) {
	for _, key := range slices.Sorted(maps.Keys(s.all)) {
		if s.all[key].Part == part {
			list = append(list, s.all[key])
		}
	}
	return list
}

func (s *sections) Find(part hub.SectionPart, name string) (*hub.SectionShown, error) {
	if found, ok := s.all[string(part)+" "+name]; ok {
		return &found, nil
	}
	return nil, hub.Errorf(hub.CodeNotFound, "there is no %s %q", part, name)
}

func (s *sections) Prove(_ context.Context, part hub.SectionPart, name string, change *hub.SectionChange, _ bool) (*hub.Proof, error) {
	what := " as it is"
	if change != nil {
		what = " changed"
	}
	s.asked = append(s.asked, string(part)+" "+name+what)
	return &s.proof, nil
}

func (s *sections) Make(_ context.Context, part hub.SectionPart, in hub.SectionChange, by string) (*hub.SectionShown, error) {
	made := hub.SectionShown{Part: part, Name: in.Name, Kind: in.Kind, Managed: hub.ManagedHere, Settings: map[string]any{}, Secrets: map[string]hub.SecretShown{"token": {Set: true}}, Version: 1, MadeBy: by}
	s.all[string(part)+" "+in.Name] = made
	return &made, nil
}

func (s *sections) Change(_ context.Context, part hub.SectionPart, name string, in hub.SectionChange, _ bool, by string) (before, after *hub.SectionShown, err error) {
	if before, err = s.Find(part, name); err != nil {
		return nil, nil, err
	}
	now := *before
	now.Version, now.ChangedBy, now.Settings = before.Version+1, by, in.Settings
	if now.Settings == nil {
		now.Settings = map[string]any{}
	}
	s.all[string(part)+" "+name] = now
	return before, &now, nil
}

func (s *sections) Remove(_ context.Context, part hub.SectionPart, name string) (*hub.SectionShown, error) {
	before, err := s.Find(part, name)
	delete(s.all, string(part)+" "+name)
	return before, err
}

func (s *sections) Rotate(ctx context.Context, source, by string) (secret.Value, *hub.SectionShown, *hub.SectionShown, error) {
	before, after, err := s.Change(ctx, hub.PartSource, source, hub.SectionChange{}, true, by)
	return secret.New("a fresh secret of the webhook"), before, after, err
}

func (s *sections) Removal(_ context.Context, part hub.SectionPart, name string) (*hub.Removal, error) {
	if _, err := s.Find(part, name); err != nil {
		return nil, err
	}
	return &hub.Removal{Subscriptions: 2, Waiting: 7}, nil
}

func (s *sections) hold(_ context.Context, system hub.System) (*hub.Hold, error) {
	if h, ok := s.holds[system]; ok {
		return &h, nil
	}
	return nil, nil
}

func (s *sections) setHold(_ context.Context, system hub.System, h hub.Hold) error {
	s.holds[system] = h
	return nil
}

// acts is what was noted so far.
func acts(w *world) (list []string) {
	for _, e := range w.entries {
		list = append(list, e.Action+" "+e.Outcome)
	}
	return list
}

const slackInput = `{"name":"acme","kind":"slack","settings":{"token":"xoxb-must-not-surface"}}`

func TestMakeSection(t *testing.T) {
	w := newWorld()
	made := w.call(t, "POST", "/api/v1/systems", slackInput)
	made.is(http.StatusCreated, `{"part":"system","name":"acme","kind":"slack","managed":"here","settings":{},"secrets":{"token":{"set":true}},"version":1,
		"made_by":"admin","proof":{"ok":true,"account":"@bellhop"}}`)
	require.Equal(t, "/api/v1/systems/acme", made.Header().Get("Location"))
	require.Equal(t, []string{"system acme changed"}, w.sections.asked, "the platform is asked before it is stored")
	require.Equal(t, []string{"system.create created"}, acts(w))
	for _, e := range w.entries {
		require.NotContains(t, string(e.After)+e.Message, "must-not-surface")
	}
	w.call(t, "POST", "/api/v1/systems", `{"name":"No name","kind":"slack"}`).refused(http.StatusUnprocessableEntity, "name", "1 to 32")
}

func TestSectionThatThePlatformRefuses(t *testing.T) {
	w := newWorld()
	w.sections.proof = hub.Proof{Problem: "auth.test: invalid_auth", Fields: map[string]string{"token": "is refused"}}
	w.call(t, "POST", "/api/v1/systems", slackInput).refused(http.StatusUnprocessableEntity, "", "auth.test: invalid_auth. Nothing was stored", "token", "is refused")
	w.call(t, "GET", "/api/v1/systems/acme", "").refused(http.StatusNotFound)
	w.call(t, "POST", "/api/v1/systems/acme/check", slackInput).is(http.StatusOK, `{"ok":false,"problem":"auth.test: invalid_auth","fields":{"token":"is refused"}}`)
	require.Empty(t, acts(w), "nothing has happened")
	require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/systems?unproved=1", slackInput).Code)
	require.Len(t, w.sections.asked, 2, "it is not asked a third time")
}

func TestChangeRotateAndRemoveSection(t *testing.T) {
	w := newWorld()
	require.Equal(t, http.StatusOK, w.call(t, "PATCH", "/api/v1/sources/meta", `{"settings":{"delay":"1m"}}`).Code)
	require.Equal(t, http.StatusOK, w.call(t, "PUT", "/api/v1/sources/meta", `{"settings":{"url":"https://new.example.com"}}`).Code)
	rotated := w.call(t, "POST", "/api/v1/sources/meta/rotate", "")
	require.Contains(t, rotated.Body.String(), `"secret":"a fresh secret of the webhook"`)
	w.call(t, "POST", "/api/v1/sources/meta/check", "").is(http.StatusOK, `{"ok":true,"account":"@bellhop"}`)
	require.Equal(t, "source meta as it is", w.sections.asked[len(w.sections.asked)-1])
	w.call(t, "DELETE", "/api/v1/sources/meta?dry_run=1", "").is(http.StatusOK, `{"subscriptions":2,"waiting":7,"deleted":false}`)
	w.call(t, "DELETE", "/api/v1/sources/meta", "").is(http.StatusOK, `{"subscriptions":2,"waiting":7,"deleted":true}`)
	w.call(t, "DELETE", "/api/v1/sources/meta", "").refused(http.StatusNotFound)
	require.Equal(t, []string{"source.update updated", "source.update updated", "source.rotate updated", "source.delete deleted"}, acts(w))
	for _, e := range w.entries {
		require.NotContains(t, string(e.After)+string(e.Before)+e.Message, "fresh secret")
	}
}

func TestPauseAndResumeSystem(t *testing.T) {
	w := newWorld()
	w.call(t, "POST", "/api/v1/systems/slack/pause", `{"reason":"  the   move "}`).is(http.StatusOK, `{"by":"admin","since":"2026-01-02T03:04:05Z","reason":"the move"}`)
	w.call(t, "POST", "/api/v1/systems/irc/pause", "").refused(http.StatusNotFound)
	w.call(t, "POST", "/api/v1/systems/slack/resume", "").is(http.StatusAccepted, "")
	h := w.sections.holds["slack"]
	require.False(t, h.Lasts())
	require.Equal(t, "admin", h.EndedBy)
	require.Equal(t, []string{"system.pause created", "system.resume updated"}, acts(w))
	require.Equal(t, time.Duration(0), h.Overlap(h.Until, h.Until.Add(time.Hour)))
}

// What opens a feed may stand in its address.
func TestQueryOfAnAddressIsForAdmins(t *testing.T) {
	w := newWorld()
	w.sections.all["source blog"] = hub.SectionShown{Part: hub.PartSource, Name: "blog", Kind: "feed", Managed: hub.ManagedHere, Settings: map[string]any{"url": "https://blog.example.com/feed?key=abc"}}
	for role, want := range map[hub.Role]string{
		hub.Viewer: "https://blog.example.com/feed?…", hub.Editor: "https://blog.example.com/feed?…", hub.Administrator: "https://blog.example.com/feed?key=abc",
	} {
		ctx := admin.AskedBy(t.Context(), role)
		found, err := w.server.Section(ctx, hub.PartSource, "blog")
		require.NoError(t, err)
		require.Equal(t, want, found.Settings["url"], role)
		require.Equal(t, want, w.server.SectionList(ctx, hub.PartSource)[0].Settings["url"], role)
	}
}

// An editor may have a system tried, and not end what an admin has paused.
func TestWhoEndsAPause(t *testing.T) {
	w := newWorld()
	editor := admin.AskedBy(t.Context(), hub.Editor)
	require.NoError(t, w.server.ResumeSystem(editor, "slack", ""))
	_, err := w.server.PauseSystem(admin.AskedBy(t.Context(), hub.Administrator), "slack", "")
	require.NoError(t, err)
	require.Equal(t, hub.CodeForbidden, hub.CodeOf(w.server.ResumeSystem(editor, "slack", "")))
	require.NoError(t, w.server.ResumeSystem(editor, "slack", "C1"), "a chat is another thing")
	h := w.sections.holds["slack"]
	require.True(t, h.Lasts())
}
