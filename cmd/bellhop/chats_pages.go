package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type chatsPage struct {
	oneChat `embed:""`
	Until   string `placeholder:"WHEN" help:"For how long or until when: 90d, 2h, 2026-06-12T00:00:00Z. Without it the page never ends."`
	Ask     string `placeholder:"WHO" help:"Whom its readers may ask for a change."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (chatsPage) Help() string {
	return `Makes a link under which people without an account read what Bellhop sends to this
chat and why, and nothing of any other. It is told this once: whoever has it can
read the page, until it ends or is revoked.

  bellhop chats page slack '#team' --until 90d --ask 'Maren Kolb'`
}

func (c *chatsPage) Run(w *world) error {
	body, err := json.Marshal(map[string]string{"until": c.Until, "ask": c.Ask})
	if err != nil {
		return err
	}
	q := request{method: "POST", path: c.path() + "/pages", contentType: "application/json", body: body}
	if c.JSON {
		return c.show(w, q, true)
	}
	var made struct {
		hub.RoomPage
		URL string `json:"url"`
	}
	if err := c.call(w, q.method, q.path, q.contentType, q.body, &made); err != nil {
		return err
	}
	link := made.URL
	if strings.HasPrefix(link, "/") { // the hub does not know how browsers reach it
		link = strings.TrimRight(c.Server, "/") + link
	}
	ends := "It never ends"
	if !made.ExpiresAt.IsZero() {
		ends = "It ends on " + made.ExpiresAt.UTC().Format("2 January 2006 at 15:04 UTC")
	}
	_, err = fmt.Fprintf(w.stdout, "%s\n%s, or with: bellhop chats revoke %s '%s' %s\n", cell(link), ends, cell(c.System), cell(string(c.Chat)), cell(made.ID))
	return err
}

type chatsPages struct {
	oneChat `embed:""`
	JSON    bool `name:"json" help:"Print JSON."`
}

func (c *chatsPages) Run(w *world) error {
	q := request{method: "GET", path: c.path() + "/pages"}
	if c.JSON {
		return c.show(w, q, true)
	}
	var list page[hub.RoomPage]
	if err := c.call(w, q.method, q.path, "", nil, &list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		_, err := fmt.Fprintln(w.stdout, "No page tells about this chat: bellhop chats page makes one")
		return err
	}
	t := tabwriter.NewWriter(w.stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tMADE BY\tMADE\tENDS\tOPENED")
	for _, p := range list.Items {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(p.ID), cell(p.CreatedBy), onDay(p.CreatedAt), onDay(p.ExpiresAt), onDay(p.OpenedAt))
	}
	return t.Flush()
}

// onDay is a time in a table, - for never.
func onDay(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

type chatsRevoke struct {
	oneChat `embed:""`
	Page    string `arg:"" help:"The page's id, as bellhop chats pages lists it."`
}

func (c *chatsRevoke) Run(w *world) error {
	if err := c.call(w, "DELETE", c.path()+"/pages/"+url.PathEscape(c.Page), "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, "The link leads nowhere from now on")
	return err
}
