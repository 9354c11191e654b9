package pane

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

func (p *Pane) settingsPages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/settings", Need: hub.Viewer, Handle: p.settings},
		{Method: http.MethodPost, Path: "/settings/alerts", Need: hub.Administrator, Handle: p.setAlerts},
		{Method: http.MethodPost, Path: "/settings/alerts/test", Need: hub.Administrator, Handle: p.testAlerts},
		{Method: http.MethodPost, Path: "/settings/look", Need: hub.Administrator, Handle: p.setLook},
		{Method: http.MethodGet, Path: "/settings/backup", Need: hub.Administrator, Handle: p.Admin.WriteBackup},
		{Method: http.MethodGet, Path: "/settings/move", Need: hub.Viewer, Handle: p.move},
		{Method: http.MethodPost, Path: "/settings/move/plan", Need: hub.Administrator, Most: admin.MaxImport, Handle: p.plan},
		{Method: http.MethodPost, Path: "/settings/move/apply", Need: hub.Administrator, Most: admin.MaxImport, Handle: p.apply},
		{Method: http.MethodGet, Path: "/settings/audit", Need: hub.Administrator, Handle: p.audit},
		{Method: http.MethodGet, Path: "/settings/audit/{id}", Need: hub.Administrator, Handle: p.auditEntry},
	}
}

// settingsPage is the data of settings.html.
type settingsPage struct {
	Frame
	Tab string
	*admin.HouseSettings
	Disk      string // how much is free
	Percent   int    // of it
	LastSize  string // of the last backup
	Chats     []alertsChoice
	Other     bool // the chat is none that is known
	Systems   []string
	Languages []language
}

// alertsChoice is a chat that alerts may go to.
type alertsChoice struct {
	Value, System, Kind, Name string
	Chosen                    bool
}

type language struct{ Tag, Name string }

// languageNames are what the languages call themselves.
var languageNames = map[string]string{"en": "English", "de": "Deutsch"}

func (p *Pane) settings(w http.ResponseWriter, r *http.Request) error {
	house, err := p.Admin.HouseSettings(r.Context())
	if err != nil {
		return err
	}
	page := &settingsPage{Frame: p.frame(r, "settings", "settings.title"), Tab: "general", HouseSettings: house}
	page.Toast = done(r, page.Words)
	if d := house.About.Disk; d != nil && d.Size > 0 {
		page.Disk, page.Percent = size(page.Words, d.Free), int(100*d.Free/d.Size)
	}
	if house.Backup != nil {
		page.LastSize = size(page.Words, house.Backup.Bytes)
	}
	if err := p.alertsChoices(r, page); err != nil {
		return err
	}
	for _, tag := range web.Languages() {
		page.Languages = append(page.Languages, language{tag, cmp.Or(languageNames[tag], tag)})
	}
	return p.show(w, r, "pane/settings.html", page)
}

// alertsChoices lists the chats that are known, and the one that is set.
func (p *Pane) alertsChoices(r *http.Request, page *settingsPage) error {
	systems, err := p.Admin.Systems(r.Context())
	if err != nil {
		return err
	}
	kinds := map[hub.System]string{}
	for _, s := range systems {
		kinds[s.System] = s.Kind
		page.Systems = append(page.Systems, string(s.System))
	}
	known, err := p.Admin.People.ListKnownChats(r.Context(), "")
	if err != nil {
		return err
	}
	set := page.Alerts.System != ""
	for _, c := range known {
		if kinds[c.System] == "" {
			continue // it is not configured any more
		}
		chosen := set && string(c.System) == page.Alerts.System && c.ID == page.Alerts.Chat
		page.Chats = append(page.Chats, alertsChoice{string(c.System) + " " + c.ID, string(c.System), kinds[c.System], p.Admin.ChatName(r.Context(), c.Chat).Name, chosen})
	}
	if set && !slices.ContainsFunc(page.Chats, func(c alertsChoice) bool { return c.Chosen }) {
		a := page.Alerts
		page.Chats = append(page.Chats, alertsChoice{a.System + " " + a.Chat, a.System, kinds[hub.System(a.System)], p.Admin.ChatName(r.Context(), hub.Chat{System: hub.System(a.System), ID: a.Chat}).Name, true})
	}
	return nil
}

// AlertsName is what the operators' chat is called.
func (s *settingsPage) AlertsName() alertsChoice {
	for _, c := range s.Chats {
		if c.Chosen {
			return c
		}
	}
	return alertsChoice{}
}

// done is the notice about what a form has done before it led here.
func done(r *http.Request, words *web.Words) *Toast {
	what := r.URL.Query().Get("done")
	if !slices.Contains([]string{"alerts", "test", "look", "import"}, what) {
		return nil
	}
	return &Toast{Icon: "i-check", Text: words.Say("settings.done." + what)}
}

func (p *Pane) setAlerts(w http.ResponseWriter, r *http.Request) error {
	system, chat, _ := strings.Cut(r.PostFormValue("chat"), " ")
	if system == "other" {
		system, chat = r.PostFormValue("other_system"), strings.TrimSpace(r.PostFormValue("other_chat"))
	}
	if err := p.Admin.SetAlerts(r.Context(), admin.AlertsChat{System: system, Chat: chat}); err != nil {
		return err
	}
	return goTo(w, r, "/settings?done=alerts#alerts")
}

func (p *Pane) testAlerts(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.TestAlerts(r.Context()); err != nil {
		return err
	}
	return goTo(w, r, "/settings?done=test#alerts")
}

func (p *Pane) setLook(w http.ResponseWriter, r *http.Request) error {
	look := admin.Look{Theme: r.PostFormValue("house_theme"), Language: r.PostFormValue("language")}
	if err := p.Admin.SetLook(r.Context(), look); err != nil {
		return err
	}
	return goTo(w, r, "/settings?done=look#look")
}

// size is a number of bytes for people.
func size(words *web.Words, n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, unit := float64(n), 0
	for v >= 1000 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	if v < 10 && unit > 0 {
		return words.Number(math.Round(10*v)/10) + " " + units[unit]
	}
	return words.Number(int64(v+0.5)) + " " + units[unit]
}
