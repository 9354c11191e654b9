package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/admin"
)

type settingsCmd struct {
	Show   settingsShow   `cmd:"" default:"withargs" help:"Show what runs where, what is kept for how long, and what is set."`
	Alerts settingsAlerts `cmd:"" help:"Set in which chat the operators hear what needs them."`
	Test   settingsTest   `cmd:"" help:"Send a test alert to the operators' chat."`
	Look   settingsLook   `cmd:"" help:"Set how the pages look to people who have not chosen."`
}

func (settingsCmd) Help() string {
	return `What the configuration file defines is shown and cannot be set here.

  bellhop settings
  bellhop settings alerts slack C0OPS
  bellhop settings alerts off
  bellhop settings test
  bellhop settings look --theme dark --language de`
}

type settingsShow struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (settingsShow) Help() string { return settingsCmd{}.Help() }

func (c *settingsShow) Run(w *world) error {
	if c.JSON {
		return c.show(w, request{method: "GET", path: "/api/v1/settings"}, true)
	}
	var h admin.HouseSettings
	if err := c.call(w, "GET", "/api/v1/settings", "", nil, &h); err != nil {
		return err
	}
	return printSettings(w.stdout, h)
}

func printSettings(out io.Writer, h admin.HouseSettings) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	row := func(name, value, by string) { _, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", name, cell(value), by) }
	row("version", h.About.Version, "")
	row("public address", h.About.PublicURL, "server.public_url")
	row("database", fmt.Sprintf("%s, schema %d", h.About.Database, h.About.Schema), "database.url")
	row("nats", h.About.NATS, "nats.url")
	row("data", h.About.DataDir, "server.data_dir")
	if d := h.About.Disk; d != nil && d.Size > 0 {
		row("disk", fmt.Sprintf("%d of %d MiB are free", d.Free>>20, d.Size>>20), "")
	}
	for _, k := range h.About.Kept {
		how := "for ever"
		if k.Days > 0 {
			how = fmt.Sprintf("for %d days", k.Days)
		}
		row(k.Name, how, k.Key)
	}
	alerts := "nowhere, they are only logged"
	if h.Alerts.System != "" {
		alerts = h.Alerts.System + " " + h.Alerts.Chat
	}
	row("alerts", alerts, h.AlertsBy)
	row("theme", h.Look.Theme, "")
	row("language", h.Look.Language, "")
	if h.Backup != nil {
		row("last backup", fmt.Sprintf("%s by %s", local(h.Backup.At), h.Backup.Who), "")
	} else {
		row("last backup", "never", "")
	}
	return t.Flush()
}

type settingsAlerts struct {
	remote `embed:""`
	System string `arg:"" help:"The system, as in the configuration; off is that alerts are only logged."`
	Chat   chatID `arg:"" optional:"" help:"The chat, where the bot may post."`
}

// Validate is called when the command line has been read.
func (c *settingsAlerts) Validate() error {
	if (c.System == "off") != (c.Chat == "") {
		return fmt.Errorf("name a system and a chat, or off")
	}
	return nil
}

func (c *settingsAlerts) Run(w *world) error {
	to := admin.AlertsChat{System: c.System, Chat: string(c.Chat)}
	if c.System == "off" {
		to = admin.AlertsChat{}
	}
	return c.put(w, &c.remote, "/api/v1/settings/alerts", to)
}

func (settingsAlerts) put(w *world, r *remote, path string, in any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var h admin.HouseSettings
	if err := r.call(w, "PUT", path, "application/json", body, &h); err != nil {
		return err
	}
	return printSettings(w.stdout, h)
}

type settingsTest struct {
	remote `embed:""`
}

func (c *settingsTest) Run(w *world) error {
	if err := c.call(w, "POST", "/api/v1/settings/alerts/test", "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, "a test alert is queued")
	return err
}

type settingsLook struct {
	remote   `embed:""`
	Theme    string `enum:"system,light,dark" default:"system" help:"light, dark, or system for that of the reader."`
	Language string `default:"browser" help:"en, de, or browser for that of the reader."`
}

func (c *settingsLook) Run(w *world) error {
	look := admin.Look{Theme: c.Theme, Language: c.Language}
	if look.Theme == "system" {
		look.Theme = ""
	}
	if look.Language == "browser" {
		look.Language = ""
	}
	return settingsAlerts{}.put(w, &c.remote, "/api/v1/settings/look", look)
}
