package mattermost

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// optionLimit is of the text of a dialog's option.
const optionLimit = 100

// The server counts bytes in what it calls characters:
// https://github.com/mattermost/mattermost/blob/master/server/public/model/integration_action.go
const (
	titleLimit     = model.DialogTitleMaxLength
	nameLimit      = model.DialogElementDisplayNameMaxLength
	helpLimit      = model.DialogElementHelpTextMaxLength
	introLimit     = 4_000
	lineLimit      = 1_000 // of a text that says no limit of its own
	textareaLimit  = model.DialogElementTextareaMaxLength
	minutesApart   = 15 // of the times that a datetime offers
	patternOfDate  = "YYYY-MM-DD"
	patternOfTime  = "YYYY-MM-DDTHH:MM:SSZ"
	separateByHand = "separate several by commas"
)

// dialog writes a form as a dialog for who gave cmd.
func (c *Client) dialog(ctx context.Context, cmd *hub.Command, f *hub.Form) model.Dialog {
	made := state{token: f.Token, channel: cmd.Context.Channel.ID, root: string(cmd.Context.RootPost)}
	d := model.Dialog{
		CallbackId: "bellhop", Title: cmp.Or(providers.Label(f.Title, titleLimit, providers.Bytes), "Bellhop"),
		SubmitLabel: providers.Label(cmp.Or(f.Submit, "OK"), nameLimit, providers.Bytes), NotifyOnCancel: true,
	}
	intro := []string{f.Text}
	if providers.Label(f.Title, titleLimit, providers.Bytes) != providers.Label(f.Title, lineLimit, unit) {
		intro = slices.Insert(intro, 0, "**"+providers.Label(f.Title, lineLimit, unit)+"**")
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Type == hub.FieldMarkdown { // is read, not filled in
			intro = append(intro, cmp.Or(field.Description, strings.Join(field.Value, "\n\n")))
			continue
		}
		e, byHand := c.element(ctx, cmd, f, field)
		if byHand || e.Type == "file" { // whose ids have commas between them
			made.lists = append(made.lists, field.Name)
		}
		if e.Refresh {
			d.SourceURL = c.callback + pathDialog
		}
		d.Elements = append(d.Elements, e)
	}
	d.IntroductionText, _ = providers.Fit(providers.Parse(providers.Join("\n\n", intro...)), markdown{}, introLimit, unit.Len)
	d.State = made.write(c.sealer, cmd.Context.User.ID)
	return d
}

// element writes a field. byHand is that several values are written in one line.
func (c *Client) element(ctx context.Context, cmd *hub.Command, f *hub.Form, field *hub.Field) (e model.DialogElement, byHand bool) {
	label := providers.Label(cmp.Or(field.Label, field.Name), lineLimit, unit)
	e = model.DialogElement{
		Name: outside(field.Name), DisplayName: providers.Label(label, nameLimit, providers.Bytes),
		Optional: !field.Required, Placeholder: providers.Label(field.Hint, helpLimit, providers.Bytes),
		Default: first(field), Refresh: field.Refresh && c.can(dates),
	}
	help := []string{field.Description}
	if e.DisplayName != label {
		help = slices.Insert(help, 0, label)
	}
	switch field.Type {
	case hub.FieldSelect:
		byHand = c.choice(ctx, &e, cmd, f, field)
	case hub.FieldUser, hub.FieldChannel:
		byHand = c.member(&e, field)
	case hub.FieldBool:
		boolean(&e, field)
	case hub.FieldDate, hub.FieldDatetime:
		c.moment(&e, field)
	case hub.FieldFile:
		c.file(&e)
	default:
		text(&e, field)
		byHand = field.Multi
	}
	if byHand {
		help = append(help, separateByHand)
		e.Default = strings.Join(field.Value, ", ")
	}
	if e.Type == "text" && len(e.Default) > model.DialogElementTextMaxLength {
		e.Type, e.SubType = "textarea", ""
	}
	if e.Type == "text" && e.Placeholder == "" {
		e.Placeholder = patternHint(field)
	}
	e.HelpText = providers.Label(providers.Join(". ", help...), helpLimit, providers.Bytes)
	e.Default = fits(e.Default, e.Type)
	return e, byHand
}

func first(f *hub.Field) string {
	if len(f.Value) == 0 {
		return ""
	}
	return f.Value[0]
}

// fits leaves out a value that the element could not hold: to cut it would say
// something else.
func fits(value, kind string) string {
	limit := textareaLimit
	if kind == "text" {
		limit = model.DialogElementTextMaxLength
	}
	if len(value) > limit {
		return ""
	}
	return value
}

// text writes a text. Mattermost has a subtype for each of ours, by the same name.
func text(e *model.DialogElement, field *hub.Field) {
	e.Type, e.MaxLength = "text", lineLimit
	switch field.Subtype {
	case hub.TextLines:
		e.Type, e.MaxLength = "textarea", textareaLimit
	case hub.TextNumber, hub.TextEmail, hub.TextURL, hub.TextPhone, hub.TextPassword:
		e.SubType = field.Subtype
	}
	if field.Max > 0 {
		e.MaxLength = min(field.Max, textareaLimit)
	}
	e.MinLength = min(max(field.Min, 0), e.MaxLength)
	if e.MaxLength > lineLimit {
		e.Type = "textarea"
	}
}

// choice writes a select. Where the server does not ask for options while people
// type, they are asked for now.
func (c *Client) choice(ctx context.Context, e *model.DialogElement, cmd *hub.Command, f *hub.Form, field *hub.Field) (byHand bool) {
	e.Type = "select"
	if field.Multi {
		if !c.can(multiselects) {
			text(e, field)
			return true
		}
		e.MultiSelect = true
	}
	all := field.Options
	if field.Dynamic {
		if c.looksUp() {
			e.DataSource, e.DataSourceURL = "dynamic", c.callback+pathDialog
			e.Default = strings.Join(field.Value, ",")
			return false
		}
		all = c.lookUp(ctx, cmd, f, field)
		if len(all) == 0 { // they cannot be told, or there are too many
			text(e, field)
			e.MultiSelect = false
			return field.Multi
		}
	}
	e.Options = options(all, optionLimit)
	var chosen []string
	for _, v := range field.Value {
		// The server takes a comma for the end of a value, and spaces for nothing.
		offered := slices.ContainsFunc(e.Options, func(o *model.PostActionOptions) bool { return o.Value == v })
		if offered && (!field.Multi || !strings.ContainsAny(v, ", ")) {
			chosen = append(chosen, v)
		}
	}
	e.Default = strings.Join(chosen, ",")
	return false
}

// looksUp reports whether the server asks us for options, which its apps want to
// do safely.
func (c *Client) looksUp() bool {
	u, err := url.Parse(c.callback)
	safe := err == nil && (u.Scheme == "https" || u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	return safe && c.can(lookups)
}

// lookUp asks the hub for a field's options.
func (c *Client) lookUp(ctx context.Context, cmd *hub.Command, f *hub.Form, field *hub.Field) []hub.Option {
	ear := c.ear.Load()
	if ear == nil {
		return nil
	}
	ask := *cmd
	ask.Security = hub.Security{Token: f.Token}
	ask.Command = hub.Call{
		ID: hub.CommandFor(c.system, "lookup/"+model.NewId()), Kind: hub.KindLookup,
		Encoded: hub.Values{hub.LookupField: {field.Name}, hub.LookupQuery: {""}},
	}
	for i := range f.Fields {
		if v := f.Fields[i].Value; len(v) > 0 {
			ask.Command.Encoded[f.Fields[i].Name] = v
		}
	}
	r, later := (*ear).Do(ctx, &ask)
	if later || r.OK == nil {
		return nil
	}
	return r.OK.Options
}

// member writes a select of people or public channels.
func (c *Client) member(e *model.DialogElement, field *hub.Field) (byHand bool) {
	if field.Multi && !c.can(multiselects) {
		text(e, field)
		return true
	}
	e.Type, e.MultiSelect, e.DataSource = "select", field.Multi, "users"
	if field.Type == hub.FieldChannel {
		e.DataSource = "channels"
	}
	e.Default = strings.Join(field.Value, ",")
	return false
}

// boolean writes a box to tick. One that must be filled in would have to be
// ticked, so none must.
func boolean(e *model.DialogElement, field *hub.Field) {
	e.Type, e.Optional = "bool", true
	e.Default = strconv.FormatBool(first(field) == "true")
	if e.Placeholder == "" {
		e.Placeholder = providers.Label(cmp.Or(field.Description, field.Label), model.DialogElementBoolMaxLength, providers.Bytes)
	}
}

// moment writes a date or a time, on old servers as a text.
func (c *Client) moment(e *model.DialogElement, field *hub.Field) {
	if !c.can(dates) {
		text(e, field)
		return
	}
	e.Type = string(field.Type)
	if field.Type == hub.FieldDatetime {
		e.DateTimeConfig = &model.DialogDateTimeConfig{TimeInterval: minutesApart, ManualTimeEntry: true}
	}
}

// file writes an upload, on old servers a text.
func (c *Client) file(e *model.DialogElement) {
	if !c.can(files) {
		e.Type, e.MaxLength, e.SubType = "text", lineLimit, hub.TextURL
		return
	}
	e.Type, e.Default = "file", ""
}

// patternHint shows how a text has to look.
func patternHint(field *hub.Field) string {
	switch field.Type {
	case hub.FieldDate:
		return patternOfDate
	case hub.FieldDatetime:
		return patternOfTime
	}
	return ""
}

// values are the fields of a submission. lists are those that were written in one
// line.
func values(submission map[string]any, lists []string) hub.Values {
	all := hub.Values{}
	for name, v := range submission {
		name, found := inside(name), value(v)
		if slices.Contains(lists, name) {
			found = separated(found)
		}
		all.Set(name, found...)
	}
	return all
}

// outside is a field's name in a dialog, where some mean something else.
func outside(name string) string {
	if name == subQuery || name == subField {
		return "_" + name
	}
	return name
}

// inside is outside, back.
func inside(name string) string {
	if name == "_"+subQuery || name == "_"+subField {
		return name[1:]
	}
	return name
}

// value is what one field holds. Apps send what they show as text, a tick as a
// bool, and several choices as a list; some send a choice with its label.
func value(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if v == "" {
			return nil
		}
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, value(one)...)
		}
		return all
	case map[string]any:
		return value(v["value"])
	default:
		return []string{fmt.Sprint(v)}
	}
}

func separated(lines []string) []string {
	var all []string
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
