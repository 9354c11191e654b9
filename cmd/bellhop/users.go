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

type usersCmd struct {
	List   usersList   `cmd:"" default:"withargs" help:"List who may come in, by login name."`
	Add    usersAdd    `cmd:"" help:"Make an account and print its one-time link to set a password."`
	Role   usersRole   `cmd:"" help:"Change what somebody may do: viewer, editor or admin."`
	Enable usersEnable `cmd:"" help:"Let somebody in again who was disabled."`

	Disable usersDisable `cmd:"" help:"Let somebody in no more, and end their sessions. Their account stays."`
	Link    usersLink    `cmd:"" help:"Print a new one-time link to set a password."`
	Remove  usersRemove  `cmd:"" help:"Remove an account with its sessions and tokens."`
}

func (usersCmd) Help() string {
	return `An account opens the pane and the API. What it may do is its role:

  viewer  see everything but secrets
  editor  and change what chats hear, and send tests
  admin   and everything else

  bellhop users add anna editor --name 'Anna Bauer'   prints a link for Anna
  bellhop users                                       who is there
  bellhop users role anna admin
  bellhop users disable anna
  bellhop users remove anna

The last admin who can sign in cannot be taken away. What people may do from chat is
another thing: bellhop people --help.`
}

// user is an account as the hub tells of it.
type user struct {
	hub.Account
	HasPassword bool   `json:"password"`
	HasOpenID   bool   `json:"openid"`
	Link        string `json:"link"`
}

// way is how somebody signs in.
func (u user) way() string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.HasPassword && u.HasOpenID:
		return "password, openid"
	case u.HasPassword:
		return "password"
	case u.HasOpenID:
		return "openid"
	}
	return "invited"
}

type usersList struct {
	remote `embed:""`
	paged  `embed:""`
	Role   string `help:"Only those with this role: viewer, editor, admin."`
	Text   string `help:"Only those whose name or e-mail address contains this, in any case."`
}

func (usersList) Help() string { return usersCmd{}.Help() }

func (c *usersList) Run(w *world) error {
	query := filled(url.Values{}, map[string]string{"role": c.Role, "text": c.Text})
	return printPages(w, &c.remote, "/api/v1/users", query, c.paged, func(rows []user) error {
		return printUsers(w.stdout, rows)
	})
}

func printUsers(out io.Writer, users []user) error {
	if len(users) == 0 {
		_, err := fmt.Fprintln(out, "No such account. bellhop users add makes one; bellhop admin link opens the pane with the admin token")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "LOGIN\tNAME\tROLE\tSIGNS IN WITH\tSEEN")
	for _, u := range users {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(u.Login), short(u.Full, 40), cell(string(u.Role)), u.way(), seen(u.SeenAt))
	}
	return t.Flush()
}

// seen is a moment in a table, "never" for none.
func seen(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

type usersAdd struct {
	remote `embed:""`
	Login  string `arg:"" help:"What they sign in with: letters, digits and . _ - + @."`
	Role   string `arg:"" enum:"viewer,editor,admin" default:"viewer" help:"viewer, editor or admin."`
	Name   string `help:"Their full name."`
	Email  string `help:"Their e-mail address."`
}

func (usersAdd) Help() string {
	return `Whoever opens the link within 7 days sets a password and is in. Give it to nobody else.

  bellhop users add anna editor --name 'Anna Bauer' --email anna@example.org`
}

func (c *usersAdd) Run(w *world) error {
	body, err := json.Marshal(map[string]string{"login": c.Login, "role": c.Role, "full": c.Name, "email": c.Email})
	if err != nil {
		return err
	}
	var u user
	if err := c.call(w, "POST", "/api/v1/users", "application/json", body, &u); err != nil {
		return err
	}
	return tellLink(w, u)
}

func tellLink(w *world, u user) error {
	_, err := fmt.Fprintf(w.stdout, "%s is %s. This link is good for one use until %s:\n%s\n", cell(u.Login), cell(string(u.Role)), seen(u.LinkUntil), printable(u.Link))
	return err
}

// oneUser is an account that a command is about.
type oneUser struct {
	remote `embed:""`
	Login  string `arg:"" help:"The login name or the id."`
}

func (c *oneUser) path() string { return "/api/v1/users/" + url.PathEscape(c.Login) }

// change changes the account and says how it is now.
func (c *oneUser) change(w *world, change any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	var u user
	if err := c.call(w, "PATCH", c.path(), "application/json", body, &u); err != nil {
		return err
	}
	text := string(u.Role)
	if u.Disabled {
		text += ", disabled"
	}
	_, err = fmt.Fprintln(w.stdout, cell(u.Login), "is", text)
	return err
}

type usersRole struct {
	oneUser `embed:""`
	Role    string `arg:"" enum:"viewer,editor,admin" help:"viewer, editor or admin."`
}

func (usersRole) Help() string {
	return `It holds at once. Who signs in at an OpenID provider gets the role of their groups there
at the next sign-in.

  bellhop users role anna admin`
}

func (c *usersRole) Run(w *world) error { return c.change(w, map[string]string{"role": c.Role}) }

type usersDisable struct {
	oneUser `embed:""`
}

func (c *usersDisable) Run(w *world) error { return c.change(w, map[string]bool{"disabled": true}) }

type usersEnable struct {
	oneUser `embed:""`
}

func (c *usersEnable) Run(w *world) error { return c.change(w, map[string]bool{"disabled": false}) }

type usersLink struct {
	oneUser `embed:""`
}

func (usersLink) Help() string {
	return `For one who has lost their password or let the invitation pass. The link before opens
nothing any more; the password holds until another is set.

  bellhop users link anna`
}

func (c *usersLink) Run(w *world) error {
	var u user
	if err := c.call(w, "POST", c.path()+"/link", "", nil, &u); err != nil {
		return err
	}
	return tellLink(w, u)
}

type usersRemove struct {
	oneUser `embed:""`
}

func (c *usersRemove) Run(w *world) error {
	if err := c.call(w, "DELETE", c.path(), "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, cell(c.Login), "is removed, with all sessions and tokens")
	return err
}

type adminCmd struct {
	Link adminLink `cmd:"" help:"Print a one-time link that opens the pane."`
}

type adminLink struct {
	remote `embed:""`
}

func (adminLink) Help() string {
	return `The link is good for one browser and ten minutes. As long as nobody has an account it leads
to the making of the first, an admin's; afterwards it opens the pane as the admin token
does: for when nobody can sign in any more.

  bellhop admin link`
}

func (c *adminLink) Run(w *world) error {
	var made struct {
		URL string `json:"url"`
	}
	if err := c.call(w, "POST", "/api/v1/login-links", "", nil, &made); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, printable(made.URL))
	return err
}
