package apps

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// asked answers what workers ask.
func (h *Host) asked(ctx context.Context, what string, body []byte) []byte {
	var answer any
	switch what {
	case hub.AskHeard:
		var heard hub.Heard
		err := json.Unmarshal(body, &heard)
		if err == nil {
			err = h.Heard(ctx, &heard)
		} else {
			err = hub.Errorf(hub.CodeInvalid, "%s", err)
		}
		answer = hub.TakenOr(err)
	case hub.AskDo:
		answer = h.asksDo(ctx, body)
	default:
		var err error
		if answer, err = h.Asked(ctx, what, body); err != nil {
			answer = hub.TakenOr(hub.Errorf(hub.CodeNotFound, "a hub cannot be asked for %q", what))
		}
	}
	out, err := json.Marshal(answer)
	if err != nil {
		out, _ = json.Marshal(hub.TakenOr(err))
	}
	return out
}

func (h *Host) asksDo(ctx context.Context, body []byte) hub.Done {
	c := new(hub.Command)
	if err := json.Unmarshal(body, c); err != nil {
		return hub.Done{Reply: hub.Refuse("This cannot be understood: %s.", err)}
	}
	r, later, err := h.Do(ctx, c)
	if err != nil {
		r = failure(ctx, h.Log, c, err)
	}
	return hub.Done{Reply: r, Later: later}
}

// Do runs a command and gives its reply, or says that it comes later, within
// hub.CommandPatience. One with an ID that was taken before is not run again,
// and gets the reply that it got.
func (h *Host) Do(ctx context.Context, c *hub.Command) (r hub.Reply, later bool, err error) {
	began := time.Now()
	if err := vet(c); err != nil {
		return hub.Reply{}, false, err
	}
	if c.Command.Kind == hub.KindLookup || c.Command.Kind == hub.KindForm && c.Security.Token != "" {
		return h.carryOut(ctx, c, false, began), false, nil // changes nothing
	}
	f, err := h.board(ctx, c, func(ctx context.Context) hub.Reply { return h.carryOut(ctx, c, false, began) })
	if err == nil {
		r, later, err = f.await(ctx)
	}
	if errors.Is(err, errTaken) {
		return h.awaitOther(ctx, c.Command.ID)
	}
	return r, later, err
}

// Heard takes a message or a reaction. If it is a command or the answer to a
// question the reply will be shown where it was said.
func (h *Host) Heard(ctx context.Context, heard *hub.Heard) error {
	began := time.Now()
	c := &heard.Command
	if err := vet(c); err != nil {
		return err
	}
	what, err := h.concerns(ctx, heard)
	if err != nil || what == nothing {
		return err
	}
	f, err := h.board(ctx, c, func(ctx context.Context) hub.Reply { return h.carryOut(ctx, c, what == anAnswer, began) })
	if err == nil {
		var r hub.Reply
		var now bool
		if r, now, err = f.owed(); err == nil && now { // it has ended already
			h.showLater(c, r)
		}
	}
	if errors.Is(err, errTaken) { // and is answered by whoever has
		return nil
	}
	return err
}

// vet refuses what no provider should tell.
func vet(c *hub.Command) error {
	switch {
	case c.Command.ID == "":
		return hub.Errorf(hub.CodeInvalid, "a command needs an id")
	case !hub.ValidName(string(c.Context.System)):
		return hub.Errorf(hub.CodeInvalid, "a command needs a system")
	case c.Context.User.Bot:
		return hub.Errorf(hub.CodeForbidden, "Bots cannot give commands.")
	case c.Context.User.ID == "":
		return hub.Errorf(hub.CodeInvalid, "a command needs a user")
	}
	if c.Command.Kind == "" {
		c.Command.Kind = hub.KindSubmit
	}
	return nil
}

// showLater shows a reply without keeping anybody waiting for that.
func (h *Host) showLater(c *hub.Command, r hub.Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.work.Go(func() { h.show(c, r) })
	}
}

// showPatience is how long showing a reply may take, with what a platform asks
// to wait.
const showPatience = 3 * time.Minute

// show shows a reply where its command was given.
func (h *Host) show(c *hub.Command, r hub.Reply) {
	if c.Context.Source.ID == hub.FromAPI {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), showPatience)
	defer cancel()
	h.offered(ctx, c, r)
	body, err := json.Marshal(hub.Answer{Command: *c, Reply: r})
	var shown hub.Shown
	if err == nil {
		var answer []byte
		if answer, err = h.Wire.AskSystem(ctx, c.Context.System, hub.AskAnswer, body); err == nil {
			err = json.Unmarshal(answer, &shown)
		}
	}
	if err != nil || shown.Fault != "" {
		h.Log.Warn("a reply could not be shown", "command", c.Command.ID, "system", c.Context.System, "fault", shown.Fault, "reason", shown.Message, "err", err)
		return
	}
	h.placed(ctx, c, r, shown.Receipt.Ref)
}
