package apps

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// binding is what a token stands for: an action under a message, or a form that
// is open.
type binding struct {
	Call    *hub.Call          `json:"call,omitempty"`    // of an action
	Options []hub.Option       `json:"options,omitempty"` // of an action that is a select
	Answer  hub.Values         `json:"answer,omitempty"`  // of an action that answers the question of a talk
	Talk    hub.CommandID      `json:"talk,omitempty"`    // which talk that is
	Form    *hub.Form          `json:"form,omitempty"`    // with its Call
	Of      string             `json:"of,omitempty"`      // the one user who may use it; empty is anyone with the level
	Context hub.CommandContext `json:"context"`           // in which it was shown
	// Used is by which command each value was chosen: a token does its work once.
	Used map[string]hub.CommandID `json:"used,omitempty"`
}

// newToken makes 22 letters, digits, - and _, which nobody guesses.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (h *Host) putBinding(ctx context.Context, token string, b binding) error {
	b.Context.Source.Props = nil
	value, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return h.Bindings.Put(ctx, hub.Digest(token), value)
}

// finish gets a reply ready to be shown: what its buttons and forms do stays
// here, and goes out as tokens.
func (h *Host) finish(ctx context.Context, c *hub.Command, r hub.Reply) hub.Reply {
	var err error
	switch {
	case r.Form != nil && r.Form.Token == "":
		r, err = h.open(ctx, c, *r.Form, r.Data)
	case r.OK != nil && len(r.OK.Actions) > 0:
		ok := *r.OK
		ok.Actions, err = h.bind(ctx, c, ok.Actions, "")
		r.OK = &ok
	}
	if err != nil {
		h.Log.Warn("what a reply's buttons do could not be kept", "command", c.Command.ID, "err", err)
		return hub.Refuse("This was done as far as it could be, but its answer cannot be shown at the moment. Look how things stand before you try again.")
	}
	return r
}

// bind gives actions their tokens. of is who alone may use them, if anyone.
func (h *Host) bind(ctx context.Context, c *hub.Command, actions []hub.Action, of string) ([]hub.Action, error) {
	bound := slices.Clone(actions)
	for i := range bound {
		a := &bound[i]
		if a.Call == nil {
			continue
		}
		call := *a.Call
		if call.Namespace == "" {
			call.Namespace = c.Command.Namespace
		}
		a.Call, a.Token = nil, newToken()
		if err := h.putBinding(ctx, a.Token, binding{Call: &call, Options: a.Options, Of: of, Context: c.Context}); err != nil {
			return nil, err
		}
	}
	return bound, nil
}

// open shows a form the way its system can: as a dialog; as a button that opens
// one, where only a press lets us; else question by question.
func (h *Host) open(ctx context.Context, c *hub.Command, f hub.Form, data map[string]any) (hub.Reply, error) {
	can := h.Features(ctx, c.Context.System)
	api := c.Context.Source.ID == hub.FromAPI
	switch {
	case api || can.Dialogs && c.Security.TriggerID != "":
		f.Token = newToken()
		err := h.putBinding(ctx, f.Token, binding{Form: &f, Of: c.Context.User.ID, Context: c.Context})
		shown := f
		shown.Call = nil
		return hub.Reply{Form: &shown, Data: data}, err
	case can.Dialogs && can.Buttons:
		return h.button(ctx, c, f)
	}
	return h.ask(ctx, c, f)
}

// button is a message with a button that opens a form.
func (h *Host) button(ctx context.Context, c *hub.Command, f hub.Form) (hub.Reply, error) {
	call := hub.Call{}
	if f.Call != nil {
		call = *f.Call
	}
	call.Kind, call.Encoded = hub.KindForm, held(f)
	actions, err := h.bind(ctx, c, []hub.Action{{Label: "Fill it in…", Style: "primary", Call: &call}}, "")
	return hub.Reply{OK: &hub.OK{Text: "**" + f.Title + "**: there is something left to say.", Actions: actions}}.With(hub.OutcomeForm), err
}

// errForeign says that a token is none that we made, or is too old.
var errForeign = errors.New("the token is not ours")

func (h *Host) findBinding(ctx context.Context, c *hub.Command) (*binding, uint64, error) {
	if len(c.Security.Token) > hub.MaxToken {
		return nil, 0, errForeign
	}
	value, revision, err := h.Bindings.Get(ctx, hub.Digest(c.Security.Token))
	if err != nil {
		return nil, 0, err
	}
	b := new(binding)
	if revision == 0 || json.Unmarshal(value, b) != nil || b.Context.System != c.Context.System {
		return nil, 0, errForeign
	}
	return b, revision, nil
}

// pressed carries out what a token stands for.
func (h *Host) pressed(ctx context.Context, c *hub.Command) hub.Reply {
	b, revision, err := h.findBinding(ctx, c)
	if errors.Is(err, errForeign) {
		if h.Press != nil {
			if call, ok := h.Press(ctx, c); ok {
				return h.standing(ctx, c, call)
			}
		}
		return hub.Refuse("This button or form is not known here any more, so nothing was done. Give the command again.")
	}
	if err != nil {
		return hub.Refuse("What this does cannot be looked up at the moment, so nothing was done. Try again in a minute.")
	}
	if b.Of != "" && b.Of != c.Context.User.ID {
		return hub.Refuse("This is for %s alone.", b.Context.User.Called()).With(hub.OutcomeRefused)
	}
	restore(&c.Context, &b.Context)
	switch {
	case b.Form != nil:
		return h.formed(ctx, c, b, revision)
	case b.Answer != nil:
		return h.answered(ctx, c, b)
	}
	return h.action(ctx, c, b, revision)
}

// pressedAgain is within what time a press of a button that stays is the same
// press once more.
const pressedAgain = 10 * time.Second

// lastPress is by which command a button that stays was pressed last.
type lastPress struct {
	By hub.CommandID `json:"by"`
	At time.Time     `json:"at"`
}

// standing carries out a button under a notification. It may be pressed again
// another day, but not twice at once.
func (h *Host) standing(ctx context.Context, c *hub.Command, call hub.Call) hub.Reply {
	to := next(c, call)
	if _, refused := h.function(ctx, &to); refused != nil {
		*c = to
		return *refused
	}
	key := hub.Digest("press", string(c.Context.System), c.Context.Channel.ID, string(c.Context.Post), call.Namespace, call.Function)
	for {
		value, revision, err := h.Bindings.Get(ctx, key)
		var last lastPress
		if err == nil && revision > 0 {
			err = json.Unmarshal(value, &last)
		}
		if err == nil && last.By != "" && last.By != c.Command.ID && h.Now().Sub(last.At) < pressedAgain {
			return h.again(ctx, last.By)
		}
		ok := false
		if err == nil {
			value, err = json.Marshal(lastPress{c.Command.ID, h.Now().UTC()})
		}
		if err == nil {
			_, ok, err = h.Bindings.Swap(ctx, key, value, revision)
		}
		if err != nil {
			return hub.Refuse("This cannot be done at the moment, so nothing was done. Try again in a minute.")
		}
		if ok {
			*c = to
			return h.exec(ctx, c, call.Raw)
		}
	}
}

// restore fills in what a platform does not say of where a dialog was opened.
func restore(c, shown *hub.CommandContext) {
	if c.Channel.ID == "" {
		c.Channel = shown.Channel
		c.Post, c.ParentPost, c.RootPost = shown.Post, shown.ParentPost, shown.RootPost
	}
	if c.Team == "" {
		c.Team = shown.Team
	}
	if c.Event == "" {
		c.Event = shown.Event
	}
}

func (h *Host) action(ctx context.Context, c *hub.Command, b *binding, revision uint64) hub.Reply {
	if c.Command.Kind == hub.KindLookup { // a provider that shows a part of them wants to show more
		return hub.Reply{OK: &hub.OK{Options: b.Options}}
	}
	chosen := c.Command.Encoded.Get(hub.ChosenValue)
	if len(b.Options) > 0 && !slices.ContainsFunc(b.Options, func(o hub.Option) bool { return o.Value == chosen }) {
		return hub.Refuse("This was not among what could be chosen, so nothing was done.")
	}
	to := next(c, *b.Call)
	if len(b.Options) > 0 {
		to.Command.Encoded = to.Command.Encoded.Clone()
		to.Command.Encoded[hub.ChosenValue] = []string{chosen}
	}
	// Whoever may not press it uses nothing up.
	if _, refused := h.function(ctx, &to); refused != nil {
		*c = to
		return *refused
	}
	if b.Call.Kind == hub.KindForm { // a form may be opened again and again
		*c = to
		return h.exec(ctx, c, c.Command.Raw)
	}
	if r, again := h.used(ctx, c, b, revision, chosen); again {
		return r
	}
	press := *c
	*c = to
	r := h.exec(ctx, c, c.Command.Raw)
	if r.Error != nil && !r.Error.Unsure {
		h.unused(ctx, &press, chosen)
	}
	return r
}

// used marks a token as used. again is that it was before, by another command,
// whose reply r is.
func (h *Host) used(ctx context.Context, c *hub.Command, b *binding, revision uint64, value string) (r hub.Reply, again bool) {
	token := c.Security.Token
	for {
		if by, was := b.Used[value]; was {
			if by == c.Command.ID {
				return hub.Reply{}, false
			}
			return h.again(ctx, by), true
		}
		if b.Used == nil {
			b.Used = map[string]hub.CommandID{}
		}
		b.Used[value] = c.Command.ID
		written, err := json.Marshal(b)
		ok := false
		if err == nil {
			_, ok, err = h.Bindings.Swap(ctx, hub.Digest(token), written, revision)
		}
		if err != nil {
			return hub.Refuse("This cannot be done at the moment, so nothing was done. Try again in a minute."), true
		}
		if ok {
			return hub.Reply{}, false
		}
		if b, revision, err = h.findBinding(ctx, c); err != nil { // somebody else has used it meanwhile
			return hub.Refuse("This button is not known here any more, so nothing was done."), true
		}
	}
}

// unused lets a token do its work another time: by the command that used it
// nothing was done.
func (h *Host) unused(ctx context.Context, c *hub.Command, value string) {
	for {
		b, revision, err := h.findBinding(ctx, c)
		if err == nil && b.Used[value] != c.Command.ID {
			return
		}
		var written []byte
		if err == nil {
			delete(b.Used, value)
			written, err = json.Marshal(b)
		}
		ok := false
		if err == nil {
			_, ok, err = h.Bindings.Swap(ctx, hub.Digest(c.Security.Token), written, revision)
		}
		if err != nil {
			h.Log.Warn("a button or form could not be kept for another try", "command", c.Command.ID, "err", err)
		}
		if ok || err != nil {
			return
		}
	}
}

// await waits for the reply to a command that was taken before, here or
// elsewhere.
func (h *Host) await(ctx context.Context, id hub.CommandID) (hub.Reply, bool, error) {
	h.mu.Lock()
	f := h.flights[id]
	h.mu.Unlock()
	if f == nil {
		return h.awaitOther(ctx, id)
	}
	return f.await(ctx)
}

// formed carries out what was done with an open form.
func (h *Host) formed(ctx context.Context, c *hub.Command, b *binding, revision uint64) hub.Reply {
	press, token, values, kind := *c, c.Security.Token, c.Command.Encoded, c.Command.Kind
	to := next(c, *b.Form.Call)
	to.Command.Encoded, to.Command.Kind = values, kind
	if _, refused := h.function(ctx, &to); refused != nil {
		return *refused
	}
	switch kind {
	case hub.KindForm:
		if len(values[hub.LookupField]) == 0 { // nothing has changed: it is to be shown again
			shown := *b.Form
			shown.Token, shown.Call = token, nil
			return hub.Reply{Form: &shown}
		}
	case hub.KindSubmit:
		checked, wrong := form.Validate(*b.Form, values, h.here(ctx, c))
		if len(wrong) > 0 {
			return hub.Reply{Error: &hub.Refusal{Text: "Something in this does not fit.", Fields: wrong}}
		}
		to.Command.Encoded = checked
		if r, again := h.used(ctx, c, b, revision, ""); again {
			return r
		}
	case hub.KindCancel:
		if _, err := h.Bindings.Delete(ctx, hub.Digest(token), revision); err != nil {
			h.Log.Warn("a form that was closed could not be forgotten", "err", err)
		}
	}
	*c = to
	r := h.dispatch(ctx, c)
	if r.Error != nil && !r.Error.Unsure && kind == hub.KindSubmit {
		h.unused(ctx, &press, "") // its fields are to be mended, or it is to be tried again
	}
	if r.Form != nil && kind == hub.KindForm {
		shown := *r.Form
		if shown.Call == nil {
			shown.Call = b.Form.Call
		}
		b.Form = &shown
		if err := h.putBinding(ctx, token, *b); err != nil {
			return hub.Refuse("This form cannot be shown anew at the moment. Try again in a minute.")
		}
		out := shown
		out.Token, out.Call = token, nil
		r.Form = &out
	}
	return r
}

// held are the values that a form's fields hold.
func held(f hub.Form) hub.Values {
	values := hub.Values{}
	for _, field := range f.Fields {
		if len(field.Value) > 0 {
			values[field.Name] = field.Value
		}
	}
	return values
}

// filled is a form whose fields hold values.
func filled(f hub.Form, values hub.Values) hub.Form {
	f.Fields = slices.Clone(f.Fields)
	for i := range f.Fields {
		if given, ok := values[f.Fields[i].Name]; ok {
			f.Fields[i].Value = given
		}
	}
	return f
}
