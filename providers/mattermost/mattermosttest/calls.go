package mattermosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// Callbacks is how the server reaches Bellhop.
type Callbacks struct {
	// Prefix is the address before "command", "action" …, as Env.Callback has it.
	// With a Handler nothing needs to listen there.
	Prefix  string
	Handler http.Handler
	// CommandToken is the token of every slash command. Triggers are the words that
	// there are commands for; none is all.
	CommandToken string
	Triggers     []string
	// OutgoingToken is the token of an outgoing webhook.
	OutgoingToken string
}

// patience is how long the server waits for an answer. Old ones wait three
// seconds: https://docs.mattermost.com/administration-guide/configure/integrations-configuration-settings.html
const patience = 3 * time.Second

// largestResponse is all that the server reads of an answer.
const largestResponse = 1 << 20

// call makes a request as the server does, and gives the answer's status and body.
func (c *Callbacks) call(target, contentType, token string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Token "+token)
	}
	if c.Handler != nil {
		return c.served(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, largestResponse))
	return resp.StatusCode, answer, err
}

// served lets the handler answer, within the time that there is.
func (c *Callbacks) served(req *http.Request) (int, []byte, error) {
	type answer struct {
		status int
		body   []byte
	}
	done := make(chan answer, 1)
	go func() {
		w := httptest.NewRecorder()
		c.Handler.ServeHTTP(w, req)
		done <- answer{w.Code, w.Body.Bytes()}
	}()
	select {
	case a := <-done:
		return a.status, a.body, nil
	case <-req.Context().Done():
		return 0, nil, req.Context().Err()
	}
}

// Trigger makes a trigger id of now.
func (s *Server) Trigger(person string) string {
	_, trigger, err := model.GenerateTriggerId(person, s.key)
	if err != nil {
		panic(err)
	}
	return trigger
}

// SlashForm is the form that a slash command is sent in.
func (s *Server) SlashForm(c *Callbacks, chat, person, root, line string) url.Values {
	word, text, _ := strings.Cut(line, " ")
	s.mu.Lock()
	who := s.user(person)
	hook := model.NewId()
	s.hooks[hook] = &commandHook{channel: chat, person: person, root: root}
	s.mu.Unlock()
	channel := s.channel(chat)
	return url.Values{
		"token": {c.CommandToken}, "team_id": {channel.TeamId}, "team_domain": {"acme"},
		"channel_id": {chat}, "channel_name": {channel.Name}, "user_id": {person}, "user_name": {who.Username},
		"command": {"/" + word}, "text": {text}, "trigger_id": {s.Trigger(person)}, "root_id": {root},
		"response_url": {"https://chat.example.com/hooks/commands/" + hook},
	}
}

// slash runs a slash command.
func (s *Server) slash(c *Callbacks, values url.Values) error {
	status, body, err := c.call(c.Prefix+"command", "application/x-www-form-urlencoded", c.CommandToken, []byte(values.Encode()))
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the command's answer was %d: %s", status, body)
	}
	answer := &model.CommandResponse{}
	if err := json.Unmarshal(body, answer); err != nil {
		return err
	}
	h := &commandHook{channel: values.Get("channel_id"), person: values.Get("user_id"), root: values.Get("root_id")}
	if answer.GotoLocation != "" && answer.Text == "" {
		answer.Text = answer.GotoLocation
	}
	s.respond(h, answer)
	return nil
}

// ActionRequest is what is sent when a person presses an action of a post, or
// chooses in it. The server alone knows its context.
func (s *Server) ActionRequest(p *model.Post, action *model.PostAction, person, chosen string) model.PostActionIntegrationRequest {
	s.mu.Lock()
	who := s.user(person)
	s.mu.Unlock()
	channel := s.channel(p.ChannelId)
	r := model.PostActionIntegrationRequest{
		UserId: person, UserName: who.Username, ChannelId: p.ChannelId, ChannelName: channel.Name, TeamId: channel.TeamId, TeamName: "acme",
		PostId: p.Id, TriggerId: s.Trigger(person), Type: action.Type, Context: map[string]any{},
	}
	for k, v := range action.Integration.Context {
		r.Context[k] = v
	}
	if chosen != "" {
		r.Context["selected_option"] = chosen
	}
	return r
}

func (s *Server) press(c *Callbacks, p *model.Post, action *model.PostAction, person, chosen string) error {
	body, err := json.Marshal(s.ActionRequest(p, action, person, chosen))
	if err != nil {
		return err
	}
	status, raw, err := c.call(action.Integration.URL, "application/json", "", body)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the action's answer was %d: %s", status, raw)
	}
	var answer model.PostActionIntegrationResponse
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			return err
		}
	}
	if answer.EphemeralText != "" {
		s.show(&Shown{channel: p.ChannelId, person: person, post: &model.Post{Id: model.NewId(), ChannelId: p.ChannelId, Message: answer.EphemeralText}})
	}
	return nil
}

// dialogSays sends what a dialog has to say. The client names the address and the
// state, the server who it is.
func (s *Server) dialogSays(c *Callbacks, target string, r *model.SubmitDialogRequest, into any) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	status, raw, err := c.call(target, "application/json", "", body)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the dialog's answer was %d: %s", status, raw)
	}
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// Outgoing sends a post to the outgoing webhook, for a trigger word, and gives the
// answer's status.
func (s *Server) Outgoing(c *Callbacks, p *model.Post, word string, asJSON bool) (int, error) {
	s.mu.Lock()
	who := s.user(p.UserId)
	s.mu.Unlock()
	channel := s.channel(p.ChannelId)
	payload := &model.OutgoingWebhookPayload{
		Token: c.OutgoingToken, TeamId: channel.TeamId, TeamDomain: "acme", ChannelId: channel.Id, ChannelName: channel.Name,
		Timestamp: p.CreateAt, UserId: p.UserId, UserName: who.Username, PostId: p.Id, Text: p.Message, TriggerWord: word,
	}
	kind, body := "application/x-www-form-urlencoded", []byte(payload.ToFormValues())
	if asJSON {
		kind, body = "application/json", []byte(asText(payload))
	}
	status, _, err := c.call(c.Prefix+"outgoing", kind, "", body)
	return status, err
}
