package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type peopleCmd struct {
	List   peopleList   `cmd:"" default:"withargs" help:"List who has spoken to Bellhop or was given a level, those seen last first."`
	Show   peopleShow   `cmd:"" help:"Show somebody, with the accounts that are linked with theirs."`
	Set    peopleSet    `cmd:"" help:"Set what somebody may do: guest, user, operator or admin."`
	Unlink peopleUnlink `cmd:"" help:"Take an account out of those that it is linked with."`
}

func (peopleCmd) Help() string {
	return `What people may do from chat goes by levels, each with what those before it may:

  guest     nothing
  user      read: status, why, help. Everybody has it who was given no other
  operator  change what chats hear
  admin     everything, also who may do what

Make yourself the first admin. The id is the platform's: on Slack it stands in your
profile (Copy member ID); after you have said anything to the bot, list shows it.

  bellhop people set slack U0123456789 admin
  bellhop people                              who is there, those seen last first
  bellhop people --level admin                who was made an admin
  bellhop people --text anna                  whose name or id has anna in it
  bellhop people show telegram 4711           and what is linked with it

LEVEL is what that account was given, MAY the highest of all that its person has
linked by /bellhop link.`
}

// person is somebody as the hub tells of them.
type person struct {
	hub.ChatUser
	May    hub.Level      `json:"may"`
	Linked []hub.ChatUser `json:"linked"`
}

type peopleList struct {
	remote `embed:""`
	paged  `embed:""`
	System string `help:"Only this system."`
	Level  string `help:"Only those who were given this level: guest, user, operator, admin."`
	Text   string `help:"Only those whose name or id contains this, in any case."`
}

func (peopleList) Help() string { return peopleCmd{}.Help() }

func (c *peopleList) Run(w *world) error {
	query := filled(url.Values{}, map[string]string{"system": c.System, "level": c.Level, "text": c.Text})
	return printPages(w, &c.remote, "/api/v1/people", query, c.paged, func(rows []person) error {
		return printPeople(w.stdout, rows)
	})
}

func printPeople(out io.Writer, people []person) error {
	if len(people) == 0 {
		_, err := fmt.Fprintln(out, "No such people. They become known when they speak to the bot, or by bellhop people set")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SYSTEM\tUSER\tNAME\tLEVEL\tMAY\tACCOUNT")
	for _, p := range people {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", cell(string(p.System)), short(p.ID, 40), short(nameOf(p.ChatUser), 40),
			cell(string(p.Level)), cell(string(p.May)), cell(p.Account))
	}
	return t.Flush()
}

// nameOf is what somebody is called, "" where only their id is known.
func nameOf(u hub.ChatUser) string {
	name := u.Called()
	if name == u.ID {
		name = ""
	}
	if u.Bot {
		name = strings.TrimSpace(name + " (bot)")
	}
	return name
}

// onePerson is somebody whom a command is about.
type onePerson struct {
	remote `embed:""`
	System string `arg:"" help:"The system, as in the configuration."`
	User   chatID `arg:"" help:"The platform's id of the user, such as U0123456789, 4711 or @anna:example.org."`
}

func (c *onePerson) path() string {
	return "/api/v1/people/" + url.PathEscape(c.System) + "/" + url.PathEscape(string(c.User))
}

// tell prints somebody with what is linked.
func (c *onePerson) tell(w *world, p person) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s %s", cell(string(p.System)), cell(p.ID))
	if name := nameOf(p.ChatUser); name != "" {
		fmt.Fprintf(b, " (%s)", cell(name))
	}
	fmt.Fprintf(b, " is %s\n", p.Level)
	if p.May != p.Level {
		fmt.Fprintf(b, "  and may do what one may who is %s, by what is linked\n", p.May)
	}
	for _, u := range p.Linked {
		fmt.Fprintln(b, "  linked with", cell(string(u.System)), cell(u.ID), cell(nameOf(u))+":", u.Level)
	}
	_, err := io.WriteString(w.stdout, printable(b.String()))
	return err
}

type peopleShow struct {
	onePerson `embed:""`
	JSON      bool `name:"json" help:"Print JSON."`
}

func (peopleShow) Help() string {
	return `What they may do as a person is the highest level of all accounts that are linked.

  bellhop people show slack U0123456789`
}

func (c *peopleShow) Run(w *world) error {
	if c.JSON {
		return c.show(w, request{method: "GET", path: c.path()}, true)
	}
	var p person
	if err := c.call(w, "GET", c.path(), "", nil, &p); err != nil {
		return err
	}
	return c.tell(w, p)
}

type peopleSet struct {
	onePerson `embed:""`
	Level     string `arg:"" help:"guest, user, operator or admin."`
}

func (peopleSet) Help() string {
	return `They need not have spoken yet. It holds from their next command on.

  bellhop people set slack U0123456789 admin
  bellhop people set matrix @anna:example.org operator
  bellhop people set telegram 4711 guest         they may do nothing any more

Who has linked accounts has the highest level of them all: to take it away, set the
level of each, or unlink them.`
}

// Validate is called when the command line has been read.
func (c *peopleSet) Validate() error {
	if !hub.Level(c.Level).Known() {
		return fmt.Errorf("%q is no level: want guest, user, operator or admin", c.Level)
	}
	return nil
}

func (c *peopleSet) Run(w *world) error {
	body, err := json.Marshal(map[string]string{"level": c.Level})
	if err != nil {
		return err
	}
	var p person
	if err := c.call(w, "PUT", c.path(), "application/json", body, &p); err != nil {
		return err
	}
	return c.tell(w, p)
}

type peopleUnlink struct {
	onePerson `embed:""`
}

func (peopleUnlink) Help() string {
	return `The account is a person of its own again, with the level that it was given itself.
Use it when somebody has lost an account to somebody else.

  bellhop people unlink telegram 4711`
}

func (c *peopleUnlink) Run(w *world) error {
	if err := c.call(w, "DELETE", c.path()+"/link", "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, cell(c.System), cell(string(c.User)), "is linked with no other account")
	return err
}
