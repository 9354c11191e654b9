package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// The kinds of what a dialog sends.
const (
	dialogRefresh = "refresh"
	dialogLookup  = "dialog_lookup"
)

// What a submission holds beside its fields.
const (
	subQuery = "query"
	subField = "selected_field"
)

// state is what a dialog gives back with all that it sends. It goes to the client
// of the person for whom it is opened: the mark is tied to them.
type state struct {
	token   string
	channel string // where the command was given: the one that the client names may be another
	root    string
	lists   []string // fields of several values that are written in one line
}

// write is the state with its mark. None of its parts can have a dot.
func (s state) write(seal sealer, user string) string {
	parts := s.parts()
	return strings.Join(append(parts, seal.seal(append([]string{"dialog", user}, parts...)...)), ".")
}

func (s state) parts() []string {
	return []string{s.token, s.channel, s.root, strings.Join(s.lists, ",")}
}

// readState is a state that we wrote for user.
func readState(seal sealer, text, user string) (state, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 5 || !seal.sealed(parts[4], append([]string{"dialog", user}, parts[:4]...)...) {
		return state{}, errForged
	}
	s := state{token: parts[0], channel: parts[1], root: parts[2]}
	if parts[3] != "" {
		s.lists = strings.Split(parts[3], ",")
	}
	return s, nil
}

// errNoTrigger is that nothing lets a dialog open: the command did not come from
// a slash command or a button.
var errNoTrigger = &providers.Error{Fault: hub.FaultRejected, Op: opDialog, Err: errors.New("there is no trigger")}

// open opens a form as a dialog for who gave the command:
// https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
func (c *Client) open(ctx context.Context, cmd *hub.Command, f *hub.Form) error {
	if cmd.Security.TriggerID == "" || !c.buttons() {
		return errNoTrigger
	}
	if c.version.Load() == nil { // what dialogs can do there is not known yet
		if _, _, err := c.whoAmI(ctx); err != nil {
			return err
		}
	}
	dialog := c.dialog(ctx, cmd, f)
	resp, err := c.api.OpenInteractiveDialog(ctx, model.OpenDialogRequest{
		TriggerId: cmd.Security.TriggerID, URL: c.callback + pathDialog, Dialog: dialog,
	})
	if err != nil {
		return c.judge(opDialog, resp, err)
	}
	return nil
}

// onDialog answers what a dialog sends: that it was filled in or closed, that a
// field has changed, or which options there are.
func (c *Client) onDialog(ctx context.Context, r *providers.Request, ear providers.Ear) (any, error) {
	var sent model.SubmitDialogRequest
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return nil, fmt.Errorf("%w: %w", errForged, err)
	}
	s, err := readState(c.sealer, sent.State, sent.UserId)
	if err != nil {
		return nil, err
	}
	cmd := c.commandOf(ctx, &sent, s, r.Body)
	reply, later := ear.Do(ctx, cmd)
	if cmd.Command.Kind == hub.KindLookup {
		return lookedUp(reply), nil
	}
	if later {
		return &model.SubmitDialogResponse{}, nil
	}
	return c.dialogResponse(ctx, cmd, reply), nil
}

// commandOf is what a dialog wants. What changes something has the same id when
// it is sent again as it is; a question is asked anew.
func (c *Client) commandOf(ctx context.Context, sent *model.SubmitDialogRequest, s state, body []byte) *hub.Command {
	cmd := &hub.Command{
		Command: hub.Call{
			ID: hub.CommandFor(c.system, "dialog/"+hub.Digest(string(body))), Kind: hub.KindSubmit,
		},
		Security: hub.Security{Token: s.token},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromDialog}, System: c.system,
			User: c.known.user(ctx, sent.UserId), Channel: c.known.channel(ctx, s.channel),
			Team: sent.TeamId, RootPost: hub.MessageRef(s.root),
		},
	}
	call := &cmd.Command
	var field, query string
	if sent.Type == dialogRefresh || sent.Type == dialogLookup {
		field, _ = sent.Submission[subField].(string)
		query, _ = sent.Submission[subQuery].(string)
		delete(sent.Submission, subField)
		delete(sent.Submission, subQuery)
	}
	call.Encoded = values(sent.Submission, s.lists)
	switch {
	case sent.Cancelled:
		call.Kind, call.Encoded = hub.KindCancel, nil
	case sent.Type == dialogRefresh:
		call.Kind, call.ID = hub.KindForm, hub.CommandFor(c.system, "refresh/"+model.NewId())
		call.Encoded.Set(hub.LookupField, inside(field))
	case sent.Type == dialogLookup:
		call.Kind, call.ID = hub.KindLookup, hub.CommandFor(c.system, "lookup/"+model.NewId())
		call.Encoded.Set(hub.LookupField, inside(field))
		call.Encoded.Set(hub.LookupQuery, query)
	}
	return cmd
}

// lookedUp are options as the answer to a question for them.
func lookedUp(r hub.Reply) *model.LookupDialogResponse {
	answer := &model.LookupDialogResponse{Items: []model.DialogSelectOption{}}
	if r.OK == nil {
		return answer
	}
	for _, o := range options(r.OK.Options, optionLimit) {
		answer.Items = append(answer.Items, model.DialogSelectOption{Text: o.Text, Value: o.Value})
	}
	return answer
}

// dialogResponse is a reply as the answer to a dialog: it stays open with what is
// wrong, changes, or closes, and then what there is to say is said in the channel.
func (c *Client) dialogResponse(ctx context.Context, cmd *hub.Command, r hub.Reply) *model.SubmitDialogResponse {
	closes := &model.SubmitDialogResponse{}
	switch {
	case r.Error != nil:
		return refused(r.Error)
	case r.Form != nil && c.can(dates):
		next := c.dialog(ctx, cmd, r.Form)
		return &model.SubmitDialogResponse{Type: string(model.SubmitDialogResponseTypeForm), Form: &next}
	case cmd.Command.Kind != hub.KindSubmit:
		return closes
	}
	if len(c.words(r, here(cmd)).posts) == 0 {
		return closes
	}
	if _, err := c.say(ctx, cmd, r); err != nil {
		c.log.WarnContext(ctx, "a reply is not shown", "err", err)
		return &model.SubmitDialogResponse{Error: "It is done, but the answer could not be posted: " + c.readable(r)}
	}
	return closes
}

// refused is what is wrong, in words without markup: dialogs show none.
func refused(r *hub.Refusal) *model.SubmitDialogResponse {
	answer := &model.SubmitDialogResponse{Error: inPlain(r.Text)}
	for name, problem := range r.Fields {
		if answer.Errors == nil {
			answer.Errors = map[string]string{}
		}
		answer.Errors[outside(name)] = inPlain(problem)
	}
	if answer.Error == "" && len(answer.Errors) == 0 {
		answer.Error = "It was not done."
	}
	return answer
}

// errorLimit keeps an error of a dialog readable there.
const errorLimit = 1_000

func inPlain(commonMark string) string {
	s, _ := providers.Fit(providers.Parse(commonMark), providers.PlainText(), errorLimit, unit.Len)
	return s
}

func (c *Client) readable(r hub.Reply) string {
	if r.OK != nil {
		return inPlain(r.OK.Text)
	}
	return ""
}
