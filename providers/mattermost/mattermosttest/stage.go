package mattermosttest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Stage is a Server with people on it.
type Stage struct {
	*Server
	to Callbacks
}

var _ providertest.Stage = (*Stage)(nil)

// NewStage puts people on a server, which calls Bellhop as to says. Bellhop's
// side has the same prefix for its Env.Callback, and the same tokens.
func NewStage(s *Server, to Callbacks) *Stage { return &Stage{Server: s, to: to} }

// Chat implements providertest.Stage: a public channel.
func (s *Stage) Chat(_ testing.TB, name string) string { return s.Channel(name) }

// Person implements providertest.Stage.
func (s *Stage) Person(_ testing.TB, name string, admin bool) string {
	return s.Server.Person(name, admin)
}

// Command implements providertest.Stage: a slash command. Where there is none for
// the first word, the server says so itself.
func (s *Stage) Command(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	return s.CommandIn(t, chat, "", person, line)
}

// CommandIn is Command in the thread of root.
func (s *Stage) CommandIn(t testing.TB, chat, root, person, line string) providertest.Seen {
	t.Helper()
	word, _, _ := strings.Cut(line, " ")
	if len(s.to.Triggers) > 0 && !slices.Contains(s.to.Triggers, strings.ToLower(word)) {
		return providertest.Seen{Text: "Command with a trigger of '/" + word + "' not found.", Private: true}
	}
	mark := s.seen()
	require.NoError(t, s.slash(&s.to, s.SlashForm(&s.to, chat, person, root, line)))
	return s.next(t, mark, chat, person)
}

// Bare implements providertest.Stage: there are none on Mattermost.
func (s *Stage) Bare(testing.TB, string, string, string) (providertest.Seen, bool) {
	return providertest.Seen{}, false
}

// Mention implements providertest.Stage.
func (s *Stage) Mention(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	return s.Answer(t, chat, person, "@bellhop "+line)
}

// Say implements providertest.Stage.
func (s *Stage) Say(_ testing.TB, chat, person, text string) {
	s.Post(&model.Post{ChannelId: chat, UserId: person, Message: text})
}

// Answer implements providertest.Stage.
func (s *Stage) Answer(t testing.TB, chat, person, text string) providertest.Seen {
	t.Helper()
	mark := s.seen()
	s.Say(t, chat, person, text)
	return s.next(t, mark, chat, person)
}

// Press implements providertest.Stage. The label of an option chooses it.
func (s *Stage) Press(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	p, action, chosen := s.find(t, under, label)
	mark := s.seen()
	require.NoError(t, s.press(&s.to, p, action, person, chosen))
	return s.next(t, mark, chat, person)
}

// PressTwice implements providertest.Stage.
func (s *Stage) PressTwice(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	p, action, chosen := s.find(t, under, label)
	mark := s.seen()
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		both.Go(func() { errs[i] = s.press(&s.to, p, action, person, chosen) })
	}
	both.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	s.next(t, mark, chat, person)
	all, _ := s.after(mark, chat, person)
	return s.see(all[len(all)-1])
}

// find is the action with a label, or with an option that has it.
func (s *Stage) find(t testing.TB, under providertest.Seen, label string) (p *model.Post, action *model.PostAction, chosen string) {
	t.Helper()
	what, ok := under.Native.(*Shown)
	require.True(t, ok && what.post != nil, "there is no message to press on: %+v", under)
	for _, a := range what.post.Attachments() {
		for _, action := range a.Actions {
			if action.Type == model.PostActionTypeButton && action.Name == label {
				return what.post, action, ""
			}
			for _, o := range action.Options {
				if o.Text == label {
					return what.post, action, o.Value
				}
			}
		}
	}
	require.FailNow(t, "there is no such button", "%q, only %q", label, under.Buttons)
	return nil, nil, ""
}

// Fill implements providertest.Stage. A value may be an option's label, also of one
// that is looked up. What is
// not named keeps what it held. The apps would not send a dialog with a field
// empty that has to be filled in; what else is wrong is for Bellhop to find.
func (s *Stage) Fill(t testing.TB, chat, person string, dialog providertest.Seen, values map[string][]string) providertest.Seen {
	t.Helper()
	d := opened(t, dialog)
	values = s.chosen(t, chat, person, d, values)
	mark := s.seen()
	var answer model.SubmitDialogResponse
	require.NoError(t, s.dialogSays(&s.to, d.URL, s.saying(chat, person, d, "dialog_submission", submission(t, d, values)), &answer))
	require.NoError(t, answer.IsValid())
	switch {
	case answer.Error != "" || len(answer.Errors) > 0:
		still := s.see(&Shown{person: person, dialog: d})
		still.Text, still.Errors = providers.Join("\n", still.Text, answer.Error), answer.Errors
		return still
	case answer.Form != nil:
		return s.see(&Shown{person: person, dialog: &model.OpenDialogRequest{URL: d.URL, Dialog: *answer.Form}})
	}
	return s.next(t, mark, chat, person)
}

// Change implements providertest.Stage.
func (s *Stage) Change(t testing.TB, chat, person string, dialog providertest.Seen, field, value string) providertest.Seen {
	t.Helper()
	d := opened(t, dialog)
	e := element(t, d, field)
	require.True(t, e.Refresh && d.Dialog.SourceURL != "", "the field %q refreshes nothing", field)
	values := submission(t, d, map[string][]string{field: {value}})
	values["selected_field"] = e.Name
	var answer model.SubmitDialogResponse
	require.NoError(t, s.dialogSays(&s.to, d.Dialog.SourceURL, s.saying(chat, person, d, "refresh", values), &answer))
	require.NotNil(t, answer.Form, "the dialog did not change: %+v", answer)
	next := &model.OpenDialogRequest{URL: d.URL, Dialog: *answer.Form}
	require.Empty(t, badDialog(next, Newest))
	return s.see(&Shown{person: person, dialog: next})
}

// Search implements providertest.Stage. Where the server does not ask, the app
// looks through the options that there are.
func (s *Stage) Search(t testing.TB, chat, person string, dialog providertest.Seen, field, query string) []string {
	t.Helper()
	d := opened(t, dialog)
	var labels []string
	if e := element(t, d, field); e.DataSource != "dynamic" {
		for _, o := range e.Options {
			if strings.Contains(strings.ToLower(o.Text), strings.ToLower(query)) {
				labels = append(labels, o.Text)
			}
		}
		return labels
	}
	for _, o := range s.lookedUp(t, chat, person, d, field, query) {
		labels = append(labels, o.Text)
	}
	return labels
}

// lookedUp is what Bellhop offers for a dynamic select.
func (s *Stage) lookedUp(t testing.TB, chat, person string, d *model.OpenDialogRequest, field, query string) []model.DialogSelectOption {
	t.Helper()
	e := element(t, d, field)
	require.True(t, strings.HasPrefix(e.DataSourceURL, "https://") || strings.HasPrefix(e.DataSourceURL, "http://127.0.0.1"), "apps look up at https only: %s", e.DataSourceURL)
	values := submission(t, d, nil)
	values["query"], values["selected_field"] = query, e.Name
	var answer model.LookupDialogResponse
	require.NoError(t, s.dialogSays(&s.to, e.DataSourceURL, s.saying(chat, person, d, "dialog_lookup", values), &answer))
	return answer.Items
}

// chosen are values with those of the options that are looked up by their labels.
func (s *Stage) chosen(t testing.TB, chat, person string, d *model.OpenDialogRequest, values map[string][]string) map[string][]string {
	t.Helper()
	values = maps.Clone(values)
	for name, given := range values {
		if element(t, d, name).DataSource != "dynamic" {
			continue
		}
		given = slices.Clone(given)
		for i, label := range given {
			for _, o := range s.lookedUp(t, chat, person, d, name, label) {
				if o.Text == label {
					given[i] = o.Value
				}
			}
		}
		values[name] = given
	}
	return values
}

// Close implements providertest.Stage.
func (s *Stage) Close(t testing.TB, chat, person string, dialog providertest.Seen) {
	t.Helper()
	d := opened(t, dialog)
	require.True(t, d.Dialog.NotifyOnCancel)
	r := s.saying(chat, person, d, "dialog_submission", map[string]any{})
	r.Cancelled = true
	require.NoError(t, s.dialogSays(&s.to, d.URL, r, &model.SubmitDialogResponse{}))
}

// Cut implements providertest.Stage.
func (s *Stage) Cut(testing.TB) { s.CutAll() }

// saying is what a dialog sends. The client names the channel that it is in.
func (s *Stage) saying(chat, person string, d *model.OpenDialogRequest, kind string, values map[string]any) *model.SubmitDialogRequest {
	return &model.SubmitDialogRequest{
		Type: kind, CallbackId: d.Dialog.CallbackId, State: d.Dialog.State, UserId: person, ChannelId: chat, TeamId: team, Submission: values,
	}
}

func opened(t testing.TB, dialog providertest.Seen) *model.OpenDialogRequest {
	t.Helper()
	what, ok := dialog.Native.(*Shown)
	require.True(t, ok && what.dialog != nil, "it is no dialog: %+v", dialog)
	return what.dialog
}

func element(t testing.TB, d *model.OpenDialogRequest, name string) *model.DialogElement {
	t.Helper()
	for i := range d.Dialog.Elements {
		if d.Dialog.Elements[i].Name == name {
			return &d.Dialog.Elements[i]
		}
	}
	require.FailNow(t, "the dialog has no such field", name)
	return nil
}

// submission is what the apps send of fields: texts, ticks as bools, several
// choices as a list.
func submission(t testing.TB, d *model.OpenDialogRequest, values map[string][]string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for i := range d.Dialog.Elements {
		e := &d.Dialog.Elements[i]
		given, ok := values[e.Name]
		if !ok && e.Default != "" {
			given = []string{e.Default}
			if e.MultiSelect {
				given = strings.Split(e.Default, ",")
			}
		}
		given = slices.Clone(given)
		for j, v := range given {
			for _, o := range e.Options {
				if o.Text == v {
					given[j] = o.Value
				}
			}
		}
		switch {
		case e.Type == "bool":
			all[e.Name] = len(given) > 0 && given[0] == "true"
		case e.MultiSelect:
			all[e.Name] = given
		case len(given) == 0:
			all[e.Name] = ""
		default:
			all[e.Name] = strings.Join(given, ", ")
		}
	}
	for name := range values {
		element(t, d, name)
	}
	return all
}

// next waits for what a person sees first since mark.
func (s *Stage) next(t testing.TB, mark int, chat, person string) providertest.Seen {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		all, more := s.after(mark, chat, person)
		if len(all) > 0 {
			return s.see(all[0])
		}
		select {
		case <-more:
		case <-limit.C:
			require.FailNow(t, "nothing was shown in 20 s")
		}
	}
}

// see is what people see of something.
func (s *Stage) see(what *Shown) providertest.Seen {
	if what.dialog != nil {
		return seeDialog(what)
	}
	seen := providertest.Seen{Private: what.person != "" || s.channel(what.channel).Type == model.ChannelTypeDirect, Native: what}
	lines := []string{readable(what.post.Message)}
	for _, a := range what.post.Attachments() {
		lines = append(lines, a.Title, readable(a.Text))
		for _, action := range a.Actions {
			if action.Type == model.PostActionTypeButton {
				seen.Buttons = append(seen.Buttons, action.Name)
			}
			for _, o := range action.Options {
				seen.Buttons = append(seen.Buttons, o.Text)
			}
		}
	}
	seen.Text = providers.Join("\n", lines...)
	return seen
}

func seeDialog(what *Shown) providertest.Seen {
	d := &what.dialog.Dialog
	seen := providertest.Seen{Private: true, Dialog: true, Native: what, Text: providers.Join("\n", d.Title, readable(d.IntroductionText))}
	for _, e := range d.Elements {
		f := providertest.SeenField{Name: e.Name, Label: e.DisplayName}
		for _, o := range e.Options {
			f.Options = append(f.Options, o.Text)
		}
		if e.Default != "" {
			f.Value = []string{e.Default}
			if e.MultiSelect {
				f.Value = strings.Split(e.Default, ",")
			}
		}
		seen.Fields = append(seen.Fields, f)
	}
	return seen
}

// readable is Markdown as it reads.
func readable(markdown string) string {
	return strings.ReplaceAll(providers.Render(providers.Parse(markdown), providers.PlainText()), "\u200b", "")
}

// Shown implements providertest.Stage. A dialog that was opened last is given, too.
func (s *Stage) Shown(t testing.TB, chat, person string) providertest.Seen {
	t.Helper()
	all, _ := s.after(0, chat, person)
	if len(all) == 0 {
		return providertest.Seen{}
	}
	return s.see(all[len(all)-1])
}
