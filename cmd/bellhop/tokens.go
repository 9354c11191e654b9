package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type tokensCmd struct {
	List   tokensList   `cmd:"" default:"withargs" help:"List the tokens, the newest first."`
	Add    tokensAdd    `cmd:"" help:"Make a token and print it, this once."`
	Revoke tokensRevoke `cmd:"" help:"Revoke a token: it opens nothing any more."`
}

func (tokensCmd) Help() string {
	return `A token lets a program use the API, as Authorization: Bearer or in BELLHOP_ADMIN_TOKEN of
this command line. It has a role, which is no more than that of who makes it:
bellhop users --help lists them.

  bellhop tokens add 'Grafana board' viewer --days 365
  bellhop tokens
  bellhop tokens revoke t4k2…`
}

// token is a token as the hub tells of it.
type token struct {
	hub.Token
	By     string `json:"by"`
	Secret string `json:"token"`
}

type tokensList struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (tokensList) Help() string { return tokensCmd{}.Help() }

func (c *tokensList) Run(w *world) error {
	if c.JSON {
		return c.show(w, request{method: "GET", path: "/api/v1/tokens"}, true)
	}
	var page struct{ Items []token }
	if err := c.call(w, "GET", "/api/v1/tokens", "", nil, &page); err != nil {
		return err
	}
	return printTokens(w.stdout, page.Items)
}

func printTokens(out io.Writer, tokens []token) error {
	if len(tokens) == 0 {
		_, err := fmt.Fprintln(out, "No tokens. bellhop tokens add makes one")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tNAME\tOF\tMAY\tENDS\tEXPIRES\tUSED")
	for _, one := range tokens {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t…%s\t%s\t%s\n", cell(string(one.ID)), short(one.Name, 40), cell(one.By), cell(string(one.Role)),
			cell(one.Ends), seen(one.ExpiresAt), seen(one.UsedAt))
	}
	return t.Flush()
}

type tokensAdd struct {
	remote `embed:""`
	Name   string `arg:"" help:"What it is for."`
	Role   string `arg:"" enum:"viewer,editor,admin" default:"viewer" help:"viewer, editor or admin."`
	Days   int    `default:"90" help:"For how many days it is good; 0 is for ever."`
}

func (tokensAdd) Help() string {
	return `The token goes to standard output and is never shown again; what it is to standard error.

  bellhop tokens add 'Grafana board' viewer --days 365 > grafana.token`
}

func (c *tokensAdd) Run(w *world) error {
	in := map[string]any{"name": c.Name, "role": c.Role}
	if c.Days > 0 {
		in["expires_at"] = time.Now().UTC().AddDate(0, 0, c.Days).Truncate(time.Second)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var made token
	if err := c.call(w, "POST", "/api/v1/tokens", "application/json", body, &made); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w.stderr, "%s may do what a %s may, and expires: %s. It is shown this once.\n", cell(made.Name), made.Role, seen(made.ExpiresAt))
	_, err = fmt.Fprintln(w.stdout, printable(made.Secret))
	return err
}

type tokensRevoke struct {
	remote `embed:""`
	ID     string `arg:"" help:"The id, as list prints it."`
}

func (c *tokensRevoke) Run(w *world) error {
	if err := c.call(w, "DELETE", "/api/v1/tokens/"+url.PathEscape(c.ID), "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, cell(c.ID), "opens nothing any more")
	return err
}
