package apps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// maxCalls is how many times a reply may be another call.
const maxCalls = 5

// carryOut runs a command, and what its replies call in turn, and gets the
// reply ready to be shown. answers is that it answers a question, and began when we were
// told of it.
func (h *Host) carryOut(ctx context.Context, c *hub.Command, answers bool, began time.Time) hub.Reply {
	if h.Meet != nil {
		h.Meet(ctx, c)
	}
	now := *c
	var r hub.Reply
	if answers {
		r = h.answered(ctx, &now, nil)
	} else {
		r = h.decide(ctx, &now)
	}
	for n := 0; r.Call != nil; n++ {
		if n == maxCalls {
			r = hub.Refuse("This command leads from one to the next without an end.")
			break
		}
		now = next(&now, *r.Call)
		r = h.exec(ctx, &now, now.Command.Raw)
	}
	if err := r.Validate(); err != nil {
		h.Log.Error("an app gave a reply that is none", "app", now.Command.Namespace, "function", now.Command.Function, "err", err)
		r = hub.Refuse("**%s** gave an answer that says nothing; the operators find it in Bellhop's log.", now.Command.Namespace)
	}
	if r.Form != nil && r.Form.Call == nil && r.Form.Token == "" {
		f := *r.Form
		f.Call = &hub.Call{Namespace: now.Command.Namespace, Function: now.Command.Function, State: now.Command.State}
		r.Form = &f
	}
	h.audit(ctx, c, &now, r)
	shown := h.finish(ctx, &now, r)
	h.Took(now.Command.Namespace, r.Outcome(), time.Since(began))
	return shown
}

// next is the command that a reply calls, as if the same person had given it.
func next(c *hub.Command, call hub.Call) hub.Command {
	n := *c
	n.Security.Token = ""
	if call.Namespace == "" {
		call.Namespace = c.Command.Namespace
	}
	if call.Kind == "" {
		call.Kind = hub.KindSubmit
	}
	call.ID = c.Command.ID
	n.Command = call
	return n
}

// decide finds out what a command is: a button or form of ours, a function, or a
// line.
func (h *Host) decide(ctx context.Context, c *hub.Command) hub.Reply {
	if c.Security.Token != "" {
		return h.pressed(ctx, c)
	}
	if c.Command.Namespace != "" && c.Command.Function != "" {
		return h.exec(ctx, c, c.Command.Raw)
	}
	line, refused := h.resolve(c)
	if refused != nil {
		return *refused
	}
	return h.exec(ctx, c, line)
}

// resolve finds the app and function that a line names, and what is left of
// it. "watch support" is the default app's.
func (h *Host) resolve(c *hub.Command) (rest string, refused *hub.Reply) {
	m := h.apps[c.Command.Namespace]
	line := strings.TrimSpace(c.Command.Raw)
	if m == nil {
		word, after := firstWord(line)
		if m = h.apps[word]; m != nil {
			line = after
		} else {
			m = h.apps[h.Default]
		}
	}
	c.Command.Namespace = m.app.Name()
	word, after := firstWord(line)
	if word == "" {
		word = "help"
	}
	if f := m.find(word); f != nil {
		c.Command.Function = f.Name
		return after, nil
	}
	r := h.unknown(c, m, word, after)
	return "", &r
}

// firstWord is the first word of a line as names are compared, and the rest.
func firstWord(line string) (word, rest string) {
	word, rest = cutWord(line)
	return word, strings.TrimSpace(rest)
}

// cutWord is the first word of a line as names are compared, and all that stands
// behind it, which begins with a blank.
func cutWord(line string) (word, rest string) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	end := strings.IndexFunc(line, unicode.IsSpace)
	if end < 0 {
		end = len(line)
	}
	return strings.ToLower(line[:end]), line[end:]
}

// unknown is the answer to a verb that no app has.
func (h *Host) unknown(c *hub.Command, m *manifest, word, rest string) hub.Reply {
	var names []string
	for _, f := range m.functions() {
		if f.Summary != "" {
			names = append(names, f.Name)
		}
	}
	name := m.app.Name()
	text := fmt.Sprintf("There is no `%s`.", h.Type(c, name+" "+clip(word)))
	var actions []hub.Action
	if near := hub.Nearest(word, names, 2); len(near) > 0 {
		text += fmt.Sprintf(" Did you mean `%s`?", h.Type(c, strings.TrimSpace(name+" "+near[0]+" "+clip(rest))))
		for _, n := range near {
			actions = append(actions, hub.Action{
				Label: clip(strings.TrimSpace(n + " " + rest)), Call: &hub.Call{Namespace: name, Function: n, Raw: rest},
			})
		}
	}
	text += fmt.Sprintf(" `%s` lists what there is.", h.Type(c, name+" help"))
	if len(actions) == 0 {
		return hub.Refuse("%s", text)
	}
	return hub.Reply{OK: &hub.OK{Text: text, Actions: actions}}.With(hub.OutcomeError)
}

// clip keeps what a person typed short, and out of the markup.
func clip(s string) string {
	s = strings.ReplaceAll(s, "`", "'")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// function finds the function that a command names, and whether whoever gave it
// may use it.
func (h *Host) function(ctx context.Context, c *hub.Command) (*Function, *hub.Reply) {
	m := h.apps[c.Command.Namespace]
	if m == nil || m.find(c.Command.Function) == nil {
		r := hub.Refuse("There is no `%s %s` any more.", clip(c.Command.Namespace), clip(c.Command.Function))
		return nil, &r
	}
	f := m.find(c.Command.Function)
	c.Command.Function = f.Name
	return f, h.refused(ctx, c, f)
}

// direct runs a function with values that were checked already.
func (h *Host) direct(ctx context.Context, c *hub.Command) hub.Reply {
	if _, refused := h.function(ctx, c); refused != nil {
		return *refused
	}
	return h.dispatch(ctx, c)
}

// exec runs one function: may they, is everything there, does it fit, and then
// the app.
func (h *Host) exec(ctx context.Context, c *hub.Command, line string) hub.Reply {
	f, refused := h.function(ctx, c)
	if refused != nil {
		return *refused
	}
	if c.Command.Kind != hub.KindSubmit {
		return h.dispatch(ctx, c)
	}
	if c.Command.Encoded == nil {
		values, err := form.Parse(f.Form, line)
		if err != nil {
			return h.misread(c, f, err)
		}
		c.Command.Encoded = form.Defaults(f.Form, values)
	}
	if missing := form.Missing(f.Form, c.Command.Encoded); len(missing) > 0 {
		c.Command.Kind = hub.KindForm
		return h.dispatch(ctx, c)
	}
	values, wrong := form.Validate(f.Form, c.Command.Encoded, h.here(ctx, c))
	if len(wrong) > 0 {
		return hub.Reply{Error: &hub.Refusal{Text: "Something in this does not fit.", Fields: wrong}}
	}
	if chosen := c.Command.Encoded[hub.ChosenValue]; len(chosen) > 0 { // which is of no form
		values[hub.ChosenValue] = chosen
	}
	c.Command.Encoded = values
	return h.dispatch(ctx, c)
}

// here is now, where the people of the chat are.
func (h *Host) here(ctx context.Context, c *hub.Command) time.Time {
	now, zone := h.Now(), time.UTC
	if h.Zone != nil {
		zone = h.Zone(ctx, c.Context.Chat())
	}
	return now.In(zone)
}

// refused is why somebody may not use a function, nil if they may.
func (h *Host) refused(ctx context.Context, c *hub.Command, f *Function) *hub.Reply {
	level, err := h.Rights.LevelOf(ctx, c)
	if err != nil {
		r := hub.Refuse("Whether you may do this cannot be found out at the moment. Try again in a minute.")
		return &r
	}
	if level.May(f.Level) {
		return nil
	}
	r := hub.Refuse("You may not use `%s`: it needs the level **%s**, and yours is **%s**. An admin of Bellhop can change that.",
		h.Type(c, c.Command.Namespace+" "+f.Name), f.Level, level).With(hub.OutcomeRefused)
	return &r
}

// misread is the answer to a line that does not fit the form.
func (h *Host) misread(c *hub.Command, f *Function, err error) hub.Reply {
	text := "This cannot be read."
	var fields map[string]string
	if e, ok := errors.AsType[*hub.Error](err); ok {
		text, fields = e.Message, e.Fields
	}
	text += fmt.Sprintf("\n\nIt is written like this: `%s`", h.Type(c, c.Command.Namespace+" "+form.Usage(f.Name, f.Form)))
	return hub.Reply{Error: &hub.Refusal{Text: text, Fields: fields}}
}

// dispatch hands a command to its app, wherever it runs.
func (h *Host) dispatch(ctx context.Context, c *hub.Command) hub.Reply {
	ctx, cancel := context.WithTimeout(ctx, h.Patience)
	defer cancel()
	given := *c
	given.Security, given.Context.Source.Props = hub.Security{}, nil
	body, err := json.Marshal(given)
	if err != nil {
		return failure(ctx, h.Log, c, err)
	}
	answer, err := h.Wire.AskApp(ctx, c.Command.Namespace, c.Command.Function, body)
	var r hub.Reply
	if err == nil {
		err = json.Unmarshal(answer, &r)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r = hub.Refuse("**%s** has not answered within %s. Look whether it was done before you try again.", c.Command.Namespace, h.Patience)
		r.Error.Unsure = true
		return r
	case err != nil:
		h.Log.Warn("an app could not be asked", "app", c.Command.Namespace, "function", c.Command.Function, "err", err)
		return hub.Refuse("**%s** does not run at the moment, so nothing was done. Try again in a minute.", c.Command.Namespace)
	}
	return trim(r)
}

// audit notes what became of a command. Looking something up, and being asked
// for more, is not worth it.
func (h *Host) audit(ctx context.Context, given, c *hub.Command, r hub.Reply) {
	if h.Audit == nil || c.Command.Function == "" || c.Command.Kind == hub.KindLookup || c.Command.Kind == hub.KindForm || r.Outcome() == hub.OutcomeForm {
		return
	}
	e := hub.AuditEntry{
		At: h.Now().UTC(), Who: c.Context.User.Called(), System: c.Context.System, User: c.Context.User.ID, Chat: c.Context.Channel.ID,
		Action: c.Command.Namespace + "." + c.Command.Function, Line: given.Command.Raw, Outcome: r.Outcome(), Command: c.Command.ID,
		Before: raw(r.Data["before"]), After: raw(r.Data["after"]),
	}
	if r.Error != nil {
		e.Message = r.Error.Text
	}
	h.Audit(ctx, e)
}

func raw(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return out
}
