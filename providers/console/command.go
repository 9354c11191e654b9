package console

import (
	"context"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// trigger is the TriggerID of what a page does: a page can always open a dialog.
const trigger = "page"

// command is one that the page gives.
func (s *sending) command(source string, call hub.Call) *hub.Command {
	call.ID = hub.CommandFor(s.c.system, s.native(source+" "+string(call.Kind)))
	return &hub.Command{
		Command:  call,
		Security: hub.Security{TriggerID: trigger},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: source}, System: s.c.system, User: s.me, Channel: channel(s.room.ID),
		},
	}
}

// ear is whom to tell a command. Where there is nobody it has answered.
func (s *sending) ear() (providers.Ear, bool) {
	ear := s.c.ears.now()
	if ear == nil {
		s.w.Header().Set("Retry-After", "2")
		s.refuse(http.StatusServiceUnavailable, notReady)
	}
	return ear, ear != nil
}

// typed gives a command that was typed. The line stays in the log of whoever
// typed it, above its answer.
func (s *sending) typed(post *hub.ConsolePost, line string) {
	ear, ok := s.ear()
	if !ok {
		return
	}
	post.Reader, post.Message.Text = s.me.ID, verbatim(post.Message.Text)
	if err := s.c.store.AppendConsolePost(s.r.Context(), post); err != nil {
		s.failed(err)
		return
	}
	s.c.news.ring()
	cmd := s.command(hub.FromSlash, hub.Call{Kind: hub.KindSubmit, Raw: line})
	cmd.Context.Post, cmd.Context.RootPost, cmd.Context.ParentPost = refOf(post.Seq), post.Root, post.Root
	s.run(ear, cmd, s.html(post))
}

// takePress takes the press of a button under a message, or what was chosen.
func (c *Client) takePress(w http.ResponseWriter, r *http.Request) {
	s, ok := c.receive(w, r)
	if !ok {
		return
	}
	p, err := c.find(r.Context(), s.room, s.me, hub.MessageRef(r.PostForm.Get("post")))
	if err != nil {
		s.failed(err)
		return
	}
	var action *hub.Action
	if p != nil {
		action = pressed(p.Message, r.PostForm.Get("token"))
	}
	if action == nil {
		s.refuse(http.StatusNotFound, noSuchBtn)
		return
	}
	ear, ok := s.ear()
	if !ok {
		return
	}
	source, call := hub.FromButton, hub.Call{Kind: hub.KindSubmit}
	switch {
	case opensForm(*action):
		call.Kind = hub.KindForm
	case len(action.Options) > 0:
		source, call.Encoded = hub.FromSelect, hub.Values{hub.ChosenValue: {r.PostForm.Get("value")}}
	}
	cmd := s.command(source, call)
	cmd.Security.Token = action.Token
	cmd.Context.Post, cmd.Context.RootPost, cmd.Context.ParentPost = refOf(p.Seq), p.Root, p.Root
	s.run(ear, cmd)
}

// run gives a command and tells the page what came of it. before are messages
// that stand above the answer.
func (s *sending) run(ear providers.Ear, cmd *hub.Command, before ...string) {
	// A page that is closed meanwhile shows the answer when it is opened again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.r.Context()), commandPatience)
	defer cancel()
	r, later := ear.Do(ctx, cmd)
	t := told{Posts: before, Later: later}
	switch {
	case later:
	case r.Form != nil:
		dialog, err := s.dialog(ctx, r.Form)
		if err != nil {
			s.failed(err)
			return
		}
		t.Dialog = dialog
	case cmd.Context.Source.ID == hub.FromDialog && !s.closes(cmd, r, &t):
	default:
		p, err := s.c.postAnswer(ctx, cmd, r)
		if err != nil {
			s.failed(err)
			return
		}
		if p != nil {
			t.Posts = append(t.Posts, s.html(p))
		}
	}
	s.answer(http.StatusOK, t)
}
