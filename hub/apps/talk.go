package apps

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// talk is a form that somebody is being asked for, in one chat.
type talk struct {
	Began   hub.CommandID      `json:"began,omitempty"` // the command with which it began
	Talk    form.Talk          `json:"talk"`
	Call    hub.Call           `json:"call"` // what runs with the answers
	Context hub.CommandContext `json:"context"`
	// Ended is the command with whose answer it ended: whoever pressed the same
	// button twice gets that one's reply.
	Ended hub.CommandID `json:"ended,omitempty"`
}

// talkKey is of a person in a chat: each has one conversation there.
func talkKey(c *hub.CommandContext) string {
	return hub.Digest("talk", string(c.System), c.Channel.ID, c.User.ID)
}

// findTalk finds the conversation of a person in a chat, which may have ended, and
// its revision. It is nil if there is none.
func (h *Host) findTalk(ctx context.Context, c *hub.CommandContext) (*talk, uint64, error) {
	value, revision, err := h.Talks.Get(ctx, talkKey(c))
	if err != nil || revision == 0 {
		return nil, 0, err
	}
	t := new(talk)
	if err := json.Unmarshal(value, t); err != nil {
		return nil, 0, nil //nolint:nilerr // of an older version: it is over
	}
	return t, revision, nil
}

// keepTalk keeps how far a conversation is, and returns its revision now. ok is
// false if it has gone on meanwhile.
func (h *Host) keepTalk(ctx context.Context, c *hub.CommandContext, t *talk, revision uint64) (now uint64, ok bool, err error) {
	value, err := json.Marshal(t)
	if err != nil {
		return 0, false, err
	}
	return h.Talks.Swap(ctx, talkKey(c), value, revision)
}

// ask begins a conversation about a form. One that was going on is dropped.
func (h *Host) ask(ctx context.Context, c *hub.Command, f hub.Form) (hub.Reply, error) {
	call := hub.Call{Namespace: c.Command.Namespace, Function: c.Command.Function}
	if f.Call != nil {
		call = *f.Call
	}
	// Only what is missing is asked for, unless the app wants all of it looked at.
	t := &talk{Began: c.Command.ID, Talk: form.Begin(f, held(f), c.Command.Kind != hub.KindForm), Call: call, Context: c.Context}
	t.Context.Source.Props = nil
	if t.Talk.Over() {
		_, err := h.Talks.Delete(ctx, talkKey(&c.Context), 0)
		return h.conclude(ctx, c, t, 0), err
	}
	r, err := h.question(ctx, c, t)
	if err != nil {
		return r, err
	}
	value, err := json.Marshal(t)
	if err == nil {
		err = h.Talks.Put(ctx, talkKey(&c.Context), value)
	}
	return r, err
}

// question is what is asked next.
func (h *Host) question(ctx context.Context, c *hub.Command, t *talk) (hub.Reply, error) {
	if field := t.Talk.Wants(); field != "" {
		t.Talk.Offer("", h.optionsOf(ctx, c, t, field, ""))
	}
	text, actions := t.Talk.Question()
	typed := t.Talk.Stage == form.Asking && !slices.ContainsFunc(actions, func(a hub.Action) bool { return a.Call.Encoded.Has(hub.ChosenValue) })
	if typed { // the text says what else can be written
		actions = nil
	}
	for i := range actions {
		a := &actions[i]
		encoded := a.Call.Encoded
		a.Call, a.Token = nil, newToken()
		if err := h.putBinding(ctx, a.Token, binding{Answer: encoded, Talk: t.Began, Of: c.Context.User.ID, Context: c.Context}); err != nil {
			return hub.Reply{}, err
		}
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: actions, Ask: typed}}.With(hub.OutcomeForm), nil
}

// maxHaste is how often an answer is tried that came at once with others.
const maxHaste = 10

// answered goes on with a conversation after an answer, or after an action of
// its question was pressed. One of an earlier conversation says nothing in this.
func (h *Host) answered(ctx context.Context, c *hub.Command, press *binding) hub.Reply {
	for range maxHaste {
		t, revision, err := h.findTalk(ctx, &c.Context)
		switch {
		case err != nil:
			return hub.Refuse("What you were asked cannot be looked up at the moment. Say it again in a minute.")
		case t == nil, press != nil && press.Talk != t.Began:
			return hub.Refuse("This question is not open any more. Give the command again.")
		case t.Ended != "":
			return h.again(ctx, t.Ended)
		}
		if r, ok := h.goOn(ctx, c, t, revision, press); ok {
			return r
		}
	}
	return hub.Refuse("You answer faster than I can ask. Say it again in a minute.")
}

// again is the reply to a command that was taken before.
func (h *Host) again(ctx context.Context, id hub.CommandID) hub.Reply {
	r, later, err := h.await(ctx, id)
	if err != nil || later {
		return hub.Say("This is being done already.")
	}
	return r
}

// goOn goes on with a conversation from where it was at a revision. ok is false
// if another answer came first: then nothing was done.
func (h *Host) goOn(ctx context.Context, c *hub.Command, t *talk, revision uint64, press *binding) (r hub.Reply, ok bool) {
	var step form.Step
	if press != nil {
		step = t.Talk.Press(press.Answer, h.here(ctx, c))
	} else {
		step = t.Talk.Take(c.Command.Raw, h.here(ctx, c))
	}
	if step.Kind == form.StepLookup {
		step = t.Talk.Offer(step.Query, h.optionsOf(ctx, c, t, step.Field, step.Query))
	}
	if step.Kind == form.StepRefresh {
		if refused := h.refresh(ctx, c, t, &step); refused != nil {
			return *refused, true
		}
	}
	over := step.Kind == form.StepDone || step.Kind == form.StepCancelled
	var err error
	if over {
		t.Ended = c.Command.ID
	} else {
		r, err = h.question(ctx, c, t)
	}
	if err == nil {
		revision, ok, err = h.keepTalk(ctx, &c.Context, t, revision)
	}
	switch {
	case err != nil:
		return hub.Refuse("Your answer cannot be taken at the moment. Say it again in a minute."), true
	case ok && over:
		return h.conclude(ctx, c, t, revision), true
	}
	return r, ok
}

// conclude carries out what a conversation was about: the command runs, or its
// app hears that it was called off. revision is that of the conversation, which
// goes on if the app finds fault with an answer.
func (h *Host) conclude(ctx context.Context, c *hub.Command, t *talk, revision uint64) hub.Reply {
	kind := hub.KindSubmit
	if t.Talk.Stage == form.CalledItOff {
		kind = hub.KindCancel
	}
	c.Command = hub.Call{
		ID: c.Command.ID, Namespace: t.Call.Namespace, Function: t.Call.Function, State: t.Call.State, Raw: t.Call.Raw, Kind: kind, Encoded: t.Talk.Values,
	}
	if c.Context.RootPost == "" {
		c.Context.RootPost = t.Context.RootPost
	}
	if kind == hub.KindSubmit {
		values, wrong := form.Validate(t.Talk.Form, t.Talk.Values, h.here(ctx, c))
		if len(wrong) > 0 {
			return hub.Reply{Error: &hub.Refusal{Text: "Something in this does not fit any more. Give the command again.", Fields: wrong}}
		}
		c.Command.Encoded = values
	}
	r := h.direct(ctx, c)
	if kind == hub.KindSubmit && r.Error != nil && t.Talk.Reopen(r.Error.Text, r.Error.Fields) {
		return h.askAgain(ctx, c, t, revision, r)
	}
	return r
}

// askAgain goes on with a conversation in whose answers the app found fault. If
// something else has begun meanwhile, the refusal is all that is said.
func (h *Host) askAgain(ctx context.Context, c *hub.Command, t *talk, revision uint64, refusal hub.Reply) hub.Reply {
	t.Ended = ""
	r, err := h.question(ctx, c, t)
	if err != nil {
		return refusal
	}
	if _, ok, err := h.keepTalk(ctx, &c.Context, t, revision); err != nil || !ok {
		return refusal
	}
	return r.With(hub.OutcomeError)
}

// asking is the command that an app hears about an open conversation.
func (t *talk) asking(c *hub.Command, kind hub.CommandKind) *hub.Command {
	asked := *c
	asked.Command = hub.Call{ID: c.Command.ID, Namespace: t.Call.Namespace, Function: t.Call.Function, State: t.Call.State, Kind: kind, Encoded: t.Talk.Values.Clone()}
	return &asked
}

func (h *Host) optionsOf(ctx context.Context, c *hub.Command, t *talk, field, query string) []hub.Option {
	asked := t.asking(c, hub.KindLookup)
	asked.Command.Encoded.Set(hub.LookupField, field)
	asked.Command.Encoded.Set(hub.LookupQuery, query)
	if r := h.direct(ctx, asked); r.OK != nil {
		return r.OK.Options
	}
	return nil
}

// refresh asks the app for the form again, since a field has changed.
func (h *Host) refresh(ctx context.Context, c *hub.Command, t *talk, step *form.Step) *hub.Reply {
	asked := t.asking(c, hub.KindForm)
	asked.Command.Encoded.Set(hub.LookupField, step.Field)
	r := h.direct(ctx, asked)
	if r.Form == nil {
		return &r
	}
	if r.Form.Call != nil {
		t.Call = *r.Form.Call
	}
	*step = t.Talk.Replace(*r.Form)
	return nil
}

// concern is what a message or a reaction is to us.
type concern int

const (
	nothing concern = iota
	aCommand
	anAnswer
)

// concerns finds out what a message or a reaction is to us: a command, an answer
// to what its author was asked, something to choose under one of our messages,
// or nothing.
func (h *Host) concerns(ctx context.Context, heard *hub.Heard) (concern, error) {
	c := &heard.Command
	if c.Context.Source.ID == hub.FromReaction {
		return h.reacted(ctx, c)
	}
	explicit := heard.ForUs && strings.TrimSpace(heard.Text) != strings.TrimSpace(c.Command.Raw)
	if explicit && !h.forAnother(heard) {
		return aCommand, nil
	}
	t, _, err := h.findTalk(ctx, &c.Context)
	if err != nil {
		return nothing, err
	}
	if t != nil && t.Ended == "" {
		return anAnswer, nil
	}
	chosen, err := h.chosen(ctx, c)
	switch {
	case err != nil:
		return nothing, err
	case chosen || heard.ForUs && !h.forAnother(heard):
		return aCommand, nil
	}
	return nothing, nil
}

// forAnother reports whether a message is a command that some other bot in the
// room may know: "!ping" is said to all of them.
func (h *Host) forAnother(heard *hub.Heard) bool {
	text := strings.TrimSpace(heard.Text)
	if !strings.HasPrefix(text, "!") && !strings.HasPrefix(text, "/") {
		return false
	}
	word, _ := firstWord(heard.Command.Command.Raw)
	return h.apps[word] == nil && h.apps[h.Default].find(word) == nil
}
