package hub

import (
	"errors"
	"fmt"
)

// Reply is what a command leads to: exactly one of OK, Error, Form, Navigate
// and Call.
type Reply struct {
	OK       *OK            `json:"ok,omitempty"`
	Error    *Refusal       `json:"error,omitempty"`
	Form     *Form          `json:"form,omitempty"`
	Navigate *Navigate      `json:"navigate,omitempty"`
	Call     *Call          `json:"call,omitempty"` // to be run in its stead
	Data     map[string]any `json:"data,omitempty"` // for programs: {"outcome": "created"}
}

// OK is an answer. The asker sees it, and where the platform can, nobody else.
type OK struct {
	Text    string   `json:"text,omitempty"` // CommonMark
	Actions []Action `json:"actions,omitempty"`
	Public  bool     `json:"public,omitempty"`  // for all in the chat
	Options []Option `json:"options,omitempty"` // the answer to a lookup
	// Ask is that it is a question, which the asker answers by typing. Where a
	// platform tells us only of what is addressed to us, the provider sees to it
	// that the answer is.
	Ask bool `json:"ask,omitempty"`
}

// Refusal says that a command was not carried out, and why.
type Refusal struct {
	Text   string            `json:"text"`             // CommonMark, what is wrong and how to mend it
	Fields map[string]string `json:"fields,omitempty"` // what is wrong with fields of the form, by name
	// Unsure is that the app gave no answer in time: it may have been carried out.
	Unsure bool `json:"unsure,omitempty"`
}

// Navigate sends the asker to a page.
type Navigate struct {
	URL  string `json:"url"` // absolute, http or https
	Text string `json:"text,omitempty"`
}

// Outcomes, as Reply.Data["outcome"] tells them.
const (
	OutcomeCreated   = "created"
	OutcomeUpdated   = "updated"
	OutcomeUnchanged = "unchanged"
	OutcomeDeleted   = "deleted"
	OutcomeRefused   = "refused" // the asker may not
	OutcomeError     = "error"
	OutcomeOK        = "ok"   // something was told
	OutcomeForm      = "form" // something is still to be said
)

// Say is an answer in words.
func Say(format string, args ...any) Reply {
	return Reply{OK: &OK{Text: fmt.Sprintf(format, args...)}}
}

// Refuse is an answer that says what is wrong.
func Refuse(format string, args ...any) Reply {
	return Reply{Error: &Refusal{Text: fmt.Sprintf(format, args...)}}
}

// With is r with its outcome told to programs.
func (r Reply) With(outcome string) Reply {
	data := map[string]any{"outcome": outcome}
	for k, v := range r.Data {
		if k != "outcome" {
			data[k] = v
		}
	}
	r.Data = data
	return r
}

// Outcome is Data's outcome, or what it has to be.
func (r Reply) Outcome() string {
	if o, ok := r.Data["outcome"].(string); ok {
		return o
	}
	switch {
	case r.Error != nil:
		return OutcomeError
	case r.Form != nil:
		return OutcomeForm
	}
	return OutcomeOK
}

// Validate says whether r is exactly one thing.
func (r Reply) Validate() error {
	n := 0
	for _, is := range []bool{r.OK != nil, r.Error != nil, r.Form != nil, r.Navigate != nil, r.Call != nil} {
		if is {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("a reply is exactly one of ok, error, form, navigate and call: this one is %d of them", n)
	}
	if r.Error != nil && r.Error.Text == "" && len(r.Error.Fields) == 0 {
		return errors.New("an error without a text helps nobody")
	}
	return nil
}
