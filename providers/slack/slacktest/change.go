package slacktest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// longestChange is how much text chat.update takes, in characters.
const longestChange = 4_000

// Say posts a message as somebody else than the bot and returns its ref.
func (s *Workspace) Say(channel string) string {
	ref := channel + "/" + s.tick()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others[ref] = true
	return ref
}

// Hide keeps the images of a host from Slack, as a firewall does.
func (s *Workspace) Hide(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[host] = true
}

// CloseEdits lets nobody change messages from now on, as a setting of the
// workspace does after some minutes.
func (s *Workspace) CloseEdits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// change is a call about one message that is there.
type change struct {
	w       http.ResponseWriter
	r       *http.Request
	step    providertest.Step
	failing bool // the answer, though not the change
	ref     string
}

func (s *Workspace) update(w http.ResponseWriter, r *http.Request) {
	c, ok := s.begin(w, r, "cant_update_message")
	if !ok {
		return
	}
	m := message(r.PostForm)
	if !r.PostForm.Has("blocks") {
		m.Blocks = s.blocks(c.ref)
	}
	blocks, code, detail := s.read(m)
	switch {
	case code != "":
		refuse(w, code, detail)
		return
	case len([]rune(m.Text)) > longestChange:
		refuse(w, "msg_too_long")
		return
	case m.ReplyBroadcast != "":
		refuse(w, "no_dual_broadcast_content_update")
		return
	case s.editsClosed():
		refuse(w, "edit_window_closed")
		return
	}
	raw, err := json.Marshal(m)
	if err != nil {
		refuse(w, "internal_error")
		return
	}
	if !s.Edit(c.ref, cmp.Or(visible(blocks), m.Text), raw) {
		refuse(w, "message_not_found")
		return
	}
	c.answer(map[string]any{
		"ok": true, "channel": m.Channel, "ts": m.TS, "text": m.Text,
		"message": map[string]any{"type": "message", "text": m.Text, "user": "U0BELLHOP1"},
	})
}

// blocks are those of a message, which a change that names none lets be.
func (s *Workspace) blocks(ref string) json.RawMessage {
	for _, o := range s.Sent() {
		var m Message
		if o.Ref == ref && json.Unmarshal(o.Raw, &m) == nil {
			return m.Blocks
		}
	}
	return json.RawMessage("[]")
}

func (s *Workspace) remove(w http.ResponseWriter, r *http.Request) {
	c, ok := s.begin(w, r, "cant_delete_message")
	if !ok {
		return
	}
	if !s.Retract(c.ref) {
		refuse(w, "message_not_found")
		return
	}
	c.answer(map[string]any{"ok": true, "channel": r.PostForm.Get("channel"), "ts": r.PostForm.Get("ts")})
}

// begin checks what both changes have in common: who asks, and for which
// message. A channel goes by its id only here, and another's message is refused
// in words of the call's own.
func (s *Workspace) begin(w http.ResponseWriter, r *http.Request, notOurs string) (change, bool) {
	c := change{w: w, r: r, ref: r.PostForm.Get("channel") + "/" + r.PostForm.Get("ts")}
	c.step, c.failing = s.Next()
	if c.failing && !c.step.AfterAccept {
		c.step.Answer(w, r)
		return c, false
	}
	if code := s.barred(r); code != "" {
		refuse(w, code)
		return c, false
	}
	channel := r.PostForm.Get("channel")
	_, code := s.find(channel)
	switch {
	case strings.HasPrefix(channel, "#"):
		code = "channel_not_found"
	case code == "is_archived":
		code = "is_inactive"
	case code == "" && s.isOthers(c.ref):
		code = notOurs
	case code == "" && !s.there(c.ref):
		code = "message_not_found"
	}
	if code != "" {
		refuse(w, code)
	}
	return c, code == ""
}

func (c change) answer(body map[string]any) {
	if c.failing {
		c.step.Answer(c.w, c.r)
		return
	}
	answer(c.w, body)
}

// there reports whether the bot has a message at ref that nobody took away.
func (s *Workspace) there(ref string) bool {
	return slices.ContainsFunc(s.Sent(), func(o providertest.Sent) bool { return o.Ref == ref && !o.Gone })
}

func (s *Workspace) isOthers(ref string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.others[ref]
}

func (s *Workspace) editsClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
