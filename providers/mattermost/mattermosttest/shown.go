package mattermosttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// Shown is what people get to see: a post of the bot's, or a dialog.
type Shown struct {
	channel string
	person  string // who alone sees it; empty for all
	post    *model.Post
	dialog  *model.OpenDialogRequest
}

func (s *Server) show(what *Shown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, what)
	close(s.more)
	s.more = make(chan struct{})
}

// seen is how much was shown so far.
func (s *Server) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.shown)
}

// after is what a person could see in a channel, or in that of them and the bot,
// since so much was shown; and what to wait for.
func (s *Server) after(mark int, channel, person string) ([]*Shown, <-chan struct{}) {
	direct := s.Direct(person)
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Shown
	for _, w := range s.shown[mark:] {
		here := w.dialog != nil || w.channel == channel || w.channel == direct
		if here && (w.person == "" || w.person == person) {
			all = append(all, w)
		}
	}
	return all, s.more
}

// whisper makes a post that one person sees. It is not kept.
func (s *Server) whisper(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		expired(w)
		return
	}
	var e model.PostEphemeral
	if json.NewDecoder(r.Body).Decode(&e) != nil || e.Post == nil || !model.IsValidId(e.UserID) {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing body.")
		return
	}
	s.mu.Lock()
	forbidden := s.forbidden[Whisper]
	s.mu.Unlock()
	if forbidden || s.channel(e.Post.ChannelId) == nil {
		notPermitted(w)
		return
	}
	e.Post.Id, e.Post.UserId, e.Post.CreateAt = model.NewId(), bot, s.tick()
	e.Post.UpdateAt = e.Post.CreateAt
	if status, id, words := unsound(e.Post); id != "" {
		refuse(w, status, id, words)
		return
	}
	s.show(&Shown{channel: e.Post.ChannelId, person: e.UserID, post: e.Post})
	write(w, http.StatusCreated, e.Post)
}

// badActions says what is wrong with a post's buttons. An id of other than
// letters and digits makes an address that leads nowhere:
// https://developers.mattermost.com/integrate/plugins/interactive-messages/
func badActions(p *model.Post) string {
	for _, a := range p.Attachments() {
		for _, action := range a.Actions {
			if err := action.IsValid(); err != nil {
				return err.Error()
			}
			for _, r := range action.Id {
				if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
					return fmt.Sprintf("the action id %q has other than letters and digits", action.Id)
				}
			}
		}
	}
	return ""
}

// triggerLife is how long a trigger id opens a dialog. Servers of before 2023 took
// three seconds, later ones what OutgoingIntegrationRequestsTimeout says:
// https://docs.mattermost.com/administration-guide/configure/integrations-configuration-settings.html
const triggerLife = 3 * time.Second

// openDialog opens a dialog for whoever a trigger id is of. The server itself only
// logs what is wrong with one, and the apps show it badly or not at all; here it
// is refused: https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
func (s *Server) openDialog(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		expired(w)
		return
	}
	var d model.OpenDialogRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", err.Error())
		return
	}
	_, user, failed := model.DecodeAndVerifyTriggerId(d.TriggerId, s.key, triggerLife)
	if failed != nil {
		refuse(w, http.StatusBadRequest, failed.Id, "Trigger ID is not valid or has expired.")
		return
	}
	s.mu.Lock()
	version := s.version
	s.mu.Unlock()
	if problem := badDialog(&d, version); problem != "" {
		refuse(w, http.StatusBadRequest, "app.dialog.invalid", problem)
		return
	}
	s.show(&Shown{person: user, dialog: &d})
	write(w, http.StatusOK, map[string]string{"status": model.StatusOk})
}

// badDialog says what is wrong with a dialog on a server of that version.
func badDialog(d *model.OpenDialogRequest, version string) string {
	if d.URL == "" {
		return "empty URL"
	}
	checked := d.Dialog
	checked.Elements = slices.Clone(d.Dialog.Elements)
	for i := range checked.Elements {
		e := &checked.Elements[i]
		if problem := tooNew(e, version); problem != "" {
			return problem
		}
		if e.Type == "file" { // which the library does not know yet
			e.Type = "text"
		}
	}
	if err := checked.IsValid(); err != nil {
		return err.Error()
	}
	return ""
}

// tooNew says what an old server does not know.
func tooNew(e *model.DialogElement, version string) string {
	if version == Newest {
		return ""
	}
	if e.Type == "date" || e.Type == "datetime" || e.Type == "file" || e.MultiSelect || e.DataSource == "dynamic" || e.Refresh {
		return fmt.Sprintf("this server knows no such element: %s", e.Name)
	}
	return ""
}

// commandHook is a response_url.
type commandHook struct {
	channel, person, root string
	uses                  int
}

// hookUses is how often a response_url takes an answer:
// https://developers.mattermost.com/integrate/slash-commands/custom/
const hookUses = 5

func (s *Server) commandWebhook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.hooks[r.PathValue("id")]
	usable := h != nil && h.uses < hookUses
	if usable {
		h.uses++
	}
	s.mu.Unlock()
	if !usable {
		refuse(w, http.StatusNotFound, "web.command_webhook.command.app_error", "Couldn't find the command.")
		return
	}
	var answer model.CommandResponse
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		refuse(w, http.StatusBadRequest, "web.command_webhook.parse.app_error", "Unable to parse incoming data.")
		return
	}
	s.respond(h, &answer)
	_, _ = w.Write([]byte("ok"))
}

// respond shows the answer to a slash command.
func (s *Server) respond(h *commandHook, answer *model.CommandResponse) {
	for _, one := range append([]*model.CommandResponse{answer}, answer.ExtraResponses...) {
		if one.Text == "" && len(one.Attachments) == 0 {
			continue
		}
		p := &model.Post{Id: model.NewId(), ChannelId: h.channel, RootId: h.root, UserId: h.person, Message: one.Text}
		if len(one.Attachments) > 0 {
			p.AddProp(model.PostPropsAttachments, one.Attachments)
		}
		person := h.person
		if one.ResponseType == model.CommandResponseTypeInChannel {
			person = ""
		}
		s.show(&Shown{channel: h.channel, person: person, post: p})
	}
}

// Dialogs are those that were opened, in order.
func (s *Server) Dialogs() (all []*model.OpenDialogRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.shown {
		if w.dialog != nil {
			all = append(all, w.dialog)
		}
	}
	return all
}
