package main

import (
	"errors"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type systemsPreflight struct {
	remote `embed:""`
	System string `arg:"" help:"The system, as in the configuration."`
	JSON   bool   `name:"json" help:"Print JSON: a chat in each line."`
}

func (systemsPreflight) Help() string {
	return `Nothing is sent. The platform is asked at its own pace about the chats that
subscriptions name, 500 at most, those asked about longest ago first: whether the
bot is in the chat, may post, thread, edit and delete, and what to do where it may
not. Subscriptions stay as they are. A paused system is tried, too.

Ends with an error when there are chats in which nothing may be posted.`
}

// checkEvery is how often is looked how far a round has come.
const checkEvery = 500 * time.Millisecond

func (c *systemsPreflight) Run(w *world) error {
	path := "/api/v1/systems/" + url.PathEscape(c.System)
	var round hub.Check
	if err := c.call(w, "POST", path+"/preflight", "", nil, &round); err != nil {
		return err
	}
	for round.EndedAt.IsZero() {
		if !hub.Wait(w.ctx, checkEvery) {
			return w.ctx.Err()
		}
		if err := c.call(w, "GET", path+"/preflight", "", nil, &round); err != nil {
			return err
		}
	}
	var rooms []hub.Room
	for cursor := ""; ; {
		var p page[hub.Room]
		if err := c.call(w, "GET", path+"/rooms?limit=500&cursor="+url.QueryEscape(cursor), "", nil, &p); err != nil {
			return err
		}
		rooms = append(rooms, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if err := c.print(w, rooms); err != nil {
		return err
	}
	return roundError(&round)
}

func roundError(c *hub.Check) error {
	switch {
	case c.Error != "":
		return fmt.Errorf("asked about %d of %d chats, then: %s", c.Done, c.Total, c.Error)
	case c.Blocked == 1:
		return errors.New("in 1 chat nothing may be posted")
	case c.Blocked > 1:
		return fmt.Errorf("in %d chats nothing may be posted", c.Blocked)
	}
	return nil
}

func (c *systemsPreflight) print(w *world, rooms []hub.Room) error {
	if c.JSON {
		for _, r := range rooms {
			if err := printJSON(w, r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(rooms) == 0 {
		_, err := fmt.Fprintln(w.stdout, "No subscription names a chat there")
		return err
	}
	t := tabwriter.NewWriter(w.stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "CHAT\tNAME\tSTATE\tIN\tPOST\tTHREAD\tEDIT\tDELETE\tWHAT TO DO")
	for _, r := range rooms {
		p := hub.Unasked(r.Chat, "", time.Time{})
		if r.Preflight != nil {
			p = *r.Preflight
		}
		first := p.First()
		what := first.Step
		if what == "" {
			what = first.Reason
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cell(r.ID), cell(r.Name), p.State,
			p.Member.Is, p.Post.Is, p.Thread.Is, p.Edit.Is, p.Delete.Is, cell(what))
	}
	return t.Flush()
}
