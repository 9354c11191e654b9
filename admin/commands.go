package admin

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Commands runs what people would give in chat.
type Commands interface {
	// Run runs a command and waits for its reply. One with an ID that was run
	// before is not run again, and gets the reply that it got.
	Run(ctx context.Context, c *hub.Command) (hub.Reply, error)
	// Complete lists what may stand at the end of a line that is being typed.
	Complete(ctx context.Context, c *hub.Command) ([]hub.Completion, error)
}

type commandInput struct {
	Line     string          `json:"line"`
	System   hub.System      `json:"system"`
	Chat     string          `json:"chat"`
	App      string          `json:"app"`
	Function string          `json:"function"`
	Kind     hub.CommandKind `json:"kind"`
	Values   hub.Values      `json:"values"`
	Token    string          `json:"token"`
}

func (s *Server) runCommand(w http.ResponseWriter, r *http.Request) error {
	var in commandInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	if bad := commandProblems(systems, in); len(bad) > 0 {
		return invalid(bad)
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return invalidField("Idempotency-Key", "is longer than 200 bytes")
	}
	if key == "" {
		key = rand.Text()
	}
	me := CallerOf(r.Context())
	c := in.command(me)
	parts := []string{"command with key", key}
	if me.ID() != Root { // each has keys of their own
		parts = append(parts, me.ID(), string(me.Role))
	}
	c.Command.ID = hub.CommandID("a" + hub.Digest(parts...))
	reply, err := s.Commands.Run(r.Context(), c)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, reply.With(reply.Outcome()))
}

// command is what is asked, as whoever asks.
func (in commandInput) command(me Caller) *hub.Command {
	return &hub.Command{
		Command: hub.Call{
			Namespace: in.App, Function: in.Function, Kind: in.Kind, Encoded: in.Values, Raw: hub.BareLine(in.Line),
		},
		Security: hub.Security{Token: in.Token},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromAPI}, System: in.System, Channel: hub.Channel{ID: in.Chat},
			User: hub.User{ID: me.ID(), Name: me.Name}, Role: me.Role,
		},
	}
}

func commandProblems(systems []hub.SystemStatus, in commandInput) map[string]string {
	bad := map[string]string{}
	if problem := systemProblem(systems, in.System); problem != "" {
		bad["system"] = problem
	}
	if problem := chatProblem(in.Chat); problem != "" {
		bad["chat"] = problem
	}
	switch {
	case in.Token == "" && strings.TrimSpace(in.Line) == "" && in.Function == "":
		bad["line"] = `is required, such as "discourse watch support"; or app and function, or the token of a form`
	case len(in.Line) > maxText:
		bad["line"] = "is longer than 40,000 bytes"
	}
	switch in.Kind {
	case "", hub.KindSubmit, hub.KindForm, hub.KindLookup, hub.KindCancel:
	default:
		bad["kind"] = "is none of submit, form, lookup, cancel"
	}
	if (in.App == "") != (in.Function == "") {
		bad["function"] = "goes with app: both or neither"
	}
	return bad
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	in := commandInput{Line: q.Get("q")}
	in.System, in.Chat = chatNamed(q.Get("chat"))
	if len(in.Line) > maxText {
		return invalidField("q", "is longer than 40,000 bytes")
	}
	c := in.command(CallerOf(r.Context()))
	c.Command.Raw = strings.TrimLeft(in.Line, " /!")
	found, err := s.Commands.Complete(r.Context(), c)
	if err != nil {
		return err
	}
	for i := range found { // it is told where in q as it was given
		found[i].Start += len(in.Line) - len(c.Command.Raw)
	}
	return s.answer(w, r, http.StatusOK, listOf(found, ""))
}

// chatNamed takes "slack:C1" apart.
func chatNamed(name string) (hub.System, string) {
	system, chat, _ := strings.Cut(name, ":")
	return hub.System(system), chat
}
