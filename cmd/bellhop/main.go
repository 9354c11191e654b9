// Command bellhop carries a forum's events to the rooms where people talk.
// `bellhop --help` says how.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	_ "time/tzdata" // time zones by name, also where the machine has none

	"github.com/alecthomas/kong"

	"github.com/bellhop-chat/bellhop/hub/config"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line or the configuration is wrong
	exitDrift  = 2 // plan --check: something would change
)

// cli is the command line.
type cli struct {
	Serve serveCmd `cmd:"" help:"Run everything in one process: the hub, embedded NATS and SQLite, and a worker for each system."`
	Demo  demoCmd  `cmd:"" help:"Show it: a small recorded forum, two rooms in your browser, no accounts, nothing left behind."`
	Check checkCmd `cmd:"" help:"Read the configuration and prove every credential in it, without posting anything."`
	Subs  subsCmd  `cmd:"" help:"List, add, remove, export and import subscriptions of a running hub."`
	Send  sendCmd  `cmd:"" help:"Send a message to a chat through a running hub."`
	Do    doCmd    `cmd:"" help:"Run a command as it would be given in a chat, such as /discourse watch support."`

	Explain explainCmd `cmd:"" help:"Say which chats would hear an event, and why or why not. Nothing is sent."`
	Trace   traceCmd   `cmd:"" help:"Say what became of an event: the decision as it was taken, and every message."`
	Sources sourcesCmd `cmd:"" help:"List the sources of a running hub and how each is; add, change and remove them."`
	Systems systemsCmd `cmd:"" help:"List the chat systems of a running hub and how each is; add, change, pause and remove them."`
	Resume  resumeCmd  `cmd:"" help:"Try at once whether a paused system, or one of its chats, takes messages again."`

	Chats chatsCmd `cmd:"" help:"Leave a chat alone: quiet hours with a time zone, or a snooze. What comes meanwhile waits."`

	Events     eventsCmd     `cmd:"" help:"List what came in and what became of it, show an event, and tell it again."`
	Deliveries deliveriesCmd `cmd:"" help:"Say what became of messages: queued, sent or given up, with every attempt."`
	Dead       deadCmd       `cmd:"" help:"List the messages that were given up, say why, and send them again."`

	Figures figuresCmd `cmd:"" help:"Say how much came in and went out, by hour or day, and how fast."`

	People   peopleCmd   `cmd:"" help:"List who has spoken to Bellhop, and set what they may do: make yourself the first admin."`
	Export   exportCmd   `cmd:"" help:"Write what people made into one file: rows, chats, people, settings."`
	Plan     planCmd     `cmd:"" help:"Say what a file that export wrote would change, and change nothing."`
	Apply    applyCmd    `cmd:"" help:"Put what a file says in the place of what is there, after showing the plan."`
	Backup   backupCmd   `cmd:"" help:"Take a backup of all that a running hub keeps."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup into an empty data directory."`
	Settings settingsCmd `cmd:"" help:"Show what runs where and what is set, and set the alerts chat and the look of the pages."`
	Audit    auditCmd    `cmd:"" help:"Say who did what: each command from chat and each change by the API."`
	Users    usersCmd    `cmd:"" help:"Say who may come in to the pane and the API, and with which role."`
	Tokens   tokensCmd   `cmd:"" help:"List, make and revoke the tokens that let programs use the API."`
	Admin    adminCmd    `cmd:"" help:"Make a one-time link that opens the pane, for instance to create the first account."`

	Hub    hubCmd    `cmd:"" help:"Run the hub alone, with an external NATS; workers run beside it."`
	Worker workerCmd `cmd:"" help:"Run the worker of one system. It needs NATS and its own platform's secrets, no database."`

	Version versionCmd `cmd:"" help:"Print the version."`
}

// world is what a command touches besides its flags.
type world struct {
	ctx            context.Context
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(&world{ctx, os.Environ(), os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

const description = `Bellhop carries a forum's events to the rooms where people talk:
Slack, Telegram, Mattermost, Matrix and the browser.

  bellhop demo                                   see it work
  bellhop serve                                  start; prints how to go on
  bellhop subs add slack '#support' c/support    this channel hears that category
  bellhop check -c config.toml                   are all credentials right?

Every key of the configuration is in config.example.toml; every key can also be
set by the environment: [server] listen is BELLHOP_SERVER_LISTEN.`

// run carries out one command line and says how the process should exit.
func run(w *world, args []string) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("bellhop"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(w.stdout, w.stderr), kong.Bind(w),
		kong.Exit(func(code int) { exited = code }), kong.KindMapper(reflect.String, kong.MapperFunc(unshielded)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": version},
	)
	if err != nil {
		_, _ = fmt.Fprintln(w.stderr, "bellhop:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(shield(args))
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintf(w.stderr, "bellhop: %s\nTry: bellhop --help\n", err)
		return exitUsage
	}
	return exitCode(w, parsed.Run())
}

// exitCode prints err, where there is one, and finds its exit code.
func exitCode(w *world, err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) && w.ctx.Err() != nil { // it has not done what it was to do
		_, _ = fmt.Fprintln(w.stderr, "bellhop: interrupted")
		return exitFailed
	}
	if errors.Is(err, errDrift) {
		return exitDrift
	}
	if errors.Is(err, errReported) {
		return exitFailed
	}
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		_, _ = fmt.Fprintf(w.stderr, "bellhop: the configuration has mistakes:\n%s\n", problems)
		return exitUsage
	}
	_, _ = fmt.Fprintln(w.stderr, "bellhop:", err)
	return exitFailed
}

// errDrift is returned by plan --check if something would change.
var errDrift = errors.New("something would change")

// errReported is returned by a command that has told its failures itself.
var errReported = errors.New("reported")
