package slacktest

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// shown is what appeared on someone's screen.
type shown struct {
	person string // empty: all who are in the chat
	chat   string
	cause  string // what a person did that it answers, if Slack can tell
	text   string
	ts     string
	thread string
	blocks []Block
	view   string // a modal, by its id
}

// private reports whether only one person sees it.
func (i shown) private() bool { return i.person != "" }

// show puts something on screens.
func (s *Workspace) show(i shown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed = append(s.feed, i)
	s.wake()
}

// wake wakes those who wait for something to change. s.mu is held.
func (s *Workspace) wake() {
	close(s.more)
	s.more = make(chan struct{})
}

// seenSoFar is how much was shown.
func (s *Workspace) seenSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.feed)
}

// await waits for something that is shown after from.
func (s *Workspace) await(ctx context.Context, from int, is func(shown) bool) (shown, bool) {
	var found shown
	ok := s.until(ctx, func() bool {
		i := slices.IndexFunc(s.feed[from:], is)
		if i >= 0 {
			found = s.feed[from+i]
		}
		return i >= 0
	})
	return found, ok
}

// until waits until is holds, asking it with s.mu held.
func (s *Workspace) until(ctx context.Context, is func() bool) bool {
	for {
		s.mu.Lock()
		done, more := is(), s.more
		s.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}

// readable is a text as a client shows it.
func readable(mrkdwn string) string {
	text := bracket.ReplaceAllStringFunc(mrkdwn, func(mark string) string {
		target, label, named := strings.Cut(mark[1:len(mark)-1], "|")
		if named {
			return label
		}
		return target
	})
	return strings.NewReplacer("\ufeff", "", "\u200b", "", "*", "", "_", "").Replace(unescape.Replace(text))
}

// postEphemeral: https://docs.slack.dev/reference/methods/chat.postEphemeral
func (s *Workspace) postEphemeral(w http.ResponseWriter, r *http.Request) {
	step, scripted := s.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	if code := s.barred(r); code != "" {
		refuse(w, code)
		return
	}
	m := message(r.PostForm)
	channel, code := s.find(m.Channel)
	if code != "" {
		refuse(w, code)
		return
	}
	user, known := s.userByID(r.PostForm.Get("user"))
	if !known || user.IsBot || channel.IsIM && channel.User != user.ID {
		refuse(w, "user_not_in_channel")
		return
	}
	blocks, code, detail := s.read(m)
	if code != "" {
		refuse(w, code, detail)
		return
	}
	ts := s.tick()
	s.show(shown{
		person: user.ID, chat: channel.ID, text: cmp.Or(visible(blocks), m.Text), ts: ts, thread: m.ThreadTS, blocks: s.named(blocks),
	})
	if scripted {
		step.Answer(w, r)
		return
	}
	answer(w, map[string]any{"ok": true, "message_ts": ts})
}

// named gives blocks that have no id one, as Slack does.
func (s *Workspace) named(blocks []Block) []Block {
	blocks = slices.Clone(blocks)
	for i := range blocks {
		if blocks[i].BlockID == "" {
			blocks[i].BlockID = s.next("b")
		}
	}
	return blocks
}

const hookPath = "/hooks/"

// hook is a response_url: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
type hook struct {
	person, chat, cause string
	made                time.Time
	uses                int
}

// Bounds of a response_url.
const (
	hookUses  = 5
	hookLasts = 30 * time.Minute
)

// response is what an app says in the body of its answer or to a response_url.
type response struct {
	ResponseType    string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks,omitempty"`
	ReplaceOriginal bool            `json:"replace_original"`
	ThreadTS        string          `json:"thread_ts,omitempty"`
}

func (s *Workspace) serveHook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.hooks[strings.TrimPrefix(r.URL.Path, hookPath)]
	code := ""
	switch {
	case h == nil || time.Since(h.made) > hookLasts:
		code = "expired_url"
	case h.uses == hookUses:
		code = "used_url"
	default:
		h.uses++
	}
	s.mu.Unlock()
	if code == "" {
		var v response
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&v); err != nil {
			code = "invalid_payload"
		} else {
			code = s.respond(h.person, h.chat, h.cause, v)
		}
	}
	if code != "" {
		w.WriteHeader(http.StatusNotFound)
		refuse(w, code)
		return
	}
	answer(w, map[string]any{"ok": true})
}

// respond shows an app's response, or says what is wrong with it.
func (s *Workspace) respond(person, chat, cause string, v response) (code string) {
	m := Message{Channel: chat, Text: v.Text, ThreadTS: v.ThreadTS, Blocks: v.Blocks}
	if len(m.Blocks) == 0 {
		m.Blocks = json.RawMessage("[]")
	}
	blocks, code, _ := s.read(m)
	if code != "" {
		return code
	}
	i := shown{person: person, chat: chat, cause: cause, text: cmp.Or(visible(blocks), v.Text), ts: s.tick(), thread: v.ThreadTS, blocks: s.named(blocks)}
	switch v.ResponseType {
	case "", "ephemeral":
	case "in_channel":
		i.person = ""
		raw, err := json.Marshal(m)
		if err != nil {
			return "internal_error"
		}
		s.Record(providertest.Sent{Chat: chat, Text: i.text, Ref: chat + "/" + i.ts, Raw: raw})
	default:
		return "invalid_response_type"
	}
	s.show(i)
	return ""
}
