package apps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// manifestOf reads what an app says of itself.
func manifestOf(app App) (*manifest, error) {
	if !hub.ValidName(app.Name()) || app.Name() == "hub" {
		return nil, errors.New(`a name is 1 to 32 of a-z, 0-9, _ and -, and not "hub"`)
	}
	m := &manifest{app: app}
	return m, m.refresh()
}

// refresh asks the app what it can do.
func (m *manifest) refresh() error {
	l := &listing{functions: m.app.Functions(), byName: map[string]*Function{}}
	for i := range l.functions {
		f := &l.functions[i]
		if !f.Level.Known() {
			return fmt.Errorf("function %q: nobody knows level %q", f.Name, f.Level)
		}
		if f.Do == nil || !hub.ValidName(f.Name) {
			return fmt.Errorf("function %q: it needs a name of a-z, 0-9, _ and -, and something to do", f.Name)
		}
		if err := form.Check(f.Form); err != nil {
			return fmt.Errorf("function %q: %w", f.Name, err)
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if l.byName[name] != nil {
				return fmt.Errorf("function %q is there twice", name)
			}
			l.byName[name] = f
		}
	}
	m.now.Store(l)
	return nil
}

// serve answers a command that a host has checked.
func (m *manifest) serve(ctx context.Context, function string, body []byte) []byte {
	began := time.Now()
	r := m.run(ctx, function, body)
	m.took(m.app.Name(), time.Since(began))
	out, err := json.Marshal(r)
	if err != nil {
		out, _ = json.Marshal(hub.Refuse("%s's reply cannot be written down: %s.", m.app.Name(), err))
	}
	return out
}

func (m *manifest) run(ctx context.Context, function string, body []byte) (r hub.Reply) {
	defer func() {
		if p := recover(); p != nil {
			m.log.ErrorContext(ctx, "an app panicked", "app", m.app.Name(), "function", function, "panic", p, "stack", string(debug.Stack()))
			r = hub.Refuse("**%s** broke down over this; the operators find why in Bellhop's log. Nothing else is hurt.", m.app.Name())
		}
	}()
	c := new(hub.Command)
	if err := json.Unmarshal(body, c); err != nil {
		return hub.Refuse("%s cannot read the command: %s.", m.app.Name(), err)
	}
	f := m.find(function)
	if f == nil {
		return hub.Refuse("%s has no **%s**.", m.app.Name(), function)
	}
	if c.Command.Encoded == nil {
		c.Command.Encoded = hub.Values{}
	}
	return trim(f.Answer(ctx, c, m.log))
}

// Answer runs what the kind of a command asks for, as the host does once it has
// checked the command.
func (f *Function) Answer(ctx context.Context, c *hub.Command, log *slog.Logger) hub.Reply {
	r, err := f.answer(ctx, c)
	if err != nil {
		return failure(ctx, log, c, err)
	}
	return r
}

func (f *Function) answer(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	switch c.Command.Kind {
	case hub.KindLookup:
		if f.Lookup == nil {
			return hub.Reply{OK: &hub.OK{}}, nil
		}
		options, err := f.Lookup(ctx, c, c.Command.Encoded.Get(hub.LookupField), c.Command.Encoded.Get(hub.LookupQuery))
		return hub.Reply{OK: &hub.OK{Options: options}}, err
	case hub.KindForm:
		if f.Refresh == nil {
			shown := filled(f.Form, c.Command.Encoded)
			return hub.Reply{Form: &shown}, nil
		}
		shown, err := f.Refresh(ctx, c)
		return hub.Reply{Form: &shown}, err
	case hub.KindCancel:
		if f.Cancel != nil {
			f.Cancel(ctx, c)
		}
		return hub.Say("Cancelled. Nothing was changed."), nil
	}
	return f.Do(ctx, c)
}

// The bounds of a reply.
const (
	maxText    = 40_000 // characters
	maxActions = 25
	maxOptions = 100
)

// trim cuts a reply that is longer than anybody would read, and says so.
func trim(r hub.Reply) hub.Reply {
	switch {
	case r.OK != nil:
		ok := *r.OK
		ok.Text = cut(ok.Text)
		ok.Actions = ok.Actions[:min(len(ok.Actions), maxActions)]
		ok.Options = ok.Options[:min(len(ok.Options), maxOptions)]
		r.OK = &ok
	case r.Error != nil:
		e := *r.Error
		e.Text = cut(e.Text)
		r.Error = &e
	case r.Form != nil:
		f := *r.Form
		f.Text = cut(f.Text)
		r.Form = &f
	}
	return r
}

func cut(text string) string {
	const note = 100 // a text that was cut already is a little longer
	if len(text) <= maxText {
		return text
	}
	n := utf8.RuneCountInString(text)
	if n <= maxText+note {
		return text
	}
	end, seen := 0, 0
	for end = range text {
		if seen == maxText {
			break
		}
		seen++
	}
	return text[:end] + fmt.Sprintf("\n\n*This answer was cut: %d more characters are not shown.*", n-maxText)
}
