package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Message is what was sent or what it was changed to: the Raw of a
// providertest.Sent.
type Message struct {
	Channel        string          `json:"channel"`
	TS             string          `json:"ts,omitempty"` // of a change
	ThreadTS       string          `json:"thread_ts,omitempty"`
	ReplyBroadcast string          `json:"reply_broadcast,omitempty"`
	Text           string          `json:"text"`
	UnfurlLinks    string          `json:"unfurl_links,omitempty"`
	UnfurlMedia    string          `json:"unfurl_media,omitempty"`
	Parse          string          `json:"parse,omitempty"`
	LinkNames      string          `json:"link_names,omitempty"`
	Blocks         json.RawMessage `json:"blocks"`
}

func (s *Workspace) postMessage(w http.ResponseWriter, r *http.Request) {
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
	blocks, code, detail := s.read(m)
	if code != "" {
		refuse(w, code, detail)
		return
	}
	m.Channel = channel.ID
	s.accept(w, r, m, blocks, step, scripted)
}

func message(form url.Values) Message {
	return Message{
		Channel: form.Get("channel"), TS: form.Get("ts"), Text: form.Get("text"),
		ThreadTS: form.Get("thread_ts"), ReplyBroadcast: form.Get("reply_broadcast"),
		UnfurlLinks: form.Get("unfurl_links"), UnfurlMedia: form.Get("unfurl_media"),
		Parse: form.Get("parse"), LinkNames: form.Get("link_names"),
		Blocks: json.RawMessage(cmp.Or(form.Get("blocks"), "[]")),
	}
}

func (s *Workspace) find(channel string) (Channel, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel = s.directOf(channel)
	i := slices.IndexFunc(s.channels, func(c Channel) bool { return c.ID == channel || "#"+c.Name == channel })
	switch {
	case i < 0:
		return Channel{}, "channel_not_found"
	case s.channels[i].IsArchived:
		return Channel{}, "is_archived"
	case !s.channels[i].IsMember:
		return Channel{}, "not_in_channel"
	case s.channels[i].IsReadOnly:
		return Channel{}, "restricted_action_read_only_channel"
	default:
		return s.channels[i], ""
	}
}

// read checks a message as Slack does.
func (s *Workspace) read(m Message) (blocks []Block, code, detail string) {
	if err := strictly(m.Blocks, &blocks); err != nil {
		return nil, "invalid_blocks_format", err.Error()
	}
	if len(blocks) == 0 && m.Text == "" {
		return nil, "no_text", ""
	}
	if len(blocks) > 50 {
		return nil, "invalid_blocks", "no more than 50 items allowed [json-pointer:/blocks]"
	}
	for i, b := range blocks {
		if problem := b.problem(false); problem != "" {
			return nil, "invalid_blocks", fmt.Sprintf("[ERROR] %s [json-pointer:/blocks/%d]", problem, i)
		}
		if b.Type == "image" && b.SlackFile != nil && b.ImageURL == "" {
			if problem := s.fileProblem(b.SlackFile); problem != "" {
				return nil, "invalid_blocks", fmt.Sprintf("[ERROR] %s [json-pointer:/blocks/%d/slack_file]", problem, i)
			}
			continue
		}
		if problem := s.imageProblem(b); problem != "" {
			return nil, "invalid_blocks", fmt.Sprintf("[ERROR] %s [json-pointer:/blocks/%d/image_url]", problem, i)
		}
	}
	if utf8.RuneCountInString(visible(blocks)) > 12_000 {
		return nil, "msg_blocks_too_long", ""
	}
	if len(m.Text) > 40_000 {
		return nil, "msg_too_long", ""
	}
	return blocks, "", ""
}

// imageProblem is what Slack says of an image that it cannot fetch, or does not
// read: https://docs.slack.dev/reference/block-kit/blocks/image-block
func (s *Workspace) imageProblem(b Block) string {
	if b.Type != "image" {
		return ""
	}
	u, err := url.Parse(b.ImageURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "must be a valid URL"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden[u.Host] || !slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif", ""}, strings.ToLower(path.Ext(u.Path))) {
		return "downloading image failed"
	}
	return ""
}

func visible(blocks []Block) string {
	var lines []string
	for _, b := range blocks {
		for _, t := range b.texts() {
			lines = append(lines, t.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// accept keeps a message. Slack posts a reply to a deleted message into the
// channel itself.
func (s *Workspace) accept(w http.ResponseWriter, r *http.Request, m Message, blocks []Block, step providertest.Step, scripted bool) {
	ts, root := s.stamp(&m)
	raw, err := json.Marshal(m)
	if err != nil {
		refuse(w, "internal_error")
		return
	}
	s.Record(providertest.Sent{
		Chat: m.Channel, Text: cmp.Or(visible(blocks), m.Text), Root: root, Ref: m.Channel + "/" + ts, Raw: raw,
	})
	s.show(shown{chat: m.Channel, text: cmp.Or(visible(blocks), m.Text), ts: ts, thread: m.ThreadTS, blocks: s.named(blocks)})
	if scripted {
		step.Answer(w, r)
		return
	}
	said := map[string]any{"type": "message", "ts": ts, "text": m.Text}
	if m.ThreadTS != "" {
		said["thread_ts"] = m.ThreadTS
	}
	answer(w, map[string]any{"ok": true, "channel": m.Channel, "ts": ts, "message": said})
}

func (s *Workspace) stamp(m *Message) (ts, root string) {
	if root = m.Channel + "/" + m.ThreadTS; m.ThreadTS == "" || !s.there(root) {
		root, m.ThreadTS = "", ""
	}
	return s.tick(), root
}

// tick is the ts of a new message.
func (s *Workspace) tick() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(time.Millisecond)
	return fmt.Sprintf("%d.%06d", s.clock.Unix(), s.clock.Nanosecond()/1000)
}

var (
	command = regexp.MustCompile(`<[!@#][^>]*>`)
	named   = regexp.MustCompile(`(?i)@(channel|here|everyone|group)\b`)
)

// Pings lists the mentions in what was sent that would reach people: any
// special sequence, and plain names where Slack was asked to look for them.
func Pings(s providertest.Sent) []string {
	var m Message
	if err := json.Unmarshal(s.Raw, &m); err != nil {
		return []string{err.Error()}
	}
	var blocks []Block
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return []string{err.Error()}
	}
	live := command.FindAllString(m.Text+"\n"+visible(blocks), -1)
	if m.LinkNames != "" || m.Parse == "full" {
		live = append(live, named.FindAllString(m.Text, -1)...)
	}
	for _, b := range blocks {
		for _, t := range b.texts() {
			if !t.Verbatim {
				live = append(live, named.FindAllString(t.Text, -1)...)
			}
		}
	}
	return live
}

func deref(t *Text) []Text {
	if t == nil {
		return nil
	}
	return []Text{*t}
}
